//! What a run found, in one object: while it runs, and later from its records.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::time::Duration;

use cutover_domain::comparison::{
    ComparisonRecord, DifferenceKind, Measurements, RecordResult, Run, RunState, percent_change,
};
use serde::Serialize;

use super::quantity::{show_duration, show_size};
use crate::output::style::{BAD, BOLD, DIM, GOOD, WARN};
use crate::output::{Page, Report, printable, table};

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
    different: u64,
    /// Cases that could not be compared, or not to the end.
    errors: u64,
    /// Cases there are in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<u64>,
    /// Pairs of executions: each case once for every repeat.
    pairs: u64,
    /// Differences by kind.
    counts: BTreeMap<&'static str, u64>,
    /// Ends other than success, by kind.
    ends: Sides<BTreeMap<String, u64>>,
    figures: Figures,
    /// The options it was started with.
    options: serde_json::Value,
    #[serde(skip)]
    unequal: Vec<(String, RecordResult)>,
}

/// Something of both sides.
#[derive(Clone, Debug, Default, Serialize)]
struct Sides<T> {
    old: T,
    new: T,
}

/// What both sides used, over the pairs in which both were measured.
#[derive(Clone, Debug, Default, Serialize)]
struct Figures {
    #[serde(rename = "wall_ns", skip_serializing_if = "Option::is_none")]
    wall: Option<Figure>,
    #[serde(rename = "cpu_ns", skip_serializing_if = "Option::is_none")]
    cpu: Option<Figure>,
    #[serde(rename = "peak_memory_bytes", skip_serializing_if = "Option::is_none")]
    peak_memory: Option<Figure>,
}

/// One figure: of times the total, of memory the highest peak.
#[derive(Clone, Copy, Debug, Serialize)]
struct Figure {
    old: u64,
    new: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_percent: Option<f64>,
    pairs: u64,
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

    /// Whether nothing was compared but failures: equal they may be, but they prove little.
    pub(super) fn is_all_failures(&self) -> bool {
        let failed = |ends: &BTreeMap<String, u64>| ends.values().sum::<u64>() == self.pairs;
        self.pairs > 0 && failed(&self.ends.old) && failed(&self.ends.new)
    }
}

/// Adds records up.
#[derive(Clone, Debug, Default)]
pub(super) struct Summing {
    cases: HashMap<String, RecordResult>,
    different: u64,
    pairs: u64,
    counts: BTreeMap<&'static str, u64>,
    ends: Sides<BTreeMap<String, u64>>,
    wall: Sum,
    cpu: Sum,
    peak_memory: Sum,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    old: u64,
    new: u64,
    pairs: u64,
}

impl Sum {
    fn add(&mut self, old: Option<u64>, new: Option<u64>, with: fn(u64, u64) -> u64) {
        if let (Some(old), Some(new)) = (old, new) {
            self.old = with(self.old, old);
            self.new = with(self.new, new);
            self.pairs += 1;
        }
    }

    fn figure(self) -> Option<Figure> {
        (self.pairs > 0).then(|| Figure {
            old: self.old,
            new: self.new,
            change_percent: percent_change(self.old as f64, self.new as f64),
            pairs: self.pairs,
        })
    }
}

impl Summing {
    /// How many cases differ so far.
    pub(super) fn different(&self) -> u64 {
        self.different
    }

