//! What imported targeting answers, for any targeting and any context, beside JSONLogic itself.

use cutover_domain::flags::{Attribute, Context};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::flagd::{import, targeted, told};
use super::{compiled, logic, stored, strategy};

/// Expressions that are conditions, over attributes of known types.
fn condition() -> impl Strategy<Value = Value> {
    let text = || proptest::sample::select(vec!["", "free", "pro", "professional", "team"]);
    let version = || proptest::sample::select(vec!["1.0.0", "v2.1.0", "2.1.0-rc", "2.2", "3"]);
    let plan = || {
        prop_oneof![
            Just(json!({"var": "plan"})),
            Just(json!({"var": ["plan"]})),
            text().prop_map(|default| json!({"var": ["plan", default]})),
        ]
    };
    let age = || {
        prop_oneof![
            Just(json!({"var": "age"})),
            (-2_i64..3).prop_map(|default| json!({"var": ["age", default]})),
        ]
    };
    let number = || -2_i64..3;
    let equality = proptest::sample::select(vec!["==", "===", "!=", "!=="]);
    let order = || proptest::sample::select(vec!["<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        (equality, plan(), text(), any::<bool>()).prop_map(|(name, plan, text, flipped)| {
            if flipped {
                json!({name: [text, plan]})
            } else {
                json!({name: [plan, text]})
            }
        }),
        (order(), age(), number(), any::<bool>()).prop_map(|(name, age, number, flipped)| {
            if flipped {
                json!({name: [number, age]})
            } else {
                json!({name: [age, number]})
            }
        }),
        (
            proptest::sample::select(vec!["<", "<="]),
            number(),
            age(),
            number()
        )
            .prop_map(|(name, low, age, high)| json!({name: [low, age, high]})),
        (plan(), vec(text(), 0..4)).prop_map(|(plan, texts)| json!({"in": [plan, texts]})),
        (text(), plan()).prop_map(|(text, plan)| json!({"in": [text, plan]})),
        text().prop_map(|text| json!({"in": [text, {"var": "groups"}]})),
        (plan(), text()).prop_map(|(plan, text)| json!({"starts_with": [plan, text]})),
        (plan(), text()).prop_map(|(plan, text)| json!({"ends_with": [plan, text]})),
        (
            proptest::sample::select(vec!["=", "!=", "<", "<=", ">", ">=", "^", "~"]),
            version(),
            any::<bool>()
        )
            .prop_map(|(operator, version, flipped)| {
                // What is symmetrical is not turned round.
                if flipped && operator.len() == 1 && "<>".contains(operator) {
                    json!({"sem_ver": [version, operator, {"var": "version"}]})
                } else {
                    json!({"sem_ver": [{"var": "version"}, operator, version]})
                }
            }),
        Just(json!({"==": [{"var": "beta"}, true]})),
        Just(json!({"==": [{"var": "plan"}, null]})),
        Just(json!({"var": "beta"})),
        Just(json!({"!!": [{"var": "age"}]})),
        Just(json!({"missing": ["plan", "age"]})),
        Just(json!(true)),
        Just(json!("")),
        Just(json!(0)),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(|parts| json!({"and": parts})),
            vec(inner.clone(), 1..4).prop_map(|parts| json!({"or": parts})),
            inner.clone().prop_map(|part| json!({"!": part})),
            inner.clone().prop_map(|part| json!({"!!": [part]})),
            vec(inner, 1..6).prop_map(|parts| json!({"if": parts})),
        ]
    })
}

/// Expressions that name a variant.
fn targeting() -> impl Strategy<Value = Value> {
    let question = condition().prop_filter("a question", |value| {
        let name = value.as_object().and_then(|it| it.keys().next());
        name.is_some_and(|name| !["var", "missing", "and", "or", "if"].contains(&name.as_str()))
    });
    let leaf = prop_oneof![
        3 => proptest::sample::select(vec!["a", "b", "c"]).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => question,
        1 => Just(json!({"var": ["plan", "b"]})),
    ];
    leaf.prop_recursive(3, 24, 7, |inner| {
        (
            vec((condition(), inner.clone()), 1..4),
            proptest::option::of(inner),
        )
            .prop_map(|(branches, otherwise)| {
                let branches = branches.into_iter().flat_map(|(asked, then)| [asked, then]);
                json!({"if": branches.chain(otherwise).collect::<Vec<_>>()})
            })
    })
}

