use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cutover_app::comparison::RetainingStore;
use cutover_app::execution::Cutover;
use cutover_app::flags::{FlagService, Follower, Live};
use cutover_app::metrics::{MetricsPublisher, PUBLISH_INTERVAL};
use cutover_domain::flags::{FlagDocument, Overlay};
use cutover_domain::metrics::ProcessIdentity;
use cutover_file::{FileComparisonStore, FileFlagStore, FileStateStore};
use cutover_ports::comparison::{ComparisonStore, Retention};
use cutover_ports::flags::FlagStore;
use cutover_ports::metrics::{MetricsReader, MetricsSink, Recorder};
use cutover_ports::{PortError, SystemClock};

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

/// How to open a [`Home`].
#[derive(Clone, Debug)]
pub struct HomeOptions {
    path: PathBuf,
    instance: Option<String>,
    defaults: Option<FlagDocument>,
    overlay: Overlay,
    unit_salt: Option<Arc<str>>,
    max_age: Option<Duration>,
    flag_store: Option<Arc<dyn FlagStore>>,
    comparison_store: Option<Arc<dyn ComparisonStore>>,
    retention: Retention,
}

/// Why a home cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// The flags are there and cannot be read, and there are no defaults to go on with.
    #[error(transparent)]
    Flags(PortError),
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

