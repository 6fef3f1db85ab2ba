//! How uncertain a mean of measurements is whose neighbours resemble each other.

use std::f64::consts::PI;

/// More waves than this tell nothing more: Student's distribution is the normal one by then.
const MOST_WAVES: usize = 64;

/// The 95 % quantile of the normal distribution.
const Z: f64 = 1.644_853_626_951_472_6;

/// How many cosine waves a series of so many values is projected on: 5 of 20, 8 of 50, 19 of 200.
/// These many degrees of freedom the estimate of its variance has.
pub(super) fn waves(values: usize) -> usize {
    let wanted = (0.8 * (values as f64).powf(0.6)).round() as usize;
    wanted.clamp(2, MOST_WAVES)
}

/// Some series of one length about their means, and what of them is slow.
#[derive(Debug)]
pub(super) struct Courses {
    centred: Vec<Vec<f64>>,
    /// For each series, its coefficients on the slowest cosine waves.
    coefficients: Vec<Vec<f64>>,
    length: usize,
}

/// Second moments of a series, or of two: sums over pairs of values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    /// Of the coefficients on the slow waves, in the mean.
    slow: f64,
    /// Of values at the same place.
    same: f64,
    /// Of values and their neighbours.
    next: f64,
}

impl Moments {
    /// Those of `left · one − right · other`, from those of both and of one with the other.
    pub(super) fn of_difference(
        (left, one): (f64, Self),
        (right, other): (f64, Self),
        cross: Self,
    ) -> Self {
        let part = |of: fn(&Self) -> f64| {
            left * left * of(&one) + right * right * of(&other) - 2.0 * left * right * of(&cross)
        };
        Self {
            slow: part(|moments| moments.slow),
            same: part(|moments| moments.same),
            next: part(|moments| moments.next),
        }
    }
}

impl Courses {
    /// Takes series of one length. Time is their number times their length times [`waves`], at most
    /// 64.
    pub(super) fn new(mut series: Vec<Vec<f64>>) -> Self {
        let length = series.first().map_or(0, Vec::len);
        for values in &mut series {
            let mean = values.iter().sum::<f64>() / length as f64;
            values.iter_mut().for_each(|value| *value -= mean);
        }
        let mut coefficients = vec![Vec::new(); series.len()];
        let scale = (2.0 / length as f64).sqrt();
        let mut wave = vec![0.0; length];
        for number in 1..=waves(length) {
            cosine(number, &mut wave);
            for (of_series, values) in coefficients.iter_mut().zip(&series) {
                let sum: f64 = values.iter().zip(&wave).map(|(value, at)| value * at).sum();
                of_series.push(scale * sum);
            }
        }
        Self {
            centred: series,
            coefficients,
            length,
        }
    }

    /// The moments of two of the series, or of one with itself.
    pub(super) fn moments(&self, one: usize, other: usize) -> Moments {
        let product = |one: &[f64], other: &[f64]| -> f64 {
            one.iter().zip(other).map(|(one, other)| one * other).sum()
        };
        let (x, y) = (&self.centred[one], &self.centred[other]);
        let (slow_x, slow_y) = (&self.coefficients[one], &self.coefficients[other]);
        Moments {
            slow: product(slow_x, slow_y) / slow_x.len() as f64,
            same: product(x, y),
            next: (product(x, &y[1..]) + product(&x[1..], y)) / 2.0,
        }
    }

    /// The variance that the mean of so many independent values would need to be as uncertain as
    /// the mean of a series with these moments.
    ///
    /// It is the mean power of the slowest waves: equal-weighted cosines (U. Müller, "A theory of
    /// robust long-run variance estimation", Journal of Econometrics 141, 2007; E. Lazarus, D. Lewis,
    /// J. Stock, M. Watson, "HAR inference: recommendations for practice", Journal of Business &
    /// Economic Statistics 36, 2018), which has as many degrees of freedom as there are waves. What
    /// the slow waves lack beside the slowest of all, where values keep a part of the one before, is
    /// made up for, as prewhitening does (D. Andrews and J. Monahan, Econometrica 60, 1992). That part
    /// is estimated with M. Kendall's correction (Biometrika 41, 1954), and taken to be half a
    /// standard error more: to be too careful costs little, the opposite makes promises untrue.
    pub(super) fn variance(&self, moments: Moments) -> f64 {
        if moments.same <= 0.0 {
            return 0.0;
        }
        let n = self.length as f64;
        let found = (n * moments.next / moments.same + 1.0) / (n - 3.0);
        let kept = (found + 0.5 / n.sqrt()).clamp(0.0, 0.9);
        let waves = waves(self.length);
        let power = |number: usize| {
            let angle = PI * number as f64 / n;
            (1.0 - kept).powi(2) / (1.0 - 2.0 * kept * angle.cos() + kept * kept)
        };
        let seen = (1..=waves).map(power).sum::<f64>() / waves as f64;
        (moments.slow / seen).max(0.0)
    }

