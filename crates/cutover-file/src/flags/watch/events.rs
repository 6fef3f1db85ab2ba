//! The stream of one watcher.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cutover_domain::flags::{ChangeRecord, Revision};
use cutover_ports::flags::{FlagEvent, HistoryQuery};
use cutover_ports::{PortError, PortErrorKind};
use futures_core::Stream;

use super::WATCH;
use super::hub::{Hub, Seen};
use crate::flags::files::Files;
use crate::flags::worker::{Answer, Worker};
use crate::flags::{page, state};

/// How many records a watcher that is behind reads at once.
const BATCH: u64 = 256;

pub(super) struct Events {
    hub: Arc<Hub>,
    files: Arc<Files>,
    reader: Arc<Worker>,
    id: u64,
    position: Position,
    /// The version of the hub's sight that has been answered.
    answered: u64,
    /// There is more to read, whatever the hub saw.
    behind: bool,
    /// The hub's look after which reading failed; the next look is a reason to try again.
    failed_at: Option<u64>,
    /// The trouble that was told, until it is over.
    trouble: Option<String>,
    ready: VecDeque<FlagEvent>,
    reading: Option<Answer<Batch>>,
}

/// How far a watcher has come.
#[derive(Clone, Debug)]
struct Position {
    seen: Revision,
    /// What was seen there; unknown where the watch began with a number alone.
    record: Option<Arc<ChangeRecord>>,
    /// The digest of the flags there, where it is known.
    digest: Option<String>,
    /// What was seen is an edit by hand that nobody had written down: another one may have got its
    /// number since.
    is_edit: bool,
    /// How often the store was out of sight until then: what is there now may be another one.
    breaks: u64,
}

impl Position {
    /// Whether flags with the number of what was seen are not those that were seen.
    fn has_other_flags(&self, digest: &str) -> bool {
        self.digest.as_ref().is_some_and(|seen| seen != digest)
    }

    /// Whether a record that was made from other flags than were seen does not tell all that
    /// differs from them.
    fn is_no_base_of(&self, made_from: Option<&String>) -> bool {
        made_from.is_some_and(|made_from| self.has_other_flags(made_from))
    }

    /// Whether a record with the number of what was seen is not what was seen.
    fn is_changed_by(&self, record: &ChangeRecord) -> bool {
        self.record.as_ref().is_some_and(|seen| match self.is_edit {
            // Touching the file makes the same edit younger.
            true => seen.changes != record.changes,
            false => **seen != *record,
        })
    }
}

/// The next part of the history.
struct Batch {
    events: Vec<FlagEvent>,
    position: Position,
    more: bool,
}

impl Events {
    pub(super) fn new(
        hub: Arc<Hub>,
        files: Arc<Files>,
        reader: Arc<Worker>,
        since: Revision,
        edit: Option<ChangeRecord>,
    ) -> Self {
        let (id, breaks) = hub.sight().register();
        Self {
            hub,
            files,
            reader,
            id,
            position: Position {
                seen: since,
                is_edit: edit.is_some(),
                record: edit.map(Arc::new),
                digest: None,
                breaks,
            },
            answered: 0,
            behind: false,
            failed_at: None,
            trouble: None,
            ready: VecDeque::new(),
            reading: None,
        }
    }

    /// The same, where it is known what the flags are from which it begins.
    pub(super) fn knowing(mut self, digest: Option<String>) -> Self {
        self.position.digest = digest;
        self
    }

    /// Takes what the hub saw, or leaves the waker there. True when there is something to do.
    fn take_sight(&mut self, context: &Context<'_>) -> bool {
        let mut sight = self.hub.sight();
        let try_again = self.failed_at.is_some_and(|look| sight.looks > look);
        let Some(seen) = sight
            .seen
            .clone()
            .filter(|_| sight.version != self.answered || self.behind || try_again)
        else {
            sight.wait(self.id, context.waker(), self.failed_at.is_some());
            return false;
        };
        self.answered = sight.version;
        self.failed_at = None;
        self.behind = false;
        let breaks = sight.breaks;
        drop(sight);
        match seen {
            Seen::Trouble(error) => self.tell_trouble(error),
            Seen::Nothing if self.position.seen > Revision::ZERO => {
                self.tell_trouble(gone(&self.files));
            }
            Seen::Nothing => {}
            Seen::Revision {
                newest,
                is_edit,
                digest,
                made_from,
            } => {
                let position = Position {
                    seen: newest.revision,
                    record: Some(newest),
                    digest: Some(digest),
                    is_edit,
                    breaks,
                };
                self.follow(position, made_from.as_ref());
            }
        }
        true
    }

