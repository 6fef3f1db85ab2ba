//! What a comparison adds to the metrics of its operation.

use cutover_domain::comparison::noise::NoiseSample;
use cutover_domain::comparison::{ComparisonRecord, DifferenceKind, RecordResult};
use cutover_domain::metrics::standard::ComparisonResult;

use super::ComparisonMetrics;

impl ComparisonMetrics {
    /// Counts a comparison of old and new: its result, its differences, the ratio of the times, and
    /// when something was not equal.
    pub fn compared(&self, record: &ComparisonRecord) {
        let result = match record.result {
            RecordResult::Equal => ComparisonResult::Equal,
            RecordResult::Different => ComparisonResult::Different,
            RecordResult::Inexact => ComparisonResult::Undecided,
            RecordResult::Failed => ComparisonResult::Failed,
        };
        self.comparisons(result).increment(1);
        if let Some(comparison) = record.judgement.comparison() {
            for kind in DifferenceKind::ALL {
                let count = comparison.counts.of(kind);
                self.differences(kind.word()).increment(count);
            }
        }
        if record.result != RecordResult::Equal {
            self.last_mismatch().set(record.time.as_second() as f64);
        }
        let (old, new) = (record.old.measurements.wall, record.new.measurements.wall);
        if let Some((old, new)) = old.zip(new).filter(|(old, _)| !old.is_zero()) {
            let ratio = new.as_secs_f64() / old.as_secs_f64();
            self.duration_ratio().observe_value(ratio);
        }
    }

    /// Counts the comparisons of old with itself that a sample stands for.
    pub fn compared_with_itself(&self, sample: &NoiseSample) {
        let decided = sample.pairs.saturating_sub(sample.undecided);
        let different = decided.saturating_sub(sample.equal);
        for (result, count) in [
            (ComparisonResult::Equal, sample.equal),
            (ComparisonResult::Different, different),
            (ComparisonResult::Undecided, sample.undecided),
            (ComparisonResult::Failed, sample.failed),
        ] {
            self.noise_comparisons(result).increment(count);
        }
    }
}
