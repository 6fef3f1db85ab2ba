//! What was found, as a record keeps it.
//!
//! A comparison may hold any number of differences with values of any size. A record keeps the
//! first few, with long values cut to a sample; the counts stay complete.
//!
//! ```
//! use cutover_domain::comparison::{Comparison, Judgement, RecordLimits, RecordResult};
//!
//! let limits = RecordLimits::default();
//! let judgement = Judgement::of(Comparison::same(), &limits);
//! assert_eq!(judgement.result(), RecordResult::Equal);
//!
//! let judgement = Judgement::Failed("the comparator panicked".to_owned());
//! assert_eq!(judgement.result(), RecordResult::Failed);
//! ```

use serde::{Deserialize, Serialize};

use super::{Comparison, Difference, RecordResult, RuleHit};
use crate::tree::Tree;

/// How much of a comparison a record keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordLimits {
    /// At most so many differences; all are counted.
    pub differences: usize,
    /// About so many bytes of each value.
    pub value_bytes: usize,
}

impl Default for RecordLimits {
    /// 50 differences and 2 KiB a value: some 200 KiB a record at the very most.
    fn default() -> Self {
        Self {
            differences: 50,
            value_bytes: 2048,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// The answers were compared.
    Compared(Comparison),
    /// They could not be: the comparator failed, for this reason.
    Failed(String),
}

impl Judgement {
    /// What a comparison found, within limits.
    #[must_use]
    pub fn of(mut comparison: Comparison, limits: &RecordLimits) -> Self {
        if comparison.differences.len() > limits.differences {
            comparison.places = comparison.by_place();
            comparison.differences.truncate(limits.differences);
            comparison.truncated = true;
        }
        for difference in &mut comparison.differences {
            difference.cut_values(limits.value_bytes);
        }
        Self::Compared(comparison)
    }

    /// How it ended, in one word.
    #[must_use]
    pub fn result(&self) -> RecordResult {
        match self {
            Self::Failed(_) => RecordResult::Failed,
            Self::Compared(comparison) if comparison.equal => RecordResult::Equal,
            Self::Compared(comparison) if !comparison.exact && comparison.counts.total() == 0 => {
                RecordResult::Inexact
            }
            Self::Compared(_) => RecordResult::Different,
        }
    }

    /// The comparison, unless it failed.
    #[must_use]
    pub fn comparison(&self) -> Option<&Comparison> {
        match self {
            Self::Compared(comparison) => Some(comparison),
            Self::Failed(_) => None,
        }
    }

    /// The differences that are kept.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        self.comparison()
            .map_or(&[], |comparison| &comparison.differences)
    }

    /// What the rules hid.
    #[must_use]
    pub fn hidden(&self) -> &[RuleHit] {
        self.comparison()
            .map_or(&[], |comparison| &comparison.hidden)
    }

    /// Why the comparison failed, if it did.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Compared(_) => None,
            Self::Failed(error) => Some(error),
        }
    }
}

impl Difference {
    /// Makes samples of values that are longer than about so many bytes.
    pub(super) fn cut_values(&mut self, bytes: usize) {
        let values = [&mut self.old, &mut self.new];
        for value in values.into_iter().flatten() {
            if may_exceed(value, bytes) {
                *value = value.excerpt(bytes);
            }
        }
    }
}

/// A cheap estimate by the tree's own size, so that small values are not copied.
fn may_exceed(value: &Tree, bytes: usize) -> bool {
    value.heap_bytes() > bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{Counts, DifferenceKind, Severity, Undecided};

    fn different(values: &[(&str, &str)]) -> Comparison {
        let mut counts = Counts::default();
        let differences = values
            .iter()
            .map(|(old, new)| {
                counts.add(DifferenceKind::Value);
                Difference {
                    path: "$.a".to_owned(),
                    new_path: None,
                    kind: DifferenceKind::Value,
                    old: Tree::from_json(old).ok(),
                    new: Tree::from_json(new).ok(),
                    times: None,
                    severity: Severity::Error,
                }
            })
            .collect();
        Comparison {
            equal: false,
            counts,
            differences,
            ..Comparison::same()
        }
    }

    #[test]
    fn the_first_differences_are_kept_and_all_are_counted() {
        let limits = RecordLimits {
            differences: 2,
            ..RecordLimits::default()
        };
        let judgement = Judgement::of(different(&[("1", "2"), ("3", "4"), ("5", "6")]), &limits);
        let kept = judgement.comparison().unwrap();
        assert_eq!(kept.differences.len(), 2);
        assert_eq!(kept.counts.total(), 3);
        assert!(kept.truncated);
        // Where they are is known of all.
        assert_eq!(kept.by_place()[0].differences, 3);
        assert!(kept.is_placed());
    }

    #[test]
    fn a_long_value_is_cut_to_a_sample() {
        let long = format!("\"{}\"", "x".repeat(10_000));
        let limits = RecordLimits {
            value_bytes: 50,
            ..RecordLimits::default()
        };
        let judgement = Judgement::of(different(&[(&long, "1")]), &limits);
        let kept = &judgement.differences()[0];
        assert!(kept.old.as_ref().unwrap().to_json().len() < 100);
        assert_eq!(kept.new, Some(Tree::integer(1)));
    }

    #[test]
    fn a_result_is_equal_only_when_proven() {
        let undecided = Comparison {
            equal: false,
            exact: false,
            inexact: vec![Undecided {
                path: "$".to_owned(),
                what: "the budget ended".to_owned(),
                elements: 9,
            }],
            ..Comparison::same()
        };
        let both = Comparison {
            exact: false,
            ..different(&[("1", "2")])
        };
        let limits = RecordLimits::default();
        for (judgement, result) in [
            (
                Judgement::of(Comparison::same(), &limits),
                RecordResult::Equal,
            ),
            (Judgement::of(undecided, &limits), RecordResult::Inexact),
            (Judgement::of(both, &limits), RecordResult::Different),
            (
                Judgement::Failed("it broke".to_owned()),
                RecordResult::Failed,
            ),
        ] {
            assert_eq!(judgement.result(), result);
        }
    }
}
