//! The standard metrics: names, help and labels, by the conventions of Prometheus.
//!
//! ```
//! use cutover_domain::metrics::standard::{CALLS, CallOutcome};
//!
//! assert_eq!(CALLS.name, "cutover_calls_total");
//! assert_eq!(CallOutcome::Panic.name(), "panic");
//! ```

use super::Descriptor;

/// A closed set of label values.
macro_rules! label_values {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$value_doc])* $value,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The value of the label.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }
        }
    };
}

label_values! {
    /// How a call of one implementation ended.
    CallOutcome {
        /// It answered.
        Success = "success",
        /// It answered with an error.
        Error = "error",
        /// It panicked.
        Panic = "panic",
        /// It exceeded its deadline.
        Timeout = "timeout",
    }
}

label_values! {
    /// Why old answered in place of new.
    FallbackReason {
        /// New answered with an error.
        Error = "error",
        /// New panicked.
        Panic = "panic",
        /// New exceeded its deadline.
        Timeout = "timeout",
        /// New failed too often, so it was not asked.
        Breaker = "breaker",
    }
}

label_values! {
    /// What a comparison found.
    ComparisonResult {
        /// No difference.
        Equal = "equal",
        /// A difference.
        Different = "different",
        /// A budget ended before everything was looked at.
        Undecided = "undecided",
        /// The comparator itself failed.
        Failed = "failed",
    }
}

label_values! {
    /// Why a call was not compared.
    DropReason {
        /// It was not in the sample.
        SampledOut = "sampled_out",
        /// Too many candidates were waiting.
        QueueFull = "queue_full",
        /// The candidate did not answer in time.
        Timeout = "timeout",
        /// Every place was held by a candidate that does not end.
        Stuck = "stuck",
        /// The process was shutting down.
        Shutdown = "shutdown",
        /// The record could not be stored.
        Store = "store",
    }
}

/// The kinds of differences of a comparison, and `other` for any kind to come.
pub const DIFFERENCE_KINDS: [&str; 8] = [
    "value",
    "type",
    "missing",
    "extra",
    "order",
    "repetition",
    "outcome",
    "other",
];

