//! The figures of a report.

use serde::Serialize;

/// How sure an interval is.
pub(super) const CONFIDENCE: f64 = 0.95;

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Two bounds of a share, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Not below this.
    pub low: f64,
    /// Not above this.
    pub high: f64,
}

/// Wilson's score interval at 95 % for `hits` of `trials`; absent without trials.
///
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
/// (1927). Unlike the textbook interval it has a width at 0 % and 100 %: five of five is not proof.
///
/// ```
/// use cutover_domain::comparison::report::wilson;
///
/// let five_of_five = wilson(5, 5).unwrap();
/// assert!(five_of_five.low < 0.6 && five_of_five.high == 1.0);
/// ```
#[must_use]
pub fn wilson(hits: u64, trials: u64) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    let (n, share) = (trials as f64, hits as f64 / trials as f64);
    let z2 = Z * Z;
    let middle = share + z2 / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // Rounding must not put the ends of certainty a hair beside 0 and 1.
    let low = if hits == 0 {
        0.0
    } else {
        ((middle - reach) / scale).max(0.0)
    };
    let high = if hits >= trials {
        1.0
    } else {
        ((middle + reach) / scale).min(1.0)
    };
    Some(Interval { low, high })
}

/// How values are spread. Quantiles are exact, interpolated between neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// How many values.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The smallest.
    pub min: u64,
    /// Half are not above this.
    pub median: f64,
    /// 95 % are not above this.
    pub p95: f64,
    /// 99 % are not above this.
    pub p99: f64,
    /// The largest.
    pub max: u64,
}

impl Spread {
    /// The spread of values, which it sorts; absent when there are none.
    pub(super) fn of(values: &mut [u64]) -> Option<Self> {
        values.sort_unstable();
        let (&min, &max) = (values.first()?, values.last()?);
        let sum: f64 = values.iter().map(|value| *value as f64).sum();
        Some(Self {
            count: values.len() as u64,
            mean: sum / values.len() as f64,
            min,
            median: quantile(values, 0.5),
            p95: quantile(values, 0.95),
            p99: quantile(values, 0.99),
            max,
        })
    }
}

/// The quantile of sorted values (definition 7 of Hyndman and Fan: what spreadsheets, R and NumPy
/// answer unless asked otherwise).
fn quantile(sorted: &[u64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place as usize;
    let lower = sorted[below] as f64;
    let upper = sorted[(below + 1).min(sorted.len() - 1)] as f64;
    lower + (upper - lower) * place.fract()
}

/// How often values in a range occur on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) old: u64,
    pub(super) new: u64,
}

/// At most so many buckets.
const BUCKETS: usize = 32;

/// How often each value occurs in two sorted lists, in buckets of equal ratio: a distribution of
/// times has a long tail, and what matters about a time is how many times longer it is.
pub(super) fn distribution(old: &[u64], new: &[u64]) -> Vec<Bucket> {
    let smallest = old.first().into_iter().chain(new.first()).min();
    let largest = old.last().into_iter().chain(new.last()).max();
    let (Some(&smallest), Some(&largest)) = (smallest, largest) else {
        return Vec::new();
    };
    let low = smallest.max(1) as f64;
    let ratio = largest.max(1) as f64 / low;
    // A bucket is at least a tenth wider than the one before.
    let count = (ratio.ln() / 1.1_f64.ln())
        .ceil()
        .clamp(1.0, BUCKETS as f64) as usize;
    let mut bounds: Vec<u64> = (0..=count)
        .map(|step| (low * ratio.powf(step as f64 / count as f64)) as u64)
        .collect();
    bounds[0] = smallest;
    bounds[count] = largest;
    bounds.dedup();
    if bounds.len() == 1 {
        bounds.push(largest);
    }
    let last = bounds.len() - 2;
    let below = |sorted: &[u64], bound: u64| sorted.partition_point(|value| *value < bound);
    bounds
        .windows(2)
        .enumerate()
        .map(|(index, bound)| {
            let inside = |sorted: &[u64]| {
                let end = if index == last {
                    sorted.len()
                } else {
                    below(sorted, bound[1])
                };
                (end - below(sorted, bound[0])) as u64
            };
            Bucket {
                from: bound[0],
                to: bound[1],
                old: inside(old),
                new: inside(new),
            }
        })
        .collect()
}

/// At most so many points of a ratio's course.
const POINTS: usize = 101;

