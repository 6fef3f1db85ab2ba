use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use cutover_domain::comparison::{ComparisonRecord, RecordId, Run, RunId};
use cutover_ports::comparison::{
    ComparisonCapabilities, ComparisonStore, Page, Pruned, RecordQuery, Retention, RunQuery,
};
use cutover_ports::{Clock, PortError};
use jiff::{SignedDuration, Timestamp};

/// How often old records are looked for at the least, while records are appended.
const INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// After so many records of this process old ones are looked for, where their number does not
/// matter.
const RECORDS: u64 = 10_000;

/// A comparison store that stays within a [`Retention`] by itself: whoever appends also removes
/// what is too old or too much, in a thread of its own, every minute and after every tenth of
/// [`Retention::max_records`].
///
/// What is kept is never less than the retention allows, and between two times more: at most what
/// is appended meanwhile. Where records come faster than old ones go, whoever appends waits for
/// that, so that the surplus stays below two such tenths a process. Several processes may do it on
/// one store.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use cutover_app::comparison::RetainingStore;
/// use cutover_ports::SystemClock;
/// use cutover_ports::comparison::{MemoryComparisonStore, Retention};
///
/// let month = Retention {
///     max_age: Some(Duration::from_secs(30 * 24 * 60 * 60)),
///     max_records: Some(100_000),
///     max_bytes: Some(1 << 30),
/// };
/// let store = MemoryComparisonStore::new();
/// let store = RetainingStore::new(Arc::new(store), month, Arc::new(SystemClock));
/// ```
#[derive(Debug)]
pub struct RetainingStore {
    store: Arc<dyn ComparisonStore>,
    retention: Retention,
    clock: Arc<dyn Clock>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Since old records were looked for.
    appended: AtomicU64,
    looked: Mutex<Option<Timestamp>>,
    looking: AtomicBool,
    failed: AtomicBool,
}

impl RetainingStore {
    /// The store, which from now on stays within `retention`.
    #[must_use]
    pub fn new(
        store: Arc<dyn ComparisonStore>,
        retention: Retention,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            retention,
            clock,
            state: Arc::default(),
        }
    }

    /// What removes old records, if it is time for that.
    fn appended(&self, records: usize) -> Option<JoinHandle<()>> {
        let appended = self
            .state
            .appended
            .fetch_add(records as u64, Ordering::Relaxed);
        let now = self.clock.now();
        let enough = appended + records as u64 >= self.step();
        let due = enough || self.is_time(now);
        if due && !self.state.looking.swap(true, Ordering::AcqRel) {
            self.look(now)
        } else {
            None
        }
    }

    /// Whether as much was appended since the look that goes on as is enough for the next.
    fn is_behind(&self) -> bool {
        self.state.looking.load(Ordering::Acquire)
            && self.state.appended.load(Ordering::Relaxed) >= self.step()
    }

    fn step(&self) -> u64 {
        self.retention
            .max_records
            .map_or(RECORDS, |max| (max / 10).max(1))
    }

    fn is_time(&self, now: Timestamp) -> bool {
        let looked = self.looked();
        looked.is_none_or(|looked| now.duration_since(looked) >= INTERVAL || now < looked)
    }

    fn looked(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        // Nothing panics under it.
        self.state
            .looked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes what is too old or too much, and lets nobody wait for it.
    fn look(&self, now: Timestamp) -> Option<JoinHandle<()>> {
        self.state.appended.store(0, Ordering::Relaxed);
        *self.looked() = Some(now);
        let (store, state, retention) = (
            Arc::clone(&self.store),
            Arc::clone(&self.state),
            self.retention,
        );
        let thread = std::thread::Builder::new().name("cutover-retention".to_owned());
        let started = thread.spawn(move || {
            let done = Done(&state);
            done.0
                .said(pollster::block_on(store.prune(&retention, now)));
        });
        if started.is_err() {
            // The next append tries again.
            self.state.looking.store(false, Ordering::Release);
        }
        started.ok()
    }
}

impl State {
    /// Tells of a failure once, until it works again.
    fn said(&self, pruned: Result<Pruned, PortError>) {
        match pruned {
            Ok(_) => self.failed.store(false, Ordering::Relaxed),
            Err(error) if !self.failed.swap(true, Ordering::Relaxed) => {
                tracing::warn!(%error, "old comparisons are not removed");
            }
            Err(_) => {}
        }
    }
}

/// Says that nobody looks any more, also after a panic.
struct Done<'s>(&'s State);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.looking.store(false, Ordering::Release);
    }
}

#[async_trait]
impl ComparisonStore for RetainingStore {
    fn capabilities(&self) -> ComparisonCapabilities {
        self.store.capabilities()
    }

