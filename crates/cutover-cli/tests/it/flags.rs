//! The flag commands: forms, shapes, and what scripts rely on.

use serde_json::{Value, json};

use crate::harness::{Home, exists, f};

#[test]
fn a_flag_goes_from_nobody_to_everybody_and_back() {
    let home = Home::new();
    let told = [
        &["flag", "list"][..],
        &[
            "flag", "init", "--preset", "mspbyte", "--yes", "--actor", "ada",
        ],
        &["flag", "list"],
        &[
            "flag",
            "rollout",
            "new_pipeline",
            "12.5",
            "--yes",
            "--reason",
            "canary",
        ],
        &["flag", "override", "new_pipeline", "acme", "on", "--yes"],
        &["flag", "status", "new_pipeline", "--tenant", "acme"],
        &["flag", "kill", "new_pipeline", "--yes"],
        &["flag", "status"],
        &["flag", "get", "new_pipeline"],
        &["flag", "restore", "new_pipeline", "--yes"],
        &["flag", "undo", "--to", "1", "--yes"],
        &["flag", "status", "unified_analyzer"],
    ]
    .map(|arguments| home.told(arguments));
    let newest = &home.json(&["flag", "history", "-n", "1"])["history"][0];
    let who = newest["actor"].as_str().unwrap();
    insta::assert_snapshot!(told.join("\n").replace(who, "WHO"));
}

#[test]
fn values_are_read_by_the_type_of_the_flag() {
    let home = Home::with_flag();
    for (text, value) in [
        ("true", true),
        ("False", false),
        ("on", true),
        ("OFF", false),
        ("True", true),
    ] {
        home.done(&["flag", "set", "f", text, "--yes"]);
        assert_eq!(f(&home)["value"], value, "{text}");
    }
    home.done(&[
        "flag",
        "create",
        "size",
        "--type",
        "integer",
        "--variant",
        "off=20",
        "--variant",
        "big=50",
        "--yes",
    ]);
    for (text, value) in [("big", json!(50)), ("-7", json!(-7)), ("20", json!(20))] {
        home.done(&["flag", "set", "size", text, "--yes"]);
        assert_eq!(
            home.json(&["flag", "get", "size"])["flag"]["value"],
            value,
            "{text}"
        );
    }
    for (text, kind, value) in [
        ("hello world", "string", json!("hello world")),
        ("{\"a\":[1,2]}", "json", json!({"a": [1, 2]})),
        ("1.5", "number", json!(1.5)),
        ("on", "boolean", json!(true)),
    ] {
        let key = format!("made.{kind}");
        home.done(&["flag", "set", &key, text, "--create", "--yes"]);
        let flag = &home.json(&["flag", "get", &key])["flag"];
        assert_eq!(
            (&flag["type"], &flag["value"]),
            (&json!(kind), &value),
            "{text}"
        );
    }
    for arguments in [
        &["flag", "set", "f", "maybe", "--yes"][..],
        &["flag", "set", "size", "1.5", "--yes"],
        &["flag", "override", "f", "acme", "blue", "--yes"],
        &["flag", "rollout", "f", "5", "--variant", "blue", "--yes"],
        &["flag", "rollout", "f", "1.2345", "--yes"],
        &["flag", "rollout", "f", "-1", "--yes"],
        &["flag", "override", "f", "acme", "--yes"],
        &["flag", "override", "f", "acme", "on", "--remove", "--yes"],
        &["flag", "undo", "--yes"],
        &["flag", "set", "f", "--yes"],
        &["flag", "undo", "--to", "99", "--yes"],
        &["flag", "create", "g", "--requires", "nope", "--yes"],
        &["flag", "create", "g", "--owner", "", "--yes"],
        &["flag", "describe", "f", "--owner", "", "--yes"],
    ] {
        let answer = home.run(arguments);
        assert_eq!(answer.code, 2, "{arguments:?}\n{answer}");
        assert!(answer.err.starts_with("error: "), "{answer}");
    }
}

