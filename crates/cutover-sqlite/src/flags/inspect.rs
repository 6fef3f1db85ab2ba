use std::collections::BTreeSet;

use cutover_domain::flags::{ChangeRecord, Revision};
use cutover_ports::PortError;
use rusqlite::{Connection, ErrorCode, params};

use super::page::Entry;
use super::repair;
use super::sealed::Broken;
use super::state::{self, Place};
use crate::database::Desk;
use crate::error::Operation;
use crate::migrations;

pub(super) const INSPECT: Operation = "inspect the flag store";

/// So many problems of a kind are named; more are only counted.
const NAMED: usize = 100;

/// What an inspection found beside the flags themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The version of the tables: the major version times 1000, and the steps since.
    pub schema: i32,
    /// The version that this program makes, if the tables were new.
    pub known_schema: i32,
    /// Whether somebody was writing at that moment. A lock that stays is a process that hangs.
    pub is_locked: bool,
    /// What SQLite's own check found wrong with the file: the first hundred problems.
    pub problems: Vec<String>,
    /// All environments that the database has flags of.
    pub environments: Vec<String>,
    /// How many whole records the history of this environment has.
    pub records: u64,
    /// The revision of the first.
    pub oldest: Option<Revision>,
    /// The revision of the last.
    pub newest: Option<Revision>,
    /// How many records are damaged or were edited by hand.
    pub damaged_records: u64,
    /// The first hundred of them.
    pub damaged: Vec<DamagedRecord>,
    /// Where records are missing: the first hundred places.
    pub gaps: Vec<Gap>,
    /// How many entries the index by flag lacks; reading the history of a flag misses them.
    pub not_indexed: u64,
    /// The revision that [`repair`](super::SqliteFlagStore::repair) would bring back, if it can.
    pub repairable: Option<Revision>,
}

/// A record that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedRecord {
    /// The revision that its row names.
    pub revision: Revision,
    /// What is wrong with it.
    pub why: String,
}

/// Records that are missing between two others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last revision before the gap.
    pub after: Revision,
    /// The first revision behind it.
    pub before: Revision,
}

pub(super) fn inspect(desk: &mut Desk, place: &Place) -> Result<Option<Inspection>, PortError> {
    desk.read(INSPECT, |connection| {
        let failed = || place.failed(INSPECT);
        let is_locked = place.database.is_locked(connection).map_err(failed())?;
        // One state for all reads.
        let snapshot = connection.unchecked_transaction().map_err(failed())?;
        let mut found = Inspection {
            schema: migrations::version(&snapshot).map_err(failed())?,
            known_schema: migrations::current_version(),
            is_locked,
            problems: problems(&snapshot).map_err(failed())?,
            ..Inspection::default()
        };
        match found.read_tables(place, &snapshot) {
            // Of a file that is damaged it tells what it can.
            Err(_) if !found.problems.is_empty() => Ok(found),
            read => read.map(|()| found),
        }
    })
}

/// What SQLite's check of every page finds.
fn problems(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({NAMED})"))?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    lines
        .map(|line| match line {
            // It meets what it looks for before it can look.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                Ok(error.to_string())
            }
            line => line,
        })
        .filter(|line| line.as_ref().map_or(true, |line| line != "ok"))
        .collect()
}

fn environments(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        connection.prepare("SELECT environment FROM flag_documents ORDER BY environment")?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}

impl Inspection {
    fn read_tables(&mut self, place: &Place, connection: &Connection) -> Result<(), PortError> {
        let failed = || place.failed(INSPECT);
        self.environments = environments(connection).map_err(failed())?;
        self.read_history(place, connection).map_err(failed())?;
        // What is wrong with the flags themselves is told to those who load them.
        let stored = state::row(INSPECT, place, connection, "flag_documents").ok();
        if let Some(newest) = stored.flatten().filter(|stored| stored.sealed.is_whole()) {
            // Where the history ends before the flags.
            self.step(newest.revision.next());
        }
        let last_good = repair::last_good(INSPECT, place, connection).ok();
        self.repairable = last_good.map(|(document, _)| document.revision);
        Ok(())
    }

    fn read_history(&mut self, place: &Place, connection: &Connection) -> rusqlite::Result<()> {
        let environment = &*place.environment;
        let mut statement = connection.prepare(
            "SELECT revision, record, checksum FROM flag_history
             WHERE environment = ?1 ORDER BY revision",
        )?;
        let mut indexed = connection.prepare(
            "SELECT 1 FROM flag_history_keys WHERE environment = ?1 AND key = ?2 AND revision = ?3",
        )?;
        let mut rows = statement.query([environment])?;
        while let Some(row) = rows.next()? {
            let entry = Entry::from_row(row)?;
            let record = entry.sealed.record(entry.revision);
            if let Ok(record) = &record {
                let revision = state::number(entry.revision);
                for key in keys(record) {
                    if !indexed.exists(params![environment, key, revision])? {
                        self.not_indexed += 1;
                    }
                }
            }
            self.add(entry.revision, record);
        }
        Ok(())
    }

    fn add(&mut self, revision: Revision, record: Result<ChangeRecord, Broken>) {
        self.step(revision);
        self.oldest.get_or_insert(revision);
        self.newest = Some(revision);
        match record {
            Ok(_) => self.records += 1,
            Err(why) => {
                self.damaged_records += 1;
                if self.damaged.len() < NAMED {
                    let why = why.to_string();
                    self.damaged.push(DamagedRecord { revision, why });
                }
            }
        }
    }

    /// Notes a gap where a revision does not follow the last one.
    fn step(&mut self, before: Revision) {
        if let Some(after) = self.newest
            && before > after.next()
            && self.gaps.len() < NAMED
        {
            self.gaps.push(Gap { after, before });
        }
    }
}

fn keys(record: &ChangeRecord) -> BTreeSet<&str> {
    let keys = record.changes.iter().map(|change| change.key.as_str());
    keys.collect()
}
