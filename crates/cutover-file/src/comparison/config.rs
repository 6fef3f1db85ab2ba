use std::path::PathBuf;
use std::time::Duration;

/// Where the records are, and how large and patient the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileComparisonConfig {
    /// The directory of the files; made when the first run is created.
    pub dir: PathBuf,
    /// A segment that has reached this length is not added to any more.
    pub segment_bytes: u64,
    /// A record longer than this is shortened; see
    /// [`fitted`](cutover_domain::comparison::ComparisonRecord::fitted).
    pub max_record_bytes: usize,
    /// How long a change waits for other writers of the same run. A writer that died holds no
    /// lock.
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

impl FileComparisonConfig {
    /// The usual settings for records in `dir`: segments of 8 MiB, records of at most 4 MiB.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            segment_bytes: 8 << 20,
            max_record_bytes: 4 << 20,
            lock_timeout: Duration::from_secs(10),
            durability: Durability::default(),
        }
    }
}
