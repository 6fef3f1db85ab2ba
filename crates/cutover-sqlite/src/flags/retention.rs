use cutover_ports::PortError;
use cutover_ports::flags::{Compaction, Retention};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::state::{self, Place};
use crate::database::{Database, Desk};
use crate::error::Operation;

pub(super) const COMPACT: Operation = "compact the flag history";

/// So many rows are removed in one transaction, so that writers do not wait for all of it.
const BATCH: i64 = 5000;

/// So many pages are given back to the file system in one transaction.
const PAGES: i64 = 2000;

/// Removes old records, the oldest first: what is left never has a gap, also when this is cut off.
pub(super) fn compact(
    desk: &mut Desk,
    place: &Place,
    retention: &Retention,
    now: Timestamp,
) -> Result<Compaction, PortError> {
    let plan = desk.read(COMPACT, |connection| {
        state::read(COMPACT, place, connection)?;
        plan(place, connection, retention, now).map_err(place.failed(COMPACT))
    })?;
    let Some(Plan { oldest, cut }) = plan.flatten() else {
        return Ok(Compaction::default());
    };
    if cut > oldest {
        desk.write(COMPACT, |database, connection| {
            keep_base(place, database, connection)?;
            remove_before(place, database, connection, cut)?;
            give_space_back(connection);
            Ok(())
        })?;
    }
    let (oldest, cut) = (state::revision(oldest), state::revision(cut));
    Ok(Compaction {
        removed: cut.number() - oldest.number(),
        oldest: Some(cut),
    })
}

/// The oldest record that is there, and the oldest that stays.
struct Plan {
    oldest: i64,
    cut: i64,
}

/// Reads of each record that stays when it was made, and no more; `None` when there is no history.
fn plan(
    place: &Place,
    connection: &Connection,
    retention: &Retention,
    now: Timestamp,
) -> rusqlite::Result<Option<Plan>> {
    let environment = &*place.environment;
    let oldest: Option<i64> = connection.query_row(
        "SELECT min(revision) FROM flag_history WHERE environment = ?1",
        [environment],
        |row| row.get(0),
    )?;
    let Some(oldest) = oldest else {
        return Ok(None);
    };
    let mut statement = connection.prepare(
        "SELECT revision, made_at FROM flag_history WHERE environment = ?1 ORDER BY revision DESC",
    )?;
    let mut rows = statement.query([environment])?;
    let mut cut = oldest;
    let mut newer = 0;
    while let Some(row) = rows.next()? {
        let time = Timestamp::from_microsecond(row.get(1)?).unwrap_or(Timestamp::MIN);
        if !retention.keeps(newer, time, now) {
            break;
        }
        cut = row.get(0)?;
        newer += 1;
    }
    Ok(Some(Plan { oldest, cut }))
}

/// From here on the history alone no longer tells what the flags are.
fn keep_base(place: &Place, database: &Database, connection: &Connection) -> Result<(), PortError> {
    let transaction = database.begin(COMPACT, connection)?;
    state::read(COMPACT, place, &transaction)?;
    transaction
        .execute(
            "INSERT OR REPLACE INTO flag_bases (environment, revision, document, checksum)
             SELECT environment, revision, document, checksum FROM flag_documents
             WHERE environment = ?1",
            [&*place.environment],
        )
        .map_err(place.failed(COMPACT))?;
    transaction.commit().map_err(place.failed(COMPACT))
}

fn remove_before(
    place: &Place,
    database: &Database,
    connection: &Connection,
    cut: i64,
) -> Result<(), PortError> {
    let environment = &*place.environment;
    let in_batches = |statement: &str, key: Option<&str>| loop {
        let transaction = database.begin(COMPACT, connection)?;
        let removed = match key {
            None => transaction.execute(statement, params![environment, cut, BATCH]),
            Some(key) => transaction.execute(statement, params![environment, cut, BATCH, key]),
        }
        .map_err(place.failed(COMPACT))?;
        transaction.commit().map_err(place.failed(COMPACT))?;
        if removed == 0 {
            return Ok::<(), PortError>(());
        }
    };
    in_batches(
        "DELETE FROM flag_history WHERE environment = ?1 AND revision IN (
             SELECT revision FROM flag_history WHERE environment = ?1 AND revision < ?2
             ORDER BY revision LIMIT ?3)",
        None,
    )?;
    for key in keys(place, connection).map_err(place.failed(COMPACT))? {
        in_batches(
            "DELETE FROM flag_history_keys WHERE environment = ?1 AND key = ?4 AND revision IN (
                 SELECT revision FROM flag_history_keys
                 WHERE environment = ?1 AND key = ?4 AND revision < ?2
                 ORDER BY revision LIMIT ?3)",
            Some(&key),
        )?;
    }
    Ok(())
}

/// All keys of the index, each found by one step over it.
fn keys(place: &Place, connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut next = connection
        .prepare("SELECT min(key) FROM flag_history_keys WHERE environment = ?1 AND key > ?2")?;
    let mut keys: Vec<String> = Vec::new();
    loop {
        // No key is empty.
        let last = keys.last().map_or("", String::as_str);
        match next.query_row(params![&*place.environment, last], |row| row.get(0))? {
            Some(key) => keys.push(key),
            None => return Ok(keys),
        }
    }
}

/// Shrinks the file. That it stays as large is no failure: the space is used again.
fn give_space_back(connection: &Connection) {
    let free = || connection.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0));
    let shrink = || {
        let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
        let mut pages = statement.query([])?;
        while pages.next()?.is_some() {}
        Ok::<(), rusqlite::Error>(())
    };
    let mut left = i64::MAX;
    while let Ok(free) = free()
        && free < left
        && free > 0
        && shrink().is_ok()
    {
        left = free;
    }
}
