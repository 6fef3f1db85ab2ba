use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cutover_ports::{Clock, SystemClock};

use crate::database::DEFAULT_ENVIRONMENT;

/// Where the flags are, and how patient the store is.
#[derive(Clone, Debug)]
pub struct SqliteFlagConfig {
    /// The database file; made on the first commit, with its directory.
    pub path: PathBuf,
    /// Whose flags: each environment has a document and a history of its own.
    pub environment: String,
    /// Tells how old a record is when the history is compacted, and when a repair was made.
    pub clock: Arc<dyn Clock>,
    /// How long a commit waits for other writers. A writer that died holds no lock.
    pub lock_timeout: Duration,
    /// How often a watcher asks whether another process changed something.
    pub poll_interval: Duration,
}

impl SqliteFlagConfig {
    /// The usual settings for flags of [`DEFAULT_ENVIRONMENT`] in the database at `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            environment: DEFAULT_ENVIRONMENT.to_owned(),
            clock: Arc::new(SystemClock),
            lock_timeout: Duration::from_secs(10),
            poll_interval: Duration::from_millis(25),
        }
    }
}
