//! `flag apply`, `flag describe` and `flag delete`: flags from a file, and the end of flags.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Answer, Home, f};

fn file(home: &Home, text: &str) -> PathBuf {
    let path = home.path().with_file_name("wanted.json");
    std::fs::write(&path, text).unwrap();
    path
}

fn apply(home: &Home, text: &str, more: &[&str]) -> Answer {
    let path = file(home, text);
    let arguments = ["flag", "apply", "-f", path.to_str().unwrap()];
    home.run(&[&arguments, more].concat())
}

fn flags(home: &Home) -> Value {
    home.json(&["flag", "list"])["flags"].clone()
}

/// What is stored, as a file that can be applied.
fn stored(home: &Home) -> String {
    std::fs::read_to_string(home.path().join("flags.json")).unwrap()
}

const SWITCH: &str = r#""variants": {"on": true, "off": false}, "off": "off", "default": "off""#;

#[test]
fn the_flags_become_those_of_the_file_and_the_differences_are_told_first() {
    let home = Home::with_flag();
    home.done(&["flag", "create", "other", "--yes"]);
    let wanted = format!(
        r#"{{"flags": {{
            "f": {{{SWITCH}, "owner": "ada", "rollout": {{"percentage": 5}},
                   "rules": [{{"when": {{"attribute": "plan", "equals": "pro"}}, "variant": "on"}}]}},
            "g": {{{SWITCH}, "requires": ["f", "other"]}}}}}}"#
    );
    let text = |answer: Answer| {
        let path = home.path().with_file_name("wanted.json");
        answer.to_string().replace(path.to_str().unwrap(), "FILE")
    };
    let told = [
        apply(&home, &wanted, &["--dry-run"]),
        apply(&home, &wanted, &[]),
        apply(&home, &wanted, &["--yes", "--reason", "from git"]),
        apply(&home, &wanted, &["--yes"]),
        apply(&home, &wanted, &["--prune", "--yes"]),
        apply(
            &home,
            &wanted.replace("\"other\"", "\"f\""),
            &["--prune", "--yes"],
        ),
    ]
    .map(text);
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(
        home.json(&["flag", "list"])["revision"],
        4,
        "one revision each, and none for nothing"
    );
}

#[test]
fn what_was_stored_can_be_applied_again() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mspbyte", "--yes"]);
    let (text, before) = (stored(&home), flags(&home));
    home.done(&["flag", "kill", "--all", "--yes"]);
    home.done(&["flag", "create", "another", "--yes"]);
    let answer = apply(&home, &text, &["--prune", "--yes"]);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer
            .err
            .contains("new_pipeline was killed, and this takes the kill back"),
        "{answer}"
    );
    assert_eq!(flags(&home), before);
    let path = file(&home, &text);
    let bytes = std::fs::read(path).unwrap();
    let answer = home.feed(&["flag", "apply", "-f", "-", "--yes"], &bytes);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.out.contains("nothing is different"), "{answer}");
}

#[test]
fn every_problem_of_a_file_is_told_with_its_path_and_nothing_changes() {
    let home = Home::with_flag();
    let wanted = format!(
        r#"{{"flagz": 1, "flags": {{
            "Bad Key": {{{SWITCH}}},
            "a": {{{SWITCH}, "requires": ["nowhere"], "overrides": {{"acme": "blue"}}}},
            "b": {{"variants": {{"on": true}}, "off": "off", "default": 7}},
            "c": {{{SWITCH}, "stat": "killed"}}}}}}"#
    );
    let answer = apply(&home, &wanted, &["--yes"]);
    assert_eq!(answer.code, 1, "{answer}");
    for expected in [
        "$.flags[\"Bad Key\"]",
        "$.flags[\"a\"].requires[0]: there is no flag nowhere",
        "$.flags[\"a\"].overrides[\"acme\"]",
        "$.flags[\"b\"]",
        "did you mean `state`?",
        "flagz",
    ] {
        assert!(answer.err.contains(expected), "{expected}\n{answer}");
    }
    for (text, code, expected) in [
        ("", 3, "wanted.json:1:1"),
        ("{\"flags\": {,", 3, "wanted.json:1:12"),
        ("{\"flags\": {\"f\": {}, \"f\": {}}}", 3, "twice"),
        ("[]", 1, "no object"),
        ("{}", 1, "$.flags"),
        ("{\"flags\": []}", 1, "$.flags"),
        ("{\"schema\": 99, \"flags\": {}}", 1, "upgrade"),
    ] {
        let answer = apply(&home, text, &["--yes", "--prune"]);
        assert_eq!(answer.code, code, "{text}\n{answer}");
        assert!(
            answer.err.contains(expected),
            "{text}: {expected}\n{answer}"
        );
    }
    let missing = home.run(&["flag", "apply", "-f", "/nowhere", "--yes"]);
    assert_eq!(missing.code, 3, "{missing}");
    assert_eq!(home.json(&["flag", "list"])["revision"], 1);
}

