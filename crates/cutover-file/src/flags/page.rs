//! Pages of the history.

use std::cell::Cell;

use cutover_domain::flags::{ChangeRecord, Revision};
use cutover_ports::flags::{HistoryPage, HistoryQuery};
use cutover_ports::{PortError, PortErrorKind};

use super::base::{self, Good};
use super::error::{self, Operation};
use super::files::Files;
use super::history::History;
use super::state::{self, Text};

pub(super) const HISTORY: Operation = "read the flag history";

/// One page: the history file and what the document knows beyond it.
///
/// The document is read first: what it does not hold any more has reached the history file.
pub(super) fn page(files: &Files, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
    let document = state::read(HISTORY, files);
    let history = History::open(HISTORY, &files.history)?;
    let failed = || error::io(HISTORY, &files.history);
    let tail = match &history {
        Some(history) => history.newest().map_err(failed())?,
        None => None,
    };
    let newest = tail
        .as_ref()
        .map_or(Revision::ZERO, |record| record.revision);
    let head: Vec<_> = match document {
        Ok(Some(state)) => state.head().cloned().collect(),
        Ok(None) => return Ok(HistoryPage::default()),
        Err(trouble) if trouble.kind() == PortErrorKind::Corrupt => {
            newest_beyond(files, tail).into_iter().collect()
        }
        Err(trouble) => return Err(trouble),
    };
    let head = head.into_iter().filter(|record| record.revision > newest);
    let Some(history) = history else {
        return Ok(HistoryPage::take(query, matching(query, head)));
    };
    let (damaged, trouble) = (Cell::new(0), Cell::new(None));
    let entries = history.entries_below(query.before).map_err(failed())?;
    let entries = entries.map_while(|entry| entry.map_err(|cause| trouble.set(Some(cause))).ok());
    let records = head.chain(entries.filter_map(|entry| {
        match &entry.record {
            // Not yet below what is asked for.
            Ok(record) if query.before.is_some_and(|before| record.revision >= before) => {
                damaged.set(0);
            }
            // A writer may be in the middle of one that has no end yet.
            Err(_) if entry.terminated => damaged.set(damaged.get() + 1),
            _ => {}
        }
        entry.record.ok()
    }));
    // What was met behind the last record of the page belongs to the next page.
    let (mut taken, before_last) = (0, Cell::new(0));
    let records = matching(query, records).inspect(|_| {
        taken += 1;
        if taken <= query.limit {
            before_last.set(damaged.get());
        }
    });
    let page = HistoryPage::take(query, records);
    if let Some(cause) = trouble.take() {
        return Err(failed()(cause));
    }
    let damaged = match page.next {
        Some(_) => before_last.get(),
        None => damaged.get(),
    };
    Ok(HistoryPage { damaged, ..page })
}

/// The newest record that is known, where the document cannot be read.
fn newest_beyond(files: &Files, tail: Option<ChangeRecord>) -> Option<ChangeRecord> {
    let text = Text::read(HISTORY, &files.document).ok().flatten();
    let good = Good::read(HISTORY, &files.good, tail.as_ref());
    base::newest_known(text.as_ref(), good.as_ref(), tail)
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
