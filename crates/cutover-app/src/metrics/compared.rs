//! What a comparison adds to the metrics of its operation, whoever made it.

use cutover_domain::comparison::{ComparisonRecord, DifferenceKind, RecordResult};
use cutover_domain::metrics::standard::ComparisonResult;

use super::OperationMetrics;

impl OperationMetrics {
    /// Counts a comparison of old and new: its result, its differences, the ratio of the times, and
    /// when something was not equal.
    ///
    /// ```
    /// use cutover_app::metrics::OperationMetrics;
    /// use cutover_domain::comparison::{
    ///     Comparison, ComparisonRecord, Judgement, RecordId, RunId, SideOutcome, SideRecord,
    /// };
    /// use cutover_domain::metrics::standard::ComparisonResult;
    /// use cutover_domain::metrics::{ProcessIdentity, Window};
    /// use cutover_ports::metrics::{MetricsReader, Recorder};
    ///
    /// let recorder = Recorder::new(ProcessIdentity::new("nightly", "1"));
    /// let metrics = OperationMetrics::register(&recorder, "dataset.profile");
    /// metrics.compared(&ComparisonRecord::new(
    ///     RunId::new("nightly-1")?,
    ///     RecordId::new("case-1")?,
    ///     "dataset.profile",
    ///     "2026-01-01T00:00:00Z".parse()?,
    ///     SideRecord::new(SideOutcome::Ok),
    ///     SideRecord::new(SideOutcome::Ok),
    ///     Judgement::Compared(Comparison::same()),
    /// ));
    /// let counters = recorder.snapshot(Window::SinceStart).summarize().counters;
    /// let equal = r#"cutover_comparisons_total{operation="dataset.profile",result="equal"}"#;
    /// assert_eq!(counters[equal], 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compared(&self, record: &ComparisonRecord) {
        self.comparisons(result(record.result)).increment(1);
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

    /// Counts a comparison of old with itself. It is no comparison of old and new, and no share of
    /// these is diluted by it.
    pub fn compared_with_itself(&self, found: RecordResult) {
        self.noise_comparisons(result(found)).increment(1);
    }
}

fn result(result: RecordResult) -> ComparisonResult {
    match result {
        RecordResult::Equal => ComparisonResult::Equal,
        RecordResult::Different => ComparisonResult::Different,
        RecordResult::Inexact => ComparisonResult::Undecided,
        RecordResult::Failed => ComparisonResult::Failed,
    }
}
