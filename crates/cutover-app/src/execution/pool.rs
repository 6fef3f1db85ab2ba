use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{BackgroundStatus, Candidate, Rejected};

/// A worker without work ends after this long.
const IDLE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// The threads on which blocking candidates run: none until there is work, never more than the
/// concurrency, and a queue that is never longer than its bound. A job that hangs keeps its thread.
#[derive(Debug)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    limits: Candidate,
    state: Mutex<State>,
    /// There is a job, or the pool was closed.
    work: Condvar,
    /// A job ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// When each running job started.
    running: HashMap<u64, Instant>,
    started: u64,
    workers: usize,
    idle: usize,
    closed: bool,
}

impl Pool {
    pub(super) fn new(operation: &str, limits: Candidate) -> Self {
        let shared = Shared {
            name: format!("candidate {operation}"),
            limits,
            state: Mutex::default(),
            work: Condvar::new(),
            ended: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Whether a job would be taken now: asked before anything is cloned for it.
    pub(super) fn room(&self) -> Result<(), Rejected> {
        self.shared.lock().room(&self.shared.limits)
    }

    /// Hands a job over. Never waits for one.
    pub(super) fn submit(&self, job: Job) -> Result<(), Rejected> {
        let mut state = self.shared.lock();
        state.room(&self.shared.limits)?;
        if state.idle <= state.queue.len() && state.workers < self.shared.limits.concurrency {
            let shared = Arc::clone(&self.shared);
            let spawned = std::thread::Builder::new()
                .name(self.shared.name.clone())
                .spawn(move || shared.work());
            match spawned {
                Ok(_) => state.workers += 1,
                Err(_) if state.workers == 0 => return Err(Rejected::NoThread),
                Err(_) => {}
            }
        }
        state.queue.push_back(job);
        drop(state);
        self.shared.work.notify_one();
        Ok(())
    }

    pub(super) fn status(&self) -> BackgroundStatus {
        self.shared.lock().status(self.shared.limits.timeout)
    }

    /// Waits until everything handed over has ended, at most so long.
    pub(super) fn drain(&self, timeout: Duration) -> BackgroundStatus {
        let (state, _) = self
            .shared
            .ended
            .wait_timeout_while(self.shared.lock(), timeout, |state| {
                !state.queue.is_empty() || !state.running.is_empty()
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.status(self.shared.limits.timeout)
    }
}

impl Drop for Pool {
    /// What waits is dropped, what runs is left to end by itself.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.queue);
        drop(state);
        drop(waiting);
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queue.pop_front() {
                let number = state.started;
                state.started += 1;
                state.running.insert(number, Instant::now());
                drop(state);
                // The job reports its own panics; this one keeps the worker count right.
                let _ = catch_unwind(AssertUnwindSafe(job));
                state = self.lock();
                state.running.remove(&number);
                self.ended.notify_all();
            } else if state.closed {
                break;
            } else {
                state.idle += 1;
                let (woken, wait) = self
                    .work
                    .wait_timeout(state, IDLE)
                    .unwrap_or_else(PoisonError::into_inner);
                state = woken;
                state.idle -= 1;
                if wait.timed_out() && state.queue.is_empty() {
                    break;
                }
            }
        }
        state.workers -= 1;
    }

    /// No job runs under the lock, so it is never poisoned half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn room(&self, limits: &Candidate) -> Result<(), Rejected> {
        if self.closed {
            Err(Rejected::Closed)
        } else if self.queue.len() + self.running.len() >= limits.queue + limits.concurrency {
            Err(Rejected::QueueFull)
        } else {
            Ok(())
        }
    }

    fn status(&self, timeout: Duration) -> BackgroundStatus {
        BackgroundStatus {
            queued: self.queue.len(),
            running: self.running.len(),
            stuck: self
                .running
                .values()
                .filter(|started| started.elapsed() > timeout)
                .count(),
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
