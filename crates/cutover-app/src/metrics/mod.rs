//! Recording operations, telling other processes, and reading what all of them told.
//!
//! - [`OperationMetrics`]: the handles of one operation;
//! - [`MetricsPublisher`]: tells other processes what this one measures;
//! - [`overview`]: what all processes and stores tell, as one; of the stores, `flag_facts` tells
//!   the flags.
//!
//! ```
//! use cutover_app::metrics::OperationMetrics;
//! use cutover_domain::Side;
//! use cutover_domain::metrics::standard::CallOutcome;
//! use cutover_domain::metrics::{ProcessIdentity, Window, compare_implementations};
//! use cutover_ports::metrics::{MetricsReader, Recorder};
//!
//! let recorder = Recorder::new(ProcessIdentity::new("importer-1", "first run"));
//! let metrics = OperationMetrics::register(&recorder, "dataset.register");
//! metrics.calls(Side::New, CallOutcome::Success).increment(1);
//!
//! let comparison = compare_implementations(&recorder.snapshot(Window::LastHour));
//! assert_eq!(comparison[0].operation, "dataset.register");
//! assert_eq!(comparison[0].new.calls, 1);
//! ```

#[cfg(feature = "comparison")]
mod compared;
#[cfg(feature = "flags")]
mod facts;
mod operation;
mod overview;
mod publisher;

#[cfg(feature = "flags")]
pub use facts::flag_facts;
pub use operation::OperationMetrics;
pub use overview::{Liveness, MetricsOverview, ProcessStatus, overview};
pub use publisher::{MetricsPublisher, PUBLISH_INTERVAL};
