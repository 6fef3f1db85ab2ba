//! What counts as a difference: the rules of a comparison, and the shape of a rules file.

use serde::{Deserialize, Serialize};

use super::comparator::{Comparator, Compiled, KeySpec, Numbers};
use super::difference::Severity;
use super::engine::{Effect, PathRule, RuleId, Selector};
use super::preset::Preset;
use super::redaction::{Redaction, RedactionRules};

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
    #[serde(skip_serializing_if = "Unordered::is_nowhere")]
    unordered: Unordered,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<Key>,
    #[serde(skip_serializing_if = "NumberRules::is_default")]
    numbers: NumberRules,
    #[serde(skip_serializing_if = "Option::is_none")]
    null_equals_missing: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    severities: Vec<SeverityRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<u64>,
    /// What must not be kept of the answers; it never changes what is equal.
    #[serde(skip_serializing_if = "RedactionRules::is_empty")]
    redact: RedactionRules,
}

/// Which arrays have no order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Unordered {
    Everywhere(bool),
    At(Vec<String>),
}

impl Default for Unordered {
    fn default() -> Self {
        Self::Everywhere(false)
    }
}

impl Unordered {
    fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }

    fn paths(&self) -> &[String] {
        match self {
            Self::At(paths) => paths,
            Self::Everywhere(_) => &[],
        }
    }
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NumberRules {
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relative: Option<f64>,
    /// Whether tolerance also holds between two integers.
    #[serde(skip_serializing_if = "Option::is_none")]
    integers: Option<bool>,
    /// Whether `1` and `1.0` differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

impl NumberRules {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
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
    /// One text for each problem, naming the rule.
    pub problems: Vec<String>,
}

fn lines(problems: &[String]) -> String {
    problems
        .iter()
        .map(|problem| format!("  - {problem}"))
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
        self.unordered = Unordered::Everywhere(true);
        self
    }

    /// The arrays at this path have no order.
    #[must_use]
    pub fn unordered(mut self, path: impl Into<String>) -> Self {
        match &mut self.unordered {
            Unordered::Everywhere(true) => {}
            Unordered::Everywhere(false) => self.unordered = Unordered::At(vec![path.into()]),
            Unordered::At(paths) => paths.push(path.into()),
        }
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

    /// Keeps of each differing value a sample of about so many bytes.
    #[must_use]
    pub fn sample_bytes(mut self, bytes: usize) -> Self {
        self.sample_bytes = Some(bytes);
        self
    }

    /// Spends at most so many steps on aligning and pairing; linear work is not counted. What is
    /// left undecided then is named in [`Comparison::inexact`](super::Comparison::inexact).
    #[must_use]
    pub fn effort(mut self, steps: u64) -> Self {
        self.effort = Some(steps);
        self
    }

    /// Does not keep what these rules name, of values, messages and excerpts. What is equal is not
    /// changed by it.
    #[must_use]
    pub fn redact(mut self, rules: RedactionRules) -> Self {
        self.redact = self.redact.and(rules);
        self
    }

    /// Checks the rules and makes them ready to use.
    ///
    /// # Errors
    ///
    /// [`RulesError`] with every problem at once.
    pub fn build(&self) -> Result<Comparator, RulesError> {
        let expanded = self.expand();
        let mut build = Build::default();
        // Numbers of rules: 0 is what is always there, see `Compiled::rule_names`.
        let names = &mut build.names;
        names.push("1 equals 1.0".to_owned());
        let tolerance = expanded.tolerance_name();
        let numbers_rule = tolerance.map(|tolerance| name(names, tolerance));
        let null_rule = (expanded.null_equals_missing == Some(true))
            .then(|| name(names, "null equals missing".to_owned()));
        let everywhere = (expanded.unordered == Unordered::Everywhere(true))
            .then(|| name(names, "unordered everywhere".to_owned()));
        let only_rule = (!expanded.only.is_empty())
            .then(|| name(names, format!("only {}", expanded.only.join(", "))));
        for path in &expanded.only {
            build.path("only", path, |_| Effect::Only);
        }
        for path in &expanded.ignore {
            build.path("ignore", path, Effect::Ignore);
        }
        for path in expanded.unordered.paths() {
            build.path("unordered", path, Effect::Unordered);
        }
        for key in &expanded.keys {
            build.key(key);
        }
        for rule in &expanded.severities {
            build.path("severity", &rule.path, |_| Effect::Severity(rule.level));
        }
        let numbers = expanded.numbers.check(&mut build.problems);
        let redaction = expanded.redact.build().unwrap_or_else(|error| {
            build.problems.extend(error.problems);
            Redaction::default()
        });
        if build.rules.len() > usize::from(u16::MAX) || build.names.len() > usize::from(u16::MAX) {
            build
                .problems
                .push("there are more than 65,535 rules".to_owned());
        }
        if !build.problems.is_empty() {
            return Err(RulesError {
                problems: build.problems,
            });
        }
        Ok(Comparator::new(Compiled {
            rules: build.rules,
            keys: build.keys,
            rule_names: build.names,
            numbers,
            numbers_rule,
            null_rule,
            everywhere,
            only_rule,
            limit: expanded.limit.unwrap_or(Self::DEFAULT_LIMIT),
            sample_bytes: expanded.sample_bytes.unwrap_or(Self::DEFAULT_SAMPLE_BYTES),
            effort: expanded.effort.unwrap_or(Self::DEFAULT_EFFORT),
            redaction,
        }))
    }

    /// The rules with the preset written out.
    fn expand(&self) -> Self {
        let Some(preset) = self.preset else {
            return self.clone();
        };
        let base = preset.rules();
        let joined = |base: Vec<String>, own: &[String]| [base, own.to_vec()].concat();
        Self {
            preset: None,
            ignore: joined(base.ignore, &self.ignore),
            only: joined(base.only, &self.only),
            unordered: match (&base.unordered, &self.unordered) {
                (Unordered::Everywhere(true), _) => Unordered::Everywhere(true),
                (_, own) => own.clone(),
            },
            keys: [base.keys, self.keys.clone()].concat(),
            numbers: NumberRules {
                absolute: self.numbers.absolute.or(base.numbers.absolute),
                relative: self.numbers.relative.or(base.numbers.relative),
                integers: self.numbers.integers.or(base.numbers.integers),
                strict: self.numbers.strict.or(base.numbers.strict),
            },
            null_equals_missing: self.null_equals_missing.or(base.null_equals_missing),
            severities: [base.severities, self.severities.clone()].concat(),
            limit: self.limit.or(base.limit),
            sample_bytes: self.sample_bytes.or(base.sample_bytes),
            effort: self.effort.or(base.effort),
            redact: base.redact.and(self.redact.clone()),
        }
    }

    fn tolerance_name(&self) -> Option<String> {
        let part = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {value:?}"));
        let parts: Vec<_> = [
            part("absolute", self.numbers.absolute),
            part("relative", self.numbers.relative),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

impl NumberRules {
    fn check(self, problems: &mut Vec<String>) -> Numbers {
        let mut tolerance = |name: &str, value: Option<f64>, below: f64| {
            let value = value.unwrap_or(0.0);
            if !(0.0..below).contains(&value) {
                let limit = if below.is_finite() {
                    " and below 1"
                } else {
                    ""
                };
                problems.push(format!(
                    "{name} {value:?}: a tolerance is a number from 0{limit}"
                ));
            }
            value
        };
        Numbers {
            absolute: tolerance("absolute", self.absolute, f64::INFINITY),
            relative: tolerance("relative", self.relative, 1.0),
            integers: self.integers.unwrap_or(false),
            strict: self.strict.unwrap_or(false),
        }
    }
}

fn name(names: &mut Vec<String>, text: String) -> RuleId {
    names.push(text);
    // The number of rules is checked before any of them is used.
    (names.len() - 1) as RuleId
}

#[derive(Default)]
struct Build {
    rules: Vec<PathRule>,
    keys: Vec<KeySpec>,
    names: Vec<String>,
    problems: Vec<String>,
}

impl Build {
    fn path(&mut self, what: &str, path: &str, effect: impl FnOnce(RuleId) -> Effect) {
        match path.parse::<Selector>() {
            Ok(selector) => {
                let id = name(&mut self.names, format!("{what} {path}"));
                self.rules.push(PathRule {
                    selector,
                    effect: effect(id),
                });
            }
            Err(error) => self.problems.push(format!("{what}: {error}")),
        }
    }

    fn key(&mut self, key: &Key) {
        if key.by.is_empty() || key.by.iter().chain(&key.or).any(String::is_empty) {
            self.problems
                .push(format!("key {}: name at least one field", key.path));
        }
        let number = self.keys.len() as u16;
        let mut rule = 0;
        self.path(&format!("key {} for", key.by.join(",")), &key.path, |id| {
            rule = id;
            Effect::Key(number)
        });
        self.keys.push(KeySpec {
            by: key.by.clone(),
            or: key.or.clone(),
            rule,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_told_at_once() {
        let error = Rules::new()
            .ignore("updated_at")
            .only("$[?@.a]")
            .key("$.items", Vec::<String>::new())
            .absolute(-1.0)
            .relative(1.5)
            .build()
            .unwrap_err();
        assert_eq!(error.problems.len(), 5, "{error}");
        let text = error.to_string();
        assert!(
            text.contains("ignore: `updated_at` is not a path: a path starts with `$`"),
            "{text}"
        );
        assert!(
            text.contains("filter expressions (`?`) are not supported"),
            "{text}"
        );
        assert!(
            text.contains("key $.items: name at least one field"),
            "{text}"
        );
        assert!(
            text.contains("absolute -1.0: a tolerance is a number from 0\n"),
            "{text}"
        );
        assert!(
            text.contains("relative 1.5: a tolerance is a number from 0 and below 1"),
            "{text}"
        );
    }

    #[test]
    fn a_rules_file_is_read_back_as_it_was_written() {
        let rules = Rules::new()
            .preset(Preset::Lenient)
            .ignore("$.a")
            .only("$.b")
            .key_or("$.c", ["x", "y"], ["x"])
            .strict()
            .severity("$.d", Severity::Info)
            .limit(3)
            .sample_bytes(9)
            .effort(7)
            .redact(RedactionRules::new().secrets());
        let json = serde_json::to_string(&rules).unwrap();
        assert_eq!(
            serde_json::from_str::<Rules>(&json).unwrap(),
            rules,
            "{json}"
        );
        assert_eq!(serde_json::to_string(&Rules::new()).unwrap(), "{}");
        let everywhere = serde_json::from_str::<Rules>(r#"{"unordered": true}"#).unwrap();
        assert_eq!(everywhere, Rules::new().unordered_everywhere());
        assert!(serde_json::from_str::<Rules>(r#"{"ingore": []}"#).is_err());
    }

    #[test]
    fn what_is_said_comes_on_top_of_a_preset() {
        let rules = Rules::new()
            .preset(Preset::Lenient)
            .relative(0.5)
            .ignore("$.x")
            .expand();
        assert_eq!(rules.numbers.relative, Some(0.5));
        assert_eq!(rules.numbers.absolute, Some(1e-9));
        assert_eq!(rules.unordered, Unordered::Everywhere(true));
        assert_eq!(rules.ignore, ["$.x"]);
        for preset in Preset::ALL {
            assert_eq!(Preset::by_name(preset.name()), Some(preset));
            assert!(preset.rules().build().is_ok());
        }
    }
}
