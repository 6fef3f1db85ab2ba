//! `cutover compare run` over programs that misbehave.
#![cfg(unix)]

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::full_disk::{WAYS, can_mount};
use cutover_tests::{Cutover, cutover_binary, is_possible_or_left_out};

/// Cases of these names, each with its own name in it.
fn with_cases<'a>(names: impl IntoIterator<Item = &'a str>) -> Cutover {
    let cutover = Cutover::new();
    for name in names {
        cutover.write(&format!("cases/{name}"), format!("{name}\n"));
    }
    cutover
}

/// What a run over the folder of cases ended with: its exit code, its summary, its records.
fn run(cutover: &Cutover, old: &str, new: &str, more: &[&str]) -> (i32, Value, Vec<Value>) {
    let words = [
        &[
            "compare", "run", "--old", old, "--new", new, "--cases", "cases", "--format", "json",
        ],
        more,
    ];
    let answer = cutover.run(words.concat());
    let summary = answer.json();
    (answer.code().unwrap(), summary, records(cutover))
}

fn records(cutover: &Cutover) -> Vec<Value> {
    let shown = cutover.run([
        "compare", "show", "latest", "--limit", "10000", "--format", "json",
    ]);
    shown.json()["records"].as_array().unwrap().clone()
}

fn counts(summary: &Value) -> [u64; 4] {
    ["cases", "equal", "different", "errors"].map(|field| summary[field].as_u64().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_leaves_its_group_is_ended_all_the_same() {
    let cutover = with_cases(["a"]);
    let mark = format!("64.{}", std::process::id());
    // A daemon as daemons are made: a session of its own, no streams, its parent gone.
    let daemon = format!(
        "sh -c 'setsid sh -c \"echo > $TMPDIR/up; sleep {mark} & sleep {mark}\" </dev/null \
         >/dev/null 2>&1 & while ! test -e $TMPDIR/up; do :; done; echo done'"
    );
    let (exit, _, records) = run(&cutover, &daemon, "echo done", &[]);
    assert_eq!(exit, 0);
    assert_eq!(records[0]["old"]["left_behind"], true);
    assert!(!runs("sleep", &mark), "nothing is left behind");

    // Also one that is given up.
    let hangs = format!("sh -c 'setsid sleep {mark} & sleep {mark}'");
    let (exit, ..) = run(&cutover, &hangs, "true", &["--timeout", "2s"]);
    assert_eq!(exit, 1);
    assert!(!runs("sleep", &mark));
}

/// Whether a process with this name and argument runs.
#[cfg(target_os = "linux")]
fn runs(name: &str, argument: &str) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        fs::read(entry.path().join("cmdline")).is_ok_and(|line| {
            let mut words = line.split(|byte| *byte == 0);
            words.next() == Some(name.as_bytes()) && words.next() == Some(argument.as_bytes())
        })
    })
}

#[test]
fn a_disk_that_a_program_fills_costs_that_case_alone() {
    let way = WAYS.into_iter().find(|way| can_mount(way));
    let why = "no file system can be mounted for a test (unshare, mount)";
    if !is_possible_or_left_out(way.is_some(), "compare run on a full disk", why) {
        return;
    }
    let Some(way) = way else { return };
    let cutover = with_cases(["a", "big", "c"]);
    let small = cutover.path("small");
    fs::create_dir(&small).unwrap();
    let program =
        "sh -c 'read x; test $x != big || head -c 9000000 /dev/zero > out; echo $x >> out'";
    let mount = "mount -t tmpfs -o size=3m,mode=700 cutover-test \"$TMPDIR\" && exec \"$@\"";
    let status = Command::new(way[0])
        .args(&way[1..])
        .args(["sh", "-c", mount, "sh"])
        .arg(cutover_binary())
        .args([
            "compare", "run", "--old", program, "--new", program, "--cases",
        ])
        .arg(cutover.path("cases"))
        .args(["--output", "out", "--in-order"])
        .env("TMPDIR", &small)
        .env("CUTOVER_HOME", cutover.path("."))
        .output()
        .unwrap();
    assert_eq!(status.status.code(), Some(3), "{status:?}");
    let results: Vec<_> = records(&cutover)
        .iter()
        .map(|record| (record["case"].clone(), record["result"].clone()))
        .collect();
    let expected = [("a", "equal"), ("big", "failed"), ("c", "equal")];
    assert_eq!(
        results,
        expected.map(|(case, result)| (json!(case), json!(result)))
    );
    let why = records(&cutover)[1]["judgement"]["failed"].clone();
    assert!(why.as_str().unwrap().contains("is full"), "{why}");
}

