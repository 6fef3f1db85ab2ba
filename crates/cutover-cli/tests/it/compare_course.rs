//! `compare run`: what runs, how often, in which order, and with which surroundings.

use std::fs;

use serde_json::json;

use crate::workbench::{Bench, counts, text};

fn ten() -> Bench {
    Bench::with_cases((0..10).map(|index| (format!("{index}.txt"), format!("{index}\n"))))
}

#[test]
fn a_clean_environment_holds_what_was_asked_for_and_no_more() {
    let bench = Bench::with_cases([("a", String::new())]);
    let names = "sh -c 'env | sed s/=.*// | sort | grep -vx -e _ -e PWD -e SHLVL -e OLDPWD'";
    let run = |more: &[&str]| {
        let all = [
            &[
                "compare", "run", "--old", names, "--new", names, "--cases", "cases",
            ],
            more,
        ];
        let output = bench
            .command(&all.concat())
            .env("SECRET", "x")
            .env("WANTED", "y")
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let excerpt = bench.records("latest")[0]["old"]["answer"]["excerpt"].clone();
        (excerpt.as_str().unwrap().to_owned(), text(&output.stderr))
    };
    let (clean, said) = run(&[
        "--clean-env",
        "--pass-env",
        "WANTED",
        "--pass-env",
        "NOWHERE",
        "--env",
        "MORE=1",
    ]);
    let expected = "CUTOVER_COUNTERS\nHOME\nLANG\nMORE\nPATH\nTMPDIR\nTZ\nWANTED\n";
    assert_eq!(clean, expected);
    assert!(said.contains("NOWHERE"), "{said}");
    assert!(run(&[]).0.contains("SECRET"));

    let values = "sh -c 'echo $LANG $TZ; ls -A $HOME $TMPDIR | grep -v :; touch $HOME/x $TMPDIR/x'";
    let (exit, _) = bench.run(values, values, &["--clean-env", "--repeat", "2"]);
    assert_eq!(exit, 0);
    for record in bench.records("latest") {
        assert_eq!(record["old"]["answer"]["excerpt"], "C.UTF-8 UTC\n\n");
    }
}

