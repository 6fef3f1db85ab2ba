use std::path::PathBuf;
use std::time::Duration;

use crate::database::DEFAULT_ENVIRONMENT;

/// Where the records are, and how large and patient the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteComparisonConfig {
    /// The database file; made when the first run is created, with its directory. Flags may be in
    /// the same one.
    pub path: PathBuf,
    /// Whose comparisons: each environment has runs and a retention of its own.
    pub environment: String,
    /// A record longer than this, as JSON in bytes, is shortened; see
    /// [`fitted`](cutover_domain::comparison::ComparisonRecord::fitted).
    pub max_record_bytes: usize,
    /// How long a change waits for other writers. A writer that died holds no lock.
    pub lock_timeout: Duration,
    /// What an acknowledged record survives.
    pub durability: Durability,
}

/// What a record survives once [`append`](cutover_ports::comparison::ComparisonStore::append) has
/// returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process, by whatever means. A loss of power may take records appended since
    /// the last update of their run. Cheap.
    #[default]
    Process,
    /// A loss of power, too: every append waits for the disk.
    Power,
}

impl SqliteComparisonConfig {
    /// The usual settings for records of the environment `default` in the database at `path`: records of at most 4 MiB.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            environment: DEFAULT_ENVIRONMENT.to_owned(),
            max_record_bytes: 4 << 20,
            lock_timeout: Duration::from_secs(10),
            durability: Durability::default(),
        }
    }
}
