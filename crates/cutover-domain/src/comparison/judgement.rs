//! What a comparison found, bounded for storage.
//!
//! A comparison may hold any number of differences with values of any size. A record keeps the
//! first few, with long values cut short; the counts stay complete.
//!
//! ```
//! use cutover_domain::comparison::{
//!     DifferenceKind, Judgement, RecordLimits, RecordResult, RecordedDifference, Severity,
//! };
//!
//! let mut judgement = Judgement::equal();
//! judgement.add(
//!     RecordedDifference::new("$.items[3].price", DifferenceKind::Value, Severity::Error)
//!         .old_json("36893488147419103232")
//!         .new_json("36893488147419103233"),
//!     &RecordLimits::default(),
//! );
//!
//! assert_eq!(judgement.result(), RecordResult::Different);
//! assert_eq!(judgement.differences_found(), 1);
//! let json = serde_json::to_string(&judgement)?;
//! assert!(json.contains(r#""old":36893488147419103232,"new":36893488147419103233"#));
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::measure::nanoseconds;
use super::side::excerpt;
use super::{DifferenceKind, RecordResult, Severity};

/// How much of a comparison a record keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordLimits {
    /// At most so many differences; all are counted.
    pub differences: usize,
    /// At most so many bytes of each value.
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

/// A value where two answers part, as JSON that keeps every digit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordedValue(Box<RawValue>);

impl RecordedValue {
    /// A value from its JSON; a text that is not JSON is kept as a JSON string.
    #[must_use]
    pub fn from_json(json: &str) -> Self {
        RawValue::from_string(json.to_owned())
            .map(Self)
            .unwrap_or_else(|_| Self::text(json))
    }

