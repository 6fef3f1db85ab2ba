//! Pages of the history.

use cutover_domain::flags::{ChangeRecord, Revision};
use cutover_ports::PortError;
use cutover_ports::flags::{HistoryPage, HistoryQuery};
use rusqlite::{Connection, Row, params};

use super::sealed::Sealed;
use super::state::{self, Place};
use crate::error::{self, Operation};

pub(super) const HISTORY: Operation = "read the flag history";

/// One record as it is stored.
pub(super) struct Entry {
    pub(super) revision: Revision,
    pub(super) sealed: Sealed,
}

impl Entry {
    /// From the columns `revision, record, checksum`.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            revision: state::revision(row.get(0)?),
            sealed: Sealed {
                text: row.get(1)?,
                checksum: row.get(2)?,
            },
        })
    }

    /// The record. One that is not as it was written is an error.
    pub(super) fn record(
        &self,
        operation: Operation,
        place: &Place,
    ) -> Result<ChangeRecord, PortError> {
        self.sealed.record(self.revision).map_err(|why| {
            let record = format_args!("{place}, record of revision {}", self.revision);
            error::corrupt(operation, record, why).advice(
                "restore the database from a backup; or, to go on without this record, remove its \
                 row from the table flag_history. The flags themselves are not affected",
            )
        })
    }
}

/// One page: newest first, read by an index whatever is asked for. Records that are not as they
/// were written are left out and counted.
pub(super) fn page(
    place: &Place,
    connection: &Connection,
    query: &HistoryQuery,
) -> Result<HistoryPage, PortError> {
    if query.limit == 0 {
        return Ok(HistoryPage::default());
    }
    let after = query.after.map_or(-1, state::number);
    let before = query.before.map_or(i64::MAX, state::number);
    // One more than asked for tells whether there is a next page.
    let limit = i64::try_from(query.limit).map_or(i64::MAX, |limit| limit.saturating_add(1));
    let environment = &*place.environment;
    let entries = match &query.key {
        None => entries(
            connection,
            "SELECT revision, record, checksum FROM flag_history
             WHERE environment = ?1 AND revision > ?2 AND revision < ?3
             ORDER BY revision DESC LIMIT ?4",
            params![environment, after, before, limit],
        ),
        Some(key) => entries(
            connection,
            "SELECT history.revision, history.record, history.checksum
             FROM flag_history_keys AS keys
             JOIN flag_history AS history USING (environment, revision)
             WHERE keys.environment = ?1 AND keys.revision > ?2 AND keys.revision < ?3
                 AND keys.key = ?5
             ORDER BY keys.revision DESC LIMIT ?4",
            params![environment, after, before, limit, key.as_str()],
        ),
    }
    .map_err(place.failed(HISTORY))?;
    let asked_for = &entries[..query.limit.min(entries.len())];
    let whole = |entry: &Entry| entry.sealed.record(entry.revision).ok();
    let records: Vec<_> = asked_for.iter().filter_map(whole).collect();
    let is_last = asked_for.len() == entries.len();
    let next = asked_for.last().filter(|_| !is_last);
    Ok(HistoryPage {
        next: next.map(|entry| entry.revision),
        damaged: (asked_for.len() - records.len()) as u64,
        records,
    })
}

fn entries(
    connection: &Connection,
    query: &str,
    parameters: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = connection.prepare(query)?;
    let entries = statement.query_map(parameters, Entry::from_row)?;
    entries.collect()
}
