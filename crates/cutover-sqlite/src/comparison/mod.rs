//! Comparison runs and records in a database, the one that has the flags or one of their own.
//!
//! ```
//! use cutover_domain::comparison::{
//!     Comparison, ComparisonRecord, Judgement, RecordId, RecordResult, Run, RunId, RunKind,
//!     SideOutcome, SideRecord,
//! };
//! use cutover_ports::comparison::{ComparisonStore, RecordQuery};
//! use cutover_sqlite::SqliteComparisonStore;
//!
//! # let home = tempfile::tempdir()?;
//! # let path = home.path().join("cutover.db");
//! # pollster::block_on(async {
//! let store = SqliteComparisonStore::open(&path);
//! let now = "2026-01-01T00:00:00Z".parse()?;
//! let run = Run::new(RunId::new("nightly-1")?, "nightly", RunKind::Commands, now);
//! store.create_run(&run).await?;
//!
//! let side = SideRecord::new(SideOutcome::Ok);
//! let record = ComparisonRecord::new(
//!     run.id.clone(),
//!     RecordId::new("case-1")?,
//!     "dataset.profile",
//!     now,
//!     side.clone(),
//!     side,
//!     Judgement::Compared(Comparison::same()),
//! );
//! store.append(&[record]).await?;
//!
//! // Another process on this machine sees it at once.
//! let elsewhere = SqliteComparisonStore::open(&path);
//! let equal = RecordQuery::of_run(run.id).result(RecordResult::Equal);
//! assert_eq!(elsewhere.records(&equal).await?.items.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The tables
//!
//! `comparison_runs` has the headers, `comparison_records` the records as JSON with checksums,
//! `comparison_differences` which kinds of differences each record keeps, and where. They may be
//! read with any tool (a view in `sqlite3`, a query of a notebook); rows are written by cutover
//! alone. A row that was damaged or edited by hand is named and passed over; it hides nothing else.
//!
//! # Costs
//!
//! | what | reads |
//! |---|---|
//! | a page by run, operation or result | of each run from the newest on: an index, from the place where the page begins |
//! | a page by time besides | in the index also what is not of that time, without its record |
//! | a page by path of differences | an index by path: of each run and each path that occurs and matches, as many entries as the page holds. Of more than 256 matching paths, the differences of each record that has any |
//! | one record | an index |
//! | retention | of each run the header, and what is removed |
//!
//! Appending costs the same however much there is. Give records in batches: one transaction each.
//!
//! # Promises
//!
//! - A batch is one transaction. A process killed at any point leaves all of it or nothing. What a
//!   loss of power may take is for [`SqliteComparisonConfig::durability`] to say.
//! - Any number of processes may read and write; readers wait for nobody, writers for each other.
//! - Retention removes in short transactions and gives the space back. Cut off at any point it
//!   leaves what is older than the rest removed in part, and nothing else.

mod append;
mod config;
mod difference;
mod instant;
mod page;
mod prune;
mod run;
mod store;

#[cfg(test)]
mod harm;

pub use crate::database::DEFAULT_ENVIRONMENT;
pub use config::{Durability, SqliteComparisonConfig};
pub use store::SqliteComparisonStore;