    /// A text, as a JSON string.
    #[must_use]
    pub fn text(text: &str) -> Self {
        // A string always has a JSON form; should it ever not, `null` is still a true record.
        Self(serde_json::value::to_raw_value(text).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// The value's JSON.
    #[must_use]
    pub fn json(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for RecordedValue {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

/// One place where two answers part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedDifference {
    /// Where, as a normalized path: `$.items[3].price`.
    pub path: String,
    /// How they part.
    pub kind: DifferenceKind,
    /// The value in old; absent where old has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<RecordedValue>,
    /// The value in new; absent where new has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<RecordedValue>,
    /// How much it matters.
    pub severity: Severity,
    /// A value was too long and is here as the beginning of its text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shortened: bool,
}

impl RecordedDifference {
    /// A difference with no values yet.
    #[must_use]
    pub fn new(path: impl Into<String>, kind: DifferenceKind, severity: Severity) -> Self {
        Self {
            path: path.into(),
            kind,
            old: None,
            new: None,
            severity,
            shortened: false,
        }
    }

    /// The same with the value in old, as JSON.
    #[must_use]
    pub fn old_json(mut self, json: &str) -> Self {
        self.old = Some(RecordedValue::from_json(json));
        self
    }

    /// The same with the value in new, as JSON.
    #[must_use]
    pub fn new_json(mut self, json: &str) -> Self {
        self.new = Some(RecordedValue::from_json(json));
        self
    }

    /// How much text the values are, in bytes: the less, the easier to read.
    #[must_use]
    pub fn size(&self) -> usize {
        [&self.old, &self.new]
            .into_iter()
            .flatten()
            .map(|value| value.json().len())
            .sum()
    }

    fn shorten(&mut self, limit: usize) {
        for value in [&mut self.old, &mut self.new].into_iter().flatten() {
            if value.json().len() > limit {
                *value = RecordedValue::text(&excerpt(value.json(), limit));
                self.shortened = true;
            }
        }
    }
}

/// A rule of the comparison and what it hid from this pair of answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedRule {
    /// The rule as it is written in a configuration.
    pub rule: String,
    /// How many places it hid or changed.
    pub hidden: u64,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// No difference was found.
    pub equal: bool,
    /// Everything was looked at; without it, `equal` is not proven.
    pub exact: bool,
    /// How many differences there are, by kind, those not kept included.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<DifferenceKind, u64>,
    /// The first differences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<RecordedDifference>,
    /// The rules that hid something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RecordedRule>,
    /// What was not decided, when `exact` is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<String>,
    /// Why the comparison itself failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long comparing took.
    #[serde(
        rename = "took_ns",
        default,
        with = "nanoseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub took: Option<Duration>,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

impl Judgement {
    /// Proven equal.
    #[must_use]
    pub fn equal() -> Self {
        Self {
            equal: true,
            exact: true,
            counts: BTreeMap::new(),
            differences: Vec::new(),
            rules: Vec::new(),
            undecided: None,
            error: None,
            took: None,
            unknown: BTreeMap::new(),
        }
    }

    /// The comparison itself failed: neither equal nor different.
    #[must_use]
    pub fn failed(error: impl Into<String>) -> Self {
        Self {
            equal: false,
            exact: false,
            error: Some(error.into()),
            ..Self::equal()
        }
    }

    /// Adds a difference: counts it, and keeps it while there is room.
    pub fn add(&mut self, mut difference: RecordedDifference, limits: &RecordLimits) {
        self.equal = false;
        *self.counts.entry(difference.kind).or_default() += 1;
        if self.differences.len() < limits.differences {
            difference.shorten(limits.value_bytes);
            self.differences.push(difference);
        }
    }

    /// How many differences there are, those not kept included.
    #[must_use]
    pub fn differences_found(&self) -> u64 {
        self.counts
            .values()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// How it ended, in one word.
    #[must_use]
    pub fn result(&self) -> RecordResult {
        match (&self.error, self.equal, self.exact) {
            (Some(_), _, _) => RecordResult::Failed,
            (None, false, _) => RecordResult::Different,
            (None, true, false) => RecordResult::Inexact,
            (None, true, true) => RecordResult::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(old: &str, new: &str) -> RecordedDifference {
        RecordedDifference::new("$.a", DifferenceKind::Value, Severity::Error)
            .old_json(old)
            .new_json(new)
    }

    #[test]
    fn every_difference_is_counted_and_the_first_are_kept() {
        let limits = RecordLimits {
            differences: 2,
            ..RecordLimits::default()
        };
        let mut judgement = Judgement::equal();
        for new in ["2", "3", "4"] {
            judgement.add(difference("1", new), &limits);
        }
        assert_eq!(judgement.differences_found(), 3);
        assert_eq!(
            judgement.differences,
            [difference("1", "2"), difference("1", "3")]
        );
    }

    #[test]
    fn a_long_value_is_cut_to_text_and_says_so() {
        let limits = RecordLimits {
            value_bytes: 4,
            ..RecordLimits::default()
        };
        let mut judgement = Judgement::equal();
        judgement.add(difference("[1,2,3]", "1"), &limits);
        let kept = &judgement.differences[0];
        assert!(kept.shortened);
        assert_eq!(kept.old.as_ref().unwrap().json(), r#""[1,2… (+3 bytes)""#);
        assert_eq!(kept.new.as_ref().unwrap().json(), "1");
    }

    #[test]
    fn what_is_no_json_is_kept_as_text() {
        assert_eq!(RecordedValue::from_json("{broken").json(), r#""{broken""#);
        assert_eq!(
            RecordedValue::from_json("12345678901234567890123.4500").json(),
            "12345678901234567890123.4500"
        );
    }

    #[test]
    fn a_result_is_equal_only_when_proven() {
        let inexact = Judgement {
            exact: false,
            ..Judgement::equal()
        };
        let mut different = inexact.clone();
        different.add(difference("1", "2"), &RecordLimits::default());
        for (judgement, result) in [
            (Judgement::equal(), RecordResult::Equal),
            (inexact, RecordResult::Inexact),
            (different, RecordResult::Different),
            (Judgement::failed("it broke"), RecordResult::Failed),
        ] {
            assert_eq!(judgement.result(), result);
        }
    }
}
