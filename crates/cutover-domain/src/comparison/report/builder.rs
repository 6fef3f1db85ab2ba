//! Adding records up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::cluster::Clusters;
use super::evidence::{but_for_noise, performance};
use super::limit::{set_for_report, set_for_runs};
use super::statistics::{Bucket, Ratios, Spread, distribution};
use super::timeline::Timeline;
use super::{
    Change, CounterChange, HiddenByRule, MeanDelta, OperationReport, REPORT_SCHEMA, Report,
    ReportedCoverage, ReportedRun, SideReport, SlowRecord, Totals, Verdict,
};
use crate::comparison::noise::NoiseLearner;
use crate::comparison::performance::{PairedSample, PerformanceLimits};
use crate::comparison::{
    ComparisonRecord, Counts, Coverage, RecordResult, Run, RunId, RunKind, SideRecord,
    percent_change, round,
};

/// So many records are named as the slowest.
const SLOWEST: usize = 10;

/// At most so many texts (outcomes, reasons, rules, counters) are told apart; the rest is one.
const MOST_TEXTS: usize = 100;

/// At most so much of what cannot be read is named.
const UNREADABLE: usize = 1_000;

const OTHERS: &str = "(others)";

/// Adds runs and records up to a [`Report`].
#[derive(Debug, Default)]
pub struct ReportBuilder {
    runs: HashMap<RunId, Run>,
    /// How the records of each run ended, by operation.
    found: HashMap<RunId, BTreeMap<Arc<str>, Totals>>,
    records: u64,
    cut_short: u64,
    differences: Counts,
    operations: HashMap<String, Operation>,
    old: Side,
    new: Side,
    deltas: [Mean; 4],
    counters: BTreeMap<String, CounterChange>,
    ratios: Vec<f32>,
    timeline: Timeline,
    slowest: Vec<SlowRecord>,
    hidden: BTreeMap<String, (u64, u64)>,
    unreadable: Vec<String>,
    unreadable_left_out: u64,
    limits: PerformanceLimits,
}

#[derive(Debug, Default)]
struct Operation {
    records: u64,
    totals: Totals,
    clusters: Clusters,
    failures: BTreeMap<String, u64>,
    noise: NoiseLearner,
    measured: PairedSample,
}

#[derive(Debug, Default)]
struct Side {
    versions: BTreeMap<String, u64>,
    outcomes: BTreeMap<String, u64>,
    wall: Vec<u64>,
    cpu: Vec<u64>,
    peak_memory: Vec<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    /// In millionths: whole numbers add up to the same in any order.
    sum: i128,
    count: u64,
}

/// One, as a [`Mean`] counts.
const ONE: f64 = 1e6;

