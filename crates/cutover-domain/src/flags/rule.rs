use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Bucketing, Condition, Definition};

/// One rule of a flag: whom it is about, and what they get. The first rule that matches decides.
///
/// ```
/// use cutover_domain::flags::{Condition, Operator, Rule, Weight};
///
/// let polish = Condition::test("country", Operator::Equals("PL".into()));
/// let everybody = Rule::serving(polish.clone(), "on");
/// let a_tenth = Rule::splitting(polish, [Weight::new("on", 1), Weight::new("off", 9)]);
/// assert_eq!(everybody.variant.as_deref(), Some("on"));
/// assert_eq!(a_tenth.split.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// How people name it; unique in the flag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whom it is about.
    pub when: Condition,
    /// What all of them get; absent where a split decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How they are divided; empty where one variant is for all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<Weight>,
    /// The context attribute that a split buckets; the unit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The formula of a split.
    #[serde(default, skip_serializing_if = "Bucketing::is_default")]
    pub bucketing: Bucketing,
    /// What a split hashes beside the unit; the flag's key when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

impl Rule {
    /// A rule that gives `variant` to all whom it is about.
    pub fn serving(when: Condition, variant: impl Into<String>) -> Self {
        Self {
            variant: Some(variant.into()),
            ..Self::splitting(when, [])
        }
    }

    /// A rule that divides those whom it is about.
    pub fn splitting(when: Condition, split: impl IntoIterator<Item = Weight>) -> Self {
        Self {
            name: None,
            when,
            variant: None,
            split: split.into_iter().collect(),
            by: None,
            bucketing: Bucketing::default(),
            salt: None,
            unknown: BTreeMap::new(),
        }
    }

    /// The same under a name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }
}

/// One part of a split. Weights are relative: 1 and 3 are a quarter and three quarters.
///
/// The variants share the buckets in the order they are listed in: one has those from (weights
/// before it) to (weights up to it), each `· 100000 / total` in whole numbers. So a unit leaves the
/// first variants of a split only when their share together shrinks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// What is answered.
    pub variant: String,
    /// Its part of the whole; 0 is nobody.
    pub weight: u32,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

impl Weight {
    /// A part of a split.
    pub fn new(variant: impl Into<String>, weight: u32) -> Self {
        Self {
            variant: variant.into(),
            weight,
            unknown: BTreeMap::new(),
        }
    }
}

/// How people point at a rule of a flag: by its number, counted from 1, or by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleRef {
    /// The rule's place, counted from 1.
    Number(usize),
    /// The rule's name.
    Name(String),
}

impl RuleRef {
    /// Where the rule stands in the flag's list, counted from 0, if it is there.
    #[must_use]
    pub fn find(&self, definition: &Definition) -> Option<usize> {
        match self {
            Self::Number(number) => number
                .checked_sub(1)
                .filter(|index| *index < definition.rules.len()),
            Self::Name(name) => definition
                .rules
                .iter()
                .position(|rule| rule.name.as_deref() == Some(name)),
        }
    }
}

impl FromStr for RuleRef {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text
            .parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Number))
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => write!(f, "{name:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::{Literal, Operator};

    #[test]
    fn rules_are_stored_as_documented() {
        let stored = r#"[
            {"name": "beta customers",
             "when": {"all": [
                {"attribute": "plan", "in": ["pro", "team"]},
                {"not": {"attribute": "email", "ends_with": "@test.example"}},
                {"attribute": "version", "at_least": "1.4.0"}]},
             "variant": "on"},
            {"when": {"attribute": "country", "equals": "PL"},
             "split": [{"variant": "on", "weight": 10}, {"variant": "off", "weight": 90, "x": 1}],
             "by": "tenant", "bucketing": "md5", "salt": "x", "later": [1]}]"#;
        let rules: Vec<Rule> = serde_json::from_str(stored).unwrap();
        assert_eq!(rules[0].name.as_deref(), Some("beta customers"));
        assert_eq!(
            rules[1].when,
            Condition::test("country", Operator::Equals(Literal::Text("PL".to_owned())))
        );
        assert_eq!(rules[1].split[1].weight, 90);
        assert_eq!(
            serde_json::to_value(&rules).unwrap(),
            serde_json::from_str::<serde_json::Value>(stored).unwrap()
        );
    }

    #[test]
    fn a_rule_is_found_by_number_and_by_name() {
        let rule = |name: &str| Rule::serving(Condition::All(Vec::new()), "on").named(name);
        let definition = Definition {
            rules: vec![rule("first"), rule("second")].into(),
            ..Definition::boolean()
        };
        let find = |text: &str| text.parse::<RuleRef>().unwrap().find(&definition);
        assert_eq!(find("1"), Some(0));
        assert_eq!(find("second"), Some(1));
        for nothing in ["0", "3", "third", "-1", ""] {
            assert_eq!(find(nothing), None, "{nothing}");
        }
    }
}
