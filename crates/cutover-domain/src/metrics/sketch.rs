//! A distribution in bounded memory.
//!
//! ```
//! use std::time::Duration;
//! use cutover_domain::metrics::Sketch;
//!
//! let mut sketch = Sketch::default();
//! for _ in 0..1_000_000 {
//!     sketch.record(Duration::from_micros(250));
//! }
//! assert_eq!(sketch.count(), 1_000_000);
//! assert_eq!(sketch.quantile(0.99), Some(0.000_25));
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Summary;
use super::document::SketchDocument;
use super::layout::{BUCKETS, MAX_INDEX, MAX_NANOS, MIN_INDEX, bucket_index, representative};

/// A base-2 exponential histogram with exact count, sum, sum of squares, minimum and maximum.
///
/// Merging is addition: merging is the same in any order and grouping, and equal to having
/// recorded everything in one place. The layout is described in [`layout`](super::layout). A
/// sketch takes at most 11 kB, and in practice a few hundred bytes.
///
/// Values are whole nanoseconds, or billionths of whatever unit the metric has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SketchDocument", into = "SketchDocument")]
pub struct Sketch {
    count: u64,
    /// How many zeros, which have no bucket.
    pub(super) zeros: u64,
    /// The bucket of `counts[0]`.
    pub(super) first: i32,
    /// Dense, and trimmed: neither end is 0.
    pub(super) counts: Vec<u64>,
    pub(super) sum: u128,
    pub(super) sum_squares: u128,
    /// `(smallest, largest)`, once there is a value.
    pub(super) range: Option<(u64, u64)>,
}

impl Sketch {
    /// A sketch from what a recorder counted: zeros, counts by bucket index in any order, and the
    /// exact figures. Indexes outside of the layout count at its nearest end. Without any count
    /// only the sums are kept: they belong to values whose count is on its way.
    #[must_use]
    pub fn from_counts(
        zeros: u64,
        buckets: impl IntoIterator<Item = (i32, u64)>,
        sum: u128,
        sum_squares: u128,
        range: Option<(u64, u64)>,
    ) -> Self {
        let mut sketch = Self {
            count: zeros,
            zeros,
            sum,
            sum_squares,
            ..Self::default()
        };
        for (index, count) in buckets {
            sketch.add(index, count);
        }
        sketch.range = range
            .filter(|(min, max)| min <= max)
            .or_else(|| sketch.range_of_buckets());
        sketch
    }

    /// Records one duration.
    pub fn record(&mut self, duration: Duration) {
        self.record_nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Records one value in nanoseconds.
    pub fn record_nanos(&mut self, nanos: u64) {
        let nanos = nanos.min(MAX_NANOS);
        if nanos == 0 {
            self.zeros = self.zeros.saturating_add(1);
            self.count = self.count.saturating_add(1);
        } else {
            self.add(bucket_index(nanos), 1);
        }
        self.sum = self.sum.saturating_add(nanos.into());
        self.sum_squares = self.sum_squares.saturating_add(u128::from(nanos).pow(2));
        self.widen(Some((nanos, nanos)));
    }

    /// Adds everything that another sketch holds.
    pub fn merge(&mut self, other: &Self) {
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.count = self.count.saturating_add(other.zeros);
        // The far end first, so that the vector grows once.
        for (index, count) in other.buckets().rev() {
            self.add(index, count);
        }
        self.sum = self.sum.saturating_add(other.sum);
        self.sum_squares = self.sum_squares.saturating_add(other.sum_squares);
        self.widen(other.range);
    }

    /// How many values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many zeros.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    /// The sum of all values in base units.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum as f64 / 1e9
    }

