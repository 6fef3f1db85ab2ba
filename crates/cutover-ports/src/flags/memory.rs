use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use cutover_domain::flags::{ChangeRecord, FlagDocument, Revision};
use futures_core::Stream;

use super::{
    Commit, Compaction, FlagCapabilities, FlagEvent, FlagEvents, FlagStore, HistoryPage,
    HistoryQuery, Retention,
};
use crate::{Clock, PortError, SystemClock};

/// The reference flag store: in memory, for tests and for programs that keep nothing. Clones share
/// one store.
#[derive(Clone, Debug)]
pub struct MemoryFlagStore {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
}

impl Default for MemoryFlagStore {
    fn default() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }
}

#[derive(Debug, Default)]
struct State {
    document: Option<FlagDocument>,
    /// Oldest first, one per revision.
    history: Vec<Arc<ChangeRecord>>,
    waiting: Vec<Waker>,
}

impl MemoryFlagStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that is told by `clock` how old a record is when its history is compacted.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Arc::default(),
            clock,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// No code can panic between two writes to the state, so a poisoned lock holds a whole one.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl FlagStore for MemoryFlagStore {
    fn capabilities(&self) -> FlagCapabilities {
        FlagCapabilities {
            durable: false,
            shared: false,
            watch: true,
            retention: true,
        }
    }

    async fn load(&self) -> Result<Option<FlagDocument>, PortError> {
        Ok(self.state().document.clone())
    }

    async fn commit(&self, commit: Commit) -> Result<(), PortError> {
        commit.check()?;
        let mut state = self.state();
        let current = state
            .document
            .as_ref()
            .map_or(Revision::ZERO, |document| document.revision);
        commit.check_against(current)?;
        state.document = Some(commit.document);
        state.history.push(Arc::new(commit.record));
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        Ok(())
    }

    async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
        let state = self.state();
        let matching = state
            .history
            .iter()
            .rev()
            .filter(|record| query.matches(record));
        Ok(HistoryPage::take(
            query,
            matching.map(|record| (**record).clone()),
        ))
    }

    async fn watch(&self, since: Revision) -> Result<FlagEvents, PortError> {
        Ok(Box::pin(Watch {
            state: Arc::clone(&self.state),
            seen: since,
        }))
    }

    async fn compact(&self, retention: &Retention) -> Result<Compaction, PortError> {
        let now = self.clock.now();
        let mut state = self.state();
        let newest_first = state.history.iter().rev().enumerate();
        let kept = newest_first
            .take_while(|(newer, record)| retention.keeps(*newer, record.time, now))
            .count();
        let removed = state.history.len() - kept;
        state.history.drain(..removed);
        Ok(Compaction {
            removed: removed as u64,
            oldest: state.history.first().map(|record| record.revision),
        })
    }
}

struct Watch {
    state: Arc<Mutex<State>>,
    seen: Revision,
}

impl Stream for Watch {
    type Item = FlagEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<FlagEvent>> {
        let mut state = lock(&self.state);
        if let Some(newest) = state.history.last().map(|record| record.revision)
            && newest < self.seen
        {
            drop(state);
            self.seen = newest;
            return Poll::Ready(Some(FlagEvent::Resync));
        }
        let next = state
            .history
            .partition_point(|record| record.revision <= self.seen);
        let Some(record) = state.history.get(next).cloned() else {
            if !state
                .waiting
                .iter()
                .any(|waker| waker.will_wake(context.waker()))
            {
                state.waiting.push(context.waker().clone());
            }
            return Poll::Pending;
        };
        let newest = state.history.last().map(|record| record.revision);
        drop(state);
        if record.revision > self.seen.next() {
            self.seen = newest.unwrap_or(record.revision);
            return Poll::Ready(Some(FlagEvent::Resync));
        }
        self.seen = record.revision;
        Poll::Ready(Some(FlagEvent::Changed(record)))
    }
}
