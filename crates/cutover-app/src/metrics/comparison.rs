//! The metrics of the comparisons of one operation, whoever makes them.

use cutover_domain::metrics::standard::{self, ComparisonResult, DIFFERENCE_KINDS};
use cutover_ports::metrics::{Counter, Gauge, MetricsSink, NoMetrics, Timer};

use super::operation::handles;

/// The handles of the comparisons of one operation, resolved once. Counters exist as 0 before their
/// first event.
///
/// ```
/// use cutover_app::metrics::ComparisonMetrics;
/// use cutover_domain::metrics::standard::ComparisonResult;
/// use cutover_domain::metrics::{ProcessIdentity, Window};
/// use cutover_ports::metrics::{MetricsReader, Recorder};
///
/// let recorder = Recorder::new(ProcessIdentity::new("nightly", "1"));
/// let metrics = ComparisonMetrics::register(&recorder, "dataset.profile");
/// metrics.comparisons(ComparisonResult::Equal).increment(1);
///
/// let counters = recorder.snapshot(Window::SinceStart).summarize().counters;
/// let equal = r#"cutover_comparisons_total{operation="dataset.profile",result="equal"}"#;
/// assert_eq!(counters[equal], 1);
/// ```
#[derive(Clone, Debug)]
pub struct ComparisonMetrics {
    comparisons: [Counter; ComparisonResult::ALL.len()],
    noise_comparisons: [Counter; ComparisonResult::ALL.len()],
    differences: [Counter; DIFFERENCE_KINDS.len()],
    duration_ratio: Timer,
    last_mismatch: Gauge,
}

impl ComparisonMetrics {
    /// Resolves every handle of `operation`.
    #[must_use]
    pub fn register(sink: &dyn MetricsSink, operation: &str) -> Self {
        let counter = |descriptor, label| sink.counter(descriptor, &[operation, label]);
        let results = |descriptor| {
            handles(ComparisonResult::ALL, |result| {
                counter(descriptor, result.name())
            })
        };
        Self {
            comparisons: results(&standard::COMPARISONS),
            noise_comparisons: results(&standard::NOISE_COMPARISONS),
            differences: DIFFERENCE_KINDS
                .map(|kind| counter(&standard::COMPARISON_DIFFERENCES, kind)),
            duration_ratio: sink.timer(&standard::COMPARISON_DURATION_RATIO, &[operation]),
            last_mismatch: sink.gauge(&standard::COMPARISON_LAST_MISMATCH, &[operation]),
        }
    }

    /// Handles that record nothing.
    #[must_use]
    pub fn disabled() -> Self {
        Self::register(&NoMetrics, "")
    }

    /// Comparisons of old and new, by what they found.
    #[inline]
    #[must_use]
    pub fn comparisons(&self, result: ComparisonResult) -> &Counter {
        &self.comparisons[result as usize]
    }

    /// Comparisons of old with itself, by what they found. They are no comparisons of old and new,
    /// and dilute no share of these.
    #[inline]
    #[must_use]
    pub fn noise_comparisons(&self, result: ComparisonResult) -> &Counter {
        &self.noise_comparisons[result as usize]
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

    /// When a comparison last found a difference, in seconds since 1970.
    #[must_use]
    pub fn last_mismatch(&self) -> &Gauge {
        &self.last_mismatch
    }
}
