//! Where things are: the home, the store, and the environment inside of it.
//!
//! ```
//! use cutover_cli::place::{Environment, StoreAddress};
//!
//! for address in ["file:/var/lib/cutover", "sqlite:/var/lib/cutover/flags.db"] {
//!     assert_eq!(address.parse::<StoreAddress>().unwrap().to_string(), address);
//! }
//! assert!("postgres://db/flags".parse::<StoreAddress>().is_err(), "not in this build");
//! assert!("../production".parse::<Environment>().is_err());
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use etcetera::BaseStrategy;

pub use cutover_file::Environment;
use cutover_sqlite::flags::DEFAULT_ENVIRONMENT;

use crate::exit::Failure;

/// The address of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAddress {
    /// Files in a folder.
    File(PathBuf),
    /// An SQLite database.
    Sqlite(PathBuf),
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(folder) => write!(f, "file:{}", folder.display()),
            Self::Sqlite(file) => write!(f, "sqlite:{}", file.display()),
        }
    }
}

impl FromStr for StoreAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "a store is written file:DIR or sqlite:FILE, for example \
                              file:/var/lib/cutover";
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(format!("there is no scheme; {WANTED}"));
        };
        let path = rest.strip_prefix("//").unwrap_or(rest);
        match scheme {
            "file" if path.is_empty() => Err(format!("there is no folder; {WANTED}")),
            "file" => Ok(Self::File(path.into())),
            "sqlite" if path.is_empty() => Err(format!("there is no file; {WANTED}")),
            "sqlite" => Ok(Self::Sqlite(path.into())),
            "postgres" | "postgresql" | "http" | "https" => Err(format!(
                "stores of the kind `{scheme}:` are not in this build; {WANTED}"
            )),
            _ => Err(format!("the scheme `{scheme}:` is unknown; {WANTED}")),
        }
    }
}

/// Where the flags of one environment are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagPlace {
    /// A folder of their own, with `flags.json` and its history.
    Folder(PathBuf),
    /// A row in a database that may have other environments, too.
    Database {
        /// The database.
        path: PathBuf,
        /// The row's name.
        environment: String,
    },
}

impl FlagPlace {
    /// The folder in which they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder,
            Self::Database { path, .. } => match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            },
        }
    }

    /// The files that hold them, with those that SQLite keeps beside a database while it is used.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Folder(folder) => vec![folder.join("flags.json")],
            Self::Database { path, .. } => ["", "-wal", "-shm"]
                .map(|suffix| {
                    let mut name = path.as_os_str().to_owned();
                    name.push(suffix);
                    name.into()
                })
                .into(),
        }
    }
}

/// Where the comparisons of one environment are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComparisonPlace {
    /// A folder of their own.
    Folder(PathBuf),
    /// A database, which has the flags as well.
    Database {
        /// The database.
        path: PathBuf,
        /// Whose comparisons.
        environment: String,
    },
}

/// Finds the folders of one run of the program.
#[derive(Clone, Debug)]
pub struct Place {
    home: PathBuf,
    store: StoreAddress,
    environment: Option<Environment>,
}

impl Place {
    /// The place that the global options name. Without a home the platform's convention decides;
    /// without a store it is the home.
    ///
    /// # Errors
    ///
    /// There is no home and the platform tells none (no `HOME` in the environment).
    pub fn find(
        home: Option<PathBuf>,
        store: Option<StoreAddress>,
        environment: Option<Environment>,
    ) -> Result<Self, Failure> {
        let home = match home {
            Some(home) => home,
            None => etcetera::choose_base_strategy()
                .map_err(|error| {
                    Failure::usage(format_args!("cannot tell where cutover's home is: {error}"))
                        .hint("name it with --home DIR or CUTOVER_HOME")
                })?
                .data_dir()
                .join("cutover"),
        };
        let store = store.unwrap_or_else(|| StoreAddress::File(home.clone()));
        Ok(Self {
            home,
            store,
            environment,
        })
    }

    /// The home: what belongs to this machine.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The store's address.
    #[must_use]
    pub fn store(&self) -> &StoreAddress {
        &self.store
    }

    /// The environment, when one is named.
    #[must_use]
    pub fn environment(&self) -> Option<&Environment> {
        self.environment.as_ref()
    }

    /// Where the flags are, in words: the store, and the environment when one is named.
    #[must_use]
    pub fn flags_in_words(&self) -> String {
        match &self.environment {
            Some(environment) => format!("{}, environment {}", self.store, environment.as_str()),
            None => self.store.to_string(),
        }
    }

