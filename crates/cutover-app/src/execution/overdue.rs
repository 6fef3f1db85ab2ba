//! Comparisons that wait for old's second answer, and what becomes of them where it does not come.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::judge::Judged;

/// Comparisons whose thread is with an old that may never return. One that is not taken back in
/// time is saved by another thread, which is there only while something waits.
#[derive(Default)]
pub(super) struct Overdue {
    state: Mutex<State>,
    /// One was saved.
    saved: Condvar,
}

#[derive(Default)]
struct State {
    /// In the order of their deadlines.
    waiting: BTreeMap<u64, (Instant, Box<Judged>)>,
    last: u64,
    saving: Option<u64>,
    watched: bool,
}

impl Overdue {
    /// Leaves a comparison here, for so long; then it is given to `save`. The answer is for
    /// [`take_back`](Self::take_back).
    pub(super) fn leave(
        self: &Arc<Self>,
        judged: Judged,
        patience: Duration,
        save: impl Fn(Judged) + Send + 'static,
    ) -> u64 {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        state.last += 1;
        let ticket = state.last;
        state.waiting.insert(ticket, (deadline, Box::new(judged)));
        if !state.watched {
            let overdue = Arc::clone(self);
            let spawned = std::thread::Builder::new()
                .name("cutover-overdue".to_owned())
                .spawn(move || overdue.watch(&save));
            // Without a thread it waits for its own, as long as that takes.
            state.watched = spawned.is_ok();
        }
        ticket
    }

    /// What was left, unless it has been saved by now.
    pub(super) fn take_back(&self, ticket: u64) -> Option<Judged> {
        let state = self.lock();
        let mut state = self
            .saved
            .wait_while(state, |state| state.saving == Some(ticket))
            .unwrap_or_else(PoisonError::into_inner);
        let (_, judged) = state.waiting.remove(&ticket)?;
        Some(*judged)
    }

    fn watch(&self, save: &dyn Fn(Judged)) {
        let mut state = self.lock();
        while let Some(first) = state.waiting.first_entry() {
            let left = first.get().0.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                let waited = self.saved.wait_timeout(state, left);
                (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (ticket, (_, judged)) = first.remove_entry();
            state.saving = Some(ticket);
            drop(state);
            // Whatever the store does, the others are to be saved too.
            let _ = catch_unwind(AssertUnwindSafe(|| save(*judged)));
            state = self.lock();
            state.saving = None;
            self.saved.notify_all();
        }
        state.watched = false;
    }

    /// Nothing panics under this lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