#[test]
fn an_unknown_flag_is_a_no_with_a_suggestion_and_never_made() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mdm", "--yes"]);
    for arguments in [
        &["get", "use_new_bakend"][..],
        &["get", "USE_NEW_BACKEND"],
        &["set", "use_new_bakend", "true", "--yes"],
        &["rollout", "use_new_bakend", "5", "--yes"],
        &["override", "use_new_bakend", "u", "on", "--yes"],
        &["kill", "use_new_bakend", "--yes"],
        &["restore", "use_new_bakend", "--yes"],
        &["undo", "use_new_bakend", "--yes"],
        &["undo", "use_new_bakend", "--to", "1", "--yes"],
        &["status", "use_new_bakend"],
        &["history", "use_new_bakend"],
        &["eval", "use_new_bakend", "--unit", "u"],
        &["explain", "use_new_bakend", "--unit", "u"],
        &["rule", "list", "use_new_bakend"],
        &["rule", "remove", "use_new_bakend", "1", "--yes"],
        &["variant", "list", "use_new_bakend"],
        &["variant", "set", "use_new_bakend", "a=true", "--yes"],
        &["variant", "remove", "use_new_bakend", "on", "--yes"],
        &["describe", "use_new_bakend", "--owner", "ada", "--yes"],
        &["delete", "use_new_bakend", "--yes"],
        &["edit", "use_new_bakend", "--yes"],
        &["rollback", "--tenant", "acme", "use_new_bakend", "--yes"],
    ] {
        let answer = home.run(&[&["flag"], arguments].concat());
        assert_eq!(answer.code, 1, "{arguments:?}\n{answer}");
        assert!(
            answer.err.contains("did you mean use_new_backend?"),
            "{arguments:?}\n{answer}"
        );
    }
    assert_eq!(home.json(&["flag", "list"])["revision"], 1);
}

#[test]
fn every_change_can_be_shown_first_and_needs_a_yes() {
    let home = Home::with_flag();
    let before = home.json(&["flag", "list"]);
    let file = home.path().with_file_name("none.json");
    std::fs::write(&file, "{\"flags\": {}}").unwrap();
    for arguments in [
        &["init", "--preset", "mdm"][..],
        &["create", "g"],
        &["set", "f", "on"],
        &["set", "g", "on", "--create"],
        &["rollout", "f", "5"],
        &["override", "f", "acme", "on"],
        &["override", "f", "acme", "--remove"],
        &["kill", "f"],
        &["kill", "--all"],
        &["restore", "f"],
        &["undo", "f"],
        &["undo", "--to", "0"],
        &["rollout", "f", "--split", "on=1,off=1"],
        &["rule", "add", "f", "--when", "beta exists", "--serve", "on"],
        &["variant", "set", "f", "new=true"],
        &["describe", "f", "--owner", "ada"],
        &["rollback", "--tenant", "acme", "f"],
        &["delete", "f"],
        &["apply", "-f", file.to_str().unwrap(), "--prune"],
    ] {
        let arguments = [&["flag"], arguments].concat();
        let answer = home.run(&arguments);
        assert_eq!(answer.code, 6, "{arguments:?}\n{answer}");
        assert!(
            answer.err.contains("--yes") && answer.out.is_empty(),
            "{answer}"
        );
        let shown = home.json(&[&arguments[..], &["--dry-run"]].concat());
        assert_eq!(
            (&shown["dry_run"], &shown["revision"]),
            (&json!(true), &json!(1))
        );
        assert!(
            !shown["changes"].as_array().unwrap().is_empty(),
            "{arguments:?}"
        );
    }
    assert_eq!(home.json(&["flag", "list"]), before, "nothing was changed");
    insta::assert_snapshot!(home.told(&["flag", "rollout", "f", "5", "--dry-run"]), @r"
    $ cutover flag rollout f 5 --dry-run
    f: rollout none → 5 %
    revision 1
    2> nothing was changed (--dry-run)
    => 0
    ");
}

#[test]
fn an_expected_revision_that_is_gone_is_a_conflict() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "5", "--yes", "--expect", "1"]);
    for arguments in [
        &["set", "f", "on"][..],
        &["rollout", "f", "6"],
        &["override", "f", "acme", "on"],
        &["kill", "f"],
        &["restore", "f"],
        &["undo", "f"],
        &["undo", "--to", "1"],
        &["create", "g"],
        &["init"],
        &["init", "--preset", "mdm"],
        &["kill", "--all"],
        &["rollout", "f", "--split", "on=1,off=1"],
        &["rule", "add", "f", "--when", "beta exists", "--serve", "on"],
        &["variant", "set", "f", "new=true"],
        &["describe", "f", "--owner", "ada"],
        &["rollback", "--tenant", "acme"],
        &["rollback", "--tenant", "acme", "f"],
        &["delete", "f"],
        &["edit", "f"],
    ] {
        let answer = home.run(&[&["flag"], arguments, &["--yes", "--expect", "1"]].concat());
        assert_eq!(answer.code, 7, "{arguments:?}\n{answer}");
        assert!(
            answer.err.contains("revision 1") && answer.err.contains("revision 2"),
            "{answer}"
        );
    }
    assert_eq!(home.json(&["flag", "list"])["revision"], 2);
}