    /// Where exactly the flags are, environment included.
    #[must_use]
    pub fn flags(&self) -> FlagPlace {
        match &self.store {
            StoreAddress::File(folder) => FlagPlace::Folder(self.in_environment(folder)),
            StoreAddress::Sqlite(path) => FlagPlace::Database {
                path: path.clone(),
                environment: match &self.environment {
                    Some(environment) => environment.as_str().to_owned(),
                    None => DEFAULT_ENVIRONMENT.to_owned(),
                },
            },
        }
    }

    /// Where comparisons are: beside the flags.
    #[must_use]
    pub fn comparisons(&self) -> ComparisonPlace {
        match self.flags() {
            FlagPlace::Folder(folder) => ComparisonPlace::Folder(folder.join("comparisons")),
            FlagPlace::Database { path, environment } => {
                ComparisonPlace::Database { path, environment }
            }
        }
    }

    /// Where comparisons are while the store is one of files in home.
    #[must_use]
    pub fn comparisons_in_home(&self) -> PathBuf {
        self.in_environment(&self.home).join("comparisons")
    }

    /// The folder in which running processes write what they measure.
    #[must_use]
    pub fn metrics_folder(&self) -> PathBuf {
        self.in_environment(&self.home).join("metrics")
    }

    fn in_environment(&self, folder: &Path) -> PathBuf {
        match &self.environment {
            Some(environment) => environment.folder_in(folder),
            None => folder.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_another_build_is_told_from_a_mistake() {
        for (text, expected) in [
            ("sqlite:", "no file"),
            ("postgres://db/flags", "not in this build"),
            ("http://server", "not in this build"),
            ("ftp:server", "unknown"),
            ("/var/lib/cutover", "no scheme"),
            ("file:", "no folder"),
            ("", "no scheme"),
        ] {
            let error = text.parse::<StoreAddress>().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(error.contains("file:DIR or sqlite:FILE"), "{text}: {error}");
        }
        assert_eq!("file:///a/b".parse(), Ok(StoreAddress::File("/a/b".into())));
        assert_eq!("file:a b/c".parse(), Ok(StoreAddress::File("a b/c".into())));
        let database = |path: &str| Ok(StoreAddress::Sqlite(path.into()));
        assert_eq!("sqlite:/a/b.db".parse(), database("/a/b.db"));
        assert_eq!("sqlite:///a/b.db".parse(), database("/a/b.db"));
        assert_eq!(
            "sqlite::memory:".parse(),
            database(":memory:"),
            "a file's name"
        );
    }

    #[test]
    fn an_environment_has_folders_of_its_own() {
        let place = |environment: Option<&str>| {
            let environment = environment.map(|name| name.parse().unwrap());
            Place::find(
                Some("/own".into()),
                Some("file:/store".parse().unwrap()),
                environment,
            )
            .unwrap()
        };
        assert_eq!(place(None).flags(), FlagPlace::Folder("/store".into()));
        assert_eq!(place(None).metrics_folder(), Path::new("/own/metrics"));
        let staging = place(Some("staging"));
        let folder = "/store/environments/staging".into();
        assert_eq!(staging.flags(), FlagPlace::Folder(folder));
        assert_eq!(
            staging.comparisons(),
            ComparisonPlace::Folder("/store/environments/staging/comparisons".into())
        );
        assert_eq!(
            staging.metrics_folder(),
            Path::new("/own/environments/staging/metrics")
        );
    }

    #[test]
    fn an_environment_is_a_row_of_a_database_and_a_folder_in_home() {
        let place = |environment: Option<&str>| {
            let environment = environment.map(|name| name.parse().unwrap());
            let store = Some("sqlite:/flags.db".parse().unwrap());
            Place::find(Some("/own".into()), store, environment).unwrap()
        };
        for (named, row, home) in [
            (None, "default", "/own/comparisons"),
            (
                Some("staging"),
                "staging",
                "/own/environments/staging/comparisons",
            ),
        ] {
            let (path, environment) = (PathBuf::from("/flags.db"), row.to_owned());
            let comparisons = ComparisonPlace::Database {
                path: path.clone(),
                environment: environment.clone(),
            };
            let flags = FlagPlace::Database { path, environment };
            assert_eq!(place(named).flags(), flags);
            assert_eq!(place(named).comparisons(), comparisons);
            assert_eq!(place(named).comparisons_in_home(), Path::new(home));
        }
    }
}
