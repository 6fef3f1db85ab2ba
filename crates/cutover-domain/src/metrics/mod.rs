//! Counters, gauges, timers and what they say about two implementations.
//!
//! Everything here is plain data and arithmetic. Recording on the hot path is the work of the
//! recorder in `cutover-ports`; this module says how durations are bucketed ([`layout`]), what a
//! distribution answers ([`Sketch`], [`Summary`]), how the figures of many processes add up
//! ([`Snapshot`]), what the standard metrics are called ([`standard`]) and how old and new compare
//! ([`compare_implementations`]).
//!
//! ```
//! use std::time::Duration;
//! use cutover_domain::metrics::Sketch;
//!
//! let mut here = Sketch::default();
//! let mut there = Sketch::default();
//! for milliseconds in 1..=99 {
//!     here.record(Duration::from_millis(milliseconds));
//! }
//! there.record(Duration::from_millis(100));
//! here.merge(&there);
//!
//! let summary = here.summary();
//! assert_eq!(summary.count, 100);
//! assert_eq!(summary.mean, Some(0.0505));
//! assert!((summary.median.unwrap() / 0.0505 - 1.0).abs() < 0.011);
//! assert_eq!(Sketch::default().summary().mean, None, "no data is not zero");
//! ```

pub mod comparison;
pub mod descriptor;
pub mod document;
pub mod labels;
pub mod layout;
pub mod sketch;
pub mod snapshot;
pub mod standard;
pub mod summary;

pub use comparison::{Change, ImplementationComparison, SideFigures, compare_implementations};
pub use descriptor::{Descriptor, MetricKind};
pub use document::{MetricsExport, ProcessIdentity, ProcessState, Sample};
pub use labels::Labels;
pub use sketch::Sketch;
pub use snapshot::{Family, GaugeReading, GaugeReadings, Snapshot, Window};
pub use summary::{MetricsSummary, Summary};
