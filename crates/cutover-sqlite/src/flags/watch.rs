//! Watching the database: one thread for all watchers of a store, and a stream for each.

mod events;
mod hub;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use cutover_domain::flags::Revision;
use cutover_ports::PortError;
use cutover_ports::flags::FlagEvents;

use self::events::Events;
use self::hub::Hub;
use super::state::Place;
use crate::error::Operation;
use crate::worker::Worker;

const WATCH: Operation = "watch flags";

/// The watchers of one store. The thread runs while there is one.
pub(super) struct Watches {
    place: Place,
    reader: Arc<Worker>,
    poll_interval: Duration,
    hub: Arc<Mutex<Weak<Hub>>>,
}

/// Tells the watchers of a store that it has changed, so that they need not wait for the next poll.
pub(super) struct News(Arc<Mutex<Weak<Hub>>>);

impl News {
    pub(super) fn tell(&self) {
        let hub = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hub) = hub.upgrade() {
            hub.look_now();
        }
    }
}

impl Watches {
    pub(super) fn new(place: Place, reader: Arc<Worker>, poll_interval: Duration) -> Self {
        Self {
            place,
            reader,
            poll_interval,
            hub: Arc::default(),
        }
    }

    pub(super) fn news(&self) -> News {
        News(Arc::clone(&self.hub))
    }

    /// Changes after `since`.
    pub(super) fn watch(&self, since: Revision) -> Result<FlagEvents, PortError> {
        let (hub, reader) = (self.hub()?, Arc::clone(&self.reader));
        Ok(Box::pin(Events::new(
            hub,
            self.place.clone(),
            reader,
            since,
        )))
    }

    fn hub(&self) -> Result<Arc<Hub>, PortError> {
        let mut running = self.hub.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hub) = running.upgrade() {
            return Ok(hub);
        }
        let hub = Hub::start(self.place.clone(), self.poll_interval)
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
    use std::time::Instant;

    use cutover_testkit::wait::LONG;

    use super::*;
    use crate::database::Database;

    #[test]
    fn the_thread_is_shared_and_ends_with_the_last_watcher() {
        let dir = tempfile::tempdir().unwrap();
        let database = Arc::new(Database::new(&dir.path().join("flags.db"), LONG));
        let place = Place {
            database: Arc::clone(&database),
            environment: "test".into(),
        };
        let reader = Arc::new(Worker::new("test", database));
        let watches = Watches::new(place, reader, Duration::from_secs(3600));
        let first = watches.watch(Revision::ZERO).unwrap();
        let second = watches.watch(Revision::ZERO).unwrap();
        let hub = watches.hub.lock().unwrap().clone();
        assert_eq!(hub.strong_count(), 2);
        let sight = hub.upgrade().unwrap().sight_for_test();
        drop(first);
        assert_eq!(hub.strong_count(), 1);
        drop(second);
        assert_eq!(hub.strong_count(), 0);
        let start = Instant::now();
        while sight.strong_count() > 0 && start.elapsed() < LONG {
            std::thread::yield_now();
        }
        assert_eq!(sight.strong_count(), 0, "the thread still runs");
        let third = watches.watch(Revision::ZERO);
        assert!(third.is_ok(), "a new watcher starts it again");
    }
}
