//! The catalog: one SQLite file with every registered dataset.
//!
//! The layout belongs to both implementations, because whoever reads a dataset must not care who
//! wrote it:
//!
//! - `datasets`: one row a dataset, with its profile as JSON;
//! - `dataset_columns`: the names and kinds of its columns, in order;
//! - `data_ID`: its rows; column `c1` is the first column, and so on.
//!
//! A dataset is written in one transaction, tables included, so a crash or a cancellation leaves
//! all of it or nothing.
//!
//! ```
//! let catalog = mdm::catalog::Catalog::in_memory()?;
//! assert!(catalog.list()?.is_empty());
//! # Ok::<(), mdm::DatasetError>(())
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{
    Connection, OptionalExtension, Statement, Transaction, TransactionBehavior, params,
};
use serde::Serialize;

use crate::error::DatasetError;
use crate::profile::Profile;
use crate::source::{DatasetName, RegisterRequest};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS datasets (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        source TEXT NOT NULL,
        registered_at TEXT NOT NULL,
        row_count INTEGER NOT NULL,
        profile TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS dataset_columns (
        dataset INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        PRIMARY KEY (dataset, position)
    ) STRICT, WITHOUT ROWID;
";

/// A registered dataset: the answer of `dataset.register`, and an entry of `mdm list`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Registration {
    /// Its name.
    pub name: DatasetName,
    /// The file it was copied from.
    pub source: String,
    /// When.
    pub registered_at: Timestamp,
    /// Rows in the catalog.
    pub rows: u64,
    /// What was found in it.
    pub profile: Profile,
}

/// An open catalog.
#[derive(Debug)]
pub struct Catalog {
    connection: Connection,
    path: PathBuf,
}

impl Catalog {
    /// Opens the catalog in a file, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Catalog`] when the file is not a catalog or cannot be opened.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let doing = "open it";
        let connection = Connection::open(path).map_err(|error| trouble(path, doing, &error))?;
        Self::prepare(connection, path)
    }

    /// A catalog that is gone when it is dropped.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Catalog`] when SQLite has no memory.
    pub fn in_memory() -> Result<Self, DatasetError> {
        let path = Path::new(":memory:");
        let connection =
            Connection::open_in_memory().map_err(|error| trouble(path, "open it", &error))?;
        Self::prepare(connection, path)
    }

    fn prepare(connection: Connection, path: &Path) -> Result<Self, DatasetError> {
        let prepare = || {
            // Two processes that register at once wait for each other instead of failing.
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
            )?;
            connection.execute_batch(SCHEMA)
        };
        prepare().map_err(|error| trouble(path, "prepare its tables", &error))?;
        Ok(Self {
            connection,
            path: path.to_owned(),
        })
    }

    /// Every dataset, by name.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Catalog`] when the database cannot be read.
    pub fn list(&self) -> Result<Vec<Registration>, DatasetError> {
        let list = || {
            let mut statement = self.connection.prepare(
                "SELECT name, source, registered_at, row_count, profile FROM datasets ORDER BY name",
            )?;
            let datasets = statement.query_map([], read_registration)?;
            datasets.collect::<rusqlite::Result<Vec<_>>>()
        };
        list().map_err(|error| trouble(&self.path, "list the datasets", &error))
    }

    /// One dataset, if it is there.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Catalog`] when the database cannot be read.
    pub fn find(&self, name: &DatasetName) -> Result<Option<Registration>, DatasetError> {
        self.connection
            .query_row(
                "SELECT name, source, registered_at, row_count, profile FROM datasets \
                 WHERE name = ?1",
                [name.as_str()],
                read_registration,
            )
            .optional()
            .map_err(|error| trouble(&self.path, "look a dataset up", &error))
    }

    /// How many rows of a dataset are really in the catalog, counted in its own table.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Catalog`] when the dataset is not there or cannot be read.
    pub fn count_rows(&self, name: &DatasetName) -> Result<u64, DatasetError> {
        let count = || {
            let id: i64 = self.connection.query_row(
                "SELECT id FROM datasets WHERE name = ?1",
                [name.as_str()],
                |row| row.get(0),
            )?;
            self.connection
                .query_row(&format!("SELECT count(*) FROM data_{id}"), [], |row| {
                    row.get::<_, i64>(0)
                })
        };
        let rows = count().map_err(|error| trouble(&self.path, "count the rows", &error))?;
        Ok(rows.unsigned_abs())
    }

    /// How many tables of rows there are, whether a dataset knows them or not.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Catalog`] when the database cannot be read.
    pub fn count_tables(&self) -> Result<u64, DatasetError> {
        self.connection
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'data_*'",
                [],
                |row| row.get::<_, i64>(0),
            )
            .map(i64::unsigned_abs)
            .map_err(|error| trouble(&self.path, "count the tables", &error))
    }

    /// Starts to write a dataset; nothing of it is seen by anybody before
    /// [`Writing::commit`], and dropping it takes everything back.
    pub(crate) fn write<'a>(
        &'a mut self,
        request: &'a RegisterRequest,
        now: Timestamp,
        cancellation: &'a Cancellation,
    ) -> Result<Writing<'a>, DatasetError> {
        let path = self.path.as_path();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| trouble(path, "begin a transaction", &error))?;
        let writing = Writing {
            transaction,
            path,
            request,
            now,
            cancellation,
        };
        writing.refuse_taken_name()?;
        Ok(writing)
    }
}

