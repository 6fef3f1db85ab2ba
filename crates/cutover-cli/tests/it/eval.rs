//! `flag eval`: shapes, files of units, and figures that hold everywhere.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::Home;

/// Buckets of the two MD5 formulas, computed by other programs.
const UNSALTED: [(&str, u64); 5] = [
    ("u1", 9),
    ("alice", 70),
    ("bob@example.com", 90),
    ("ünïcödé", 87),
    ("user 1", 33),
];
const SALTED: [(&str, u64); 5] = [
    ("u1", 32),
    ("alice", 8),
    ("bob@example.com", 70),
    ("ünïcödé", 64),
    ("user 1", 74),
];

#[test]
fn an_answer_has_its_shape() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "50", "--yes"]);
    let answer = home.json(&["flag", "eval", "f", "--unit", "u1"]);
    let fields: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        fields.into_iter().collect::<BTreeSet<_>>(),
        [
            "schema", "key", "value", "variant", "reason", "revision", "bucket"
        ]
        .map(ToOwned::to_owned)
        .into()
    );
    assert_eq!(
        (&answer["reason"], &answer["revision"]),
        (&json!("SPLIT"), &json!(2))
    );
    assert!(answer["bucket"].as_u64().unwrap() < 100_000);
    let on = answer["value"].as_bool().unwrap();
    assert_eq!(answer["variant"], if on { "on" } else { "off" });
    assert_eq!(on, answer["bucket"].as_u64().unwrap() < 50_000);
}

#[test]
fn a_number_past_64_bits_keeps_its_digits_in_a_list_as_outside_of_one() {
    let home = Home::with_flag();
    let condition = r#"id == "18446744073709551617""#;
    let rule = ["rule", "add", "f", "--when", condition, "--serve", "on"];
    home.done(&[&["flag"], &rule[..], &["--yes"]].concat());
    for (attribute, expected) in [
        ("id=18446744073709551617", true),
        ("id=18446744073709551616", false),
        ("id=[1, 18446744073709551617]", true),
        ("id=[1, 18446744073709551616]", false),
        (r#"id=["18446744073709551617"]"#, true),
    ] {
        let answer = home.json(&["flag", "eval", "f", "--unit", "u", "--attr", attribute]);
        assert_eq!(answer["value"], expected, "{attribute}");
    }
    let answer = home.run(&["flag", "eval", "f", "--attr", "id=[1e999]"]);
    assert_eq!(answer.code, 2, "{answer}");
    assert!(answer.err.contains("larger numbers as texts"), "{answer}");
}

#[test]
fn the_reasons_are_those_of_openfeature() {
    let home = Home::with_flag();
    let reason = |arguments: &[&str]| {
        home.json(&[&["flag", "eval", "f"], arguments].concat())["reason"].clone()
    };
    assert_eq!(reason(&[]), "STATIC");
    home.done(&["flag", "override", "f", "acme", "on", "--yes"]);
    assert_eq!(reason(&["--tenant", "acme"]), "TARGETING_MATCH");
    assert_eq!(reason(&["--attr", "tenant=acme"]), "TARGETING_MATCH");
    assert_eq!(reason(&["--unit", "u"]), "DEFAULT");
    home.done(&["flag", "kill", "f", "--yes"]);
    assert_eq!(reason(&["--tenant", "acme"]), "DISABLED");
}

#[test]
fn where_there_is_no_answer_the_default_comes_back() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "50", "--yes"]);
    for (arguments, code) in [
        (&["f"][..], "TARGETING_KEY_MISSING"),
        (&["nope", "--unit", "u"], "FLAG_NOT_FOUND"),
    ] {
        let arguments = [&["flag", "eval", "--format", "json"], arguments].concat();
        let without = home.run(&arguments);
        assert_eq!(without.code, 1, "{without}");
        let answer = without.json();
        assert_eq!(
            (&answer["value"], &answer["reason"]),
            (&Value::Null, &json!("ERROR"))
        );
        assert_eq!(answer["error_code"], code);
        let with = home.run(&[&arguments[..], &["--default", "True"]].concat());
        assert_eq!(
            (with.code, &with.json()["value"]),
            (0, &json!(true)),
            "{with}"
        );
        assert_eq!(with.json()["error_code"], code);
    }
}

#[test]
fn an_attribute_can_be_bucketed() {
    let home = Home::new();
    home.done(&["flag", "create", "f", "--by", "account", "--yes"]);
    home.done(&["flag", "rollout", "f", "50", "--yes"]);
    let bucket =
        |attribute: &str| home.json(&["flag", "eval", "f", "--attr", attribute])["bucket"].clone();
    assert_eq!(
        bucket("account=17"),
        bucket("account=\"17\""),
        "a number is its decimal text"
    );
    assert_ne!(bucket("account=17"), bucket("account=18"));
}

#[test]
fn both_md5_formulas_give_the_known_buckets() {
    let home = Home::new();
    home.done(&[
        "flag",
        "create",
        "old",
        "--bucketing",
        "md5-unsalted",
        "--yes",
    ]);
    home.done(&[
        "flag",
        "create",
        "ab",
        "--bucketing",
        "md5",
        "--salt",
        "registration",
        "--yes",
    ]);
    for (key, vectors) in [("old", UNSALTED), ("ab", SALTED)] {
        home.done(&["flag", "rollout", key, "33", "--yes"]);
        let units: String = vectors
            .iter()
            .map(|(unit, _)| format!("{unit}\n"))
            .collect();
        let lines = home
            .feed(&["flag", "eval", key, "--units", "-"], units.as_bytes())
            .lines();
        for ((unit, bucket), line) in vectors.iter().zip(&lines) {
            assert_eq!(
                (&line["unit"], &line["bucket"]),
                (&json!(unit), &json!(bucket)),
                "{key}"
            );
            assert_eq!(line["value"], *bucket < 33, "{key} {unit}");
        }
    }
}

