use serde::Serialize;

use super::{Pass, Totals};
use crate::comparison::noise::Noise;
use crate::comparison::performance::{Metric, PairedSample, PerformanceLimits, Verdict};

/// How the comparisons ended, but for noise: differences at places where old differs from itself as
/// often. See [`noise`](crate::comparison::noise).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NoiseTotals {
    /// How the comparisons ended.
    pub totals: Totals,
    /// The share of comparisons proven equal.
    pub pass: Pass,
    /// How often old was compared with itself.
    pub self_pairs: u64,
    /// Differences that noise hides.
    pub hidden_differences: u64,
    /// Records in which noise hides something.
    pub hidden_records: u64,
}

/// One metric of both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricPerformance {
    /// `wall`, `cpu`, `peak_memory`, `allocated` or `counters.NAME`.
    pub metric: Metric,
    /// What is judged of it.
    pub verdicts: Vec<Verdict>,
}

/// The totals with what noise hides taken out.
pub(super) fn but_for_noise<'a>(
    mut totals: Totals,
    noises: impl Iterator<Item = &'a Noise>,
) -> Option<NoiseTotals> {
    let (mut self_pairs, mut hidden_differences, mut hidden_records) = (0_u64, 0_u64, 0_u64);
    let by_noise = std::mem::take(&mut totals.by_noise);
    totals.different -= by_noise;
    totals.equal = totals.equal.saturating_add(by_noise);
    for noise in noises {
        let asked = noise.self_pairs.saturating_add(noise.unused_pairs);
        self_pairs = self_pairs.saturating_add(asked);
        hidden_differences = hidden_differences.saturating_add(noise.hidden_differences);
        hidden_records = hidden_records.saturating_add(noise.hidden_records);
        let inexact = noise.inexact.min(totals.different);
        totals.different -= inexact;
        totals.inexact = totals.inexact.saturating_add(inexact);
    }
    (self_pairs > 0 || by_noise > 0).then(|| NoiseTotals {
        totals,
        pass: totals.pass(),
        self_pairs,
        hidden_differences,
        hidden_records,
    })
}

/// The verdicts on one operation.
pub(super) fn performance(
    sample: &PairedSample,
    limits: &PerformanceLimits,
    operation: &str,
) -> Vec<MetricPerformance> {
    let judged = sample.performances(operation).into_iter();
    judged
        .map(|(metric, performance)| MetricPerformance {
            verdicts: limits
                .of(&metric)
                .into_iter()
                .map(|(statistic, at_most)| Verdict {
                    usual: !limits.is_set(&metric, statistic),
                    ..performance.judge(statistic, at_most)
                })
                .collect(),
            metric,
        })
        .collect()
}
