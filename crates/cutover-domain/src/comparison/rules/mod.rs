//! What counts as a difference: the rules of a comparison, and the shape of a rules file.

mod budget;
mod build;
mod custom;
mod numbers;
mod places;
mod read;
mod strings;
mod toml;

use serde::{Deserialize, Serialize};

use self::budget::Time;
pub(super) use self::custom::Compare;
use self::custom::Custom;
pub use self::custom::Likeness;
use self::numbers::{NumberRules, NumbersAt};
use self::places::Places;
use self::strings::{Replacement, StringRules};
use super::difference::Severity;
use super::preset::Preset;
use super::redaction::RedactionRules;

/// The rules of a comparison, collected one by one and checked together.
///
/// Without any, arrays are compared in order, numbers by their exact value (`1` equals `1.0`), and
/// everything counts. Paths are JSONPath (RFC 9535) without filter expressions.
///
/// The stored shape is the rules file:
///
/// ```
/// use cutover_domain::comparison::Rules;
/// use cutover_domain::tree::Tree;
///
/// // `rules.toml`, here as JSON
/// let rules: Rules = serde_json::from_str(r#"{
///     "ignore": ["$..updated_at"],
///     "unordered": ["$.tags"],
///     "keys": [{"path": "$.items", "by": ["id"]}],
///     "numbers": {"absolute": 1e-9}
/// }"#)?;
/// assert_eq!(rules, Rules::new()
///     .ignore("$..updated_at")
///     .unordered("$.tags")
///     .key("$.items", ["id"])
///     .absolute(1e-9));
///
/// let comparator = rules.build()?;
/// let old = Tree::from_json(r#"{"tags": ["a", "b"], "items": [{"id": 1, "price": 0.3}]}"#)?;
/// let new = Tree::from_json(r#"{"tags": ["b", "a"], "items": [{"id": 1, "price": 0.30000000000000004}]}"#)?;
/// assert!(comparator.compare(&old, &new).equal);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Rules to start from; what else is said here comes on top.
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<Preset>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignore: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    only: Vec<String>,
    #[serde(skip_serializing_if = "Places::is_nowhere")]
    unordered: Places,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<Key>,
    #[serde(skip_serializing_if = "NumberRules::is_default")]
    numbers: NumberRules,
    #[serde(skip_serializing_if = "StringRules::is_default")]
    strings: StringRules,
    #[serde(skip_serializing_if = "Option::is_none")]
    null_equals_missing: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    severities: Vec<SeverityRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_on: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Failures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_depth: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_time: Option<Time>,
    /// What must not be kept of the answers; it never changes what is equal.
    #[serde(skip_serializing_if = "RedactionRules::is_empty")]
    redact: RedactionRules,
    #[serde(skip)]
    customs: Vec<Custom>,
}

/// What two failures must have in common to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Failures {
    /// Class and message.
    Message,
    /// The class.
    Class,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    path: String,
    by: Vec<String>,
    /// Looser fields for members that found no partner by all of `by`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    or: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeverityRule {
    path: String,
    level: Severity,
}

/// Everything that is wrong with a set of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the comparison rules cannot be used:\n{}", lines(.problems))]
pub struct RulesError {
    /// What is wrong, rule by rule.
    pub problems: Vec<RuleProblem>,
}

/// What is wrong with one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProblem {
    /// Which entry of the rules file it is, `keys[0].by`, if the rules were [read](Rules::read).
    pub entry: Option<String>,
    /// The rule and what is wrong with it.
    pub message: String,
}

fn lines(problems: &[RuleProblem]) -> String {
    problems
        .iter()
        .map(|problem| format!("  - {}", problem.message))
        .collect::<Vec<_>>()
        .join("\n")
}

impl Rules {
    /// Differences kept when nothing else is said. All are counted.
    pub const DEFAULT_LIMIT: usize = 1_000;
    /// Size of a sample of a value when nothing else is said, in bytes.
    pub const DEFAULT_SAMPLE_BYTES: usize = 2_048;
    /// Steps spent on aligning and pairing when nothing else is said.
    pub const DEFAULT_EFFORT: u64 = 50_000_000;

    /// No rules: everything counts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts from a preset; what was or is said besides comes on top.
    #[must_use]
    pub fn preset(mut self, preset: Preset) -> Self {
        self.preset = Some(preset);
        self
    }

