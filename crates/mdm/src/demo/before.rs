//! The first half: legacy answers everybody, modern runs beside it, people decide what counts.

use cutover::domain::comparison::Rules;

use super::error::DemoError;
use super::findings::{Cluster, Findings};
use super::rules::{self, ACCEPTED, ROUNDING};
use super::setting::{FLAG, PROFILE, ProfileOperation, Round, Setting};
use super::story::Story;
use crate::modern::Release;

pub(super) fn introduce(story: &mut Story, setting: &Setting) -> Result<(), DemoError> {
    let revision = setting.create_flags()?;
    story.chapter("A dataset manager, and somebody who wants to replace it")?;
    story.say(
        "`legacy` has looked at datasets for ten years: it guesses types from the first hundred \
         rows. `modern` is to take over: it reads everything. Two people wrote them from one \
         description, so they will not agree.",
    )?;
    let wholes = setting
        .datasets
        .iter()
        .filter(|dataset| !is_part(dataset.name.as_str()))
        .count();
    let parts = setting.datasets.len() - wholes;
    story.figure(
        "datasets",
        format!("{wholes} real public files and {parts} parts of them"),
    )?;
    story.figure(
        "flags",
        format!("preset mdm in {}", setting.home.path().display()),
    )?;
    story.figure(
        "in charge",
        format!("{FLAG} is off: legacy (flag revision {revision})"),
    )?;
    Ok(())
}

