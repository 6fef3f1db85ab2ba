//! The stored and exported shapes, versioned.
//!
//! ```
//! use cutover_domain::metrics::{ProcessIdentity, ProcessState, Snapshot};
//!
//! let noon = "2026-01-01T12:00:00Z".parse()?;
//! let state = ProcessState {
//!     schema: ProcessState::SCHEMA,
//!     process: ProcessIdentity::new("importer-1", "0197"),
//!     started: noon,
//!     written: noon,
//!     finished: false,
//!     since_start: Snapshot::empty(noon, noon),
//!     last_hour: Snapshot::empty(noon, noon),
//!     recent_samples: Vec::new(),
//! };
//! assert_eq!(state.age(noon).as_secs(), 0);
//! # Ok::<(), jiff::Error>(())
//! ```

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::layout::{BUCKETS, MAX_INDEX, MIN_INDEX, SCHEMA};
use super::{ImplementationComparison, Labels, MetricsSummary, Sketch, Snapshot, Window};

/// One run of one process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Which process it is, the same after a restart: a host, a pod, a service name.
    pub instance: String,
    /// Which run of it: unique for every start.
    pub boot: String,
}

impl ProcessIdentity {
    /// The run `boot` of `instance`.
    #[must_use]
    pub fn new(instance: impl Into<String>, boot: impl Into<String>) -> Self {
        Self {
            instance: instance.into(),
            boot: boot.into(),
        }
    }
}

/// One recorded value, for export and for eyes, never for statistics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The metric.
    pub name: String,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The value in base units.
    pub value: f64,
    /// When.
    pub timestamp: Timestamp,
}

/// What a process tells others about itself, written every few seconds and at exit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessState {
    /// The version of this shape.
    pub schema: u32,
    /// Who wrote it.
    pub process: ProcessIdentity,
    /// When the process started.
    pub started: Timestamp,
    /// When this was written.
    pub written: Timestamp,
    /// Whether it is the last word of a process that ended in good order.
    pub finished: bool,
    /// Everything since the start.
    pub since_start: Snapshot,
    /// The hour before it was written.
    pub last_hour: Snapshot,
    /// The latest samples, at most [`ProcessState::MAX_SAMPLES`].
    #[serde(default)]
    pub recent_samples: Vec<Sample>,
}

impl ProcessState {
    /// The version written today; a newer one is refused by readers.
    pub const SCHEMA: u32 = 1;

    /// How many samples a state carries: it is rewritten every few seconds.
    pub const MAX_SAMPLES: usize = 1_000;

    /// How long ago it was written; nothing for a time to come.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.written)).unwrap_or_default()
    }

    /// The snapshot of a window.
    #[must_use]
    pub fn snapshot(&self, window: Window) -> &Snapshot {
        match window {
            Window::SinceStart => &self.since_start,
            Window::LastHour => &self.last_hour,
        }
    }
}

/// All that is known about a window, for files and other programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricsExport {
    /// The version of this shape.
    pub schema: u32,
    /// The start of the window.
    pub start_time: Timestamp,
    /// When it was exported.
    pub export_time: Timestamp,
    /// The processes whose figures are in it.
    pub processes: Vec<ProcessIdentity>,
    /// The figures of every series.
    pub summary: MetricsSummary,
    /// Old against new.
    pub implementations: Vec<ImplementationComparison>,
    /// Every series in full, buckets included.
    pub series: Snapshot,
    /// The latest samples of all processes, oldest first, at most 10,000 and one hour old.
    pub recent_samples: Vec<Sample>,
}

impl MetricsExport {
    /// The version written today.
    pub const SCHEMA: u32 = 1;

    /// The most samples of an export.
    pub const MAX_SAMPLES: usize = 10_000;

    /// The oldest sample of an export.
    pub const MAX_SAMPLE_AGE: Duration = Duration::from_secs(3600);

    /// An export of `series` made at `now`; of the samples the latest within the limits are kept.
    #[must_use]
    pub fn new(
        now: Timestamp,
        processes: Vec<ProcessIdentity>,
        series: Snapshot,
        mut samples: Vec<Sample>,
    ) -> Self {
        let oldest = now
            .saturating_sub(Self::MAX_SAMPLE_AGE)
            .unwrap_or(Timestamp::MIN);
        samples.retain(|sample| sample.timestamp >= oldest);
        samples.sort_by_key(|sample| sample.timestamp);
        samples.drain(..samples.len().saturating_sub(Self::MAX_SAMPLES));
        Self {
            schema: Self::SCHEMA,
            start_time: series.from,
            export_time: now,
            processes,
            summary: series.summarize(),
            implementations: super::compare_implementations(&series),
            series,
            recent_samples: samples,
        }
    }
}

