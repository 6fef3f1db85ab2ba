use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use cutover_domain::flags::{ChangeRecord, FlagDocument, FlagKey, Revision};
use futures_core::Stream;

use super::retention::{Compaction, Retention};
use crate::{PortError, PortErrorKind};

/// Keeps the flag document of one environment with its history.
///
/// One state after the other: revisions have no gaps, every acknowledged commit is in the history
/// exactly once and in order, and a reader sees whole revisions only, also across a crash.
#[async_trait]
pub trait FlagStore: Debug + Send + Sync {
    /// What this store can do. Constant for the life of the value.
    fn capabilities(&self) -> FlagCapabilities;

    /// The current document; `Ok(None)` when nothing was ever committed. Idempotent; takes no lock
    /// that a writer waits for.
    ///
    /// # Errors
    ///
    /// What is stored cannot be read. Nothing is changed or thrown away.
    async fn load(&self) -> Result<Option<FlagDocument>, PortError>;

    /// The newest flags that are known where [`load`](Self::load) says that what is stored is
    /// [`Corrupt`](PortErrorKind::Corrupt): what a program goes on with that starts meanwhile.
    /// `Ok(None)` where they are not known for sure, as by a store that keeps nothing beside its
    /// flags. Idempotent; changes nothing.
    ///
    /// # Errors
    ///
    /// What they would be known from cannot be read.
    async fn last_good(&self) -> Result<Option<FlagDocument>, PortError> {
        Ok(None)
    }

    /// Makes `commit.document` the current one and adds `commit.record` to the history: both or
    /// neither, durable when it returns.
    ///
    /// Not idempotent: repeating it is a conflict.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::PortErrorKind::Conflict) when the current revision is not
    /// `commit.expected`; then nothing changed.
    /// [`OutcomeUnknown`](crate::PortErrorKind::OutcomeUnknown) when it may or may not have
    /// happened: load to find out.
    async fn commit(&self, commit: Commit) -> Result<(), PortError>;

    /// A page of the history, newest first. Idempotent. What retention removed is absent; a record
    /// that is damaged is left out and counted, so that the others can be read. Flags that cannot
    /// be read do not hide their history.
    ///
    /// # Errors
    ///
    /// The history cannot be read at all.
    async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError>;

    /// Every change after revision `since`, once and in order, whoever makes it. The stream never
    /// ends while the store lives; it holds no queue, so a slow reader costs nothing. Where the
    /// changes cannot be had (some were removed, or the store is behind `since`), it says
    /// [`FlagEvent::Resync`] instead.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::PortErrorKind::Unsupported) without the capability; or the store
    /// cannot be watched.
    async fn watch(&self, since: Revision) -> Result<FlagEvents, PortError>;

    /// Removes old records from the history, for good. The flags and the numbers of revisions do
    /// not change, and the newest record always stays. Idempotent. A watcher that has not seen all
    /// of what was removed gets [`FlagEvent::Resync`].
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::PortErrorKind::Unsupported) without the capability; the flags cannot
    /// be read, then nothing is removed; or the history cannot be written, then fewer of the oldest
    /// records are gone than was asked for. It never has a gap.
    async fn compact(&self, retention: &Retention) -> Result<Compaction, PortError>;
}

/// One change to store.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The revision that the change was made from; [`Revision::ZERO`] when nothing is stored yet.
    pub expected: Revision,
    /// The new document, at `expected.next()`.
    pub document: FlagDocument,
    /// What changed, at the same revision.
    pub record: ChangeRecord,
}

impl Commit {
    /// Checks that the parts of a commit belong together; every adapter does it first.
    ///
    /// # Errors
    ///
    /// [`PortErrorKind::InvalidInput`] when the document or the record is not at
    /// `expected.next()`.
    pub fn check(&self) -> Result<(), PortError> {
        let next = self.expected.next();
        if self.document.revision == next && self.record.revision == next {
            return Ok(());
        }
        Err(
            PortError::new(PortErrorKind::InvalidInput, "commit flags").because(format_args!(
                "the document is at revision {} and the record at {}, but {next} is next",
                self.document.revision, self.record.revision
            )),
        )
    }

