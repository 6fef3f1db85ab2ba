use serde::{Deserialize, Serialize};

use super::long_run::Courses;
use super::quantile::{self, Ranked, log_ratio};
use super::random::Random;

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
    /// About how many independent pairs they are worth, at most all of them: neighbours that
    /// resemble each other tell less. Found by the mean; a quantile has a number of its own.
    pub independent: u64,
    pub(super) estimates: [Option<Estimate>; Statistic::ALL.len()],
}

impl Performance {
    /// Estimates from pairs of old and new in the order of execution, warm-up left out. Values may
    /// have any unit and must not be negative. `seed` decides which of equal values counts as the
    /// smaller one; nothing else is random.
    ///
    /// Of n pairs it takes the time to sort them and at most 64 · 7 passes over them, and memory for
    /// 21 numbers each.
    #[must_use]
    pub fn of(pairs: &[(f64, f64)], seed: u64) -> Self {
        let sound = |value: f64| value.is_finite() && value >= 0.0;
        let (old, new): (Vec<f64>, Vec<f64>) = pairs
            .iter()
            .copied()
            .filter(|(old, new)| sound(*old) && sound(*new))
            .unzip();
        let mut found = Self {
            pairs: old.len() as u64,
            unusable: (pairs.len() - old.len()) as u64,
            independent: old.len() as u64,
            estimates: [None; Statistic::ALL.len()],
        };
        if found.pairs >= Statistic::Mean.least_pairs() {
            found.estimate(&old, &new, seed);
        }
        found
    }

    fn estimate(&mut self, old: &[f64], new: &[f64], seed: u64) {
        let mut random = Random::new(seed);
        let ranked = (Ranked::new(old, &mut random), Ranked::new(new, &mut random));
        let (ratio, ratios) = mean(old, new);
        let mut series = vec![ratios];
        let quantiles = Statistic::ALL
            .into_iter()
            .filter(|statistic| self.pairs >= statistic.least_pairs())
            .filter_map(|statistic| Some((statistic, statistic.hundredths()?)));
        let quantiles: Vec<_> = quantiles.collect();
        for (_, hundredths) in &quantiles {
            series.extend([
                ranked.0.not_above(*hundredths),
                ranked.1.not_above(*hundredths),
            ]);
        }
        let courses = Courses::new(series);
        self.independent = courses.independent(0);
        let (below, above) = courses.skewed_reach(0);
        self.estimates[Statistic::Mean as usize] = Some(Estimate {
            ratio,
            low: ratio - below,
            high: ratio + above,
        });
        for (number, (statistic, hundredths)) in quantiles.into_iter().enumerate() {
            let (of_old, of_new) = (2 * number + 1, 2 * number + 2);
            let estimate = quantile::ratio(
                (&ranked.0, of_old),
                (&ranked.1, of_new),
                &courses,
                hundredths,
            );
            self.estimates[statistic as usize] = Some(estimate);
        }
    }
}

/// The logarithm of the mean ratio, and what each pair adds to it.
fn mean(old: &[f64], new: &[f64]) -> (f64, Vec<f64>) {
    let pairs = || old.iter().zip(new);
    let count = old.len() as f64;
    if pairs().all(|(old, new)| *old > 0.0 && *new > 0.0) {
        let ratios: Vec<f64> = pairs().map(|(old, new)| log_ratio(*old, *new)).collect();
        return (ratios.iter().sum::<f64>() / count, ratios);
    }
    // The ratio of the sums, and how each pair moves it. Divided by the largest, sums are finite.
    let largest = pairs().fold(0.0, |most: f64, (old, new)| most.max(*old).max(*new));
    let of = |values: &[f64]| values.iter().map(|value| value / largest).sum::<f64>() / count;
    let (of_old, of_new) = (of(old), of(new));
    let ratio = if largest == 0.0 {
        0.0
    } else {
        log_ratio(of_old, of_new)
    };
    if !ratio.is_finite() || largest == 0.0 {
        return (ratio, vec![0.0; old.len()]);
    }
    let moves = pairs().map(|(old, new)| new / largest / of_new - old / largest / of_old);
    (ratio, moves.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_near_the_largest_number_have_a_mean_too() {
        let mut pairs = vec![(1e308, 1e308); 30];
        pairs[3] = (0.0, 0.0);
        let found = Performance::of(&pairs, 1).estimates[0].unwrap();
        assert_eq!((found.ratio, found.high), (0.0, 0.0));
    }
}
