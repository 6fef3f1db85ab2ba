//! Recording and reading metrics.
//!
//! [`MetricsSink`] hands out handles, [`MetricsReader`] reads what they counted. [`Recorder`] is
//! both: it keeps everything in memory, within a fixed bound, and is what an application runs in
//! production. A handle is resolved once and then used without a lock, an allocation or a look-up.
//!
//! ```
//! use std::time::Duration;
//! use cutover_domain::metrics::{Descriptor, ProcessIdentity, Window};
//! use cutover_ports::metrics::{MetricsReader, MetricsSink, Recorder};
//!
//! const ROWS: Descriptor = Descriptor::counter("rows_total", "Rows imported.", &["source"]);
//! const TOOK: Descriptor = Descriptor::timer("import_seconds", "Time to import.", &["source"]);
//!
//! let recorder = Recorder::new(ProcessIdentity::new("importer-1", "first run"));
//! let rows = recorder.counter(&ROWS, &["csv"]);
//! let took = recorder.timer(&TOOK, &["csv"]);
//! rows.increment(250);
//! took.observe(Duration::from_millis(40));
//!
//! let summary = recorder.snapshot(Window::LastHour).summarize();
//! assert_eq!(summary.counters[r#"rows_total{source="csv"}"#], 250);
//! assert_eq!(summary.timers[r#"import_seconds{source="csv"}"#].mean, Some(0.04));
//! ```
//!
//! State of other processes comes through [`MetricsStateStore`].

mod counter;
mod gauge;
mod moment;
mod recorder;
mod registry;
mod samples;
mod sink;
mod state;
mod stripes;
mod timeline;
mod timer;

pub use counter::Counter;
pub use gauge::{Entered, Gauge};
pub use moment::Moment;
pub use recorder::Recorder;
pub use registry::Limits;
pub use sink::{MetricsReader, MetricsSink, NoMetrics};
pub use state::{LoadedStates, MemoryStateStore, MetricsStateStore, RETENTION};
pub use timer::{RunningTimer, Timer};
