//! One figure spread over cache lines, so that threads do not wait for each other.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many threads can count without sharing a cache line. More threads share, and stay exact.
pub(super) const STRIPES: usize = 8;

thread_local! {
    /// The stripe of this thread; [`STRIPES`] until it has one.
    static STRIPE: Cell<usize> = const { Cell::new(STRIPES) };
}

/// The stripe of the calling thread, below [`STRIPES`].
#[inline]
pub(super) fn stripe() -> usize {
    STRIPE.with(|stripe| {
        let mine = stripe.get();
        if mine < STRIPES { mine } else { assign(stripe) }
    })
}

#[cold]
fn assign(stripe: &Cell<usize>) -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    let thread = THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES;
    // Even stripes first: processors fetch cache lines in pairs, so that two neighbours still
    // disturb each other.
    let mine = (thread * 2 + thread / (STRIPES / 2)) % STRIPES;
    stripe.set(mine);
    mine
}

/// A whole number to add to, wrapping around like its sum.
#[derive(Debug, Default)]
pub(super) struct Striped([Line; STRIPES]);

#[derive(Debug, Default)]
#[repr(align(64))]
struct Line(AtomicU64);

impl Striped {
    #[inline]
    pub(super) fn add(&self, by: u64) {
        let stripe = stripe();
        // The comparison is the one that `stripe` has made: it costs nothing, and no panic.
        if let Some(line) = self.0.get(stripe) {
            line.0.fetch_add(by, Ordering::Relaxed);
        }
    }

    pub(super) fn sum(&self) -> u64 {
        self.0.iter().fold(0, |sum, line| {
            sum.wrapping_add(line.0.load(Ordering::Relaxed))
        })
    }
}