/// The stored shape of a [`Sketch`]. Sums are decimal text: they may pass what a JSON reader keeps
/// exactly.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct SketchDocument {
    schema: i32,
    count: u64,
    zeros: u64,
    /// The index of the first bucket.
    first: i32,
    buckets: Vec<u64>,
    sum_nanos: String,
    sum_squares_nanos: String,
    min_nanos: Option<u64>,
    max_nanos: Option<u64>,
}

impl From<Sketch> for SketchDocument {
    fn from(sketch: Sketch) -> Self {
        Self {
            schema: SCHEMA,
            count: sketch.count(),
            zeros: sketch.zeros,
            first: sketch.first,
            sum_nanos: sketch.sum.to_string(),
            sum_squares_nanos: sketch.sum_squares.to_string(),
            min_nanos: sketch.range.map(|(min, _)| min),
            max_nanos: sketch.range.map(|(_, max)| max),
            buckets: sketch.counts,
        }
    }
}

/// Why a stored sketch cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidSketch {
    #[error("the sketch has schema {0}, and only schema {SCHEMA} is known")]
    Schema(i32),
    #[error(
        "the buckets from {first}, {count} in number, are outside of {MIN_INDEX} to {MAX_INDEX}"
    )]
    Buckets { first: i32, count: usize },
    #[error("`{0}` is not a sum of whole nanoseconds")]
    Sum(String),
    #[error("the sketch says {said} values and its buckets hold {held}")]
    Count { said: u64, held: u64 },
    #[error("the smallest value is larger than the largest, or one of them is missing")]
    Range,
}

impl TryFrom<SketchDocument> for Sketch {
    type Error = InvalidSketch;

    fn try_from(document: SketchDocument) -> Result<Self, InvalidSketch> {
        if document.schema != SCHEMA {
            return Err(InvalidSketch::Schema(document.schema));
        }
        let SketchDocument { first, buckets, .. } = document;
        let room = i64::from(MAX_INDEX) - i64::from(first) + 1;
        let outside = first < MIN_INDEX || buckets.len() > BUCKETS || buckets.len() as i64 > room;
        if outside && !buckets.is_empty() {
            return Err(InvalidSketch::Buckets {
                first,
                count: buckets.len(),
            });
        }
        let sum = |text: String| text.parse::<u128>().map_err(|_| InvalidSketch::Sum(text));
        let range = match (document.min_nanos, document.max_nanos) {
            (Some(min), Some(max)) if min <= max => Some((min, max)),
            (None, None) => None,
            _ => return Err(InvalidSketch::Range),
        };
        let sketch = Self::from_counts(
            document.zeros,
            (first..).zip(buckets),
            sum(document.sum_nanos)?,
            sum(document.sum_squares_nanos)?,
            range,
        );
        if sketch.count() != document.count {
            return Err(InvalidSketch::Count {
                said: document.count,
                held: sketch.count(),
            });
        }
        Ok(sketch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_sketch_is_refused_with_its_fault() {
        let sound = serde_json::json!({"schema": 5, "count": 2, "zeros": 0, "first": 0,
            "buckets": [2], "sum_nanos": "2000000000", "sum_squares_nanos": "2", "min_nanos": 1,
            "max_nanos": 2});
        assert!(serde_json::from_value::<Sketch>(sound.clone()).is_ok());
        for (field, value, fault) in [
            ("schema", 3.into(), "schema 3"),
            ("count", 3.into(), "says 3 values and its buckets hold 2"),
            ("first", (-2_000).into(), "outside of -956 to 379"),
            ("first", i32::MAX.into(), "outside of -956 to 379"),
            ("sum_nanos", "x".into(), "`x` is not a sum"),
            ("min_nanos", 3.into(), "smallest value is larger"),
            (
                "min_nanos",
                serde_json::Value::Null,
                "one of them is missing",
            ),
        ] {
            let mut broken = sound.clone();
            broken[field] = value;
            let error = serde_json::from_value::<Sketch>(broken)
                .unwrap_err()
                .to_string();
            assert!(error.contains(fault), "{field}: {error}");
        }
    }

    #[test]
    fn an_export_keeps_the_latest_samples_of_the_last_hour() {
        let now = Timestamp::from_second(100_000).unwrap();
        let sample = |second| Sample {
            name: "m".into(),
            labels: Labels::default(),
            value: 1.0,
            timestamp: Timestamp::from_second(second).unwrap(),
        };
        let samples = (80_000..100_000).rev().map(sample).collect();
        let export = MetricsExport::new(now, vec![], Snapshot::empty(now, now), samples);
        assert_eq!(export.recent_samples.len(), 3_600);
        assert_eq!(export.recent_samples[0], sample(96_400));
        let many = std::iter::repeat_n(sample(99_000), 10_001).collect();
        let export = MetricsExport::new(now, vec![], Snapshot::empty(now, now), many);
        assert_eq!(export.recent_samples.len(), 10_000);
    }
}
