//! Retention: removing the oldest records from the fronts of runs.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use cutover_ports::PortError;
use cutover_ports::comparison::{Pruned, Retention};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::instant::nanoseconds;
use crate::crash;
use crate::database::{Database, Desk};
use crate::error::{self, Operation};
use crate::space::give_space_back;

pub(super) const PRUNE: Operation = "remove old comparison records";

/// So many records are removed in one transaction, so that writers do not wait for all of it.
const BATCH: i64 = if cfg!(test) { 2 } else { 1000 };

/// So many records of a run are looked at in one go.
const AHEAD: i64 = 1000;

/// Removes what is not within `retention`. What to remove is found out at one moment; others only
/// add meanwhile, or remove the same.
pub(super) fn prune(
    desk: &mut Desk,
    environment: &str,
    retention: &Retention,
    now: Timestamp,
) -> Result<Pruned, PortError> {
    let cutoff = retention.cutoff(now).map(nanoseconds);
    let path = desk.database.path.clone();
    let cuts = desk.read(PRUNE, |connection| {
        cuts(connection, environment, retention, cutoff).map_err(error::sqlite(PRUNE, &path))
    })?;
    let Some(cuts) = cuts else {
        return Ok(Pruned::default());
    };
    desk.write(PRUNE, |database, connection| {
        let removing = Removing {
            database,
            connection,
        };
        let mut pruned = Pruned::default();
        for cut in cuts {
            removing.records(&cut, &mut pruned)?;
        }
        crash::point("removed all");
        if let Some(cutoff) = cutoff {
            pruned.runs = removing.empty_runs(environment, cutoff)?;
            crash::point("run gone");
        }
        if pruned.records > 0 {
            removing.unused_paths()?;
            give_space_back(connection);
        }
        Ok(pruned)
    })
}

/// What would be removed.
pub(super) fn would_prune(
    desk: &mut Desk,
    environment: &str,
    retention: &Retention,
    now: Timestamp,
) -> Result<Pruned, PortError> {
    let cutoff = retention.cutoff(now).map(nanoseconds);
    let path = desk.database.path.clone();
    let pruned = desk.read(PRUNE, |connection| {
        tried(connection, environment, retention, cutoff).map_err(error::sqlite(PRUNE, &path))
    })?;
    Ok(pruned.unwrap_or_default())
}

fn tried(
    connection: &Connection,
    environment: &str,
    retention: &Retention,
    cutoff: Option<i64>,
) -> rusqlite::Result<Pruned> {
    let cuts = cuts(connection, environment, retention, cutoff)?;
    let mut pruned = Pruned::default();
    for cut in &cuts {
        pruned.records += cut.records;
        pruned.bytes += cut.bytes;
    }
    if let Some(cutoff) = cutoff {
        let mut statement = connection.prepare(
            "SELECT number, records FROM comparison_runs
             WHERE environment = ?1 AND is_running = 0 AND updated < ?2",
        )?;
        let mut rows = statement.query(params![environment, cutoff])?;
        while let Some(row) = rows.next()? {
            let (run, there): (i64, u64) = (row.get(0)?, count(row, 1)?);
            let cut = cuts.iter().find(|cut| cut.run == run);
            pruned.runs += u64::from(cut.map_or(0, |cut| cut.records) == there);
        }
    }
    Ok(pruned)
}

/// Up to which record a run is to be cut, and what that removes.
struct Cut {
    run: i64,
    last: i64,
    records: u64,
    bytes: u64,
}

/// The front of a run: the records that would go next.
struct Front {
    run: i64,
    ahead: VecDeque<Next>,
    last: Option<i64>,
    records: u64,
    bytes: u64,
}

struct Next {
    number: i64,
    time: i64,
    bytes: u64,
}

fn cuts(
    connection: &Connection,
    environment: &str,
    retention: &Retention,
    cutoff: Option<i64>,
) -> rusqlite::Result<Vec<Cut>> {
    // All of one moment: a record that somebody else removes meanwhile must not count.
    let transaction = connection.unchecked_transaction()?;
    let (mut records, mut bytes) = (0_u64, 0_u64);
    let mut fronts = Vec::new();
    let mut statement = transaction.prepare(
        "SELECT number, records, bytes FROM comparison_runs
         WHERE environment = ?1 AND records > 0",
    )?;
    let mut rows = statement.query([environment])?;
    while let Some(row) = rows.next()? {
        records += count(row, 1)?;
        bytes += count(row, 2)?;
        fronts.push(Front {
            run: row.get(0)?,
            ahead: VecDeque::new(),
            last: None,
            records: 0,
            bytes: 0,
        });
    }
    for front in &mut fronts {
        while let Some(cutoff) = cutoff
            && front
                .next(&transaction)?
                .is_some_and(|next| next.time < cutoff)
        {
            let removed = front.remove();
            records = records.saturating_sub(1);
            bytes = bytes.saturating_sub(removed);
        }
    }
    let max = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    let mut surplus = records.saturating_sub(max(retention.max_records));
    let mut surplus_bytes = bytes.saturating_sub(max(retention.max_bytes));
    let mut oldest = BinaryHeap::new();
    if surplus > 0 || surplus_bytes > 0 {
        for (index, front) in fronts.iter_mut().enumerate() {
            oldest.extend(
                front
                    .next(&transaction)?
                    .map(|next| Reverse((next.time, index))),
            );
        }
    }
    while surplus > 0 || surplus_bytes > 0 {
        let Some(Reverse((_, index))) = oldest.pop() else {
            break;
        };
        let front = &mut fronts[index];
        surplus = surplus.saturating_sub(1);
        surplus_bytes = surplus_bytes.saturating_sub(front.remove());
        oldest.extend(
            front
                .next(&transaction)?
                .map(|next| Reverse((next.time, index))),
        );
    }
    let cuts = fronts.into_iter().filter_map(|front| {
        Some(Cut {
            run: front.run,
            last: front.last?,
            records: front.records,
            bytes: front.bytes,
        })
    });
    Ok(cuts.collect())
}

