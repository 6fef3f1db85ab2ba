//! flagd's definitions: what becomes of targeting, and what cannot.

use cutover_domain::flags::import::{Imported, Level, Others, flagd};
use cutover_domain::flags::{Context, Definition, FlagDocument, State, ValueType};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{compiled, stored};

pub(super) fn import(document: &Value) -> Imported {
    let imported = flagd::import(document).unwrap();
    stored(&imported);
    imported
}

/// One flag with the variants a, b, c, true and false, `c` by default.
pub(super) fn targeted(targeting: &Value) -> Imported {
    import(&json!({"flags": {"f": {
        "state": "ENABLED",
        "variants": {"a": "a", "b": "b", "c": "c", "true": "true", "false": "false"},
        "defaultVariant": "c",
        "targeting": targeting
    }}}))
}

/// Rules as sentences, the split below them, and the notes.
pub(super) fn told(imported: &Imported, key: &str) -> String {
    let flag = &imported.flags[key];
    let mut lines = Vec::new();
    let split = |weights: &[cutover_domain::flags::Weight]| {
        let parts = weights
            .iter()
            .map(|part| format!("{} {}", part.variant, part.weight));
        parts.collect::<Vec<_>>().join(", ")
    };
    for rule in &flag.rules {
        let name = rule
            .name
            .as_ref()
            .map(|name| format!("{name}: "))
            .unwrap_or_default();
        let gives = match &rule.variant {
            Some(variant) => variant.clone(),
            None => {
                let by = rule.by.as_deref().unwrap_or("unit");
                let salt = rule.salt.as_deref().unwrap_or("the key");
                format!("{} by {by}, salt {salt}", split(&rule.split))
            }
        };
        lines.push(format!("{name}{} → {gives}", rule.when));
    }
    if let Some(rollout) = &flag.rollout {
        lines.push(format!("others → {}", split(&rollout.split)));
    }
    lines.push(format!("default {}, off {}", flag.default, flag.off));
    let notes = imported.notes.iter();
    lines.extend(notes.map(|note| format!("{} {note}", note.level.name())));
    lines.join("\n")
}

#[test]
fn every_construct_with_an_equivalent_becomes_that() {
    for (targeting, expected) in [
        (json!({}), "default c, off c"),
        (json!(null), "default c, off c"),
        (json!("a"), "always → a\ndefault c, off c"),
        (
            json!({"if": [{"==": [{"var": "plan"}, "pro"]}, "a", null]}),
            "plan == \"pro\" → a\ndefault c, off c",
        ),
        (
            json!({"if": [
                {"===": ["pro", {"var": ["plan", "pro"]}]}, "a",
                {"!": {"in": [{"var": "country"}, ["PL", "DE"]]}}, "b",
                "c"
            ]}),
            "plan == \"pro\" or plan not exists → a\ncountry not in [\"PL\", \"DE\"] → b\n\
             default c, off c",
        ),
        (
            json!({"if": [{"in": ["@example.com", {"var": "email"}]}, {"if": [
                {"<": [18, {"var": "age"}, 65]}, "a", "b"
            ]}]}),
            "email contains \"@example.com\" and age > 18 and age < 65 → a\n\
             email contains \"@example.com\" → b\ndefault c, off c",
        ),
        (
            json!({"ends_with": [{"var": "email"}, "@example.com"]}),
            "email ends_with \"@example.com\" → true\nalways → false\ndefault c, off c",
        ),
        (
            json!({"if": [{"var": "beta"}, "a", {"if": [{"missing": ["plan"]}, "b"]}]}),
            "beta exists and beta not in [\"\", 0, false] → a\nplan not exists → b\n\
             default c, off c",
        ),
        (
            json!({"if": [{"sem_ver": [{"var": "v"}, "~", "v1.4"]}, "a", "b"]}),
            "v >= 1.4.0-0 and v < 1.5.0-0 → a\nalways → b\ndefault c, off c",
        ),
        (
            json!({"if": [{"==": [{"var": "$flagd.flagKey"}, "f"]}, "a", "b"]}),
            "always → a\ndefault c, off c",
        ),
        (
            json!({"if": [false, "a", true, "b", "a"]}),
            "always → b\ndefault c, off c",
        ),
        (
            json!({"fractional": [{"var": "email"}, ["a", 1], ["b", 0]]}),
            "email exists → a\ndefault c, off c",
        ),
        (
            json!({"if": [{"==": [{"var": "targetingKey"}, "u1"]}, "a", {"fractional": [["b"]]}]}),
            "targetingKey == \"u1\" → a\nalways → b\ndefault c, off c",
        ),
    ] {
        let imported = targeted(&targeting);
        assert_eq!(told(&imported, "f"), expected, "{targeting}");
    }
}

