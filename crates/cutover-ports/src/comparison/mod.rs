//! The comparison store port and its in-memory reference adapter.
//!
//! A store keeps **runs** and their **records**. A run is a header that is updated while the run
//! goes on; a record is made once and never changed.
//!
//! ```
//! use cutover_domain::comparison::{
//!     Comparison, ComparisonRecord, Judgement, RecordId, Run, RunId, RunKind, SideOutcome,
//!     SideRecord,
//! };
//! use cutover_ports::comparison::{ComparisonStore, MemoryComparisonStore, RecordQuery};
//!
//! # pollster::block_on(async {
//! let store = MemoryComparisonStore::new();
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
//! store.append(std::slice::from_ref(&record)).await?;
//!
//! let page = store.records(&RecordQuery::of_run(run.id).limit(10)).await?;
//! assert_eq!(page.items, [record.clone()]);
//! assert!(store.append(&[record]).await.is_err(), "nothing is overwritten");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Adding a store
//!
//! Implement [`ComparisonStore`], call [`check_batch`] first in `append`, and run the contract
//! suite of `cutover-testkit` over it: it has a case for every promise below.

mod extension;
mod memory;
mod query;
mod store;

pub use extension::{ComparisonStoreExt, Visited};
pub use memory::MemoryComparisonStore;
pub use query::{Cursor, MAX_PAGE, Page, RecordQuery, RunQuery, Unreadable};
pub use store::{
    ComparisonCapabilities, ComparisonStore, Pruned, Retention, already_exists, check_batch,
    check_start, no_such_run, too_long,
};
