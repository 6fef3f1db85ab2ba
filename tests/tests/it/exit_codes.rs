//! The answers that scripts rely on: exit codes, streams, and the shape of JSON.

use cutover_tests::Cutover;

#[test]
fn each_ending_has_its_exit_code() {
    let cutover = Cutover::with_flags(["search"]);
    for (arguments, code) in [
        (vec!["flag", "list"], 0),
        (vec!["flag", "get", "serach"], 1),
        (vec!["flag", "set", "serach", "true", "--yes"], 1),
        (vec!["flag", "rollout", "search", "101", "--yes"], 2),
        (vec!["flag", "rollout", "search", "1.2345", "--yes"], 2),
        (vec!["flag", "frobnicate"], 2),
        (vec!["--store", "file:", "flag", "list"], 2),
        (vec!["flag", "set", "search", "true"], 6),
        (
            vec!["flag", "set", "search", "true", "--yes", "--expect", "99"],
            7,
        ),
    ] {
        cutover.run(arguments).expect(code);
    }
}

#[test]
fn programs_and_cases_that_cannot_be_used_are_usage() {
    let cutover = Cutover::new();
    std::fs::create_dir(cutover.path("none")).unwrap();
    cutover.write("one.jsonl", "{}\n");
    let [none, one, nowhere] = ["none", "one.jsonl", "nowhere"].map(|name| cutover.path(name));
    for (old, cases, said) in [
        ("/nowhere/program", &one, "is not there"),
        ("/", &one, "it is a folder"),
        ("cat", &nowhere, "cannot read the cases"),
        ("cat", &none, "there are no cases"),
    ] {
        let cases = cases.to_str().unwrap();
        let run = [
            "compare", "run", "--old", old, "--new", "cat", "--cases", cases,
        ];
        cutover.run(run).expect(2).explains([said]);
    }
    let none = [
        "compare", "run", "--old", "cat", "--new", "cat", "--repeat", "0",
    ];
    cutover
        .run(none)
        .expect(2)
        .explains(["a whole number from 1"]);
}

#[test]
fn an_unknown_flag_is_told_with_a_suggestion_and_not_made() {
    let cutover = Cutover::with_flags(["search"]);
    cutover
        .run(["flag", "set", "serach", "true", "--yes"])
        .expect(1)
        .explains(["search"]);
    let flags = cutover
        .run(["flag", "list", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(flags["flags"].as_array().map(Vec::len), Some(1), "{flags}");
}

#[test]
fn a_change_needs_a_confirmation_and_can_be_tried_first() {
    let cutover = Cutover::with_flags(["search"]);
    let before = cutover.history();
    cutover
        .run(["flag", "kill", "search"])
        .expect(6)
        .explains(["--yes"]);
    cutover
        .run(["flag", "kill", "search", "--dry-run"])
        .expect(0);
    assert_eq!(cutover.history(), before);
    cutover.run(["flag", "kill", "search", "--yes"]).expect(0);
    assert_eq!(cutover.history().len(), before.len() + 1);
}

#[test]
fn json_has_its_schema_and_nothing_else_on_standard_output() {
    let cutover = Cutover::with_flags(["search"]);
    for arguments in [
        vec!["flag", "list"],
        vec!["flag", "get", "search"],
        vec!["flag", "status", "search"],
        vec!["flag", "history"],
        vec!["flag", "eval", "search", "--unit", "u1"],
        vec!["compare", "list"],
        vec!["metrics", "summary"],
        vec!["doctor"],
    ] {
        let answer = cutover.run(arguments.iter().copied().chain(["--format", "json"]));
        let value = answer.expect(0).json();
        assert!(!value["schema"].is_null(), "{answer}");
    }
}

#[test]
fn a_killed_flag_answers_off_until_it_is_restored() {
    let cutover = Cutover::with_flags(["search"]);
    let value = |unit: &str| {
        let answer = cutover.run(["flag", "eval", "search", "--unit", unit, "--format", "json"]);
        answer.expect(0).json()
    };
    cutover
        .run(["flag", "set", "search", "true", "--yes"])
        .expect(0);
    cutover
        .run(["flag", "override", "search", "acme", "true", "--yes"])
        .expect(0);
    cutover.run(["flag", "kill", "search", "--yes"]).expect(0);
    assert_eq!(
        (&value("acme")["value"], &value("acme")["reason"]),
        (&false.into(), &"DISABLED".into())
    );
    cutover
        .run(["flag", "restore", "search", "--yes"])
        .expect(0);
    assert_eq!(value("acme")["reason"], "TARGETING_MATCH");
    assert_eq!(value("other")["value"], true);
}

#[test]
fn undo_goes_back_one_change_or_to_a_revision() {
    let cutover = Cutover::with_flags(["search"]);
    let percentage = || {
        let answer = cutover.run(["flag", "get", "search", "--format", "json"]);
        answer.expect(0).json()["flag"]["rollout"]["percentage"].clone()
    };
    for percent in ["5", "12.5", "50"] {
        cutover
            .run(["flag", "rollout", "search", percent, "--yes"])
            .expect(0);
    }
    cutover.run(["flag", "undo", "search", "--yes"]).expect(0);
    assert_eq!(percentage(), 12.5);
    cutover.run(["flag", "undo", "search", "--yes"]).expect(0);
    assert_eq!(percentage(), 50, "again is redo");
    cutover
        .run(["flag", "undo", "search", "--to", "2", "--yes"])
        .expect(0);
    assert_eq!(percentage(), 5);
    assert_eq!(
        cutover.history().len(),
        7,
        "every undo is a revision of its own"
    );
}
