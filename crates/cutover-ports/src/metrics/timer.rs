//! The handle of a timer, and the sketch that threads share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use cutover_domain::metrics::layout::{BUCKETS, HOUR_NANOS, MAX_NANOS, MIN_INDEX, bucket_index};
use cutover_domain::metrics::{Sketch, Window};

use super::Moment;
use super::samples::{SAMPLE_INTERVAL, SeriesKey};
use super::stripes::{STRIPES, stripe};
use super::timeline::Timeline;

/// Collects durations. Cheap to clone; clones collect together.
///
/// Three relaxed additions to memory of its own thread: no lock, and no allocation once a thread
/// has seen durations of that magnitude.
///
/// ```
/// use std::time::Duration;
/// use cutover_ports::metrics::{Moment, Timer};
///
/// let timer = Timer::detached();
/// timer.observe(Duration::from_millis(5));
///
/// // Code that has read the clock anyway saves reading it again:
/// let (started, ended) = (Moment::now(), Moment::now());
/// timer.observe_between(started, ended);
///
/// let running = timer.start();
/// running.stop();
/// assert_eq!(timer.sketch().count(), 3);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Timer(Option<Arc<TimerCell>>);

/// Measures from [`Timer::start`] until it is stopped or dropped.
#[derive(Debug)]
#[must_use = "the time is taken when this is dropped"]
pub struct RunningTimer<'a> {
    timer: &'a Timer,
    started: Moment,
}

#[derive(Debug)]
struct TimerCell {
    /// The [`Moment`] at which somebody has to look after more than counting: the end of the slot,
    /// or when the next sample is due. One comparison settles both.
    attention: AtomicU64,
    stripes: [Stripe; STRIPES],
    timeline: Arc<Timeline>,
    series: Option<Arc<SeriesKey>>,
    history: Mutex<History>,
}

const PAGE: usize = 64;
const PAGES: usize = BUCKETS.div_ceil(PAGE);

/// What one thread, or a few, collected since the running slot began: 400 bytes, and 512 for each
/// factor of four between the shortest and the longest duration it met.
#[derive(Debug)]
#[repr(align(64))]
struct Stripe {
    zeros: AtomicU64,
    sum: AtomicU64,
    sum_high: AtomicU64,
    squares: AtomicU64,
    squares_high: AtomicU64,
    /// The smallest; [`NO_MIN`] for none.
    min: AtomicU64,
    /// The largest.
    max: AtomicU64,
    pages: [OnceLock<Box<Page>>; PAGES],
}

#[derive(Debug)]
#[repr(align(64))]
struct Page([AtomicU64; PAGE]);

const NO_MIN: u64 = u64::MAX;

impl Default for Stripe {
    fn default() -> Self {
        Self {
            zeros: AtomicU64::new(0),
            sum: AtomicU64::new(0),
            sum_high: AtomicU64::new(0),
            squares: AtomicU64::new(0),
            squares_high: AtomicU64::new(0),
            min: AtomicU64::new(NO_MIN),
            max: AtomicU64::new(0),
            pages: Default::default(),
        }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; PAGE])
    }
}

/// The slots that ended.
#[derive(Debug, Default)]
struct History {
    /// The running slot.
    slot: u64,
    /// Slots of the last hour, oldest first.
    slots: VecDeque<(u64, Sketch)>,
    /// All older ones.
    older: Sketch,
}

impl Timer {
    /// A timer that collects nothing.
    #[must_use]
    pub const fn noop() -> Self {
        Self(None)
    }

    /// A timer outside of any recorder: for tests, and for sinks of your own that read it.
    #[must_use]
    pub fn detached() -> Self {
        Self::on(Arc::new(Timeline::starting(Moment::now())), None)
    }

    pub(super) fn on(timeline: Arc<Timeline>, series: Option<Arc<SeriesKey>>) -> Self {
        Self(Some(Arc::new(TimerCell {
            attention: AtomicU64::new(0),
            stripes: Default::default(),
            timeline,
            series,
            history: Mutex::default(),
        })))
    }

    /// Collects a duration that ended now.
    #[inline]
    pub fn observe(&self, duration: Duration) {
        if self.0.is_some() {
            self.observe_at(duration, Moment::now());
        }
    }

