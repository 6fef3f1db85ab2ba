//! How long a block of neighbours is to be.

/// The length of a block for the circular block bootstrap of a series: D. Politis and H. White,
/// "Automatic block-length selection for the dependent bootstrap", Econometric Reviews 23 (2004),
/// with the constant corrected by A. Patton, D. Politis and H. White, ibid. 28 (2009).
///
/// At least 1, at most a third of the series and three times the root of its length.
pub(super) fn block_length(series: &[f64]) -> usize {
    let n = series.len() as f64;
    let longest = (3.0 * n.sqrt()).min(n / 3.0).ceil().max(1.0);
    let patience = n.log10().max(0.0).sqrt().ceil().max(5.0) as usize;
    let most = (n.sqrt().ceil() as usize + patience).min(series.len().saturating_sub(1));
    let covariances = autocovariances(series, most);
    let Some(variance) = covariances
        .first()
        .copied()
        .filter(|variance| *variance > 0.0)
    else {
        return 1;
    };
    let significant = 2.0 * (n.log10() / n).sqrt();
    let correlated = |lag: usize| (covariances[lag] / variance).abs() >= significant;
    // The last lag before a row of insignificant ones.
    let memory = (0..most)
        .find(|lag| (lag + 1..=(lag + patience).min(most)).all(|later| !correlated(later)))
        .unwrap_or(most);
    let bandwidth = (2 * memory).min(most);
    let (mut spectrum, mut slope) = (variance, 0.0);
    for (lag, covariance) in covariances.iter().enumerate().take(bandwidth + 1).skip(1) {
        let weight = flat_top(lag as f64 / bandwidth as f64) * covariance;
        spectrum += 2.0 * weight;
        slope += 2.0 * lag as f64 * weight;
    }
    let scale = 4.0 / 3.0 * spectrum * spectrum;
    let length = (2.0 * slope * slope / scale * n).cbrt();
    if length.is_nan() {
        // The spectrum vanishes: nothing is known, so be careful.
        return longest as usize;
    }
    length.round().clamp(1.0, longest) as usize
}

/// The flat-top window: 1 up to a half, then falling to 0 at 1.
fn flat_top(share: f64) -> f64 {
    (2.0 * (1.0 - share)).clamp(0.0, 1.0)
}

fn autocovariances(series: &[f64], most: usize) -> Vec<f64> {
    let n = series.len() as f64;
    let mean = series.iter().sum::<f64>() / n;
    let centred: Vec<f64> = series.iter().map(|value| value - mean).collect();
    (0..=most)
        .map(|lag| {
            let later = centred.iter().skip(lag);
            centred
                .iter()
                .zip(later)
                .map(|(one, other)| one * other)
                .sum::<f64>()
                / n
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    /// x(t) = memory · x(t−1) + noise.
    fn autoregressive(n: usize, memory: f64) -> Vec<f64> {
        let mut random = Random::new(3);
        let mut value = 0.0;
        (0..n)
            .map(|_| {
                // A sum of uniforms is near enough to normal.
                let noise: f64 = (0..12)
                    .map(|_| random.below(1 << 20) as f64 / f64::from(1 << 20))
                    .sum();
                value = memory * value + noise - 6.0;
                value
            })
            .collect()
    }

    #[test]
    fn blocks_are_as_long_as_the_memory_of_the_series() {
        assert_eq!(block_length(&[]), 1);
        assert_eq!(block_length(&[4.0; 50]), 1);
        let length = |memory| block_length(&autoregressive(1_000, memory));
        assert!(length(0.0) <= 3, "{}", length(0.0));
        // The optimum for a first-order autoregression is (2 (2m/(1−m²))² · 3/4 · n)^⅓.
        for memory in [0.5, 0.8] {
            let slope: f64 = 2.0 * memory / (1.0 - memory * memory);
            let best = (1.5 * slope * slope * 1_000.0).cbrt();
            let found = length(memory) as f64;
            assert!(
                (best * 0.5..best * 2.0).contains(&found),
                "{memory}: {found}, best {best}"
            );
        }
    }
}