fn is_part(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, number)| {
        number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

pub(super) fn legacy_only(story: &mut Story, setting: &Setting) -> Result<(), DemoError> {
    setting.compare(false, "nothing but legacy to begin with")?;
    let operation = setting.profile_operation(Release::First, Rules::new())?;
    let round = setting.profile_all(&operation);
    story.chapter("Legacy only")?;
    story
        .say("The operation `dataset.profile` is in place, and nothing has changed for anybody.")?;
    answers(story, &round)?;
    for refused in &round.refused {
        let text = refused.to_string();
        // The folder says nothing to a reader.
        let folder = setting.home.path().join("datasets").display().to_string();
        story.figure(
            "  refused, as ever",
            text.replace(&format!("{folder}/"), ""),
        )?;
    }
    story.verdict(
        round.calls.new == 0,
        "calls of modern",
        &round.calls.new.to_string(),
    )?;
    Ok(())
}

/// Answers with what was found, for the chapter after.
pub(super) fn shadow(story: &mut Story, setting: &Setting) -> Result<Findings, DemoError> {
    let revision = setting.compare(true, "modern may run beside legacy")?;
    let operation = setting.profile_operation(Release::First, Rules::new())?;
    let round = setting.profile_all(&operation);
    story.chapter("Shadow: modern runs beside it, and nobody depends on it")?;
    story.say(&format!(
        "One flag is switched (`enable_comparison_tests`, revision {revision}). Callers get the \
         answers of legacy; modern works off their path, and every pair is compared.",
    ))?;
    answers(story, &round)?;
    let findings = compared(story, setting, &round)?;
    story.pause()?;
    story.say("Where they part, in how many answers:")?;
    for cluster in findings.clusters() {
        let Cluster {
            place,
            records,
            differences,
            example,
        } = cluster;
        let places = if *differences == 1 { "place" } else { "places" };
        story.item(records, &format!("{place}  ({differences} {places})"))?;
        story.detail(example)?;
        if let Some(explanation) = rules::explanation(place) {
            story.detail(&format!("→ {explanation}"))?;
        }
    }
    Ok(findings)
}

pub(super) fn mend(
    story: &mut Story,
    setting: &Setting,
    before: &Findings,
) -> Result<(), DemoError> {
    let operation = setting.profile_operation(Release::Second, rules::rounding())?;
    let round = setting.profile_all(&operation);
    story.chapter("A rule and a fix")?;
    let (absolute, relative) = ROUNDING;
    story.say(&format!(
        "Legacy keeps four decimals, and that is no difference: a rule lets numbers part by \
         {absolute}, or by {relative} of the larger one. What is left of three kinds are faults of \
         modern, which nobody had seen before: it divides by n − 1 where every caller has always \
         got the deviation of the population; it puts equally frequent values in another order; \
         and it takes the population of a country for an id, because it never repeats. Release 2 \
         mends them, and goes into shadow:",
    ))?;
    let findings = compared(story, setting, &round)?;
    for (rule, hidden) in findings.hidden() {
        story.figure(
            "hidden by the rule",
            format!("{hidden} differences ({rule})"),
        )?;
    }
    for (place, what) in [
        ("$.columns.*.std", "the deviation"),
        ("$.columns.*.top", "the order of equally frequent values"),
        ("$.id_columns", "what is taken for an id"),
    ] {
        let (then, now) = (before.records_in(place), findings.records_in(place));
        story.figure(place, format!("{then} → {now} answers: {what}"))?;
    }
    Ok(())
}

/// The operation that goes on from here: release 2 under the accepted rules.
pub(super) fn accept(story: &mut Story, setting: &Setting) -> Result<ProfileOperation, DemoError> {
    let operation = setting.profile_operation(Release::Second, rules::rules())?;
    let round = setting.profile_all(&operation);
    story.chapter("What is left is accepted, by rules that say what they hide")?;
    story.say(&format!(
        "{} kinds of places are left where the new answer is the better one, and each gets a rule with its \
         reason. What a rule hides is counted, so nothing is ignored silently:",
        ACCEPTED.len(),
    ))?;
    let findings = Findings::since(setting.home.comparisons(), PROFILE, round.started)?;
    for (rule, hidden) in findings.hidden() {
        story.item(hidden, rule)?;
        let path = rule.strip_prefix("ignore ").unwrap_or_default();
        if let Some(accepted) = ACCEPTED.iter().find(|accepted| accepted.path == path) {
            story.detail(&format!("→ {}", accepted.because))?;
        }
    }
    story.pause()?;
    let findings = compared(story, setting, &round)?;
    let clear = findings.different == 0 && findings.undecided == 0;
    story.verdict(
        clear,
        "not explained",
        &format!("{} answers", findings.made() - findings.equal),
    )?;
    for cluster in findings.clusters() {
        story.detail(&format!("{}: {}", cluster.place, cluster.example))?;
    }
    write_rules(story, setting)?;
    Ok(operation)
}

fn write_rules(story: &mut Story, setting: &Setting) -> Result<(), DemoError> {
    let path = setting.home.path().join("rules.json");
    let what = format!("cannot write {}", path.display());
    let text = serde_json::to_string_pretty(&rules::rules()).map_err(|error| DemoError::Io {
        what: what.clone(),
        source: error.into(),
    })?;
    std::fs::write(&path, format!("{text}\n")).map_err(DemoError::io(what))?;
    story.figure("the rules", path.display())?;
    Ok(())
}

/// How callers fared.
pub(super) fn answers(story: &mut Story, round: &Round) -> Result<(), DemoError> {
    let Round {
        answered,
        refused,
        failed,
        elapsed,
        ..
    } = round;
    let text = format!(
        "{answered} answered, {} refused, in {:.1} s",
        refused.len(),
        elapsed.as_secs_f64()
    );
    story.figure("callers", text)?;
    if *failed > 0 {
        story.verdict(false, "callers that failed", &failed.to_string())?;
    }
    Ok(())
}

/// What the comparisons of the last round found.
pub(super) fn compared(
    story: &mut Story,
    setting: &Setting,
    round: &Round,
) -> Result<Findings, DemoError> {
    let findings = Findings::since(setting.home.comparisons(), PROFILE, round.started)?;
    let text = format!(
        "{} of {} answers: {} equal, {} different ({} differences)",
        findings.made(),
        setting.datasets.len(),
        findings.equal,
        findings.different,
        findings.differences,
    );
    story.figure("compared", text)?;
    if round.left_behind > 0 {
        story.verdict(
            false,
            "not compared in time",
            &round.left_behind.to_string(),
        )?;
    }
    Ok(findings)
}
