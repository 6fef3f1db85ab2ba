use std::collections::{BTreeMap, BTreeSet};

use cutover_domain::flags::{
    Bucketing, Condition, Definition, FlagDocument, FlagKey, FlagValue, Rollout, Rule, State,
    ValueType, Weight,
};
use cutover_domain::{Percentage, Stage};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use super::condition::any_condition;
use super::{any_text, matching};
use crate::flags::at_minute;

/// Up to `most` valid flags, with everything that a definition can have.
pub fn any_flags(most: usize) -> impl Strategy<Value = BTreeMap<FlagKey, Definition>> {
    btree_map(
        matching("[a-z0-9][a-z0-9_.-]{0,12}"),
        any_definition(),
        0..=most,
    )
    .prop_map(|flags| {
        let mut earlier: Vec<FlagKey> = Vec::new();
        let mut valid = BTreeMap::new();
        for (key, (mut definition, wanted)) in flags {
            let Ok(key) = FlagKey::try_from(key) else {
                continue;
            };
            // Only flags before it in the order, so that there is no circle.
            definition.requires = earlier.iter().rev().take(wanted).cloned().collect();
            if definition.kind == ValueType::Boolean {
                earlier.push(key.clone());
            }
            valid.insert(key, definition);
        }
        valid
    })
}

/// A definition, and how many other flags it should require.
fn any_definition() -> impl Strategy<Value = (Definition, usize)> {
    let kind = proptest::sample::select(vec![
        ValueType::Boolean,
        ValueType::String,
        ValueType::Integer,
        ValueType::Number,
        ValueType::Json,
    ]);
    (kind.prop_flat_map(any_variants), any_rest()).prop_map(|((base, names), rest)| {
        let variant = |index: usize| names[index % names.len()].clone();
        let mut definition = Definition {
            description: rest.description,
            owner: rest.owner,
            stage: rest.stage,
            state: rest.state,
            overrides: rest
                .overrides
                .into_iter()
                .map(|(target, index)| (target, variant(index)))
                .collect(),
            unknown: rest.unknown,
            ..base
        };
        definition.rollout = rest
            .rollout
            .map(|rollout| rollout.over(&variant))
            .filter(|rollout| is_valid(definition_with(&definition, rollout)));
        for rule in rest.rules {
            definition.rules.push(rule.over(&variant));
            // Not one that never matches, or that another one hides.
            if !is_valid(definition.clone()) {
                definition.rules.pop();
            }
        }
        (definition, rest.requires)
    })
}

/// A definition with variants, and their names.
fn any_variants(kind: ValueType) -> BoxedStrategy<(Definition, Vec<String>)> {
    let names = |variants: &BTreeMap<String, FlagValue>| variants.keys().cloned().collect();
    if kind == ValueType::Boolean {
        let definition = Definition::boolean();
        let names: Vec<String> = names(&definition.variants);
        return Just((definition, names)).boxed();
    }
    btree_map(matching("[a-zA-Zäß ._-]{1,10}"), any_value(kind), 1..4)
        .prop_map(move |variants| {
            let names: Vec<String> = names(&variants);
            let definition = Definition::with_variants(kind, variants, &names[0]);
            (definition, names)
        })
        .boxed()
}

fn any_value(kind: ValueType) -> BoxedStrategy<FlagValue> {
    let number = any::<f64>().prop_filter("finite", |number| number.is_finite());
    match kind {
        ValueType::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        ValueType::String => any_text().prop_map(Value::from).boxed(),
        ValueType::Integer => any::<i64>().prop_map(Value::from).boxed(),
        ValueType::Number => number.prop_map(Value::from).boxed(),
        ValueType::Json => any_json(),
    }
    .prop_map(FlagValue)
    .boxed()
}

fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(any_text(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

fn definition_with(definition: &Definition, rollout: &Rollout) -> Definition {
    Definition {
        rollout: Some(rollout.clone()),
        ..definition.clone()
    }
}

fn is_valid(definition: Definition) -> bool {
    let mut document = FlagDocument::empty(at_minute(0));
    let key = FlagKey::try_from("flag".to_owned());
    document.flags.extend(key.map(|key| (key, definition)));
    document.validate().is_ok()
}

/// What every flag can have, whatever its variants: they are picked by number.
#[derive(Debug)]
struct Rest {
    description: Option<String>,
    owner: Option<String>,
    stage: Option<Stage>,
    state: State,
    requires: usize,
    overrides: BTreeMap<String, usize>,
    rollout: Option<AnyRollout>,
    rules: Vec<AnyRule>,
    unknown: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct AnyRollout {
    percentage: Option<Percentage>,
    variant: usize,
    /// Instead of a percentage, where there are any.
    split: Vec<(usize, u32)>,
    way: Way,
    unknown: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct AnyRule {
    name: Option<String>,
    when: Condition,
    variant: usize,
    /// Instead of a variant, where there are any.
    split: Vec<(usize, u32)>,
    way: Way,
    unknown: BTreeMap<String, Value>,
}

/// How units are bucketed.
#[derive(Debug)]
struct Way {
    by: Option<String>,
    bucketing: Bucketing,
    salt: Option<String>,
}

impl AnyRollout {
    fn over(self, variant: &impl Fn(usize) -> String) -> Rollout {
        let split = split_over(self.split, variant);
        let by_percentage = split.is_empty();
        Rollout {
            percentage: self.percentage.filter(|_| by_percentage),
            variant: by_percentage.then(|| variant(self.variant)),
            split,
            by: self.way.by,
            bucketing: self.way.bucketing,
            salt: self.way.salt,
            unknown: self.unknown,
        }
    }
}

impl AnyRule {
    fn over(self, variant: &impl Fn(usize) -> String) -> Rule {
        let split = split_over(self.split, variant);
        Rule {
            name: self.name,
            when: self.when,
            variant: split.is_empty().then(|| variant(self.variant)),
            split,
            by: self.way.by,
            bucketing: self.way.bucketing,
            salt: self.way.salt,
            unknown: self.unknown,
        }
    }
}

/// Each variant once.
fn split_over(split: Vec<(usize, u32)>, variant: &impl Fn(usize) -> String) -> Vec<Weight> {
    let mut seen = BTreeSet::new();
    split
        .into_iter()
        .map(|(index, weight)| Weight::new(variant(index), weight))
        .filter(|weight| seen.insert(weight.variant.clone()))
        .collect()
}

fn any_rest() -> impl Strategy<Value = Rest> {
    (
        option::of(any_text()),
        option::of(any_text()),
        option::of(prop_oneof![Just(Stage::Shadow), Just(Stage::Live)]),
        prop_oneof![3 => Just(State::Enabled), 1 => Just(State::Killed)],
        0..3_usize,
        btree_map(any_text(), any::<usize>(), 0..3),
        option::of(any_rollout()),
        vec(any_rule(), 0..4),
        any_unknown(),
    )
        .prop_map(
            |(description, owner, stage, state, requires, overrides, rollout, rules, unknown)| {
                Rest {
                    description,
                    owner,
                    stage,
                    state,
                    requires,
                    overrides,
                    rollout,
                    rules,
                    unknown,
                }
            },
        )
}

fn any_rollout() -> impl Strategy<Value = AnyRollout> {
    (
        option::of(any_percentage()),
        any::<usize>(),
        any_split(),
        any_way(),
        any_unknown(),
    )
        .prop_map(|(percentage, variant, split, way, unknown)| AnyRollout {
            percentage,
            variant,
            split,
            way,
            unknown,
        })
}

fn any_rule() -> impl Strategy<Value = AnyRule> {
    (
        option::of(matching("[a-z ]{1,8}")),
        any_condition(),
        any::<usize>(),
        any_split(),
        any_way(),
        any_unknown(),
    )
        .prop_map(|(name, when, variant, split, way, unknown)| AnyRule {
            name,
            when,
            variant,
            split,
            way,
            unknown,
        })
}

fn any_split() -> impl Strategy<Value = Vec<(usize, u32)>> {
    let weight = prop_oneof![4 => 0..5_u32, 1 => any::<u32>()];
    prop_oneof![Just(Vec::new()), vec((any::<usize>(), weight), 1..4)]
}

fn any_way() -> impl Strategy<Value = Way> {
    let bucketing = prop_oneof![
        Just(Bucketing::Xxh3),
        Just(Bucketing::Md5),
        Just(Bucketing::Md5Unsalted)
    ];
    let by = prop::sample::select(vec!["unit", "tenant", "plan", "age"]).prop_map(str::to_owned);
    (option::of(by), bucketing, option::of(any_text())).prop_map(|(by, bucketing, salt)| Way {
        by,
        bucketing,
        salt,
    })
}

/// Fields of a newer minor schema: none that this version knows, or refuses.
fn any_unknown() -> impl Strategy<Value = BTreeMap<String, Value>> {
    btree_set(matching("later_[a-z]{1,5}"), 0..2).prop_flat_map(|names: BTreeSet<String>| {
        let names: Vec<_> = names.into_iter().collect();
        vec(any_json(), names.len())
            .prop_map(move |values| names.iter().cloned().zip(values).collect())
    })
}

pub(super) fn any_percentage() -> impl Strategy<Value = Percentage> {
    (0..=100_000_u32).prop_filter_map("at most 100 %", Percentage::from_thousandths)
}
