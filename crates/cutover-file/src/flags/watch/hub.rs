//! The thread that looks at the files, and what it has seen.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use cutover_domain::flags::ChangeRecord;
use cutover_ports::PortError;

use super::WATCH;
use super::eyes::{Eyes, Fingerprint};
use crate::flags::files::Files;
use crate::flags::state;

/// Notices within this time are one change: an editor makes several.
const COALESCE: Duration = Duration::from_millis(20);

/// Bad content is looked at again after this time: an editor may be writing.
const SECOND_LOOK: Duration = Duration::from_millis(60);

/// How often to look when the operating system gives no notices.
const POLL_ALONE: Duration = Duration::from_millis(100);

/// What the thread is told.
pub(super) enum Notice {
    Stirred,
    Stop,
}

/// Owns the thread; dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Hub {
    sight: Arc<Mutex<Sight>>,
    notices: Sender<Notice>,
}

impl Hub {
    pub(super) fn start(files: Arc<Files>, poll_interval: Duration) -> std::io::Result<Self> {
        let (notices, received) = mpsc::channel();
        let sight = Arc::new(Mutex::new(Sight::default()));
        let mut watcher = Watcher {
            eyes: Eyes::new(notices.clone()),
            files,
            poll_interval,
            received,
            sight: Arc::clone(&sight),
        };
        std::thread::Builder::new()
            .name("cutover-flags-n".to_owned())
            .spawn(move || {
                // It returns when it is told to stop.
                let _ = watcher.run();
            })?;
        Ok(Self { sight, notices })
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
    Revision {
        newest: Arc<ChangeRecord>,
        /// An edit by hand that is not written down: its number may get another content.
        is_edit: bool,
    },
    Trouble(PortError),
}

impl Seen {
    fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
            (
                Self::Revision { newest, is_edit },
                Self::Revision {
                    newest: other,
                    is_edit: other_is_edit,
                },
            ) => newest == other && is_edit == other_is_edit,
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
    eyes: Eyes,
    files: Arc<Files>,
    poll_interval: Duration,
    received: Receiver<Notice>,
    sight: Arc<Mutex<Sight>>,
}

/// The hub is gone.
struct Stopped;

impl Watcher {
    fn run(&mut self) -> Result<(), Stopped> {
        loop {
            self.eyes.open(&self.files);
            // Taken before the look: what changes during it is looked at again.
            let fingerprint = Fingerprint::of(&self.files.document);
            self.look()?;
            self.wait_for_change(&fingerprint)?;
        }
    }

    fn wait_for_change(&mut self, fingerprint: &Fingerprint) -> Result<(), Stopped> {
        loop {
            let interval = if self.eyes.are_open() {
                self.poll_interval
            } else {
                self.poll_interval.min(POLL_ALONE)
            };
            match self.received.recv_timeout(interval) {
                Ok(Notice::Stirred) => return self.let_settle(COALESCE).map(drop),
                Ok(Notice::Stop) | Err(RecvTimeoutError::Disconnected) => return Err(Stopped),
                Err(RecvTimeoutError::Timeout) => {
                    if self.eyes.open(&self.files)
                        || Fingerprint::of(&self.files.document) != *fingerprint
                    {
                        return Ok(());
                    }
                    self.publish(None);
                }
            }
        }
    }

    /// Takes all notices that come within a time.
    fn let_settle(&self, time: Duration) -> Result<(), Stopped> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.received.recv_timeout(left) {
                Ok(Notice::Stirred) => {}
                Ok(Notice::Stop) | Err(RecvTimeoutError::Disconnected) => return Err(Stopped),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
            }
        }
    }

    fn look(&self) -> Result<(), Stopped> {
        let mut seen = self.read();
        let is_doubtful = match seen {
            Seen::Revision { .. } => false,
            Seen::Nothing => lock(&self.sight).version > 0,
            Seen::Trouble(_) => true,
        };
        if is_doubtful {
            self.let_settle(SECOND_LOOK)?;
            seen = self.read();
        }
        self.publish(Some(seen));
        Ok(())
    }

    fn read(&self) -> Seen {
        match state::read(WATCH, &self.files) {
            Ok(Some(state)) => Seen::Revision {
                is_edit: state.is_edited(),
                newest: Arc::new(state.newest),
            },
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
