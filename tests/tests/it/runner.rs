//! `cutover compare run` over real programs.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use cutover_tests::{Cutover, is_installed_or_left_out, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const CASES: i64 = 200;

/// The numbers of one case: some below zero, some empty, some long.
fn numbers(case: i64) -> Vec<i64> {
    (0..case % 23)
        .map(|at| (case * 37 + at * 101) % 199 - case % 2 * 120)
        .collect()
}

/// Where the port from Python really differs: a negative total that does not divide evenly.
fn differs(case: i64) -> bool {
    let numbers = numbers(case);
    let total: i64 = numbers.iter().sum();
    !numbers.is_empty() && total < 0 && total % numbers.len() as i64 != 0
}

fn name(case: i64) -> String {
    format!("case-{case:03}.txt")
}

/// A home with the corpus in it.
fn corpus() -> Cutover {
    let cutover = Cutover::new();
    for case in 0..CASES {
        let lines: Vec<String> = numbers(case).iter().map(i64::to_string).collect();
        cutover.write(&format!("cases/{}", name(case)), lines.join("\n") + "\n");
    }
    cutover
}

fn program(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("programs")
        .join(name)
        .display()
        .to_string()
}

/// The interpreter itself: what is called `python3` may be a script that looks for it every time.
fn python() -> String {
    let asked = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output();
    String::from_utf8(asked.unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}

#[test]
fn a_port_from_python_to_awk_differs_exactly_where_it_is_wrong() {
    if !is_installed_or_left_out("python3", "compare run over two programs") {
        return;
    }
    let cutover = corpus();
    let old = format!("{} -I -S {}", python(), program("stats.py"));
    let new = format!("awk -f {}", program("stats.awk"));
    let answer = cutover.run([
        "compare", "run", "--name", "stats", "--old", &old, "--new", &new, "--cases", "cases",
        "--stdin", "--jobs", "2", "--format", "json",
    ]);
    let run = answer.expect(1).json();
    let expected: BTreeSet<String> = (0..CASES).filter(|case| differs(*case)).map(name).collect();
    assert!(
        (10..CASES as usize / 2).contains(&expected.len()),
        "{}",
        expected.len()
    );
    assert_eq!(run["cases"], CASES, "{answer}");
    assert_eq!(run["different"], expected.len(), "{answer}");
    assert_eq!(run["equal"], CASES as usize - expected.len(), "{answer}");
    assert_eq!(run["errors"], 0, "{answer}");

    // It was saved, under the id that it names, and can be shown and reported in every form.
    let id = run["id"].as_str().unwrap();
    let list = cutover
        .run(["compare", "list", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(list["runs"][0]["id"], id, "{list}");
    cutover.run(["compare", "show", id]);
    let text = cutover.run(["compare", "report", id, "--to", "text"]);
    assert!(text.stdout().contains("$.mean"), "{text}");
    let html = cutover.run(["compare", "report", id, "--to", "html"]);
    assert!(html.stdout().starts_with("<!DOCTYPE html>"), "{html}");
    assert!(
        html.stdout().contains("$.mean"),
        "the report names where they differ"
    );
    for outside in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(
            !html.stdout().contains(outside),
            "the page is whole in itself: {outside}"
        );
    }
    let report = cutover
        .run(["compare", "report", id, "--to", "json"])
        .json();
    assert!(!report["schema"].is_null(), "{report}");
    assert_eq!(report["totals"]["different"], expected.len(), "{report}");

    // Every pair is there, with what it came to.
    let shown = cutover
        .run(["compare", "show", id, "--format", "json"])
        .json();
    let different: BTreeSet<String> = shown["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["result"] == "different")
        .map(|record| record["case"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(different, expected);

    // A second run is another one; nothing is overwritten.
    let answer = cutover.run([
        "compare", "run", "--name", "stats", "--old", &new, "--new", &new, "--cases", "cases",
        "--stdin", "--jobs", "2", "--format", "json",
    ]);
    assert_ne!(answer.expect(0).json()["id"], id);
    let list = cutover
        .run(["compare", "list", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(list["runs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_program_that_is_not_there_is_trouble_that_names_it() {
    let cutover = corpus();
    cutover
        .run([
            "compare",
            "run",
            "--old",
            "no-such-program-x {}",
            "--new",
            "cat {}",
            "--cases",
            "cases",
        ])
        .explains(["no-such-program-x"]);
}

#[test]
fn a_program_that_hangs_is_ended_and_told() {
    let cutover = Cutover::new();
    cutover.write("cases.jsonl", "1\n2\n");
    let answer = cutover.run([
        "compare",
        "run",
        "--old",
        "cat",
        "--new",
        "sh -c 'tail -f /dev/null'",
        "--cases",
        "cases.jsonl",
        "--stdin",
        "--timeout",
        "300ms",
        "--format",
        "json",
    ]);
    assert_ne!(answer.code(), Some(0), "{answer}");
    let run: Value = answer.json();
    assert_eq!(run["equal"], 0, "{answer}");
}

#[test]
fn an_interrupted_run_is_saved_as_far_as_it_came() {
    let cutover = corpus();
    // Every case leaves a mark; the thirtieth says so, and from then on the programs are slow.
    let marks = cutover.path("marks");
    std::fs::create_dir(&marks).unwrap();
    let script = cutover.write(
        "slow.sh",
        "touch marks/$$\n\
         if [ $(ls marks | wc -l) -gt 30 ]; then touch reached; tail -f /dev/null; fi\n\
         cat\n",
    );
    let command = format!("sh {}", script.display());
    let mut run = cutover.command([
        "compare",
        "run",
        "--name",
        "slow",
        "--old",
        "cat",
        "--new",
        &command,
        "--cases",
        "cases",
        "--stdin",
        "--timeout",
        "10m",
        "--format",
        "json",
    ]);
    run.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = run.spawn().unwrap();
    let reached = cutover.path("reached");
    // One that ends before says why below.
    wait_until("thirty cases are done", || {
        reached.exists() || child.try_wait().unwrap().is_some()
    });
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    let _ = kill_process(pid, Signal::TERM);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(143), "{told}");

    let list = cutover
        .run(["compare", "list", "--format", "json"])
        .expect(0)
        .json();
    let id = list["runs"][0]["id"].as_str().unwrap();
    let report = cutover.run(["compare", "report", id, "--to", "json"]);
    let report = report.json();
    assert!(!report["schema"].is_null(), "{report}");
    let shown = cutover
        .run(["compare", "show", id, "--format", "json"])
        .json()
        .to_string();
    assert!(shown.contains("case-"), "what was done is there: {shown}");
}
