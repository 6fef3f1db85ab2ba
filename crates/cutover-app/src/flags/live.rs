use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Cache};
use cutover_domain::flags::{
    ChangeRecord, Context, Decision, ErrorCode, Evaluation, Explanation, FlagDocument, FlagValue,
    Overlay, Revision, Slot, Snapshot,
};
use cutover_ports::flags::FlagStore;
use cutover_ports::{PortError, PortErrorKind};
use jiff::Timestamp;

use super::callbacks::Callbacks;
use super::freshness::{Ageing, Freshness};
use super::layers::{Forced, ScopeId};
use super::notice::Notice;
use super::state::{State, Taken, Telling};
use super::{Committed, Flag, FlagChange, Keys, LiveStatus, Reader, Source, Subscription};

/// The flags as they are now, for every thread of a process. Cheap to clone; clones share one
/// state.
///
/// Reading takes no lock, does no I/O and cannot fail. Somebody else keeps it fresh: a
/// [`Follower`](super::Follower), or a [`FlagService`](super::FlagService) of this process.
#[derive(Clone)]
pub struct Live {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) snapshot: ArcSwap<Snapshot>,
    /// Also the lock under which snapshots are replaced.
    state: Mutex<State>,
    callbacks: Arc<Callbacks>,
    freshness: Arc<Freshness>,
}

impl Live {
    /// No flags: every handle answers its own default until a document comes.
    #[must_use]
    pub fn new() -> Self {
        Self::with_defaults(&FlagDocument::empty(Timestamp::UNIX_EPOCH))
    }

    /// The flags that the application embeds, in force until a store is read.
    #[must_use]
    pub fn with_defaults(defaults: &FlagDocument) -> Self {
        let (callbacks, freshness) = (Arc::default(), Arc::new(Freshness::new()));
        let (tell, age) = (Arc::clone(&callbacks), Arc::clone(&freshness));
        let mut state = State::new(defaults.clone(), age, tell);
        let snapshot = state.unpublished().unwrap_or_default();
        Self {
            inner: Arc::new(Inner {
                snapshot: ArcSwap::from_pointee(snapshot),
                state: Mutex::new(state),
                callbacks,
                freshness,
            }),
        }
    }

    /// The same flags, with the variables of an environment over them.
    #[must_use]
    pub fn with_overlay(self, overlay: Overlay) -> Self {
        self.set_overlay(overlay);
        self
    }

    /// Lays the variables of an environment over the flags, now and whenever they change; in the
    /// place of an overlay that was there. [`LiveStatus::overlay`] tells what it does.
    pub fn set_overlay(&self, overlay: Overlay) {
        self.inner.act(|state| state.set_overlay(overlay));
    }

    /// Lets answers carry the reason `STALE` when the flags were not known to be the newest for
    /// longer than `age`: the store cannot be read, or nobody follows it. The values stay those of
    /// the last good state, and the usual reasons come back with the store.
    ///
    /// A [`Follower`](super::Follower) asks the store anew each third of this time, so that quiet
    /// flags stay fresh. Starts a thread, so that no decision looks at a clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use cutover_app::flags::Live;
    /// use cutover_domain::flags::{Context, FlagDocument, Preset, Reason, Revision};
    ///
    /// let mut defaults = FlagDocument::empty("2026-01-01T00:00:00Z".parse()?);
    /// defaults.flags = Preset::Mdm.flags();
    /// let live = Live::with_defaults(&defaults);
    /// let fallback = live.flag("auto_fallback");
    ///
    /// live.set_max_age(Duration::from_millis(1))?; // and nobody follows a store
    /// while live.status().stale_since.is_none() {
    ///     std::thread::yield_now();
    /// }
    /// let decision = fallback.decide(&Context::anonymous());
    /// assert_eq!((decision.on, decision.reason), (true, Reason::Stale));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The operating system has no thread to give.
    pub fn set_max_age(&self, age: Duration) -> std::io::Result<()> {
        let whose = Arc::downgrade(&self.inner);
        self.inner.freshness.set_max_age(age, whose)
    }

    /// Puts a document from the store in force, unless a newer one is. Readers see the old one
    /// whole or the new one whole. Returns whether it is in force now.
    pub fn update(&self, document: &FlagDocument) -> bool {
        let document = Arc::new(document.clone());
        self.inner.act(|state| state.update(document)) == Taken::InForce
    }

    /// Puts a document in force even if it is older: the store was restored or replaced.
    pub fn reset(&self, document: &FlagDocument) {
        let document = Arc::new(document.clone());
        self.inner.act(|state| state.reset(document));
    }