    /// Does not look at these places. What that hides is counted.
    #[must_use]
    pub fn ignore(mut self, path: impl Into<String>) -> Self {
        self.ignore.push(path.into());
        self
    }

    /// Looks at these places only. What that hides is counted.
    #[must_use]
    pub fn only(mut self, path: impl Into<String>) -> Self {
        self.only.push(path.into());
        self
    }

    /// No array has an order. How often a member is in it still matters.
    #[must_use]
    pub fn unordered_everywhere(mut self) -> Self {
        self.unordered = Places::Everywhere(true);
        self
    }

    /// The arrays at this path have no order.
    #[must_use]
    pub fn unordered(mut self, path: impl Into<String>) -> Self {
        self.unordered.add(path.into());
        self
    }

    /// The members of the array at this path are paired by these fields, in whatever order.
    #[must_use]
    pub fn key<F: Into<String>>(
        self,
        path: impl Into<String>,
        by: impl IntoIterator<Item = F>,
    ) -> Self {
        self.key_or(path, by, Vec::<String>::new())
    }

    /// As [`key`](Self::key), where no other rule says by what the members there are known.
    #[must_use]
    pub fn default_key<F: Into<String>>(
        mut self,
        path: impl Into<String>,
        by: impl IntoIterator<Item = F>,
    ) -> Self {
        // Of two rules for a place the later one holds.
        let key = Key {
            path: path.into(),
            by: by.into_iter().map(Into::into).collect(),
            or: Vec::new(),
        };
        self.keys.insert(0, key);
        self
    }

