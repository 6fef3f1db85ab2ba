//! The exact test of two shares, and what to make of many tests at once.

/// `ln n!`: summed up for small numbers, Stirling's series beyond (its next term is below 1e-14).
fn ln_factorial(n: u64) -> f64 {
    if n < 32 {
        return (2..=n).map(|factor| (factor as f64).ln()).sum();
    }
    let x = n as f64;
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x + 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series
}

pub(super) fn ln_choose(n: u64, k: u64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// How likely it is to see at least `hits` of `trials`, beside `base_hits` of `base_trials`, when
/// both have the same true share: the one-sided exact test of R. A. Fisher (*Statistical Methods
/// for Research Workers*, 5th ed., 1934). Small means: more often than the base.
///
/// Takes time proportional to the number of hits.
///
/// ```
/// use cutover_domain::comparison::noise::more_often;
///
/// // The lady tasting tea: 4 of 4 against 0 of 4.
/// assert!((more_often(4, 4, 0, 4) - 1.0 / 70.0).abs() < 1e-12);
/// // Nothing to tell apart.
/// assert_eq!(more_often(0, 10, 3, 10), 1.0);
/// ```
#[must_use]
pub fn more_often(hits: u64, trials: u64, base_hits: u64, base_trials: u64) -> f64 {
    let (hits, base_hits) = (hits.min(trials), base_hits.min(base_trials));
    let all_hits = hits + base_hits;
    let most = all_hits.min(trials);
    // Fewer hits than must fall here, as the rest has no room for them: no question.
    if hits <= all_hits.saturating_sub(base_trials) {
        return 1.0;
    }
    let (k, n, m) = (all_hits as f64, trials as f64, base_trials as f64);
    let first = ln_choose(trials, hits) + ln_choose(base_trials, base_hits)
        - ln_choose(trials + base_trials, all_hits);
    // The terms as multiples of the first, each from the one before.
    let (mut term, mut sum) = (1.0_f64, 1.0_f64);
    for x in hits..most {
        let x = x as f64;
        term *= (k - x) * (n - x) / ((x + 1.0) * (m - k + x + 1.0));
        sum += term;
        // Past the middle each term is smaller than the one before.
        if term < sum * 1e-17 {
            break;
        }
    }
    (first + sum.ln()).exp().min(1.0)
}

/// Each p value made comparable with the false discovery rate wanted over all of them: Y. Benjamini
/// and Y. Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B 57 (1995).
pub(super) fn adjusted(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|left, right| p_values[*right].total_cmp(&p_values[*left]));
    let count = p_values.len() as f64;
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (larger, place) in order.into_iter().enumerate() {
        least = least.min(p_values[place] * count / (count - larger as f64));
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIGURES: [(u64, u64, u64, u64, f64); 12] = [
        (4, 4, 0, 4, 0.014285714285714284),
        (3, 10, 1, 10, 0.2910216718266254),
        (5, 5, 0, 1, 0.16666666666666669),
        (1, 1, 0, 1, 0.5),
        (100, 1000, 50, 1000, 1.3737490260834416e-05),
        (12, 12, 36, 36, 1.0),
        (9, 30, 2, 1000, 2.1833828678422505e-13),
        (1, 30, 2, 1000, 0.0849384325417782),
        (500, 10000, 4000, 100000, 1.623860715667193e-06),
        (60, 100, 40, 100, 0.003529757747508124),
        (7, 7, 7, 8, 0.5333333333333333),
        (300, 300, 0, 300, 7.401489395998398e-180),
    ];

    #[test]
    fn the_exact_test_gives_the_figures_of_scipy() {
        // scipy.stats.fisher_exact([[hits, trials - hits], [base, base_trials - base]], "greater")
        for (hits, trials, base_hits, base_trials, p) in FIGURES {
            let found = more_often(hits, trials, base_hits, base_trials);
            assert!(
                (found - p).abs() <= 1e-9 * p.max(1e-300),
                "{hits}/{trials} beside {base_hits}/{base_trials}: {found:e}, not {p:e}"
            );
        }
    }

    #[test]
    fn adjusting_gives_the_published_example() {
        // Benjamini and Hochberg (1995), section 3.2: four of fifteen are rejected at 5 %.
        let p_values = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let adjusted = adjusted(&p_values);
        assert_eq!(adjusted.iter().filter(|q| **q <= 0.05).count(), 4);
        assert!((adjusted[0] - 0.0015).abs() < 1e-12);
        assert_eq!(adjusted[14], 1.0);
    }

    proptest! {
        #[test]
        fn more_hits_in_the_base_make_it_less_surprising(
            hits in 0..60_u64, misses in 0..60_u64, base in 0..60_u64, base_misses in 1..60_u64,
        ) {
            let (trials, base_trials) = (hits + misses, base + base_misses);
            let before = more_often(hits, trials, base, base_trials);
            let after = more_often(hits, trials, base + 1, base_trials);
            prop_assert!(after >= before * (1.0 - 1e-9), "{before} {after}");
        }

        #[test]
        fn the_two_tails_share_one_term(
            hits in 0..40_u64, misses in 0..40_u64, base in 0..40_u64, base_misses in 0..40_u64,
        ) {
            let upper = more_often(hits, hits + misses, base, base + base_misses);
            let lower = more_often(misses, hits + misses, base_misses, base + base_misses);
            prop_assert!(upper > 0.0 && upper <= 1.0);
            prop_assert!(upper + lower >= 1.0 - 1e-9, "{upper} {lower}");
        }
    }
}