#[test]
fn a_change_answers_the_new_state_and_the_revision() {
    let home = Home::with_flag();
    let changed = home.json(&["flag", "rollout", "f", "0.125", "--yes"]);
    assert_eq!(changed["revision"], 2);
    assert_eq!(changed["flag"]["rollout"]["percentage"], json!(0.125));
    assert_eq!(changed["changes"][0]["key"], "f");
    assert_eq!(changed["changes"][0]["before"]["default"], "off");
    assert_eq!(
        changed["changes"][0]["after"],
        without_key(&changed["flag"])
    );
}

fn without_key(flag: &Value) -> Value {
    let mut definition = flag.clone();
    for field in ["key", "value"] {
        definition.as_object_mut().unwrap().remove(field);
    }
    definition
}

#[test]
fn set_ends_a_rollout_and_rollout_keeps_the_default() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "25", "--yes"]);
    assert_eq!(f(&home)["default"], "off");
    home.done(&["flag", "set", "f", "true", "--yes"]);
    assert_eq!(
        (&f(&home)["default"], &f(&home)["rollout"]),
        (&json!("on"), &Value::Null)
    );
}

#[test]
fn history_tells_who_what_when_and_why_newest_first() {
    let home = Home::with_flag();
    home.done(&[
        "flag", "rollout", "f", "5", "--yes", "--actor", "ada", "--reason", "canary",
    ]);
    home.done(&["flag", "rollout", "f", "5", "--yes", "--actor", "ada"]);
    home.done(&["flag", "create", "g", "--yes", "--actor", "bob"]);
    let history = home.json(&["flag", "history"]);
    let records = history["history"].as_array().unwrap();
    let revisions: Vec<_> = records
        .iter()
        .map(|record| record["revision"].as_u64())
        .collect();
    assert_eq!(revisions, [Some(4), Some(3), Some(2), Some(1)]);
    assert_eq!(
        (&records[2]["actor"], &records[2]["reason"]),
        (&json!("ada"), &json!("canary"))
    );
    assert!(records[2]["time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        records[3]["actor"].as_str().unwrap().split('@').next(),
        Some("tester")
    );
    assert_eq!(history["next_before"], Value::Null);

    let page = home.json(&["flag", "history", "f", "-n", "2"]);
    assert_eq!(
        (
            page["history"].as_array().unwrap().len(),
            &page["next_before"]
        ),
        (2, &json!(2))
    );
    let rest = home.json(&["flag", "history", "f", "-n", "2", "--before", "2"]);
    assert_eq!(rest["history"][0]["revision"], 1);

    let lines = home.run(&["flag", "history", "--format", "jsonl"]).lines();
    assert_eq!(lines.len(), 4);
    let told = home.told(&["flag", "history", "f", "-n", "2"]);
    insta::with_settings!({filters => [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-01T00:00:00Z"),
    ]}, { insta::assert_snapshot!(told) });
}

#[test]
fn history_shows_the_beginning_of_a_long_reason_and_keeps_all_of_it() {
    let home = Home::with_flag();
    let reason = "because".repeat(1000);
    home.done(&["flag", "set", "f", "on", "--reason", &reason, "--yes"]);
    let answer = home.run(&["flag", "history"]);
    assert!(answer.out.contains("because"), "{answer}");
    assert!(answer.out.len() < 2000, "{answer}");
    assert_eq!(
        home.json(&["flag", "history"])["history"][0]["reason"],
        reason
    );
}

#[test]
fn undo_goes_back_and_forth_and_to_any_revision() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "5", "--yes"]);
    home.done(&["flag", "rollout", "f", "25", "--yes"]);
    let share = |home: &Home| f(home)["rollout"]["percentage"].clone();
    home.done(&["flag", "undo", "f", "--yes"]);
    assert_eq!(share(&home), 5);
    home.done(&["flag", "undo", "f", "--yes"]);
    assert_eq!(share(&home), 25, "undo twice is redo");
    home.done(&["flag", "undo", "f", "--to", "2", "--yes"]);
    assert_eq!(share(&home), 5);
    home.done(&["flag", "create", "g", "--yes"]);
    home.done(&["flag", "undo", "--to", "3", "--yes"]);
    assert_eq!(share(&home), 25);
    let gone = home.run(&["flag", "get", "g"]);
    assert_eq!(gone.code, 1, "g was not there at revision 3\n{gone}");
    home.done(&["flag", "undo", "g", "--yes"]);
    assert_eq!(
        home.json(&["flag", "list"])["revision"],
        9,
        "every undo is a revision"
    );
}

