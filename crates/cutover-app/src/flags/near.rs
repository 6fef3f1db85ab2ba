//! The flags that a thread asked last, within its reach.
//!
//! Asking shared memory whether the flags are still the same costs a fraction of borrowing them
//! from there for one question. A thread holds on to what it asked last until it asks again, so it
//! does that only with small sets of flags.

use std::cell::RefCell;
use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use cutover_domain::flags::Snapshot;

/// A thread that asked once and never again keeps at most so many flags, rules and overrides from
/// being freed: a few megabytes.
const LARGEST: usize = 10_000;

struct Near {
    shared: Arc<ArcSwap<Snapshot>>,
    cache: Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>,
}

thread_local! {
    static NEAR: RefCell<Option<Near>> = const { RefCell::new(None) };
}

/// Asks the snapshot that is in force. `ask` runs no code of others.
#[inline(always)]
pub(super) fn ask<R>(shared: &Arc<ArcSwap<Snapshot>>, ask: impl Fn(&Snapshot) -> R) -> R {
    let near = NEAR.try_with(|near| {
        let mut near = near.try_borrow_mut().ok()?;
        let near = near.as_mut()?;
        if !near.is_of(shared) {
            return None;
        }
        let snapshot = near.cache.load();
        (snapshot.weight() <= LARGEST).then(|| ask(snapshot))
    });
    match near {
        Ok(Some(answer)) => answer,
        _ => ask_afar(shared, ask),
    }
}

/// The same from shared memory; puts it within reach of this thread if it may be there.
#[cold]
#[inline(never)]
fn ask_afar<R>(shared: &Arc<ArcSwap<Snapshot>>, ask: impl Fn(&Snapshot) -> R) -> R {
    let snapshot = shared.load();
    let answer = ask(&snapshot);
    let is_small = snapshot.weight() <= LARGEST;
    // A thread that ends has no such place any more.
    let _ = NEAR.try_with(|near| {
        let Ok(mut near) = near.try_borrow_mut() else {
            return;
        };
        match &*near {
            // Other flags are there, which somebody still has and will ask again.
            Some(other) if !other.is_of(shared) && !other.is_left() => {}
            _ => *near = is_small.then(|| Near::of(shared)),
        }
    });
    answer
}

impl Near {
    fn of(shared: &Arc<ArcSwap<Snapshot>>) -> Self {
        Self {
            shared: Arc::clone(shared),
            cache: Cache::new(Arc::clone(shared)),
        }
    }

    #[inline]
    fn is_of(&self, shared: &Arc<ArcSwap<Snapshot>>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }

    /// Whether no [`Live`](super::Live) is left that has these flags.
    fn is_left(&self) -> bool {
        let own = 2;
        Arc::strong_count(&self.shared) <= own
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use cutover_domain::flags::{Definition, FlagDocument, Interner, Revision};

    use super::*;

    /// So many flags at a revision.
    fn snapshot(revision: u64, flags: usize) -> Arc<Snapshot> {
        let mut document = FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
        document.revision = Revision::new(revision);
        let keys = (0..flags).map(|number| format!("flag-{number}").parse().unwrap());
        document.flags = keys.map(|key| (key, Definition::boolean())).collect();
        Arc::new(Snapshot::compile(&document, &mut Interner::default()))
    }

    fn shared(revision: u64, flags: usize) -> Arc<ArcSwap<Snapshot>> {
        Arc::new(ArcSwap::new(snapshot(revision, flags)))
    }

    fn revision(shared: &Arc<ArcSwap<Snapshot>>) -> u64 {
        ask(shared, |snapshot| snapshot.revision().number())
    }

    fn current(shared: &Arc<ArcSwap<Snapshot>>) -> Weak<Snapshot> {
        Arc::downgrade(&shared.load_full())
    }

    #[test]
    fn every_change_is_seen_whoevers_flags_are_asked_in_turn() {
        let (one, other) = (shared(1, 1), shared(100, 1));
        for step in 0..5 {
            for _ in 0..3 {
                assert_eq!((revision(&one), revision(&other)), (1 + step, 100 + step));
            }
            one.store(snapshot(2 + step, 1));
            other.store(snapshot(101 + step, 1));
        }
    }

    #[test]
    fn what_was_replaced_goes_at_the_next_question() {
        let flags = shared(1, 1);
        assert_eq!(revision(&flags), 1);
        let replaced = current(&flags);
        flags.store(snapshot(2, 1));
        assert_eq!(revision(&flags), 2);
        assert_eq!(replaced.strong_count(), 0);
    }

    #[test]
    fn flags_that_nobody_has_any_more_make_room_for_others() {
        let gone = shared(1, 1);
        assert_eq!(revision(&gone), 1);
        let left = current(&gone);
        drop(gone);
        let next = shared(2, 1);
        assert_eq!(revision(&next), 2);
        assert_eq!(left.strong_count(), 0);
    }

    #[test]
    fn many_flags_are_kept_by_no_thread() {
        for sizes in [[LARGEST + 1, 1], [1, LARGEST + 1]] {
            let flags = shared(1, sizes[0]);
            assert_eq!(revision(&flags), 1);
            let first = current(&flags);
            flags.store(snapshot(2, sizes[1]));
            assert_eq!(first.strong_count() > 0, sizes[0] == 1);
            assert_eq!(revision(&flags), 2);
            assert_eq!(first.strong_count(), 0);
        }
    }
}
