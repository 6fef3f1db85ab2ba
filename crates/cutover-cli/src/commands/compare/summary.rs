//! What a run found, in one object: while it runs, and later from its records.

mod figures;
mod noise;
pub(super) mod performance;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use cutover_domain::comparison::noise::Noise;
use cutover_domain::comparison::performance::{Answer, PerformanceLimit};
use cutover_domain::comparison::report::shorten;
use cutover_domain::comparison::{
    ComparisonRecord, DifferenceKind, RecordResult, RuleHit, Run, RunJudgement, RunKind, RunState,
};
use cutover_domain::tree::Tree;
use cutover_ports::comparison::{ComparisonStore, RecordQuery};
use serde::Serialize;

use super::find;
use crate::context::Context;
use crate::exit::Failure;
use crate::output::style::{BAD, BOLD, DIM, GOOD, WARN};
use crate::output::{Page, Report, counted, printable};
use figures::{Figures, Sums};
use noise::{NoiseSummary, Settling};
use performance::{LimitVerdict, Measuring};

/// How many cases that are not equal are named.
const NAMED: usize = 10;

/// What a run found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    id: String,
    name: String,
    state: RunState,
    started: jiff::Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<jiff::Timestamp>,
    old: String,
    new: String,
    /// Cases that were compared, once or more.
    cases: u64,
    equal: u64,
    /// Cases that differ, and not by noise alone.
    different: u64,
    /// Cases that could not be compared, or not to the end.
    errors: u64,
    /// Cases there are in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<u64>,
    /// Pairs of executions: each case once for every repeat.
    pairs: u64,
    /// Comparisons that were meant to be made and were not, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    dropped: BTreeMap<String, u64>,
    /// Comparisons that nobody asked for among those there were.
    #[serde(skip_serializing_if = "is_zero")]
    sampled_out: u64,
    /// Pairs that differ and were not compared to their end: all that is counted of them is a part.
    #[serde(skip_serializing_if = "is_zero")]
    cut_short: u64,
    /// Differences by kind.
    counts: BTreeMap<&'static str, u64>,
    /// What the rules hid, by rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<RuleHit>,
    /// Ends other than success, by kind.
    ends: Sides<BTreeMap<String, u64>>,
    figures: Figures,
    /// What old differs in from itself, where it was run beside itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    noise: Option<NoiseSummary>,
    /// The limits that were set, each with a verdict.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    performance: Vec<LimitVerdict>,
    /// The options it was started with.
    options: serde_json::Value,
    /// How many of the pairs have a record still, where some have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    records_kept: Option<u64>,
    #[serde(skip)]
    unequal: Vec<(String, RecordResult)>,
    /// Pairs that differ by noise alone.
    #[serde(skip)]
    pairs_by_noise: u64,
    /// How it was judged when it ended, where records are gone.
    #[serde(skip)]
    judged: Option<RunJudgement>,
    /// What is to be said of the first cases where a program failed, or that were not compared.
    #[serde(skip)]
    apart: BTreeMap<String, String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Something of both sides.
#[derive(Clone, Debug, Default, Serialize)]
struct Sides<T> {
    old: T,
    new: T,
}

impl Summary {
    /// Whether a difference was found.
    pub(super) fn has_differences(&self) -> bool {
        self.different > 0
    }

    /// Whether every case was compared to the end.
    pub(super) fn is_whole(&self) -> bool {
        self.errors == 0 && self.planned.is_none_or(|planned| planned <= self.cases)
    }

    /// Whether something that was meant to be compared was not.
    pub(super) fn has_dropped(&self) -> bool {
        !self.dropped.is_empty()
    }

