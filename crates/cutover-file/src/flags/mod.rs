//! Flags in a directory: a document that people may edit, its history, a lock, a good copy.
//!
//! ```
//! use cutover_domain::flags::{Change, ChangeRecord, Definition, FlagDocument, Revision};
//! use cutover_file::FileFlagStore;
//! use cutover_ports::flags::{Commit, FlagStore, HistoryQuery};
//!
//! # let home = tempfile::tempdir()?;
//! # let directory = home.path().join("flags");
//! # pollster::block_on(async {
//! let store = FileFlagStore::open(&directory);
//! assert_eq!(store.load().await?, None);
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
//! store
//!     .commit(Commit { expected: Revision::ZERO, document: applied.document, record })
//!     .await?;
//!
//! // An edit by hand is the next revision, for every reader and at once.
//! let text = std::fs::read_to_string(store.path())?;
//! std::fs::write(store.path(), text.replacen("\"enabled\"", "\"killed\"", 1))?;
//! let newest = store.history(&HistoryQuery::newest(1)).await?.records.remove(0);
//! assert_eq!((newest.revision.number(), newest.actor.as_str()), (2, "external"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The files
//!
//! | file | what it is |
//! |---|---|
//! | `flags.json` | the flags: the only authority. It holds the record of its own revision (`last`) and a digest of its flags |
//! | `flags.history.jsonl` | one line per revision, oldest first, each with a checksum |
//! | `flags.json.good` | the flags as last committed, to tell what an edit by hand changed and to repair from |
//! | `flags.lock` | held while writing; never renamed, never deleted |
//!
//! # Promises
//!
//! - A commit is durable when it returns, and a crash at any point leaves the state before it or
//!   after it. Its cost does not depend on the length of the history.
//! - Readers take no lock. The history is the history file and the record in `flags.json`.
//! - A `flags.json` that cannot be read, or is not valid, is an error that names line and column;
//!   it is never written over, except by [`FileFlagStore::repair`], which keeps it beside.
//! - Whatever changes the flags in `flags.json` from outside is a revision of the actor
//!   [`EXTERNAL`], for every reader and at once. Its number is final once it is written down: by
//!   the first watcher that sees it, or by the next commit. Hand-edited `revision`, `last` and
//!   `digest` fields have no effect on the flags.
//! - A commit is made from the flags that its caller loaded, not only from their number: when an
//!   edit by hand was shown as a revision and another writer's change has become that revision, it
//!   is a conflict.
//! - An editor takes no lock, so no store can keep what it saves in the very moment of a rename.
//!   A writer compares the file with what it read right before it renames over it, and gives a
//!   conflict when somebody saved meanwhile: the moment is microseconds, not the whole commit.
//!   An editor that saves a copy it opened before a commit edits that commit's changes away; the
//!   history has them, and the record of the edit says which revisions it takes back
//!   ([`ChangeRecord::takes_back`](cutover_domain::flags::ChangeRecord::takes_back)).
//! - Where the history cannot be read, flags on whose newest commit `flags.json` and the good copy
//!   agree are still read, with edits by hand; nothing is written.
//! - A `flags.json` that is a symbolic link, or lies in a directory named `..data`, belongs to
//!   whoever swaps the link: it is read and watched, but not written.

mod base;
mod commit;
mod config;
mod crash;
mod document;
mod error;
mod files;
mod history;
mod inspect;
mod page;
mod repair;
mod replace;
mod retention;
mod sealed;
mod settle;
mod state;
mod store;
mod undone;
mod watch;
mod worker;

#[cfg(test)]
mod harm;
#[cfg(test)]
#[cfg(unix)]
mod kills;
#[cfg(test)]
mod meddling;

pub use config::FileFlagConfig;
pub use inspect::{DamagedLine, Gap, Inspection};
pub use repair::{Repair, RepairSource};
pub use state::EXTERNAL;
pub use store::FileFlagStore;
