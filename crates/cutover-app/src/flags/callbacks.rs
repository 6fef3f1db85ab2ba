use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use cutover_domain::flags::{FlagDocument, FlagKey, KeyChange};

use super::{FlagChange, Revised};
use crate::panics::panic_message;

/// How many steps wait for callbacks that are busy.
const BACKLOG: usize = 1024;

/// Which flags a callback is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Every flag, also those that come later.
    All,
    /// The flag of this name, whether it exists yet or not.
    Flag(String),
}

impl Keys {
    fn names(&self, key: &FlagKey) -> bool {
        match self {
            Self::All => true,
            Self::Flag(name) => name == key.as_str(),
        }
    }
}

impl From<&str> for Keys {
    fn from(key: &str) -> Self {
        Self::Flag(key.to_owned())
    }
}

impl From<&FlagKey> for Keys {
    fn from(key: &FlagKey) -> Self {
        key.as_str().into()
    }
}

/// A callback that is told of changes until this is dropped; see
/// [`Live::on_change`](super::Live::on_change).
///
/// Dropping it waits for nothing: a call that has begun in another thread goes on to its end.
#[must_use = "when it is dropped, nobody is told any more"]
pub struct Subscription {
    callbacks: Arc<Callbacks>,
    id: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // What the callback holds is dropped here, outside the lock: it may be anything.
        drop(self.callbacks.end(self.id));
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// How the callbacks of live flags are doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallbackStatus {
    /// How many there are.
    pub subscriptions: usize,
    /// How many steps of the flags wait to be told.
    pub waiting: usize,
    /// How many steps were told as one, because callbacks were too slow for each of them.
    pub merged: u64,
    /// How often a callback panicked.
    pub panics: u64,
    /// What the latest panic said.
    pub last_panic: Option<String>,
}

/// Everybody who is told of changes, and the one queue that keeps the order.
///
/// A thread tells them, running while there is somebody to tell. It holds no lock while it does:
/// a callback may change flags, subscribe, or end any subscription.
#[derive(Default)]
pub(super) struct Callbacks {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    subscribers: BTreeMap<u64, Arc<Subscriber>>,
    next_id: u64,
    /// The number of the newest step.
    step: u64,
    queue: VecDeque<(u64, Revised)>,
    /// What did not fit the queue, after all that is in it.
    merged: Option<Merged>,
    has_thread: bool,
    is_closed: bool,
    merged_steps: u64,
    panics: u64,
    last_panic: Option<String>,
}

/// Steps that are told as one.
struct Merged {
    step: u64,
    from: Arc<FlagDocument>,
    to: Arc<FlagDocument>,
}

struct Subscriber {
    keys: Keys,
    /// The newest step when it came.
    since: u64,
    has_ended: AtomicBool,
    /// Locked by the one thread that calls it.
    callback: Mutex<Callback>,
}

