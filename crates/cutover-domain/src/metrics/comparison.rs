//! Old against new, per operation.
//!
//! ```
//! use cutover_domain::metrics::{Sketch, Snapshot, compare_implementations, standard};
//!
//! let noon = "2026-01-01T12:00:00Z".parse()?;
//! let mut snapshot = Snapshot::empty(noon, noon);
//! for (implementation, nanos) in [("old", 2_000_000), ("new", 1_000_000)] {
//!     let mut sketch = Sketch::default();
//!     sketch.record_nanos(nanos);
//!     snapshot.add_count(&standard::CALLS, &["import", implementation, "success"], 1);
//!     snapshot.add_distribution(&standard::CALL_DURATION, &["import", implementation], &sketch);
//! }
//! let comparison = &compare_implementations(&snapshot)[0];
//! assert_eq!(comparison.mean.as_ref().unwrap().percent, Some(-50.0));
//! assert_eq!(comparison.mean.as_ref().unwrap().ratio, Some(0.5));
//! # Ok::<(), jiff::Error>(())
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::standard::{CALL_DURATION, CALLS, CallOutcome};
use super::{Labels, Snapshot, Summary};
use crate::Side;

/// How the two implementations of one operation behave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImplementationComparison {
    /// The operation.
    pub operation: String,
    /// The implementation that is replaced.
    pub old: SideFigures,
    /// The one that replaces it.
    pub new: SideFigures,
    /// The share of calls that failed; absent until both sides were called.
    pub error_ratio: Option<Change>,
    /// The mean duration; this and the quantiles are absent until both sides were timed.
    pub mean: Option<Change>,
    /// The median duration.
    pub median: Option<Change>,
    /// The duration that 95 % stay below.
    pub p95: Option<Change>,
    /// The duration that 99 % stay below.
    pub p99: Option<Change>,
}

/// The figures of one implementation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SideFigures {
    /// How often it was called.
    pub calls: u64,
    /// How many of the calls did not succeed.
    pub errors: u64,
    /// How long they took, in seconds.
    pub duration: Summary,
}

/// One figure of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Of old.
    pub old: f64,
    /// Of new.
    pub new: f64,
    /// New minus old.
    pub delta: f64,
    /// The delta in percent of old; absent against 0.
    pub percent: Option<f64>,
    /// New divided by old; absent against 0.
    pub ratio: Option<f64>,
}

impl Change {
    /// From `old` to `new`.
    #[must_use]
    pub fn between(old: f64, new: f64) -> Self {
        let delta = new - old;
        let against_old = |value: f64| Some(value / old).filter(|share| share.is_finite());
        Self {
            old,
            new,
            delta,
            percent: against_old(delta * 100.0),
            ratio: against_old(new),
        }
    }

    fn of(old: Option<f64>, new: Option<f64>) -> Option<Self> {
        Some(Self::between(old?, new?))
    }
}

impl SideFigures {
    /// The share of calls that failed; `None` without calls.
    #[must_use]
    pub fn error_ratio(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.errors as f64 / self.calls as f64)
    }
}

/// Every operation of which a call was counted or timed, by name.
#[must_use]
pub fn compare_implementations(snapshot: &Snapshot) -> Vec<ImplementationComparison> {
    let mut operations: BTreeMap<&str, [SideFigures; 2]> = BTreeMap::new();
    for (labels, calls) in snapshot
        .counters
        .get(CALLS.name)
        .iter()
        .flat_map(|f| &f.series)
    {
        if let Some(side) = side(&mut operations, labels) {
            side.calls = side.calls.saturating_add(*calls);
            if labels.get("outcome") != Some(CallOutcome::Success.name()) {
                side.errors = side.errors.saturating_add(*calls);
            }
        }
    }
    for (labels, sketch) in snapshot
        .timers
        .get(CALL_DURATION.name)
        .iter()
        .flat_map(|f| &f.series)
    {
        if let Some(side) = side(&mut operations, labels) {
            side.duration = sketch.summary();
            // Code that only times its calls has made them all the same.
            side.calls = side.calls.max(side.duration.count);
        }
    }
    operations
        .into_iter()
        .map(|(operation, sides)| compare(operation, sides))
        .collect()
}

fn side<'a, 'b>(
    operations: &'b mut BTreeMap<&'a str, [SideFigures; 2]>,
    labels: &'a Labels,
) -> Option<&'b mut SideFigures> {
    let name = labels.get("implementation")?;
    let index = [Side::Old, Side::New]
        .iter()
        .position(|side| side.name() == name)?;
    operations
        .entry(labels.get("operation")?)
        .or_default()
        .get_mut(index)
}

fn compare(operation: &str, [old, new]: [SideFigures; 2]) -> ImplementationComparison {
    let duration = |figure: fn(&Summary) -> Option<f64>| {
        Change::of(figure(&old.duration), figure(&new.duration))
    };
    ImplementationComparison {
        operation: operation.to_owned(),
        old,
        new,
        error_ratio: Change::of(old.error_ratio(), new.error_ratio()),
        mean: duration(|summary| summary.mean),
        median: duration(|summary| summary.median),
        p95: duration(|summary| summary.p95),
        p99: duration(|summary| summary.p99),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::Sketch;
    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot::empty(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn calls_and_errors_are_told_apart_by_side() {
        let mut snapshot = snapshot();
        for (side, outcome, calls) in [
            ("old", "success", 90),
            ("old", "error", 10),
            ("new", "success", 5),
            ("new", "panic", 1),
            ("new", "timeout", 4),
        ] {
            snapshot.add_count(&CALLS, &["import", side, outcome], calls);
        }
        let comparison = compare_implementations(&snapshot).remove(0);
        assert_eq!((comparison.old.calls, comparison.old.errors), (100, 10));
        assert_eq!((comparison.new.calls, comparison.new.errors), (10, 5));
        assert_eq!(comparison.error_ratio, Some(Change::between(0.1, 0.5)));
        assert_eq!(comparison.mean, None, "nothing was timed");
    }

    #[test]
    fn against_zero_there_is_no_percentage() {
        let change = Change::between(0.0, 2.0);
        assert_eq!(
            (change.delta, change.percent, change.ratio),
            (2.0, None, None)
        );
        let nothing = Change::between(0.0, 0.0);
        assert_eq!(
            (nothing.delta, nothing.percent, nothing.ratio),
            (0.0, None, None)
        );
    }

    #[test]
    fn one_side_alone_is_not_compared() {
        let mut snapshot = snapshot();
        let mut sketch = Sketch::default();
        sketch.record_nanos(5);
        snapshot.add_count(&CALLS, &["import", "new", "success"], 0);
        snapshot.add_distribution(&CALL_DURATION, &["import", "old"], &sketch);
        let comparison = compare_implementations(&snapshot).remove(0);
        assert_eq!(comparison.old.calls, 1);
        assert_eq!(
            (comparison.new.calls, comparison.new.duration.mean),
            (0, None)
        );
        assert_eq!((comparison.mean, comparison.error_ratio), (None, None));
    }
}