    pub(super) fn cut_short(&self) -> u64 {
        self.cut_short
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The first case, by name, that is not equal.
    pub(super) fn first_unequal(&self) -> Option<&str> {
        self.unequal.first().map(|(case, _)| case.as_str())
    }

    pub(super) fn cases(&self) -> u64 {
        self.cases
    }

    pub(super) fn errors(&self) -> u64 {
        self.errors
    }

    /// Cases that differ by noise alone.
    pub(super) fn noisy(&self) -> u64 {
        self.noise.as_ref().map_or(0, |noise| noise.cases)
    }

    /// Whether there are rules to suggest that would take noise away.
    pub(super) fn has_suggestions(&self) -> bool {
        self.noise
            .as_ref()
            .is_some_and(|noise| noise.suggestions > 0)
    }

    pub(super) fn pairs_by_noise(&self) -> u64 {
        self.pairs_by_noise
    }

    /// What the run came to, to be kept with it.
    pub(super) fn judgement(&self) -> RunJudgement {
        RunJudgement {
            cases: self.cases,
            equal: self.equal,
            different: self.different,
            by_noise: self.noisy(),
            errors: self.errors,
            limits: self.performance.iter().map(LimitVerdict::judged).collect(),
        }
    }

    /// What the rules hid, by rule.
    pub(super) fn hidden(&self) -> &[RuleHit] {
        &self.hidden
    }

    /// Rules that are suggested and would leave nothing to compare.
    pub(super) fn blinding(&self) -> &[String] {
        self.noise.as_ref().map_or(&[], |noise| &noise.blinding)
    }

    /// The answer to the limits that were set, the worst first; none when there are none.
    pub(super) fn performance(&self) -> Option<Answer> {
        let answers = self.performance.iter().map(|limit| limit.verdict.answer);
        performance::worst(&answers.collect::<Vec<_>>())
    }

    /// Takes what was found when there was a record of every pair.
    fn judge_as(&mut self, judged: Option<&RunJudgement>) {
        let Some(judged) = judged else { return };
        self.cases = judged.cases;
        self.equal = judged.equal;
        self.different = judged.different;
        self.errors = judged.errors;
        match &mut self.noise {
            Some(noise) => noise.cases = judged.by_noise,
            None if judged.by_noise > 0 => {
                self.noise = Some(NoiseSummary::of_cases(judged.by_noise))
            }
            None => {}
        }
        for (verdict, limit) in self.performance.iter_mut().zip(&judged.limits) {
            verdict.verdict.answer = limit.answer;
        }
        if judged.different == 0 {
            // By the records that are left alone it may not be known that it is noise.
            self.unequal
                .retain(|(_, result)| *result != RecordResult::Different);
        }
        self.judged = Some(judged.clone());
    }

    /// Whether nothing was compared but failures: equal they may be, but they prove little.
    pub(super) fn is_all_failures(&self) -> bool {
        let failed = |ends: &BTreeMap<String, u64>| ends.values().sum::<u64>() == self.pairs;
        self.pairs > 0 && self.errors == 0 && failed(&self.ends.old) && failed(&self.ends.new)
    }
}

/// Adds records up.
#[derive(Debug, Default)]
pub(super) struct Summing {
    cases: HashMap<String, RecordResult>,
    different: u64,
    pairs: u64,
    cut_short: u64,
    counts: BTreeMap<&'static str, u64>,
    hidden: BTreeMap<String, u64>,
    ends: Sides<BTreeMap<String, u64>>,
    apart: BTreeMap<String, String>,
    sums: Sums,
    settling: Settling,
    measuring: Measuring,
}

impl Summing {
    /// Adds up records that are held against these limits too.
    pub(super) fn for_limits(limits: Vec<PerformanceLimit>) -> Self {
        Self {
            measuring: Measuring::for_limits(limits),
            ..Self::default()
        }
    }

    /// How many cases differ so far.
    pub(super) fn different(&self) -> u64 {
        self.different
    }

    /// What was learned so far of old's differences with itself.
    pub(super) fn learned(&self) -> Noise {
        self.settling.learned()
    }

    /// Adds one record. Of the repeats of a case the worst counts.
    pub(super) fn add(&mut self, record: &ComparisonRecord) {
        let was = self.cases.get(record.label()).copied();
        worst(&mut self.cases, record.label(), record.result);
        let different = RecordResult::Different;
        self.different += u64::from(record.result == different && was != Some(different));
        self.pairs += 1;
        if let Some(comparison) = record.judgement.comparison() {
            let is_cut_short = record.result == different && !comparison.inexact.is_empty();
            self.cut_short += u64::from(is_cut_short);
            for kind in DifferenceKind::ALL {
                let count = comparison.counts.of(kind);
                if count > 0 {
                    *self.counts.entry(kind.word()).or_default() += count;
                }
            }
        }
        for hit in record.judgement.hidden() {
            *self.hidden.entry(hit.rule.clone()).or_default() += hit.hidden;
        }
        if let Some(apart) = apart(record) {
            self.apart.insert(record.label().to_owned(), apart);
            if self.apart.len() > NAMED {
                self.apart.pop_last();
            }
        }
        for (ends, side) in [
            (&mut self.ends.old, &record.old),
            (&mut self.ends.new, &record.new),
        ] {
            if !side.outcome.is_ok() {
                *ends.entry(side.outcome.class()).or_default() += 1;
            }
        }
        self.sums.add(record);
        self.settling.learn(record);
        self.measuring.add(record);
    }

