use serde::{Deserialize, Serialize};

use super::block::block_length;
use super::random::Random;

/// So often the pairs are drawn again.
const RESAMPLES: usize = 2_000;

/// Past so many pairs evenly spaced ones are taken.
pub(super) const MOST_PAIRS: usize = 10_000;

/// Each bound is wrong in so many cases at most.
const ALPHA: f64 = 0.05;

/// The 95 % quantile of the normal distribution.
const Z: f64 = 1.644_853_626_951_472_6;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Statistic {
    /// The geometric mean of the ratios: every pair counts alike, however long it took. Where a
    /// value is 0 it is the ratio of the sums instead.
    Mean,
    /// The ratio of the medians.
    P50,
    /// The ratio of what 95 % of the values are not above.
    P95,
    /// The ratio of what 99 % of the values are not above.
    P99,
}

impl Statistic {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mean, Self::P50, Self::P95, Self::P99];

    /// The word for options, messages and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    /// The quantile, in hundredths.
    const fn hundredths(self) -> Option<usize> {
        match self {
            Self::Mean => None,
            Self::P50 => Some(50),
            Self::P95 => Some(95),
            Self::P99 => Some(99),
        }
    }

    /// So many pairs it takes at least: 20, and for a quantile ten beyond it on average.
    #[must_use]
    pub const fn least_pairs(self) -> u64 {
        match self {
            Self::Mean | Self::P50 => 20,
            Self::P95 => 200,
            Self::P99 => 1_000,
        }
    }
}

/// The natural logarithm of a ratio and of its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) ratio: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// New beside old, from pairs of measurements with the same input.
#[derive(Clone, Debug, PartialEq)]
pub struct Performance {
    /// Pairs it rests on.
    pub pairs: u64,
    /// Pairs left out because a value is negative or no number.
    pub unusable: u64,
    /// How many neighbours were drawn together.
    pub block: u64,
    pub(super) estimates: [Option<Estimate>; Statistic::ALL.len()],
}

impl Performance {
    /// Estimates from pairs of old and new in the order of execution, warm-up left out. Values may
    /// have any unit and must not be negative. Nothing else is random but what `seed` says.
    #[must_use]
    pub fn of(pairs: &[(f64, f64)], seed: u64) -> Self {
        let sound = |value: f64| value.is_finite() && value >= 0.0;
        let mut usable: Vec<(f64, f64)> = pairs
            .iter()
            .copied()
            .filter(|(old, new)| sound(*old) && sound(*new))
            .collect();
        let unusable = (pairs.len() - usable.len()) as u64;
        if usable.len() > MOST_PAIRS {
            let count = usable.len();
            usable = (0..MOST_PAIRS)
                .map(|place| usable[place * count / MOST_PAIRS])
                .collect();
        }
        let ratios: Vec<f64> = usable
            .iter()
            .map(|(old, new)| ((new + 0.5) / (old + 0.5)).ln())
            .collect();
        let block = block_length(&ratios);
        let estimates = if (usable.len() as u64) < Statistic::Mean.least_pairs() {
            [None; Statistic::ALL.len()]
        } else {
            Series::new(&usable).estimates(block, seed)
        };
        Self {
            pairs: usable.len() as u64,
            unusable,
            block: block as u64,
            estimates,
        }
    }
}

/// The pairs in the form that drawing them often needs.
struct Series {
    old: Ranked,
    new: Ranked,
    /// Sums up to each place of the logarithms of the ratios; `None` where a value is 0.
    logarithms: Option<Vec<f64>>,
    /// The same of the values of old and of new.
    sums: [Vec<f64>; 2],
}

/// Values and the places where they were measured, smallest first.
struct Ranked(Vec<(f64, usize)>);

impl Series {
    fn new(pairs: &[(f64, f64)]) -> Self {
        let old = || pairs.iter().map(|pair| pair.0);
        let new = || pairs.iter().map(|pair| pair.1);
        let zero = old().chain(new()).any(|value| value == 0.0);
        let logarithms = pairs.iter().map(|(old, new)| (new / old).ln());
        Self {
            old: Ranked::of(old()),
            new: Ranked::of(new()),
            logarithms: (!zero).then(|| running_sums(logarithms)),
            sums: [running_sums(old()), running_sums(new())],
        }
    }

    fn len(&self) -> usize {
        self.old.0.len()
    }

    fn estimates(&self, block: usize, seed: u64) -> [Option<Estimate>; Statistic::ALL.len()] {
        let n = self.len();
        let usable = Statistic::ALL.map(|statistic| n as u64 >= statistic.least_pairs());
        let quantiles = &Statistic::ALL[..usable.iter().filter(|usable| **usable).count()];
        let truth = self.statistics(quantiles, &[(0, n)], &mut vec![0; n + 1]);
        let mut random = Random::new(seed);
        let mut found: [Vec<f64>; Statistic::ALL.len()] = Default::default();
        let mut blocks = Vec::with_capacity(n.div_ceil(block));
        let mut times = vec![0; n + 1];
        for _ in 0..RESAMPLES {
            blocks.clear();
            let mut left = n;
            while left > 0 {
                let length = block.min(left);
                blocks.push((random.below(n), length));
                left -= length;
            }
            let drawn = self.statistics(quantiles, &blocks, &mut times);
            for (found, drawn) in found.iter_mut().zip(drawn) {
                found.push(drawn);
            }
        }
        let widening = widening(n as f64 / block as f64);
        let mut at = 0;
        found.map(|mut found| {
            let estimate = usable[at].then(|| bounds(truth[at], &mut found, widening));
            at += 1;
            estimate
        })
    }

