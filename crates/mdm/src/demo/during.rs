//! The second half: modern takes over, breaks, is taken back, and takes over again.

use std::path::PathBuf;
use std::time::Duration;

use cutover::comparison::{self, Selection};
use cutover::domain::metrics::{Window, compare_implementations};
use cutover::prelude::Percentage;
use cutover::report;

use super::DemoOptions;
use super::before::{answers, compared};
use super::error::DemoError;
use super::operator::{Felt, Operator, from_here};
use super::rules::ROUNDING;
use super::setting::{FLAG, PROFILE, ProfileOperation, RegisterOperation, Setting, now};
use super::story::{Story, bar};
use crate::catalog::Catalog;
use crate::modern::Fault;

/// What a rollback may take.
const SOON: Duration = Duration::from_secs(1);

pub(super) fn roll_out(
    story: &mut Story,
    setting: &Setting,
    profile: &ProfileOperation,
    register: &RegisterOperation,
) -> Result<(), DemoError> {
    let mut before = setting.in_modern();
    for (percent, title, why) in [
        (1, "1 % of the datasets", "the comparisons are clear"),
        (
            25,
            "25 %",
            "the first datasets had nothing to complain about",
        ),
        (100, "100 %", "a quarter of them, and no difference"),
    ] {
        let share = Percentage::from_percent(percent).unwrap_or_default();
        let revision = setting.roll_out(share, why)?;
        let profiled = setting.profile_all(profile);
        let registered = setting.register_all(register, &format!("at-{percent}"))?;
        let inside = setting.in_modern();
        let all = setting.datasets.len();

        story.chapter(title)?;
        if percent == 1 {
            story.say(
                "Now modern answers for some, chosen by a hash of the dataset's name; legacy runs \
                 beside it there and is compared. Registering goes the same way, but a write is \
                 done once: by whoever is in charge.",
            )?;
        }
        in_charge(story, setting)?;
        let taken_out = before.difference(&inside).count();
        story.verdict(taken_out == 0, "taken back out", &taken_out.to_string())?;
        before = inside;
        answers(story, &profiled)?;
        let findings = compared(story, setting, &profiled)?;
        // The comparisons of this operation go on in one run, from shadow on.
        let clear = findings.different == 0 && findings.undecided == 0;
        story.verdict(clear, "verdict", if clear { "proceed" } else { "hold" })?;
        story.verdict(
            profiled.calls.fallbacks() == 0,
            "fallbacks",
            &profiled.calls.fallbacks().to_string(),
        )?;
        story.figure(
            "registered",
            format!(
                "{} through legacy, {} through modern, {} of them refused (flag revision {revision})",
                registered.calls.old,
                registered.calls.new,
                registered.refused.len(),
            ),
        )?;
        let once = registered.calls.old + registered.calls.new == all as u64;
        if !once || registered.failed > 0 {
            story.verdict(
                false,
                "writes",
                "not every dataset was written exactly once",
            )?;
        }
    }
    let catalog = Catalog::open(&setting.catalog)?;
    let datasets = catalog.list()?;
    let rows: u64 = datasets.iter().map(|dataset| dataset.rows).sum();
    let whole = catalog.count_tables()? == datasets.len() as u64;
    story.verdict(
        whole,
        "in the catalog",
        &format!("{} datasets, {rows} rows", datasets.len()),
    )?;
    Ok(())
}

pub(super) fn fault(
    story: &mut Story,
    setting: &Setting,
    profile: &ProfileOperation,
) -> Result<(), DemoError> {
    story.chapter("A bad day: modern breaks at 100 %")?;
    story.say(
        "A switch in modern makes it fail. Nobody is on call yet: `auto_fallback` lets legacy \
         answer for it, call by call.",
    )?;
    for (fault, name) in [
        (Fault::Error, "it answers errors"),
        (Fault::Panic, "it panics"),
    ] {
        setting.faults.set(fault);
        let round = setting.profile_all(profile);
        let calls = round.calls;
        let failures = calls.new_errors + calls.new_panics;
        story.figure(
            name,
            format!(
                "{failures} failures of modern, {} fallbacks",
                calls.fallbacks()
            ),
        )?;
        let unharmed = round.failed == 0;
        let callers = format!("{} answered, {} failed", round.answered, round.failed);
        story.verdict(unharmed && calls.fallbacks() > 0, "callers", &callers)?;
    }
    Ok(())
}

