//! What a comparison answers.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::Place;
use super::report::brief_path;
use crate::tree::Tree;

/// One place where two answers part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where, in the old answer: `$.items[3].price`. For something extra, its place among what the
    /// old answer has.
    pub path: String,
    /// Where in the new answer, when that is another path: elements matched without regard to
    /// order, by key, or after an insertion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_path: Option<String>,
    /// In what way.
    pub kind: DifferenceKind,
    /// What the old answer has there, as a bounded sample; absent when it has nothing.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub old: Option<Tree>,
    /// What the new answer has there, as a bounded sample; absent when it has nothing.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub new: Option<Tree>,
    /// How often each side has it, for [`DifferenceKind::Repetition`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Times>,
    /// How much it matters, by the rules.
    #[serde(default)]
    pub severity: Severity,
}

/// A field that is there holds a value, and that may be `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tree>, D::Error> {
    Tree::deserialize(deserializer).map(Some)
}

impl fmt::Display for Difference {
    /// One line: `$.items[3].price: value 10 → 12`. Of a long path the middle is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&brief_path(&self.path))?;
        if let Some(new_path) = &self.new_path {
            write!(f, " (new: {})", brief_path(new_path))?;
        }
        write!(f, ": {}", self.kind)?;
        match (&self.old, &self.new, self.times) {
            (Some(value), _, Some(times)) => {
                write!(f, " {value}: {} → {} times", times.old, times.new)
            }
            (Some(old), Some(new), _) => write!(f, " {old} → {new}"),
            (Some(value), None, _) | (None, Some(value), _) => write!(f, " {value}"),
            (None, None, _) => Ok(()),
        }
    }
}

/// How often each side has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// In the old answer.
    pub old: usize,
    /// In the new answer.
    pub new: usize,
}

/// In what way two answers part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// Same sort of value, another value.
    Value,
    /// Another sort of value: a number is now a string.
    Type,
    /// Old has it, new has not.
    Missing,
    /// New has it, old has not.
    Extra,
    /// The same members in another sequence.
    Order,
    /// Both have it, not equally often; or a key that stands for several members.
    Repetition,
    /// One side answered, the other failed, or they failed differently.
    Outcome,
}

impl DifferenceKind {
    /// All kinds, in the order reports list them.
    pub const ALL: [Self; 7] = [
        Self::Value,
        Self::Type,
        Self::Missing,
        Self::Extra,
        Self::Order,
        Self::Repetition,
        Self::Outcome,
    ];

    /// The word for messages and stored documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Type => "type",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Order => "order",
            Self::Repetition => "repetition",
            Self::Outcome => "outcome",
        }
    }

    /// The kind the same difference has when old and new change places.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Missing => Self::Extra,
            Self::Extra => Self::Missing,
            kind => kind,
        }
    }
}

impl fmt::Display for DifferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How much a difference matters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// To be looked at.
    Warning,
    /// Wrong, unless a rule says otherwise.
    #[default]
    Error,
    /// Stop.
    Critical,
}

impl Severity {
    /// All severities, from the lowest.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// The word for messages and stored documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How many differences there are of each kind. All are counted, also those past the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// See [`DifferenceKind::Value`].
    pub value: u64,
    /// See [`DifferenceKind::Type`].
    #[serde(rename = "type")]
    pub kind: u64,
    /// See [`DifferenceKind::Missing`].
    pub missing: u64,
    /// See [`DifferenceKind::Extra`].
    pub extra: u64,
    /// See [`DifferenceKind::Order`].
    pub order: u64,
    /// See [`DifferenceKind::Repetition`].
    pub repetition: u64,
    /// See [`DifferenceKind::Outcome`].
    pub outcome: u64,
}

impl Counts {
    /// How many of one kind.
    #[must_use]
    pub const fn of(&self, kind: DifferenceKind) -> u64 {
        match kind {
            DifferenceKind::Value => self.value,
            DifferenceKind::Type => self.kind,
            DifferenceKind::Missing => self.missing,
            DifferenceKind::Extra => self.extra,
            DifferenceKind::Order => self.order,
            DifferenceKind::Repetition => self.repetition,
            DifferenceKind::Outcome => self.outcome,
        }
    }

    /// How many of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        let counts = DifferenceKind::ALL.iter().map(|kind| self.of(*kind));
        counts.fold(0, u64::saturating_add)
    }

    /// Counts one more.
    pub const fn add(&mut self, kind: DifferenceKind) {
        let count = match kind {
            DifferenceKind::Value => &mut self.value,
            DifferenceKind::Type => &mut self.kind,
            DifferenceKind::Missing => &mut self.missing,
            DifferenceKind::Extra => &mut self.extra,
            DifferenceKind::Order => &mut self.order,
            DifferenceKind::Repetition => &mut self.repetition,
            DifferenceKind::Outcome => &mut self.outcome,
        };
        *count += 1;
    }

    /// Adds the counts of another comparison.
    pub fn merge(&mut self, other: &Self) {
        let add = |into: &mut u64, count: u64| *into = into.saturating_add(count);
        add(&mut self.value, other.value);
        add(&mut self.kind, other.kind);
        add(&mut self.missing, other.missing);
        add(&mut self.extra, other.extra);
        add(&mut self.order, other.order);
        add(&mut self.repetition, other.repetition);
        add(&mut self.outcome, other.outcome);
    }
}