#[test]
fn both_sides_find_the_same_paths() {
    let bench = ten();
    let program = "sh -c 'echo $TMPDIR $HOME $0; test -z \"$(ls -A $TMPDIR)\"; touch $TMPDIR/x'";
    let (exit, summary) = bench.run(program, program, &["--clean-env", "--jobs", "4"]);
    assert_eq!((exit, counts(&summary)), (0, [10, 10, 0, 0]));
    assert_eq!(summary["ends"], json!({"old": {}, "new": {}}));
    // Inputs that are no files become files at one path.
    bench.file("cases.jsonl", "\"one\"\n\"two\"\n");
    let output = bench.cutover(&[
        "compare",
        "run",
        "--old",
        "sh -c 'echo $0; cat $0; echo > $0' {}",
        "--new",
        "sh -c 'echo $0; cat $0; echo > $0' {}",
        "--cases",
        "cases.jsonl",
    ]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_must_not_be_kept_is_compared_and_not_stored() {
    let bench = Bench::with_cases([("a", String::new())]);
    let program = |user: &str| {
        format!(
            "sh -c 'echo {{\\\"user\\\": \\\"{user}\\\"}} | tee out.json; \
             echo token=s3cret-{user} >&2'"
        )
    };
    let redact = [
        "--output",
        "out.json",
        "--redact",
        "$..user",
        "--redact-text",
        "s3cret-[a-z]+",
    ];
    let (exit, _) = bench.run(&program("ann"), &program("bob"), &redact);
    assert_eq!(exit, 1);
    let records = bench.records("latest");
    assert_eq!(records[0]["judgement"]["compared"]["counts"]["value"], 2);
    assert_eq!(records[0]["new"]["messages"], "token=[redacted]\n");
    let stored = serde_json::to_string(&records).unwrap();
    // The commands themselves are not part of the records.
    for secret in ["ann", "bob"] {
        assert!(!stored.contains(secret), "{stored}");
    }
}

#[test]
fn warm_ups_run_and_are_thrown_away() {
    let bench = ten();
    let program = "sh -c 'echo >> runs; cat'";
    let (_, summary) = bench.run(program, "cat", &["--warm-up", "2", "--repeat", "3"]);
    assert_eq!(counts(&summary), [10, 10, 0, 0]);
    assert_eq!(
        (&summary["pairs"], &summary["options"]["warm_up"]),
        (&json!(30), &json!(2))
    );
    let runs = fs::read_to_string(bench.folder.path().join("runs")).unwrap();
    assert_eq!(runs.lines().count(), 50);
    assert_eq!(bench.records("latest").len(), 30);
}

#[test]
fn the_order_of_cases_is_drawn_unless_it_matters() {
    let bench = ten();
    let order = |more: &[&str]| {
        let log = bench.folder.path().join("log");
        let _ = fs::remove_file(&log);
        bench.run("sh -c 'read n; echo $n >> log'", "true", more);
        fs::read_to_string(&log).unwrap()
    };
    let sorted = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    assert_eq!(order(&["--in-order"]), sorted);
    let drawn = order(&["--seed", "7"]);
    assert_ne!(drawn, sorted);
    assert_eq!(drawn, order(&["--seed", "7"]));
    assert_ne!(drawn, order(&["--seed", "8"]));
}

#[test]
fn cases_are_picked_and_a_misspelt_one_is_refused() {
    let bench = ten();
    let (_, summary) = bench.run("cat", "cat", &["--case", "3.txt", "--case", "[4-6]*"]);
    assert_eq!(counts(&summary), [4, 4, 0, 0]);
    let refused = bench.cutover(&[
        "compare", "run", "--old", "cat", "--new", "cat", "--cases", "cases", "--case", "3.tx",
    ]);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(said.contains("did you mean `3.txt`"), "{said}");
}

#[test]
fn a_run_can_end_at_the_first_differences() {
    let bench = ten();
    let (exit, summary) = bench.run("cat", "true", &["--fail-fast"]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    assert_eq!(
        (&summary["state"], &summary["planned"]),
        (&json!("interrupted"), &json!(10))
    );
    let (exit, summary) = bench.run("cat", "true", &["--fail-fast=3", "--repeat", "2"]);
    assert_eq!((exit, counts(&summary)), (1, [3, 0, 3, 0]));
    assert_eq!(bench.run("cat", "cat", &["--fail-fast"]).0, 0);
}

#[test]
fn a_dry_run_shows_the_words_and_runs_nothing() {
    let bench = Bench::with_cases(["a b", "c"].map(|name| (name, String::new())));
    let preview = bench.json(&[
        "compare",
        "run",
        "--old",
        "touch ran {}",
        "--new",
        "echo '{{}}' \"it's\" {}",
        "--cases",
        "cases",
        "--dry-run",
        "--repeat",
        "2",
        "--warm-up",
        "1",
    ]);
    assert_eq!(
        (&preview["pairs"], &preview["executions"]),
        (&json!(4), &json!(12))
    );
    assert_eq!(
        preview["cases"][0],
        json!({
            "case": "a b",
            "old": ["touch", "ran", "cases/a b"],
            "new": ["echo", "{}", "it's", "cases/a b"],
        })
    );
    assert!(!bench.folder.path().join("ran").exists());
    assert_eq!(bench.json(&["compare", "list"])["runs"], json!([]));
}

#[test]
fn counters_are_recorded_and_are_no_messages() {
    let bench = Bench::with_cases([("a", String::new())]);
    let old = "sh -c 'echo hello >&2; echo \"{\\\"cutover\\\": {\\\"counters\\\": {\\\"queries\\\": 1000}}}\" >&2; \
               echo \"{\\\"cutover\\\":{\\\"counters\\\":{\\\"queries\\\":400}}}\" > $CUTOVER_COUNTERS'";
    let new = "sh -c 'echo \"{\\\"cutover\\\":{\\\"counters\\\":{\\\"queries\\\":24}}}\" >&2; \
               echo \"{\\\"cutover\\\":{\\\"counters\\\":{\\\"queries\\\":-1}}}\" >&2'";
    let output = bench.cutover(&[
        "compare", "run", "--old", old, "--new", new, "--cases", "cases",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let record = &bench.records("latest")[0];
    let counted = |side: &str| record[side]["measurements"]["counters"].clone();
    assert_eq!(counted("old"), json!({"queries": 1400}));
    assert_eq!(counted("new"), json!({"queries": 24}));
    assert_eq!(record["old"]["messages"], "hello\n");
    let change = record["deltas"]["counters_percent"]["queries"]
        .as_f64()
        .unwrap();
    assert!((change + 98.285_714_3).abs() < 1e-6, "{change}");
    let said = text(&output.stderr);
    assert!(
        said.contains("counters were not counted") && said.contains("queries"),
        "{said}"
    );
}
