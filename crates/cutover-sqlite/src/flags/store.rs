use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use cutover_domain::flags::{FlagDocument, Revision};
use cutover_ports::flags::{
    Commit, Compaction, FlagCapabilities, FlagEvents, FlagStore, HistoryPage, HistoryQuery,
    Retention,
};
use cutover_ports::{Clock, PortError, PortErrorKind};

use super::config::SqliteFlagConfig;
use super::inspect::{self, Inspection};
use super::repair::{self, Repair};
use super::state::{self, Place};
use super::watch::Watches;
use super::{commit, page, retention};
use crate::database::Database;
use crate::worker::Worker;

/// Flags of one environment in an SQLite database, safe with many processes; see the
/// [module](super) for its promises.
///
/// Opening does no I/O, and nothing is made on the disk before the first commit. Blocking work runs
/// in threads that the store owns and that end with it, so its futures run on any executor. Dropping
/// it waits for those threads, at most a second each: who closes a database last leaves it as one
/// file.
#[derive(Debug)]
pub struct SqliteFlagStore {
    place: Place,
    clock: Arc<dyn Clock>,
    /// Readers do not wait behind a commit that waits for other writers.
    reader: Arc<Worker>,
    writer: Worker,
    watches: Watches,
}

impl SqliteFlagStore {
    /// The flags of [`DEFAULT_ENVIRONMENT`](super::DEFAULT_ENVIRONMENT) in the database at `path`.
    #[must_use]
    pub fn open(path: impl AsRef<Path>) -> Self {
        Self::with_config(SqliteFlagConfig::new(path.as_ref()))
    }

    /// The flags, with other settings than the usual ones.
    #[must_use]
    pub fn with_config(config: SqliteFlagConfig) -> Self {
        let database = Arc::new(Database::new(&config.path, config.lock_timeout));
        let place = Place {
            database: Arc::clone(&database),
            environment: config.environment.into(),
        };
        let reader = Arc::new(Worker::new("cutover-sql-r", Arc::clone(&database)));
        Self {
            watches: Watches::new(place.clone(), Arc::clone(&reader), config.poll_interval),
            place,
            clock: config.clock,
            reader,
            writer: Worker::new("cutover-sql-w", database),
        }
    }

    /// The path of the database.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place.database.path
    }

    /// Whose flags these are.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.place.environment
    }

    /// Reads all of the database, and tells what is there and what is damaged. `Ok(None)` when
    /// there is no database.
    ///
    /// # Errors
    ///
    /// The database cannot be read at all.
    pub async fn inspect(&self) -> Result<Option<Inspection>, PortError> {
        // In a thread of its own: readers do not wait until all is read.
        let inspector = Worker::new("cutover-sql-i", Arc::clone(&self.place.database));
        let place = self.place.clone();
        inspector
            .start(inspect::INSPECT, move |desk| inspect::inspect(desk, &place))
            .await
    }

    /// Brings the flags back from the history where their row is missing, damaged, or was edited by
    /// hand; what was there is kept in the table `flag_broken`. `Ok(None)` when the flags can be
    /// read and nothing needs to be done.
    ///
    /// # Errors
    ///
    /// There is nothing to bring them back from; a newer version wrote them; or SQLite itself
    /// cannot read the database.
    pub async fn repair(&self) -> Result<Option<Repair>, PortError> {
        let (place, now) = (self.place.clone(), self.clock.now());
        self.writer
            .start(repair::REPAIR, move |desk| {
                repair::repair(desk, &place, now)
            })
            .await
    }
}

#[async_trait]
impl FlagStore for SqliteFlagStore {
    fn capabilities(&self) -> FlagCapabilities {
        FlagCapabilities {
            durable: true,
            shared: true,
            watch: true,
            retention: true,
        }
    }

    async fn load(&self) -> Result<Option<FlagDocument>, PortError> {
        const LOAD: &str = "load flags";
        let place = self.place.clone();
        self.reader
            .start(LOAD, move |desk| {
                let stored = desk.read(LOAD, |connection| state::read(LOAD, &place, connection))?;
                let stored = stored.flatten();
                stored
                    .map(|stored| stored.document(LOAD, &place))
                    .transpose()
            })
            .await
    }

    async fn last_good(&self) -> Result<Option<FlagDocument>, PortError> {
        const LAST_GOOD: &str = "load the last good flags";
        let place = self.place.clone();
        self.reader
            .start(LAST_GOOD, move |desk| {
                let known = desk.read(LAST_GOOD, |connection| {
                    repair::last_good(LAST_GOOD, &place, connection)
                });
                match known {
                    Ok(known) => Ok(known.map(|(document, _)| document)),
                    Err(error) if error.kind() == PortErrorKind::Corrupt => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .await
    }

    async fn commit(&self, commit: Commit) -> Result<(), PortError> {
        let (place, news) = (self.place.clone(), self.watches.news());
        self.writer
            .start(commit::COMMIT, move |desk| {
                commit::commit(desk, &place, &commit)?;
                news.tell();
                Ok(())
            })
            .await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
        let (place, query) = (self.place.clone(), query.clone());
        self.reader
            .start(page::HISTORY, move |desk| {
                let page = desk.read(page::HISTORY, |connection| {
                    page::page(&place, connection, &query)
                })?;
                Ok(page.unwrap_or_default())
            })
            .await
    }

    async fn watch(&self, since: Revision) -> Result<FlagEvents, PortError> {
        self.watches.watch(since)
    }

    async fn compact(&self, retention: &Retention) -> Result<Compaction, PortError> {
        let (place, retention, now) = (self.place.clone(), *retention, self.clock.now());
        self.writer
            .start(retention::COMPACT, move |desk| {
                retention::compact(desk, &place, &retention, now)
            })
            .await
    }
}
