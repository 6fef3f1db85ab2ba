use cutover_ports::PortError;
use cutover_ports::flags::{Compaction, Retention};
use jiff::Timestamp;
use rusqlite::{Connection, ToSql, params};

use super::state::{self, Place};
use crate::crash;
use crate::database::{Database, Desk};
use crate::error::Operation;
use crate::space::give_space_back;

pub(super) const COMPACT: Operation = "compact the flag history";

/// So many rows are removed in one transaction, so that writers do not wait for all of it.
const BATCH: i64 = if cfg!(test) { 2 } else { 5000 };

/// Removes old records, the oldest first: what is left never has a gap, also when this is cut off.
pub(super) fn compact(
    desk: &mut Desk,
    place: &Place,
    retention: &Retention,
    now: Timestamp,
) -> Result<Compaction, PortError> {
    let plan = desk.read(COMPACT, |connection| {
        state::read(COMPACT, place, connection)?;
        Plan::make(place, connection, retention, now).map_err(place.failed(COMPACT))
    })?;
    let Some(plan) = plan.flatten() else {
        return Ok(Compaction::default());
    };
    if plan.oldest < plan.cut {
        desk.write(COMPACT, |database, connection| {
            keep_base(place, database, connection)?;
            let batches = Batches {
                place,
                database,
                connection,
            };
            batches.remove_records(plan.cut)
        })?;
    }
    // Also what a compaction that was cut off has left.
    if !plan.stale_keys.is_empty() {
        desk.write(COMPACT, |database, connection| {
            let batches = Batches {
                place,
                database,
                connection,
            };
            batches.remove_from_index(&plan.stale_keys, plan.cut)?;
            crash::point("compacted");
            give_space_back(connection);
            Ok(())
        })?;
    }
    let (oldest, cut) = (state::revision(plan.oldest), state::revision(plan.cut));
    Ok(Compaction {
        removed: cut.number() - oldest.number(),
        oldest: Some(cut),
    })
}

/// What there is to do.
struct Plan {
    /// The oldest record that is there.
    oldest: i64,
    /// The oldest record that stays.
    cut: i64,
    /// The flags of which the index names older ones.
    stale_keys: Vec<String>,
}

impl Plan {
    /// Reads of each record that stays when it was made, and no more of the history; `None` when
    /// there is no history.
    fn make(
        place: &Place,
        connection: &Connection,
        retention: &Retention,
        now: Timestamp,
    ) -> rusqlite::Result<Option<Self>> {
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
            "SELECT revision, made_at FROM flag_history WHERE environment = ?1
             ORDER BY revision DESC",
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
        Ok(Some(Self {
            oldest,
            cut,
            stale_keys: stale_keys(place, connection, cut)?,
        }))
    }
}

/// The flags of which the index names revisions below `cut`: two steps over it for each flag.
fn stale_keys(place: &Place, connection: &Connection, cut: i64) -> rusqlite::Result<Vec<String>> {
    let environment = &*place.environment;
    let mut next = connection
        .prepare("SELECT min(key) FROM flag_history_keys WHERE environment = ?1 AND key > ?2")?;
    let mut oldest = connection.prepare(
        "SELECT min(revision) FROM flag_history_keys WHERE environment = ?1 AND key = ?2",
    )?;
    let mut stale = Vec::new();
    // No key is empty.
    let mut last = String::new();
    while let Some(key) = next.query_row(params![environment, last], |row| {
        row.get::<_, Option<String>>(0)
    })? {
        let oldest: i64 = oldest.query_row(params![environment, key], |row| row.get(0))?;
        if oldest < cut {
            stale.push(key.clone());
        }
        last = key;
    }
    Ok(stale)
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
    transaction.commit().map_err(place.failed(COMPACT))?;
    crash::point("base kept");
    Ok(())
}

/// Removing rows in transactions that are short enough for others to come in between.
struct Batches<'a> {
    place: &'a Place,
    database: &'a Database,
    connection: &'a Connection,
}

impl Batches<'_> {
    fn remove_records(&self, cut: i64) -> Result<(), PortError> {
        let environment = &*self.place.environment;
        self.repeat(
            "DELETE FROM flag_history WHERE environment = ?1 AND revision IN (
                 SELECT revision FROM flag_history WHERE environment = ?1 AND revision < ?2
                 ORDER BY revision LIMIT ?3)",
            params![environment, cut, BATCH],
        )?;
        crash::point("rows gone");
        Ok(())
    }

    fn remove_from_index(&self, keys: &[String], cut: i64) -> Result<(), PortError> {
        let environment = &*self.place.environment;
        keys.iter().try_for_each(|key| {
            self.repeat(
                "DELETE FROM flag_history_keys
                 WHERE environment = ?1 AND key = ?4 AND revision IN (
                     SELECT revision FROM flag_history_keys
                     WHERE environment = ?1 AND key = ?4 AND revision < ?2
                     ORDER BY revision LIMIT ?3)",
                params![environment, cut, BATCH, key],
            )
        })
    }

    /// Repeats a statement, each time in a transaction of its own, until it removes nothing.
    fn repeat(&self, statement: &str, parameters: &[&dyn ToSql]) -> Result<(), PortError> {
        let failed = || self.place.failed(COMPACT);
        loop {
            let transaction = self.database.begin(COMPACT, self.connection)?;
            let removed = transaction
                .execute(statement, parameters)
                .map_err(failed())?;
            transaction.commit().map_err(failed())?;
            crash::point("rows removed");
            if removed == 0 {
                return Ok(());
            }
        }
    }
}