    /// The non-empty buckets by rising index, zeros left out.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = (i32, u64)> {
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(place, count)| (self.first + place as i32, *count))
    }

    /// How many values are at most `seconds`, counting a whole bucket with its upper bound: exact
    /// when `seconds` is one.
    #[must_use]
    pub fn count_up_to(&self, seconds: f64) -> u64 {
        let below = |index: i32| super::layout::upper_bound(index) <= seconds;
        let buckets = self.buckets().filter(|(index, _)| below(*index));
        let zeros = if seconds >= 0.0 { self.zeros } else { 0 };
        buckets.fold(zeros, |sum, (_, count)| sum.saturating_add(count))
    }

    /// The value below which the share `q` (0 to 1) lies, interpolated between the two nearest
    /// ranks as the median of an even number of values is; `None` without values.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let last = self.count.checked_sub(1)?;
        let rank = q.clamp(0.0, 1.0) * last as f64;
        let (low, part) = (rank.floor(), rank.fract());
        let lower = self.value_at(low as u64)?;
        if part == 0.0 {
            return Some(lower);
        }
        let upper = self.value_at((low as u64).saturating_add(1).min(last))?;
        Some(lower + (upper - lower) * part)
    }

    /// The figures.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let Some((min, max)) = self.range.filter(|_| !self.is_empty()) else {
            return Summary::default();
        };
        Summary {
            count: self.count,
            mean: Some(self.sum as f64 / self.count as f64 / 1e9),
            stddev: Some(self.standard_deviation()),
            min: Some(min as f64 / 1e9),
            median: self.quantile(0.5),
            p95: self.quantile(0.95),
            p99: self.quantile(0.99),
            max: Some(max as f64 / 1e9),
        }
    }

    /// The sum of squared deviations in whole numbers, around the mean rounded down to a whole
    /// nanosecond, so that close values far from zero do not cancel; the rest of the mean is then
    /// taken off: `Σ(x−m)² = Q − m(S+r)` and `Σ(x−mean)² = Σ(x−m)² − r²/n`, where `S = n·m + r`.
    fn standard_deviation(&self) -> f64 {
        let Some(others) = self.count.checked_sub(1).filter(|others| *others > 0) else {
            return 0.0;
        };
        let n = u128::from(self.count);
        let (mean, rest) = (self.sum / n, self.sum % n);
        let around_mean = self
            .sum_squares
            .saturating_sub(mean.saturating_mul(self.sum.saturating_add(rest)));
        let deviations = around_mean as f64 - (rest as f64).powi(2) / n as f64;
        (deviations.max(0.0) / others as f64).sqrt() / 1e9
    }

    /// The value of the 0-based rank: exact at both ends.
    fn value_at(&self, rank: u64) -> Option<f64> {
        let (min, max) = self.range?;
        let (min, max) = (min as f64 / 1e9, max as f64 / 1e9);
        if rank == 0 {
            return Some(min);
        }
        if rank + 1 >= self.count {
            return Some(max);
        }
        let mut seen = self.zeros;
        if rank < seen {
            return Some(0.0);
        }
        for (index, count) in (self.first..).zip(&self.counts) {
            seen = seen.saturating_add(*count);
            if rank < seen {
                return Some(representative(index).clamp(min, max));
            }
        }
        Some(max)
    }

    fn add(&mut self, index: i32, count: u64) {
        if count == 0 {
            return;
        }
        let index = index.clamp(MIN_INDEX, MAX_INDEX);
        if self.counts.is_empty() {
            self.first = index;
        }
        if index < self.first {
            let room = (self.first - index) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, room));
            self.first = index;
        }
        let place = (index - self.first) as usize;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] = self.counts[place].saturating_add(count);
        self.count = self.count.saturating_add(count);
    }

    fn widen(&mut self, range: Option<(u64, u64)>) {
        self.range = match (self.range, range) {
            (Some((min, max)), Some((low, high))) => Some((min.min(low), max.max(high))),
            (mine, theirs) => mine.or(theirs),
        };
    }

    /// The range that the buckets allow, for a value whose exact range has not arrived yet.
    fn range_of_buckets(&self) -> Option<(u64, u64)> {
        let nanos = |index| (representative(index) * 1e9) as u64;
        let last = self.first + self.counts.len().min(BUCKETS) as i32 - 1;
        match (self.zeros > 0, self.counts.is_empty()) {
            (true, true) => Some((0, 0)),
            (true, false) => Some((0, nanos(last))),
            (false, false) => Some((nanos(self.first), nanos(last))),
            (false, true) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn sketch(values: &[u64]) -> Sketch {
        let mut sketch = Sketch::default();
        values.iter().for_each(|value| sketch.record_nanos(*value));
        sketch
    }

    /// The quantile as NumPy and Python's `statistics.median` define it.
    fn exact_quantile(sorted: &[u64], q: f64) -> f64 {
        let rank = q * (sorted.len() - 1) as f64;
        let (low, part) = (rank.floor() as usize, rank.fract());
        let high = (low + 1).min(sorted.len() - 1);
        (sorted[low] as f64 * (1.0 - part) + sorted[high] as f64 * part) / 1e9
    }

    fn nanos() -> impl Strategy<Value = u64> {
        // Every magnitude is as likely as any other, with zeros among them.
        prop_oneof![1 => Just(0), 9 => (0_u32..42).prop_flat_map(|bits| 1..=(1_u64 << bits).min(3_600_000_000_000))]
    }

    #[test]
    fn empty_is_absent_and_never_zero() {
        assert_eq!(Sketch::default().summary(), Summary::default());
        assert_eq!(Sketch::default().quantile(0.5), None);
        assert_eq!(
            serde_json::to_value(Summary::default()).unwrap(),
            serde_json::json!({"count": 0, "mean": null, "stddev": null, "min": null,
                "median": null, "p95": null, "p99": null, "max": null})
        );
    }

    #[test]
    fn one_value_deviates_by_nothing() {
        let summary = sketch(&[1_500_000_000]).summary();
        assert_eq!(summary.stddev, Some(0.0));
        assert_eq!(
            (summary.min, summary.median, summary.max),
            (Some(1.5), Some(1.5), Some(1.5))
        );
    }

    #[test]
    fn zeros_are_values() {
        let summary = sketch(&[0, 0, 0, 1_000_000_000]).summary();
        assert_eq!(
            (summary.count, summary.median, summary.max),
            (4, Some(0.0), Some(1.0))
        );
    }

    /// Figures of Python's `statistics` module.
    #[test]
    fn the_figures_are_the_textbook_ones() {
        let summary = sketch(&[10_000_000, 20_000_000, 40_000_000, 90_000_000]).summary();
        assert_eq!(summary.mean, Some(0.04));
        assert!((summary.stddev.unwrap() - 0.035_590_260_840_104_37).abs() < 1e-15);
        assert!((summary.median.unwrap() / 0.03 - 1.0).abs() < 0.011);
    }

    #[test]
    fn close_values_far_from_zero_keep_their_deviation() {
        let hour = 3_600_000_000_000;
        let summary = sketch(&[hour, hour + 1, hour + 2]).summary();
        assert!((summary.stddev.unwrap() * 1e9 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn longer_than_the_range_is_counted_with_exact_ends() {
        let summary = sketch(&[7_200_000_000_000, 10_800_000_000_000]).summary();
        assert_eq!((summary.count, summary.max), (2, Some(10_800.0)));
        assert_eq!(summary.mean, Some(9_000.0));
    }

    proptest! {
        #[test]
        fn merging_is_the_union_in_any_order(a in vec(nanos(), 0..60), b in vec(nanos(), 0..60), c in vec(nanos(), 0..60)) {
            let union = sketch(&[a.clone(), b.clone(), c.clone()].concat());
            let mut left = sketch(&a);
            left.merge(&sketch(&b));
            left.merge(&sketch(&c));
            let mut right = sketch(&c);
            right.merge(&sketch(&a));
            right.merge(&sketch(&b));
            prop_assert_eq!(&left, &union);
            prop_assert_eq!(&right, &union);
        }

        #[test]
        fn quantiles_are_within_the_bound_of_an_exact_sort(values in vec(nanos(), 1..200), q in 0.0..=1.0) {
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let exact = exact_quantile(&sorted, q);
            let answer = sketch(&values).quantile(q).unwrap();
            prop_assert!((answer - exact).abs() <= 0.011 * exact + 1e-18, "{answer} for {exact}");
        }

        #[test]
        fn exact_figures_are_exact(values in vec(nanos(), 2..200)) {
            let summary = sketch(&values).summary();
            let n = values.len() as f64;
            let mean = values.iter().map(|v| u128::from(*v)).sum::<u128>() as f64 / n / 1e9;
            let variance = values.iter().map(|v| (*v as f64 / 1e9 - mean).powi(2)).sum::<f64>() / (n - 1.0);
            prop_assert_eq!(summary.count, values.len() as u64);
            prop_assert_eq!(summary.min, Some(*values.iter().min().unwrap() as f64 / 1e9));
            prop_assert_eq!(summary.max, Some(*values.iter().max().unwrap() as f64 / 1e9));
            prop_assert!((summary.mean.unwrap() - mean).abs() <= 1e-12 * mean);
            prop_assert!((summary.stddev.unwrap() - variance.sqrt()).abs() <= 1e-9 * variance.sqrt() + 1e-9 * mean);
        }

        #[test]
        fn json_gives_the_same_sketch(values in vec(nanos(), 0..60)) {
            let sketch = sketch(&values);
            let json = serde_json::to_string(&sketch).unwrap();
            prop_assert_eq!(serde_json::from_str::<Sketch>(&json).unwrap(), sketch);
        }
    }
}
