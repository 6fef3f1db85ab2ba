use cutover_domain::flags::{FlagDocument, Revision};
use cutover_ports::{PortError, PortErrorKind};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::page::Entry;
use super::sealed::Sealed;
use super::state::{self, Place};
use crate::database::Desk;
use crate::error::{self, Operation};

pub(super) const REPAIR: Operation = "repair flags";

/// What a repair did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The revision that is in force again: the newest that is known.
    pub revision: Revision,
    /// What it was made from.
    pub source: RepairSource,
    /// The id of the row in the table `flag_broken` that keeps what was replaced, if there was
    /// something.
    pub broken: Option<i64>,
}

/// What flags were brought back from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairSource {
    /// The flags as they were when the history was compacted, with what it has beyond them.
    Base,
    /// The history alone, from its first record on.
    History,
}

pub(super) fn repair(
    desk: &mut Desk,
    place: &Place,
    now: Timestamp,
) -> Result<Option<Repair>, PortError> {
    if desk
        .read(REPAIR, |connection| is_whole(place, connection))?
        .unwrap_or(true)
    {
        return Ok(None);
    }
    desk.write(REPAIR, |database, connection| {
        let failed = || place.failed(REPAIR);
        let transaction = database.begin(REPAIR, connection)?;
        // Somebody else may have repaired it while this waited for the lock.
        if is_whole(place, &transaction)? {
            return Ok(None);
        }
        let (document, source) = last_good(REPAIR, place, &transaction)?;
        let broken = keep_broken(place, &transaction, now).map_err(failed())?;
        let sealed = Sealed::new(&document).map_err(|cause| nothing_left(place, cause))?;
        transaction
            .execute(
                "INSERT OR REPLACE INTO flag_documents (environment, revision, document, checksum)
                 VALUES (?1, ?2, ?3, ?4)",
                params![
                    &*place.environment,
                    state::number(document.revision),
                    sealed.text,
                    sealed.checksum
                ],
            )
            .map_err(failed())?;
        transaction
            .commit()
            .map_err(error::unsettled(REPAIR, &database.path))?;
        Ok(Some(Repair {
            revision: document.revision,
            source,
            broken,
        }))
    })
}

/// Whether the flags can be read; an error when they cannot be for a reason that no repair mends.
fn is_whole(place: &Place, connection: &Connection) -> Result<bool, PortError> {
    // One that is not even text is not of a newer version.
    if let Ok(Some(stored)) = state::row(REPAIR, place, connection, "flag_documents") {
        stored
            .check_schema(REPAIR, place)
            .map_err(|error| PortError::new(PortErrorKind::Unsupported, REPAIR).because(error))?;
    }
    match state::read(REPAIR, place, connection) {
        Ok(None) => Ok(true),
        Ok(Some(stored)) => Ok(stored.document(REPAIR, place).is_ok()),
        Err(error) if error.kind() == PortErrorKind::Corrupt => Ok(false),
        Err(error) => Err(error),
    }
}

/// The newest flags that the history tells.
pub(super) fn last_good(
    operation: Operation,
    place: &Place,
    connection: &Connection,
) -> Result<(FlagDocument, RepairSource), PortError> {
    let base = state::row(operation, place, connection, "flag_bases")?
        .filter(|base| base.sealed.is_whole())
        .and_then(|base| base.document(operation, place).ok());
    let (mut document, source) = match base {
        Some(base) => (base, RepairSource::Base),
        None => (
            FlagDocument::empty(Timestamp::UNIX_EPOCH),
            RepairSource::History,
        ),
    };
    let failed = || place.failed(operation);
    let mut statement = connection
        .prepare(
            "SELECT revision, record, checksum FROM flag_history
             WHERE environment = ?1 AND revision > ?2 ORDER BY revision",
        )
        .map_err(failed())?;
    let mut rows = statement
        .query(params![
            &*place.environment,
            state::number(document.revision)
        ])
        .map_err(failed())?;
    while let Some(row) = rows.next().map_err(failed())? {
        let entry = Entry::from_row(row).map_err(failed())?;
        if entry.revision != document.revision.next() {
            let why = format_args!(
                "nothing is known between revision {} and {}",
                document.revision, entry.revision
            );
            return Err(nothing_left(place, why));
        }
        let record = entry.record(operation, place)?;
        document.revision = record.revision;
        document.updated_at = record.time;
        for change in record.changes {
            match change.after {
                Some(definition) => document.flags.insert(change.key, definition),
                None => document.flags.remove(&change.key),
            };
        }
    }
    if document.revision == Revision::ZERO {
        return Err(nothing_left(place, "there is no history"));
    }
    document
        .validate()
        .map_err(|problems| nothing_left(place, problems))?;
    Ok((document, source))
}

fn nothing_left(place: &Place, why: impl std::fmt::Display) -> PortError {
    PortError::new(PortErrorKind::Corrupt, REPAIR)
        .at(place)
        .because(why)
        .advice("restore the database from a backup")
}

/// Keeps what is about to be replaced, and tells its id.
fn keep_broken(
    place: &Place,
    connection: &Connection,
    now: Timestamp,
) -> rusqlite::Result<Option<i64>> {
    let kept = connection.execute(
        "INSERT INTO flag_broken (environment, kept_at, revision, document, checksum)
         SELECT environment, ?2, revision, document, checksum FROM flag_documents
         WHERE environment = ?1",
        params![&*place.environment, now.as_microsecond()],
    )?;
    Ok((kept > 0).then(|| connection.last_insert_rowid()))
}
