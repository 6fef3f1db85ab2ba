//! The handle of a gauge.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::stripes::Striped;

/// Shows a value that goes up and down. Cheap to clone; clones show the same.
///
/// A gauge is either set or counted up and down; a value set and counts made add up. Until it is
/// touched it shows nothing, which is not 0.
///
/// ```
/// use cutover_ports::metrics::Gauge;
///
/// let in_flight = Gauge::detached();
/// assert_eq!(in_flight.value(), None);
/// {
///     let _call = in_flight.enter();
///     assert_eq!(in_flight.value(), Some(1.0));
/// }
/// assert_eq!(in_flight.value(), Some(0.0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gauge(Option<Arc<GaugeCell>>);

#[derive(Debug)]
struct GaugeCell {
    /// The bits of the value set, NaN while there is none.
    set: AtomicU64,
    /// Ups minus downs, in two's complement.
    net: Striped,
}

/// Keeps a gauge up by one until it is dropped, also by a panic.
#[derive(Debug)]
#[must_use = "the gauge goes down again when this is dropped"]
pub struct Entered<'a>(&'a Gauge);

impl Gauge {
    /// A gauge that shows nothing.
    #[must_use]
    pub const fn noop() -> Self {
        Self(None)
    }

    /// A gauge outside of any recorder: for tests, and for sinks of your own that read it.
    #[must_use]
    pub fn detached() -> Self {
        let set = AtomicU64::new(f64::NAN.to_bits());
        Self(Some(Arc::new(GaugeCell {
            set,
            net: Striped::default(),
        })))
    }

    /// Shows 0 unless it shows something already.
    pub fn touch(&self) {
        if let Some(cell) = &self.0 {
            cell.begin();
        }
    }

    /// Shows `value`; one that is not finite is left out.
    pub fn set(&self, value: f64) {
        if let Some(cell) = self.0.as_ref().filter(|_| value.is_finite()) {
            cell.set.store(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// One up.
    #[inline]
    pub fn increment(&self) {
        self.count(1);
    }

    /// One down.
    #[inline]
    pub fn decrement(&self) {
        self.count(-1);
    }

    /// One up until the returned value is dropped.
    #[inline]
    pub fn enter(&self) -> Entered<'_> {
        self.increment();
        Entered(self)
    }

    /// What it shows; `None` until it was touched.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let cell = self.0.as_ref()?;
        let set = f64::from_bits(cell.set.load(Ordering::Relaxed));
        let net = cell.net.sum() as i64;
        match (set.is_nan(), net) {
            (true, 0) => None,
            (true, net) => Some(net as f64),
            (false, net) => Some(set + net as f64),
        }
    }

    #[inline]
    fn count(&self, by: i64) {
        if let Some(cell) = &self.0 {
            // Once counted it shows a number, also when the counts cancel out.
            if f64::from_bits(cell.set.load(Ordering::Relaxed)).is_nan() {
                cell.begin();
            }
            cell.net.add(by as u64);
        }
    }
}

impl GaugeCell {
    #[cold]
    fn begin(&self) {
        let _ = self.set.compare_exchange(
            f64::NAN.to_bits(),
            0_f64.to_bits(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.decrement();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_left_out() {
        let gauge = Gauge::detached();
        gauge.set(f64::NAN);
        assert_eq!(gauge.value(), None);
        gauge.set(2.0);
        gauge.set(f64::INFINITY);
        assert_eq!(gauge.value(), Some(2.0));
    }

    #[test]
    fn a_panic_leaves_the_gauge_down() {
        let gauge = Gauge::detached();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _call = gauge.enter();
            panic!("on purpose");
        }));
        assert!(panicked.is_err());
        assert_eq!(gauge.value(), Some(0.0));
    }

    #[test]
    fn ups_and_downs_of_different_threads_cancel() {
        let gauge = Gauge::detached();
        gauge.increment();
        std::thread::scope(|scope| {
            scope.spawn(|| gauge.decrement());
        });
        assert_eq!(gauge.value(), Some(0.0));
    }
}