#[test]
fn a_gigabyte_is_ended_or_compared_without_being_held() {
    let cutover = with_cases(["a"]);
    let flood = "head -c 1000000000 /dev/zero";
    let (exit, summary, records) = run(&cutover, flood, "true", &["--max-output", "1MiB"]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    let ended = records[0]["old"]["outcome"].clone();
    assert_eq!(ended["class"], "too much output");
    let why = ended["message"].as_str().unwrap();
    assert!(why.contains("--max-output"), "{why}");

    // Files with holes: a gigabyte long, and next to nothing on the disk.
    let file = |end: &str| format!("sh -c 'truncate -s 1000000000 out.bin; echo {end} >> out.bin'");
    let limited = format!(
        "ulimit -v 1000000; exec '{}' compare run --old \"$0\" --new \"$1\" --cases cases \
         --output out.bin=bytes",
        cutover_binary().display()
    );
    let status = Command::new("sh")
        .args(["-c", &limited, &file("x"), &file("x")])
        .current_dir(cutover.path("."))
        .env("CUTOVER_HOME", cutover.path("."))
        .output()
        .unwrap();
    assert_eq!(status.status.code(), Some(0), "{status:?}");
}

#[test]
fn hostile_bytes_are_compared_and_harm_nobody() {
    let cutover = with_cases(["a"]);
    let hostile = "printf '\\033[2J\\033]0;owned\\007\\000\\377\\376\\342\\200\\256<script>alert(1)</script>%s\\n'";
    let (exit, summary, records) = run(
        &cutover,
        &format!("{hostile} old"),
        &format!("{hostile} new"),
        &[],
    );
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    assert_eq!(records[0]["judgement"]["compared"]["counts"]["value"], 1);
    let (exit, ..) = run(
        &cutover,
        &format!("{hostile} x"),
        &format!("{hostile} x"),
        &[],
    );
    assert_eq!(exit, 0);
    run(
        &cutover,
        &format!("{hostile} old"),
        &format!("{hostile} new"),
        &[],
    );
    for page in [
        vec!["compare", "show", "latest", "a"],
        vec!["compare", "report", "latest", "--to", "text"],
        vec!["compare", "report", "latest", "--to", "html"],
    ] {
        let shown = cutover.run(&page);
        let shown = shown.expect(0).stdout();
        assert!(
            !shown.contains(['\u{1b}', '\u{7}', '\0', '\u{202e}']),
            "{page:?}: {shown}"
        );
        assert!(!shown.contains("<script>alert") || !page.contains(&"html"));
    }
}

#[test]
fn four_at_once_write_files_of_one_name_and_meet_nobody() {
    let names: Vec<String> = (0..24).map(|case| format!("{case:02}")).collect();
    let cutover = with_cases(names.iter().map(String::as_str));
    cutover.write("work/config.toml", "n = 1\n");
    // The second line is what another execution would have left.
    let program = "sh -c 'read x; cat config.toml > out.toml; echo \"m = \\\"$x\\\"\" >> out.toml; \
                   echo \"n = 2\" > config.toml; printf \"{\\\"case\\\": \\\"%s\\\"}\" $x > out.json'";
    let new = program.replace("%s", "%s\\\", \\\"new\\\": \\\"1");
    let files = [
        "--workdir",
        "work",
        "--output",
        "*.toml",
        "--output",
        "out.json",
        "--jobs",
        "4",
    ];
    let (exit, summary, records) = run(&cutover, program, program, &files);
    assert_eq!((exit, counts(&summary)), (0, [24, 24, 0, 0]), "{records:?}");
    for record in &records {
        assert_eq!(record["files"]["out.toml"]["old_bytes"], 15);
    }
    let (exit, _, records) = run(&cutover, program, &new, &files);
    assert_eq!(exit, 1);
    for record in records {
        let differences = &record["judgement"]["compared"]["differences"];
        assert_eq!(
            differences[0]["path"], "$.files['out.json'].new",
            "{differences}"
        );
    }
    assert_eq!(cutover.read("work/config.toml"), "n = 1\n");
}
