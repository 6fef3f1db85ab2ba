use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use cutover_domain::comparison::{ComparisonRecord, RecordId, Run, RunId};
use cutover_ports::PortError;
use cutover_ports::comparison::{
    ComparisonCapabilities, ComparisonStore, Page, Pruned, RecordQuery, Retention, RunQuery,
    check_batch,
};
use jiff::Timestamp;

use super::append::{APPEND, Batch, append};
use super::config::FileComparisonConfig;
use super::error::Operation;
use super::index::Index;
use super::layout::run_dir;
use super::prune::{PRUNE, prune, would_prune};
use super::read::{READ, find_record, records};
use super::run::{self, READ_RUN};
use super::tally::Tallies;
use super::worker::Worker;

/// So many runs have their ids in memory at once; the others are read when they are written to.
const INDEXED_RUNS: usize = 16;

/// Comparison runs and records in a directory; see the [module](crate::comparison).
///
/// Cheap to make: nothing is opened, and no thread started, before the first call.
#[derive(Debug)]
pub struct FileComparisonStore {
    shared: Arc<Shared>,
    writer: OnceLock<Worker>,
    reader: OnceLock<Worker>,
    pruner: OnceLock<Worker>,
}

#[derive(Debug)]
struct Shared {
    config: FileComparisonConfig,
    indexes: Mutex<HashMap<RunId, Index>>,
    tallies: Mutex<Tallies>,
}

impl FileComparisonStore {
    /// The records in `dir`, with the usual settings.
    #[must_use]
    pub fn open(dir: impl Into<PathBuf>) -> Self {
        Self::with_config(FileComparisonConfig::new(dir))
    }

    /// The records at a place and with settings of one's own.
    #[must_use]
    pub fn with_config(config: FileComparisonConfig) -> Self {
        let shared = Shared {
            config,
            indexes: Mutex::default(),
            tallies: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            writer: OnceLock::new(),
            reader: OnceLock::new(),
            pruner: OnceLock::new(),
        }
    }

    /// Changes come one after the other on one thread.
    async fn change<T: Send + 'static>(
        &self,
        operation: Operation,
        job: impl FnOnce(&Shared) -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, PortError> {
        let shared = Arc::clone(&self.shared);
        worker(&self.writer, "cutover-comparisons-write")?
            .run(operation, move || job(&shared))
            .await
    }

    /// A long read does not hold up a change.
    async fn read<T: Send + 'static>(
        &self,
        operation: Operation,
        job: impl FnOnce(&FileComparisonConfig) -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, PortError> {
        let shared = Arc::clone(&self.shared);
        worker(&self.reader, "cutover-comparisons-read")?
            .run(operation, move || job(&shared.config))
            .await
    }
}

fn worker<'a>(cell: &'a OnceLock<Worker>, name: &str) -> Result<&'a Worker, PortError> {
    match cell.get() {
        Some(worker) => Ok(worker),
        None => {
            // Two first calls at once may both start a thread; the surplus one ends at once.
            let started = Worker::start(name)?;
            Ok(cell.get_or_init(|| started))
        }
    }
}

impl Shared {
    fn append(&self, batch: &Batch) -> Result<(), PortError> {
        // Nothing half done is left behind by a panic: an index is taken out while it is in use.
        let taken = self.indexes().remove(batch.run());
        let mut index = taken.unwrap_or_default();
        let result = append(&self.config, &mut index, batch);
        let mut indexes = self.indexes();
        if indexes.len() >= INDEXED_RUNS
            && let Some(any) = indexes.keys().next().cloned()
        {
            indexes.remove(&any);
        }
        if !index.is_mostly_of_the_past() {
            indexes.insert(batch.run().clone(), index);
        }
        result
    }

    fn prune(
        &self,
        how: impl FnOnce(&FileComparisonConfig, &mut Tallies) -> Result<Pruned, PortError>,
    ) -> Result<Pruned, PortError> {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        how(&self.config, &mut tallies)
    }

    fn indexes(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Index>> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ComparisonStore for FileComparisonStore {
    fn capabilities(&self) -> ComparisonCapabilities {
        ComparisonCapabilities {
            durable: true,
            shared: true,
            bounded_bytes: true,
        }
    }

    async fn create_run(&self, run: &Run) -> Result<(), PortError> {
        let run = run.clone();
        self.change("create a run", move |shared| {
            run::create(&shared.config, &run)
        })
        .await
    }

    async fn update_run(&self, run: &Run) -> Result<(), PortError> {
        let run = run.clone();
        self.change("update a run", move |shared| {
            run::update(&shared.config, &run)
        })
        .await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        let id = id.clone();
        self.read(READ_RUN, move |config| {
            run::read_header(READ_RUN, &run_dir(&config.dir, &id), &id)
        })
        .await
    }

    async fn runs(&self, query: &RunQuery) -> Result<Page<Run>, PortError> {
        let query = query.clone();
        self.read("list runs", move |config| run::list(config, &query))
            .await
    }

    async fn append(&self, records: &[ComparisonRecord]) -> Result<(), PortError> {
        let Some(run) = check_batch(records)? else {
            return Ok(());
        };
        let batch = Batch::of(run, records, self.shared.config.max_record_bytes)?;
        self.change(APPEND, move |shared| shared.append(&batch))
            .await
    }

    async fn record(
        &self,
        run: &RunId,
        id: &RecordId,
    ) -> Result<Option<ComparisonRecord>, PortError> {
        let (run, id) = (run.clone(), id.clone());
        self.read(READ, move |config| find_record(config, &run, &id))
            .await
    }

    async fn records(&self, query: &RecordQuery) -> Result<Page<ComparisonRecord>, PortError> {
        let query = query.clone();
        self.read(READ, move |config| records(config, &query)).await
    }

    async fn prune(&self, retention: &Retention, now: Timestamp) -> Result<Pruned, PortError> {
        let (shared, retention) = (Arc::clone(&self.shared), *retention);
        worker(&self.pruner, "cutover-comparisons-prune")?
            .run(PRUNE, move || {
                shared.prune(|config, tallies| prune(config, tallies, &retention, now))
            })
            .await
    }

    async fn would_prune(
        &self,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Pruned, PortError> {
        let (shared, retention) = (Arc::clone(&self.shared), *retention);
        worker(&self.pruner, "cutover-comparisons-prune")?
            .run(PRUNE, move || {
                shared.prune(|config, tallies| would_prune(config, tallies, &retention, now))
            })
            .await
    }
}
