//! Documents of all kinds: some like those that people have, some like none.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any JSON, with names and texts that mean something now and then.
pub(super) fn anything(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let word = move || {
        prop_oneof![
            3 => proptest::sample::select(words).prop_map(str::to_owned),
            1 => ".{0,12}",
        ]
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-10_i64..130).prop_map(Value::from),
        (-1.0_f64..101.0).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(word(), inner, 0..6)
                .prop_map(|members| Value::from(serde_json::Map::from_iter(members))),
        ]
    })
}

/// A file of the dataset manager, more or less.
pub(super) fn mdm() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "use_new_backend",
        "new_backend",
        "use_x",
        "x",
        "Use_X",
        "rollout_percentage",
        "rollout_percentage.x",
        "rollout_percentage.new_backend",
        "rollout_percentage.use_x",
        "rollout_percentage.",
        "ab_test_x_percentage",
        "ab_test_x",
        "ab_test__percentage",
        "timestamp",
        "flag",
        "25",
        "off",
    ];
    (
        anything(WORDS).prop_filter("an object", Value::is_object),
        anything(WORDS),
        anything(WORDS),
    )
        .prop_map(|(flags, nested, history)| {
            let mut flags = flags;
            if nested.is_object() {
                flags["rollout_percentage"] = nested;
            }
            json!({ "flags": flags, "history": history })
        })
}
