//! The ports: where metrics go to, and where they are read.

use std::fmt::Debug;
use std::sync::Arc;

use cutover_domain::metrics::{Descriptor, ProcessIdentity, Sample, Snapshot, Window};
use jiff::Timestamp;

use super::{Counter, Gauge, Timer};

/// Hands out the handles to record with. Resolve once, keep the handle.
///
/// Promises of every implementation: the same descriptor and label values give handles that count
/// together, in every thread; a handle that was given out is never taken back or displaced; nothing
/// here fails or panics, since metrics must not break what they measure. Label values are given in
/// the order of [`Descriptor::labels`]: a missing one is empty, one too many is left out.
pub trait MetricsSink: Debug + Send + Sync {
    /// The counter of these label values. It is visible as 0 from now on.
    fn counter(&self, descriptor: &Descriptor, labels: &[&str]) -> Counter;

    /// The gauge of these label values. It is visible once it was touched.
    fn gauge(&self, descriptor: &Descriptor, labels: &[&str]) -> Gauge;

    /// The timer of these label values. It is visible, and empty, from now on.
    fn timer(&self, descriptor: &Descriptor, labels: &[&str]) -> Timer;
}

/// Reads what one process recorded.
pub trait MetricsReader: Debug + Send + Sync {
    /// Which process it is.
    fn process(&self) -> &ProcessIdentity;

    /// When it started.
    fn started(&self) -> Timestamp;

    /// Every series over a window that ends now.
    ///
    /// Recording goes on meanwhile: a value recorded before the call is in, one recorded during
    /// the call is in this snapshot or in the next, and totals never go back.
    fn snapshot(&self, window: Window) -> Snapshot;

    /// The latest samples, oldest first, at most `limit`.
    fn recent_samples(&self, limit: usize) -> Vec<Sample>;
}

/// A sink that records nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMetrics;

impl MetricsSink for NoMetrics {
    fn counter(&self, _: &Descriptor, _: &[&str]) -> Counter {
        Counter::noop()
    }

    fn gauge(&self, _: &Descriptor, _: &[&str]) -> Gauge {
        Gauge::noop()
    }

    fn timer(&self, _: &Descriptor, _: &[&str]) -> Timer {
        Timer::noop()
    }
}

impl<S: MetricsSink + ?Sized> MetricsSink for Arc<S> {
    fn counter(&self, descriptor: &Descriptor, labels: &[&str]) -> Counter {
        (**self).counter(descriptor, labels)
    }

    fn gauge(&self, descriptor: &Descriptor, labels: &[&str]) -> Gauge {
        (**self).gauge(descriptor, labels)
    }

    fn timer(&self, descriptor: &Descriptor, labels: &[&str]) -> Timer {
        (**self).timer(descriptor, labels)
    }
}

impl<R: MetricsReader + ?Sized> MetricsReader for Arc<R> {
    fn process(&self) -> &ProcessIdentity {
        (**self).process()
    }

    fn started(&self) -> Timestamp {
        (**self).started()
    }

    fn snapshot(&self, window: Window) -> Snapshot {
        (**self).snapshot(window)
    }

    fn recent_samples(&self, limit: usize) -> Vec<Sample> {
        (**self).recent_samples(limit)
    }
}
