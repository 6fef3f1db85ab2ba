//! A store that behaves in ways that a faulty one does not: it is replaced by another, its watches
//! end or say nothing, somebody else is always faster, records are damaged.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use async_trait::async_trait;
use cutover_domain::flags::{FlagDocument, Revision};
use cutover_ports::flags::{
    Commit, Compaction, FlagCapabilities, FlagEvent, FlagEvents, FlagStore, HistoryPage,
    HistoryQuery, Retention,
};
use cutover_ports::{PortError, PortErrorKind};

/// Clones share one state.
#[derive(Clone)]
pub(super) struct OddStore(Arc<Odd>);

struct Odd {
    store: Mutex<Arc<dyn FlagStore>>,
    watches: Mutex<VecDeque<OddWatch>>,
    rival: Mutex<(usize, Box<dyn Fn() + Send>)>,
    damaged: Mutex<Option<Revision>>,
}

/// What becomes of the next watch.
#[derive(Clone, Copy, Debug)]
pub(super) enum OddWatch {
    /// It ends after so many events.
    Ends(usize),
    /// It never says anything.
    Silent,
    /// It cannot be had, now or ever.
    Unsupported,
}

impl OddStore {
    /// As good as `store`, until it is told otherwise.
    pub(super) fn new(store: impl FlagStore + 'static) -> Self {
        Self(Arc::new(Odd {
            store: Mutex::new(Arc::new(store)),
            watches: Mutex::default(),
            rival: Mutex::new((0, Box::new(|| ()))),
            damaged: Mutex::default(),
        }))
    }

    /// Puts another store in the place of this one. Watches stay with the old one.
    pub(super) fn replace(&self, store: impl FlagStore + 'static) {
        *self.0.store.lock().unwrap() = Arc::new(store);
    }

    pub(super) fn watches(&self, watches: impl IntoIterator<Item = OddWatch>) {
        self.0.watches.lock().unwrap().extend(watches);
    }

    /// How many odd watches nobody has asked for yet.
    pub(super) fn watches_left(&self) -> usize {
        self.0.watches.lock().unwrap().len()
    }

    /// Does something before each of the next commits, and loses their answers.
    pub(super) fn overtake(&self, times: usize, rival: impl Fn() + Send + 'static) {
        *self.0.rival.lock().unwrap() = (times, Box::new(rival));
    }

    /// The record of this revision cannot be read any more.
    pub(super) fn damage(&self, revision: u64) {
        *self.0.damaged.lock().unwrap() = Some(Revision::new(revision));
    }

    fn store(&self) -> Arc<dyn FlagStore> {
        Arc::clone(&self.0.store.lock().unwrap())
    }

    fn is_overtaken(&self) -> bool {
        let (left, act) = &mut *self.0.rival.lock().unwrap();
        if *left == 0 {
            return false;
        }
        *left -= 1;
        act();
        true
    }
}

impl fmt::Debug for OddStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OddStore").field(&self.store()).finish()
    }
}

#[async_trait]
impl FlagStore for OddStore {
    fn capabilities(&self) -> FlagCapabilities {
        self.store().capabilities()
    }

    async fn load(&self) -> Result<Option<FlagDocument>, PortError> {
        self.store().load().await
    }

    async fn commit(&self, commit: Commit) -> Result<(), PortError> {
        let is_overtaken = self.is_overtaken();
        let result = self.store().commit(commit).await;
        if is_overtaken {
            let lost = PortErrorKind::OutcomeUnknown;
            return Err(PortError::new(lost, "commit flags"));
        }
        result
    }

    async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
        let mut page = self.store().history(query).await?;
        let damaged = *self.0.damaged.lock().unwrap();
        let met = page.records.len();
        page.records
            .retain(|record| Some(record.revision) != damaged);
        page.damaged = (met - page.records.len()) as u64;
        Ok(page)
    }

    async fn watch(&self, since: Revision) -> Result<FlagEvents, PortError> {
        let odd = self.0.watches.lock().unwrap().pop_front();
        let events = self.store().watch(since).await?;
        Ok(match odd {
            None => events,
            Some(OddWatch::Ends(left)) => Box::pin(Ending { events, left }),
            Some(OddWatch::Silent) => Box::pin(Silent),
            Some(OddWatch::Unsupported) => {
                return Err(PortError::new(PortErrorKind::Unsupported, "watch flags"));
            }
        })
    }

    async fn compact(&self, retention: &Retention) -> Result<Compaction, PortError> {
        self.store().compact(retention).await
    }
}

struct Ending {
    events: FlagEvents,
    left: usize,
}

impl futures_core::Stream for Ending {
    type Item = FlagEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<FlagEvent>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let event = self.events.as_mut().poll_next(context);
        if event.is_ready() {
            self.left -= 1;
        }
        event
    }
}

struct Silent;

impl futures_core::Stream for Silent {
    type Item = FlagEvent;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<FlagEvent>> {
        Poll::Pending
    }
}
