//! `compare replay`: what was recorded is run again as it was, and what is not is counted.

use std::fs;

use serde_json::{Value, json};

use crate::workbench::{Bench, counts, text};

impl Bench {
    /// Replays runs through two commands; the exit code, the summary and what was said.
    fn replay(&self, old: &str, new: &str, more: &[&str]) -> (i32, Value, String) {
        let words = [
            "compare", "replay", "--old", old, "--new", new, "--format", "json",
        ];
        let output = self.cutover(&[&words[..], more].concat());
        let said = text(&output.stderr);
        let summary = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), summary, said)
    }

    /// Changes what is stored of the last records.
    fn alter_records(&self, change: impl Fn(String) -> String) {
        let id = self.json(&["compare", "list"])["runs"][0]["id"].clone();
        let file = self.home.path().join("comparisons/runs");
        let file = file.join(id.as_str().unwrap()).join("records-000001.jsonl");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, change(text)).unwrap();
    }
}

fn recorded(more: &[&str]) -> Bench {
    let bench = Bench::with_cases([
        ("a.txt", "1\n".to_owned()),
        ("b.txt", "2\n".to_owned()),
        ("large.txt", "x".repeat(1001)),
    ]);
    let record = [&["--record-inputs=1000", "--in-order"], more].concat();
    bench.run("cat", "cat", &record);
    bench
}

#[test]
fn what_was_not_kept_is_said_when_it_is_recorded_and_missed_when_it_is_replayed() {
    let bench = recorded(&[]);
    let again = bench.cutover(&[
        "compare",
        "run",
        "--old",
        "cat",
        "--new",
        "cat",
        "--cases",
        "cases",
        "--record-inputs=1000",
    ]);
    let said = text(&again.stderr);
    assert!(said.contains("inputs were not kept"), "{said}");
    assert!(
        said.contains("1 larger than --record-inputs allows"),
        "{said}"
    );
    assert!(said.contains("large.txt"), "{said}");

    let (exit, summary, said) = bench.replay("cat", "cat", &["latest", "--repeat", "2"]);
    assert_eq!((exit, counts(&summary)), (4, [2, 2, 0, 0]), "{said}");
    assert_eq!(summary["dropped"], json!({"input-not-kept": 2}));
    assert_eq!(summary["planned"], 2);
    let source = &summary["options"]["replay_of"];
    assert_eq!(source["left_out"], json!({"input-not-kept": 1}));
    assert_eq!(source["inputs"], 2);
    let report = bench.cutover(&["compare", "report", "latest", "--check"]);
    let page = text(&report.stdout);
    assert_eq!(report.status.code(), Some(4), "{page}");
    assert!(page.contains("2 dropped (input-not-kept 2)"), "{page}");
    assert!(page.contains("4 made of 6"), "{page}");
    let shown = text(&bench.cutover(&["compare", "show", "latest"]).stdout);
    assert!(shown.contains("not compared: input-not-kept 2"), "{shown}");
    assert_eq!(bench.json(&["compare", "show", "latest"])["planned"], 2);
}

#[test]
fn who_asks_for_some_inputs_misses_no_others() {
    let bench = recorded(&[]);
    let (exit, summary, said) = bench.replay("cat", "cat", &["latest", "--case", "a*"]);
    assert_eq!((exit, counts(&summary)), (0, [1, 1, 0, 0]), "{said}");
}

