use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cutover_ports::{Clock, SystemClock};

/// Where the flags are, and how patient the store is.
#[derive(Clone, Debug)]
pub struct FileFlagConfig {
    /// The directory of the files; made on the first commit.
    pub dir: PathBuf,
    /// Tells how old a record is when the history is compacted.
    pub clock: Arc<dyn Clock>,
    /// How long a commit waits for other writers. A writer that died holds no lock.
    pub lock_timeout: Duration,
    /// How often a watcher looks at the file, beside the notices of the operating system, which
    /// network file systems do not give.
    pub poll_interval: Duration,
    /// Whether a watcher asks the operating system for notices of changes. Without them, on a file
    /// system that gives none or where they are scarce, the poll interval alone decides how soon a
    /// change is seen.
    pub notices: bool,
}

impl FileFlagConfig {
    /// The usual settings for flags in `dir`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            clock: Arc::new(SystemClock),
            lock_timeout: Duration::from_secs(10),
            poll_interval: Duration::from_millis(500),
            notices: true,
        }
    }
}