    /// What the records of `run`, all of which were added, add up to. Where old was run beside
    /// itself, they are read once more. `planned` is how many cases there are.
    pub(super) fn summary(
        mut self,
        context: &Context,
        store: &dyn ComparisonStore,
        run: &Run,
        planned: Option<u64>,
    ) -> Result<Summary, Failure> {
        if self.settling.has_learned() {
            let settling = &mut self.settling;
            let query = RecordQuery::of_run(run.id.clone());
            find::visit(context, store, &query, &mut |record| settling.read(&record))?;
        }
        let mut counted: HashMap<RecordResult, u64> = HashMap::new();
        let (mut noisy, mut unequal) = (0, Vec::new());
        for (case, raw) in &self.cases {
            let result = self.settling.case(case, *raw);
            if *raw == RecordResult::Different && result == RecordResult::Equal {
                noisy += 1;
                continue;
            }
            *counted.entry(result).or_default() += 1;
            if result != RecordResult::Equal {
                unequal.push((case.clone(), result));
            }
        }
        unequal.sort_by(|(left, _), (right, _)| left.cmp(right));
        let pairs_by_noise = self.settling.by_noise();
        let of = |result| counted.get(&result).copied().unwrap_or_default();
        let made = run.tally.made();
        let mut summary = Summary {
            id: run.id.to_string(),
            name: run.name.clone(),
            state: run.state,
            started: run.started,
            finished: run.finished,
            old: run.old.description.clone(),
            new: run.new.description.clone(),
            cases: self.cases.len() as u64,
            equal: of(RecordResult::Equal),
            different: of(RecordResult::Different),
            errors: of(RecordResult::Failed) + of(RecordResult::Inexact),
            planned,
            pairs: self.pairs,
            dropped: run.tally.dropped.clone(),
            sampled_out: run.tally.sampled_out,
            cut_short: self.cut_short,
            counts: self.counts,
            hidden: self
                .hidden
                .into_iter()
                .map(|(rule, hidden)| RuleHit { rule, hidden })
                .collect(),
            ends: self.ends,
            apart: self.apart,
            figures: self.sums.figures(),
            noise: self.settling.summary(noisy),
            performance: self.measuring.verdicts(run),
            options: run.options.clone(),
            records_kept: None,
            unequal,
            pairs_by_noise,
            judged: None,
        };
        if run.kind == RunKind::Commands && summary.pairs < made {
            summary.records_kept = Some(summary.pairs);
            summary.pairs = made;
            summary.judge_as(run.judged.as_ref());
        }
        Ok(summary)
    }
}

/// How the two programs ended, where that is what differs; why they could not be compared.
fn apart(record: &ComparisonRecord) -> Option<String> {
    if let Some(why) = record.judgement.error() {
        return Some(shorten(why, 300));
    }
    let mut differences = record.judgement.differences().iter();
    let ends = differences.find(|found| found.kind == DifferenceKind::Outcome)?;
    let told = |side: &Option<Tree>| side.as_ref()?.root().as_str().map(str::to_owned);
    Some(format!(
        "old: {}, new: {}",
        told(&ends.old)?,
        told(&ends.new)?
    ))
}

/// Of several results of a case the worst counts.
fn worst(cases: &mut HashMap<String, RecordResult>, case: &str, result: RecordResult) {
    match cases.get_mut(case) {
        Some(known) if gravity(result) > gravity(*known) => *known = result,
        Some(_) => {}
        None => {
            cases.insert(case.to_owned(), result);
        }
    }
}

/// How many cases a run was started for; known for runs of commands only.
pub(super) fn planned_cases(run: &Run) -> Option<u64> {
    let repeats = run
        .options
        .get("repeat")
        .and_then(serde_json::Value::as_u64)?;
    let others = run
        .tally
        .dropped
        .values()
        .fold(run.tally.sampled_out, |sum, count| {
            sum.saturating_add(*count)
        });
    let pairs = run.expected_cases?.saturating_sub(others);
    Some(pairs / repeats.max(1))
}

/// A difference is worse than something that was not decided: it is known.
fn gravity(result: RecordResult) -> u8 {
    match result {
        RecordResult::Equal => 0,
        RecordResult::Inexact => 1,
        RecordResult::Failed => 2,
        RecordResult::Different => 3,
    }
}

impl Report for Summary {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(
            page,
            "{BOLD}{}{BOLD:#}  {DIM}{}{DIM:#}",
            printable(&self.name),
            self.id
        )?;
        writeln!(page, "  old  {}", printable(&self.old))?;
        writeln!(page, "  new  {}", printable(&self.new))?;
        writeln!(page)?;
        if let Some(figures) = self.figures.table() {
            page.table(figures)?;
            writeln!(page)?;
        }
        for (side, ends) in [("old", &self.ends.old), ("new", &self.ends.new)] {
            if !ends.is_empty() {
                let ends: Vec<_> = ends
                    .iter()
                    .map(|(end, count)| format!("{count} × {end}"))
                    .collect();
                writeln!(page, "{side} ended with {}", ends.join(", "))?;
            }
        }
        for (case, result) in self.unequal.iter().take(NAMED) {
            let (style, word) = match result {
                RecordResult::Different => (BAD, "different"),
                _ => (WARN, "not compared"),
            };
            write!(page, "{style}{word:<12}{style:#}  {}", printable(case))?;
            match self.apart.get(case) {
                Some(apart) => writeln!(page, "  {DIM}{}{DIM:#}", printable(apart))?,
                None => writeln!(page)?,
            }
        }
        if self.unequal.len() > NAMED {
            writeln!(
                page,
                "{DIM}… and {} more{DIM:#}",
                self.unequal.len() - NAMED
            )?;
        }
        if let Some(noise) = self
            .noise
            .as_ref()
            .filter(|noise| noise.self_pairs > 0 || noise.incomplete > 0)
        {
            noise.write(page)?;
        }
        let mut hidden: Vec<&RuleHit> = self.hidden.iter().collect();
        hidden.sort_by_key(|hit| Reverse(hit.hidden));
        for hit in hidden.iter().take(NAMED) {
            writeln!(
                page,
                "{DIM}hidden by {}: {}{DIM:#}",
                printable(&hit.rule),
                hit.hidden
            )?;
        }
        if hidden.len() > NAMED {
            let more = counted((hidden.len() - NAMED) as u64, "rule");
            writeln!(page, "{DIM}… and by {more} more{DIM:#}")?;
        }
        match &self.judged {
            Some(judged) => {
                for limit in &judged.limits {
                    writeln!(page, "{}", printable(&limit.said))?;
                }
            }
            None => {
                for verdict in &self.performance {
                    verdict.write(page)?;
                }
            }
        }
        if let Some(kept) = self.records_kept {
            writeln!(
                page,
                "{WARN}{kept} of {} records are kept{WARN:#}{}",
                self.pairs,
                match &self.judged {
                    Some(_) => "; the verdict is that of the end of the run",
                    None => "; what follows is of these alone",
                }
            )?;
        }
        if !self.performance.is_empty() && self.jobs() > 1 {
            writeln!(
                page,
                "{DIM}measured with {} pairs at once: times hold what they waited for each \
                 other{DIM:#}",
                self.jobs()
            )?;
        }
        self.write_verdict(page)
    }
}

