//! The tables, in versions.
//!
//! `user_version` is the major version times 1000, plus how many steps were made. A step adds:
//! tables, indexes, columns with a default; programs that know fewer steps of the same major
//! version go on working. A change that they could not live with makes a new major version, which
//! they refuse.

use std::path::Path;

use cutover_ports::{PortError, PortErrorKind};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{self, Operation};

/// What tells cutover's databases from others: "CUTV".
const APPLICATION: i32 = i32::from_be_bytes(*b"CUTV");

/// The major version of the tables.
const MAJOR: i32 = 1;

/// Every step there ever was, oldest first. None is ever changed.
const STEPS: &[&str] = &[
    include_str!("../migrations/0001_flags.sql"),
    include_str!("../migrations/0002_comparisons.sql"),
];

const MAJOR_UNIT: i32 = 1000;

/// The version of a database's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    major: i32,
    steps: usize,
}

impl Version {
    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let number: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(Self {
            major: number / MAJOR_UNIT,
            steps: usize::try_from(number % MAJOR_UNIT).unwrap_or_default(),
        })
    }

    fn number(self) -> i32 {
        let steps = i32::try_from(self.steps).unwrap_or(MAJOR_UNIT - 1);
        self.major * MAJOR_UNIT + steps
    }
}

/// The version of a database's tables, as a number for people.
#[cfg(any(feature = "flags", test))]
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i32> {
    Version::of(connection).map(Version::number)
}

/// The version that this program makes.
#[cfg(any(feature = "flags", test))]
pub(crate) fn current_version() -> i32 {
    let (major, steps) = (MAJOR, STEPS.len());
    Version { major, steps }.number()
}

/// Makes the tables in an empty database.
pub(crate) fn found(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    make_steps(&transaction, 0, STEPS)?;
    transaction.commit()
}

/// Checks that a database is cutover's, and makes the steps that it lacks: all or none, and once,
/// also when several processes open it at the same time.
pub(crate) fn bring_up_to_date(
    operation: Operation,
    path: &Path,
    connection: &mut Connection,
) -> Result<(), PortError> {
    make_missing(operation, path, connection, STEPS)
}

fn make_missing(
    operation: Operation,
    path: &Path,
    connection: &mut Connection,
    steps: &[&str],
) -> Result<(), PortError> {
    if check(operation, path, connection)?.steps >= steps.len() {
        return Ok(());
    }
    let failed = || error::sqlite(operation, path);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed())?;
    // Somebody else may have made them while this waited for the lock.
    let made = check(operation, path, &transaction)?.steps;
    if made < steps.len() {
        make_steps(&transaction, made, steps).map_err(failed())?;
    }
    transaction.commit().map_err(failed())
}

/// The version of a database that this program can work with.
fn check(operation: Operation, path: &Path, connection: &Connection) -> Result<Version, PortError> {
    let failed = || error::sqlite(operation, path);
    let application: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(failed())?;
    if application != APPLICATION {
        return Err(error::corrupt(
            operation,
            path.display(),
            "it is an SQLite database, but not one of cutover's",
        )
        .advice("name another file; nothing has been changed"));
    }
    let version = Version::of(connection).map_err(failed())?;
    if version.major == MAJOR {
        return Ok(version);
    }
    Err(PortError::new(PortErrorKind::Corrupt, operation)
        .at(path.display())
        .because(format_args!(
            "its tables have version {}, and this program knows versions below {}: a newer one \
             wrote it",
            version.number(),
            (MAJOR + 1) * MAJOR_UNIT
        ))
        .advice("upgrade cutover; nothing has been changed"))
}

fn make_steps(transaction: &Transaction<'_>, made: usize, steps: &[&str]) -> rusqlite::Result<()> {
    for step in &steps[made.min(steps.len())..] {
        transaction.execute_batch(step)?;
    }
    let (major, steps) = (MAJOR, steps.len());
    transaction.pragma_update(None, "user_version", Version { major, steps }.number())
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    const SECOND: &str = "CREATE TABLE other (id INTEGER PRIMARY KEY) STRICT; \
                          INSERT INTO other VALUES (1);";

    fn founded(dir: &tempfile::TempDir) -> std::path::PathBuf {
        let path = dir.path().join("flags.db");
        let mut connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "journal_mode", "wal")
            .unwrap();
        found(&mut connection).unwrap();
        path
    }

    fn up_to(path: &Path, steps: &[&str]) -> Result<i32, PortError> {
        let mut connection = Connection::open(path).unwrap();
        connection
            .busy_timeout(std::time::Duration::from_secs(30))
            .unwrap();
        make_missing("test", path, &mut connection, steps)?;
        Ok(version(&connection).unwrap())
    }

    #[test]
    fn missing_steps_are_made_once_by_however_many_at_once() {
        const OPENERS: usize = 6;
        let dir = tempfile::tempdir().unwrap();
        let path = founded(&dir);
        assert_eq!(up_to(&path, STEPS).unwrap(), current_version());
        let steps = [STEPS, &[SECOND]].concat();
        let start = Barrier::new(OPENERS);
        std::thread::scope(|scope| {
            for _ in 0..OPENERS {
                scope.spawn(|| {
                    start.wait();
                    assert_eq!(up_to(&path, &steps).unwrap(), current_version() + 1);
                });
            }
        });
        let connection = Connection::open(&path).unwrap();
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM other", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = founded(&dir);
        let steps = [STEPS, &[SECOND, "CREATE TABLE flag_history (id INTEGER)"]].concat();
        let error = up_to(&path, &steps).unwrap_err();
        assert!(error.to_string().contains("flag_history"), "{error}");
        assert_eq!(up_to(&path, STEPS).unwrap(), current_version());
        let made = up_to(&path, &[STEPS, &[SECOND]].concat());
        assert_eq!(
            made.unwrap(),
            current_version() + 1,
            "nothing of it was there"
        );
    }

    #[test]
    fn a_newer_step_is_lived_with_and_a_newer_major_version_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = founded(&dir);
        up_to(&path, &[STEPS, &[SECOND]].concat()).unwrap();
        assert_eq!(up_to(&path, STEPS).unwrap(), current_version() + 1, "kept");
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "user_version", (MAJOR + 1) * MAJOR_UNIT)
            .unwrap();
        let error = up_to(&path, STEPS).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
        assert!(error.to_string().contains("upgrade cutover"), "{error}");
        connection.pragma_update(None, "application_id", 7).unwrap();
        let error = up_to(&path, STEPS).unwrap_err();
        assert!(
            error.to_string().contains("not one of cutover's"),
            "{error}"
        );
    }
}
