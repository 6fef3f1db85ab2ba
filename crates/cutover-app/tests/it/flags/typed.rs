//! Handles on flags of any type.

use std::collections::BTreeMap;

use cutover_app::flags::Live;
use cutover_domain::Percentage;
use cutover_domain::flags::{
    Context, Definition, ErrorCode, FlagDocument, FlagValue, Reason, Revision, Rollout, ValueType,
};
use serde::Deserialize;
use serde_json::json;

use super::key;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
struct Limits {
    rows: u32,
    tables: Vec<String>,
}

fn live() -> Live {
    let variants = |values: &[(&str, serde_json::Value)]| -> BTreeMap<String, FlagValue> {
        let values = values.iter().cloned();
        values
            .map(|(name, value)| (name.to_owned(), FlagValue(value)))
            .collect()
    };
    let flag =
        |kind, values: &[_], default| Definition::with_variants(kind, variants(values), default);
    let rollout = Rollout {
        percentage: Percentage::from_percent(50),
        variant: Some("large".to_owned()),
        ..Rollout::default()
    };
    let sizes = [("small", json!(20)), ("large", json!(200))];
    let limits = json!({"rows": 5, "tables": ["a", "b"]});
    let mut document = FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
    document.revision = Revision::new(7);
    document.flags = [
        (
            "ready",
            flag(ValueType::Boolean, &[("on", json!(true))], "on"),
        ),
        ("size", flag(ValueType::Integer, &sizes, "small")),
        (
            "ratio",
            flag(ValueType::Number, &[("it", json!(0.25))], "it"),
        ),
        (
            "colour",
            flag(ValueType::String, &[("b", json!("blue"))], "b"),
        ),
        ("limits", flag(ValueType::Json, &[("it", limits)], "it")),
        (
            "split",
            Definition {
                rollout: Some(rollout),
                ..flag(ValueType::Integer, &sizes, "small")
            },
        ),
    ]
    .map(|(name, flag)| (key(name), flag))
    .into();
    Live::with_defaults(&document)
}

#[test]
fn every_type_has_its_values() {
    let (live, anybody) = (live(), Context::anonymous());
    assert!(live.typed::<bool>("ready").get(&anybody));
    assert_eq!(live.typed::<i64>("size").get(&anybody), 20);
    assert_eq!(live.typed::<u16>("size").get(&anybody), 20);
    assert_eq!(live.typed::<f64>("ratio").get(&anybody), 0.25);
    assert_eq!(
        live.typed::<f64>("size").get(&anybody),
        20.0,
        "a whole number is a number"
    );
    assert_eq!(live.typed::<String>("colour").get(&anybody), "blue");
    assert_eq!(
        live.typed::<String>("colour").with_str(&anybody, str::len),
        4
    );
    assert_eq!(
        live.typed::<serde_json::Value>("limits").get(&anybody)["rows"],
        5
    );
    let limits = live.typed::<Limits>("limits").get(&anybody);
    assert_eq!((limits.rows, limits.tables.len()), (5, 2));
    assert_eq!(live.typed::<Option<i64>>("size").get(&anybody), Some(20));
    assert_eq!(live.typed::<Option<i64>>("nowhere").get(&anybody), None);
}

#[test]
fn without_an_answer_there_is_the_callers_default_and_the_reason_why() {
    let (live, anybody) = (live(), Context::anonymous());
    let cases = [
        ("nowhere", ErrorCode::FlagNotFound, None),
        ("colour", ErrorCode::TypeMismatch, Some("b")),
        ("ratio", ErrorCode::TypeMismatch, Some("it")),
        ("ready", ErrorCode::TypeMismatch, Some("on")),
        ("limits", ErrorCode::TypeMismatch, Some("it")),
        ("split", ErrorCode::TargetingKeyMissing, None),
    ];
    for (name, error, variant) in cases {
        let handle = live.typed::<i64>(name).with_default(-1);
        assert_eq!(handle.get(&anybody), -1, "{name}");
        handle.with_answer(&anybody, |answer| {
            assert_eq!((answer.value, answer.reason), (-1, Reason::Error), "{name}");
            assert_eq!(
                (answer.error, answer.variant),
                (Some(error), variant),
                "{name}"
            );
            assert_eq!(answer.revision, Revision::new(7));
        });
    }
    let text = live.typed::<String>("size").with_default("none".to_owned());
    assert_eq!(text.with_str(&anybody, str::to_owned), "none");
}

#[test]
fn an_answer_tells_variant_reason_revision_and_bucket() {
    let live = live();
    let handle = live.typed::<i64>("split");
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..100 {
        let unit = format!("dataset-{number}");
        handle.with_answer(&Context::unit(&unit), |answer| {
            let variant = if answer.value == 200 {
                "large"
            } else {
                "small"
            };
            assert_eq!((answer.variant, answer.error), (Some(variant), None));
            assert_eq!(answer.reason, Reason::Split);
            let is_inside = answer.bucket.unwrap().thousandths() < 50_000;
            assert_eq!(is_inside, answer.value == 200);
            seen.insert(answer.value);
        });
    }
    assert_eq!(seen.len(), 2);
}

#[test]
fn a_handle_survives_every_change_also_of_the_type() {
    let live = Live::new();
    let handle = live.typed::<i64>("size").with_default(1);
    let anybody = Context::anonymous();
    assert_eq!(handle.get(&anybody), 1);
    let outer = live.force_flag("size", 5);
    assert_eq!(handle.get(&anybody), 5);
    let inner = live.force_flag("size", "five");
    assert_eq!(handle.get(&anybody), 1);
    drop(inner);
    assert_eq!(handle.get(&anybody), 5);
    drop(outer);
    assert_eq!(handle.get(&anybody), 1);
}
