//! Watching the files: one thread for all watchers of a store, and a stream for each.

mod events;
mod eyes;
mod fingerprint;
mod hub;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cutover_domain::flags::{ChangeRecord, Revision};
use cutover_ports::PortError;
use cutover_ports::flags::FlagEvents;

use self::events::Events;
use self::hub::Hub;
use super::config::FileFlagConfig;
use super::error::Operation;
use super::files::Files;
use super::worker::Worker;

const WATCH: Operation = "watch flags";

/// The watchers of one store. The thread runs while there is one.
pub(super) struct Watches {
    files: Arc<Files>,
    reader: Arc<Worker>,
    config: Arc<FileFlagConfig>,
    hub: Mutex<Weak<Hub>>,
}

impl Watches {
    pub(super) fn new(files: Arc<Files>, reader: Arc<Worker>, config: Arc<FileFlagConfig>) -> Self {
        Self {
            files,
            reader,
            config,
            hub: Mutex::new(Weak::new()),
        }
    }

    /// Changes after `since`. `presented` is the edit by hand that the watcher may know already, and
    /// `digest` that of the flags at `since`, where it is known.
    pub(super) fn watch(
        &self,
        since: Revision,
        presented: Option<ChangeRecord>,
        digest: Option<String>,
    ) -> Result<FlagEvents, PortError> {
        let hub = self.hub()?;
        let edit = presented.filter(|edit| edit.revision == since);
        let (files, reader) = (Arc::clone(&self.files), Arc::clone(&self.reader));
        let events = Events::new(hub, files, reader, since, edit);
        Ok(Box::pin(events.knowing(digest)))
    }

    fn hub(&self) -> Result<Arc<Hub>, PortError> {
        let mut running = self.hub.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hub) = running.upgrade() {
            return Ok(hub);
        }
        let hub = Hub::start(Arc::clone(&self.files), &self.config)
            .map_err(|cause| PortError::io(WATCH, "starting a thread", cause))?;
        let hub = Arc::new(hub);
        *running = Arc::downgrade(&hub);
        Ok(hub)
    }
}

impl fmt::Debug for Watches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watches").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use cutover_ports::flags::FlagEvent;
    use cutover_testkit::block_on;
    use cutover_testkit::flags::{create, next_commit, next_event};
    use cutover_testkit::wait::{LONG, within};

    use crate::flags::commit;

    use super::*;

    /// Whether what is behind `weak` is dropped before long.
    fn is_dropped<T: ?Sized>(weak: &Weak<T>) -> bool {
        let start = Instant::now();
        while weak.strong_count() > 0 && start.elapsed() < LONG {
            std::thread::yield_now();
        }
        weak.strong_count() == 0
    }

    #[test]
    fn the_thread_is_shared_and_ends_with_the_last_watcher() {
        let dir = tempfile::tempdir().unwrap();
        let files = Arc::new(Files::new(dir.path()));
        let reader = Arc::new(Worker::new("test"));
        let config = Arc::new(FileFlagConfig {
            poll_interval: Duration::from_secs(3600),
            ..FileFlagConfig::new(dir.path())
        });
        let watches = Watches::new(Arc::clone(&files), reader, config);
        let first = watches.watch(Revision::ZERO, None, None).unwrap();
        let second = watches.watch(Revision::ZERO, None, None).unwrap();
        let hub = watches.hub.lock().unwrap().clone();
        assert_eq!(hub.strong_count(), 2);
        let sight = hub.upgrade().unwrap().sight_for_test();
        drop(first);
        assert_eq!(hub.strong_count(), 1);
        drop(second);
        assert_eq!(hub.strong_count(), 0);
        assert!(is_dropped(&sight), "the thread still runs");
        let third = watches.watch(Revision::ZERO, None, None);
        assert!(third.is_ok(), "a new watcher starts it again");
    }

    /// A watcher that reads the history may come further than the hub, whose thread may have been
    /// kept from telling what it saw.
    #[test]
    fn a_look_that_is_told_late_is_no_older_store() {
        let dir = tempfile::tempdir().unwrap();
        let files = Arc::new(Files::new(dir.path()));
        let config = FileFlagConfig::new(dir.path());
        let mut made: Vec<ChangeRecord> = Vec::new();
        let mut document = None;
        for key in ["a", "b", "c", "d"] {
            let next = next_commit(document.as_ref(), &[create(key)], "alice");
            commit::commit(&config, &next, None).unwrap();
            document = Some(next.document);
            made.push(next.record);
        }
        let hub = Arc::new(Hub::blind());
        let reader = Arc::new(Worker::new("test"));
        let since = Revision::new(1);
        let told = Arc::clone(&hub);
        let mut events: FlagEvents = Box::pin(Events::new(hub, files, reader, since, None));
        // The hub has seen the third change, and the watcher finds the fourth there as well.
        told.tell(made[2].clone());
        for expected in &made[1..] {
            match block_on(next_event(&mut events)) {
                FlagEvent::Changed(record) => assert_eq!(*record, *expected),
                other => panic!("{other:?}"),
            }
        }
        for late in [&made[1], &made[2], &made[3]] {
            told.tell(late.clone());
            let event = block_on(within(Duration::from_millis(50), next_event(&mut events)));
            assert!(event.is_none(), "{event:?}");
        }
    }
}
