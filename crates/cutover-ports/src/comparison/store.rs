use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cutover_domain::comparison::{ComparisonRecord, RecordId, Run, RunId};
use jiff::Timestamp;

use super::{Page, RecordQuery, RunQuery};
use crate::{PortError, PortErrorKind};

/// Keeps comparison records, grouped in runs.
///
/// **Order.** "Newest first" is: runs by start, the latest first (then by id, the greatest first);
/// inside a run, records by the order in which they were saved, the last first. A query over
/// several runs goes through them one after the other.
///
/// **Paging.** Following [`Page::next`] meets every record that was there at the first page exactly
/// once, whatever is saved meanwhile. What retention removes meanwhile may be left out.
///
/// **Damage.** What cannot be read is named in [`Page::unreadable`] and passed over; it never hides
/// or loses anything else.
#[async_trait]
pub trait ComparisonStore: Debug + Send + Sync {
    /// What this store can do. Constant for the life of the value.
    fn capabilities(&self) -> ComparisonCapabilities;

    /// Adds a run. Atomic: afterwards it is there as a whole or not at all.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](PortErrorKind::AlreadyExists) when there is a run with this id; it is not
    /// changed.
    async fn create_run(&self, run: &Run) -> Result<(), PortError>;

    /// Replaces the header of a run; the last one wins. Atomic and idempotent.
    ///
    /// Where the store is durable, every record appended before is at least as durable as the
    /// header afterwards: a tally never counts records that a power failure can still take.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](PortErrorKind::InvalidInput) when there is no such run, or when its start
    /// would change: runs are sorted by it.
    async fn update_run(&self, run: &Run) -> Result<(), PortError>;

    /// A run's header; `Ok(None)` when there is no such run.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](PortErrorKind::Corrupt) when it is there and cannot be read.
    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError>;

    /// A page of runs, newest first.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or the cursor is not one of this store's
    /// ([`InvalidInput`](PortErrorKind::InvalidInput)).
    async fn runs(&self, query: &RunQuery) -> Result<Page<Run>, PortError>;

    /// Adds records to their run, in this order. All of one call belong to one run.
    ///
    /// Each record is saved as a whole or not at all, and nothing is overwritten. A store that takes
    /// no records past a size saves a longer one as
    /// [`fitted`](cutover_domain::comparison::ComparisonRecord::fitted) makes it. When it returns,
    /// the records survive the end of this process. Not idempotent: repeating it is an error.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](PortErrorKind::AlreadyExists) when the run has a record with one of these
    /// ids, or two of them share one; [`InvalidInput`](PortErrorKind::InvalidInput) when there is
    /// no such run, they belong to several, or one cannot be made to fit this store. Then none was
    /// saved. [`OutcomeUnknown`](PortErrorKind::OutcomeUnknown) when some may have been.
    async fn append(&self, records: &[ComparisonRecord]) -> Result<(), PortError>;

    /// One record; `Ok(None)` when there is no such record or run.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    async fn record(
        &self,
        run: &RunId,
        id: &RecordId,
    ) -> Result<Option<ComparisonRecord>, PortError>;

    /// A page of records, newest first. A store may read more than it answers to find them: how
    /// much, by which of the query's fields, is for it to say.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or the cursor is not one of this store's
    /// ([`InvalidInput`](PortErrorKind::InvalidInput)). A run that is not there has no records.
    async fn records(&self, query: &RecordQuery) -> Result<Page<ComparisonRecord>, PortError>;

    /// Removes the oldest records until everything left is within `retention`. Nothing else ever
    /// removes anything.
    ///
    /// Inside a run the record saved first goes first; between runs, the one whose first record
    /// has the earlier time. With a limit of age, a run that ended before it goes as a whole once
    /// it has no records; a run still running stays.
    ///
    /// # Errors
    ///
    /// Something could not be removed; what was removed before stays removed.
    async fn prune(&self, retention: &Retention, now: Timestamp) -> Result<Pruned, PortError>;

    /// What [`prune`](Self::prune) would remove now. Changes nothing.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    async fn would_prune(&self, retention: &Retention, now: Timestamp)
    -> Result<Pruned, PortError>;
}

/// What a comparison store can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparisonCapabilities {
    /// What is saved survives the process.
    pub durable: bool,
    /// Several processes may use it at once.
    pub shared: bool,
    /// [`Retention::max_bytes`] is obeyed.
    pub bounded_bytes: bool,
}

/// How much to keep. What is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Nothing older than this.
    pub max_age: Option<Duration>,
    /// No more records than this, over all runs.
    pub max_records: Option<u64>,
    /// No more bytes of records than this, over all runs.
    pub max_bytes: Option<u64>,
}

