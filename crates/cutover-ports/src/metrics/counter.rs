//! The handle of a counter.

use std::sync::Arc;

use super::stripes::Striped;

/// Counts up. Cheap to clone; clones count together. A relaxed addition to a cache line of its
/// own thread: no lock, no allocation, 512 bytes.
///
/// ```
/// use cutover_ports::metrics::Counter;
///
/// let calls = Counter::detached();
/// calls.clone().increment(2);
/// assert_eq!(calls.value(), 2);
///
/// Counter::noop().increment(1); // counts nothing, costs nothing
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counter(Option<Arc<Striped>>);

impl Counter {
    /// A counter that counts nothing.
    #[must_use]
    pub const fn noop() -> Self {
        Self(None)
    }

    /// A counter outside of any recorder: for tests, and for sinks of your own that read it.
    #[must_use]
    pub fn detached() -> Self {
        Self(Some(Arc::default()))
    }

    /// Adds `by`.
    #[inline]
    pub fn increment(&self, by: u64) {
        if let Some(cell) = &self.0 {
            cell.add(by);
        }
    }

    /// What was added since it was made: exact once the adding threads are done.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.as_ref().map_or(0, |cell| cell.sum())
    }
}
