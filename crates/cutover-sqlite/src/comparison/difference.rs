//! Finding records by what differs in them.

use std::collections::{BTreeSet, HashSet};

use cutover_domain::comparison::{DifferenceFilter, Severity};
use rusqlite::{Connection, ToSql, params};

use super::page::{Head, Selected};

/// The path of what has one that is too long for the index: it may be any.
pub(super) const UNKNOWN_PATH: &str = "";

/// Of more paths than this that match, each record is looked at instead.
const MOST_PATHS: usize = if cfg!(test) { 4 } else { 256 };

/// Severities as numbers, the worst the highest.
pub(super) const fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 0,
        Severity::Warning => 1,
        Severity::Error => 2,
        Severity::Critical => 3,
    }
}

/// Which records may be asked for by what differs in them. Records tell in the end: the index
/// knows no numbers of elements.
#[derive(Debug)]
pub(super) struct Differing {
    /// The paths that may match; `None` where the path does not matter.
    paths: Option<HashSet<i64>>,
    kind: Option<&'static str>,
    severity: u8,
}

impl Differing {
    /// Reads every path that there is: so many as there are kinds of places, not of differences.
    pub(super) fn of(connection: &Connection, filter: &DifferenceFilter) -> rusqlite::Result<Self> {
        let paths = match &filter.path {
            None => None,
            Some(wanted) => {
                let mut statement =
                    connection.prepare_cached("SELECT number, path FROM comparison_paths")?;
                let mut rows = statement.query([])?;
                let mut found = HashSet::new();
                while let Some(row) = rows.next()? {
                    let path = row.get_ref(1)?.as_str()?;
                    if path == UNKNOWN_PATH || wanted.matches(path) {
                        found.insert(row.get(0)?);
                    }
                }
                Some(found)
            }
        };
        Ok(Self {
            paths,
            kind: filter.kind.map(|kind| kind.word()),
            severity: filter.severity.map_or(0, rank),
        })
    }

    /// The numbers of the newest records of a run, at most so many, the newest first.
    pub(super) fn newest(
        &self,
        connection: &Connection,
        head: &Head,
        selected: &Selected,
    ) -> rusqlite::Result<Vec<i64>> {
        match &self.paths {
            Some(paths) if paths.len() <= MOST_PATHS => {
                self.by_path(connection, head, selected, paths)
            }
            paths => self.by_record(connection, head, selected, paths.as_ref()),
        }
    }

    /// Of each path the newest, and of those the newest.
    fn by_path(
        &self,
        connection: &Connection,
        head: &Head,
        selected: &Selected,
        paths: &HashSet<i64>,
    ) -> rusqlite::Result<Vec<i64>> {
        let (conditions, values) = head.conditions("record.");
        let mut statement = connection.prepare_cached(&statement_by_path(&conditions))?;
        let mut newest = BTreeSet::new();
        for path in paths {
            let parameters: Vec<(&str, &dyn ToSql)> = [
                (":path", path as &dyn ToSql),
                (":run", &selected.run),
                (":before", &selected.before),
                (":kind", &self.kind),
                (":severity", &self.severity),
                (":limit", &selected.limit),
            ]
            .into_iter()
            .chain(values.iter().map(|(name, value)| (*name, &**value)))
            .collect();
            let numbers = statement.query_map(&*parameters, |row| row.get(0))?;
            for number in numbers {
                newest.insert(number?);
            }
        }
        let limit = usize::try_from(selected.limit).unwrap_or(usize::MAX);
        Ok(newest.into_iter().rev().take(limit).collect())
    }

    /// From the newest record on, those that have such a difference.
    fn by_record(
        &self,
        connection: &Connection,
        head: &Head,
        selected: &Selected,
        paths: Option<&HashSet<i64>>,
    ) -> rusqlite::Result<Vec<i64>> {
        let (conditions, values) = head.conditions("");
        let mut statement = connection.prepare_cached(&statement_by_record(&conditions))?;
        let parameters: Vec<(&str, &dyn ToSql)> = [
            (":run", &selected.run as &dyn ToSql),
            (":before", &selected.before),
        ]
        .into_iter()
        .chain(values.iter().map(|(name, value)| (*name, &**value)))
        .collect();
        let mut differences = connection.prepare_cached(
            "SELECT path FROM comparison_differences
             WHERE record = ?1 AND (?2 IS NULL OR kind = ?2) AND severity >= ?3",
        )?;
        let mut newest = Vec::new();
        let mut rows = statement.query(&*parameters)?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            let mut kept = differences.query(params![number, self.kind, self.severity])?;
            while let Some(row) = kept.next()? {
                if paths.is_none_or(|paths| row.get(0).is_ok_and(|path| paths.contains(&path))) {
                    newest.push(number);
                    break;
                }
            }
            if newest.len() as i64 == selected.limit {
                break;
            }
        }
        Ok(newest)
    }
}

pub(super) fn statement_by_path(conditions: &str) -> String {
    format!(
        "SELECT DISTINCT difference.record
             FROM comparison_differences AS difference
                 INDEXED BY comparison_differences_by_path
             CROSS JOIN comparison_records AS record ON record.number = difference.record
             WHERE difference.path = :path AND difference.run = :run
                 AND difference.record < :before
                 AND (:kind IS NULL OR difference.kind = :kind)
                 AND difference.severity >= :severity {conditions}
             ORDER BY difference.record DESC LIMIT :limit"
    )
}

pub(super) fn statement_by_record(conditions: &str) -> String {
    format!(
        "SELECT number FROM comparison_records INDEXED BY comparison_records_by_result
             WHERE run = :run AND result = 'different' AND number < :before {conditions}
             ORDER BY number DESC"
    )
}
