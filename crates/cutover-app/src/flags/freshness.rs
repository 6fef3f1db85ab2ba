use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How long ago the flags were known to be the newest, and the thread that notices when that is
/// longer than allowed: so that no decision ever has to look at a clock.
pub(super) struct Freshness {
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    max_age: Option<Duration>,
    confirmed: Instant,
    is_stale: bool,
    has_thread: bool,
    is_closed: bool,
}

/// Whose flags grow stale.
pub(super) trait Ageing: Send + Sync + 'static {
    /// The flags may be too old now; [`Freshness::is_stale`] says whether they still are.
    fn grow_stale(&self);
}

impl Freshness {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                max_age: None,
                confirmed: Instant::now(),
                is_stale: false,
                has_thread: false,
                is_closed: false,
            }),
            wake: Condvar::new(),
        }
    }

    pub(super) fn max_age(&self) -> Option<Duration> {
        self.state().max_age
    }

    pub(super) fn is_stale(&self) -> bool {
        self.state().is_stale
    }

    /// The flags are the newest there are, now.
    pub(super) fn confirm(&self) {
        let mut state = self.state();
        state.confirmed = Instant::now();
        if std::mem::take(&mut state.is_stale) {
            self.wake.notify_one();
        }
    }

    pub(super) fn set_max_age(
        self: &Arc<Self>,
        max_age: Duration,
        whose: Weak<impl Ageing>,
    ) -> std::io::Result<()> {
        let mut state = self.state();
        if !state.has_thread {
            let freshness = Arc::clone(self);
            std::thread::Builder::new()
                .name("cutover-age".to_owned())
                .spawn(move || freshness.watch(&whose))?;
            state.has_thread = true;
        }
        state.max_age = Some(max_age);
        self.wake.notify_one();
        Ok(())
    }

    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.wake.notify_one();
    }

    /// The work of the thread.
    fn watch(&self, whose: &Weak<impl Ageing>) {
        let mut state = self.state();
        while !state.is_closed {
            let end = match state.max_age {
                Some(age) if !state.is_stale => state.confirmed.checked_add(age),
                _ => None,
            };
            let now = Instant::now();
            state = match end {
                Some(end) if end <= now => {
                    state.is_stale = true;
                    drop(state);
                    let Some(ageing) = whose.upgrade() else {
                        return;
                    };
                    ageing.grow_stale();
                    drop(ageing);
                    self.state()
                }
                Some(end) => {
                    let woken = self.wake.wait_timeout(state, end - now);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Nothing panics under this lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