/// How many differences there are of each severity. All are counted, also those past the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeverityCounts {
    /// See [`Severity::Info`].
    pub info: u64,
    /// See [`Severity::Warning`].
    pub warning: u64,
    /// See [`Severity::Error`].
    pub error: u64,
    /// See [`Severity::Critical`].
    pub critical: u64,
}

impl SeverityCounts {
    /// How many of one severity.
    #[must_use]
    pub const fn of(&self, severity: Severity) -> u64 {
        match severity {
            Severity::Info => self.info,
            Severity::Warning => self.warning,
            Severity::Error => self.error,
            Severity::Critical => self.critical,
        }
    }

    /// Counts one more.
    pub const fn add(&mut self, severity: Severity) {
        let count = match severity {
            Severity::Info => &mut self.info,
            Severity::Warning => &mut self.warning,
            Severity::Error => &mut self.error,
            Severity::Critical => &mut self.critical,
        };
        *count += 1;
    }

    /// The highest severity there is any of.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        let mut severities = Severity::ALL.into_iter().rev();
        severities.find(|severity| self.of(*severity) > 0)
    }

    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// How often a rule hid something that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHit {
    /// The rule, as it is written in a rules file: `ignore $.updated_at`.
    pub rule: String,
    /// How many places it hid.
    pub hidden: u64,
}

/// Something a budget left undecided. It is counted as different, never as equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    /// The collection in question.
    pub path: String,
    /// What was not decided, and what to do about it.
    pub what: String,
    /// How many elements of old and new together it concerns.
    pub elements: u64,
}

/// One pair of answers, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Whether the answers agree under the rules. Only ever true when that is proven. Differences
    /// of a severity that the rules let pass may be listed all the same.
    pub equal: bool,
    /// Whether everything was decided; when not, [`inexact`](Self::inexact) says what was not.
    pub exact: bool,
    /// What budgets left undecided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inexact: Vec<Undecided>,
    /// All differences by kind.
    pub counts: Counts,
    /// All differences by severity. Nothing in comparisons stored before there was this count.
    #[serde(default, skip_serializing_if = "SeverityCounts::is_none")]
    pub by_severity: SeverityCounts,
    /// The differences, in document order, up to the limit.
    pub differences: Vec<Difference>,
    /// Whether the limit left out differences; [`counts`](Self::counts) has them all.
    #[serde(default)]
    pub truncated: bool,
    /// What the rules hid. Nothing is ignored silently.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<RuleHit>,
    /// The differences by path and kind, where a record keeps fewer of them than were found; see
    /// [`by_place`](Self::by_place).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// The rules that speak of places which neither answer has, or of key fields that no member has:
    /// most likely misspelt. Nothing where the answers were equal at first sight; not stored.
    #[serde(skip)]
    pub unmatched: Option<Vec<String>>,
}

impl Comparison {
    /// The answer of two sides that agree in everything.
    #[must_use]
    pub fn same() -> Self {
        Self {
            equal: true,
            exact: true,
            inexact: Vec::new(),
            counts: Counts::default(),
            by_severity: SeverityCounts::default(),
            differences: Vec::new(),
            truncated: false,
            hidden: Vec::new(),
            places: Vec::new(),
            unmatched: None,
        }
    }

    /// The highest severity among all differences.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        let kept = self.differences.iter();
        let kept = kept.map(|difference| difference.severity).max();
        self.by_severity.worst().max(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_difference_keeps_null_apart_from_nothing() {
        let difference = |old: Option<&str>, new: Option<&str>| Difference {
            path: "$.a".to_owned(),
            new_path: None,
            kind: DifferenceKind::Type,
            old: old.map(|json| Tree::from_json(json).unwrap()),
            new: new.map(|json| Tree::from_json(json).unwrap()),
            times: None,
            severity: Severity::Error,
        };
        for original in [
            difference(Some("null"), Some("3")),
            difference(None, Some("null")),
            difference(None, None),
        ] {
            let json = serde_json::to_string(&original).unwrap();
            assert_eq!(
                serde_json::from_str::<Difference>(&json).unwrap(),
                original,
                "{json}"
            );
        }
    }

    #[test]
    fn a_difference_reads_as_one_line() {
        let mut difference = Difference {
            path: "$.tags[0]".to_owned(),
            new_path: Some("$.tags[2]".to_owned()),
            kind: DifferenceKind::Repetition,
            old: Some(Tree::string("a")),
            new: Some(Tree::string("a")),
            times: Some(Times { old: 2, new: 1 }),
            severity: Severity::Error,
        };
        assert_eq!(
            difference.to_string(),
            "$.tags[0] (new: $.tags[2]): repetition \"a\": 2 → 1 times"
        );
        difference.times = None;
        difference.new_path = None;
        difference.kind = DifferenceKind::Missing;
        difference.new = None;
        assert_eq!(difference.to_string(), "$.tags[0]: missing \"a\"");
    }

    #[test]
    fn counts_name_every_kind() {
        let mut counts = Counts::default();
        for kind in DifferenceKind::ALL {
            counts.add(kind);
            assert_eq!(counts.of(kind), 1);
        }
        assert_eq!(counts.total(), 7);
        let json = serde_json::to_value(counts).unwrap();
        assert!(
            DifferenceKind::ALL
                .iter()
                .all(|kind| json[kind.word()] == 1),
            "{json}"
        );
    }
}
