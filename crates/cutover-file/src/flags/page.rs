//! Pages of the history.

use cutover_domain::flags::{ChangeRecord, Revision};
use cutover_ports::PortError;
use cutover_ports::flags::{HistoryPage, HistoryQuery};

use super::error::{self, Operation};
use super::files::Files;
use super::history::History;
use super::state;

pub(super) const HISTORY: Operation = "read the flag history";

/// One page: the history file and what the document knows beyond it.
///
/// The document is read first: what it does not hold any more has reached the history file.
pub(super) fn page(files: &Files, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
    let head: Vec<_> = match state::read(HISTORY, files)? {
        Some(state) => state.head().cloned().collect(),
        None => return Ok(HistoryPage::default()),
    };
    let Some(history) = History::open(HISTORY, &files.history)? else {
        return Ok(HistoryPage::take(query, matching(query, head.into_iter())));
    };
    let failed = || error::io(HISTORY, &files.history);
    let newest = history
        .newest()
        .map_err(failed())?
        .map_or(Revision::ZERO, |record| record.revision);
    let head = head
        .into_iter()
        .filter(|record| record.revision > newest)
        .map(Ok);
    let mut trouble = None;
    let records = head
        .chain(history.records(query.before).map_err(failed())?)
        .map_while(|record| record.map_err(|cause| trouble = Some(cause)).ok());
    let page = HistoryPage::take(query, matching(query, records));
    match trouble {
        Some(cause) => Err(failed()(cause)),
        None => Ok(page),
    }
}

fn matching(
    query: &HistoryQuery,
    records: impl Iterator<Item = ChangeRecord>,
) -> impl Iterator<Item = ChangeRecord> {
    // Revisions fall from here on, so nothing that is asked for comes after the bound.
    records
        .take_while(|record| query.after.is_none_or(|after| record.revision > after))
        .filter(|record| query.matches(record))
}