impl ReportBuilder {
    /// Nothing added yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What performance is held against, if not the [usual](PerformanceLimits::standard).
    #[must_use]
    pub fn limits(mut self, limits: PerformanceLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds the header of a run, for its name and its coverage. Adding it again replaces it.
    pub fn run(&mut self, run: &Run) {
        self.runs.insert(run.id.clone(), run.clone());
    }

    /// Adds a record. Adding it twice counts it twice.
    pub fn record(&mut self, record: &ComparisonRecord) {
        self.records += 1;
        let of_run = match self.found.get_mut(&record.run) {
            Some(of_run) => of_run,
            None => self.found.entry(record.run.clone()).or_default(),
        };
        match of_run.get_mut(&record.operation) {
            Some(totals) => totals.count(record.result),
            None => {
                let totals = of_run.entry(Arc::clone(&record.operation)).or_default();
                totals.count(record.result);
            }
        }
        if let Some(comparison) = record.judgement.comparison() {
            self.differences.merge(&comparison.counts);
            let is_cut_short =
                record.result == RecordResult::Different && !comparison.inexact.is_empty();
            self.cut_short += u64::from(is_cut_short);
        }
        self.operation(&record.operation).add(record);
        self.old.add(&record.old);
        self.new.add(&record.new);
        for (mean, delta) in self.deltas.iter_mut().zip(record.deltas.parts()) {
            mean.add(delta);
        }
        self.timeline.add(record.time, record.result);
        self.add_counters(record);
        self.add_time(record);
        for hit in record.judgement.hidden() {
            let (places, records) = entry(&mut self.hidden, &hit.rule);
            *places = places.saturating_add(hit.hidden);
            *records += 1;
        }
    }

    /// Adds a note of something that is stored and cannot be read.
    pub fn unreadable(&mut self, what: impl Into<String>) {
        if self.unreadable.len() < UNREADABLE {
            self.unreadable.push(what.into());
        } else {
            self.unreadable_left_out += 1;
        }
    }

    /// The report on what was added.
    #[must_use]
    pub fn finish(mut self, generated: Timestamp) -> Report {
        let (mut totals, coverage, mut runs) = self.settle(generated);
        runs.sort_by(|left, right| {
            right
                .started
                .cmp(&left.started)
                .then_with(|| right.id.cmp(&left.id))
        });
        let mut operations: Vec<OperationReport> = self
            .operations
            .into_iter()
            .map(|(name, found)| found.finish(name, &self.limits))
            .collect();
        operations.sort_by(|left, right| {
            let unproven = |totals: &Totals| {
                let passed = totals.equal.saturating_add(totals.by_noise);
                totals.comparisons.saturating_sub(passed)
            };
            unproven(&right.totals)
                .cmp(&unproven(&left.totals))
                .then_with(|| left.operation.cmp(&right.operation))
        });
        let mut hidden: Vec<HiddenByRule> = self
            .hidden
            .into_iter()
            .map(|(rule, (places, records))| HiddenByRule {
                rule,
                places,
                records,
            })
            .collect();
        hidden.sort_by_key(|hidden| Reverse(hidden.places));
        let [wall, cpu, peak_memory, allocated] = self.deltas.map(Mean::finish);
        let mut counters = self.counters;
        for counter in counters.values_mut() {
            counter.percent = percent_change(counter.old as f64, counter.new as f64);
        }
        let (mut old, mut new) = (self.old, self.new);
        let (old_report, new_report) = (old.finish(), new.finish());
        let coverage = ReportedCoverage::new(coverage, self.records);
        let by_noise = operations.iter().map(|operation| operation.totals.by_noise);
        let by_noise = by_noise.fold(0, u64::saturating_add);
        totals.by_noise = if coverage.without_record > 0 {
            by_noise.max(totals.by_noise)
        } else {
            by_noise
        };
        totals.by_noise = totals.by_noise.min(totals.different);
        let noises = operations
            .iter()
            .filter_map(|operation| operation.noise.as_ref());
        let noise = but_for_noise(totals, noises);
        let counted = noise.map_or(totals, |noise| noise.totals);
        let limits = match self.limits.set() {
            [] => set_for_runs(&runs, |id| self.runs.get(id)),
            limits => set_for_report(limits, &operations),
        };
        Report {
            schema: REPORT_SCHEMA,
            limits,
            generated,
            verdict: Verdict::of(&counted, &coverage, self.unreadable.len()),
            runs,
            totals,
            pass: totals.pass(),
            noise,
            coverage,
            cut_short: self.cut_short,
            differences: self.differences,
            operations,
            // Finishing has sorted the times.
            wall_distribution: buckets(distribution(&old.wall, &new.wall)),
            wall_ratios: Ratios::of(&mut self.ratios),
            memory_distribution: buckets(distribution(&old.peak_memory, &new.peak_memory)),
            timeline: self.timeline.finish(),
            old: old_report,
            new: new_report,
            change: Change {
                wall,
                cpu,
                peak_memory,
                allocated,
                counters,
            },
            slowest: self.slowest,
            hidden,
            unreadable: self.unreadable,
            unreadable_left_out: self.unreadable_left_out,
        }
    }

    /// How everything ended, and how much of it there was.
    ///
    /// A run may keep records of differences only, or have lost old ones to retention: then its
    /// tally knows more. While it goes on, its header is a little behind: then its records know
    /// more. Neither counts anything that did not happen, so of each result the larger count holds.
    fn settle(&mut self, now: Timestamp) -> (Totals, Coverage, Vec<ReportedRun>) {
        let (mut totals, mut coverage) = (Totals::default(), Coverage::default());
        let mut runs = Vec::with_capacity(self.runs.len());
        let mut of_operations: Vec<(String, Totals)> = Vec::new();
        for (id, run) in &self.runs {
            let found = self.found.remove(id).unwrap_or_default();
            let mut sum = Totals::default();
            found.values().for_each(|found| sum.merge(found));
            let tally = Totals::from(&run.tally);
            let settled = tally.or_more(&sum);
            let unknown = settled.comparisons - tally.comparisons;
            let mut of_run = run.coverage();
            of_run.made = settled.comparisons;
            of_run.not_run = of_run.not_run.saturating_sub(unknown);
            runs.push(ReportedRun::new(run, settled, &of_run, now));
            coverage.merge(&of_run);
            totals.merge(&settled);
            let names: Vec<Arc<str>> = found.keys().cloned().collect();
            match (&names[..], run.kind) {
                ([name], _) => of_operations.push((name.to_string(), settled)),
                ([], RunKind::Operation) => of_operations.push((run.name.clone(), settled)),
                // The tally does not tell several operations apart.
                _ => {
                    of_operations.extend(found.into_iter().map(|(name, of)| (name.to_string(), of)))
                }
            }
        }
        // Records whose run is not known.
        for found in std::mem::take(&mut self.found).into_values() {
            for (name, of) in found {
                totals.merge(&of);
                coverage.made += of.comparisons;
                of_operations.push((name.to_string(), of));
            }
        }
        for (name, of) in of_operations {
            self.operation(&name).totals.merge(&of);
        }
        (totals, coverage, runs)
    }

    fn operation(&mut self, name: &str) -> &mut Operation {
        if !self.operations.contains_key(name) {
            self.operations
                .insert(name.to_owned(), Operation::default());
        }
        self.operations.entry(name.to_owned()).or_default()
    }

    fn add_counters(&mut self, record: &ComparisonRecord) {
        let (old, new) = (
            &record.old.measurements.counters,
            &record.new.measurements.counters,
        );
        for (name, old) in old {
            if let Some(new) = new.get(name) {
                let counter = entry(&mut self.counters, name);
                counter.old = counter.old.saturating_add(*old);
                counter.new = counter.new.saturating_add(*new);
                counter.records += 1;
            }
        }
    }

    fn add_time(&mut self, record: &ComparisonRecord) {
        let wall = |side: &SideRecord| side.measurements.wall.map(nanoseconds);
        let (old_ns, new_ns) = (wall(&record.old), wall(&record.new));
        let Some(longest) = old_ns.max(new_ns) else {
            return;
        };
        if let (Some(old @ 1..), Some(new)) = (old_ns, new_ns) {
            self.ratios.push((new as f64 / old as f64) as f32);
        }
        let full = self.slowest.len() >= SLOWEST;
        let least = self
            .slowest
            .last()
            .map_or(Duration::ZERO, SlowRecord::longest);
        if full && Duration::from_nanos(longest) < least {
            return;
        }
        let slow = SlowRecord {
            run: record.run.clone(),
            record: record.id.clone(),
            label: record.label().to_owned(),
            unit: record.unit.clone(),
            operation: record.operation.to_string(),
            old_ns,
            new_ns,
            wall_percent: record.deltas.wall,
        };
        let place = self
            .slowest
            .partition_point(|other| slowness(other) < slowness(&slow));
        self.slowest.insert(place, slow);
        self.slowest.truncate(SLOWEST);
    }
}

impl Operation {
    fn add(&mut self, record: &ComparisonRecord) {
        self.records += 1;
        self.clusters.add(record);
        self.noise.record(record);
        self.measured.add(record);
        if let Some(error) = record.judgement.error() {
            *entry(&mut self.failures, error) += 1;
        }
    }

