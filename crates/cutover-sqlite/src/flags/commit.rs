//! Commits: one transaction from a state to the next.

use std::collections::BTreeSet;

use cutover_domain::flags::Revision;
use cutover_ports::flags::Commit;
use cutover_ports::{PortError, PortErrorKind};
use rusqlite::{Connection, params};

use super::sealed::Sealed;
use super::state::{self, Place};
use crate::crash;
use crate::database::Desk;
use crate::error::{self, Operation};

pub(super) const COMMIT: Operation = "commit flags";

/// A commit in the form in which it is stored.
struct Rows {
    revision: i64,
    document: Sealed,
    made_at: i64,
    record: Sealed,
    keys: BTreeSet<String>,
}

pub(super) fn commit(desk: &mut Desk, place: &Place, commit: &Commit) -> Result<(), PortError> {
    commit.check()?;
    commit.document.validate().map_err(|problems| {
        PortError::new(PortErrorKind::InvalidInput, COMMIT).because(problems)
    })?;
    let rows = Rows::of(commit)?;
    let is_absent = desk.read(COMMIT, |_| Ok(()))?.is_none();
    if is_absent {
        // Nothing is made for a commit that cannot be.
        commit.check_against(Revision::ZERO)?;
    }
    desk.write(COMMIT, |database, connection| {
        // A commit that has lost already does not stand in the way of others.
        let transaction = database.begin_while(COMMIT, connection, || {
            check_against_stored(place, connection, commit)
        })?;
        crash::point("begun");
        check_against_stored(place, &transaction, commit)?;
        rows.write(place, &transaction)
            .map_err(place.failed(COMMIT))?;
        transaction
            .commit()
            .map_err(error::unsettled(COMMIT, &database.path))?;
        crash::point("committed");
        Ok(())
    })?;
    crash::point("acknowledged");
    Ok(())
}

/// Checks that nobody changed the flags first, and that those which are there can be read.
fn check_against_stored(
    place: &Place,
    connection: &Connection,
    commit: &Commit,
) -> Result<(), PortError> {
    let stored = state::read(COMMIT, place, connection)?;
    if let Some(stored) = &stored {
        stored.check_schema(COMMIT, place)?;
    }
    commit.check_against(stored.map_or(Revision::ZERO, |stored| stored.revision))
}

impl Rows {
    fn of(commit: &Commit) -> Result<Self, PortError> {
        let unwritable = |source| {
            PortError::new(PortErrorKind::InvalidInput, COMMIT)
                .because("a value cannot be written as JSON")
                .caused_by(source)
        };
        let changes = &commit.record.changes;
        Ok(Self {
            revision: i64::try_from(commit.document.revision.number()).map_err(|_| {
                PortError::new(PortErrorKind::InvalidInput, COMMIT)
                    .because("the revision is larger than SQLite can hold")
            })?,
            document: Sealed::new(&commit.document).map_err(unwritable)?,
            made_at: commit.record.time.as_microsecond(),
            record: Sealed::new(&commit.record).map_err(unwritable)?,
            keys: changes
                .iter()
                .map(|change| change.key.as_str().to_owned())
                .collect(),
        })
    }

    fn write(&self, place: &Place, connection: &Connection) -> rusqlite::Result<()> {
        let (environment, revision) = (&*place.environment, self.revision);
        connection.execute(
            "INSERT INTO flag_documents (environment, revision, document, checksum)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (environment) DO UPDATE SET
                 revision = excluded.revision,
                 document = excluded.document,
                 checksum = excluded.checksum",
            params![
                environment,
                revision,
                self.document.text,
                self.document.checksum
            ],
        )?;
        crash::point("document written");
        connection.execute(
            "INSERT INTO flag_history (environment, revision, made_at, record, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                environment,
                revision,
                self.made_at,
                self.record.text,
                self.record.checksum
            ],
        )?;
        crash::point("record written");
        let mut insert = connection.prepare(
            "INSERT INTO flag_history_keys (environment, key, revision) VALUES (?1, ?2, ?3)",
        )?;
        for key in &self.keys {
            insert.execute(params![environment, key, revision])?;
        }
        crash::point("keys written");
        Ok(())
    }
}