/// New divided by old, record by record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratios {
    /// Over so many records.
    pub records: u64,
    /// In so many of them new took less.
    pub faster: u64,
    /// In so many of them new took more.
    pub slower: u64,
    /// The ratios from the smallest to the largest, at equal distances of rank: the first, the
    /// middle (the median) and the last of 101 points, or every ratio where there are fewer.
    pub points: Vec<f64>,
}

impl Ratios {
    /// The course of ratios, which it sorts; absent when there are none.
    pub(super) fn of(ratios: &mut [f32]) -> Option<Self> {
        ratios.sort_unstable_by(f32::total_cmp);
        let last = ratios.len().checked_sub(1)?;
        let points = ratios.len().min(POINTS);
        let at = |point: usize| match points {
            1 => 0,
            _ => (point as f64 / (points - 1) as f64 * last as f64).round() as usize,
        };
        Some(Self {
            records: ratios.len() as u64,
            faster: ratios.partition_point(|ratio| *ratio < 1.0) as u64,
            slower: (ratios.len() - ratios.partition_point(|ratio| *ratio <= 1.0)) as u64,
            points: (0..points)
                .filter_map(|point| four_digits(f64::from(ratios[at(point)])))
                .collect(),
        })
    }
}

/// The value with four digits that matter: more is noise, and a longer report.
fn four_digits(value: f64) -> Option<f64> {
    format!("{value:.3e}")
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wilson_gives_the_published_figures() {
        // R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics
        // in Medicine 17 (1998), table I; and the ends, where the interval has a closed form.
        for (hits, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0000, 0.1611),
            (1, 29, 0.0061, 0.1718),
            (10, 10, 0.7225, 1.0),
            (5, 10, 0.2366, 0.7634),
        ] {
            let interval = wilson(hits, trials).unwrap();
            assert!(
                (interval.low - low).abs() < 5e-5,
                "{hits}/{trials}: {interval:?}"
            );
            assert!(
                (interval.high - high).abs() < 5e-5,
                "{hits}/{trials}: {interval:?}"
            );
        }
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn a_spread_is_exact() {
        let mut values: Vec<u64> = (1..=100).rev().collect();
        let spread = Spread::of(&mut values).unwrap();
        assert_eq!((spread.count, spread.min, spread.max), (100, 1, 100));
        assert_eq!((spread.mean, spread.median), (50.5, 50.5));
        assert!((spread.p95 - 95.05).abs() < 1e-9 && (spread.p99 - 99.01).abs() < 1e-9);
        let one = Spread::of(&mut [7]).unwrap();
        assert_eq!((one.median, one.p99, one.mean), (7.0, 7.0, 7.0));
        assert_eq!(Spread::of(&mut []), None);
    }

    #[test]
    fn ratios_keep_their_ends_and_their_middle() {
        let mut ratios: Vec<f32> = (1..=1001).rev().map(|step| step as f32 / 500.0).collect();
        let found = Ratios::of(&mut ratios).unwrap();
        assert_eq!(found.points.len(), 101);
        assert_eq!((found.points[0], found.points[100]), (0.002, 2.002));
        assert_eq!(found.points[50], 1.002);
        assert_eq!((found.faster, found.slower), (499, 501));
        assert_eq!(Ratios::of(&mut [0.5]).unwrap().points, [0.5]);
        assert_eq!(Ratios::of(&mut []), None);
    }

    proptest! {
        #[test]
        fn a_distribution_counts_every_value_once(
            mut old in proptest::collection::vec(prop_oneof![any::<u64>(), 0..1000_u64], 0..50),
            mut new in proptest::collection::vec(prop_oneof![any::<u64>(), 0..1000_u64], 0..50),
        ) {
            old.sort_unstable();
            new.sort_unstable();
            let buckets = distribution(&old, &new);
            prop_assert_eq!(buckets.iter().map(|bucket| bucket.old).sum::<u64>(), old.len() as u64);
            prop_assert_eq!(buckets.iter().map(|bucket| bucket.new).sum::<u64>(), new.len() as u64);
            prop_assert!(buckets.len() <= BUCKETS);
            prop_assert!(buckets.windows(2).all(|pair| pair[0].to == pair[1].from));
        }

        #[test]
        fn an_interval_holds_the_share(hits in 0..5000_u64, misses in 0..5000_u64) {
            prop_assume!(hits + misses > 0);
            let share = hits as f64 / (hits + misses) as f64;
            let interval = wilson(hits, hits + misses).unwrap();
            prop_assert!(0.0 <= interval.low && interval.low <= share);
            prop_assert!(share <= interval.high && interval.high <= 1.0);
        }
    }
}