impl Retention {
    /// The earliest time that is kept, where age is limited.
    #[must_use]
    pub fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        self.max_age
            .map(|age| now.checked_sub(age).unwrap_or(Timestamp::MIN))
    }
}

/// What [`ComparisonStore::prune`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Runs removed as a whole.
    pub runs: u64,
    /// Records.
    pub records: u64,
    /// Bytes of storage; 0 where the store does not count them.
    pub bytes: u64,
}

/// Checks a batch for [`ComparisonStore::append`], and answers which run it is for; `None` for an
/// empty one. Every adapter does it first.
///
/// # Errors
///
/// As [`ComparisonStore::append`]: several runs, or two records with one id.
pub fn check_batch(records: &[ComparisonRecord]) -> Result<Option<&RunId>, PortError> {
    let Some(first) = records.first() else {
        return Ok(None);
    };
    let mut ids = HashSet::with_capacity(records.len());
    for record in records {
        if record.run != first.run {
            return Err(
                PortError::new(PortErrorKind::InvalidInput, "append comparison records")
                    .at(format_args!("run {}", first.run))
                    .because(format_args!(
                        "record {} is of run {}",
                        record.id, record.run
                    ))
                    .advice("append the records of each run with a call of their own"),
            );
        }
        if !ids.insert(&record.id) {
            return Err(already_exists(
                "append comparison records",
                format_args!("run {}, record {}", record.run, record.id),
            ));
        }
    }
    Ok(Some(&first.run))
}

/// The error of adding what is there already.
#[must_use]
pub fn already_exists(operation: &'static str, what: impl std::fmt::Display) -> PortError {
    PortError::new(PortErrorKind::AlreadyExists, operation)
        .at(what)
        .because("it is there already, and nothing is overwritten")
        .advice("use a new id")
}

/// The error of adding to a run that is not there.
#[must_use]
pub fn no_such_run(operation: &'static str, run: &RunId) -> PortError {
    PortError::new(PortErrorKind::InvalidInput, operation)
        .at(format_args!("run {run}"))
        .because("there is no such run")
        .advice("create it first")
}

/// The error of a record that is longer than `longest` bytes as JSON, and cannot be made to fit.
#[must_use]
pub fn too_long(operation: &'static str, longest: usize) -> PortError {
    PortError::new(PortErrorKind::InvalidInput, operation)
        .because(format_args!(
            "it is longer than the {longest} bytes that are allowed, and its names and counts alone \
             do not fit"
        ))
        .advice("give cases, operations and counters shorter names")
}

/// Checks that an update leaves the start of a run as it is. Every adapter does it.
///
/// # Errors
///
/// [`InvalidInput`](PortErrorKind::InvalidInput) when it would change.
pub fn check_start(stored: &Run, update: &Run) -> Result<(), PortError> {
    if stored.started == update.started {
        return Ok(());
    }
    Err(PortError::new(PortErrorKind::InvalidInput, "update a run")
        .at(format_args!("run {}", update.id))
        .because(format_args!(
            "it started at {}, and runs are sorted by that: it cannot become {}",
            stored.started, update.started
        ))
        .advice("change the header that was read from the store"))
}

macro_rules! forward_comparison_store {
    ($($pointer:ident),*) => {$(
        #[async_trait]
        impl<S: ComparisonStore + ?Sized> ComparisonStore for $pointer<S> {
            fn capabilities(&self) -> ComparisonCapabilities {
                (**self).capabilities()
            }

            async fn create_run(&self, run: &Run) -> Result<(), PortError> {
                (**self).create_run(run).await
            }

            async fn update_run(&self, run: &Run) -> Result<(), PortError> {
                (**self).update_run(run).await
            }

            async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
                (**self).run(id).await
            }

            async fn runs(&self, query: &RunQuery) -> Result<Page<Run>, PortError> {
                (**self).runs(query).await
            }

            async fn append(&self, records: &[ComparisonRecord]) -> Result<(), PortError> {
                (**self).append(records).await
            }

            async fn record(
                &self,
                run: &RunId,
                id: &RecordId,
            ) -> Result<Option<ComparisonRecord>, PortError> {
                (**self).record(run, id).await
            }

            async fn records(
                &self,
                query: &RecordQuery,
            ) -> Result<Page<ComparisonRecord>, PortError> {
                (**self).records(query).await
            }

            async fn prune(
                &self,
                retention: &Retention,
                now: Timestamp,
            ) -> Result<Pruned, PortError> {
                (**self).prune(retention, now).await
            }

            async fn would_prune(
                &self,
                retention: &Retention,
                now: Timestamp,
            ) -> Result<Pruned, PortError> {
                (**self).would_prune(retention, now).await
            }
        }
    )*};
}

forward_comparison_store!(Arc, Box);