#[test]
fn a_file_for_another_revision_is_a_conflict_also_when_nothing_would_change() {
    let home = Home::with_flag();
    let text = stored(&home);
    home.done(&["flag", "describe", "f", "--owner", "ada", "--yes"]);
    for text in [text, stored(&home)] {
        let answer = apply(&home, &text, &["--yes", "--expect", "1"]);
        assert_eq!(answer.code, 7, "{answer}");
    }
}

#[test]
fn files_applied_at_once_all_end_up_there() {
    let home = Home::with_flag();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let home = &home;
            scope.spawn(move || {
                let text = format!(r#"{{"flags": {{"f{number}": {{{SWITCH}}}}}}}"#);
                let arguments = ["flag", "apply", "-f", "-", "--yes"];
                let answer = home.feed(&arguments, text.as_bytes());
                assert_eq!(answer.code, 0, "{answer}");
            });
        }
    });
    assert_eq!(flags(&home).as_array().unwrap().len(), 5);
}

#[test]
fn what_people_should_know_is_set_and_taken_away() {
    let home = Home::with_flag();
    let describe =
        |arguments: &[&str]| home.run(&[&["flag", "describe", "f", "--yes"], arguments].concat());
    let told = describe(&[
        "--owner",
        "web",
        "--expires",
        "2027-06-30",
        "--description",
        "the editor",
    ]);
    assert!(
        told.out.starts_with(
            "f: owner none → web; expires none → 2027-06-30; description none → \"the editor\"\n"
        ),
        "{told}"
    );
    describe(&[
        "--clear",
        "expires",
        "--clear",
        "description",
        "--owner",
        "ops",
    ]);
    let flag = f(&home);
    assert_eq!(
        (&flag["owner"], &flag["expires"], &flag["description"]),
        (&json!("ops"), &Value::Null, &Value::Null)
    );
    for (arguments, expected) in [
        (&[][..], "nothing is said"),
        (&["--owner", "x", "--clear", "owner"], "set and taken away"),
        (&["--clear", "type"], "possible values"),
        (&["--expires", "soon"], "soon"),
    ] {
        let answer = describe(arguments);
        assert_eq!(answer.code, 2, "{answer}");
        assert!(answer.err.contains(expected), "{answer}");
    }
}

#[test]
fn a_deleted_flag_can_be_brought_back_and_a_required_one_is_not_deleted() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "5", "--yes"]);
    home.done(&["flag", "create", "g", "--requires", "f", "--yes"]);
    home.done(&["flag", "create", "h", "--requires", "f", "g", "--yes"]);
    let before = flags(&home);
    let refused = home.run(&["flag", "delete", "f", "--yes"]);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.err.contains("g, h require it"), "{refused}");
    let told = home.told(&["flag", "delete", "f", "h", "g", "--yes", "--actor", "ada"]);
    insta::assert_snapshot!(told, @r"
    $ cutover flag delete f h g --yes --actor ada
    f: removed (was off, 5 % on)
    g: removed (was off)
    h: removed (was off)
    revision 5
    2> next: cutover flag undo --to 4
    => 0
    ");
    let deleted = home.json(&["flag", "list", "--deleted"])["deleted"].clone();
    let keys: Vec<_> = deleted
        .as_array()
        .unwrap()
        .iter()
        .map(|flag| flag["key"].clone())
        .collect();
    assert_eq!(keys, ["f", "g", "h"]);
    assert_eq!(
        (&deleted[0]["revision"], &deleted[0]["actor"]),
        (&json!(5), &json!("ada"))
    );
    assert_eq!(deleted[0]["before"]["rollout"]["percentage"], 5);
    home.done(&["flag", "undo", "f", "--yes"]);
    let left = home.done(&["flag", "list", "--deleted"]);
    assert!(!left.contains("\nf ") && left.contains("\ng "), "{left}");
    home.done(&["flag", "undo", "--to", "4", "--yes"]);
    assert_eq!(flags(&home), before);
    let none = home.run(&["flag", "list", "--deleted"]);
    assert!(none.err.contains("no flag that is gone"), "{none}");
}

