//! The time of a recorder, in slots of five minutes, and what is kept at their borders.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::samples::SampleLog;
use super::{Counter, Moment};

/// The length of a slot.
pub(super) const SLOT: Duration = Duration::from_secs(300);
/// The slots of the last hour, the running one among them.
pub(super) const SLOTS: u64 = 12;

const SLOT_NANOS: u64 = SLOT.as_nanos() as u64;

/// Shared by a recorder and its timers. Nobody has to wake up for it: whoever comes by after the
/// end of a slot, a timer or a reader, notices and notes the counters.
#[derive(Debug)]
pub(super) struct Timeline {
    start: Moment,
    /// The latest slot that anybody noticed.
    slot: AtomicU64,
    counters: Mutex<Baselines>,
    pub(super) samples: SampleLog,
}

/// Counter values at the first notice of each of the last slots.
#[derive(Debug, Default)]
struct Baselines {
    counters: Vec<Counter>,
    by_slot: VecDeque<(u64, Vec<u64>)>,
}

impl Timeline {
    pub(super) fn starting(start: Moment) -> Self {
        Self {
            start,
            slot: AtomicU64::new(0),
            counters: Mutex::default(),
            samples: SampleLog::default(),
        }
    }

    /// Nanoseconds from the start to `now`; 0 before it.
    #[inline]
    pub(super) fn elapsed(&self, now: Moment) -> u64 {
        now.nanos_since(self.start)
    }

    pub(super) fn slot_of(elapsed: u64) -> u64 {
        elapsed / SLOT_NANOS
    }

    /// When the slot after `slot` begins.
    pub(super) fn end_of(&self, slot: u64) -> Moment {
        self.start
            .plus_nanos(slot.saturating_add(1).saturating_mul(SLOT_NANOS))
    }

    /// The first slot of the hour that ends in `slot`.
    pub(super) fn first_of_hour(slot: u64) -> u64 {
        slot.saturating_sub(SLOTS - 1)
    }

    /// The start of the last hour, in nanoseconds since the start.
    pub(super) fn start_of_hour(slot: u64) -> u64 {
        Self::first_of_hour(slot).saturating_mul(SLOT_NANOS)
    }

    /// Takes notice of `slot`. Never waits: whoever holds the lock has noticed too.
    pub(super) fn notice(&self, slot: u64) {
        if slot > self.slot.load(Ordering::Relaxed)
            && let Ok(mut baselines) = self.counters.try_lock()
            && self.slot.fetch_max(slot, Ordering::Relaxed) < slot
        {
            baselines.note(slot);
        }
    }

    /// Adds a counter and says its place.
    pub(super) fn register(&self, counter: Counter) -> usize {
        let mut baselines = self.lock();
        baselines.counters.push(counter);
        baselines.counters.len() - 1
    }

    /// What each counter showed at the start of the last hour, by place; one that is not listed
    /// did not exist.
    ///
    /// The border is as exact as somebody was there to notice it: a reader, a publisher, a timer.
    /// In a process where for a while nobody was, an hour counts what came since the last one who
    /// looked before it; never too little.
    pub(super) fn counts_before_hour(&self, slot: u64) -> Vec<u64> {
        let first = Self::first_of_hour(slot);
        let baselines = self.lock();
        let before = baselines
            .by_slot
            .iter()
            .rev()
            .find(|(noted, _)| *noted <= first);
        before
            .filter(|_| first > 0)
            .map(|(_, values)| values.clone())
            .unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Baselines> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Baselines {
    fn note(&mut self, slot: u64) {
        let first = Timeline::first_of_hour(slot);
        // The newest one at or before the start of the hour is still needed.
        while self
            .by_slot
            .get(1)
            .is_some_and(|(noted, _)| *noted <= first)
        {
            self.by_slot.pop_front();
        }
        self.by_slot
            .push_back((slot, self.counters.iter().map(Counter::value).collect()));
    }
}
