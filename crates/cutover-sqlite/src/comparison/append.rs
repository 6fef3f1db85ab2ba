//! Adding records to a run: one transaction for all of a batch.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use cutover_domain::comparison::report::generalize;
use cutover_domain::comparison::{ComparisonRecord, RunId};
use cutover_ports::comparison::{already_exists, no_such_run, too_long};
use cutover_ports::{PortError, PortErrorKind};
use rusqlite::{Connection, OptionalExtension, params};

use super::difference::{UNKNOWN_PATH, rank};
use super::instant::nanoseconds;
use super::run::number_of;
use crate::crash;
use crate::database::Desk;
use crate::error::{self, Operation};
use crate::sealed::Sealed;

pub(super) const APPEND: Operation = "append comparison records";

/// A path longer than this is not kept in the index by path; its record is looked at instead.
const LONGEST_PATH: usize = 1000;

/// Records of one run in the form in which they are stored.
#[derive(Debug)]
pub(super) struct Batch {
    run: RunId,
    records: Vec<StoredRecord>,
}

#[derive(Debug)]
struct StoredRecord {
    id: String,
    operation: std::sync::Arc<str>,
    result: &'static str,
    time: i64,
    sealed: Sealed,
    differences: BTreeSet<StoredDifference>,
}

/// What the index by path has of a difference.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct StoredDifference {
    path: String,
    kind: &'static str,
    severity: u8,
}

impl Batch {
    /// Writes the records out. Needs no database.
    pub(super) fn of(
        run: &RunId,
        records: &[ComparisonRecord],
        longest: usize,
    ) -> Result<Self, PortError> {
        let stored = records.iter().map(|record| {
            let place = || format!("run {run}, record {}", record.id);
            let sealed = |record: &ComparisonRecord| {
                Sealed::new(record).map_err(|source| {
                    PortError::new(PortErrorKind::InvalidInput, APPEND)
                        .at(place())
                        .because("a value cannot be written as JSON")
                        .caused_by(source)
                })
            };
            let mut record = Cow::Borrowed(record);
            let mut text = sealed(&record)?;
            if text.text.len() > longest {
                let fitted = record.fitted(longest);
                let fitted = fitted.ok_or_else(|| too_long(APPEND, longest).at(place()))?;
                text = sealed(&fitted)?;
                record = Cow::Owned(fitted);
            }
            Ok(StoredRecord {
                id: record.id.to_string(),
                operation: record.operation.clone(),
                result: record.result.name(),
                time: nanoseconds(record.time),
                sealed: text,
                differences: differences(&record),
            })
        });
        Ok(Self {
            run: run.clone(),
            records: stored.collect::<Result<_, PortError>>()?,
        })
    }

    fn bytes(&self) -> u64 {
        let lengths = self.records.iter().map(|record| record.sealed.text.len());
        lengths.sum::<usize>() as u64
    }
}

fn differences(record: &ComparisonRecord) -> BTreeSet<StoredDifference> {
    let mut found = BTreeSet::new();
    for difference in record.judgement.differences() {
        for path in [Some(&difference.path), difference.new_path.as_ref()]
            .into_iter()
            .flatten()
        {
            let path = generalize(path);
            found.insert(StoredDifference {
                path: if path.len() > LONGEST_PATH {
                    UNKNOWN_PATH.to_owned()
                } else {
                    path
                },
                kind: difference.kind.word(),
                severity: rank(difference.severity),
            });
        }
    }
    found
}

/// Saves a batch: all of it, or nothing and an error.
pub(super) fn append(desk: &mut Desk, environment: &str, batch: &Batch) -> Result<(), PortError> {
    if desk.read(APPEND, |_| Ok(()))?.is_none() {
        return Err(no_such_run(APPEND, &batch.run));
    }
    desk.write(APPEND, |database, connection| {
        let failed = || error::sqlite(APPEND, &database.path);
        let transaction = database.begin(APPEND, connection)?;
        crash::point("appending");
        let run = number_of(&transaction, environment, &batch.run)
            .map_err(failed())?
            .ok_or_else(|| no_such_run(APPEND, &batch.run))?;
        if let Some(id) = taken(&transaction, run, batch).map_err(failed())? {
            return Err(already_exists(
                APPEND,
                format_args!("run {}, record {id}", batch.run),
            ));
        }
        write(&transaction, run, batch).map_err(failed())?;
        transaction
            .commit()
            .map_err(error::unsettled(APPEND, &database.path))?;
        crash::point("appended");
        Ok(())
    })
}

/// An id of the batch that the run has already.
fn taken<'b>(
    connection: &Connection,
    run: i64,
    batch: &'b Batch,
) -> rusqlite::Result<Option<&'b str>> {
    let mut find =
        connection.prepare_cached("SELECT 1 FROM comparison_records WHERE run = ?1 AND id = ?2")?;
    for record in &batch.records {
        if find.exists(params![run, record.id])? {
            return Ok(Some(&record.id));
        }
    }
    Ok(None)
}

fn write(connection: &Connection, run: i64, batch: &Batch) -> rusqlite::Result<()> {
    let mut operations = Names::new(
        connection,
        "SELECT number FROM comparison_operations WHERE name = ?1",
        "INSERT INTO comparison_operations (name) VALUES (?1)",
    );
    let mut paths = Names::new(
        connection,
        "SELECT number FROM comparison_paths WHERE path = ?1",
        "INSERT INTO comparison_paths (path) VALUES (?1)",
    );
    let mut insert = connection.prepare_cached(
        "INSERT INTO comparison_records (run, id, operation, result, time, bytes, record, checksum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut differ = connection.prepare_cached(
        "INSERT INTO comparison_differences (record, path, kind, severity, run)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for record in &batch.records {
        insert.execute(params![
            run,
            record.id,
            operations.number(&record.operation)?,
            record.result,
            record.time,
            record.sealed.text.len() as i64,
            record.sealed.text,
            record.sealed.checksum
        ])?;
        let number = connection.last_insert_rowid();
        for StoredDifference {
            path,
            kind,
            severity,
        } in &record.differences
        {
            differ.execute(params![number, paths.number(path)?, kind, severity, run])?;
        }
    }
    crash::point("records written");
    connection
        .prepare_cached(
            "UPDATE comparison_runs SET records = records + ?2, bytes = bytes + ?3
             WHERE number = ?1",
        )?
        .execute(params![
            run,
            batch.records.len() as i64,
            batch.bytes() as i64
        ])?;
    crash::point("run written");
    Ok(())
}

/// Numbers that stand for names, so that each name is stored once.
struct Names<'c, 'n> {
    connection: &'c Connection,
    find: &'static str,
    add: &'static str,
    known: HashMap<&'n str, i64>,
}

impl<'c, 'n> Names<'c, 'n> {
    fn new(connection: &'c Connection, find: &'static str, add: &'static str) -> Self {
        Self {
            connection,
            find,
            add,
            known: HashMap::new(),
        }
    }

    fn number(&mut self, name: &'n str) -> rusqlite::Result<i64> {
        if let Some(number) = self.known.get(name) {
            return Ok(*number);
        }
        let mut find = self.connection.prepare_cached(self.find)?;
        let number = match find.query_row([name], |row| row.get(0)).optional()? {
            Some(number) => number,
            None => {
                self.connection.prepare_cached(self.add)?.execute([name])?;
                self.connection.last_insert_rowid()
            }
        };
        self.known.insert(name, number);
        Ok(number)
    }
}