#[test]
fn what_other_tools_call_something_of_ours_is_refused_with_our_word() {
    let home = Home::with_flag();
    for (field, ours) in [
        (r#""killed": true"#, "state"),
        (r#""enabled": false"#, "state"),
        (r#""isDisabled": true, "disabled": true"#, "state"),
        (r#""percent": 5"#, "rollout"),
        (r#""rollout": {"percent": 5}"#, "percentage"),
        (r#""rollout": {"enabled": false}"#, "state"),
        (r#""targeting": {}"#, "rules"),
        (r#""defaultVariant": "on""#, "default"),
        (r#""off_variant": "off""#, "off"),
        (r#""variations": {}"#, "variants"),
        (r#""prerequisites": []"#, "requires"),
    ] {
        let text = format!(r#"{{"flags": {{"f": {{{SWITCH}, {field}}}}}}}"#);
        let answer = apply(&home, &text, &["--yes"]);
        assert_eq!(answer.code, 1, "{field}\n{answer}");
        assert!(answer.err.contains(ours), "{field}\n{answer}");
        let path = home.file("flags.json", &text);
        let answer = home.run(&["flag", "import", &path, "--from", "native", "--yes"]);
        assert_eq!(answer.code, 1, "{field}\n{answer}");
    }
    assert_eq!(home.json(&["flag", "list"])["revision"], 1);
}

#[test]
fn fields_that_nobody_knows_are_kept_and_told() {
    let home = Home::with_flag();
    let text = format!(
        r#"{{"flags": {{"f": {{{SWITCH}, "team": "web", "x-ticket": 7,
            "rollout": {{"percentage": 5, "ramp": 1}}}}}}}}"#
    );
    let told = r#"means nothing here, and is kept as it is: $.flags["f"].team, $.flags["f"].rollout.ramp;"#;
    for way in ["--dry-run", "--yes"] {
        let answer = apply(&home, &text, &[way]);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.err.contains(told), "{answer}");
    }
    assert!(stored(&home).contains(r#""team": "web""#));
    let answer = apply(&home, &text.replace("5,", "6,"), &["--yes"]);
    assert!(!answer.err.contains("means nothing"), "told once\n{answer}");
}

#[test]
fn of_problems_without_end_the_first_are_told() {
    let home = Home::with_flag();
    let bad: Vec<_> = (0..50)
        .map(|number| format!(r#""BAD{number}": {{}}"#))
        .collect();
    let endless = "B".repeat(1 << 20);
    let text = format!(r#"{{"flags": {{"{endless}": {{}}, {}}}}}"#, bad.join(", "));
    let answer = apply(&home, &text, &["--yes"]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.len() < 20_000, "{} bytes", answer.err.len());
    assert!(answer.err.contains("more problems"), "{answer}");
}

#[test]
fn how_many_units_change_sides_when_they_are_dealt_anew_is_told() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "25", "--yes"]);
    for (rollout, told) in [
        (r#""percentage": 25, "salt": "other""#, "about 38 % of them"),
        (r#""percentage": 25, "by": "tenant""#, "about 38 % of them"),
        (
            r#""percentage": 50, "bucketing": "md5""#,
            "about 50 % of them",
        ),
    ] {
        let text = format!(r#"{{"flags": {{"f": {{{SWITCH}, "rollout": {{{rollout}}}}}}}}}"#);
        let answer = apply(&home, &text, &["--dry-run"]);
        assert!(answer.err.contains("f deals its units anew"), "{answer}");
        assert!(answer.err.contains(told), "{answer}");
    }
    let same = format!(
        r#"{{"flags": {{"f": {{{SWITCH}, "rollout": {{"percentage": 50, "salt": "f"}}}}}}}}"#
    );
    assert!(!apply(&home, &same, &["--dry-run"]).err.contains("anew"));
}