    fn finish(mut self, operation: String, limits: &PerformanceLimits) -> OperationReport {
        let noise = Some(self.noise.learned()).filter(|noise| !noise.is_empty());
        let learned = noise.as_ref().map_or(0, |noise| noise.equal);
        // Where records are gone, the run itself knew more.
        let known = if self.totals.comparisons > self.records {
            learned.max(self.totals.by_noise)
        } else {
            learned
        };
        self.totals.by_noise = known.min(self.totals.different);
        let unclustered = self.clusters.unclustered;
        let clusters = self
            .clusters
            .sorted(|path, kind| Some(noise.as_ref()?.class(path, kind)));
        OperationReport {
            performance: performance(&self.measured, limits, &operation),
            operation,
            totals: self.totals,
            pass: self.totals.pass(),
            unclustered,
            clusters,
            failures: self.failures,
            noise,
        }
    }
}

impl Side {
    fn add(&mut self, side: &SideRecord) {
        *entry(&mut self.outcomes, &side.outcome.class()) += 1;
        if let Some(version) = &side.version {
            *entry(&mut self.versions, version) += 1;
        }
        self.wall.extend(side.measurements.wall.map(nanoseconds));
        self.cpu.extend(side.measurements.cpu().map(nanoseconds));
        self.peak_memory.extend(side.measurements.peak_memory);
    }

    fn finish(&mut self) -> SideReport {
        SideReport {
            versions: std::mem::take(&mut self.versions),
            outcomes: std::mem::take(&mut self.outcomes),
            wall_ns: Spread::of(&mut self.wall),
            cpu_ns: Spread::of(&mut self.cpu),
            peak_memory_bytes: Spread::of(&mut self.peak_memory),
        }
    }
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum = self.sum.saturating_add((value * ONE).round() as i128);
            self.count += 1;
        }
    }

    fn finish(self) -> Option<MeanDelta> {
        let mean = round(self.sum as f64 / ONE / self.count as f64)?;
        Some(MeanDelta {
            mean_percent: mean,
            records: self.count,
        })
    }
}

fn buckets<T: From<Bucket>>(found: Vec<Bucket>) -> Vec<T> {
    found.into_iter().map(T::from).collect()
}

/// The slowest sorts first; records that took the same time are told apart by name, so that a
/// report does not depend on the order of its records.
fn slowness(slow: &SlowRecord) -> (Reverse<Duration>, &str, &str) {
    (
        Reverse(slow.longest()),
        slow.run.as_str(),
        slow.record.as_str(),
    )
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The entry of a text, or of all others when there are too many texts.
fn entry<'a, T: Default>(map: &'a mut BTreeMap<String, T>, text: &str) -> &'a mut T {
    let text = if map.len() < MOST_TEXTS || map.contains_key(text) {
        text
    } else {
        OTHERS
    };
    map.entry(text.to_owned()).or_default()
}
