use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cutover_domain::flags::{ChangeRecord, FlagDocument, Revision};
use cutover_ports::PortError;
use cutover_ports::flags::{
    Commit, Compaction, FlagCapabilities, FlagEvents, FlagStore, HistoryPage, HistoryQuery,
    Retention,
};

use super::config::FileFlagConfig;
use super::files::Files;
use super::inspect::{self, Inspection};
use super::repair::{self, Repair};
use super::state::State;
use super::watch::Watches;
use super::worker::Worker;
use super::{commit, page, retention, state};

/// Flags in a directory, safe with many processes; see the [module](super) for its promises.
///
/// Opening does no I/O, and nothing is made on the disk before the first commit. Blocking work runs
/// in threads that the store owns and that end with it, so its futures run on any executor.
#[derive(Debug)]
pub struct FileFlagStore {
    config: Arc<FileFlagConfig>,
    files: Arc<Files>,
    /// Readers do not wait behind a commit that waits for the lock.
    reader: Arc<Worker>,
    writer: Worker,
    watches: Watches,
    /// The edit by hand that was last presented, to notice when another one takes its number.
    presented: Arc<Mutex<Option<ChangeRecord>>>,
    /// What was loaded last, and its digest: a watcher that begins there is told of whatever is
    /// another one, also under the same number.
    loaded: Mutex<Option<(Revision, String)>>,
}

impl FileFlagStore {
    /// The flags in `dir`.
    #[must_use]
    pub fn open(dir: impl Into<PathBuf>) -> Self {
        Self::with_config(FileFlagConfig::new(dir))
    }

    /// The flags, with other settings than the usual ones.
    #[must_use]
    pub fn with_config(config: FileFlagConfig) -> Self {
        let files = Arc::new(Files::new(&config.dir));
        let reader = Arc::new(Worker::new("cutover-flags-r"));
        let config = Arc::new(config);
        Self {
            watches: Watches::new(Arc::clone(&files), Arc::clone(&reader), Arc::clone(&config)),
            config,
            files,
            reader,
            writer: Worker::new("cutover-flags-w"),
            presented: Arc::default(),
            loaded: Mutex::default(),
        }
    }

    /// The path of `flags.json`, which people may edit.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.files.document
    }

    /// Brings the last good flags back where `flags.json` is missing or cannot be read: from the
    /// good copy and the history. What was there is kept beside it. `Ok(None)` when the flags can
    /// be read and nothing needs to be done.
    ///
    /// # Errors
    ///
    /// There is nothing to bring them back from; or a newer version wrote them.
    pub async fn repair(&self) -> Result<Option<Repair>, PortError> {
        let config = Arc::clone(&self.config);
        self.writer
            .start(repair::REPAIR, move || repair::repair(&config))
            .await
    }

    /// Reads every line of the files, and tells what is there and what is damaged.
    ///
    /// # Errors
    ///
    /// The flags cannot be read.
    pub async fn inspect(&self) -> Result<Inspection, PortError> {
        let files = Arc::clone(&self.files);
        self.reader
            .start(inspect::INSPECT, move || inspect::inspect(&files))
            .await
    }
}

#[async_trait]
impl FlagStore for FileFlagStore {
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
        let files = Arc::clone(&self.files);
        let state = self
            .reader
            .start(LOAD, move || state::read(LOAD, &files))
            .await?;
        if let Some(edited) = state.as_ref().filter(|state| state.is_edited()) {
            *lock(&self.presented) = Some(edited.newest.clone());
        }
        *lock(&self.loaded) = state
            .as_ref()
            .map(|state| (state.document.revision, state.digest.clone()));
        Ok(state.map(|state: State| state.document))
    }

    async fn last_good(&self) -> Result<Option<FlagDocument>, PortError> {
        let files = Arc::clone(&self.files);
        self.reader
            .start(repair::LAST_GOOD, move || repair::last_good(&files))
            .await
    }

    async fn commit(&self, commit: Commit) -> Result<(), PortError> {
        let config = Arc::clone(&self.config);
        let presented = lock(&self.presented).clone();
        self.writer
            .start("commit flags", move || {
                commit::commit(&config, &commit, presented.as_ref())
            })
            .await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
        let (files, query) = (Arc::clone(&self.files), query.clone());
        self.reader
            .start(page::HISTORY, move || page::page(&files, &query))
            .await
    }

    async fn watch(&self, since: Revision) -> Result<FlagEvents, PortError> {
        let presented = lock(&self.presented).clone();
        let loaded = lock(&self.loaded).clone();
        let digest = loaded.filter(|(revision, _)| *revision == since);
        self.watches
            .watch(since, presented, digest.map(|(_, digest)| digest))
    }

    async fn compact(&self, retention: &Retention) -> Result<Compaction, PortError> {
        let (config, retention) = (Arc::clone(&self.config), *retention);
        self.writer
            .start(retention::COMPACT, move || {
                retention::compact(&config, &retention)
            })
            .await
    }
}

/// Nothing panics between two writes to what is kept here.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