    /// Collects the time between two readings of the clock: for code that has them anyway.
    #[inline]
    pub fn observe_between(&self, started: Moment, ended: Moment) {
        if let Some(cell) = &self.0 {
            cell.observe(ended.nanos_since(started), ended);
        }
    }

    /// Collects a duration that ended at `now`. One over 78 hours counts as 78 hours.
    #[inline]
    pub fn observe_at(&self, duration: Duration, now: Moment) {
        if let Some(cell) = &self.0 {
            let nanos = duration.as_secs().min(MAX_NANOS / 1_000_000_000) * 1_000_000_000
                + u64::from(duration.subsec_nanos());
            cell.observe(nanos, now);
        }
    }

    /// Collects a value that is no duration, such as a ratio: to nine decimals, up to 281,474.
    /// One that is negative or no number is left out.
    pub fn observe_value(&self, value: f64) {
        if let Some(cell) = self.0.as_ref().filter(|_| value >= 0.0) {
            // The conversion saturates.
            cell.observe(((value * 1e9).round() as u64).min(MAX_NANOS), Moment::now());
        }
    }

    /// Starts measuring.
    #[inline]
    pub fn start(&self) -> RunningTimer<'_> {
        RunningTimer {
            timer: self,
            started: Moment::now(),
        }
    }

    /// What was collected since the timer was made.
    #[must_use]
    pub fn sketch(&self) -> Sketch {
        self.read(Window::SinceStart, Moment::now())
    }

    /// What was collected in a window that ends at `now`.
    pub(super) fn read(&self, window: Window, now: Moment) -> Sketch {
        let Some(cell) = &self.0 else {
            return Sketch::default();
        };
        let slot = Timeline::slot_of(cell.timeline.elapsed(now));
        let mut history = cell.lock_history();
        history.roll(slot, &cell.stripes);
        let mut sketch = match window {
            Window::SinceStart => history.older.clone(),
            Window::LastHour => Sketch::default(),
        };
        history
            .slots
            .iter()
            .for_each(|(_, slot)| sketch.merge(slot));
        // The lock is held: nobody moves figures from the stripes to the history meanwhile.
        for stripe in &cell.stripes {
            sketch.merge(&stripe.collect(|cell, _| cell.load(Ordering::Acquire)));
        }
        sketch
    }
}

impl RunningTimer<'_> {
    /// Stops and collects; dropping does the same.
    pub fn stop(self) {}
}

impl Drop for RunningTimer<'_> {
    fn drop(&mut self) {
        if self.timer.0.is_some() {
            self.timer.observe_between(self.started, Moment::now());
        }
    }
}

impl TimerCell {
    #[inline]
    fn observe(&self, nanos: u64, now: Moment) {
        if now.number() >= self.attention.load(Ordering::Relaxed) {
            self.attend(nanos, now);
        }
        // The comparison is the one that `stripe` has made: it costs nothing, and no panic.
        if let Some(stripe) = self.stripes.get(stripe()) {
            stripe.observe(nanos);
        }
    }

    /// Looks after the slot and the sample log. Never waits: what somebody else is busy with is
    /// done by the next one.
    #[cold]
    fn attend(&self, nanos: u64, now: Moment) {
        let elapsed = self.timeline.elapsed(now);
        let slot = Timeline::slot_of(elapsed);
        let next = self.timeline.end_of(slot).min(now.plus(SAMPLE_INTERVAL));
        self.attention.store(next.number(), Ordering::Relaxed);
        self.timeline.notice(slot);
        if let Ok(mut history) = self.history.try_lock() {
            history.roll(slot, &self.stripes);
        }
        if let Some(series) = &self.series {
            self.timeline
                .samples
                .push(series, nanos as f64 / 1e9, elapsed);
        }
    }

