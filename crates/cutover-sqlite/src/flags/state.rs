//! The flags of one environment as they are stored.

use std::fmt;
use std::sync::Arc;

use cutover_domain::flags::{FlagDocument, Revision, SCHEMA};
use cutover_ports::{PortError, PortErrorKind};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::Deserialize;

use super::sealed::Sealed;
use crate::database::Database;
use crate::error::{self, Operation};

/// Which flags: those of an environment in a database.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) database: Arc<Database>,
    pub(super) environment: Arc<str>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.database.path.display();
        write!(f, "{path}, environment {:?}", self.environment)
    }
}

impl Place {
    /// An error of SQLite, with the path of the database.
    pub(super) fn failed(
        &self,
        operation: Operation,
    ) -> impl FnOnce(rusqlite::Error) -> PortError + use<'_> {
        error::sqlite(operation, &self.database.path)
    }

    /// A document that is not what it should be.
    pub(super) fn corrupt(&self, operation: Operation, why: impl fmt::Display) -> PortError {
        error::corrupt(operation, self, why).advice(
            "undo the edit if it was one, bring the flags back with `cutover doctor --repair`, or \
             restore the database from a backup; nothing has been overwritten",
        )
    }
}

/// The row of an environment, whole, with its text not read yet.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) revision: Revision,
    pub(super) sealed: Sealed,
}

/// Reads the row of an environment; `None` when nothing was ever committed. What is not as it was
/// written is an error.
pub(super) fn read(
    operation: Operation,
    place: &Place,
    connection: &Connection,
) -> Result<Option<Stored>, PortError> {
    // One statement, so that the row and the history are of one moment.
    let (stored, newest) = connection
        .query_row(
            "SELECT revision, document, checksum, newest
             FROM (SELECT max(revision) AS newest FROM flag_history WHERE environment = ?1)
             LEFT JOIN flag_documents ON environment = ?1",
            [&*place.environment],
            |row| {
                let stored = match row.get::<_, Option<i64>>(0)? {
                    Some(_) => Some(Stored::from_row(row)?),
                    None => None,
                };
                let newest: Option<i64> = row.get(3)?;
                Ok((stored, newest.map(revision)))
            },
        )
        .map_err(place.failed(operation))?;
    let Some(stored) = stored else {
        return match newest {
            None => Ok(None),
            Some(newest) => {
                let why = format_args!(
                    "the flags are missing, but their history up to revision {newest} is there"
                );
                Err(place.corrupt(operation, why))
            }
        };
    };
    if !stored.sealed.is_whole() {
        let why = "the checksum of the flags does not match: somebody changed them by hand, or \
                   the disk did";
        return Err(place.corrupt(operation, why));
    }
    if let Some(newest) = newest.filter(|newest| *newest > stored.revision) {
        let why = format_args!(
            "the flags are at revision {}, but their history goes up to {newest}: an older row \
             was put back",
            stored.revision
        );
        return Err(place.corrupt(operation, why));
    }
    Ok(Some(stored))
}

/// A row of `table` as it is.
pub(super) fn row(
    operation: Operation,
    place: &Place,
    connection: &Connection,
    table: &str,
) -> Result<Option<Stored>, PortError> {
    let query = format!("SELECT revision, document, checksum FROM {table} WHERE environment = ?1");
    connection
        .query_row(&query, [&*place.environment], Stored::from_row)
        .optional()
        .map_err(place.failed(operation))
}

/// A revision as SQLite has it; there are none below 0, nor above what it can hold.
pub(super) fn revision(number: i64) -> Revision {
    Revision::new(u64::try_from(number).unwrap_or_default())
}

/// A revision as SQLite has it.
pub(super) fn number(revision: Revision) -> i64 {
    i64::try_from(revision.number()).unwrap_or(i64::MAX)
}

impl Stored {
    /// From the columns `revision, document, checksum`.
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            revision: revision(row.get(0)?),
            sealed: Sealed {
                text: row.get(1)?,
                checksum: row.get(2)?,
            },
        })
    }

    /// Reads and validates the document.
    pub(super) fn document(
        &self,
        operation: Operation,
        place: &Place,
    ) -> Result<FlagDocument, PortError> {
        let document: FlagDocument = match serde_json::from_str(&self.sealed.text) {
            Ok(document) => document,
            Err(cause) => {
                self.check_schema(operation, place)?;
                return Err(place.corrupt(operation, cause));
            }
        };
        if document.schema > SCHEMA {
            self.check_schema(operation, place)?;
        }
        if document.revision != self.revision {
            let why = format_args!(
                "the row says revision {}, and the flags in it revision {}",
                self.revision, document.revision
            );
            return Err(place.corrupt(operation, why));
        }
        document
            .validate()
            .map_err(|problems| place.corrupt(operation, problems))?;
        Ok(document)
    }

    /// Refuses what a newer version wrote.
    pub(super) fn check_schema(
        &self,
        operation: Operation,
        place: &Place,
    ) -> Result<(), PortError> {
        #[derive(Deserialize)]
        struct Schema {
            schema: u64,
        }
        match serde_json::from_str::<Schema>(&self.sealed.text) {
            Ok(Schema { schema }) if schema > u64::from(SCHEMA) => {
                Err(PortError::new(PortErrorKind::Corrupt, operation)
                    .at(place)
                    .because(format_args!(
                        "the flags have schema {schema}, and this version knows schemas up to \
                         {SCHEMA}: a newer version wrote them"
                    ))
                    .advice("upgrade cutover; nothing has been overwritten"))
            }
            _ => Ok(()),
        }
    }
}
