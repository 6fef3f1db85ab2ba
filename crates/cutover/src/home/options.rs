use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cutover_app::comparison::RetainingStore;
use cutover_app::execution::Cutover;
use cutover_app::flags::{FlagService, Follower, Live, Source};
use cutover_app::metrics::{MetricsPublisher, PUBLISH_INTERVAL};
use cutover_domain::flags::{FlagDocument, Overlay};
use cutover_domain::metrics::ProcessIdentity;
use cutover_file::{Environment, FileComparisonStore, FileFlagStore, FileStateStore};
use cutover_ports::SystemClock;
use cutover_ports::comparison::{ComparisonStore, Retention};
use cutover_ports::flags::FlagStore;
use cutover_ports::metrics::Recorder;

use super::{Home, HomeError};

/// How to open a [`Home`].
#[derive(Clone, Debug)]
pub struct HomeOptions {
    path: PathBuf,
    environment: Option<String>,
    instance: Option<String>,
    defaults: Option<FlagDocument>,
    overlay: Overlay,
    unit_salt: Option<Arc<str>>,
    max_age: Option<Duration>,
    #[cfg(feature = "sqlite")]
    sqlite: Option<PathBuf>,
    flag_store: Option<Arc<dyn FlagStore>>,
    comparison_store: Option<Arc<dyn ComparisonStore>>,
    retention: Retention,
}

impl HomeOptions {
    /// A home in this folder, which need not be there yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            environment: None,
            instance: None,
            defaults: None,
            overlay: Overlay::default(),
            unit_salt: None,
            max_age: None,
            #[cfg(feature = "sqlite")]
            sqlite: None,
            flag_store: None,
            comparison_store: None,
            retention: Retention {
                max_bytes: Some(1 << 30),
                ..Retention::default()
            },
        }
    }

    /// Follows the environment of this name: what `cutover --environment NAME` reads and writes. In
    /// the home its flags, comparisons and metrics are in the folder `environments/NAME`; in a
    /// database its flags and comparisons are the rows of that name. A store that is given as one
    /// stays what it is.
    ///
    /// ```
    /// use cutover::HomeOptions;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let home = HomeOptions::new(folder.path()).environment("staging").open()?;
    /// # let key = "use_new_parser".parse()?;
    /// # let definition = Box::new(cutover::domain::flags::Definition::boolean());
    /// # let create = cutover::domain::flags::Change::Create { key, definition };
    /// # let request = cutover::flags::Request::by("alice").change(create);
    /// # pollster::block_on(home.flags().apply(&request))?;
    /// # let stored = folder.path().join("environments/staging/flags.json");
    /// # assert!(stored.exists() && !folder.path().join("flags.json").exists());
    /// assert!(HomeOptions::new(folder.path()).environment("../staging").open().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn environment(self, name: impl Into<String>) -> Self {
        Self {
            environment: Some(name.into()),
            ..self
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

    /// The flags to go on with when the folder has none, or none that can be read and nothing from
    /// which they are known.
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
    pub fn variables(self, config: &cutover_env::EnvConfig) -> Self {
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

    /// Keeps flags and comparisons in the SQLite database at `path`, which need not be there yet;
    /// metrics stay in the folder. A store that is given as one goes before it.
    ///
    /// ```
    /// use cutover::HomeOptions;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let home = HomeOptions::new(folder.path())
    ///     .sqlite(folder.path().join("flags.db"))
    ///     .environment("staging")
    ///     .open()?;
    /// assert_eq!(pollster::block_on(home.flag_store().load())?, None, "nothing is stored yet");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite(self, path: impl Into<PathBuf>) -> Self {
        Self {
            sqlite: Some(path.into()),
            ..self
        }
    }

    /// Opens the home and starts following it.
    ///
    /// # Errors
    ///
    /// The flags cannot be read, are not known from what is kept beside them, and there are no
    /// defaults; a name is none of an environment; or a thread cannot be started.
    pub fn open(self) -> Result<Home, HomeError> {
        let folder = match &self.environment {
            None => self.path.clone(),
            Some(name) => match name.parse::<Environment>() {
                Ok(environment) => environment.folder_in(&self.path),
                Err(_) => return Err(HomeError::Environment(name.clone())),
            },
        };
        let (flag_store, comparisons) = self.stores(&folder);
        let comparisons: Arc<dyn ComparisonStore> = if self.retention == Retention::default() {
            comparisons
        } else {
            Arc::new(RetainingStore::new(
                comparisons,
                self.retention,
                Arc::new(SystemClock),
            ))
        };
        let states = Arc::new(FileStateStore::open(folder.join("metrics")));
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
            Err(error) if !has_defaults && live.status().source == Source::Defaults => {
                return Err(HomeError::Flags(error));
            }
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
    /// Where flags and comparisons are; in files of `folder` where nothing else is said.
    fn stores(&self, folder: &Path) -> (Arc<dyn FlagStore>, Arc<dyn ComparisonStore>) {
        let flags = self.flag_store.clone();
        let comparisons = self.comparison_store.clone();
        #[cfg(feature = "sqlite")]
        if let Some(path) = &self.sqlite {
            use cutover_sqlite::flags::DEFAULT_ENVIRONMENT;
            use cutover_sqlite::{SqliteComparisonConfig, SqliteComparisonStore};
            use cutover_sqlite::{SqliteFlagConfig, SqliteFlagStore};
            let environment = self.environment.as_deref().unwrap_or(DEFAULT_ENVIRONMENT);
            let of_flags = || SqliteFlagConfig {
                environment: environment.to_owned(),
                ..SqliteFlagConfig::new(path)
            };
            let of_comparisons = || SqliteComparisonConfig {
                environment: environment.to_owned(),
                ..SqliteComparisonConfig::new(path)
            };
            return (
                flags.unwrap_or_else(|| Arc::new(SqliteFlagStore::with_config(of_flags()))),
                comparisons.unwrap_or_else(|| {
                    Arc::new(SqliteComparisonStore::with_config(of_comparisons()))
                }),
            );
        }
        (
            flags.unwrap_or_else(|| Arc::new(FileFlagStore::open(folder))),
            comparisons
                .unwrap_or_else(|| Arc::new(FileComparisonStore::open(folder.join("comparisons")))),
        )
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
