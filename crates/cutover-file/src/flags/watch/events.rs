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
    /// What was seen there, if it was an edit by hand, whose number may get another content.
    edit: Option<Arc<ChangeRecord>>,
}

impl Position {
    fn is_changed_by(&self, record: &ChangeRecord) -> bool {
        self.edit
            .as_ref()
            .is_some_and(|edit| edit.changes != record.changes)
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
        let id = hub.sight().register();
        Self {
            hub,
            files,
            reader,
            id,
            position: Position {
                seen: since,
                edit: edit.map(Arc::new),
            },
            answered: 0,
            behind: false,
            failed_at: None,
            trouble: None,
            ready: VecDeque::new(),
            reading: None,
        }
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
        drop(sight);
        match seen {
            Seen::Trouble(error) => self.tell_trouble(error),
            Seen::Nothing if self.position.seen > Revision::ZERO => {
                let path = self.files.document.display();
                let gone = PortError::new(PortErrorKind::Unavailable, WATCH)
                    .at(path)
                    .because("the flags are gone, and their history with them")
                    .advice("restore the directory from a backup");
                self.tell_trouble(gone);
            }
            Seen::Nothing => {}
            Seen::Revision { newest, is_edit } => self.follow(newest, is_edit),
        }
        true
    }

    fn follow(&mut self, newest: Arc<ChangeRecord>, is_edit: bool) {
        let seen = self.position.seen;
        let edit = is_edit.then(|| Arc::clone(&newest));
        if newest.revision == seen {
            let is_news = self.position.is_changed_by(&newest) || self.trouble.is_some();
            self.position.edit = edit;
            if is_news {
                self.trouble = None;
                self.ready.push_back(FlagEvent::Resync);
            }
        } else if newest.revision < seen {
            // An older store was put in its place.
            self.resync(newest.revision, edit);
        } else if newest.revision == seen.next() && self.position.edit.is_none() {
            self.trouble = None;
            self.position = Position {
                seen: newest.revision,
                edit,
            };
            self.ready.push_back(FlagEvent::Changed(newest));
        } else {
            let (files, position) = (Arc::clone(&self.files), self.position.clone());
            self.reading = Some(self.reader.start(WATCH, move || read(&files, position)));
        }
    }

    fn resync(&mut self, seen: Revision, edit: Option<Arc<ChangeRecord>>) {
        self.trouble = None;
        self.position = Position { seen, edit };
        self.ready.push_back(FlagEvent::Resync);
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
                self.trouble = None;
                self.position = batch.position;
                self.behind = batch.more;
                self.ready.extend(batch.events);
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

/// The records after a position, oldest first; or `Resync` when they are not all there, or when
/// the edit that was seen is not what was written down.
fn read(files: &Files, position: Position) -> Result<Batch, PortError> {
    let seen = position.seen;
    let Some(state) = state::read(WATCH, files)? else {
        return Ok(Batch {
            events: Vec::new(),
            position,
            more: false,
        });
    };
    let newest = state.newest.revision;
    let known = if position.edit.is_some() {
        Revision::new(seen.number().saturating_sub(1))
    } else {
        seen
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
        is_next && !(record.revision == seen && position.is_changed_by(record))
    });
    let edit = |revision| {
        let newest = state.is_edited() && state.newest.revision == revision;
        newest.then(|| Arc::new(state.newest.clone()))
    };
    if is_whole && expected == until.next() {
        let fresh = records.into_iter().filter(|record| record.revision > seen);
        return Ok(Batch {
            events: fresh
                .map(|record| FlagEvent::Changed(Arc::new(record)))
                .collect(),
            position: Position {
                seen: until,
                edit: edit(until),
            },
            more: until < newest,
        });
    }
    Ok(Batch {
        events: vec![FlagEvent::Resync],
        position: Position {
            seen: newest,
            edit: edit(newest),
        },
        more: false,
    })
}
