use std::fmt;
use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use cutover_domain::flags::{Context, Decision, Slot, Snapshot};
use cutover_ports::flags::Decide;

use super::Live;

/// A boolean flag, resolved once.
#[derive(Clone, Debug)]
pub struct Flag {
    live: Live,
    slot: Slot,
    default: bool,
}

impl Flag {
    pub(super) fn new(live: Live, slot: Slot) -> Self {
        Self {
            live,
            slot,
            default: false,
        }
    }

    /// The same with another answer for when there is none; `false` otherwise.
    #[must_use]
    pub fn with_default(self, default: bool) -> Self {
        Self { default, ..self }
    }

    /// The decision for this context. Allocates nothing, waits for nothing.
    #[must_use]
    #[inline(always)]
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

impl<'a> Reader<'a> {
    pub(super) fn new(cache: Cache<&'a ArcSwap<Snapshot>, Arc<Snapshot>>) -> Self {
        Self { cache }
    }

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
