//! What a metric is called, what it means and which labels it has.
//!
//! ```
//! use cutover_domain::metrics::Descriptor;
//!
//! const IMPORTED: Descriptor =
//!     Descriptor::counter("app_rows_imported_total", "Rows imported.", &["source"]);
//! assert_eq!(IMPORTED.labels, ["source"]);
//! ```

use super::Labels;

/// The three kinds of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution, of durations or of ratios.
    Timer,
}

/// A metric declared once, usually as a constant. The labels are part of the declaration: what is
/// not declared cannot become a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Descriptor {
    /// The name, by the conventions of Prometheus: base units, `_total` for counters.
    pub name: &'static str,
    /// One sentence for people.
    pub help: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// The label names, in the order in which values are given. User ids, error texts and paths
    /// are never labels.
    pub labels: &'static [&'static str],
}

impl Descriptor {
    /// A counter.
    #[must_use]
    pub const fn counter(
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            help,
            kind: MetricKind::Counter,
            labels,
        }
    }

    /// A gauge.
    #[must_use]
    pub const fn gauge(
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            help,
            kind: MetricKind::Gauge,
            labels,
        }
    }

    /// A timer.
    #[must_use]
    pub const fn timer(
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            help,
            kind: MetricKind::Timer,
            labels,
        }
    }

    /// The declared labels with these values, in order: a missing value is empty, one too many is
    /// left out.
    #[must_use]
    pub fn label_set(&self, values: &[&str]) -> Labels {
        let values = values.iter().copied().chain(std::iter::repeat(""));
        self.labels.iter().copied().zip(values).collect()
    }
}