impl Summary {
    fn jobs(&self) -> u64 {
        let jobs = self.options.get("jobs");
        jobs.and_then(serde_json::Value::as_u64).unwrap_or(1)
    }

    fn write_verdict(&self, page: &mut Page<'_>) -> io::Result<()> {
        let is_whole = self.is_whole() && !self.has_dropped();
        let style = match (self.has_differences(), is_whole) {
            (true, _) => BAD,
            (false, false) => WARN,
            (false, true) => GOOD,
        };
        write!(
            page,
            "{style}{}: {} equal, {} different",
            counted(self.cases, "case"),
            self.equal,
            self.different
        )?;
        if let Some(noise) = self.noise.as_ref().filter(|noise| noise.cases > 0) {
            write!(page, ", {} different by noise alone", noise.cases)?;
        }
        if self.errors > 0 {
            write!(page, ", {} not compared", self.errors)?;
        }
        write!(page, "{style:#}")?;
        if self.pairs > self.cases {
            write!(page, ", in {} pairs", self.pairs)?;
        }
        match (self.state, self.planned) {
            (RunState::Complete, _) => {}
            (state, Some(planned)) => write!(page, "; {state} after {} of {planned}", self.cases)?,
            (state, None) => write!(page, "; {state}")?,
        }
        if self.has_dropped() {
            let reasons: Vec<_> = self
                .dropped
                .iter()
                .map(|(reason, count)| format!("{} {count}", printable(reason)))
                .collect();
            write!(page, "; {WARN}not compared: {}{WARN:#}", reasons.join(", "))?;
        }
        if self.sampled_out > 0 {
            write!(page, "; {} sampled out", self.sampled_out)?;
        }
        if !self.counts.is_empty() {
            let counts: Vec<_> = self
                .counts
                .iter()
                .map(|(kind, count)| format!("{count} {kind}"))
                .collect();
            let least = if self.cut_short > 0 { "at least " } else { "" };
            write!(page, "; differences: {least}{}", counts.join(", "))?;
        }
        writeln!(page)
    }
}