pub(super) fn kill(
    story: &mut Story,
    setting: &Setting,
    profile: &ProfileOperation,
    operator: &Operator,
) -> Result<(), DemoError> {
    story.chapter("Kill: everybody back to legacy")?;
    let felt = operator.kill(setting, "modern fails on every call")?;
    changed(
        story,
        &felt,
        "a killed flag keeps modern from running at all, also in the shadow",
    )?;
    let round = setting.profile_all(profile);
    answers(story, &round)?;
    story.verdict(
        round.calls.new == 0,
        "calls of modern",
        &round.calls.new.to_string(),
    )?;
    Ok(())
}

pub(super) fn undo(
    story: &mut Story,
    setting: &Setting,
    profile: &ProfileOperation,
    operator: &Operator,
) -> Result<(), DemoError> {
    story.chapter("Mended: undo puts everything back as it was")?;
    setting.faults.set(Fault::None);
    let felt = operator.undo(setting, "modern is mended")?;
    changed(
        story,
        &felt,
        "the same datasets as before: nothing has to be chosen again",
    )?;
    let round = setting.profile_all(profile);
    in_charge(story, setting)?;
    answers(story, &round)?;
    let fallbacks = round.calls.fallbacks();
    story.verdict(fallbacks == 0, "fallbacks", &fallbacks.to_string())?;
    Ok(())
}

fn in_charge(story: &mut Story, setting: &Setting) -> Result<(), DemoError> {
    let (inside, all) = (setting.in_modern().len(), setting.datasets.len());
    let share = bar(inside as f64 / all as f64, 24);
    story.figure(
        "modern in charge",
        format!("{share} {inside} of {all} datasets"),
    )?;
    Ok(())
}

fn changed(story: &mut Story, felt: &Felt, what: &str) -> Result<(), DemoError> {
    match &felt.command {
        Some(command) => story.command(command)?,
        None => story.say("(The `cutover` program was not found; another flag service did it.)")?,
    }
    let text = format!("after {} ms: {what}", felt.until_in_force.as_millis());
    story.measured(felt.until_in_force < SOON, "in force here", &text)?;
    Ok(())
}

/// Everything that was ever compared, as one page that needs nothing else.
fn write_report(setting: &Setting, options: &DemoOptions) -> Result<PathBuf, DemoError> {
    let selection = Selection::of_operation(PROFILE);
    let store = setting.home.comparisons();
    let report = pollster::block_on(comparison::report(store, &selection, now()))?
        .ok_or(DemoError::NothingCompared)?;
    let path = options
        .report
        .clone()
        .unwrap_or_else(|| options.home.join("report.html"));
    std::fs::write(&path, report::html(&report))
        .map_err(DemoError::io(format!("cannot write {}", path.display())))?;
    Ok(path)
}

pub(super) fn conclude(
    story: &mut Story,
    setting: &Setting,
    operator: &Operator,
    options: &DemoOptions,
) -> Result<(), DemoError> {
    story.chapter("What was measured")?;
    let snapshot = setting.home.metrics().snapshot(Window::SinceStart);
    for operation in compare_implementations(&snapshot) {
        let median = |side: Option<f64>| {
            side.map_or("—".to_owned(), |seconds| {
                format!("{:.2} ms", seconds * 1e3)
            })
        };
        story.figure(
            &operation.operation,
            format!(
                "legacy {} calls, median {}; modern {} calls, median {}",
                operation.old.calls,
                median(operation.old.duration.median),
                operation.new.calls,
                median(operation.new.duration.median),
            ),
        )?;
    }
    let path = write_report(setting, options)?;
    story.figure("report", from_here(&path))?;
    story.pause()?;
    story.say("Everything above is still there, and can be looked at and changed:")?;
    let (cutover, home) = (operator.typed(), from_here(setting.home.path()));
    let mdm = std::env::current_exe().map_or_else(|_| "mdm".to_owned(), |this| from_here(&this));
    let data = from_here(&options.data);
    let (absolute, relative) = ROUNDING;
    for (command, what) in [
        (
            format!("{cutover} flag history {FLAG} --home {home}"),
            "who changed what, when, and why",
        ),
        (
            format!("{cutover} flag status {FLAG} --unit flights-07 --home {home}"),
            "what is decided for one dataset, and by what",
        ),
        (
            format!("{cutover} compare list --home {home}"),
            "every round of comparisons",
        ),
        (
            format!("{cutover} metrics compare --home {home}"),
            "old beside new",
        ),
        (
            format!(
                "{cutover} compare run --name profile --cases {data} --abs {absolute} --rel {relative} \
                 --old \"{mdm} profile --implementation legacy {{}}\" \
                 --new \"{mdm} profile {{}}\" --home {home}"
            ),
            "the same two implementations as two programs",
        ),
        (
            format!("{cutover} flag kill {FLAG} --yes --home {home}"),
            "your turn",
        ),
    ] {
        story.command(&command)?;
        story.detail(what)?;
    }
    Ok(())
}