#[test]
fn init_adds_what_is_missing_and_leaves_the_rest() {
    let home = Home::new();
    home.done(&["flag", "init", "--yes"]);
    assert!(exists(&home.path().join("flags.json")));
    home.done(&[
        "flag",
        "create",
        "use_new_backend",
        "--owner",
        "ada",
        "--yes",
    ]);
    home.done(&["flag", "init", "--preset", "mdm", "--yes"]);
    let flags = home.json(&["flag", "list"]);
    assert_eq!(
        (flags["flags"].as_array().unwrap().len(), &flags["revision"]),
        (8, &json!(3))
    );
    assert_eq!(
        home.json(&["flag", "get", "use_new_backend"])["flag"]["owner"],
        "ada"
    );
    home.done(&["flag", "init", "--preset", "mdm", "--yes"]);
    assert_eq!(
        home.json(&["flag", "list"])["revision"],
        3,
        "nothing was missing"
    );
}

#[test]
fn create_keeps_everything_it_is_told() {
    let home = Home::with_flag();
    home.done(&[
        "flag",
        "create",
        "g",
        "--variant",
        "new=true",
        "--variant",
        "old=false",
        "--bucketing",
        "md5",
        "--salt",
        "s",
        "--by",
        "tenant",
        "--description",
        "d",
        "--owner",
        "o",
        "--expires",
        "2020-01-31",
        "--requires",
        "f",
        "--default",
        "new",
        "--yes",
    ]);
    let flag = &home.json(&["flag", "get", "g"])["flag"];
    for (field, value) in [
        ("key", json!("g")),
        ("type", json!("boolean")),
        ("variants", json!({"new": true, "old": false})),
        ("default", json!("new")),
        ("off", json!("old")),
        (
            "rollout",
            json!({"by": "tenant", "bucketing": "md5", "salt": "s"}),
        ),
        ("description", json!("d")),
        ("owner", json!("o")),
        ("expires", json!("2020-01-31")),
        ("requires", json!(["f"])),
    ] {
        assert_eq!(flag[field], value, "{field}");
    }
    let again = home.run(&["flag", "create", "g", "--yes"]);
    assert_eq!(again.code, 1, "{again}");
    assert!(again.err.contains("exists already"), "{again}");
    let status = home.json(&["flag", "status", "g"]);
    let said = status["flag"].to_string();
    assert!(
        said.contains("requires f") && said.contains("expired"),
        "{status}"
    );
}

