use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};

use super::{BackgroundStatus, Candidate, Rejected};

/// A thread with a runtime of its own, on which asynchronous candidates run, so that one that
/// blocks its thread holds up other candidates and never the application's tasks.
///
/// The thread always drives its runtime, so connections that a candidate opens there and leaves in
/// a shared pool stay alive.
#[derive(Debug)]
pub(super) struct CandidateRuntime {
    handle: Handle,
    /// Dropping it ends the thread, unless a candidate blocks it: then it is left behind.
    _stop: oneshot::Sender<()>,
}

impl CandidateRuntime {
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new()
            .name("cutover-candidates".to_owned())
            .spawn(move || {
                // Either way the handle is gone, and so is the wish to go on.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle,
            _stop: stop,
        })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// The asynchronous candidates of one operation: a bounded queue of tasks.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    handle: Handle,
    limits: Candidate,
    permits: Arc<Semaphore>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Everything handed over and not ended, with the time its permit was given.
    jobs: HashMap<u64, Option<Instant>>,
    submitted: u64,
}

impl Lane {
    pub(super) fn new(handle: Handle, limits: Candidate) -> Self {
        let permits = Arc::new(Semaphore::new(limits.concurrency));
        Self {
            handle,
            limits,
            permits,
            shared: Arc::default(),
        }
    }

    /// Whether a job would be taken now: asked before anything is cloned for it.
    pub(super) fn room(&self) -> Result<(), Rejected> {
        self.shared.lock().room(&self.limits)
    }

    /// Hands a job over. Never waits for one.
    pub(super) fn submit(
        &self,
        job: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Rejected> {
        let mut state = self.shared.lock();
        state.room(&self.limits)?;
        let number = state.submitted;
        state.submitted += 1;
        state.jobs.insert(number, None);
        drop(state);
        // Ends the job's entry however the task ends: also by panic, also by a runtime that stops.
        let entry = Entry {
            shared: Arc::clone(&self.shared),
            number,
        };
        let permits = Arc::clone(&self.permits);
        self.handle.spawn(async move {
            let entry = entry;
            // The semaphore is never closed.
            let _permit = permits.acquire_owned().await;
            entry.started();
            job.await;
        });
        Ok(())
    }

    pub(super) fn status(&self) -> BackgroundStatus {
        self.shared.lock().status(self.limits.timeout)
    }

    /// Waits until everything handed over has ended, at most so long. A thread waits, because
    /// every timer of a runtime may be held up by what is waited for.
    pub(super) async fn drain(&self, timeout: Duration) -> BackgroundStatus {
        let (done, ended) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let waiter = std::thread::Builder::new().name("cutover-drain".to_owned());
        let waiting = waiter.spawn(move || {
            shared.wait_until_empty(timeout);
            // Whoever drained may have gone away.
            let _ = done.send(());
        });
        match waiting {
            // The thread ends by itself, and the sender with it.
            Ok(_) => drop(ended.await),
            Err(_) => self.shared.wait_until_empty(timeout),
        }
        self.status()
    }
}

struct Entry {
    shared: Arc<Shared>,
    number: u64,
}

impl Entry {
    fn started(&self) {
        self.shared
            .lock()
            .jobs
            .insert(self.number, Some(Instant::now()));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.lock().jobs.remove(&self.number);
        self.shared.ended.notify_all();
    }
}

impl Shared {
    fn wait_until_empty(&self, timeout: Duration) {
        drop(
            self.ended
                .wait_timeout_while(self.lock(), timeout, |state| !state.jobs.is_empty()),
        );
    }

    /// No job runs under the lock, so it is never poisoned half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn room(&self, limits: &Candidate) -> Result<(), Rejected> {
        if self.jobs.len() >= limits.queue + limits.concurrency {
            Err(Rejected::QueueFull)
        } else {
            Ok(())
        }
    }

    fn status(&self, timeout: Duration) -> BackgroundStatus {
        let running = self.jobs.values().flatten();
        BackgroundStatus {
            queued: self
                .jobs
                .values()
                .filter(|started| started.is_none())
                .count(),
            running: running.clone().count(),
            stuck: running
                .filter(|started| started.elapsed() > timeout)
                .count(),
        }
    }
}