    /// Adds one record. Of the repeats of a case the worst counts.
    pub(super) fn add(&mut self, record: &ComparisonRecord) {
        let label = record.label().to_owned();
        let worst = self.cases.entry(label).or_insert(RecordResult::Equal);
        if gravity(record.result) > gravity(*worst) {
            *worst = record.result;
            self.different += u64::from(record.result == RecordResult::Different);
        }
        self.pairs += 1;
        if let Some(comparison) = record.judgement.comparison() {
            for kind in DifferenceKind::ALL {
                let count = comparison.counts.of(kind);
                if count > 0 {
                    *self.counts.entry(kind.word()).or_default() += count;
                }
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
        let (old, new) = (&record.old.measurements, &record.new.measurements);
        let nanos = |time: Option<Duration>| {
            time.map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
        };
        self.wall
            .add(nanos(old.wall), nanos(new.wall), u64::saturating_add);
        self.cpu.add(
            nanos(Measurements::cpu(old)),
            nanos(Measurements::cpu(new)),
            u64::saturating_add,
        );
        self.peak_memory
            .add(old.peak_memory, new.peak_memory, u64::max);
    }

    /// What the records of `run` add up to. `planned` is how many cases there are.
    pub(super) fn summary(self, run: &Run, planned: Option<u64>) -> Summary {
        let of = |wanted: &[RecordResult]| {
            self.cases
                .values()
                .filter(|result| wanted.contains(result))
                .count() as u64
        };
        let (equal, different) = (of(&[RecordResult::Equal]), of(&[RecordResult::Different]));
        let errors = of(&[RecordResult::Failed, RecordResult::Inexact]);
        let cases = self.cases.len() as u64;
        let mut unequal: Vec<_> = self
            .cases
            .into_iter()
            .filter(|(_, result)| *result != RecordResult::Equal)
            .collect();
        unequal.sort_by(|(left, _), (right, _)| left.cmp(right));
        Summary {
            id: run.id.to_string(),
            name: run.name.clone(),
            state: run.state,
            started: run.started,
            finished: run.finished,
            old: run.old.description.clone(),
            new: run.new.description.clone(),
            cases,
            equal,
            different,
            errors,
            planned,
            pairs: self.pairs,
            counts: self.counts,
            ends: self.ends,
            figures: Figures {
                wall: self.wall.figure(),
                cpu: self.cpu.figure(),
                peak_memory: self.peak_memory.figure(),
            },
            options: run.options.clone(),
            unequal,
        }
    }
}

/// How many cases a run was started for; known for runs of commands only.
pub(super) fn planned_cases(run: &Run) -> Option<u64> {
    let repeats = run
        .options
        .get("repeat")
        .and_then(serde_json::Value::as_u64)?;
    run.expected_cases.map(|pairs| pairs / repeats.max(1))
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
            writeln!(page, "{style}{word:<12}{style:#}  {}", printable(case))?;
        }
        if self.unequal.len() > NAMED {
            writeln!(
                page,
                "{DIM}… and {} more{DIM:#}",
                self.unequal.len() - NAMED
            )?;
        }
        self.write_verdict(page)
    }
}

impl Summary {
    fn write_verdict(&self, page: &mut Page<'_>) -> io::Result<()> {
        let style = match (self.has_differences(), self.is_whole()) {
            (true, _) => BAD,
            (false, false) => WARN,
            (false, true) => GOOD,
        };
        write!(
            page,
            "{style}{} {}: {} equal, {} different",
            self.cases,
            if self.cases == 1 { "case" } else { "cases" },
            self.equal,
            self.different
        )?;
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
        if !self.counts.is_empty() {
            let counts: Vec<_> = self
                .counts
                .iter()
                .map(|(kind, count)| format!("{count} {kind}"))
                .collect();
            write!(page, "; differences: {}", counts.join(", "))?;
        }
        writeln!(page)
    }
}

impl Figures {
    fn table(&self) -> Option<comfy_table::Table> {
        let time = |nanos| show_duration(Duration::from_nanos(nanos));
        let mut figures = table(["", "old", "new", "change", "pairs"]);
        let mut add = |name: &str, figure: Option<Figure>, show: fn(u64) -> String| {
            let Some(figure) = figure else { return };
            figures.add_row([
                name.to_owned(),
                show(figure.old),
                show(figure.new),
                figure.change_percent.map_or_else(String::new, show_change),
                figure.pairs.to_string(),
            ]);
        };
        add("wall time", self.wall, time);
        add("processor time", self.cpu, time);
        add("peak memory", self.peak_memory, show_size);
        (figures.row_count() > 0).then_some(figures)
    }
}

fn show_change(percent: f64) -> String {
    format!("{percent:+.1} %").replace('-', "−")
}
