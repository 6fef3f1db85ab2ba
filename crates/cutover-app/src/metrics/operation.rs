//! The metrics of one operation.

use cutover_domain::Side;
use cutover_domain::metrics::standard::{
    self, CallOutcome, ComparisonResult, DIFFERENCE_KINDS, DropReason, FallbackReason,
};
use cutover_ports::metrics::{Counter, Gauge, MetricsSink, NoMetrics, Timer};

/// In the order of their numbers.
const SIDES: [Side; 2] = [Side::Old, Side::New];

/// The handles of one operation, resolved once. Every counter exists as 0 before its first event,
/// so that an alert on it can tell "never" from "not there".
///
/// ```
/// use cutover_app::metrics::OperationMetrics;
/// use cutover_domain::Side;
/// use cutover_domain::metrics::standard::FallbackReason;
///
/// let metrics = OperationMetrics::disabled();
/// metrics.fallbacks(FallbackReason::Panic).increment(1);
/// let running = metrics.duration(Side::Old).start();
/// running.stop();
/// ```
#[derive(Clone, Debug)]
pub struct OperationMetrics {
    calls: [[Counter; CallOutcome::ALL.len()]; SIDES.len()],
    durations: [Timer; SIDES.len()],
    fallbacks: [Counter; FallbackReason::ALL.len()],
    comparisons: [Counter; ComparisonResult::ALL.len()],
    noise_comparisons: [Counter; ComparisonResult::ALL.len()],
    dropped: [Counter; DropReason::ALL.len()],
    differences: [Counter; DIFFERENCE_KINDS.len()],
    duration_ratio: Timer,
    in_flight: Gauge,
    queue_length: Gauge,
    breaker_open: Gauge,
    last_mismatch: Gauge,
}

impl OperationMetrics {
    /// Resolves every handle of `operation`. Do this once for an operation, when it is built.
    #[must_use]
    pub fn register(sink: &dyn MetricsSink, operation: &str) -> Self {
        let counter = |descriptor, label| sink.counter(descriptor, &[operation, label]);
        let gauge = |descriptor| sink.gauge(descriptor, &[operation]);
        let metrics = Self {
            calls: handles(&SIDES, |side| {
                handles(CallOutcome::ALL, |outcome| {
                    sink.counter(&standard::CALLS, &[operation, side.name(), outcome.name()])
                })
            }),
            durations: handles(&SIDES, |side| {
                sink.timer(&standard::CALL_DURATION, &[operation, side.name()])
            }),
            fallbacks: handles(FallbackReason::ALL, |reason| {
                counter(&standard::FALLBACKS, reason.name())
            }),
            comparisons: handles(ComparisonResult::ALL, |result| {
                counter(&standard::COMPARISONS, result.name())
            }),
            noise_comparisons: handles(ComparisonResult::ALL, |result| {
                counter(&standard::NOISE_COMPARISONS, result.name())
            }),
            dropped: handles(DropReason::ALL, |reason| {
                counter(&standard::COMPARISONS_DROPPED, reason.name())
            }),
            differences: DIFFERENCE_KINDS
                .map(|kind| counter(&standard::COMPARISON_DIFFERENCES, kind)),
            duration_ratio: sink.timer(&standard::COMPARISON_DURATION_RATIO, &[operation]),
            in_flight: gauge(&standard::CALLS_IN_FLIGHT),
            queue_length: gauge(&standard::COMPARISON_QUEUE_LENGTH),
            breaker_open: gauge(&standard::BREAKER_OPEN),
            last_mismatch: gauge(&standard::COMPARISON_LAST_MISMATCH),
        };
        for gauge in [
            &metrics.in_flight,
            &metrics.queue_length,
            &metrics.breaker_open,
        ] {
            gauge.touch();
        }
        metrics
    }

    /// Handles that record nothing.
    #[must_use]
    pub fn disabled() -> Self {
        Self::register(&NoMetrics, "")
    }

    /// Calls of one implementation that ended in one way.
    #[inline]
    #[must_use]
    pub fn calls(&self, side: Side, outcome: CallOutcome) -> &Counter {
        &self.calls[side as usize][outcome as usize]
    }

    /// How long calls of one implementation took.
    #[inline]
    #[must_use]
    pub fn duration(&self, side: Side) -> &Timer {
        &self.durations[side as usize]
    }

    /// Calls that old answered in place of new.
    #[inline]
    #[must_use]
    pub fn fallbacks(&self, reason: FallbackReason) -> &Counter {
        &self.fallbacks[reason as usize]
    }

    /// Comparisons by what they found.
    #[inline]
    #[must_use]
    pub fn comparisons(&self, result: ComparisonResult) -> &Counter {
        &self.comparisons[result as usize]
    }

    /// Comparisons of old with itself, by what they found.
    #[inline]
    #[must_use]
    pub fn noise_comparisons(&self, result: ComparisonResult) -> &Counter {
        &self.noise_comparisons[result as usize]
    }

    /// Calls that were not compared.
    #[inline]
    #[must_use]
    pub fn dropped(&self, reason: DropReason) -> &Counter {
        &self.dropped[reason as usize]
    }

    /// Differences of a kind, by its name; an unknown kind counts as `other`.
    #[must_use]
    pub fn differences(&self, kind: &str) -> &Counter {
        let other = DIFFERENCE_KINDS.len() - 1;
        let place = DIFFERENCE_KINDS
            .iter()
            .position(|known| *known == kind)
            .unwrap_or(other);
        &self.differences[place]
    }

    /// Duration of new over duration of old, of compared calls ([`Timer::observe_value`]).
    #[must_use]
    pub fn duration_ratio(&self) -> &Timer {
        &self.duration_ratio
    }

    /// Calls under way ([`Gauge::enter`]).
    #[inline]
    #[must_use]
    pub fn in_flight(&self) -> &Gauge {
        &self.in_flight
    }

    /// Candidates waiting to run.
    #[inline]
    #[must_use]
    pub fn queue_length(&self) -> &Gauge {
        &self.queue_length
    }

    /// 1 while new is not asked because it failed too often.
    #[must_use]
    pub fn breaker_open(&self) -> &Gauge {
        &self.breaker_open
    }

    /// When a comparison last found a difference, in seconds since 1970.
    #[must_use]
    pub fn last_mismatch(&self) -> &Gauge {
        &self.last_mismatch
    }
}

/// One handle for each value, in their order.
fn handles<V: Copy, H, const N: usize>(values: &[V], handle: impl Fn(V) -> H) -> [H; N] {
    std::array::from_fn(|place| handle(values[place]))
}