    async fn create_run(&self, run: &Run) -> Result<(), PortError> {
        self.store.create_run(run).await
    }

    async fn update_run(&self, run: &Run) -> Result<(), PortError> {
        self.store.update_run(run).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        self.store.run(id).await
    }

    async fn runs(&self, query: &RunQuery) -> Result<Page<Run>, PortError> {
        self.store.runs(query).await
    }

    async fn append(&self, records: &[ComparisonRecord]) -> Result<(), PortError> {
        self.store.append(records).await?;
        // Nobody waits for it.
        drop(self.appended(records.len()));
        if self.is_behind() {
            // Whoever looks does not keep up: this writer helps, and so waits.
            self.state.appended.store(0, Ordering::Relaxed);
            self.state
                .said(self.store.prune(&self.retention, self.clock.now()).await);
        }
        Ok(())
    }

    async fn record(
        &self,
        run: &RunId,
        id: &RecordId,
    ) -> Result<Option<ComparisonRecord>, PortError> {
        self.store.record(run, id).await
    }

    async fn records(&self, query: &RecordQuery) -> Result<Page<ComparisonRecord>, PortError> {
        self.store.records(query).await
    }

    async fn prune(&self, retention: &Retention, now: Timestamp) -> Result<Pruned, PortError> {
        self.store.prune(retention, now).await
    }

    async fn would_prune(
        &self,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Pruned, PortError> {
        self.store.would_prune(retention, now).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cutover_ports::clock::FixedClock;
    use cutover_ports::comparison::MemoryComparisonStore;
    use cutover_testkit::comparison::{at_minute, sample_record, sample_run};
    use pollster::block_on;

    use super::*;

    struct Kept {
        inner: Arc<MemoryComparisonStore>,
        store: RetainingStore,
        clock: Arc<FixedClock>,
        run: Run,
    }

    fn kept(retention: Retention) -> Kept {
        let inner = Arc::new(MemoryComparisonStore::new());
        let clock = Arc::new(FixedClock::at(at_minute(0)));
        let store =
            RetainingStore::new(Arc::clone(&inner) as _, retention, Arc::clone(&clock) as _);
        let run = sample_run("r", 0);
        block_on(store.create_run(&run)).unwrap();
        Kept {
            inner,
            store,
            clock,
            run,
        }
    }

    impl Kept {
        /// Appends one by one, and waits for what that has started.
        fn append(&self, numbers: std::ops::Range<i64>) {
            for number in numbers {
                let record = sample_record(&self.run, &format!("c{number}"), number);
                block_on(self.inner.append(&[record])).unwrap();
                if let Some(thread) = self.store.appended(1) {
                    thread.join().unwrap();
                }
            }
        }

        fn count(&self) -> usize {
            let query = RecordQuery::default().limit(10_000);
            block_on(self.inner.records(&query)).unwrap().items.len()
        }
    }

    #[test]
    fn a_tenth_more_is_the_most_that_is_kept() {
        let kept = kept(Retention {
            max_records: Some(50),
            ..Retention::default()
        });
        for round in 0..40 {
            kept.append(round * 5..(round + 1) * 5);
            let expected = ((round + 1) * 5).min(50) as usize;
            assert!((expected..=55).contains(&kept.count()), "{}", kept.count());
        }
        let page = block_on(kept.store.records(&RecordQuery::default().limit(1))).unwrap();
        assert_eq!(page.items[0].id.as_str(), "c199", "the newest stay");
    }

    #[test]
    fn what_grows_too_old_goes_with_the_next_append_after_a_minute() {
        let kept = kept(Retention {
            max_age: Some(Duration::from_secs(10 * 60)),
            ..Retention::default()
        });
        kept.append(0..3);
        kept.clock.advance(Duration::from_secs(12 * 60));
        assert_eq!(kept.count(), 3);
        kept.append(12..13);
        assert_eq!(kept.count(), 2, "minute 2 and minute 12");
        kept.clock.advance(Duration::from_secs(59));
        kept.append(13..14);
        assert_eq!(kept.count(), 3, "not looked for again yet");
        kept.clock.advance(Duration::from_secs(1));
        kept.append(14..15);
        assert_eq!(kept.count(), 3);
    }

    #[test]
    fn a_clock_that_went_back_does_not_end_retention() {
        let kept = kept(Retention {
            max_records: Some(10_000),
            max_bytes: None,
            max_age: Some(Duration::ZERO),
        });
        kept.clock.advance(Duration::from_secs(3600));
        kept.append(0..1);
        *kept.store.looked() = Some(at_minute(100_000));
        kept.append(1..2);
        assert_eq!(*kept.store.looked(), Some(at_minute(60)));
    }
}