#[test]
fn status_says_configured_effective_and_why() {
    let home = Home::new();
    home.done(&["flag", "create", "f", "--bucketing", "md5", "--yes"]);
    let changed = home.run(&["flag", "rollout", "f", "12.5", "--yes"]);
    assert!(changed.err.contains("really reaches 13 %"), "{changed}");
    let unit = home.json(&["flag", "status", "f", "--unit", "u1"])["flag"].clone();
    assert_eq!(unit["configured"]["percentage"], json!(12.5));
    assert_eq!(unit["configured"]["reached"], json!(13));
    assert_eq!(unit["effective"]["reason"], "SPLIT");
    assert_eq!(unit["effective"]["hash_input"], "md5(\"f:u1\")");
    assert!(
        unit["warnings"][0].as_str().unwrap().contains("13 %"),
        "{unit}"
    );
    let anybody = home.json(&["flag", "status", "f"])["flag"].clone();
    assert_eq!(anybody["effective"], Value::Null, "it depends on the unit");
    let all = home.json(&["flag", "status"]);
    assert_eq!(all["flags"][0], anybody);
    assert_eq!(
        home.run(&["flag", "status", "--format", "jsonl"])
            .lines()
            .len(),
        1
    );
}

#[test]
fn the_way_back_and_what_stands_above_are_told() {
    let home = Home::with_flag();
    home.done(&["flag", "override", "f", "acme", "on", "--yes"]);
    let first = home.run(&["flag", "rollout", "f", "25", "--yes"]);
    assert!(
        first.err.contains("back: cutover flag rollout f 0\n"),
        "{first}"
    );
    let second = home.run(&["flag", "rollout", "f", "50", "--yes"]);
    assert!(
        second.err.contains("back: cutover flag rollout f 25\n"),
        "{second}"
    );
    let less = home.run(&["flag", "rollout", "f", "5", "--yes"]);
    assert!(
        less.err.contains("back: cutover flag rollout f 50\n"),
        "{less}"
    );
    let set = home.run(&["flag", "set", "f", "off", "--yes"]);
    assert!(set.err.contains("f keeps 1 override"), "{set}");
    for (arguments, ways) in [
        (&["flag", "undo", "--yes"][..], ["KEY", "--to REVISION"]),
        (&["flag", "kill", "--yes"], ["KEY", "--all"]),
    ] {
        let answer = home.run(arguments);
        assert_eq!(answer.code, 2, "{answer}");
        assert!(ways.iter().all(|way| answer.err.contains(way)), "{answer}");
    }
}

#[test]
fn a_day_that_is_none_is_answered_with_one() {
    let home = Home::with_flag();
    for arguments in [
        &["flag", "create", "g", "--expires", "soon", "--yes"][..],
        &["flag", "describe", "f", "--expires", "2027-13-01", "--yes"],
        &["flag", "stale", "--at", "x"],
    ] {
        let answer = home.run(arguments);
        assert_eq!(answer.code, 2, "{answer}");
        assert!(
            answer.err.contains(": a day is written as 2027-06-30"),
            "{answer}"
        );
    }
}

#[test]
fn a_flag_moves_from_stage_to_stage() {
    let home = Home::new();
    let create = |key, stage| home.run(&["flag", "create", key, "--stage", stage, "--yes"]);
    let early = create("f", "shadow");
    assert!(
        early.err.contains("next: cutover flag rollout f 5"),
        "{early}"
    );
    let late = create("done", "complete");
    assert!(
        late.err.contains("next: cutover flag status done"),
        "{late}"
    );

    let describe =
        |what: &[&str]| home.run(&[&["flag", "describe", "f"], what, &["--yes"]].concat());
    assert!(
        describe(&["--stage", "live"])
            .out
            .contains("stage shadow → live")
    );
    assert_eq!(f(&home)["stage"], "live");
    let wrong = describe(&["--stage", "alive"]);
    assert_eq!(wrong.code, 2, "{wrong}");
    assert_eq!(describe(&["--stage", "live", "--clear", "stage"]).code, 2);
    assert_eq!(describe(&["--stage", "complete"]).code, 0);
    let kill = home.run(&["flag", "kill", "f", "--yes"]);
    assert!(
        kill.code != 0 && kill.err.contains("old is stale"),
        "{kill}"
    );
    assert_eq!(describe(&["--clear", "stage"]).code, 0);
    assert!(f(&home).get("stage").is_none_or(Value::is_null));
}