    fn lock_history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stripe {
    #[inline]
    fn observe(&self, nanos: u64) {
        // One comparison for both ends of the range.
        if nanos.wrapping_sub(1) < HOUR_NANOS {
            let place = (bucket_index(nanos) - MIN_INDEX) as usize;
            // A bucket is always on a page; the compiler does not know.
            if let Some(page) = self.pages.get(place / PAGE) {
                self.add(nanos);
                // The count comes last, and releases the rest: whoever reads it reads the sums
                // with it.
                let page = match page.get() {
                    Some(page) => page,
                    None => first_page(page),
                };
                page.0[place % PAGE].fetch_add(1, Ordering::Release);
            }
        } else {
            self.observe_outside(nanos);
        }
    }

    /// Zero, or more than an hour.
    #[cold]
    fn observe_outside(&self, nanos: u64) {
        let nanos = nanos.min(MAX_NANOS);
        self.add(nanos);
        if nanos == 0 {
            self.zeros.fetch_add(1, Ordering::Release);
        } else {
            let last = first_page(&self.pages[(BUCKETS - 1) / PAGE]);
            last.0[(BUCKETS - 1) % PAGE].fetch_add(1, Ordering::Release);
        }
    }

    #[inline]
    fn add(&self, nanos: u64) {
        if nanos > self.max.load(Ordering::Relaxed) {
            self.max.fetch_max(nanos, Ordering::Relaxed);
        }
        if nanos < self.min.load(Ordering::Relaxed) {
            self.min.fetch_min(nanos, Ordering::Relaxed);
        }
        add_wide(&self.sum, &self.sum_high, nanos.into());
        add_wide(
            &self.squares,
            &self.squares_high,
            u128::from(nanos) * u128::from(nanos),
        );
    }

    /// The figures, each cell read by `read`, which is told what the cell holds when it is empty.
    fn collect(&self, read: impl Fn(&AtomicU64, u64) -> u64) -> Sketch {
        // Counts first, in the opposite order of writing.
        let zeros = read(&self.zeros, 0);
        let mut buckets = Vec::new();
        for (number, page) in self.pages.iter().enumerate() {
            for (offset, cell) in page
                .get()
                .into_iter()
                .flat_map(|page| page.0.iter().enumerate())
            {
                // Reading first spares most cells the exchange.
                if cell.load(Ordering::Relaxed) > 0 {
                    buckets.push(((number * PAGE + offset) as i32 + MIN_INDEX, read(cell, 0)));
                }
            }
        }
        let wide = |low, high| u128::from(read(low, 0)) + (u128::from(read(high, 0)) << 64);
        let (min, max) = (read(&self.min, NO_MIN), read(&self.max, 0));
        Sketch::from_counts(
            zeros,
            buckets,
            wide(&self.sum, &self.sum_high),
            wide(&self.squares, &self.squares_high),
            (min != NO_MIN).then_some((min, max)),
        )
    }
}

#[cold]
fn first_page(page: &OnceLock<Box<Page>>) -> &Page {
    page.get_or_init(Box::default)
}

/// Adds to a sum of 128 bits in two halves. The high half is touched once in 2^64, or for squares
/// of durations over four seconds.
#[inline]
fn add_wide(low: &AtomicU64, high: &AtomicU64, by: u128) {
    let by_low = by as u64;
    let before = low.fetch_add(by_low, Ordering::Relaxed);
    let carry = u64::from(before.checked_add(by_low).is_none()) + (by >> 64) as u64;
    if carry > 0 {
        high.fetch_add(carry, Ordering::Relaxed);
    }
}

impl History {
    /// Moves what the stripes hold into the history when the running slot ended. Every cell is
    /// exchanged for its empty value, so a value recorded meanwhile is counted exactly once, at worst in the
    /// next slot.
    fn roll(&mut self, slot: u64, stripes: &[Stripe]) {
        if slot > self.slot {
            let mut ended = Sketch::default();
            for stripe in stripes {
                ended.merge(&stripe.collect(|cell, empty| cell.swap(empty, Ordering::AcqRel)));
            }
            self.slots.push_back((self.slot, ended));
            self.slot = slot;
        }
        let first = Timeline::first_of_hour(self.slot);
        while self.slots.front().is_some_and(|(slot, _)| *slot < first) {
            if let Some((_, sketch)) = self.slots.pop_front() {
                self.older.merge(&sketch);
            }
        }
    }
}
