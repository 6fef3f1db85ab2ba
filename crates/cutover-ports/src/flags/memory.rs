use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use cutover_domain::flags::{ChangeRecord, FlagDocument, Revision};
use futures_core::Stream;

use super::{
    Commit, FlagCapabilities, FlagEvent, FlagEvents, FlagStore, HistoryPage, HistoryQuery,
};
use crate::PortError;

/// The reference flag store: in memory, for tests and for programs that keep nothing. Clones share
/// one store.
#[derive(Clone, Debug, Default)]
pub struct MemoryFlagStore {
    state: Arc<Mutex<State>>,
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
}

struct Watch {
    state: Arc<Mutex<State>>,
    seen: Revision,
}

impl Stream for Watch {
    type Item = FlagEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<FlagEvent>> {
        let mut state = lock(&self.state);
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
        drop(state);
        self.seen = record.revision;
        Poll::Ready(Some(FlagEvent::Changed(record)))
    }
}
