use std::collections::{BTreeMap, BTreeSet};

use cutover_domain::flags::{
    Bucketing, Change, Definition, FlagKey, FlagValue, Rollout, State, ValueType,
};
use cutover_domain::{Percentage, Stage};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

/// Up to `most` valid flags, with everything that a definition can have.
pub fn any_flags(most: usize) -> impl Strategy<Value = BTreeMap<FlagKey, Definition>> {
    btree_map("[a-z0-9][a-z0-9_.-]{0,12}", any_definition(), 0..=most).prop_map(|flags| {
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

/// A change that makes sense for one of these flags, of which there must be one.
///
/// # Panics
///
/// There are no flags.
pub fn any_change_to(
    flags: &BTreeMap<FlagKey, Definition>,
) -> impl Strategy<Value = Change> + use<> {
    let flags: Vec<_> = flags.clone().into_iter().collect();
    proptest::sample::select(flags).prop_flat_map(|(key, definition)| {
        let variants: Vec<_> = definition.variants.keys().cloned().collect();
        let values: Vec<_> = definition.variants.values().cloned().collect();
        let variant = proptest::sample::select(variants);
        let of = move || Just(key.clone());
        prop_oneof![
            of().prop_map(|key| Change::ForceKill { key }),
            of().prop_map(|key| Change::Restore { key }),
            (of(), proptest::sample::select(values))
                .prop_map(|(key, value)| Change::Set { key, value }),
            (of(), any_percentage(), variant.clone()).prop_map(|(key, percentage, variant)| {
                Change::Rollout {
                    key,
                    percentage,
                    variant: Some(variant),
                }
            }),
            (of(), any_text(), option::of(variant)).prop_map(|(key, target, variant)| {
                Change::Override {
                    key,
                    target,
                    variant,
                }
            }),
        ]
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
        let definition = Definition {
            description: rest.description,
            owner: rest.owner,
            stage: rest.stage,
            state: rest.state,
            overrides: rest
                .overrides
                .into_iter()
                .map(|(target, index)| (target, variant(index)))
                .collect(),
            rollout: rest
                .rollout
                .map(|(percentage, index, bucketing, salt)| Rollout {
                    percentage,
                    variant: Some(variant(index)),
                    bucketing,
                    salt,
                    ..Rollout::default()
                }),
            unknown: rest.unknown,
            ..base
        };
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
    btree_map("[a-zA-Zäß ._-]{1,10}", any_value(kind), 1..4)
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

#[derive(Debug)]
struct Rest {
    description: Option<String>,
    owner: Option<String>,
    stage: Option<Stage>,
    state: State,
    requires: usize,
    overrides: BTreeMap<String, usize>,
    rollout: Option<(Option<Percentage>, usize, Bucketing, Option<String>)>,
    unknown: BTreeMap<String, Value>,
}

fn any_rest() -> impl Strategy<Value = Rest> {
    let bucketing = prop_oneof![
        Just(Bucketing::Xxh3),
        Just(Bucketing::Md5),
        Just(Bucketing::Md5Unsalted)
    ];
    let rollout = (
        option::of(any_percentage()),
        any::<usize>(),
        bucketing,
        option::of(any_text()),
    );
    // Names of a newer minor schema: none that this version knows, or refuses.
    let unknown = btree_set("x_[a-z]{1,5}", 0..2).prop_flat_map(|names: BTreeSet<String>| {
        let names: Vec<_> = names.into_iter().collect();
        vec(any_json(), names.len())
            .prop_map(move |values| names.iter().cloned().zip(values).collect())
    });
    (
        option::of(any_text()),
        option::of(any_text()),
        option::of(prop_oneof![Just(Stage::Shadow), Just(Stage::Live)]),
        prop_oneof![3 => Just(State::Enabled), 1 => Just(State::Killed)],
        0..3_usize,
        btree_map(any_text(), any::<usize>(), 0..3),
        option::of(rollout),
        unknown,
    )
        .prop_map(
            |(description, owner, stage, state, requires, overrides, rollout, unknown)| Rest {
                description,
                owner,
                stage,
                state,
                requires,
                overrides,
                rollout,
                unknown,
            },
        )
}

fn any_percentage() -> impl Strategy<Value = Percentage> {
    (0..=100_000_u32).prop_filter_map("at most 100 %", Percentage::from_thousandths)
}

/// Text with what breaks formats: quotes, line breaks, controls, every plane of Unicode.
fn any_text() -> BoxedStrategy<String> {
    prop_oneof![
        3 => "[a-z]{1,8}",
        1 => "\\PC{1,8}",
        1 => "[\"\\\\\n\r\t\u{0}\u{7f}\u{2028}]{1,4}",
    ]
    .boxed()
}
