use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Bucketing, FlagKey, FlagValue, Rule, Shared, ValueType, Weight};
use crate::{Percentage, Stage};

/// The definition of one flag, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// What the flag is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The day after which it should be gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
    /// What kind of value it answers with.
    #[serde(rename = "type", default)]
    pub kind: ValueType,
    /// The answers it has, by name.
    pub variants: BTreeMap<String, FlagValue>,
    /// Whether it is in use or killed.
    #[serde(default)]
    pub state: State,
    /// The variant everybody gets while it is killed.
    pub off: String,
    /// Boolean flags that must be on for the same context; at most 100, with those that they require.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<FlagKey>,
    /// Unit or tenant → variant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: Shared<BTreeMap<String, String>>,
    /// Whom to answer differently, in order: the first rule that matches decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Shared<Vec<Rule>>,
    /// The rollout: a percentage or a split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// The variant otherwise.
    pub default: String,
    /// Where the migration stands that this flag drives; absent for other flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

/// Whether a flag is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Decided by its tiers.
    #[default]
    Enabled,
    /// Off for everybody, whatever else is set.
    Killed,
}

/// A rollout: inside the percentage `variant`, outside the flag's default; or, instead of a
/// percentage, a split of everybody over several variants.
///
/// With neither it only remembers how units are bucketed, so that a rollout which is taken back and
/// started again reaches the same people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// The share of units inside; absent while there is no rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<Percentage>,
    /// What is answered inside; a boolean flag's is `on` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How everybody is divided, instead of a percentage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<Weight>,
    /// The context attribute that is bucketed; the unit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The formula.
    #[serde(default)]
    pub bucketing: Bucketing,
    /// What is hashed beside the unit; the flag's key when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

impl Rollout {
    /// How units are bucketed, with no share in force; `None` when nothing differs from a new
    /// rollout.
    pub(super) fn dormant(self) -> Option<Self> {
        let dormant = Self {
            percentage: None,
            variant: None,
            split: Vec::new(),
            ..self
        };
        if dormant == Self::default() {
            None
        } else {
            Some(dormant)
        }
    }
}

impl Definition {
    /// A boolean flag that is off for everybody: variants `on` and `off`.
    #[must_use]
    pub fn boolean() -> Self {
        let variants = [("on", true), ("off", false)];
        Self::with_variants(
            ValueType::Boolean,
            variants
                .map(|(name, value)| (name.to_owned(), value.into()))
                .into(),
            "off",
        )
    }

    /// A flag that answers with one of `variants`, `default` for everybody, killed or not.
    #[must_use]
    pub fn with_variants(
        kind: ValueType,
        variants: BTreeMap<String, FlagValue>,
        default: &str,
    ) -> Self {
        Self {
            description: None,
            owner: None,
            expires: None,
            kind,
            variants,
            state: State::Enabled,
            off: default.to_owned(),
            requires: Vec::new(),
            overrides: Shared::default(),
            rules: Shared::default(),
            rollout: None,
            default: default.to_owned(),
            stage: None,
            unknown: BTreeMap::new(),
        }
    }

    /// The percentage in force.
    #[must_use]
    pub fn percentage(&self) -> Option<Percentage> {
        self.rollout.as_ref().and_then(|rollout| rollout.percentage)
    }

    /// The variant inside the rollout.
    #[must_use]
    pub fn rollout_variant(&self) -> &str {
        self.rollout
            .as_ref()
            .and_then(|rollout| rollout.variant.as_deref())
            .unwrap_or("on")
    }

    /// Every place that answers with a variant, and the variant: `default`, `overrides["acme"]`,
    /// `rules[0].split[1].variant`.
    pub fn answers(&self) -> impl Iterator<Item = (String, &str)> {
        let fixed = [("off", &self.off), ("default", &self.default)];
        let fixed = fixed.map(|(place, variant)| (place.to_owned(), variant.as_str()));
        let overrides = self.overrides.iter();
        let overrides =
            overrides.map(|(target, variant)| (format!("overrides[{target:?}]"), variant.as_str()));
        let rules = self.rules.iter().enumerate().flat_map(|(index, rule)| {
            let at = format!("rules[{index}]");
            let served = rule.variant.as_deref();
            let served = served.map(|variant| (format!("{at}.variant"), variant));
            served.into_iter().chain(split_answers(at, &rule.split))
        });
        let inside = self
            .percentage()
            .map(|_| ("rollout.variant".to_owned(), self.rollout_variant()));
        let split = self.rollout.iter();
        let split = split.flat_map(|rollout| split_answers("rollout".to_owned(), &rollout.split));
        fixed
            .into_iter()
            .chain(overrides)
            .chain(rules)
            .chain(inside)
            .chain(split)
    }

    /// The variant with this name, or else the one with this value.
    #[must_use]
    pub fn variant_for(&self, value: &FlagValue) -> Option<&str> {
        self.variants
            .iter()
            .find(|(_, known)| *known == value)
            .map(|(name, _)| name.as_str())
    }
}

fn split_answers(at: String, split: &[Weight]) -> impl Iterator<Item = (String, &str)> {
    split.iter().enumerate().map(move |(index, weight)| {
        (
            format!("{at}.split[{index}].variant"),
            weight.variant.as_str(),
        )
    })
}
