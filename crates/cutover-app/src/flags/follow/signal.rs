use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

/// Where a thread waits for futures, for the time, and for being told to stop.
#[derive(Debug, Default)]
pub(super) struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_woken: bool,
    is_stopped: bool,
}

/// What waiting came to.
pub(super) enum Waited<T> {
    Ready(T),
    Panicked(Box<dyn Any + Send>),
    TimedOut,
    Stopped,
}

impl Signal {
    /// Ends all waiting, for good.
    pub(super) fn stop(&self) {
        self.state().is_stopped = true;
        self.changed.notify_all();
    }

    /// Waits for `future`, at most until `end`.
    pub(super) fn wait<T>(
        self: &Arc<Self>,
        end: Instant,
        future: impl Future<Output = T>,
    ) -> Waited<T> {
        let waker = Waker::from(Arc::clone(self));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if self.state().is_stopped {
                return Waited::Stopped;
            }
            // After a panic the future is not polled again.
            match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context))) {
                Ok(Poll::Ready(answer)) => return Waited::Ready(answer),
                Err(panic) => return Waited::Panicked(panic),
                Ok(Poll::Pending) => {}
            }
            if !self.sleep_until(end) {
                return Waited::TimedOut;
            }
        }
    }

    /// Sleeps until there is something to see; false when there was not, in time.
    fn sleep_until(&self, end: Instant) -> bool {
        let mut state = self.state();
        while !std::mem::take(&mut state.is_woken) && !state.is_stopped {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.state().is_woken = true;
        self.changed.notify_all();
    }
}