/// A dataset that is being written.
pub(crate) struct Writing<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
    request: &'a RegisterRequest,
    now: Timestamp,
    cancellation: &'a Cancellation,
}

impl Writing<'_> {
    /// Runs statements in the transaction.
    pub(crate) fn run<T>(
        &self,
        doing: &'static str,
        statements: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, DatasetError> {
        statements(&self.transaction).map_err(|error| trouble(self.path, doing, &error))
    }

    /// A statement for many rows.
    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement<'_>, DatasetError> {
        self.transaction
            .prepare(sql)
            .map_err(|error| trouble(self.path, "prepare a statement", &error))
    }

    /// An error if the caller wants to stop. Writers ask between rows.
    pub(crate) fn go_on(&self) -> Result<(), DatasetError> {
        if self.cancellation.is_cancelled() {
            return Err(DatasetError::Cancelled {
                name: self.request.name.to_string(),
            });
        }
        Ok(())
    }

    /// When the dataset is registered, as text.
    pub(crate) fn registered_at(&self) -> String {
        self.now.to_string()
    }

    /// Makes it all visible at once.
    pub(crate) fn commit(self, profile: Profile) -> Result<Registration, DatasetError> {
        self.go_on()?;
        let Self {
            transaction,
            path,
            request,
            now,
            ..
        } = self;
        transaction
            .commit()
            .map_err(|error| trouble(path, "commit", &error))?;
        Ok(Registration {
            name: request.name.clone(),
            source: request.file.display().to_string(),
            registered_at: now,
            rows: profile.rows,
            profile,
        })
    }

    fn refuse_taken_name(&self) -> Result<(), DatasetError> {
        let taken = self.run("look the name up", |connection| {
            connection
                .query_row(
                    "SELECT source, registered_at FROM datasets WHERE name = ?1",
                    [self.request.name.as_str()],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()
        })?;
        match taken {
            None => Ok(()),
            Some((source_file, registered_at)) => Err(DatasetError::AlreadyRegistered {
                name: self.request.name.to_string(),
                source_file,
                registered_at,
            }),
        }
    }
}

/// A way to stop a registration from another thread.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Asks whoever holds a clone to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn read_registration(row: &rusqlite::Row<'_>) -> rusqlite::Result<Registration> {
    let text = |index: usize| row.get::<_, String>(index);
    let broken = |index: usize, error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error)
    };
    Ok(Registration {
        name: text(0)?
            .parse()
            .map_err(|error: DatasetError| broken(0, error.into()))?,
        source: text(1)?,
        registered_at: text(2)?
            .parse()
            .map_err(|error: jiff::Error| broken(2, error.into()))?,
        rows: row.get::<_, i64>(3)?.unsigned_abs(),
        profile: serde_json::from_str(&text(4)?).map_err(|error| broken(4, error.into()))?,
    })
}

fn trouble(path: &Path, doing: &'static str, error: &rusqlite::Error) -> DatasetError {
    DatasetError::Catalog {
        path: path.to_owned(),
        doing,
        reason: error.to_string(),
    }
}

/// Writes the dataset's own record; returns its id.
pub(crate) fn insert_record(
    writing: &Writing<'_>,
    request: &RegisterRequest,
    profile: &Profile,
) -> Result<i64, DatasetError> {
    let registered_at = writing.registered_at();
    writing.run("write the record of the dataset", |connection| {
        // The shape has no map keys but strings and no failing serializer, so this cannot fail;
        // if it ever did, it would be told as the database's error.
        let json = serde_json::to_string(profile)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        connection.execute(
            "INSERT INTO datasets (name, source, registered_at, row_count, profile) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                request.name.as_str(),
                request.file.display().to_string(),
                registered_at,
                i64::try_from(profile.rows).unwrap_or(i64::MAX),
                json,
            ],
        )?;
        Ok(connection.last_insert_rowid())
    })
}
