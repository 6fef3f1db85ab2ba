//! The thread that looks at the database, and what it has seen.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use cutover_domain::flags::Revision;
use cutover_ports::PortError;
use rusqlite::{Connection, OptionalExtension, params};

use super::WATCH;
use crate::database::{Desk, Identity};
use crate::flags::state::{self, Place};

/// What the thread is told.
enum Notice {
    Look,
    Stop,
}

/// Owns the thread; dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Hub {
    sight: Arc<Mutex<Sight>>,
    notices: Sender<Notice>,
}

impl Hub {
    pub(super) fn start(place: Place, poll_interval: Duration) -> std::io::Result<Self> {
        let (notices, received) = mpsc::channel();
        let sight = Arc::new(Mutex::new(Sight::default()));
        let mut watcher = Watcher {
            desk: Desk::new(Arc::clone(&place.database)),
            place,
            version: None,
            poll_interval,
            received,
            sight: Arc::clone(&sight),
        };
        std::thread::Builder::new()
            .name("cutover-sql-n".to_owned())
            .spawn(move || watcher.run())?;
        Ok(Self { sight, notices })
    }

    /// Has the thread look at once.
    pub(super) fn look_now(&self) {
        let _ = self.notices.send(Notice::Look);
    }

    pub(super) fn sight(&self) -> MutexGuard<'_, Sight> {
        lock(&self.sight)
    }

    /// Gone when the thread has ended, too.
    #[cfg(test)]
    pub(super) fn sight_for_test(&self) -> std::sync::Weak<Mutex<Sight>> {
        Arc::downgrade(&self.sight)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.notices.send(Notice::Stop);
    }
}

/// Nothing panics between two writes to what is kept here.
fn lock(sight: &Mutex<Sight>) -> MutexGuard<'_, Sight> {
    sight.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was seen last, and who waits for more.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// Counts what was seen; 0 before the first look.
    pub(super) version: u64,
    /// Counts the looks, also those that saw nothing new.
    pub(super) looks: u64,
    pub(super) seen: Option<Seen>,
    wakers: HashMap<u64, Waiting>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiting {
    waker: Waker,
    /// It could not read what it wants, and tries again after every look.
    after_any_look: bool,
}

/// What a look saw.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    Nothing,
    Flags(Head),
    Trouble(PortError),
}

/// The newest revision, and what tells it from another one with the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) revision: Revision,
    /// The checksum of its record; absent when the record is.
    pub(super) mark: Option<String>,
    pub(super) file: Identity,
}

impl Seen {
    fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
            (Self::Flags(head), Self::Flags(other)) => head == other,
            (Self::Trouble(error), Self::Trouble(other)) => error.to_string() == other.to_string(),
            _ => false,
        }
    }
}

impl Sight {
    /// A name for one who waits.
    pub(super) fn register(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn wait(&mut self, id: u64, waker: &Waker, after_any_look: bool) {
        let waker = waker.clone();
        self.wakers.insert(
            id,
            Waiting {
                waker,
                after_any_look,
            },
        );
    }

    pub(super) fn forget(&mut self, id: u64) {
        self.wakers.remove(&id);
    }
}

/// What the thread works with.
struct Watcher {
    place: Place,
    /// Its connection never writes: SQLite's `data_version` tells of the commits of all others.
    desk: Desk,
    /// The version at the last look; none when the next look is due whatever it is.
    version: Option<i64>,
    poll_interval: Duration,
    received: Receiver<Notice>,
    sight: Arc<Mutex<Sight>>,
}

impl Watcher {
    fn run(&mut self) {
        loop {
            let seen = match self.is_stirred() {
                Ok(true) => Some(self.look()),
                Ok(false) => None,
                Err(error) => Some(Seen::Trouble(error)),
            };
            if let Some(Seen::Trouble(_)) = &seen {
                // Looked at again at every poll, through a new connection.
                self.desk.leave();
                self.version = None;
            }
            self.publish(seen);
            match self.received.recv_timeout(self.poll_interval) {
                Ok(Notice::Look) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Notice::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Whether somebody committed, or put another file in the place of this one.
    fn is_stirred(&mut self) -> Result<bool, PortError> {
        if self.desk.refresh(WATCH)? {
            self.version = None;
        }
        let Some(connection) = self.desk.connection() else {
            return Ok(true);
        };
        // Taken before the look: what is committed during it is looked at again.
        let version = connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(self.place.failed(WATCH))?;
        let is_news = self.version != Some(version);
        self.version = Some(version);
        Ok(is_news)
    }

    fn look(&mut self) -> Seen {
        let Some(connection) = self.desk.connection() else {
            return Seen::Nothing;
        };
        // One state for all reads.
        let head = connection
            .unchecked_transaction()
            .map_err(self.place.failed(WATCH))
            .and_then(|snapshot| head(&self.place, &snapshot, self.desk.identity()));
        match head {
            Ok(Some(head)) => Seen::Flags(head),
            Ok(None) => Seen::Nothing,
            Err(error) => Seen::Trouble(error),
        }
    }

    fn publish(&self, seen: Option<Seen>) {
        let mut sight = lock(&self.sight);
        sight.looks += 1;
        let news = seen.filter(|seen| !sight.seen.as_ref().is_some_and(|old| old.is_as(seen)));
        let is_news = news.is_some();
        if is_news {
            sight.version += 1;
            sight.seen = news;
        }
        let woken: Vec<_> = sight
            .wakers
            .extract_if(|_, waiting| is_news || waiting.after_any_look)
            .collect();
        // A waker may run the watcher's code, which takes the lock.
        drop(sight);
        for (_, waiting) in woken {
            waiting.waker.wake();
        }
    }
}

/// The newest revision, by several reads; an error when its flags are not as they were written.
pub(super) fn head(
    place: &Place,
    connection: &Connection,
    file: Identity,
) -> Result<Option<Head>, PortError> {
    let Some(stored) = state::read(WATCH, place, connection)? else {
        return Ok(None);
    };
    stored.check_schema(WATCH, place)?;
    let mark = connection
        .query_row(
            "SELECT checksum FROM flag_history WHERE environment = ?1 AND revision = ?2",
            params![&*place.environment, state::number(stored.revision)],
            |row| row.get(0),
        )
        .optional()
        .map_err(place.failed(WATCH))?;
    Ok(Some(Head {
        revision: stored.revision,
        mark,
        file,
    }))
}
