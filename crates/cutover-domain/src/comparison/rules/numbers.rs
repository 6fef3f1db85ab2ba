//! How far numbers may lie apart, and where.

use serde::{Deserialize, Serialize};

use crate::comparison::engine::{Numbers, RuleId, Tolerance};

/// What holds for all numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NumberRules {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) absolute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) relative: Option<f64>,
    /// Whether tolerance also holds between two integers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) integers: Option<bool>,
    /// Whether `1` and `1.0` differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<bool>,
    /// What holds at and below a path instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) at: Vec<NumbersAt>,
}

/// What holds at and below a path. What it does not say stays as it is outside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumbersAt {
    pub(super) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) absolute: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) relative: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) integers: Option<bool>,
}

impl NumberRules {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// These rules on top of those of a preset.
    pub(super) fn on_top_of(&self, base: Self) -> Self {
        Self {
            absolute: self.absolute.or(base.absolute),
            relative: self.relative.or(base.relative),
            integers: self.integers.or(base.integers),
            strict: self.strict.or(base.strict),
            at: [base.at, self.at.clone()].concat(),
        }
    }

    /// What the tolerance for all numbers is called among the rules that hid something.
    pub(super) fn name(&self) -> Option<String> {
        name(self.absolute, self.relative)
    }

    pub(super) fn compile(&self, rule: Option<RuleId>, problems: &mut Vec<String>) -> Numbers {
        check(self.absolute, self.relative, "", problems);
        Numbers {
            absolute: self.absolute.unwrap_or(0.0),
            absolute_rule: rule.unwrap_or_default(),
            relative: self.relative.unwrap_or(0.0),
            relative_rule: rule.unwrap_or_default(),
            integers: self.integers.unwrap_or(false),
            strict: self.strict.unwrap_or(false),
        }
    }
}

impl NumbersAt {
    pub(super) fn name(&self) -> String {
        name(self.absolute, self.relative).unwrap_or_else(|| "integers".to_owned())
    }

    pub(super) fn compile(&self, rule: RuleId, problems: &mut Vec<String>) -> Tolerance {
        if (self.absolute, self.relative, self.integers) == (None, None, None) {
            problems.push(format!(
                "numbers at {}: say which tolerance: absolute, relative or integers",
                self.path
            ));
        }
        check(
            self.absolute,
            self.relative,
            &format!(" at {}", self.path),
            problems,
        );
        Tolerance {
            absolute: self.absolute,
            relative: self.relative,
            integers: self.integers,
            rule,
        }
    }
}

fn name(absolute: Option<f64>, relative: Option<f64>) -> Option<String> {
    let part = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {value:?}"));
    let parts: Vec<_> = [part("absolute", absolute), part("relative", relative)]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn check(absolute: Option<f64>, relative: Option<f64>, at: &str, problems: &mut Vec<String>) {
    let mut tolerance = |name: &str, value: Option<f64>, below: f64| {
        let Some(value) = value.filter(|value| !(0.0..below).contains(value)) else {
            return;
        };
        let limit = if below.is_finite() {
            " and below 1"
        } else {
            ""
        };
        problems.push(format!(
            "{name} {value:?}{at}: a tolerance is a number from 0{limit}"
        ));
    };
    tolerance("absolute", absolute, f64::INFINITY);
    tolerance("relative", relative, 1.0);
}