    /// The logarithms of the ratios in a sample made of these blocks, each a first place and a
    /// length. `times` is room for as many numbers as there are pairs and one.
    fn statistics(
        &self,
        wanted: &[Statistic],
        blocks: &[(usize, usize)],
        times: &mut [i32],
    ) -> [f64; Statistic::ALL.len()] {
        let mean = match &self.logarithms {
            Some(logarithms) => sum_of(logarithms, blocks) / self.len() as f64,
            None => log_ratio(sum_of(&self.sums[0], blocks), sum_of(&self.sums[1], blocks)),
        };
        let mut statistics = [mean, 0.0, 0.0, 0.0];
        if wanted.len() > 1 {
            count_times(times, blocks);
            let old = self.old.quantiles(wanted, times);
            let new = self.new.quantiles(wanted, times);
            for (place, (old, new)) in old.into_iter().zip(new).enumerate().skip(1) {
                statistics[place] = log_ratio(old, new);
            }
        }
        statistics
    }
}

impl Ranked {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut ranked: Vec<(f64, usize)> = values
            .enumerate()
            .map(|(place, value)| (value, place))
            .collect();
        ranked.sort_by(|left, right| left.0.total_cmp(&right.0));
        Self(ranked)
    }

    /// The quantiles of a sample that has each place so many times, by nearest rank.
    fn quantiles(&self, wanted: &[Statistic], times: &[i32]) -> [f64; Statistic::ALL.len()] {
        let n = self.0.len();
        let mut quantiles = [0.0; Statistic::ALL.len()];
        let mut ranks = wanted.iter().enumerate().filter_map(|(place, statistic)| {
            Some((place, (statistic.hundredths()? * n).div_ceil(100) as i32))
        });
        let mut next = ranks.next();
        let mut below = 0;
        for (value, place) in &self.0 {
            below += times[*place];
            while let Some((wanted, _)) = next.filter(|(_, rank)| below >= *rank) {
                quantiles[wanted] = *value;
                next = ranks.next();
            }
            if next.is_none() {
                break;
            }
        }
        quantiles
    }
}

/// How often each place is in a sample made of these blocks: steps up and down, then added up.
fn count_times(times: &mut [i32], blocks: &[(usize, usize)]) {
    let n = times.len() - 1;
    times.fill(0);
    for (first, length) in blocks {
        let end = first + length;
        times[*first] += 1;
        if end > n {
            times[0] += 1;
            times[end - n] -= 1;
        } else {
            times[end] -= 1;
        }
    }
    let mut sum = 0;
    for times in times.iter_mut() {
        sum += *times;
        *times = sum;
    }
}

/// The sum over a sample made of these blocks.
fn sum_of(running: &[f64], blocks: &[(usize, usize)]) -> f64 {
    let n = running.len() - 1;
    let sum = |(first, length): &(usize, usize)| {
        let end = first + length;
        if end > n {
            running[n] - running[*first] + running[end - n]
        } else {
            running[end] - running[*first]
        }
    };
    blocks.iter().map(sum).sum()
}

fn running_sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let sums = values.map(|value| {
        sum += value;
        sum
    });
    std::iter::once(0.0).chain(sums).collect()
}

/// `ln(new / old)`, where nothing beside nothing is no change.
fn log_ratio(old: f64, new: f64) -> f64 {
    if old == new { 0.0 } else { (new / old).ln() }
}

/// By how much the bounds are moved away from the estimate, for so many independent parts.
fn widening(parts: f64) -> f64 {
    let freedom = (parts - 1.0).max(1.0);
    student(freedom) / Z * (parts / freedom).sqrt()
}

/// The 95 % quantile of Student's distribution, by the expansion of R. Fisher and E. Cornish (1960);
/// within 0.3 % from two degrees of freedom on.
fn student(freedom: f64) -> f64 {
    let z = Z;
    let terms = [
        (z.powi(3) + z) / 4.0,
        (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
        (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
        (79.0 * z.powi(9) + 776.0 * z.powi(7) + 1482.0 * z.powi(5)
            - 1920.0 * z.powi(3)
            - 945.0 * z)
            / 92_160.0,
    ];
    terms
        .iter()
        .rev()
        .fold(0.0, |sum, term| (sum + term) / freedom)
        + z
}

fn bounds(ratio: f64, found: &mut [f64], widening: f64) -> Estimate {
    found.sort_by(f64::total_cmp);
    let outside = (ALPHA * (found.len() + 1) as f64) as usize;
    let bound = |value: f64| {
        let apart = value - ratio;
        // Equal infinities are no distance apart, and an infinite distance is wide enough.
        if apart.is_finite() {
            ratio + widening * apart
        } else {
            value
        }
    };
    Estimate {
        ratio,
        low: bound(found[outside - 1]).min(ratio),
        high: bound(found[found.len() - outside]).max(ratio),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn student_is_within_its_bound() {
        // Table of the 95 % quantiles.
        for (freedom, quantile) in [
            (2.0, 2.919_986),
            (5.0, 2.015_048),
            (19.0, 1.729_133),
            (100.0, 1.660_234),
        ] {
            assert!(
                (student(freedom) / quantile - 1.0).abs() < 3e-3,
                "{freedom}"
            );
        }
    }

    #[test]
    fn blocks_are_counted_around_the_end() {
        let mut times = vec![9; 6];
        count_times(&mut times, &[(3, 4), (0, 1)]);
        assert_eq!(times[..5], [2, 1, 0, 1, 1]);
        let running = running_sums([1.0, 2.0, 4.0, 8.0, 16.0].into_iter());
        assert_eq!(
            sum_of(&running, &[(3, 4), (0, 1)]),
            8.0 + 16.0 + 1.0 + 2.0 + 1.0
        );
    }
}
