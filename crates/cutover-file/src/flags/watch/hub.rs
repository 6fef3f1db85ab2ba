//! The thread that looks at the files, and what it has seen.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use cutover_domain::flags::ChangeRecord;
use cutover_ports::PortError;

use super::WATCH;
use super::eyes::{Eyes, Notice};
use super::fingerprint::{Directory, Fingerprint};
use crate::flags::config::FileFlagConfig;
use crate::flags::files::Files;
use crate::flags::settle;

/// Notices within this time are one change, unless one says that it is finished: an editor makes
/// several.
const COALESCE: Duration = Duration::from_millis(20);

/// Bad content is looked at again for this time: an editor may be writing.
const SECOND_LOOK: Duration = Duration::from_millis(60);

/// How often to look where the operating system refuses to give notices.
const POLL_ALONE: Duration = Duration::from_millis(100);

/// Owns the thread; dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Hub {
    sight: Arc<Mutex<Sight>>,
    notices: Sender<Notice>,
}

impl Hub {
    pub(super) fn start(files: Arc<Files>, config: &FileFlagConfig) -> std::io::Result<Self> {
        let (notices, received) = mpsc::channel();
        let sight = Arc::new(Mutex::new(Sight::default()));
        let mut watcher = Watcher {
            eyes: Eyes::new(notices.clone(), config.notices),
            config: settle::patience(config),
            files,
            directory: None,
            rested: Instant::now(),
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

    /// Sees what it is told, instead of looking.
    #[cfg(test)]
    pub(super) fn blind() -> Self {
        Self {
            sight: Arc::default(),
            notices: mpsc::channel().0,
        }
    }

    #[cfg(test)]
    pub(super) fn tell(&self, newest: ChangeRecord) {
        let mut sight = self.sight();
        sight.version += 1;
        sight.seen = Some(Seen::Revision {
            digest: newest.revision.to_string(),
            newest: Arc::new(newest),
            is_edit: false,
            made_from: None,
        });
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
    /// Counts what cannot be followed: trouble, absence, another directory in the place of the
    /// one before. What is seen next may be another store.
    pub(super) breaks: u64,
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
        /// The digest of the flags.
        digest: String,
        /// The digest of the flags that the record was made from, where it is in doubt.
        made_from: Option<String>,
    },
    Trouble(PortError),
}

impl Seen {
    fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
            (
                Self::Revision {
                    newest,
                    is_edit,
                    digest,
                    ..
                },
                Self::Revision {
                    newest: other,
                    is_edit: other_is_edit,
                    digest: other_digest,
                    ..
                },
            ) => newest == other && is_edit == other_is_edit && digest == other_digest,
            (Self::Trouble(error), Self::Trouble(other)) => error.to_string() == other.to_string(),
            _ => false,
        }
    }
}

impl Sight {
    /// A name for one who waits, and how often the store was out of sight before.
    pub(super) fn register(&mut self) -> (u64, u64) {
        self.next_id += 1;
        (self.next_id, self.breaks)
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
    config: FileFlagConfig,
    files: Arc<Files>,
    /// The directory that was there last.
    directory: Option<Directory>,
    /// When to look again at the earliest, so that looking never takes all of a processor.
    rested: Instant,
    received: Receiver<Notice>,
    sight: Arc<Mutex<Sight>>,
}

/// The hub is gone.
struct Stopped;

impl Watcher {
    fn run(&mut self) -> Result<(), Stopped> {
        loop {
            self.face_directory();
            // Taken before the look: what changes during it is looked at again.
            let fingerprint = Fingerprint::of(&self.files.document);
            self.look()?;
            self.wait_for_change(&fingerprint)?;
        }
    }

    /// Listens to the directory that is there now. True when that is another one, or only now
    /// listened to.
    fn face_directory(&mut self) -> bool {
        let found = Directory::at(&self.files.dir);
        let is_other = found.is_some() && found != self.directory;
        if is_other && self.directory.is_some() {
            lock(&self.sight).breaks += 1;
        }
        self.directory = found.or(self.directory);
        self.eyes.open(&self.files, found) || is_other
    }

    fn wait_for_change(&mut self, fingerprint: &Fingerprint) -> Result<(), Stopped> {
        loop {
            let interval = self.eyes.interval(self.config.poll_interval, POLL_ALONE);
            match self.next_notice(Instant::now() + interval)? {
                Some(Notice::Stirred) => {
                    self.gather(Instant::now() + COALESCE, true)?;
                    return self.gather(self.rested, false);
                }
                Some(_) => return self.gather(self.rested, false),
                None => {
                    if self.face_directory()
                        || self.awaits_settling()
                        || Fingerprint::of(&self.files.document) != *fingerprint
                    {
                        return Ok(());
                    }
                    self.publish(None);
                }
            }
        }
    }

    /// Takes all notices until a time, or until something is finished.
    fn gather(&mut self, end: Instant, is_over_when_finished: bool) -> Result<(), Stopped> {
        while let Some(notice) = self.next_notice(end)? {
            if is_over_when_finished && notice == Notice::Finished {
                break;
            }
        }
        Ok(())
    }

    /// The next notice, or `None` at a time.
    fn next_notice(&mut self, end: Instant) -> Result<Option<Notice>, Stopped> {
        let left = end.saturating_duration_since(Instant::now());
        match self.received.recv_timeout(left) {
            Ok(Notice::Stop) | Err(RecvTimeoutError::Disconnected) => Err(Stopped),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Ok(notice) => {
                if notice == Notice::Gone {
                    self.eyes.close();
                }
                Ok(Some(notice))
            }
        }
    }

    fn look(&mut self) -> Result<(), Stopped> {
        let start = Instant::now();
        let mut seen = self.read();
        while self.is_doubtful(&seen) && start.elapsed() < SECOND_LOOK {
            self.gather(start + SECOND_LOOK, true)?;
            seen = self.read();
        }
        self.publish(Some(seen));
        self.rested = Instant::now() + start.elapsed().min(COALESCE);
        Ok(())
    }

    /// Whether it may look otherwise in a moment, when an editor has finished.
    fn is_doubtful(&self, seen: &Seen) -> bool {
        match seen {
            Seen::Revision { .. } => false,
            Seen::Nothing => lock(&self.sight).version > 0,
            Seen::Trouble(_) => true,
        }
    }

    fn read(&self) -> Seen {
        match settle::read(WATCH, &self.config, &self.files) {
            Ok(Some(state)) => Seen::Revision {
                is_edit: state.is_edited(),
                newest: Arc::new(state.newest),
                digest: state.digest,
                made_from: state.made_from,
            },
            Ok(None) => Seen::Nothing,
            Err(error) => Seen::Trouble(error),
        }
    }

    /// Whether an edit was shown that could not be written down: another writer had the lock.
    fn awaits_settling(&self) -> bool {
        let sight = lock(&self.sight);
        matches!(sight.seen, Some(Seen::Revision { is_edit: true, .. }))
    }

    fn publish(&self, seen: Option<Seen>) {
        let mut sight = lock(&self.sight);
        sight.looks += 1;
        let news = seen.filter(|seen| !sight.seen.as_ref().is_some_and(|old| old.is_as(seen)));
        let is_news = news.is_some();
        if let Some(seen) = news {
            sight.version += 1;
            sight.breaks += u64::from(!matches!(seen, Seen::Revision { .. }));
            sight.seen = Some(seen);
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