impl HomeOptions {
    /// A home in this folder, which need not be there yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            instance: None,
            defaults: None,
            overlay: Overlay::default(),
            unit_salt: None,
            max_age: None,
            flag_store: None,
            comparison_store: None,
            retention: Retention {
                max_bytes: Some(1 << 30),
                ..Retention::default()
            },
        }
    }

    /// What this process is called in metrics, the same after a restart; the program's name when
    /// nothing is said.
    #[must_use]
    pub fn instance(self, name: impl Into<String>) -> Self {
        Self {
            instance: Some(name.into()),
            ..self
        }
    }

    /// The flags to go on with when the folder has none, or none that can be read.
    #[must_use]
    pub fn defaults(self, defaults: FlagDocument) -> Self {
        Self {
            defaults: Some(defaults),
            ..self
        }
    }

    /// What lies over the flags of the folder in this process alone.
    ///
    /// ```
    /// use cutover::HomeOptions;
    /// # use cutover_env as env;
    /// use env::{EnvConfig, Scheme}; // cutover::env, with the feature `env`
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let initially = EnvConfig::new(Scheme::Feature).with_mode(env::OverlayMode::Initial);
    /// let home = HomeOptions::new(folder.path())
    ///     .overlay(initially.read([("FEATURE_NEW_PARSER", "true")]))
    ///     .open()?;
    /// assert!(home.live().flag("new_parser").is_on(&Default::default()));
    /// assert_eq!(
    ///     home.live().status().overlay.notes[0].to_string(),
    ///     "not stored: FEATURE_NEW_PARSER=true in this environment defines it"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn overlay(self, overlay: Overlay) -> Self {
        Self { overlay, ..self }
    }

    /// Lays the variables of this process over the flags of the folder; what they mask, and which of
    /// them cannot be followed, is in the status of [`Home::live`].
    #[cfg(feature = "env")]
    #[must_use]
    pub fn environment(self, config: &cutover_env::EnvConfig) -> Self {
        self.overlay(config.read_process())
    }

    /// A secret that keeps the units in comparison records from being guessed.
    #[must_use]
    pub fn unit_salt(self, salt: impl Into<Arc<str>>) -> Self {
        Self {
            unit_salt: Some(salt.into()),
            ..self
        }
    }

    /// How long the flags may go without being known to be the newest before answers say `STALE`;
    /// for ever when nothing is said. See [`Live::set_max_age`].
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        Self {
            max_age: Some(age),
            ..self
        }
    }

    /// Keeps the flags in another store than the files of the folder; comparisons and metrics stay
    /// in the folder.
    #[must_use]
    pub fn flag_store(self, store: Arc<dyn FlagStore>) -> Self {
        Self {
            flag_store: Some(store),
            ..self
        }
    }

    /// Keeps comparisons in another store than the files of the folder.
    #[must_use]
    pub fn comparison_store(self, store: Arc<dyn ComparisonStore>) -> Self {
        Self {
            comparison_store: Some(store),
            ..self
        }
    }

    /// How many comparisons are kept, of all that are in the store: the oldest go, looked for now
    /// and then while new ones are made. One GiB of them when nothing is said; with a retention of
    /// nothing all are kept for ever.
    ///
    /// ```
    /// use std::time::Duration;
    /// use cutover::HomeOptions;
    /// use cutover::ports::comparison::Retention;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let home = HomeOptions::new(folder.path())
    ///     .retention(Retention {
    ///         max_age: Some(Duration::from_secs(30 * 24 * 60 * 60)),
    ///         max_records: Some(100_000),
    ///         max_bytes: Some(256 << 20),
    ///     })
    ///     .open()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn retention(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// Keeps flags and comparisons in the SQLite database at `path`, which need not be there yet.
    /// For another environment than the default, give [`flag_store`](Self::flag_store) and
    /// [`comparison_store`](Self::comparison_store) stores of your own.
    ///
    /// ```
    /// use cutover::HomeOptions;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let home = HomeOptions::new(folder.path())
    ///     .sqlite(folder.path().join("flags.db"))
    ///     .open()?;
    /// assert_eq!(pollster::block_on(home.flag_store().load())?, None, "nothing is stored yet");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        self.flag_store(Arc::new(cutover_sqlite::SqliteFlagStore::open(path)))
            .comparison_store(Arc::new(cutover_sqlite::SqliteComparisonStore::open(path)))
    }

    /// Opens the home and starts following it.
    ///
    /// # Errors
    ///
    /// The flags cannot be read and there are no defaults, or a thread cannot be started.
    pub fn open(self) -> Result<Home, HomeError> {
        let flag_store: Arc<dyn FlagStore> = match self.flag_store {
            Some(store) => store,
            None => Arc::new(FileFlagStore::open(&self.path)),
        };
        let comparisons: Arc<dyn ComparisonStore> = match self.comparison_store {
            Some(store) => store,
            None => Arc::new(FileComparisonStore::open(self.path.join("comparisons"))),
        };
        let comparisons: Arc<dyn ComparisonStore> = if self.retention == Retention::default() {
            comparisons
        } else {
            Arc::new(RetainingStore::new(
                comparisons,
                self.retention,
                Arc::new(SystemClock),
            ))
        };
        let states = Arc::new(FileStateStore::open(self.path.join("metrics")));
        let has_defaults = self.defaults.is_some();
        let live = self
            .defaults
            .as_ref()
            .map_or_else(Live::new, Live::with_defaults)
            .with_overlay(self.overlay);
        if let Some(age) = self.max_age {
            live.set_max_age(age)?;
        }
        match pollster::block_on(live.refresh(&*flag_store)) {
            Err(error) if !has_defaults => return Err(HomeError::Flags(error)),
            _ => {}
        }
        let follower = Follower::start(live.clone(), Arc::clone(&flag_store))?;

        let boot = random_id().map_err(HomeError::NoRandomness)?;
        let identity = ProcessIdentity::new(self.instance.unwrap_or_else(program_name), boot);
        let recorder = Arc::new(Recorder::new(identity));
        let publisher = MetricsPublisher::start(
            Arc::clone(&recorder) as _,
            states,
            Arc::new(SystemClock),
            PUBLISH_INTERVAL,
        )
        .map_err(HomeError::Metrics)?;

        let mut cutover = Cutover::new(live.clone())
            .with_comparisons(Arc::clone(&comparisons))
            .with_metrics(Arc::clone(&recorder) as _);
        if let Some(salt) = self.unit_salt {
            cutover = cutover.with_unit_salt(salt);
        }
        Ok(Home {
            path: self.path,
            flags: FlagService::new(Arc::clone(&flag_store)).with_live(live),
            flag_store,
            comparisons,
            recorder,
            cutover,
            _publisher: publisher,
            _follower: follower,
        })
    }
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

/// What tells the processes of one name apart.
fn random_id() -> Result<String, std::io::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn program_name() -> String {
    let program = std::env::current_exe().ok();
    let name = program
        .as_deref()
        .and_then(Path::file_stem)
        .and_then(|name| name.to_str());
    name.unwrap_or("application").to_owned()
}
