use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Cache};
use cutover_domain::flags::{
    Context, Decision, ErrorCode, Evaluation, Explanation, FlagDocument, FlagValue, Interner,
    Revision, Slot, Snapshot,
};
use cutover_ports::flags::Decide;

/// The flags as they are now, for every thread of a process. Cheap to clone; clones share one
/// state.
///
/// Reading takes no lock, does no I/O and cannot fail. Somebody else keeps it fresh: a
/// [`Follower`](super::Follower), or a [`FlagService`](super::FlagService) of this process.
#[derive(Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

struct Inner {
    snapshot: ArcSwap<Snapshot>,
    /// Also the lock under which snapshots are replaced.
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Writer {
    interner: Interner,
    from_store: bool,
    trouble: Option<String>,
}

/// Where the live flags come from, and what is wrong with their source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveStatus {
    /// The revision in force.
    pub revision: Revision,
    /// Whether a store was ever read; before that the embedded defaults are in force.
    pub from_store: bool,
    /// Why the store cannot be read just now. The last good state stays in force.
    pub trouble: Option<String>,
}

impl Live {
    /// No flags: every handle answers its own default until a document comes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                snapshot: ArcSwap::default(),
                writer: Mutex::default(),
            }),
        }
    }

    /// The flags that the application embeds, in force until a store is read.
    #[must_use]
    pub fn with_defaults(defaults: &FlagDocument) -> Self {
        let live = Self::new();
        live.swap(defaults, |writer| writer.from_store = false);
        live
    }

    /// Puts a document from the store in force, unless a newer one is. Readers see the old one
    /// whole or the new one whole. Returns whether it is in force now.
    pub fn update(&self, document: &FlagDocument) -> bool {
        let mut in_force = false;
        self.swap_if(document, |writer, current| {
            in_force = !writer.from_store || document.revision >= current;
            writer.from_store = true;
            in_force
        });
        in_force
    }

    /// Puts a document in force even if it is older: the store was restored or replaced.
    pub fn reset(&self, document: &FlagDocument) {
        self.swap(document, |writer| writer.from_store = true);
    }

    /// Notes that the store cannot be read. The last good state stays in force.
    pub fn report_trouble(&self, trouble: impl fmt::Display) {
        self.writer().trouble = Some(trouble.to_string());
    }

    /// Where the flags come from.
    #[must_use]
    pub fn status(&self) -> LiveStatus {
        let writer = self.writer();
        LiveStatus {
            revision: self.inner.snapshot.load().revision(),
            from_store: writer.from_store,
            trouble: writer.trouble.clone(),
        }
    }

    /// A handle on a boolean flag, to be kept: it survives every change of the flags, also the
    /// removal and return of its flag. Takes a lock; resolve it once.
    #[must_use]
    pub fn flag(&self, key: &str) -> Flag {
        let slot = self.writer().interner.slot(key);
        Flag {
            live: self.clone(),
            slot,
            default: false,
        }
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
        Reader {
            cache: Cache::new(&self.inner.snapshot),
        }
    }

    fn swap(&self, document: &FlagDocument, note: impl FnOnce(&mut Writer)) {
        self.swap_if(document, |writer, _| {
            note(writer);
            true
        });
    }

    fn swap_if(&self, document: &FlagDocument, wanted: impl FnOnce(&mut Writer, Revision) -> bool) {
        let mut writer = self.writer();
        let current = self.inner.snapshot.load().revision();
        if wanted(&mut writer, current) {
            writer.trouble = None;
            let snapshot = Snapshot::compile(document, &mut writer.interner);
            self.inner.snapshot.store(Arc::new(snapshot));
        }
    }

    /// Compiling cannot leave a half-made interner behind, so a poisoned lock is as good as new.
    fn writer(&self) -> std::sync::MutexGuard<'_, Writer> {
        self.inner
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

/// A boolean flag, resolved once.
#[derive(Clone, Debug)]
pub struct Flag {
    live: Live,
    slot: Slot,
    default: bool,
}

impl Flag {
    /// The same with another answer for when there is none; `false` otherwise.
    #[must_use]
    pub fn with_default(self, default: bool) -> Self {
        Self { default, ..self }
    }

    /// The decision for this context. Allocates nothing, waits for nothing.
    #[must_use]
    #[inline]
    pub fn decide(&self, context: &Context<'_>) -> Decision {
        self.live
            .inner
            .snapshot
            .load()
            .decide(self.slot, context, self.default)
    }

    /// Whether the flag is on for this context.
    #[must_use]
    #[inline]
    pub fn is_on(&self, context: &Context<'_>) -> bool {
        self.decide(context).on
    }
}

impl Decide for Flag {
    fn decide(&self, context: &Context<'_>) -> Decision {
        Self::decide(self, context)
    }
}

/// Reads flags in one thread; see [`Live::reader`].
pub struct Reader<'a> {
    cache: Cache<&'a ArcSwap<Snapshot>, Arc<Snapshot>>,
}

impl Reader<'_> {
    /// The decision of a handle's flag.
    #[must_use]
    #[inline]
    pub fn decide(&mut self, flag: &Flag, context: &Context<'_>) -> Decision {
        self.cache.load().decide(flag.slot, context, flag.default)
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
