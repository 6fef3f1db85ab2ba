use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use cutover_domain::comparison::{ComparisonRecord, RecordId, Run, RunId};
use cutover_ports::PortError;
use cutover_ports::comparison::{
    ComparisonCapabilities, ComparisonStore, Page, Pruned, RecordQuery, Retention, RunQuery,
    check_batch,
};
use jiff::Timestamp;

use super::append::{APPEND, Batch, append};
use super::config::{Durability, SqliteComparisonConfig};
use super::page::{READ, find_record, records};
use super::prune::{PRUNE, prune, would_prune};
use super::run::{self, CREATE, LIST, READ_RUN, UPDATE};
use crate::database::{self, Database};
use crate::worker::Worker;

/// Comparison runs and records in an SQLite database; see the [module](super) for its promises.
///
/// Opening does no I/O, and nothing is made on the disk before the first run is created. Blocking
/// work runs in threads that the store owns and that end with it, so its futures run on any
/// executor.
#[derive(Debug)]
pub struct SqliteComparisonStore {
    database: Arc<Database>,
    environment: Arc<str>,
    max_record_bytes: usize,
    /// Readers do not wait behind an append that waits for other writers.
    reader: Worker,
    writer: Worker,
    /// Removing many old records does not hold up new ones.
    pruner: Worker,
}

impl SqliteComparisonStore {
    /// The records in the database at `path`, with the usual settings.
    #[must_use]
    pub fn open(path: impl AsRef<Path>) -> Self {
        Self::with_config(SqliteComparisonConfig::new(path.as_ref()))
    }

    /// The records, with other settings than the usual ones.
    #[must_use]
    pub fn with_config(config: SqliteComparisonConfig) -> Self {
        let mut database = Database::new(&config.path, config.lock_timeout);
        database.durability = match config.durability {
            Durability::Process => database::Durability::Process,
            Durability::Power => database::Durability::Power,
        };
        let database = Arc::new(database);
        let worker = |name| Worker::new(name, Arc::clone(&database));
        Self {
            environment: config.environment.into(),
            max_record_bytes: config.max_record_bytes,
            reader: worker("cutover-cmp-r"),
            writer: worker("cutover-cmp-w"),
            pruner: worker("cutover-cmp-p"),
            database,
        }
    }

    /// Whose comparisons these are.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The path of the database.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.database.path
    }
}

#[async_trait]
impl ComparisonStore for SqliteComparisonStore {
    fn capabilities(&self) -> ComparisonCapabilities {
        ComparisonCapabilities {
            durable: true,
            shared: true,
            bounded_bytes: true,
        }
    }

    async fn create_run(&self, run: &Run) -> Result<(), PortError> {
        let (run, environment) = (run.clone(), Arc::clone(&self.environment));
        self.writer
            .start(CREATE, move |desk| run::create(desk, &environment, &run))
            .await
    }

    async fn update_run(&self, run: &Run) -> Result<(), PortError> {
        let (run, environment) = (run.clone(), Arc::clone(&self.environment));
        self.writer
            .start(UPDATE, move |desk| run::update(desk, &environment, &run))
            .await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        let (id, environment) = (id.clone(), Arc::clone(&self.environment));
        self.reader
            .start(READ_RUN, move |desk| run::read(desk, &environment, &id))
            .await
    }

    async fn runs(&self, query: &RunQuery) -> Result<Page<Run>, PortError> {
        let (query, environment) = (query.clone(), Arc::clone(&self.environment));
        self.reader
            .start(LIST, move |desk| run::list(desk, &environment, &query))
            .await
    }

    async fn append(&self, records: &[ComparisonRecord]) -> Result<(), PortError> {
        let Some(run) = check_batch(records)? else {
            return Ok(());
        };
        let batch = Batch::of(run, records, self.max_record_bytes)?;
        let environment = Arc::clone(&self.environment);
        self.writer
            .start(APPEND, move |desk| append(desk, &environment, &batch))
            .await
    }

    async fn record(
        &self,
        run: &RunId,
        id: &RecordId,
    ) -> Result<Option<ComparisonRecord>, PortError> {
        let (run, id) = (run.clone(), id.clone());
        let environment = Arc::clone(&self.environment);
        self.reader
            .start(READ, move |desk| find_record(desk, &environment, &run, &id))
            .await
    }

    async fn records(&self, query: &RecordQuery) -> Result<Page<ComparisonRecord>, PortError> {
        let (query, environment) = (query.clone(), Arc::clone(&self.environment));
        self.reader
            .start(READ, move |desk| records(desk, &environment, &query))
            .await
    }

    async fn prune(&self, retention: &Retention, now: Timestamp) -> Result<Pruned, PortError> {
        let (retention, environment) = (*retention, Arc::clone(&self.environment));
        self.pruner
            .start(PRUNE, move |desk| {
                prune(desk, &environment, &retention, now)
            })
            .await
    }

    async fn would_prune(
        &self,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Pruned, PortError> {
        let (retention, environment) = (*retention, Arc::clone(&self.environment));
        self.reader
            .start(PRUNE, move |desk| {
                would_prune(desk, &environment, &retention, now)
            })
            .await
    }
}
