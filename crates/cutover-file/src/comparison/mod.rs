//! Comparison records in files: JSON Lines, in segments, one directory per run.
//!
//! ```text
//! DIR/runs/<run id>/run.json                the header; replaced as a whole
//!                   records-000001.jsonl    one record a line, in the order of saving
//!                   records-000002.jsonl    the next segment, begun when the first was full
//!                   lock                    held while somebody writes to this run
//! DIR/prune.lock                            held while somebody removes old records
//! ```
//!
//! Any number of processes may read and write at once. Writers of one run take turns of some ten
//! microseconds; readers take no lock. A process killed in the middle of a write leaves at most one
//! incomplete line, which readers report and pass over; the next writer starts a new line.
//!
//! A query reads backwards until its page is full: through the runs it is about, of each line the
//! head (operation, result, time), and the whole line of those that are asked for. By path, kind or
//! severity of differences that is every record with differences. There is no index to keep; where
//! such questions are asked often of many records, a database answers them without reading all.
//!
//! The futures need no runtime: the work is done on threads that the store owns, one for changes,
//! one for reading and one for retention, so a task that awaits them never blocks its executor.
//!
//! ```
//! use cutover_domain::comparison::{Run, RunId, RunKind};
//! use cutover_file::FileComparisonStore;
//! use cutover_ports::comparison::{ComparisonStore, RunQuery};
//!
//! # pollster::block_on(async {
//! let dir = tempfile::tempdir()?;
//! let store = FileComparisonStore::open(dir.path().join("comparisons"));
//! assert!(store.runs(&RunQuery::default()).await?.items.is_empty());
//!
//! let now = "2026-01-01T00:00:00Z".parse()?;
//! let run = Run::new(RunId::new("nightly-1")?, "nightly", RunKind::Commands, now);
//! store.create_run(&run).await?;
//! assert!(dir.path().join("comparisons/runs/nightly-1/run.json").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod append;
mod backward;
mod config;
mod error;
mod forward;
mod index;
mod layout;
mod lock;
mod prune;
mod read;
mod run;
mod store;
mod tally;
mod worker;

pub use config::{Durability, FileComparisonConfig};
pub use store::FileComparisonStore;
