//! What many records say together.
//!
//! A [`ReportBuilder`] takes runs and records one by one, in any order, and keeps only sums, a few
//! examples and what was measured, seven numbers a record: a million records take some 50 MB.
//!
//! ```
//! use cutover_domain::comparison::report::ReportBuilder;
//! use cutover_domain::comparison::{
//!     Comparison, ComparisonRecord, Judgement, RecordId, Run, RunId, RunKind, SideOutcome,
//!     SideRecord,
//! };
//!
//! let now = "2026-01-01T00:00:00Z".parse()?;
//! let mut run = Run::new(RunId::new("nightly-1")?, "nightly", RunKind::Commands, now);
//! run.expected_cases = Some(2);
//!
//! let mut builder = ReportBuilder::new();
//! let side = SideRecord::new(SideOutcome::Ok);
//! builder.record(&ComparisonRecord::new(
//!     run.id.clone(),
//!     RecordId::new("case-1")?,
//!     "dataset.profile",
//!     now,
//!     side.clone(),
//!     side,
//!     Judgement::Compared(Comparison::same()),
//! ));
//! builder.run(&run);
//!
//! let report = builder.finish(now);
//! assert_eq!(report.pass.share, Some(1.0));
//! // One of two cases is not much evidence, and the report says so.
//! assert_eq!(report.coverage.share, Some(0.5));
//! assert!(report.pass.interval.unwrap().low < 0.3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod cluster;
mod evidence;
mod limit;
mod path;
mod shorten;
mod statistics;
mod timeline;
mod verdict;
mod wildcard;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::noise::{Noise, NoiseClass};
use super::{
    Counts, Coverage, Deltas, Difference, DifferenceKind, Implementation, RecordId, RecordResult,
    RecordedUnit, Run, RunId, RunKind, RunState, Severity, Tally,
};

pub use builder::ReportBuilder;
pub use evidence::{MetricPerformance, NoiseTotals};
pub use limit::ReportedLimit;
pub use path::{brief_path, generalize};
pub use shorten::{shorten, shorten_apart};
pub use statistics::{Interval, Ratios, Spread, wilson};
pub use timeline::TimelineStep;
pub use verdict::Verdict;

/// The major version of the report's JSON.
pub const REPORT_SCHEMA: u32 = 1;

/// What many records say together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The major version of this shape, [`REPORT_SCHEMA`].
    pub schema: u32,
    /// When it was made.
    pub generated: Timestamp,
    /// What it says in one word.
    pub verdict: Verdict,
    /// The runs it covers, newest first.
    pub runs: Vec<ReportedRun>,
    /// How the comparisons ended.
    pub totals: Totals,
    /// The share of comparisons proven equal.
    pub pass: Pass,
    /// The same, but for noise; absent where old was never compared with itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseTotals>,
    /// How much of what there was to compare was compared.
    pub coverage: ReportedCoverage,
    /// Comparisons that differ and were not made to their end: there may be more differences in them
    /// than are counted.
    #[serde(skip_serializing_if = "is_zero")]
    pub cut_short: u64,
    /// All differences by kind, those that records did not keep included.
    pub differences: Counts,
    /// Each operation, the one with the most mismatches first.
    pub operations: Vec<OperationReport>,
    /// The limits of performance that somebody has set: for the report
    /// ([`ReportBuilder::limits`]), else for its runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<ReportedLimit>,
    /// The implementation being replaced.
    pub old: SideReport,
    /// Its replacement.
    pub new: SideReport,
    /// The change from old to new.
    pub change: Change,
    /// How often each time occurred on each side; empty where time was not measured.
    pub wall_distribution: Vec<TimeBucket>,
    /// The time of new divided by that of old, record by record.
    pub wall_ratios: Option<Ratios>,
    /// How often each peak of memory occurred on each side; empty where it was not measured.
    pub memory_distribution: Vec<MemoryBucket>,
    /// How comparisons ended in the course of time.
    pub timeline: Vec<TimelineStep>,
    /// The records that took longest, on either side.
    pub slowest: Vec<SlowRecord>,
    /// What the rules hid, the rule that hid most first.
    pub hidden: Vec<HiddenByRule>,
    /// What is stored and could not be read, the first thousand.
    pub unreadable: Vec<String>,
    /// How much more could not be read.
    pub unreadable_left_out: u64,
}

/// The header of a run, as a report shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportedRun {
    /// Its id.
    pub id: RunId,
    /// What people call it.
    pub name: String,
    /// What it compares.
    pub kind: RunKind,
    /// Where it stands.
    pub state: RunState,
    /// When it began.
    pub started: Timestamp,
    /// When its header was last made.
    pub updated: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// The implementation being replaced.
    pub old: Implementation,
    /// Its replacement.
    pub new: Implementation,
    /// How its comparisons ended.
    pub totals: Totals,
    /// The part of what there was to compare that was compared.
    pub coverage: Option<f64>,
    /// It says that it is running, and was not heard of for a while: its process may be dead. See
    /// [`Run::is_silent`].
    pub silent: bool,
}

