//! Where the quantiles of old and new are, and how uncertain that is.

use super::long_run::{Courses, Moments};
use super::random::Random;
use super::statistic::Estimate;

/// Values by size. Equal ones are in random order, so that exactly the wanted share is not above a
/// rank: what holds for the values with such a mark behind the point holds for the values.
#[derive(Debug)]
pub(super) struct Ranked<'a> {
    values: &'a [f64],
    places: Vec<usize>,
}

impl<'a> Ranked<'a> {
    pub(super) fn new(values: &'a [f64], random: &mut Random) -> Self {
        let ties: Vec<u64> = values.iter().map(|_| random.next()).collect();
        let mut places: Vec<usize> = (0..values.len()).collect();
        places.sort_unstable_by(|one, other| {
            let by_value = values[*one].total_cmp(&values[*other]);
            by_value.then_with(|| ties[*one].cmp(&ties[*other]))
        });
        Self { values, places }
    }

    /// 1 for the values that are not above the quantile, 0 for those that are.
    pub(super) fn not_above(&self, hundredths: usize) -> Vec<f64> {
        let mut marks = vec![0.0; self.values.len()];
        for place in &self.places[..self.rank(hundredths)] {
            marks[*place] = 1.0;
        }
        marks
    }

    /// The rank of a quantile, counted from 1: the nearest one.
    fn rank(&self, hundredths: usize) -> usize {
        (hundredths * self.values.len()).div_ceil(100).max(1)
    }

    /// The value at a rank; the first or the last where the rank is past them.
    fn at(&self, rank: f64) -> f64 {
        let last = self.places.len();
        self.values[self.places[(rank as usize).clamp(1, last) - 1]]
    }

    /// The quantile with its bounds, where the share of values that are not above it may be off by
    /// `reach` (R. Woodruff, "Confidence intervals for medians and other position measures", Journal
    /// of the American Statistical Association 47, 1952). It supposes nothing about how values are
    /// spread.
    fn bounded(&self, hundredths: usize, reach: f64) -> Bounded {
        let n = self.values.len() as f64;
        let share = hundredths as f64 / 100.0;
        let below = ((share - reach) * n).floor().max(1.0);
        let above = ((share + reach) * n).ceil().min(n);
        let steps = (below as usize..above as usize)
            .filter(|rank| self.at(*rank as f64) != self.at(*rank as f64 + 1.0));
        Bounded {
            low: self.at(below),
            value: self.at(self.rank(hundredths) as f64),
            high: self.at(above),
            reach,
            is_tied: 2.0 * (steps.count() as f64 + 1.0) < above - below + 1.0,
        }
    }
}

/// A quantile of one side.
#[derive(Clone, Copy, Debug)]
struct Bounded {
    low: f64,
    value: f64,
    high: f64,
    /// How far the share of values that are not above it may be off.
    reach: f64,
    /// Most of the values between the bounds are there more than once.
    is_tied: bool,
}

impl Bounded {
    /// By how much the logarithm grows for each part of the values, below and above.
    fn slopes(&self) -> [f64; 2] {
        [(self.low, self.value), (self.value, self.high)]
            .map(|(from, to)| log_ratio(from, to) / self.reach)
    }
}

/// The ratio of the quantiles of new and old. `courses` has at `old` and `new` which values of each
/// are not above them.
///
/// The bounds of both are put together by how much what moves one moves the other: with the same
/// inputs in both, most of what moves them is common. Each step from a share to a value is taken
/// to the side that a bound is on, and as the mean of both sides; the wider interval counts. Where
/// values repeat (milliseconds, counts), or are 0, steps are no slope: then the interval is that from
/// the bounds of one to the opposite bounds of the other.
pub(super) fn ratio(
    (old_values, old): (&Ranked<'_>, usize),
    (new_values, new): (&Ranked<'_>, usize),
    courses: &Courses,
    hundredths: usize,
) -> Estimate {
    let bounded = |values: &Ranked<'_>, series| {
        values.bounded(hundredths, courses.reach(courses.moments(series, series)))
    };
    let (was, is) = (bounded(old_values, old), bounded(new_values, new));
    let ratio = log_ratio(was.value, is.value);
    let (old_slopes, new_slopes) = (was.slopes(), is.slopes());
    let has_slopes = [old_slopes, new_slopes]
        .as_flattened()
        .iter()
        .all(|slope| slope.is_finite());
    let (low, high) = if was.is_tied || is.is_tied || !ratio.is_finite() || !has_slopes {
        (log_ratio(was.high, is.low), log_ratio(was.low, is.high))
    } else {
        let (one, other) = (courses.moments(new, new), courses.moments(old, old));
        let cross = courses.moments(new, old);
        let reach = |new: f64, old: f64| {
            courses.reach(Moments::of_difference((new, one), (old, other), cross))
        };
        let mean = |[below, above]: [f64; 2]| (below + above) / 2.0;
        let even = reach(mean(new_slopes), mean(old_slopes));
        (
            ratio - even.max(reach(new_slopes[0], old_slopes[1])),
            ratio + even.max(reach(new_slopes[1], old_slopes[0])),
        )
    };
    Estimate {
        ratio,
        low: low.min(ratio),
        high: high.max(ratio),
    }
}

/// `ln(new / old)`, where nothing beside nothing is no change.
pub(super) fn log_ratio(old: f64, new: f64) -> f64 {
    if old == new { 0.0 } else { new.ln() - old.ln() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_not_above_a_quantile_also_where_all_are_equal() {
        let values = [3.0, 1.0, 3.0, 3.0, 3.0, 9.0, 3.0, 3.0, 3.0, 3.0];
        let ranked = Ranked::new(&values, &mut Random::new(1));
        let marks = ranked.not_above(50);
        assert_eq!(marks.iter().sum::<f64>(), 5.0);
        assert_eq!((marks[1], marks[5]), (1.0, 0.0));
        let bounded = ranked.bounded(50, 0.3);
        assert_eq!((bounded.low, bounded.value, bounded.high), (3.0, 3.0, 3.0));
        assert!(bounded.is_tied);
        // Past the ends there is nothing.
        let bounded = ranked.bounded(95, 0.9);
        assert_eq!((bounded.low, bounded.value, bounded.high), (1.0, 9.0, 9.0));
    }

    #[test]
    fn nothing_beside_nothing_is_no_change() {
        assert_eq!(log_ratio(0.0, 0.0), 0.0);
        assert_eq!(log_ratio(0.0, 1.0), f64::INFINITY);
        assert_eq!(log_ratio(1.0, 0.0), f64::NEG_INFINITY);
    }
}
