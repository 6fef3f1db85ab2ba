//! The stream of one watcher.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cutover_domain::flags::Revision;
use cutover_ports::flags::FlagEvent;
use cutover_ports::{PortError, PortErrorKind};
use futures_core::Stream;
use rusqlite::{Connection, params};

use super::WATCH;
use super::hub::{self, Head, Hub, Seen};
use crate::database::{Desk, Identity};
use crate::flags::page::Entry;
use crate::flags::state::{self, Place};
use crate::worker::{Answer, Worker};

/// How many records a watcher that is behind reads at once.
const BATCH: u64 = 256;

pub(super) struct Events {
    hub: Arc<Hub>,
    place: Place,
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
    /// The checksum of the record that was seen there, where it is known.
    mark: Option<String>,
    /// The file that it was seen in, once it is known.
    file: Option<Identity>,
}

impl Position {
    fn at(head: Head) -> Self {
        Self {
            seen: head.revision,
            mark: head.mark,
            file: Some(head.file),
        }
    }

    /// Whether what has this position's number is not what was seen there.
    fn is_contradicted_by(&self, mark: Option<&str>) -> bool {
        matches!((self.mark.as_deref(), mark), (Some(seen), Some(found)) if seen != found)
    }

    fn is_in(&self, file: Identity) -> bool {
        self.file.is_none_or(|known| known == file)
    }

    fn is_at(&self, head: &Head) -> bool {
        self.seen == head.revision
            && self.is_in(head.file)
            && !self.is_contradicted_by(head.mark.as_deref())
    }
}

/// The next part of the history.
struct Batch {
    events: Vec<FlagEvent>,
    position: Position,
    more: bool,
}

impl Events {
    pub(super) fn new(hub: Arc<Hub>, place: Place, reader: Arc<Worker>, since: Revision) -> Self {
        let id = hub.sight().register();
        Self {
            hub,
            place,
            reader,
            id,
            position: Position {
                seen: since,
                mark: None,
                file: None,
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
                let gone = PortError::new(PortErrorKind::Unavailable, WATCH)
                    .at(&self.place)
                    .because("the flags are gone, and their history with them")
                    .advice("restore the database from a backup");
                self.tell_trouble(gone);
            }
            Seen::Nothing => {}
            Seen::Flags(head) => self.follow(head),
        }
        true
    }

    fn follow(&mut self, head: Head) {
        if self.trouble.is_none() && self.position.is_at(&head) {
            self.position = Position::at(head);
            return;
        }
        // What the hub saw may be older than what was read since then: only reading tells.
        let (place, position) = (self.place.clone(), self.position.clone());
        self.reading = Some(
            self.reader
                .start(WATCH, move |desk| read(desk, &place, position)),
        );
    }

    fn take_batch(&mut self, batch: Result<Batch, PortError>) {
        match batch {
            Ok(batch) => {
                self.position = batch.position;
                self.behind = batch.more;
                self.ready.extend(batch.events);
                if self.trouble.take().is_some() && self.ready.is_empty() {
                    // Nothing was changed, but somebody may wait for the end of the trouble.
                    self.ready.push_back(FlagEvent::Resync);
                }
            }
            Err(error) => {
                self.failed_at = Some(self.hub.sight().looks);
                self.tell_trouble(error);
            }
        }
    }

    /// The same trouble is told once.
    fn tell_trouble(&mut self, error: PortError) {
        let text = error.to_string();
        if self.trouble.as_ref() != Some(&text) {
            self.trouble = Some(text);
            self.ready.push_back(FlagEvent::Trouble(error));
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

/// The records after a position, oldest first; or `Resync` when they are not all there and whole, or
/// do not follow what was seen.
fn read(desk: &mut Desk, place: &Place, position: Position) -> Result<Batch, PortError> {
    desk.refresh(WATCH)?;
    let file = desk.identity();
    let unchanged = Batch {
        events: Vec::new(),
        position: position.clone(),
        more: false,
    };
    let batch = desk.read(WATCH, |connection| {
        let snapshot = connection
            .unchecked_transaction()
            .map_err(place.failed(WATCH))?;
        let Some(head) = hub::head(place, &snapshot, file)? else {
            return Ok(None);
        };
        let entries = entries(place, &snapshot, position.seen).map_err(place.failed(WATCH))?;
        Ok(Some(follow(position, head, &entries)))
    })?;
    // When the flags are gone, the hub is about to see it.
    Ok(batch.flatten().unwrap_or(unchanged))
}

/// The record at a revision, if it is there, and those that follow it.
fn entries(
    place: &Place,
    connection: &Connection,
    since: Revision,
) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = connection.prepare(
        "SELECT revision, record, checksum FROM flag_history
         WHERE environment = ?1 AND revision BETWEEN ?2 AND ?3 ORDER BY revision",
    )?;
    let until = Revision::new(since.number().saturating_add(BATCH));
    let range = params![
        &*place.environment,
        state::number(since),
        state::number(until)
    ];
    let entries = statement.query_map(range, Entry::from_row)?;
    entries.collect()
}

fn follow(position: Position, head: Head, entries: &[Entry]) -> Batch {
    if position.is_at(&head) {
        return Batch {
            events: Vec::new(),
            position: Position::at(head),
            more: false,
        };
    }
    let (seen, fresh): (Vec<_>, Vec<_>) = entries
        .iter()
        .partition(|entry| entry.revision <= position.seen);
    let is_another = seen
        .iter()
        .any(|entry| position.is_contradicted_by(Some(&entry.sealed.checksum)));
    let reached = fresh.last().map_or(position.seen, |last| last.revision);
    let numbers = fresh.iter().map(|entry| entry.revision.number());
    let is_whole = numbers.eq(position.seen.number() + 1..=reached.number())
        && (reached == head.revision || fresh.len() as u64 == BATCH);
    // An older state is in its place, or another database, or records are missing.
    let is_lost = is_another || !is_whole || head.revision < position.seen;
    let records = fresh
        .iter()
        .map(|entry| entry.sealed.record(entry.revision));
    let records: Result<Vec<_>, _> = records.collect();
    // Nor does anybody wait for the flags until a damaged record of them is mended.
    let (false, true, Ok(records)) = (is_lost, position.is_in(head.file), records) else {
        return Batch {
            events: vec![FlagEvent::Resync],
            position: Position::at(head),
            more: false,
        };
    };
    let events = records.into_iter().map(Arc::new).map(FlagEvent::Changed);
    Batch {
        events: events.collect(),
        more: reached < head.revision,
        position: Position {
            seen: reached,
            mark: fresh.last().map(|last| last.sealed.checksum.clone()),
            file: Some(head.file),
        },
    }
}