impl ReportedRun {
    fn new(run: &Run, totals: Totals, coverage: &Coverage, now: Timestamp) -> Self {
        Self {
            totals,
            coverage: coverage.share(),
            silent: run.is_silent(now),
            id: run.id.clone(),
            name: run.name.clone(),
            kind: run.kind,
            state: run.state,
            started: run.started,
            updated: run.updated,
            finished: run.finished,
            old: run.old.clone(),
            new: run.new.clone(),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How comparisons ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// All of them.
    pub comparisons: u64,
    /// Proven equal.
    pub equal: u64,
    /// Different.
    pub different: u64,
    /// Of the different ones, those that differ by noise alone. They pass.
    pub by_noise: u64,
    /// No difference found, but not everything was looked at.
    pub inexact: u64,
    /// The comparison itself failed.
    pub failed: u64,
}

impl Totals {
    fn count(&mut self, result: RecordResult) {
        self.comparisons += 1;
        match result {
            RecordResult::Equal => self.equal += 1,
            RecordResult::Different => self.different += 1,
            RecordResult::Inexact => self.inexact += 1,
            RecordResult::Failed => self.failed += 1,
        }
    }

    fn merge(&mut self, other: &Self) {
        let Self {
            comparisons,
            equal,
            different,
            by_noise,
            inexact,
            failed,
        } = *other;
        self.comparisons = self.comparisons.saturating_add(comparisons);
        self.equal = self.equal.saturating_add(equal);
        self.different = self.different.saturating_add(different);
        self.by_noise = self.by_noise.saturating_add(by_noise);
        self.inexact = self.inexact.saturating_add(inexact);
        self.failed = self.failed.saturating_add(failed);
    }

    /// Of each result the larger count.
    fn or_more(&self, other: &Self) -> Self {
        let mut more = Self {
            comparisons: 0,
            equal: self.equal.max(other.equal),
            different: self.different.max(other.different),
            by_noise: self.by_noise.max(other.by_noise),
            inexact: self.inexact.max(other.inexact),
            failed: self.failed.max(other.failed),
        };
        more.comparisons = [more.equal, more.different, more.inexact, more.failed]
            .into_iter()
            .fold(0, u64::saturating_add);
        more
    }

    /// The share that passed: proven equal, or different by noise alone.
    #[must_use]
    pub fn pass(&self) -> Pass {
        let passed = self.equal.saturating_add(self.by_noise);
        Pass {
            share: (self.comparisons > 0).then(|| passed as f64 / self.comparisons as f64),
            interval: wilson(passed, self.comparisons),
            confidence: statistics::CONFIDENCE,
            method: "wilson",
            look: "single",
        }
    }
}

impl From<&Tally> for Totals {
    fn from(tally: &Tally) -> Self {
        Self {
            comparisons: tally.made(),
            equal: tally.equal,
            different: tally.different,
            by_noise: tally.by_noise.min(tally.different),
            inexact: tally.inexact,
            failed: tally.failed,
        }
    }
}

/// The share of comparisons that passed: proven equal, but for noise. What is inexact or failed is
/// not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pass {
    /// 0 to 1; absent when there are none.
    pub share: Option<f64>,
    /// Where the true share is, as far as these records tell.
    pub interval: Option<Interval>,
    /// How sure that is: 0.95.
    pub confidence: f64,
    /// How the interval was found: Wilson's score.
    pub method: &'static str,
    /// It holds for one look. Who looks again and again until they like what they see needs a
    /// method made for that.
    pub look: &'static str,
}

/// Coverage, with its share.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReportedCoverage {
    /// Comparisons made.
    pub made: u64,
    /// Not made although meant to be, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Left out by the sample.
    pub sampled_out: u64,
    /// Cases of a run that it did not come to.
    pub not_run: u64,
    /// The part that was compared, 0 to 1; absent when there was nothing to compare.
    pub share: Option<f64>,
    /// Comparisons made that have no record to read: only differences were kept, or retention
    /// removed it. They count in the totals; examples, times and memory are those of the rest.
    pub without_record: u64,
}

