//! The flag store port, its in-memory reference adapter, and the question that operations ask.
//!
//! ```
//! use cutover_domain::flags::{Change, ChangeRecord, Definition, FlagDocument, Revision};
//! use cutover_ports::flags::{Commit, FlagStore, HistoryQuery, MemoryFlagStore};
//!
//! # pollster::block_on(async {
//! let store = MemoryFlagStore::new();
//! assert_eq!(store.load().await?, None);
//!
//! let now = "2026-01-01T00:00:00Z".parse()?;
//! let create = Change::Create {
//!     key: "use_new_backend".parse()?,
//!     definition: Box::new(Definition::boolean()),
//! };
//! let applied = FlagDocument::empty(now).apply(&[create], now)?;
//! store
//!     .commit(Commit {
//!         expected: Revision::ZERO,
//!         record: ChangeRecord {
//!             revision: applied.document.revision,
//!             time: now,
//!             actor: "alice".to_owned(),
//!             reason: None,
//!             changes: applied.changes,
//!             unknown: Default::default(),
//!         },
//!         document: applied.document,
//!     })
//!     .await?;
//! assert_eq!(store.history(&HistoryQuery::newest(10)).await?.records.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod decide;
mod memory;
mod retention;
mod store;

pub use decide::Decide;
pub use memory::MemoryFlagStore;
pub use retention::{Compaction, Retention};
pub use store::{
    Commit, FlagCapabilities, FlagEvent, FlagEvents, FlagStore, HistoryPage, HistoryQuery,
};