type Callback = Box<dyn FnMut(&FlagChange<'_>) + Send>;

/// A step, and who is told of it.
struct Delivery {
    revised: Revised,
    to: Vec<Arc<Subscriber>>,
}

impl Callbacks {
    pub(super) fn subscribe(
        self: &Arc<Self>,
        keys: Keys,
        callback: Callback,
    ) -> std::io::Result<Subscription> {
        let mut state = self.state();
        if !state.has_thread {
            let callbacks = Arc::clone(self);
            std::thread::Builder::new()
                .name("cutover-changes".to_owned())
                .spawn(move || callbacks.deliver())?;
            state.has_thread = true;
        }
        let id = state.next_id;
        state.next_id += 1;
        let subscriber = Subscriber {
            keys,
            since: state.step,
            has_ended: AtomicBool::new(false),
            callback: Mutex::new(callback),
        };
        state.subscribers.insert(id, Arc::new(subscriber));
        drop(state);
        Ok(Subscription {
            callbacks: Arc::clone(self),
            id,
        })
    }

    /// Whether there is nobody to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.state().subscribers.is_empty()
    }

    /// Tells everybody of the step between two states. Never waits.
    pub(super) fn tell(&self, revised: Revised, from: &Arc<FlagDocument>, to: &Arc<FlagDocument>) {
        let mut state = self.state();
        if state.subscribers.is_empty() {
            return;
        }
        state.step += 1;
        let step = state.step;
        if state.queue.len() < BACKLOG && state.merged.is_none() {
            state.queue.push_back((step, revised));
        } else {
            state.merged_steps += 1;
            let earlier = state.merged.take();
            state.merged = Some(Merged {
                step,
                from: earlier.map_or_else(|| Arc::clone(from), |earlier| earlier.from),
                to: Arc::clone(to),
            });
        }
        drop(state);
        self.wake.notify_one();
    }

    /// The live flags are gone. What was told to the queue is still delivered.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.wake.notify_one();
    }

    pub(super) fn status(&self) -> CallbackStatus {
        let state = self.state();
        CallbackStatus {
            subscriptions: state.subscribers.len(),
            waiting: state.queue.len() + usize::from(state.merged.is_some()),
            merged: state.merged_steps,
            panics: state.panics,
            last_panic: state.last_panic.clone(),
        }
    }

    fn end(&self, id: u64) -> Option<Arc<Subscriber>> {
        let mut state = self.state();
        let ended = state.subscribers.remove(&id);
        if let Some(subscriber) = &ended {
            subscriber.has_ended.store(true, Ordering::Release);
        }
        if state.subscribers.is_empty() {
            state.queue.clear();
            state.merged = None;
            drop(state);
            self.wake.notify_one();
        }
        ended
    }

    /// The work of the thread.
    fn deliver(&self) {
        while let Some(Delivery { revised, to }) = self.next() {
            for subscriber in to {
                // Beside the callback itself, dropping what it holds can panic.
                let told = AssertUnwindSafe(|| self.deliver_to(subscriber, &revised));
                if let Err(panic) = catch_unwind(told) {
                    self.note_panic(&*panic);
                }
            }
        }
    }

    fn deliver_to(&self, subscriber: Arc<Subscriber>, revised: &Revised) {
        for change in revised.changes().filter(|change| subscriber.wants(change)) {
            self.call(&subscriber, &change);
        }
        drop(subscriber);
    }

    fn call(&self, subscriber: &Subscriber, change: &FlagChange<'_>) {
        let mut callback = lock(&subscriber.callback);
        let called = catch_unwind(AssertUnwindSafe(|| callback(change)));
        drop(callback);
        if let Err(panic) = called {
            self.note_panic(&*panic);
            tracing::error!(
                flag = %change.key,
                revision = %change.revision,
                panic = panic_message(&*panic),
                "a callback panicked over a change of a flag; it is called again for the next one"
            );
        }
    }

    fn note_panic(&self, panic: &(dyn Any + Send)) {
        let mut state = self.state();
        state.panics += 1;
        state.last_panic = Some(panic_message(panic));
    }

    /// The next step, when it is there; `None` when there will be none.
    fn next(&self) -> Option<Delivery> {
        let mut state = self.state();
        loop {
            if let Some((step, revised)) = state.queue.pop_front() {
                let to = state.subscribed_before(step);
                return Some(Delivery { revised, to });
            }
            if let Some(Merged { step, from, to }) = state.merged.take() {
                let subscribers = state.subscribed_before(step);
                drop(state);
                let changes = KeyChange::between(&from.flags, &to.flags);
                return Some(Delivery {
                    revised: Revised::found(to.revision, changes),
                    to: subscribers,
                });
            }
            if state.is_closed || state.subscribers.is_empty() {
                state.has_thread = false;
                return None;
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No code of others runs under this lock, so a poisoned one holds a whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// In the order in which they came.
    fn subscribed_before(&self, step: u64) -> Vec<Arc<Subscriber>> {
        let subscribers = self.subscribers.values();
        subscribers
            .filter(|subscriber| subscriber.since < step)
            .cloned()
            .collect()
    }
}

impl Subscriber {
    fn wants(&self, change: &FlagChange<'_>) -> bool {
        self.keys.names(change.key) && !self.has_ended.load(Ordering::Acquire)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
