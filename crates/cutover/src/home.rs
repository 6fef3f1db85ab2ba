mod options;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cutover_app::execution::Cutover;
use cutover_app::flags::{FlagService, Follower, Live};
use cutover_app::metrics::MetricsPublisher;
use cutover_file::BadEnvironment;
use cutover_ports::PortError;
use cutover_ports::comparison::ComparisonStore;
use cutover_ports::flags::FlagStore;
use cutover_ports::metrics::{MetricsReader, MetricsSink, Recorder};

pub use self::options::HomeOptions;

/// Everything in one folder, and no server: flags, comparisons and metrics in files that the
/// `cutover` command line reads and changes while the application runs. Flags can also be kept
/// [elsewhere](HomeOptions::flag_store).
///
/// Flags are followed by a thread, also when another process changes them; metrics are published
/// every few seconds. Both end when this is dropped.
///
/// ```
/// use cutover::Home;
/// use cutover::prelude::*;
///
/// # let folder = tempfile::tempdir()?;
/// let home = Home::open(folder.path())?;
/// let double = BlockingOperation::<u32, u32, std::num::TryFromIntError>::builder("double")
///     .old(|n: &u32| u32::try_from(u64::from(*n) * 2))
///     .new(|n: &u32| u32::try_from(u64::from(*n) + u64::from(*n)))
///     .flag("use_new_double")
///     .build(home.cutover())?;
/// assert_eq!(double.run(&Context::unit("customer-7"), 21)?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    flags: FlagService,
    flag_store: Arc<dyn FlagStore>,
    comparisons: Arc<dyn ComparisonStore>,
    recorder: Arc<Recorder>,
    cutover: Cutover,
    // Dropped in this order: the last metrics are published before anything else ends.
    _publisher: MetricsPublisher,
    _follower: Follower,
}

/// Why a home cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// The flags are there and cannot be read, nothing is known of them otherwise, and there are no
    /// defaults to go on with.
    #[error("{0}; with `HomeOptions::defaults` a program starts all the same")]
    Flags(PortError),
    /// No environment is named so.
    #[error("{0:?} is no environment: {BadEnvironment}")]
    Environment(String),
    /// Metrics cannot be published.
    #[error(transparent)]
    Metrics(PortError),
    /// The operating system has no thread to give.
    #[error("cannot start a thread that follows the flags: {0}")]
    NoThread(#[from] std::io::Error),
    /// The operating system has no random number to give.
    #[error("cannot tell this process apart from others, for want of a random number: {0}")]
    NoRandomness(std::io::Error),
}

impl Home {
    /// Opens the home in this folder, which need not be there yet; see [`HomeOptions`].
    ///
    /// # Errors
    ///
    /// The flags are there and cannot be read, or a thread cannot be started.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, HomeError> {
        HomeOptions::new(path).open()
    }

    /// What operations are built on.
    #[must_use]
    pub fn cutover(&self) -> &Cutover {
        &self.cutover
    }

    /// The flags as they are now.
    #[must_use]
    pub fn live(&self) -> &Live {
        self.cutover.live()
    }

    /// Changes the flags; what it changes is in force here when it returns.
    #[must_use]
    pub fn flags(&self) -> &FlagService {
        &self.flags
    }

    /// Where the flags are.
    #[must_use]
    pub fn flag_store(&self) -> &dyn FlagStore {
        &*self.flag_store
    }

    /// Where comparisons are kept.
    #[must_use]
    pub fn comparisons(&self) -> &dyn ComparisonStore {
        &*self.comparisons
    }

    /// What this process measures.
    #[must_use]
    pub fn metrics(&self) -> &dyn MetricsReader {
        &*self.recorder
    }

    /// Where your own measurements go.
    #[must_use]
    pub fn sink(&self) -> &dyn MetricsSink {
        &*self.recorder
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
