//! What processes measure, in a directory: one file for each run of each process.
//!
//! ```
//! use cutover_domain::metrics::{ProcessIdentity, ProcessState, Snapshot};
//! use cutover_file::FileStateStore;
//! use cutover_ports::metrics::MetricsStateStore;
//!
//! # let home = tempfile::tempdir()?;
//! # let directory = home.path().join("metrics");
//! let noon = "2026-01-01T12:00:00Z".parse()?;
//! let state = ProcessState {
//!     schema: ProcessState::SCHEMA,
//!     process: ProcessIdentity::new("importer-1", "0197c2"),
//!     started: noon,
//!     written: noon,
//!     finished: false,
//!     since_start: Snapshot::empty(noon, noon),
//!     last_hour: Snapshot::empty(noon, noon),
//!     recent_samples: Vec::new(),
//! };
//! FileStateStore::open(&directory).publish(&state)?;
//! assert!(directory.join("importer-1-0197c2.json").exists());
//!
//! // Another process on this machine:
//! let loaded = FileStateStore::open(&directory).load(noon)?;
//! assert_eq!(loaded.states, [state]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A file is replaced as a whole, without waiting for the disk: after a loss of power the next
//! state, a few seconds later, makes up for one that was lost. Files are private to the user. Those
//! of an hour ago are removed by whoever publishes next.

mod name;
mod store;

pub use store::FileStateStore;