#[test]
fn a_file_of_units_keeps_its_order_and_its_blanks() {
    let home = Home::with_flag();
    let file = home.path().join("units.txt");
    std::fs::write(&file, " b \na\r\nb\n\n\tc").unwrap();
    let answer = home.run(&["flag", "eval", "f", "--units", file.to_str().unwrap()]);
    let units: Vec<_> = answer
        .lines()
        .iter()
        .map(|line| line["unit"].clone())
        .collect();
    assert_eq!(units, [" b ", "a", "b", "\tc"]);
    assert!(
        answer.err.contains("1 line without a unit skipped"),
        "{answer}"
    );
    assert_eq!(answer.code, 0, "{answer}");
}

#[test]
fn a_units_file_that_cannot_be_read_is_trouble_with_its_place() {
    let home = Home::with_flag();
    let answer = home.run(&["flag", "eval", "f", "--units", "/nowhere/units"]);
    assert_eq!(answer.code, 3);
    assert!(answer.err.contains("/nowhere/units"), "{answer}");
    let answer = home.feed(&["flag", "eval", "f", "--units", "-"], b"good\nb\xffad\n");
    assert_eq!((answer.code, answer.lines().len()), (3, 1), "{answer}");
    assert!(
        answer.err.contains("-:2:2: the unit is not UTF-8"),
        "{answer}"
    );
}

#[test]
fn a_percentage_reaches_its_share_and_takes_nobody_back_out() {
    const UNITS: u32 = 100_000;
    let home = Home::with_flag();
    let units: String = (0..UNITS).map(|unit| format!("unit-{unit}\n")).collect();
    let mut before = BTreeSet::new();
    for (percent, golden) in [
        (10_u32, (10_051, 501_351_413)),
        (25, (25_143, 1_256_561_741)),
    ] {
        home.done(&["flag", "rollout", "f", &percent.to_string(), "--yes"]);
        let answer = home.feed(&["flag", "eval", "f", "--units", "-"], units.as_bytes());
        let lines = answer.out.lines();
        let inside: BTreeSet<usize> = lines
            .enumerate()
            .filter(|(_, line)| line.contains("\"value\":true"))
            .map(|(index, _)| index)
            .collect();
        assert_eq!(answer.out.lines().count(), UNITS as usize);
        // The same units on every machine and in every version.
        assert_eq!((inside.len(), inside.iter().sum::<usize>()), golden);
        let share = f64::from(percent) / 100.0;
        let expected = share * f64::from(UNITS);
        let error = (f64::from(UNITS) * share * (1.0 - share)).sqrt();
        let found = f64::from(u32::try_from(inside.len()).unwrap());
        assert!(
            (found - expected).abs() < 4.0 * error,
            "{found} of {expected}"
        );
        assert!(
            inside.is_superset(&before),
            "raising the share took somebody back out"
        );
        before = inside;
    }
}

#[test]
fn who_has_no_name_is_nobody() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "50", "--yes"]);
    let nobody = home.run(&["flag", "eval", "f", "--unit", ""]);
    assert_eq!(nobody.code, 1, "{nobody}");
    assert!(nobody.err.contains("none is named"), "{nobody}");
    for target in ["", " "] {
        let refused = home.run(&["flag", "override", "f", target, "on", "--yes"]);
        assert_eq!(refused.code, 2, "{refused}");
        let refused = home.run(&["flag", "rollback", "--unit", target, "f", "--yes"]);
        assert_eq!(refused.code, 2, "{refused}");
    }
}

#[test]
fn a_default_is_of_the_type_of_the_flag_and_not_advised_where_it_is_given() {
    let home = Home::with_flag();
    let refused = home.run(&["flag", "eval", "f", "--default", "yes"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.err.contains("type boolean"), "{refused}");
    let answered = home.run(&["flag", "eval", "nope", "--default", "yes"]);
    assert_eq!(answered.code, 0, "{answered}");
    assert!(!answered.err.contains("--default"), "{answered}");
    let asked = home.run(&["flag", "eval", "nope"]);
    assert!(asked.err.contains("with --default VALUE"), "{asked}");
}

#[test]
fn the_exit_code_is_the_answer_where_it_is_asked_to_be() {
    let home = Home::with_flag();
    home.done(&["flag", "override", "f", "acme", "on", "--yes"]);
    home.done(&["flag", "create", "size", "--type", "integer", "--yes"]);
    let units = home.file("units.txt", "acme\n");
    let by_unit = |unit| ["f", "--unit", unit];
    for (question, plainly, by_code) in [
        (&by_unit("acme")[..], 0, 0),
        (&by_unit("other"), 0, 1),
        (&["nope"], 1, 3),
        (&["nope", "--default", "true"], 0, 0),
        (&["nope", "--default", "false"], 0, 1),
        (&["nope", "--default", "7"], 0, 2),
        (&["size"], 0, 2),
        (&["f", "--units", &units], 0, 2),
        (&["f", "size"], 2, 2),
    ] {
        let question = [&["flag", "eval"][..], question].concat();
        let answer = home.run(&question);
        assert_eq!(answer.code, plainly, "{question:?}\n{answer}");
        let coded = home.run(&[&question[..], &["--exit-code"]].concat());
        assert_eq!(coded.code, by_code, "{question:?}\n{coded}");
        assert!(
            by_code == 2 || coded.out == answer.out,
            "{question:?}\n{coded}"
        );
    }
}