    /// Checks that nobody changed the flags first.
    ///
    /// # Errors
    ///
    /// [`PortErrorKind::Conflict`], naming both revisions.
    pub fn check_against(&self, current: Revision) -> Result<(), PortError> {
        if current == self.expected {
            return Ok(());
        }
        let (expected, actual) = (self.expected.number(), current.number());
        Err(PortError::new(
            PortErrorKind::Conflict { expected, actual },
            "commit flags",
        ))
    }
}

/// What a flag store can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagCapabilities {
    /// What is committed survives the process.
    pub durable: bool,
    /// Several processes may use it at once.
    pub shared: bool,
    /// [`FlagStore::watch`] works.
    pub watch: bool,
    /// [`FlagStore::compact`] works.
    pub retention: bool,
}

/// Which part of the history to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Only changes that touch this flag.
    pub key: Option<FlagKey>,
    /// Only revisions above this one.
    pub after: Option<Revision>,
    /// Only revisions below this one: the cursor of the page before.
    pub before: Option<Revision>,
    /// At most so many records; 0 is an empty page.
    pub limit: usize,
}

impl HistoryQuery {
    /// The newest `limit` changes.
    #[must_use]
    pub fn newest(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// The same for one flag.
    #[must_use]
    pub fn of(self, key: FlagKey) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    /// Whether a record is asked for (the limit aside).
    #[must_use]
    pub fn matches(&self, record: &ChangeRecord) -> bool {
        self.after.is_none_or(|after| record.revision > after)
            && self.before.is_none_or(|before| record.revision < before)
            && self
                .key
                .as_ref()
                .is_none_or(|key| record.changes.iter().any(|change| change.key == *key))
    }
}

/// A part of the history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// The records, newest first.
    pub records: Vec<ChangeRecord>,
    /// Where the next page starts ([`HistoryQuery::before`]); `None` when this was the last.
    pub next: Option<Revision>,
    /// How many damaged records were left out of this page. What they changed is not known, so they
    /// count whatever was asked for, where the store cannot tell that they do not belong.
    pub damaged: u64,
}

impl HistoryPage {
    /// The first page of records that match a query and come newest first.
    pub fn take(query: &HistoryQuery, matching: impl Iterator<Item = ChangeRecord>) -> Self {
        let mut matching = matching.fuse();
        let records: Vec<_> = matching.by_ref().take(query.limit).collect();
        let more = query.limit > 0 && matching.next().is_some();
        let next = records
            .last()
            .filter(|_| more)
            .map(|record| record.revision);
        Self {
            records,
            next,
            damaged: 0,
        }
    }
}

/// What a watcher sees.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FlagEvent {
    /// The next change.
    Changed(Arc<ChangeRecord>),
    /// Changes were missed that the history no longer has, or trouble is over: load again and go on
    /// from there.
    Resync,
    /// The store holds something that cannot be read. The last good state stays in force. The same
    /// trouble is told once; any other event says that it is over.
    Trouble(PortError),
}

/// The changes of a store, as they come.
pub type FlagEvents = Pin<Box<dyn Stream<Item = FlagEvent> + Send>>;

macro_rules! forward_flag_store {
    ($($pointer:ident),*) => {$(
        #[async_trait]
        impl<S: FlagStore + ?Sized> FlagStore for $pointer<S> {
            fn capabilities(&self) -> FlagCapabilities {
                (**self).capabilities()
            }

            async fn load(&self) -> Result<Option<FlagDocument>, PortError> {
                (**self).load().await
            }

            async fn last_good(&self) -> Result<Option<FlagDocument>, PortError> {
                (**self).last_good().await
            }

            async fn commit(&self, commit: Commit) -> Result<(), PortError> {
                (**self).commit(commit).await
            }

            async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
                (**self).history(query).await
            }

            async fn watch(&self, since: Revision) -> Result<FlagEvents, PortError> {
                (**self).watch(since).await
            }

            async fn compact(&self, retention: &Retention) -> Result<Compaction, PortError> {
                (**self).compact(retention).await
            }
        }
    )*};
}

forward_flag_store!(Arc, Box);
