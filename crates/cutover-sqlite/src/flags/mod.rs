//! Flags in a database: one row per environment, and the history of each.
//!
//! ```
//! use cutover_domain::flags::{Change, ChangeRecord, Definition, FlagDocument, Revision};
//! use cutover_ports::flags::{Commit, FlagStore, HistoryQuery};
//! use cutover_sqlite::{SqliteFlagConfig, SqliteFlagStore};
//!
//! # let home = tempfile::tempdir()?;
//! # let path = home.path().join("flags.db");
//! # pollster::block_on(async {
//! let production = SqliteFlagStore::open(&path);
//! let staging = SqliteFlagStore::with_config(SqliteFlagConfig {
//!     environment: "staging".to_owned(),
//!     ..SqliteFlagConfig::new(&path)
//! });
//! assert_eq!(staging.load().await?, None);
//!
//! let now = "2026-01-01T00:00:00Z".parse()?;
//! let create = Change::Create {
//!     key: "use_new_backend".parse()?,
//!     definition: Box::new(Definition::boolean()),
//! };
//! let applied = FlagDocument::empty(now).apply(&[create], now)?;
//! let record = ChangeRecord {
//!     revision: applied.document.revision,
//!     time: now,
//!     actor: "alice".to_owned(),
//!     reason: None,
//!     changes: applied.changes,
//!     unknown: Default::default(),
//! };
//! let commit = Commit { expected: Revision::ZERO, document: applied.document, record };
//! staging.commit(commit).await?;
//!
//! assert_eq!(staging.history(&HistoryQuery::newest(10)).await?.records.len(), 1);
//! assert_eq!(production.load().await?, None, "another environment");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The files
//!
//! | file | what it is |
//! |---|---|
//! | `flags.db` | the database, whatever its name |
//! | `flags.db-wal` | the write-ahead log: commits that have not reached the database yet. It is a part of the database: never copy or move the one without the other |
//! | `flags.db-shm` | memory that the processes share; worth nothing by itself |
//!
//! All are on a local disk: file systems across a network do not give what SQLite needs to share a
//! database. To back one up while it is used: `sqlite3 flags.db ".backup 'copy.db'"`; to bring a
//! backup back while it is used: `sqlite3 flags.db ".restore 'copy.db'"`.
//!
//! # The tables
//!
//! `flag_documents` has the flags of each environment, `flag_history` one row per revision,
//! `flag_history_keys` tells which revisions touched a flag. They may be read with any tool. Rows
//! are written by cutover alone: each has a checksum, and one that somebody changed is an error.
//!
//! # Promises
//!
//! - A commit is one transaction, durable when it returns. A crash at any point leaves the state
//!   before it or after it. Its cost does not depend on the length of the history.
//! - Readers wait for no writer. A writer waits for others as long as
//!   [`SqliteFlagConfig::lock_timeout`]; one that died holds no lock.
//! - A row that was damaged or edited by hand is an error that names the database and the
//!   environment; nothing is written over it, except by [`SqliteFlagStore::repair`], which keeps
//!   what it replaces. Running applications go on with their last good flags.
//! - A database of a newer major version, of another program, or what is no database, is refused
//!   and left as it is. So is an empty file: a new database is made whole before it gets its name.
//! - A watcher sees every change once and in order, also by other processes, which it notices
//!   within [`SqliteFlagConfig::poll_interval`]; or [`FlagEvent::Resync`] when the database was
//!   replaced by another or by an older state of itself.
//!
//! [`FlagEvent::Resync`]: cutover_ports::flags::FlagEvent::Resync

mod commit;
mod config;
mod inspect;
mod page;
mod repair;
mod retention;
mod sealed;
mod state;
mod store;
mod watch;

#[cfg(test)]
mod harm;

pub use crate::database::DEFAULT_ENVIRONMENT;
pub use config::SqliteFlagConfig;
pub use inspect::{DamagedRecord, Gap, Inspection};
pub use repair::{Repair, RepairSource};
pub use store::SqliteFlagStore;
