//! `compare run` where one program fails and the other does not; and the last lines of a run.

use serde_json::{Value, json};

use crate::workbench::{Bench, text};

/// Everything that is said, without what differs from run to run.
fn told(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.cutover(arguments);
    let id = bench.json(&["compare", "list", "-n", "1"])["runs"][0]["id"].clone();
    let all = format!(
        "{}{}=> {}\n",
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap()
    );
    let all = all.replace(id.as_str().unwrap_or("nothing"), "ID");
    // What was measured is another each time.
    let measured = |line: &&str| {
        let heads = ["wall time", "processor time", "peak memory", "      "];
        heads.iter().any(|head| line.starts_with(head))
    };
    all.lines()
        .filter(|line| !measured(line))
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn compared(record: &Value) -> Value {
    record["judgement"]["compared"].clone()
}

#[test]
fn one_side_that_fails_is_one_difference_with_its_reason() {
    let bench = Bench::with_cases([("a", String::new())]);
    let new = "sh -c 'echo 1; echo \"new: no such field: x\" >&2; echo more >&2; exit 5'";
    let (exit, summary) = bench.run("seq 20000", new, &[]);
    assert_eq!((exit, &summary["counts"]), (1, &json!({"outcome": 1})));
    let record = &bench.records("latest")[0];
    let found = compared(record);
    assert_eq!(found["counts"]["outcome"], 1);
    assert_eq!(found["differences"].as_array().unwrap().len(), 1);
    let difference = &found["differences"][0];
    assert_eq!(
        (&difference["path"], &difference["old"], &difference["new"]),
        (
            &json!("$"),
            &json!("exit status 0"),
            &json!("exit status 5: new: no such field: x")
        )
    );
    // Of what they wrote the beginning is there to look at.
    assert_eq!(record["read_as"], "none");
    assert_eq!(record["new"]["answer"]["excerpt"], "1\n");
    let shown = bench.cutover(&["compare", "show", "latest", "a"]);
    let shown = text(&shown.stdout);
    for line in [
        "was not compared",
        "old wrote:",
        "  1\n  2\n",
        "new wrote:",
        "messages of new:",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let shown = text(&bench.cutover(&["compare", "show", "latest"]).stdout);
    assert!(
        shown.contains("a  old: exit status 0, new: exit status 5: new: no such field: x"),
        "{shown}"
    );
}

#[test]
fn with_files_the_end_stands_for_them_unless_a_rule_looks_away_from_it() {
    let bench = Bench::with_cases([("a", String::new())]);
    let (old, new) = ("sh -c 'seq 9 > out; seq 9'", "sh -c 'seq 5; exit 2'");
    let output = bench.cutover(&[
        "compare", "run", "--old", old, "--new", new, "--cases", "cases", "--output", "out",
        "--output", "other",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(!said.contains("neither program wrote"), "{said}");
    let found = compared(&bench.records("latest")[0]);
    assert_eq!(found["differences"].as_array().unwrap().len(), 1);
    assert_eq!(found["differences"][0]["path"], "$.exit");
    let (_, summary) = bench.run(old, new, &["--output", "out", "--ignore", "$.exit"]);
    assert_eq!(summary["counts"], json!({"missing": 5}));
}

#[test]
fn two_sides_that_fail_are_compared_as_ever() {
    let bench = Bench::with_cases([("a", String::new())]);
    let failing =
        |code: u32, word: &str| format!("sh -c 'echo {word}; echo no {word} >&2; exit {code}'");
    assert_eq!(bench.run(&failing(1, "x"), &failing(1, "x"), &[]).0, 0);
    let (_, summary) = bench.run(&failing(1, "x"), &failing(1, "y"), &[]);
    assert_eq!(summary["counts"], json!({"value": 1}));
    let (_, summary) = bench.run(&failing(1, "x"), &failing(2, "y"), &[]);
    assert_eq!(summary["counts"], json!({"value": 1, "outcome": 1}));
    let ends = &compared(&bench.records("latest")[0])["differences"][0];
    assert_eq!(ends["old"], "exit status 1: no x");
    assert_eq!(ends["new"], "exit status 2: no y");
}

#[test]
fn the_reason_is_redacted_as_everything_else() {
    let bench = Bench::with_cases([("a", String::new())]);
    let new = "sh -c 'echo bad card 4111 >&2; exit 5'";
    bench.run("true", new, &["--redact-text", "[0-9]{4}"]);
    let difference = &compared(&bench.records("latest")[0])["differences"][0];
    assert_eq!(difference["new"], "exit status 5: bad card [redacted]");
}

#[test]
fn a_rule_that_hides_everything_is_named_at_the_end() {
    let bench = Bench::with_cases(["a", "b"].map(|name| (name, "{\"n\": 1}\n".to_owned())));
    let run = |more: &[&str]| {
        let run = [
            "compare",
            "run",
            "--name",
            "n",
            "--old",
            "cat",
            "--new",
            "sed s/1/2/",
            "--cases",
            "cases",
        ];
        told(&bench, &[&run[..], more].concat())
    };
    insta::assert_snapshot!(run(&["--ignore", "$[*]"]));
    insta::assert_snapshot!(run(&["--ignore", "$.n"]));
    // What is seen as well is seen.
    let seen = run(&["--as", "text", "--ignore", "$[1]"]);
    assert!(!seen.contains("warning"), "{seen}");
    let (old, new) = (bench.file("old.json", "[1]"), bench.file("new.json", "[2]"));
    let diff = |rule: &str| {
        let words = [
            "diff",
            old.to_str().unwrap(),
            new.to_str().unwrap(),
            "--ignore",
            rule,
        ];
        text(&bench.cutover(&words).stderr)
    };
    assert!(
        diff("$").contains("`ignore $` hides the whole answer"),
        "{}",
        diff("$")
    );
    assert!(
        diff("$[0]").contains("every difference (1 place) is hidden"),
        "{}",
        diff("$[0]")
    );
}

#[test]
fn a_suggested_rule_that_hides_everything_says_so() {
    let bench = Bench::with_cases((0..4).map(|case| (case.to_string(), String::new())));
    let program = "sh -c 'date +%N; echo $$'";
    let output = bench.cutover(&[
        "compare", "run", "--old", program, "--new", program, "--cases", "cases", "--noise", "2",
    ]);
    let said = text(&output.stderr);
    assert!(
        said.contains("`ignore $[*]` hides the whole answer"),
        "{said}"
    );
    let rules = bench.cutover(&["compare", "rules", "latest"]);
    assert!(
        text(&rules.stdout).contains("THIS HIDES THE WHOLE ANSWER"),
        "{}",
        text(&rules.stdout)
    );
    assert!(
        text(&rules.stderr).contains("hides the whole answer"),
        "{}",
        text(&rules.stderr)
    );
}

#[test]
fn a_value_apart_from_its_option_is_refused_with_what_to_write() {
    let bench = Bench::new();
    for (words, said) in [
        (&["--unordered", "$.tags"][..], "write --unordered='$.tags'"),
        (&["--fail-fast", "3"], "write --fail-fast=3"),
        (
            &["--key", "id"],
            "$=id for the elements of the whole answer",
        ),
        (&["--key", "$.items"], "Write $.items=FIELD"),
        (
            &["--ignore", "updated_at"],
            "$..updated_at wherever it stands",
        ),
    ] {
        let run = [
            "compare", "run", "--old", "cat", "--new", "cat", "--cases", "cases",
        ];
        let output = bench.cutover(&[&run[..], words].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let told = text(&output.stderr);
        assert!(told.contains(said), "{words:?}: {told}");
    }
    let output = bench.cutover(&["diff", "--unordered", "$.tags", "a.json", "b.json"]);
    let told = text(&output.stderr);
    assert!(told.contains("write --unordered='$.tags'"), "{told}");
}

#[test]
fn what_was_not_compared_says_why_where_it_is_named() {
    let bench = Bench::with_cases([("a", String::new())]);
    let (exit, _) = bench.run("yes", "yes", &["--max-output", "1kB"]);
    assert_eq!(exit, 3);
    let shown = text(&bench.cutover(&["compare", "show", "latest"]).stdout);
    assert!(
        shown.contains("not compared  a  neither side answered with at most 1000 B; allow more"),
        "{shown}"
    );
    let output = bench.cutover(&[
        "compare", "run", "--old", "/", "--new", "true", "--cases", "cases",
    ]);
    let said = text(&output.stderr);
    assert!(said.contains("it is a folder"), "{said}");
}

#[test]
fn what_cannot_be_read_as_a_document_is_not_kept_where_rules_go_by_paths() {
    let bench = Bench::with_cases([("a", "{\"user\": {\"iban\": \"IB4N\"}}\n".to_owned())]);
    let redact = ["--redact", "$..iban"];
    let warning = "sed 's/^/warn: slow /'";
    let cut_off = "sed s/.$//";
    for (old, new, more) in [
        ("cat", warning, &["--as", "json"][..]),
        (warning, "cat", &["--as", "json"]),
        ("cat", warning, &[]),
        ("cat", cut_off, &[]),
        (warning, cut_off, &[]),
        ("cat", warning, &["--stderr"]),
        (
            "sh -c 'cat > o.json'",
            "sh -c 'sed s/^/warn:/ > o.json'",
            &["--output", "o.json"],
        ),
        (
            "true",
            "sh -c 'sed s/.$// > o.json'",
            &["--output", "o.json"],
        ),
    ] {
        bench.run(old, new, &[&redact, more].concat());
        let records = bench.records("latest");
        let stored = serde_json::to_string(&records).unwrap();
        assert!(!stored.contains("IB4N"), "{old}, {new}: {stored}");
        assert_eq!(records[0]["result"], json!("different"), "{old}, {new}");
    }
    // What never was a document is kept, without what patterns take.
    let bench = Bench::with_cases([("a", "iban IB4N\n".to_owned())]);
    bench.run("cat", "sed s/4/5/", &redact);
    let stored = serde_json::to_string(&bench.records("latest")).unwrap();
    assert!(stored.contains("IB4N"), "{stored}");
}

#[test]
fn inputs_are_recorded_shown_and_run_again() {
    let bench = Bench::with_cases([
        ("a", "{\"n\":  1}\n".to_owned()),
        ("b", "{\"n\": 2, \"token\": \"t\"}\n".to_owned()),
        ("large", "x".repeat(2000)),
    ]);
    let record = ["--record-inputs=1kB", "--redact", "secrets"];
    bench.run("cat", "sed s/1/7/", &record);
    let inputs: Vec<_> = bench
        .records("latest")
        .into_iter()
        .map(|record| record["input"].clone())
        .collect();
    assert_eq!(
        inputs,
        [
            json!({"kept": {"value": {"stdin": "{\"n\":  1}\n"}}}),
            json!({"kept": {"value": {"stdin": {"n": 2, "token": "[redacted]"}}, "redacted": 1}}),
            json!({"too-large": {"bytes": 2000, "limit": 1000}}),
        ]
    );
    let shown = |case: &str| text(&bench.cutover(&["compare", "show", "latest", case]).stdout);
    assert!(
        shown("a").contains("input (stdin):\n  {\"n\":  1}\n"),
        "{}",
        shown("a")
    );
    assert!(
        shown("b").contains("input (stdin, redacted):"),
        "{}",
        shown("b")
    );
    assert!(
        shown("large").contains("input not kept: 1.95 KiB of it"),
        "{}",
        shown("large")
    );
    let replay = bench.cutover(&[
        "compare",
        "replay",
        "latest",
        "--old",
        "cat",
        "--new",
        "cat",
        "--allow-redacted",
        "--format",
        "json",
    ]);
    let summary: Value = serde_json::from_slice(&replay.stdout).unwrap();
    assert_eq!(
        (&summary["cases"], &summary["equal"]),
        (&json!(2), &json!(2))
    );
    let answers: Vec<_> = bench
        .records("latest")
        .into_iter()
        .map(|record| record["old"]["answer"]["excerpt"].clone())
        .collect();
    assert!(
        answers.contains(&json!("{\"n\":  1}\n")),
        "byte by byte: {answers:?}"
    );
    let (_, summary) = bench.run("cat", "cat", &[]);
    assert_eq!(summary["options"]["record_inputs_bytes"], json!(null));
    assert!(bench.records("latest")[0].get("input").is_none());
}