/// Calls by implementation and outcome.
pub const CALLS: Descriptor = Descriptor::counter(
    "cutover_calls_total",
    "Calls of an implementation, by how they ended.",
    &["operation", "implementation", "outcome"],
);
/// How long calls took.
pub const CALL_DURATION: Descriptor = Descriptor::timer(
    "cutover_call_duration_seconds",
    "How long calls of an implementation took.",
    &["operation", "implementation"],
);
/// Calls under way.
pub const CALLS_IN_FLIGHT: Descriptor = Descriptor::gauge(
    "cutover_calls_in_flight",
    "Calls of the operation under way.",
    &["operation"],
);
/// Answers of old in place of new.
pub const FALLBACKS: Descriptor = Descriptor::counter(
    "cutover_fallbacks_total",
    "Calls that old answered because new could not.",
    &["operation", "reason"],
);
/// Whether new is not asked at present.
pub const BREAKER_OPEN: Descriptor = Descriptor::gauge(
    "cutover_breaker_open",
    "1 while new is not asked because it failed too often, else 0.",
    &["operation"],
);
/// Comparisons by what they found.
pub const COMPARISONS: Descriptor = Descriptor::counter(
    "cutover_comparisons_total",
    "Comparisons of old and new, by what they found.",
    &["operation", "result"],
);
/// Comparisons of old with itself, by what they found.
pub const NOISE_COMPARISONS: Descriptor = Descriptor::counter(
    "cutover_noise_comparisons_total",
    "Comparisons of old with itself, to learn its noise, by what they found.",
    &["operation", "result"],
);
/// Differences by kind.
pub const COMPARISON_DIFFERENCES: Descriptor = Descriptor::counter(
    "cutover_comparison_differences_total",
    "Differences between old and new, by kind.",
    &["operation", "kind"],
);
/// Calls that were not compared.
pub const COMPARISONS_DROPPED: Descriptor = Descriptor::counter(
    "cutover_comparisons_dropped_total",
    "Calls that were not compared, by reason.",
    &["operation", "reason"],
);
/// Candidates waiting.
pub const COMPARISON_QUEUE_LENGTH: Descriptor = Descriptor::gauge(
    "cutover_comparison_queue_length",
    "Candidates waiting to run.",
    &["operation"],
);
/// When a comparison last found a difference.
pub const COMPARISON_LAST_MISMATCH: Descriptor = Descriptor::gauge(
    "cutover_comparison_last_mismatch_timestamp_seconds",
    "When a comparison last found a difference.",
    &["operation"],
);
/// Duration of new over duration of old.
pub const COMPARISON_DURATION_RATIO: Descriptor = Descriptor::timer(
    "cutover_comparison_duration_ratio",
    "Duration of new divided by duration of old, of compared calls.",
    &["operation"],
);
/// Flag decisions.
pub const FLAG_EVALUATIONS: Descriptor = Descriptor::counter(
    "cutover_flag_evaluations_total",
    "Flag decisions, by variant and reason.",
    &["flag", "variant", "reason"],
);
/// Flag decisions that answered a default because of an error.
pub const FLAG_EVALUATION_ERRORS: Descriptor = Descriptor::counter(
    "cutover_flag_evaluation_errors_total",
    "Flag decisions that answered the caller's default because of an error.",
    &["flag", "error_type"],
);
/// Whether a flag is on.
pub const FLAG_ENABLED: Descriptor = Descriptor::gauge(
    "cutover_flag_enabled",
    "1 while the flag is not killed, else 0.",
    &["flag"],
);
/// The share a flag gives to new.
pub const FLAG_ROLLOUT_RATIO: Descriptor = Descriptor::gauge(
    "cutover_flag_rollout_ratio",
    "The share of units the flag gives to new, 0 to 1.",
    &["flag"],
);
/// When a flag was changed last.
pub const FLAG_LAST_CHANGE: Descriptor = Descriptor::gauge(
    "cutover_flag_last_change_timestamp_seconds",
    "When the flag was changed last.",
    &["flag"],
);
/// The revision of the flag document.
pub const FLAG_REVISION: Descriptor = Descriptor::gauge(
    "cutover_flag_revision",
    "The revision of the flag document in use.",
    &[],
);
/// How many series there are.
pub const METRICS_SERIES: Descriptor = Descriptor::gauge(
    "cutover_metrics_series",
    "Series that the recorder holds.",
    &[],
);
/// How often a series did not fit.
pub const METRICS_OVERFLOW: Descriptor = Descriptor::counter(
    "cutover_metrics_overflow_total",
    "Requests for a series that did not fit under a cap and got the overflow series.",
    &[],
);
/// What is running.
pub const BUILD_INFO: Descriptor = Descriptor::gauge(
    "cutover_build_info",
    "Always 1; the labels say what runs.",
    &["version"],
);
/// When the process started.
pub const PROCESS_START_TIME: Descriptor = Descriptor::gauge(
    "cutover_process_start_time_seconds",
    "When the process started.",
    &[],
);

/// Every standard metric.
pub const ALL: &[Descriptor] = &[
    CALLS,
    CALL_DURATION,
    CALLS_IN_FLIGHT,
    FALLBACKS,
    BREAKER_OPEN,
    COMPARISONS,
    NOISE_COMPARISONS,
    COMPARISON_DIFFERENCES,
    COMPARISONS_DROPPED,
    COMPARISON_QUEUE_LENGTH,
    COMPARISON_LAST_MISMATCH,
    COMPARISON_DURATION_RATIO,
    FLAG_EVALUATIONS,
    FLAG_EVALUATION_ERRORS,
    FLAG_ENABLED,
    FLAG_ROLLOUT_RATIO,
    FLAG_LAST_CHANGE,
    FLAG_REVISION,
    METRICS_SERIES,
    METRICS_OVERFLOW,
    BUILD_INFO,
    PROCESS_START_TIME,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::MetricKind;
    use super::*;

    #[test]
    fn names_keep_the_conventions_and_are_told_apart() {
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL {
            assert!(metric.name.starts_with("cutover_"), "{}", metric.name);
            assert_eq!(
                metric.name.ends_with("_total"),
                metric.kind == MetricKind::Counter
            );
            assert!(metric.help.ends_with('.'), "{}", metric.name);
            let plain = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(plain(metric.name) && metric.labels.iter().all(|label| plain(label)));
        }
    }
}