    /// About how many independent values the series is worth, at most all.
    pub(super) fn independent(&self, series: usize) -> u64 {
        let moments = self.moments(series, series);
        let long_run = self.variance(moments);
        let worth = moments.same / long_run;
        if worth.is_nan() {
            return self.length as u64;
        }
        worth.round().clamp(1.0, self.length as f64) as u64
    }

    /// How far the mean of a series with these moments may be from the truth, at 95 % on each side.
    pub(super) fn reach(&self, moments: Moments) -> f64 {
        self.quantile() * (self.variance(moments) / self.length as f64).sqrt()
    }

    /// How far it may be below and above, in that order, where the values lean to one side: the
    /// wider of [`reach`](Self::reach) and of P. Hall's correction for skewness ("On the removal of
    /// skewness by transformation", Journal of the Royal Statistical Society B 54, 1992).
    pub(super) fn skewed_reach(&self, series: usize) -> (f64, f64) {
        let moments = self.moments(series, series);
        let reach = self.reach(moments);
        let n = self.length as f64;
        let cubes: f64 = self.centred[series].iter().map(|value| value.powi(3)).sum();
        let skew = cubes / n / (moments.same / n).powf(1.5) * (n * (n - 1.0)).sqrt() / (n - 2.0);
        if !skew.is_finite() || skew.abs() < 1e-6 {
            return (reach, reach);
        }
        let spread = self.variance(moments).sqrt();
        let moved = |student: f64| {
            let inside = 1.0 + skew * (student - skew / (6.0 * n));
            spread * 3.0 / skew * (inside.cbrt() - 1.0)
        };
        let student = self.quantile() / n.sqrt();
        (reach.max(moved(student)), reach.max(-moved(-student)))
    }

    fn quantile(&self) -> f64 {
        student(waves(self.length) as f64)
    }
}

/// `cos(π · number · (place + ½) / length)` for each place, by rotation.
fn cosine(number: usize, wave: &mut [f64]) {
    let step = PI * number as f64 / wave.len() as f64;
    let (sine, cosine) = step.sin_cos();
    let (mut y, mut x) = (step / 2.0).sin_cos();
    for at in wave {
        *at = x;
        (x, y) = (x * cosine - y * sine, y * cosine + x * sine);
    }
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

#[cfg(test)]
mod tests {
    use super::super::random::Random;
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
    fn work_for_a_value_is_bounded() {
        let found = [20, 50, 200, 1_000, 100_000].map(waves);
        assert_eq!(found, [5, 8, 19, 50, 64]);
    }

    /// Rotating a wave hundred thousand times leaves it where it should be.
    #[test]
    fn waves_are_cosines() {
        let mut wave = vec![0.0; 100_000];
        cosine(64, &mut wave);
        for place in [0, 1, 77_777, 99_999] {
            let angle = PI * 64.0 * (place as f64 + 0.5) / 100_000.0;
            assert!((wave[place] - angle.cos()).abs() < 1e-10, "{place}");
        }
    }

    /// x(t) = kept · x(t−1) + noise.
    fn autoregressive(n: usize, kept: f64) -> Vec<f64> {
        let mut random = Random::new(3);
        let mut value = 0.0;
        (0..n)
            .map(|_| {
                // A sum of uniforms is near enough to normal.
                let noise: f64 = (0..12).map(|_| random.uniform()).sum();
                value = kept * value + noise - 6.0;
                value
            })
            .collect()
    }

    #[test]
    fn neighbours_that_resemble_each_other_are_worth_less() {
        // n independent values are worth n (1 − kept) / (1 + kept) where each keeps a part.
        for (kept, worth) in [(0.0, 4_000.0), (0.5, 1_333.0), (0.8, 444.0)] {
            let found = Courses::new(vec![autoregressive(4_000, kept)]).independent(0) as f64;
            assert!(
                (0.6 * worth..=1.6 * worth).contains(&found),
                "{kept}: {found}"
            );
        }
        assert_eq!(Courses::new(vec![vec![4.0; 50]]).independent(0), 50);
    }

    #[test]
    fn moments_of_a_difference_are_those_of_the_series_of_differences() {
        let (one, other) = (autoregressive(200, 0.5), autoregressive(200, 0.1));
        let difference = one.iter().zip(&other).map(|(x, y)| 3.0 * x - 2.0 * y);
        let courses = Courses::new(vec![difference.collect(), one, other]);
        let combined = Moments::of_difference(
            (3.0, courses.moments(1, 1)),
            (2.0, courses.moments(2, 2)),
            courses.moments(1, 2),
        );
        let (found, direct) = (
            courses.reach(combined),
            courses.reach(courses.moments(0, 0)),
        );
        assert!((found / direct - 1.0).abs() < 1e-9, "{found} {direct}");
    }
}