fn context() -> impl Strategy<Value = Map<String, Value>> {
    let texts = || proptest::sample::select(vec!["", "free", "pro", "professional", "team", "a"]);
    let version = proptest::sample::select(vec![
        "1.0.0",
        "v1",
        "2.0.0",
        "2.1.0-rc",
        "2.1.0-beta",
        "2.1.0",
        "2.1.7",
        "2.2.0",
        "3.0.0-a",
    ]);
    (
        proptest::option::of(texts()),
        proptest::option::of(-2_i64..3),
        proptest::option::of(version),
        proptest::option::of(vec(texts(), 1..3)),
        proptest::option::of(any::<bool>()),
    )
        .prop_map(|(plan, age, version, groups, beta)| {
            let attributes = [
                ("plan", plan.map(Value::from)),
                ("age", age.map(Value::from)),
                ("version", version.map(Value::from)),
                ("groups", groups.map(Value::from)),
                ("beta", beta.map(Value::from)),
            ];
            let present = attributes
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            present.collect()
        })
}

fn attribute<'a>(value: &'a Value, list: &'a mut Vec<Attribute<'a>>) -> Attribute<'a> {
    match value {
        Value::String(text) => Attribute::Text(text),
        Value::Bool(value) => Attribute::Boolean(*value),
        Value::Number(number) => Attribute::Integer(number.as_i64().unwrap()),
        Value::Array(items) => {
            list.extend(
                items
                    .iter()
                    .map(|item| Attribute::Text(item.as_str().unwrap())),
            );
            Attribute::List(list)
        }
        other => panic!("{other} is not generated"),
    }
}

proptest! {
    #![proptest_config(super::a_quarter())]

    #[test]
    fn imported_targeting_answers_what_flagd_answers(
        targeting in targeting(),
        contexts in vec(context(), 8),
    ) {
        let imported = targeted(&targeting);
        prop_assert_eq!(imported.lost().count(), 0, "{:?}", imported.notes);
        let document = stored(&imported);
        let (snapshot, slot) = compiled(&document, "f");
        for context in contexts {
            let variants = &imported.flags["f"].variants;
            let expected = match logic::evaluate(&targeting, &context) {
                Value::String(name) if variants.contains_key(&name) => name,
                Value::Bool(value) => value.to_string(),
                // Nothing, or an error of whoever wrote it.
                _ => "c".to_owned(),
            };
            let mut lists: Vec<Vec<_>> = context.iter().map(|_| Vec::new()).collect();
            let attributes: Vec<_> = context
                .iter()
                .zip(&mut lists)
                .map(|((name, value), list)| (name.as_str(), attribute(value, list)))
                .collect();
            let asked = Context::unit("u").with_attributes(&attributes);
            let answer = snapshot.evaluate(slot, &asked).unwrap();
            prop_assert_eq!(answer.variant, expected, "{:?} {}", context, told(&imported, "f"));
        }
    }

    #[test]
    fn any_targeting_becomes_a_valid_flag(
        targeting in strategy::anything(&[
            "if", "and", "or", "!", "==", "<", "in", "sem_ver", "starts_with", "fractional", "cat",
            "var", "missing", "$ref", "e", "a", "b", "1.0.0", "^", "x.y", "targetingKey",
        ]),
    ) {
        let imported = import(&json!({
            "$evaluators": {"e": targeting.clone()},
            "flags": {"f": {
                "variants": {"a": "a", "b": "b"}, "defaultVariant": "a", "targeting": targeting
            }}
        }));
        for note in &imported.notes {
            prop_assert!(note.path.starts_with('$'), "{note}");
        }
        prop_assert_eq!(imported.flags.len(), 1);
    }

    #[test]
    fn any_definition_becomes_valid_flags_or_none(
        definitions in btree_map(
            "[a-zA-Z]{1,3}",
            strategy::anything(&[
                "state", "ENABLED", "DISABLED", "variants", "on", "off", "defaultVariant",
                "targeting", "metadata", "owner", "if", "var",
            ]),
            0..4,
        ),
    ) {
        let definitions = Map::from_iter(definitions);
        import(&json!({"flags": definitions}));
    }
}
