//! What a distribution and a snapshot say in a few figures.
//!
//! ```
//! use cutover_domain::metrics::Summary;
//!
//! let empty = Summary::default();
//! assert_eq!(empty.count, 0);
//! assert_eq!(empty.p99, None, "no data is not zero");
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A distribution in figures, all from one window, in base units (seconds for durations).
///
/// Count, mean, standard deviation, minimum and maximum are exact; median and quantiles
/// interpolate between ranks and are within 1.1 % of the exact ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many values.
    pub count: u64,
    /// Their mean.
    pub mean: Option<f64>,
    /// The standard deviation of a sample (divided by n−1); 0 for one value.
    pub stddev: Option<f64>,
    /// The smallest.
    pub min: Option<f64>,
    /// Half are below.
    pub median: Option<f64>,
    /// 95 % are below.
    pub p95: Option<f64>,
    /// 99 % are below.
    pub p99: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// A whole snapshot in figures: one entry per series, under `name{label="value"}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricsSummary {
    /// Totals.
    pub counters: BTreeMap<String, u64>,
    /// Latest readings; with an `instance` label where several processes have one.
    pub gauges: BTreeMap<String, f64>,
    /// Distributions.
    pub timers: BTreeMap<String, Summary>,
}