impl Front {
    fn next(&mut self, connection: &Connection) -> rusqlite::Result<Option<&Next>> {
        if self.ahead.is_empty() {
            let mut statement = connection.prepare_cached(
                "SELECT number, time, bytes FROM comparison_records
                     INDEXED BY comparison_records_in_order
                 WHERE run = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
            )?;
            let after = self.last.unwrap_or(-1);
            let found = statement.query_map(params![self.run, after, AHEAD], |row| {
                Ok(Next {
                    number: row.get(0)?,
                    time: row.get(1)?,
                    bytes: count(row, 2)?,
                })
            })?;
            self.ahead = found.collect::<Result<_, _>>()?;
        }
        Ok(self.ahead.front())
    }

    /// Marks the next record to go, and answers its length.
    fn remove(&mut self) -> u64 {
        let Some(next) = self.ahead.pop_front() else {
            return 0;
        };
        self.last = Some(next.number);
        self.records += 1;
        self.bytes += next.bytes;
        next.bytes
    }
}

/// Removing rows in transactions that are short enough for others to come in between.
struct Removing<'a> {
    database: &'a Database,
    connection: &'a Connection,
}

impl Removing<'_> {
    fn records(&self, cut: &Cut, pruned: &mut Pruned) -> Result<(), PortError> {
        loop {
            let failed = || error::sqlite(PRUNE, &self.database.path);
            let transaction = self.database.begin(PRUNE, self.connection)?;
            let (records, bytes) = remove(&transaction, cut).map_err(failed())?;
            crash::point("removing");
            transaction.commit().map_err(failed())?;
            crash::point("removed some");
            if records == 0 {
                return Ok(());
            }
            pruned.records += records;
            pruned.bytes += bytes;
        }
    }

    /// Runs that ended before a time and have no records.
    fn empty_runs(&self, environment: &str, cutoff: i64) -> Result<u64, PortError> {
        let failed = || error::sqlite(PRUNE, &self.database.path);
        let transaction = self.database.begin(PRUNE, self.connection)?;
        let gone = transaction
            .execute(
                "DELETE FROM comparison_runs
                 WHERE environment = ?1 AND is_running = 0 AND updated < ?2 AND NOT EXISTS (
                     SELECT 1 FROM comparison_records AS record
                     WHERE record.run = comparison_runs.number)",
                params![environment, cutoff],
            )
            .map_err(failed())?;
        transaction.commit().map_err(failed())?;
        Ok(gone as u64)
    }

    /// Paths that no difference has any more.
    fn unused_paths(&self) -> Result<(), PortError> {
        let failed = || error::sqlite(PRUNE, &self.database.path);
        let transaction = self.database.begin(PRUNE, self.connection)?;
        transaction
            .execute(
                "DELETE FROM comparison_paths WHERE NOT EXISTS (
                     SELECT 1 FROM comparison_differences AS difference
                     WHERE difference.path = comparison_paths.number)",
                [],
            )
            .map_err(failed())?;
        transaction.commit().map_err(failed())
    }
}

/// Removes some records of a run; how many, and how many bytes they had.
fn remove(connection: &Connection, cut: &Cut) -> rusqlite::Result<(u64, u64)> {
    let mut statement = connection.prepare_cached(
        "SELECT number, bytes FROM comparison_records INDEXED BY comparison_records_in_order
         WHERE run = ?1 AND number <= ?2 ORDER BY number LIMIT ?3",
    )?;
    let mut rows = statement.query(params![cut.run, cut.last, BATCH])?;
    let (mut last, mut records, mut bytes) = (None, 0_u64, 0_u64);
    while let Some(row) = rows.next()? {
        last = Some(row.get::<_, i64>(0)?);
        records += 1;
        bytes += count(row, 1)?;
    }
    let Some(last) = last else { return Ok((0, 0)) };
    connection
        .prepare_cached(
            "DELETE FROM comparison_differences WHERE record IN (
                 SELECT number FROM comparison_records INDEXED BY comparison_records_in_order
                 WHERE run = ?1 AND number <= ?2)",
        )?
        .execute(params![cut.run, last])?;
    connection
        .prepare_cached(
            "DELETE FROM comparison_records WHERE number IN (
                 SELECT number FROM comparison_records INDEXED BY comparison_records_in_order
                 WHERE run = ?1 AND number <= ?2)",
        )?
        .execute(params![cut.run, last])?;
    connection
        .prepare_cached(
            "UPDATE comparison_runs SET records = records - ?2, bytes = bytes - ?3
             WHERE number = ?1",
        )?
        .execute(params![cut.run, records as i64, bytes as i64])?;
    Ok((records, bytes))
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    // No count is negative.
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}