    /// Reads the store once. `Ok(false)` when it holds nothing yet.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or is empty though it was not before; the last good state stays
    /// in force, and [`Live::status`] names the trouble. Where nothing was read before and what is
    /// stored is damaged, the last good state is what the [store knows](FlagStore::last_good) of
    /// it; then [`LiveStatus::source`] is the store all the same.
    pub async fn refresh(&self, store: &dyn FlagStore) -> Result<bool, PortError> {
        let result = self.load(store, Telling::Now).await;
        if let Err(error) = &result {
            self.report_trouble(error);
        }
        result
    }

    /// Notes that the store cannot be read. The last good state stays in force.
    pub fn report_trouble(&self, trouble: impl fmt::Display) {
        let trouble = trouble.to_string();
        self.inner.act(|state| state.report_trouble(trouble));
    }

    /// The flags in force as they are stored, or embedded, below what lies over them: what is
    /// configured, beside what is answered.
    #[must_use]
    pub fn document(&self) -> Arc<FlagDocument> {
        self.inner.act(|state| state.document())
    }

    /// Where the flags come from, how old they are, what lies over them.
    #[must_use]
    pub fn status(&self) -> LiveStatus {
        self.inner.act(|state| state.status())
    }

    /// Tells `callback` of every change of these flags from now on, once and in order, whoever
    /// makes it: this process, another one, or somebody by hand.
    ///
    /// When it is called, decisions see the change already, or a later one; so whoever subscribes
    /// first and reads then misses nothing. It is told of what the store says; what an overlay or
    /// a test lays over the flags is no change, and neither is a change of a flag that this one
    /// requires.
    ///
    /// Callbacks run in a thread of their own, one after the other, under no lock. A slow one
    /// delays other callbacks, but no decision and no answer of
    /// [`FlagService::apply`](super::FlagService::apply), which does not wait for them. When more
    /// than a thousand steps wait, the ones after those are told as one, without a record. A
    /// callback may change flags, and is told of that change after this one; it may subscribe,
    /// and end any subscription, also its own. When it panics, [`LiveStatus::callbacks`] counts
    /// it, and everything goes on.
    ///
    /// ```
    /// use std::sync::{Arc, mpsc};
    /// use cutover_app::flags::{FlagService, Live, Request};
    /// use cutover_domain::flags::{Change, Definition};
    /// use cutover_ports::flags::MemoryFlagStore;
    ///
    /// # pollster::block_on(async {
    /// let live = Live::new();
    /// let (tell, told) = mpsc::channel();
    /// let _subscription = live.on_change("use_new_parser", move |change| {
    ///     let by = change.record.map(|record| record.actor.clone());
    ///     let is_new = change.before.is_none();
    ///     let _ = tell.send((change.revision.number(), by, is_new));
    /// })?;
    ///
    /// let flags = FlagService::new(Arc::new(MemoryFlagStore::new())).with_live(live);
    /// let key = "use_new_parser".parse()?;
    /// let create = Change::Create { key, definition: Box::new(Definition::boolean()) };
    /// flags.apply(&Request::by("alice").change(create)).await?;
    /// assert_eq!(told.recv()?, (1, Some("alice".to_owned()), true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The operating system has no thread to give.
    pub fn on_change(
        &self,
        keys: impl Into<Keys>,
        callback: impl FnMut(&FlagChange<'_>) + Send + 'static,
    ) -> std::io::Result<Subscription> {
        self.inner
            .callbacks
            .subscribe(keys.into(), Box::new(callback))
    }

    /// A handle on a boolean flag, to be kept: it survives every change of the flags, also the
    /// removal and return of its flag. Takes a lock; resolve it once.
    #[must_use]
    pub fn flag(&self, key: &str) -> Flag {
        Flag::new(self.clone(), self.slot(key))
    }

    /// The decision of a boolean flag by key: one hash lookup more than by handle. `default` comes
    /// back where there is no answer.
    #[must_use]
    #[inline]
    pub fn decide(&self, key: &str, context: &Context<'_>, default: bool) -> Decision {
        let snapshot = self.inner.snapshot.load();
        match snapshot.slot(key) {
            Some(slot) => snapshot.decide(slot, context, default),
            None => Decision::fallback(default, ErrorCode::FlagNotFound, snapshot.revision()),
        }
    }

    /// The value of a flag of any type, cloned, or the caller's default.
    #[must_use]
    pub fn value(&self, key: &str, context: &Context<'_>, default: FlagValue) -> FlagValue {
        self.with_evaluation(key, context, |answer| {
            answer.ok().map(|found| found.value.clone())
        })
        .unwrap_or(default)
    }

    /// Hands the evaluation of a flag of any type to `read`, without cloning it.
    pub fn with_evaluation<R>(
        &self,
        key: &str,
        context: &Context<'_>,
        read: impl FnOnce(Result<Evaluation<'_>, ErrorCode>) -> R,
    ) -> R {
        let snapshot = self.inner.snapshot.load();
        let answer = snapshot
            .slot(key)
            .ok_or(ErrorCode::FlagNotFound)
            .and_then(|slot| snapshot.evaluate(slot, context));
        read(answer)
    }

    /// Hands the explanation of a flag to `read`; `None` when there is no such flag.
    pub fn with_explanation<R>(
        &self,
        key: &str,
        context: &Context<'_>,
        read: impl FnOnce(Option<Explanation<'_>>) -> R,
    ) -> R {
        let snapshot = self.inner.snapshot.load();
        read(
            snapshot
                .slot(key)
                .map(|slot| snapshot.explain(slot, context)),
        )
    }

    /// A reader for the hottest loops of one thread: it looks at the shared state only to see
    /// whether it has changed.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(Cache::new(&self.inner.snapshot))
    }

    pub(super) fn slot(&self, key: &str) -> Slot {
        self.inner.act(|state| state.slot(key))
    }

    /// Takes what the store holds now. `Ok(false)` when it holds nothing yet.
    pub(super) async fn load(
        &self,
        store: &dyn FlagStore,
        telling: Telling,
    ) -> Result<bool, PortError> {
        loop {
            let known = self.revision();
            let loaded = store.load().await;
            if let Err(error) = &loaded {
                self.begin_with_last_good(store, error).await;
            }
            let Some(document) = loaded? else {
                self.inner.act(State::take_nothing)?;
                return Ok(false);
            };
            if self.take(known, document, telling) == Taken::InForce {
                return Ok(true);
            }
        }
    }

    /// Where nothing was ever read and the store is damaged, begins with what it knows of its flags:
    /// they are nearer to the truth than what the application embeds, which knows of no change.
    async fn begin_with_last_good(&self, store: &dyn FlagStore, trouble: &PortError) {
        let is_first = self.status().source == Source::Defaults;
        if !is_first || trouble.kind() != PortErrorKind::Corrupt {
            return;
        }
        // The trouble with the store is told; that no help comes from it is none of its own.
        if let Ok(Some(document)) = store.last_good().await {
            let document = Arc::new(document);
            self.inner.act(|state| state.take_last_good(document));
        }
    }

    /// Takes what a load answered that began when revision `known` was in force.
    pub(super) fn take(&self, known: Revision, document: FlagDocument, telling: Telling) -> Taken {
        let document = Arc::new(document);
        self.inner.act(|state| state.take(known, document, telling))
    }

    /// Takes what this process has committed; see [`State::take_commit`].
    pub(super) fn take_commit(
        &self,
        before: FlagDocument,
        earlier: Vec<ChangeRecord>,
        committed: &Committed,
    ) {
        let document = Arc::new(committed.document.clone());
        let record = committed.record.clone();
        self.inner
            .act(|state| state.take_commit(before, earlier, document, record));
    }

    /// The store tells of a change; see [`State::hear`].
    pub(super) fn hear(&self, record: &Arc<ChangeRecord>) -> Taken {
        self.inner.act(|state| state.hear(Arc::clone(record)))
    }

    pub(super) fn revision(&self) -> Revision {
        self.inner.act(|state| state.revision())
    }

    /// The revision after which callbacks know nothing.
    pub(super) fn told(&self) -> Revision {
        self.inner.act(|state| state.told())
    }

    pub(super) fn gap_before(&self, revision: Revision) -> Option<(Revision, Revision)> {
        self.inner.act(|state| state.gap_before(revision))
    }

    pub(super) fn max_age(&self) -> Option<Duration> {
        self.inner.freshness.max_age()
    }

    pub(super) fn recover(&self) {
        self.inner.act(State::recover);
    }

    pub(super) fn attach(&self) {
        self.inner.act(State::attach);
    }

    pub(super) fn detach(&self) {
        self.inner.act(State::detach);
    }

    pub(super) fn open_scope(&self, forced: Forced) -> ScopeId {
        self.inner.act(|state| state.open_scope(forced))
    }

    pub(super) fn close_scope(&self, id: ScopeId) {
        self.inner.act(|state| state.close_scope(id));
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.status()).finish()
    }
}

impl Inner {
    /// Does something behind the lock, shows readers what has changed, and then tells callbacks.
    fn act<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state();
        let result = act(&mut state);
        if let Some(snapshot) = state.unpublished() {
            self.snapshot.store(Arc::new(snapshot));
        }
        state.tell();
        let notices = state.notices();
        drop(state);
        notices.into_iter().for_each(Notice::log);
        result
    }

    /// No code of others runs under this lock, and the state is whole between any two of its
    /// methods, so a poisoned lock is as good as new.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ageing for Inner {
    fn grow_stale(&self) {
        self.act(State::grow_stale);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.callbacks.close();
        self.freshness.close();
    }
}