#[test]
fn an_input_that_was_altered_or_cannot_be_read_is_not_run_and_not_forgotten() {
    let bench = recorded(&["--case", "?.txt"]);
    bench.alter_records(|text| text.replacen(r#""stdin":"1\n""#, r#""stdin":"7\n""#, 1));
    let (exit, summary, said) = bench.replay("cat", "cat", &["latest"]);
    assert_eq!((exit, counts(&summary)), (4, [1, 1, 0, 0]), "{said}");
    assert!(said.contains("a.txt is not what was recorded"), "{said}");
    assert_eq!(summary["dropped"], json!({"input-altered": 1}));

    let bench = recorded(&["--case", "?.txt"]);
    bench.alter_records(|text| format!("broken{text}"));
    let (exit, summary, said) = bench.replay("cat", "cat", &["latest"]);
    assert_eq!((exit, counts(&summary)), (4, [1, 1, 0, 0]), "{said}");
    assert_eq!(summary["dropped"], json!({"unreadable": 1}));
}

#[test]
fn an_input_has_the_name_it_had_and_gets_to_programs_the_way_it_did() {
    let bench = recorded(&["--case", "?.txt", "--repeat", "2"]);
    let name = "sh -c 'basename \"$0\"' {}";
    let (exit, _, said) = bench.replay(name, name, &["latest", "--in-order"]);
    assert_eq!(exit, 0, "{said}");
    let answers = |bench: &Bench| -> Vec<String> {
        let records = bench.records("latest");
        let excerpt = |record: &Value| record["new"]["answer"]["excerpt"].clone();
        let mut answers: Vec<_> = records
            .iter()
            .map(|record| excerpt(record).as_str().unwrap().trim().to_owned())
            .collect();
        answers.sort();
        answers
    };
    assert_eq!(
        answers(&bench),
        ["a (2).txt", "a.txt", "b (2).txt", "b.txt"]
    );

    // A path as the last argument stays one, and a text a text.
    let bench = Bench::with_cases([("a.txt", "1\n".to_owned())]);
    bench.run("cat", "cat", &["--arg", "--record-inputs"]);
    let (_, _, said) = bench.replay("basename", "basename", &["latest"]);
    assert!(
        said.contains("as they were when they were recorded"),
        "{said}"
    );
    assert_eq!(answers(&bench), ["a.txt"]);
    bench.file("lines.jsonl", "\"one\"\n");
    let lines = [
        "compare",
        "run",
        "--old",
        "echo",
        "--new",
        "echo",
        "--cases",
        "lines.jsonl",
    ];
    bench.cutover(&[&lines[..], &["--arg", "--record-inputs"]].concat());
    bench.replay("echo", "echo", &["latest"]);
    assert_eq!(answers(&bench), ["one"]);

    // Where commands say how, and the new ones do not.
    bench.run("cat {}", "cat {}", &["--record-inputs"]);
    let (exit, _, said) = bench.replay("cat", "cat {}", &["latest"]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("--old has no `{}`"), "{said}");
    assert!(!said.contains("--new has no"), "{said}");
}

#[test]
fn a_replay_is_taken_up_again_although_more_was_recorded_since() {
    let bench = Bench::with_cases(["a", "b"].map(|name| (name, format!("{name}\n"))));
    let record = [
        "--name",
        "source",
        "--record-inputs",
        "--fail-fast",
        "--in-order",
    ];
    // It ends after the first case, and goes on later.
    let (_, source) = bench.run("cat", "sed s/a/x/", &record);
    let id = source["id"].as_str().unwrap();
    let (exit, summary, said) = bench.replay("cat", "sed s/a/x/", &[id]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]), "{said}");
    let replay = summary["id"].as_str().unwrap();
    let resume = [&record[..], &["--resume", id]].concat();
    let (_, source) = bench.run("cat", "sed s/a/x/", &resume);
    assert_eq!(source["cases"], 2);
    let (exit, summary, said) = bench.replay("cat", "sed s/a/x/", &[id, "--resume", replay]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]), "{said}");
}

#[test]
fn an_input_may_be_as_large_as_is_said_and_the_sizes_that_are_told_differ() {
    let lines = "\n".repeat(65_536);
    let bench = Bench::with_cases([("fits", lines.clone()), ("more", format!("{lines}\n"))]);
    bench.run("cat", "cat", &["--record-inputs"]);
    let shown = |case: &str| text(&bench.cutover(&["compare", "show", "latest", case]).stdout);
    assert!(shown("fits").contains("input (stdin)"), "{}", shown("fits"));
    let said = "65537 bytes of it, and no more than 65536 bytes is recorded";
    assert!(shown("more").contains(said), "{}", shown("more"));

    // What fits the limit may still be too long for a record.
    bench.case("fits".as_ref(), &"\u{1}".repeat(1 << 20));
    bench.run("cat", "cat", &["--record-inputs=3MiB", "--case", "fits"]);
    let shown = shown("fits");
    assert!(
        shown.contains("longer than its store takes: 6291"),
        "{shown}"
    );
}
