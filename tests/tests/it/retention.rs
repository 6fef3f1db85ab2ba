//! Comparison records written by four processes, within limits: bounded disk, none lost inside the
//! limits, and questions that stay fast (the figures are said, not judged).

use std::process::{Command, Output, Stdio};

use cutover_tests::{Cutover, comparison_records, store_driver_binary};
use serde_json::Value;

const WRITERS: u32 = 4;

fn driver<'a>(words: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(store_driver_binary());
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a process said, as JSON lines; it must have succeeded.
fn lines(who: &str, output: &Output) -> Vec<Value> {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{who}: {said}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = said.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

#[expect(
    clippy::print_stdout,
    reason = "whoever writes a million records wants the figures"
)]
fn stays_within_limits(kind: &str, usual: u32) {
    let cutover = Cutover::new();
    let address = match kind {
        "file" => format!("file:{}", cutover.path("store").display()),
        _ => format!("sqlite:{}", cutover.path("store.db").display()),
    };
    let count = comparison_records(usual);
    let each = (count / WRITERS).to_string();
    let kept = u64::from(count) / 5;
    let max = kept.to_string();
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let name = format!("writer-{number}");
            let words = [
                "record",
                &address,
                "--writer",
                &name,
                "--count",
                &each,
                "--batch",
                "50",
                "--max-records",
                &max,
            ];
            (name.clone(), driver(words).spawn().unwrap())
        })
        .collect();
    let mut peak = 0;
    for (name, writer) in writers {
        let said = lines(&name, &writer.wait_with_output().unwrap());
        peak = peak.max(said[0]["disk_peak"].as_u64().unwrap());
        println!("{kind}: {}", said[0]);
    }

    // What is kept of each run is its newest records, without a gap.
    let read = |who| lines(who, &driver(["recorded", &address]).output().unwrap());
    let sum = |runs: &[Value], field: &str| -> u64 {
        runs.iter().map(|run| run[field].as_u64().unwrap()).sum()
    };
    let runs = read("recorded");
    assert_eq!(sum(&runs, "made"), u64::from(count));
    let left = sum(&runs, "kept");
    // A process may be two tenths of the limit ahead, and a batch.
    let over = kept + u64::from(WRITERS) * (kept / 5 + 50);
    assert!((kept..=over).contains(&left), "{left} of {kept} to {over}");
    // No more is on the disk than what is kept takes, with the indexes of a database and the log
    // beside it, which is emptied when it is longer than 16 MB. Where nobody empties it, it takes
    // four times what is kept.
    let (each, log) = if kind == "file" {
        (1000, 0)
    } else {
        (1500, 24 << 20)
    };
    assert!(peak < over * each + log, "{peak} bytes for {over} records");

    let compare = |words: &[&str]| {
        cutover.run(
            ["--store", &address, "--format", "json", "compare"]
                .iter()
                .chain(words),
        )
    };
    let prune = ["prune", "--max-records", &max];
    compare(&prune).expect(6).explains(["--yes"]);
    let told = compare(&[&prune[..], &["--dry-run"]].concat())
        .expect(0)
        .json();
    assert_eq!(told["records"].as_u64(), Some(left - kept));
    assert_eq!(
        sum(&read("told"), "kept"),
        left,
        "nothing is removed by a dry run"
    );
    let done = compare(&[&prune[..], &["--yes"]].concat()).expect(0).json();
    assert_eq!(
        (&done["records"], &done["bytes"]),
        (&told["records"], &told["bytes"])
    );
    assert_eq!(sum(&read("pruned"), "kept"), kept);

    let listed = compare(&["list", "--kind", "operation"]).expect(0).json();
    assert_eq!(listed["runs"].as_array().unwrap().len(), WRITERS as usize);
    let run = listed["runs"][0]["id"].as_str().unwrap();
    let path = ["show", run, "--path", "$.items[*].price", "--limit", "3"];
    let found = compare(&path).expect(0).json();
    for record in found["records"].as_array().unwrap() {
        assert_eq!(record["result"], "different");
    }
    let none = compare(&["show", run, "--path", "$.nowhere"])
        .expect(0)
        .json();
    assert_eq!(none["records"].as_array().map(Vec::len), Some(0));
    for answer in lines(
        "ask",
        &driver(["ask", &address, "--times", "5"]).output().unwrap(),
    ) {
        let found = answer["found"].as_u64().unwrap();
        let expected = match answer["question"].as_str().unwrap() {
            "by a path that none has" => 0..=0,
            "by id" => 1..=1,
            "newest of all" => 20..=20,
            // Of a writer that was done long before the others nothing may be left.
            "newest of a run" | "by path of a run" => 0..=20,
            // How many of which are left is a matter of who wrote last.
            _ => 1..=20,
        };
        assert!(expected.contains(&found), "{answer}");
        println!("{kind}: {answer}");
    }
}

#[test]
fn files_stay_within_limits_under_four_writers() {
    stays_within_limits("file", 8_000);
}

#[test]
fn sqlite_stays_within_limits_under_four_writers() {
    stays_within_limits("sqlite", 20_000);
}