    /// Goes to what the hub saw. `made_from` is what its record was made from, where that is in doubt.
    fn follow(&mut self, found: Position, made_from: Option<&String>) {
        let (seen, breaks) = (&self.position, found.breaks);
        let (Some(newest), Some(digest)) = (found.record.clone(), &found.digest) else {
            return;
        };
        if newest.revision == seen.seen.next() && seen.is_no_base_of(made_from) {
            self.position = found;
            self.trouble = None;
            self.ready.push_back(FlagEvent::Resync);
            return;
        }
        let is_next = newest.revision == seen.seen.next() && !seen.is_edit && seen.breaks == breaks;
        let is_same = newest.revision == seen.seen
            && !seen.is_changed_by(&newest)
            && !seen.has_other_flags(digest);
        if !is_next && !is_same {
            // Also what was read here may be newer than what the hub has seen.
            let (files, position) = (Arc::clone(&self.files), self.position.clone());
            let reading = move || read(&files, position, breaks);
            self.reading = Some(self.reader.start(WATCH, reading));
            return;
        }
        self.position = found;
        let is_over = self.trouble.take().is_some();
        if is_next {
            self.ready.push_back(FlagEvent::Changed(newest));
        } else if is_over {
            self.ready.push_back(FlagEvent::Resync);
        }
    }

    fn tell_trouble(&mut self, error: PortError) {
        let text = error.to_string();
        if self.trouble.as_ref() != Some(&text) {
            self.trouble = Some(text);
            self.ready.push_back(FlagEvent::Trouble(error));
        }
    }

    fn take_batch(&mut self, batch: Result<Batch, PortError>) {
        match batch {
            Ok(batch) => {
                let is_over = self.trouble.take().is_some();
                self.position = batch.position;
                self.behind = batch.more;
                self.ready.extend(batch.events);
                if is_over && self.ready.is_empty() {
                    self.ready.push_back(FlagEvent::Resync);
                }
            }
            Err(error) => {
                self.failed_at = Some(self.hub.sight().looks);
                self.tell_trouble(error);
            }
        }
    }
}

impl Stream for Events {
    type Item = FlagEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<FlagEvent>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.ready.pop_front() {
                return Poll::Ready(Some(event));
            }
            if let Some(reading) = &mut this.reading {
                let Poll::Ready(batch) = Pin::new(reading).poll(context) else {
                    return Poll::Pending;
                };
                this.reading = None;
                this.take_batch(batch);
            } else if !this.take_sight(context) {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.hub.sight().forget(self.id);
    }
}

fn gone(files: &Files) -> PortError {
    PortError::new(PortErrorKind::Unavailable, WATCH)
        .at(files.document.display())
        .because("the flags are gone, and their history with them")
        .advice("restore the directory from a backup")
}

/// The records after a position, oldest first; or `Resync` when they are not all there, do not tell
/// all, or when what was seen is not what the history has in its place.
fn read(files: &Files, position: Position, breaks: u64) -> Result<Batch, PortError> {
    let seen = position.seen;
    let state = state::read(WATCH, files)?.ok_or_else(|| gone(files))?;
    let at = |record: &ChangeRecord| Position {
        seen: record.revision,
        record: Some(Arc::new(record.clone())),
        digest: (record.revision == state.newest.revision).then(|| state.digest.clone()),
        is_edit: state.is_edited() && state.newest.revision == record.revision,
        breaks,
    };
    let newest = state.newest.revision;
    let resync = || {
        Ok(Batch {
            position: at(&state.newest),
            more: false,
            events: vec![FlagEvent::Resync],
        })
    };
    let is_same = newest == seen && !position.has_other_flags(&state.digest);
    // A record that nothing stands for tells at most of the step to it.
    let is_beyond = state.made_from.is_some() && newest != seen && newest != seen.next();
    let is_no_step = newest == seen.next() && position.is_no_base_of(state.made_from.as_ref());
    if (newest == seen && !is_same) || is_beyond || is_no_step {
        return resync();
    }
    if is_same && !position.is_changed_by(&state.newest) {
        return Ok(Batch {
            events: Vec::new(),
            position: at(&state.newest),
            more: false,
        });
    }
    // Only what may have been replaced is looked at again.
    let is_doubted = position.record.is_some() && (position.is_edit || position.breaks != breaks);
    let known = match is_doubted {
        true => Revision::new(seen.number().saturating_sub(1)),
        false => seen,
    };
    let until = newest.min(Revision::new(seen.number().saturating_add(BATCH)));
    let query = HistoryQuery {
        key: None,
        after: Some(known),
        before: Some(until.next()),
        limit: usize::MAX,
    };
    let mut records = page::page(files, &query)?.records;
    records.reverse();
    let mut expected = known.next();
    let is_whole = records.iter().all(|record| {
        let is_next = record.revision == expected;
        expected = expected.next();
        is_next
            && !record.is_incomplete()
            && !(record.revision == seen && position.is_changed_by(record))
    });
    match records.last() {
        Some(last) if is_whole && last.revision == until && until > seen => Ok(Batch {
            position: at(last),
            more: until < newest,
            events: records
                .into_iter()
                .filter(|record| record.revision > seen)
                .map(|record| FlagEvent::Changed(Arc::new(record)))
                .collect(),
        }),
        _ => resync(),
    }
}
