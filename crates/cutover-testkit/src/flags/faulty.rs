use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cutover_domain::flags::{FlagDocument, Revision};
use cutover_ports::flags::{
    Commit, Compaction, FlagCapabilities, FlagEvents, FlagStore, HistoryPage, HistoryQuery,
    Retention,
};
use cutover_ports::{PortError, PortErrorKind};

/// A store that does harm when it is told to, and else what the store inside does. Clones share
/// their plans.
///
/// ```
/// use cutover_ports::PortErrorKind;
/// use cutover_ports::flags::{FlagStore, MemoryFlagStore};
/// use cutover_testkit::flags::{Call, Fault, FaultyFlagStore};
///
/// # cutover_testkit::block_on(async {
/// let store = FaultyFlagStore::new(MemoryFlagStore::new());
/// store.harm(Call::Load, 2, Fault::Fail(PortErrorKind::Unavailable));
/// assert!(store.load().await.is_ok());
/// assert_eq!(store.load().await.unwrap_err().kind(), PortErrorKind::Unavailable);
/// assert!(store.load().await.is_ok());
/// assert_eq!(store.calls(Call::Load), 3);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct FaultyFlagStore<S> {
    inner: S,
    plans: Arc<Mutex<BTreeMap<Call, Plan>>>,
}

/// A method of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// [`FlagStore::load`].
    Load,
    /// [`FlagStore::commit`].
    Commit,
    /// [`FlagStore::history`].
    History,
    /// [`FlagStore::watch`].
    Watch,
    /// [`FlagStore::compact`].
    Compact,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails, and the store inside is not called.
    Fail(PortErrorKind),
    /// The store inside is called, but its answer is lost: the outcome is unknown.
    LoseAnswer,
    /// The call never answers.
    Hang,
    /// The call panics.
    Panic,
}

#[derive(Debug, Default)]
struct Plan {
    calls: usize,
    harms: BTreeMap<usize, Fault>,
    from: Option<(usize, Fault)>,
}

impl<S> FaultyFlagStore<S> {
    /// A store that does no harm yet.
    #[must_use]
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            plans: Arc::default(),
        }
    }

    /// Plans harm for the `nth` call of a kind, counted from 1 and from the beginning.
    pub fn harm(&self, call: Call, nth: usize, fault: Fault) {
        self.plans()
            .entry(call)
            .or_default()
            .harms
            .insert(nth, fault);
    }

    /// Plans harm for every further call of a kind, until [`heal`](Self::heal).
    pub fn harm_from_now_on(&self, call: Call, fault: Fault) {
        let mut plans = self.plans();
        let plan = plans.entry(call).or_default();
        plan.from = Some((plan.calls + 1, fault));
    }

    /// Takes all plans back.
    pub fn heal(&self) {
        for plan in self.plans().values_mut() {
            plan.harms.clear();
            plan.from = None;
        }
    }

    /// How many calls of a kind were made.
    #[must_use]
    pub fn calls(&self, call: Call) -> usize {
        self.plans().get(&call).map_or(0, |plan| plan.calls)
    }

    fn plans(&self) -> MutexGuard<'_, BTreeMap<Call, Plan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn due(&self, call: Call) -> Option<Fault> {
        let mut plans = self.plans();
        let plan = plans.entry(call).or_default();
        plan.calls += 1;
        let always = plan.from.filter(|(from, _)| plan.calls >= *from);
        plan.harms
            .remove(&plan.calls)
            .or(always.map(|(_, fault)| fault))
    }

    #[expect(clippy::panic, reason = "it was told to")]
    async fn meet<T>(
        &self,
        call: Call,
        operation: &'static str,
        inner: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        let error = |kind| PortError::new(kind, operation).because("the test wants it so");
        match self.due(call) {
            None => inner.await,
            Some(Fault::Fail(kind)) => Err(error(kind)),
            Some(Fault::LoseAnswer) => {
                let _lost = inner.await;
                Err(error(PortErrorKind::OutcomeUnknown))
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Panic) => panic!("the test wants {operation} to panic"),
        }
    }
}

#[async_trait]
impl<S: FlagStore> FlagStore for FaultyFlagStore<S> {
    fn capabilities(&self) -> FlagCapabilities {
        self.inner.capabilities()
    }

    async fn load(&self) -> Result<Option<FlagDocument>, PortError> {
        self.meet(Call::Load, "load flags", self.inner.load()).await
    }

    async fn last_good(&self) -> Result<Option<FlagDocument>, PortError> {
        self.inner.last_good().await
    }

    async fn commit(&self, commit: Commit) -> Result<(), PortError> {
        self.meet(Call::Commit, "commit flags", self.inner.commit(commit))
            .await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
        let history = self.inner.history(query);
        self.meet(Call::History, "read the flag history", history)
            .await
    }

    async fn watch(&self, since: Revision) -> Result<FlagEvents, PortError> {
        self.meet(Call::Watch, "watch flags", self.inner.watch(since))
            .await
    }

    async fn compact(&self, retention: &Retention) -> Result<Compaction, PortError> {
        let compaction = self.inner.compact(retention);
        self.meet(Call::Compact, "compact the flag history", compaction)
            .await
    }
}