    /// As [`key`](Self::key); members without a partner are then paired by looser fields.
    #[must_use]
    pub fn key_or<F: Into<String>, G: Into<String>>(
        mut self,
        path: impl Into<String>,
        by: impl IntoIterator<Item = F>,
        or: impl IntoIterator<Item = G>,
    ) -> Self {
        self.keys.push(Key {
            path: path.into(),
            by: by.into_iter().map(Into::into).collect(),
            or: or.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// Numbers may differ by this much. Two integers may not, see
    /// [`tolerate_integers`](Self::tolerate_integers).
    #[must_use]
    pub fn absolute(mut self, tolerance: f64) -> Self {
        self.numbers.absolute = Some(tolerance);
        self
    }

    /// Numbers may differ by this share of the larger one. Of the two tolerances the wider holds.
    #[must_use]
    pub fn relative(mut self, tolerance: f64) -> Self {
        self.numbers.relative = Some(tolerance);
        self
    }

    /// Tolerance also holds between two integers.
    #[must_use]
    pub fn tolerate_integers(mut self) -> Self {
        self.numbers.integers = Some(true);
        self
    }

    /// `1` and `1.0` differ, in type.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.numbers.strict = Some(true);
        self
    }

    /// At and below this path numbers may differ by this much, whatever holds outside; by 0 not at
    /// all. A later rule overrides an earlier one.
    #[must_use]
    pub fn absolute_at(mut self, path: impl Into<String>, tolerance: f64) -> Self {
        self.numbers.at.push(NumbersAt {
            path: path.into(),
            absolute: Some(tolerance),
            ..NumbersAt::default()
        });
        self
    }

    /// At and below this path numbers may differ by this share of the larger one, whatever holds
    /// outside. A later rule overrides an earlier one.
    #[must_use]
    pub fn relative_at(mut self, path: impl Into<String>, tolerance: f64) -> Self {
        self.numbers.at.push(NumbersAt {
            path: path.into(),
            relative: Some(tolerance),
            ..NumbersAt::default()
        });
        self
    }

    /// Whitespace at the ends of texts does not count, at and below this path; `$` is everywhere.
    #[must_use]
    pub fn trim(mut self, path: impl Into<String>) -> Self {
        self.strings.trim.add_below(path.into());
        self
    }

    /// How much whitespace stands between words does not count, nor does that at the ends, at and
    /// below this path; `$` is everywhere.
    #[must_use]
    pub fn whitespace(mut self, path: impl Into<String>) -> Self {
        self.strings.whitespace.add_below(path.into());
        self
    }

    /// Upper and lower case letters are the same, at and below this path; `$` is everywhere.
    #[must_use]
    pub fn ignore_case(mut self, path: impl Into<String>) -> Self {
        self.strings.ignore_case.add_below(path.into());
        self
    }

    /// How accents are encoded does not count, at and below this path; `$` is everywhere: texts
    /// are compared in Unicode's form NFC. Needs this crate's feature `unicode`.
    #[must_use]
    pub fn nfc(mut self, path: impl Into<String>) -> Self {
        self.strings.nfc.add_below(path.into());
        self
    }

    /// Texts that are times are the same when they name the same instant, at and below this path;
    /// `$` is everywhere.
    ///
    /// Times are written as in RFC 3339 or ISO 8601: `2024-05-01T12:00:00Z`,
    /// `2024-05-01 14:00:00.000+02:00`, `20240501T120000Z`. One without an offset names no instant
    /// and is the same only as another without.
    #[must_use]
    pub fn timestamps(mut self, path: impl Into<String>) -> Self {
        self.strings.timestamps.add_below(path.into());
        self
    }

    /// Any UUID is the same as any other, also inside longer texts, at and below this path; `$` is
    /// everywhere.
    #[must_use]
    pub fn uuids(mut self, path: impl Into<String>) -> Self {
        self.strings.uuids.add_below(path.into());
        self
    }

    /// Every match of a regular expression counts as another text, at and below this path; `$` is
    /// everywhere. In that text `$1` stands for the first group.
    ///
    /// Replacements are made before any other rule for texts is applied, in the order given.
    /// Matching takes time proportional to the text, whatever the expression.
    ///
    /// ```
    /// use cutover_domain::comparison::Rules;
    /// use cutover_domain::tree::Tree;
    ///
    /// let rules = Rules::new().replace("$..url", "^https?://[^/]+", "").trim("$");
    /// let old = Tree::from_json(r#"{"url": "http://old.example/a", "name": "Ann "}"#)?;
    /// let new = Tree::from_json(r#"{"url": "https://new.example/a", "name": "Ann"}"#)?;
    /// let comparison = rules.build()?.compare(&old, &new);
    /// assert!(comparison.equal);
    /// assert_eq!(comparison.hidden[0].rule, "replace /^https?://[^/]+// $..url");
    /// assert_eq!(comparison.hidden[1].rule, "trim everywhere");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn replace(
        mut self,
        path: impl Into<String>,
        pattern: impl Into<String>,
        with: impl Into<String>,
    ) -> Self {
        self.strings.replace.push(Replacement {
            path: Some(path.into()).filter(|path| path != "$"),
            pattern: pattern.into(),
            with: with.into(),
        });
        self
    }

    /// A member that is `null` equals one that is not there.
    #[must_use]
    pub fn null_equals_missing(mut self) -> Self {
        self.null_equals_missing = Some(true);
        self
    }

    /// How much differences at and below a path matter. A later rule overrides an earlier one.
    #[must_use]
    pub fn severity(mut self, path: impl Into<String>, level: Severity) -> Self {
        self.severities.push(SeverityRule {
            path: path.into(),
            level,
        });
        self
    }

    /// Keeps at most so many differences. All are counted.
    #[must_use]
    pub fn limit(mut self, differences: usize) -> Self {
        self.limit = Some(differences);
        self
    }

    /// How many differences are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.limit.unwrap_or(Self::DEFAULT_LIMIT)
    }

    /// Keeps of each differing value a sample of about so many bytes.
    #[must_use]
    pub fn sample_bytes(mut self, bytes: usize) -> Self {
        self.sample_bytes = Some(bytes);
        self
    }

    /// Differences below this level are reported and do not make the answers different. Without
    /// this rule every difference does.
    #[must_use]
    pub fn fail_on(mut self, level: Severity) -> Self {
        self.fail_on = Some(level);
        self
    }

    /// Failing with the same class is failing the same way, whatever the messages say. Without this
    /// rule messages count, by the rules for texts that hold everywhere.
    #[must_use]
    pub fn errors_by_class(mut self) -> Self {
        self.errors = Some(Failures::Class);
        self
    }

    /// Does not keep what these rules name, of values, messages and excerpts. What is equal is not
    /// changed by it.
    #[must_use]
    pub fn redact(mut self, rules: RedactionRules) -> Self {
        self.redact = self.redact.and(rules);
        self
    }
}
