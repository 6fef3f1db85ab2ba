//! How far numbers may lie apart.

use super::gap::Gap;
use super::scope::RuleId;

/// What holds for the numbers of a place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::comparison) struct Numbers {
    pub(in crate::comparison) absolute: f64,
    pub(in crate::comparison) absolute_rule: RuleId,
    pub(in crate::comparison) relative: f64,
    pub(in crate::comparison) relative_rule: RuleId,
    /// Whether tolerance also holds between two integers.
    pub(in crate::comparison) integers: bool,
    /// Whether `1` and `1.0` differ.
    pub(in crate::comparison) strict: bool,
}

/// What a rule changes of that at and below a path.
#[derive(Clone, Copy, Debug)]
pub(in crate::comparison) struct Tolerance {
    pub(in crate::comparison) absolute: Option<f64>,
    pub(in crate::comparison) relative: Option<f64>,
    pub(in crate::comparison) integers: Option<bool>,
    pub(in crate::comparison) rule: RuleId,
}

impl Numbers {
    pub(super) fn tolerant(&self) -> bool {
        self.absolute > 0.0 || self.relative > 0.0
    }

    /// The rule by which two numbers are close: `|a − b| ≤ max(absolute, relative · max(|a|, |b|))`.
    pub(super) fn rule_for(&self, gap: &Gap<'_>) -> Option<RuleId> {
        if self.absolute > 0.0 && gap.is_within(self.absolute) {
            return Some(self.absolute_rule);
        }
        (self.relative > 0.0 && gap.is_share(self.relative)).then_some(self.relative_rule)
    }

    /// Whether two numbers that round to these may be close. Symmetric.
    pub(super) fn may_be_close(&self, left: f64, right: f64) -> bool {
        let larger = left.abs().max(right.abs());
        if larger.is_infinite() {
            return left.total_cmp(&right).is_eq() || self.relative >= 1.0;
        }
        let bound = self.absolute.max(self.relative * larger);
        (left - right).abs() <= bound + (bound + larger) * (8.0 * f64::EPSILON) + f64::MIN_POSITIVE
    }

    pub(super) fn with(mut self, tolerance: &Tolerance) -> Self {
        if let Some(absolute) = tolerance.absolute {
            (self.absolute, self.absolute_rule) = (absolute, tolerance.rule);
        }
        if let Some(relative) = tolerance.relative {
            (self.relative, self.relative_rule) = (relative, tolerance.rule);
        }
        self.integers = tolerance.integers.unwrap_or(self.integers);
        self
    }

    /// What is close under either of two.
    pub(super) fn widest(self, other: &Self) -> Self {
        Self {
            absolute: self.absolute.max(other.absolute),
            relative: self.relative.max(other.relative),
            integers: self.integers || other.integers,
            ..self
        }
    }
}