#[test]
fn shares_are_kept_and_who_is_in_them_is_lost() {
    let murmur = "the shares stay, who is in which does not: flagd divides by murmur3, here it is \
                  xxh3";
    for (targeting, rules, path) in [
        (
            json!({"fractional": [["a", 10], ["b", 90]]}),
            "others → a 10, b 90",
            "$.flags.f.targeting.fractional",
        ),
        (
            json!({"fractional": [
                {"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}, ["a", 1], ["b", 1]
            ]}),
            "others → a 1, b 1",
            "$.flags.f.targeting.fractional",
        ),
        (
            json!({"if": [{"==": [{"var": "plan"}, "pro"]}, {"fractional": [
                {"cat": ["seed", {"var": "email"}]}, ["a", 25], ["b", 25], ["a", 50], [null, 50]
            ]}, "b"]}),
            "plan == \"pro\" and email exists → a 75, b 25, c 50 by email, salt seed\n\
             plan == \"pro\" → c\nalways → b",
            "$.flags.f.targeting.if[1].fractional",
        ),
    ] {
        let imported = targeted(&targeting);
        let expected = format!("{rules}\ndefault c, off c\nlost {path}: {murmur}");
        assert_eq!(told(&imported, "f"), expected, "{targeting}");
    }
}

#[test]
fn what_has_no_equivalent_is_lost_by_its_path_and_never_gives_too_much() {
    for (targeting, path) in [
        (
            json!({"if": [{"==": [{"%": [{"var": "id"}, 2]}, 0]}, "a"]}),
            ".if[0][\"==\"][0][\"%\"]",
        ),
        (
            json!({"if": [{"<": [{"var": "$flagd.timestamp"}, 5]}, "a"]}),
            ".if[0][\"<\"][0]",
        ),
        (
            json!({"if": [{"==": [{"var": "a"}, {"var": "b"}]}, "a"]}),
            ".if[0][\"==\"]",
        ),
        (
            json!({"if": [{"<": [{"var": "name"}, "m"]}, "a"]}),
            ".if[0]",
        ),
        (
            json!({"if": [{"in": [{"var": "part"}, "whole"]}, "a"]}),
            ".if[0]",
        ),
        (
            json!({"if": [{"in": [{"var": "n"}, [[1, 5]]]}, "a"]}),
            ".if[0]",
        ),
        (
            json!({"if": [{"sem_ver": [{"var": "v"}, "===", "1.0.0"]}, "a"]}),
            ".if[0]",
        ),
        (
            json!({"if": [{"sem_ver": [{"var": "v"}, "=", "latest"]}, "a"]}),
            ".if[0]",
        ),
        (
            json!({"if": [{"starts_with": [{"var": "v"}, 3]}, "a"]}),
            ".if[0]",
        ),
        (
            json!({"if": [{"some": [{"var": "l"}, true]}, "a"]}),
            ".if[0].some",
        ),
        (json!({"if": [{"$ref": "nobody"}, "a"]}), ".if[0]"),
        (json!({"if": [{"==": [1], "!": [1]}, "a"]}), ".if[0]"),
        (json!({"if": [{"var": 3}, "a"]}), ".if[0]"),
        (json!({"rollout": [1, 2, "a"]}), ".rollout"),
        (json!({"cat": ["a", "b"]}), ".cat"),
        (json!({"or": [{"var": "x"}, "a"]}), ".or"),
        (json!({"if": [true, "z"]}), ".if[1]"),
        (json!({"fractional": [["a", 0], ["b", 0]]}), ""),
        (
            json!({"fractional": [["a", -1], ["b", 2]]}),
            ".fractional[0][1]",
        ),
        (
            json!({"fractional": [["a", 0.5], ["b", 2]]}),
            ".fractional[0][1]",
        ),
        (
            json!({"fractional": [[{"var": "x"}, 1], ["b", 2]]}),
            ".fractional[0][0]",
        ),
        (
            json!({"fractional": [{"cat": [{"var": "x"}, {"var": "y"}]}, ["a"], ["b"]]}),
            ".fractional[0]",
        ),
        (json!(7), ""),
    ] {
        let imported = targeted(&targeting);
        let lost: Vec<_> = imported.lost().map(|note| note.path.as_str()).collect();
        let expected = format!("$.flags.f.targeting{path}");
        assert_eq!(lost.first(), Some(&&*expected), "{targeting}\n{lost:?}");
        // Nobody gets `a` because of something that was not understood.
        let document = stored(&imported);
        let (snapshot, slot) = compiled(&document, "f");
        let answer = snapshot.evaluate(slot, &Context::unit("u")).unwrap();
        assert_eq!(answer.variant, "c", "{targeting}");
    }
}

#[test]
fn evaluators_are_followed_and_name_their_rules() {
    let document = json!({
        "$schema": "https://flagd.dev/schema/v0/flags.json",
        "$evaluators": {
            "staff": {"ends_with": [{"var": "email"}, "@example.com"]},
            "beta staff": {"and": [{"$ref": "staff"}, {"==": [{"var": "beta"}, true]}]},
            "circle": {"!": {"$ref": "circle"}},
            "12": {"==": [{"var": "n"}, 12]}
        },
        "flags": {
            "f": {
                "state": "ENABLED",
                "variants": {"on": true, "off": false},
                "defaultVariant": "off",
                "targeting": {"if": [
                    {"$ref": "beta staff"}, "on",
                    {"$ref": "12"}, "on",
                    {"$ref": "staff"}, {"if": [{"==": [{"var": "x"}, "y"]}, "on", "off"]},
                    {"$ref": "circle"}, "on"
                ]}
            }
        }
    });
    let expected = "\
beta staff: email ends_with \"@example.com\" and beta == true → on
n == 12 → on
email ends_with \"@example.com\" and x == \"y\" → on
default off, off off
warning $.$evaluators[\"beta staff\"].and[1]: flagd compares after conversion (the text \"18\" equals the number 18); here a text equals a text and a number a number
lost $.$evaluators.circle[\"!\"]: the evaluator \"circle\" refers to itself
lost $.flags.f.targeting.if[7]: because of its condition this branch is left out, as if it never held";
    assert_eq!(told(&import(&document), "f"), expected);
}

#[test]
fn flags_are_read_whole_with_what_decides_nothing_told() {
    let document = json!({
        "metadata": {"flagSetId": "shop", "version": "7"},
        "flags": [
            {
                "key": "newCheckout", "state": "ENABLED",
                "variants": {"on": true}, "defaultVariant": "on",
                "metadata": {"owner": "ada", "expires": "2027-06-30", "ticket": 7}
            },
            {
                "key": "size", "state": "DISABLED",
                "variants": {"big": 50, "small": 20}, "defaultVariant": "small"
            },
            {"key": "ratio", "variants": {"half": 0.5, "one": 1}, "defaultVariant": null},
            {"key": "theme", "state": "ON", "variants": {"x": {"a": 1}}, "defaultVariant": "y"},
            {"key": "mixed", "state": "ENABLED", "variants": {"x": 1, "y": "z"}, "defaultVariant": "x"},
            {"key": "empty", "state": "ENABLED", "variants": {}},
            {"state": "ENABLED"},
            {"key": "size", "state": "ENABLED", "variants": {"x": 1}, "defaultVariant": "x", "later": 1}
        ]
    });
    let imported = import(&document);
    let notes: Vec<_> = imported
        .notes
        .iter()
        .map(|note| format!("{} {}", note.level.name(), note.path))
        .collect();
    assert_eq!(
        notes,
        [
            "lost $.flags[0]",
            "warning $.flags[0].metadata.ticket",
            "warning $.flags[1].state",
            "lost $.flags[2].defaultVariant",
            "lost $.flags[3].defaultVariant",
            "lost $.flags[3].state",
            "warning $.flags[4].variants",
            "lost $.flags[5].variants",
            "lost $.flags[6]",
            "lost $.flags[7]",
            "warning $.metadata",
        ]
    );
    let flag = |key: &str| &imported.flags[key];
    assert_eq!(flag("new_checkout").owner.as_deref(), Some("ada"));
    assert_eq!(
        flag("new_checkout").expires.unwrap().to_string(),
        "2027-06-30"
    );
    assert_eq!(flag("new_checkout").off, "off");
    assert_eq!(
        (flag("size").kind, flag("size").state),
        (ValueType::Integer, State::Killed)
    );
    assert_eq!(flag("size").off, "small");
    assert_eq!(
        (flag("ratio").kind, &*flag("ratio").default),
        (ValueType::Number, "half")
    );
    assert_eq!(flag("theme").kind, ValueType::Json);
    for (document, path) in [
        (json!([]), "$"),
        (json!({"flags": 7}), "$.flags"),
        (json!({"flags": {}, "$evaluators": []}), "$.$evaluators"),
    ] {
        let problems = flagd::import(&document).unwrap_err();
        assert_eq!(problems.0[0].path, path);
    }
}

#[test]
fn what_flagd_has_no_words_for_stays() {
    let imported = targeted(&json!({"if": [{"==": [{"var": "plan"}, "pro"]}, "a", "b"]}));
    let present = Definition {
        owner: Some("ada".to_owned()),
        overrides: [("acme".to_owned(), "a".to_owned())].into(),
        state: State::Killed,
        ..Definition::with_variants(
            ValueType::String,
            [("a".to_owned(), ValueType::String.parse("a").unwrap())].into(),
            "a",
        )
    };
    let mut document = FlagDocument::empty(Timestamp::UNIX_EPOCH);
    document.flags.insert("f".parse().unwrap(), present);
    let changes = imported.changes(&document.flags, Others::Keep);
    let after = document
        .apply(&changes, Timestamp::UNIX_EPOCH)
        .unwrap()
        .document;
    let flag = &after.flags["f"];
    assert_eq!((flag.state, &*flag.off), (State::Killed, "a"));
    assert_eq!(flag.owner.as_deref(), Some("ada"));
    assert_eq!((flag.overrides.len(), flag.rules.len()), (1, 2));
    assert_eq!(imported.changes(&after.flags, Others::Remove), []);
}

#[test]
fn a_file_made_to_explode_does_not() {
    // Each evaluator asks the one before it twice.
    let mut evaluators = Map::new();
    evaluators.insert("e0".to_owned(), json!({"==": [{"var": "x"}, "y"]}));
    for level in 1..60 {
        let before = json!({"$ref": format!("e{}", level - 1)});
        evaluators.insert(format!("e{level}"), json!({"if": [before, before, before]}));
    }
    let document = json!({
        "$evaluators": evaluators,
        "flags": {"f": {
            "variants": {"a": 1, "b": 2}, "defaultVariant": "a",
            "targeting": {"if": [{"$ref": "e59"}, "b"]}
        }}
    });
    let imported = import(&document);
    assert!(imported.lost().count() > 0);
    assert!(imported.flags["f"].rules.is_empty());
    // Ten thousand branches under one large condition.
    let names: Vec<_> = (0..9000).map(|number| format!("n{number}")).collect();
    let mut branches = Vec::new();
    for number in 0..5000 {
        branches.push(json!({"==": [{"var": "n"}, number]}));
        branches.push(json!("b"));
    }
    let imported = import(&json!({"flags": {"f": {
        "variants": {"a": 1, "b": 2}, "defaultVariant": "a",
        "targeting": {"if": [{"in": [{"var": "name"}, names]}, {"if": branches}]}
    }}}));
    assert!(imported.lost().count() > 0);
    let told = imported
        .notes
        .iter()
        .filter(|note| note.level == Level::Lost);
    assert!(told.count() < 5);
}