impl ReportedCoverage {
    fn new(coverage: Coverage, records: u64) -> Self {
        Self {
            share: coverage.share(),
            without_record: coverage.made.saturating_sub(records),
            made: coverage.made,
            dropped: coverage.dropped,
            sampled_out: coverage.sampled_out,
            not_run: coverage.not_run,
        }
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperationReport {
    /// Its name.
    pub operation: String,
    /// How its comparisons ended.
    pub totals: Totals,
    /// The share proven equal.
    pub pass: Pass,
    /// Its differences by path and kind: what noise hides last, and those in the most records first.
    pub clusters: Vec<Cluster>,
    /// Differences that are in none of the clusters: a record keeps only so many of its own, and
    /// there are only so many clusters.
    pub unclustered: u64,
    /// Why comparisons failed, with how often.
    pub failures: BTreeMap<String, u64>,
    /// Where old differs from itself, and what that hides; absent where it was never asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// Every metric that both sides have, held against its limits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub performance: Vec<MetricPerformance>,
}

/// Differences of one kind at like paths.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cluster {
    /// The path, with `[*]` for every index and `.*` for names that are data.
    pub path: String,
    /// How many paths without `.*` that is.
    pub paths: u64,
    /// The first of them by name, where `.*` stands for names.
    pub stands_for: Vec<String>,
    /// How they part.
    pub kind: DifferenceKind,
    /// The gravest among them.
    pub severity: Severity,
    /// How many records have one; of several paths in millions of records, at least so many.
    pub records: u64,
    /// How many there are, of those that records keep.
    pub differences: u64,
    /// The smallest of them.
    pub example: Example,
    /// What they are by what old differs in from itself; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseClass>,
}

/// One difference, and where to find it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// The run.
    pub run: RunId,
    /// The record.
    pub record: RecordId,
    /// The case, or else the record's id.
    pub label: String,
    /// Whose call it was, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<RecordedUnit>,
    /// The difference.
    pub difference: Difference,
    /// So many further runs of old all gave its first answer there; absent where some did not, or
    /// where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_in_old: Option<u64>,
}

/// One side over all records.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SideReport {
    /// The versions that ran, with how often.
    pub versions: BTreeMap<String, u64>,
    /// How it ended, with how often: `ok`, `error: NotFound`, `timeout`, …
    pub outcomes: BTreeMap<String, u64>,
    /// Time from call to answer, in nanoseconds.
    pub wall_ns: Option<Spread>,
    /// Processor time, in nanoseconds.
    pub cpu_ns: Option<Spread>,
    /// Peak memory, in bytes.
    pub peak_memory_bytes: Option<Spread>,
}

/// The change from old to new over all records.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Change {
    /// The mean of the records' changes of time.
    pub wall: Option<MeanDelta>,
    /// The same of processor time.
    pub cpu: Option<MeanDelta>,
    /// The same of peak memory.
    pub peak_memory: Option<MeanDelta>,
    /// The same of memory asked for.
    pub allocated: Option<MeanDelta>,
    /// What both sides count, summed up: queries, requests.
    pub counters: BTreeMap<String, CounterChange>,
}

/// The mean of the records' changes in per cent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MeanDelta {
    /// −50 is half, +100 is double.
    pub mean_percent: f64,
    /// Over so many records.
    pub records: u64,
}

/// A counter on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CounterChange {
    /// Its sum in old.
    pub old: u64,
    /// Its sum in new.
    pub new: u64,
    /// The change of the sums; absent when old is 0.
    pub percent: Option<f64>,
    /// Over so many records.
    pub records: u64,
}

/// How often a time occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimeBucket {
    /// From this time on, in nanoseconds.
    pub from_ns: u64,
    /// Up to, but not including, this time; the last bucket includes it.
    pub to_ns: u64,
    /// How often in old.
    pub old: u64,
    /// How often in new.
    pub new: u64,
}

impl From<statistics::Bucket> for TimeBucket {
    fn from(bucket: statistics::Bucket) -> Self {
        Self {
            from_ns: bucket.from,
            to_ns: bucket.to,
            old: bucket.old,
            new: bucket.new,
        }
    }
}

/// How often a peak of memory occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryBucket {
    /// From so many bytes on.
    pub from_bytes: u64,
    /// Up to, but not including, so many; the last bucket includes it.
    pub to_bytes: u64,
    /// How often in old.
    pub old: u64,
    /// How often in new.
    pub new: u64,
}

impl From<statistics::Bucket> for MemoryBucket {
    fn from(bucket: statistics::Bucket) -> Self {
        Self {
            from_bytes: bucket.from,
            to_bytes: bucket.to,
            old: bucket.old,
            new: bucket.new,
        }
    }
}

/// A record that took long.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SlowRecord {
    /// The run.
    pub run: RunId,
    /// The record.
    pub record: RecordId,
    /// The case, or else the record's id.
    pub label: String,
    /// Whose call it was, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<RecordedUnit>,
    /// The operation.
    pub operation: String,
    /// What old took, in nanoseconds.
    pub old_ns: Option<u64>,
    /// What new took, in nanoseconds.
    pub new_ns: Option<u64>,
    /// The change in per cent.
    pub wall_percent: Option<f64>,
}

impl SlowRecord {
    /// The longer of the two times.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_nanos(self.old_ns.max(self.new_ns).unwrap_or(0))
    }
}

/// What one rule hid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HiddenByRule {
    /// The rule as it is written.
    pub rule: String,
    /// In how many places.
    pub places: u64,
    /// In how many records.
    pub records: u64,
}

impl Deltas {
    /// The names and values of the four changes that every record may have.
    fn parts(&self) -> [Option<f64>; 4] {
        [self.wall, self.cpu, self.peak_memory, self.allocated]
    }
}
