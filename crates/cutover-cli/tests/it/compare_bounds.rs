//! `compare run` and programs that hang, flood, leave processes behind or outlive their runner.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::workbench::{Bench, counts, let_ctrl_c_be_heard, signal, text, wait_for};

#[test]
fn a_program_that_hangs_is_ended_with_all_it_started() {
    let bench = Bench::with_cases(["quick", "slow"].map(|name| (name, format!("{name}\n"))));
    let mark = format!("60.{}", std::process::id());
    let new =
        format!("sh -c 'read x; case $x in slow) sleep {mark} & sleep {mark};; esac; echo $x'");
    let (exit, summary) = bench.run("cat", &new, &["--timeout", "5s"]);
    assert_eq!((exit, counts(&summary)), (1, [2, 1, 1, 0]));
    assert_eq!(
        bench.cases_with("different"),
        BTreeSet::from(["slow".to_owned()])
    );
    let slow = bench.json(&["compare", "show", "latest", "slow"]);
    assert_eq!(slow["records"][0]["new"]["outcome"]["status"], "timeout");
    assert!(!runs("sleep", &mark), "nothing is left behind");

    // When neither side answers in time nothing is known, which is no equality.
    let (exit, summary) = bench.run(&new, &new, &["--timeout", "5s"]);
    assert_eq!((exit, counts(&summary)), (3, [2, 1, 0, 1]));
}

#[test]
fn what_a_program_leaves_behind_is_ended_and_noted() {
    let bench = Bench::with_cases([("a", String::new())]);
    let mark = format!("61.{}", std::process::id());
    // It holds the messages open, which nobody compares, and not the answer.
    let (exit, _) = bench.run(
        &format!("sh -c 'sleep {mark} > /dev/null & echo done'"),
        "echo done",
        &["--timeout", "20s"],
    );
    assert_eq!(exit, 0);
    assert_eq!(bench.records("latest")[0]["old"]["left_behind"], true);
    assert!(!runs("sleep", &mark));
}

#[test]
fn an_answer_is_read_to_the_end_of_file_as_a_pipe_is() {
    let bench = Bench::with_cases([("a", String::new())]);
    let late = "sh -c '(sleep 1.2; echo late) & echo a'";
    let (exit, summary) = bench.run(late, "echo a", &[]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    let (exit, summary) = bench.run(late, late, &["--stderr"]);
    assert_eq!((exit, counts(&summary)), (0, [1, 1, 0, 0]));
    let record = &bench.records("latest")[0];
    assert_eq!(record["old"]["answer"]["excerpt"], "a\nlate\n");
    assert_eq!(record["old"].get("left_behind"), None);
}

#[test]
fn an_answer_that_is_held_open_is_never_equal() {
    let bench = Bench::with_cases([("a", String::new())]);
    let mark = format!("62.{}", std::process::id());
    let holds = format!("sh -c 'sleep {mark} & echo done'");
    let in_time = ["--timeout", "2s"];
    let (exit, summary) = bench.run(&holds, "echo done", &in_time);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    assert_eq!(summary["ends"]["old"]["error: output left open"], 1);
    assert_eq!(bench.records("latest")[0]["old"]["left_behind"], true);

    let (exit, summary) = bench.run(&holds, &holds, &in_time);
    assert_eq!((exit, counts(&summary)), (3, [1, 0, 0, 1]));
    let why = &bench.records("latest")[0]["judgement"]["failed"];
    assert!(why.to_string().contains("held its output open"), "{why}");
    assert!(!runs("sleep", &mark));

    // Where messages are compared they are part of the answer.
    let holds = format!("sh -c 'sleep {mark} > /dev/null & echo done'");
    let (exit, ..) = bench.run(&holds, "echo done", &["--timeout", "2s", "--stderr"]);
    assert_eq!(exit, 1);
}

#[test]
fn output_without_end_is_bounded_and_said() {
    let bench = Bench::with_cases([("a", String::new())]);
    // Who answers without end answers otherwise than who ends.
    let (exit, summary) = bench.run("echo y", "yes", &["--max-output", "100KiB"]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    let found = &bench.records("latest")[0]["judgement"]["compared"]["differences"][0];
    assert_eq!(
        (&found["kind"], &found["path"]),
        (&"outcome".into(), &"$".into())
    );
    let error = found["new"].as_str().unwrap();
    assert!(
        error.contains("100 KiB") && error.contains("--max-output"),
        "{error}"
    );
    // When neither side ends nothing is known.
    let (exit, summary) = bench.run("yes", "yes", &["--max-output", "100KiB"]);
    assert_eq!((exit, counts(&summary)), (3, [1, 0, 0, 1]));

    // Any amount of messages is read, and its end kept.
    let noisy = "sh -c 'head -c 5000000 /dev/zero | tr \"\\0\" x >&2; echo the end >&2; echo y'";
    let (exit, _) = bench.run(noisy, "echo y", &["--max-output", "100KiB"]);
    assert_eq!(exit, 0);
    let record = &bench.records("latest")[0];
    let messages = record["old"]["messages"].as_str().unwrap();
    assert!(
        messages.ends_with("the end\n") && messages.len() < 20_000,
        "{}",
        messages.len()
    );
}

#[test]
fn peak_memory_is_the_programs_own() {
    let bench = Bench::with_cases([("a", String::new())]);
    // A shell that holds 50 million letters beside a program that is smaller than any runner.
    let big = "sh -c 'x=$(head -c 50000000 /dev/zero | tr \"\\0\" x); echo ${#x}'";
    let (exit, summary) = bench.run(big, "echo 50000000", &[]);
    assert_eq!(exit, 0);
    let record = &bench.records("latest")[0];
    let peak = |side: &str| record[side]["measurements"]["peak_memory_bytes"].as_u64();
    assert!(
        (50_000_000..500_000_000).contains(&peak("old").unwrap()),
        "{:?}",
        peak("old")
    );
    assert_eq!(peak("new"), None, "below the floor nothing is known");
    let floor = record["new"]["measuring_floor_bytes"].as_u64().unwrap();
    assert!(
        floor < 64_000_000,
        "the measuring process is small: {floor}"
    );
    assert!(record["new"]["measurements"]["wall_ns"].as_u64().unwrap() > 0);
    assert!(record["old"]["measurements"]["cpu_user_ns"].is_u64());
    assert!(summary["figures"]["wall_ns"]["old"].as_u64().unwrap() > 0);
    assert!(
        summary["figures"]["peak_memory_bytes"].is_null(),
        "one side is not a comparison"
    );
}

/// Starts a run in which every program after the first ten waits until it is ended, and waits
/// until those ten are saved.
fn endless(bench: &Bench, mark: &str) -> Child {
    let_ctrl_c_be_heard();
    let program =
        format!("sh -c 'read x; case $x in 00*) echo $x;; *) sleep {mark} & sleep {mark};; esac'");
    let child = bench
        .command(&[
            "compare",
            "run",
            "--name",
            "endless",
            "--old",
            &program,
            "--new",
            &program,
            "--cases",
            "cases",
            "--timeout",
            "10m",
            "--jobs",
            "2",
            "--in-order",
            "--format",
            "json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("an endless program", || runs("sleep", mark).then_some(()));
    wait_for("ten saved cases", || {
        let shown = bench.json(&["compare", "show", "latest"]);
        (shown["cases"] == 10).then_some(())
    });
    child
}

fn endless_bench() -> Bench {
    Bench::with_cases((0..40).map(|index| (format!("{index:03}"), format!("{index:03}\n"))))
}

#[test]
fn ctrl_c_leaves_a_readable_partial_run_and_no_program() {
    let bench = endless_bench();
    let mark = format!("62.{}", std::process::id());
    let child = endless(&bench, &mark);
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(!runs("sleep", &mark));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["state"], "interrupted");
    assert_eq!(counts(&summary), [10, 10, 0, 0]);
    assert_eq!(summary["planned"], 40);

    let shown = bench.json(&["compare", "show", "latest"]);
    assert_eq!(shown["state"], "interrupted");
    assert_eq!(counts(&shown), [10, 10, 0, 0]);
    assert_eq!(shown["records"].as_array().unwrap().len(), 10);
    let report = bench.cutover(&["compare", "report", "latest", "--to", "text"]);
    assert_eq!(report.status.code(), Some(0));
    assert!(
        text(&report.stdout).contains("endless"),
        "{}",
        text(&report.stdout)
    );
}

#[test]
fn a_signal_ends_the_reading_of_files_without_end() {
    let bench = Bench::with_cases([("a", String::new())]);
    let written = bench.folder.path().join("written");
    let program = format!(
        "sh -c 'truncate -s 1T huge.bin; echo done >> {}'",
        written.display()
    );
    let_ctrl_c_be_heard();
    for (name, exit) in [("-HUP", 129), ("-INT", 130), ("-TERM", 143)] {
        let child = bench
            .command(&["compare", "run", "--old", &program, "--new", &program])
            .args([
                "--cases",
                "cases",
                "--output",
                "huge.bin",
                "--timeout",
                "1h",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for("both programs", || {
            let text = std::fs::read_to_string(&written).unwrap_or_default();
            (text.lines().count() == 2).then_some(())
        });
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{}", text(&output.stderr));
        let shown = bench.json(&["compare", "show", "latest"]);
        assert_eq!(shown["state"], "interrupted");
        assert_eq!(counts(&shown), [0, 0, 0, 0], "it was not judged");
        std::fs::remove_file(&written).unwrap();
    }
}

#[test]
fn a_signal_ends_a_comparison_without_end_and_what_was_judged_stays() {
    let bench = Bench::with_cases(["0", "1", "2"].map(|name| (name, format!("{name}\n"))));
    let made = bench.cutover(&["--store", "sqlite:1.db", "flag", "init", "--yes"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let written = bench.file("written", "");
    // Rows without end where there is any table, and one where there is none.
    let query = "app.db=sqlite:query=WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c \
                 WHERE EXISTS (SELECT 1 FROM sqlite_schema)) SELECT count(*) AS n FROM c";
    let folder = bench.folder.path().display();
    let program = format!(
        "sh -c 'read x; cp {folder}/$x.db app.db; echo $x >> {}'",
        written.display()
    );
    let rooms = bench.folder.path().join("rooms");
    fs::create_dir(&rooms).unwrap();
    for name in ["0.db", "2.db"] {
        bench.file(name, "");
    }
    let run = |more: &[&str]| {
        let mut run = bench.command(&["compare", "run", "--old", &program, "--new", &program]);
        run.args(["--cases", "cases", "--in-order", "--output", query])
            .args(["--format", "json"])
            .args(more)
            .env("TMPDIR", &rooms)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        run
    };
    let child = run(&[]).spawn().unwrap();
    wait_for("the programs of two cases", || {
        let text = fs::read_to_string(&written).unwrap();
        (text.lines().count() == 4).then_some(())
    });
    wait_for("the first case", || {
        let shown = bench.json(&["compare", "show", "latest"]);
        (shown["cases"] == 1).then_some(())
    });
    signal(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["state"], "interrupted");
    assert_eq!(counts(&summary), [1, 1, 0, 0]);
    assert_eq!(fs::read_dir(&rooms).unwrap().count(), 0, "no room is left");

    bench.file("1.db", "");
    let output = run(&["--resume", "latest"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["state"], "complete");
    assert_eq!(counts(&summary), [3, 3, 0, 0]);
    let text = fs::read_to_string(&written).unwrap();
    assert_eq!(text, "0\n0\n1\n1\n1\n1\n2\n2\n", "nothing is run again");
}

#[test]
fn signals_that_were_ignored_when_it_began_stay_ignored() {
    let bench = Bench::with_cases([("a", String::new())]);
    let gate = bench.folder.path().join("gate");
    let made = Command::new("mkfifo").arg(&gate).status().unwrap();
    assert!(made.success());
    // Open both ways nobody waits for the other end.
    let mut gate = fs::File::options()
        .read(true)
        .write(true)
        .open(gate)
        .unwrap();
    let program = format!(
        "sh -c 'echo >> {0}/started; read x < {0}/gate; echo $x'",
        bench.folder.path().display()
    );
    let run = ["compare", "run", "--old", &program, "--new", &program];
    let run = bench.command(&[&run[..], &["--cases", "cases", "--timeout", "10m"]].concat());
    let known = run.get_envs();
    let child = Command::new("sh")
        .args(["-c", "trap '' INT HUP; exec \"$0\" \"$@\""])
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(bench.folder.path())
        .env_clear()
        .envs(known.filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = bench.folder.path().join("started");
    wait_for("a program", || started.exists().then_some(()));
    for name in ["-INT", "-HUP"] {
        signal(&child, name);
    }
    gate.write_all(b"x\nx\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = bench.json(&["compare", "show", "latest"]);
    assert_eq!(shown["state"], "complete");
    assert_eq!(counts(&shown), [1, 1, 0, 0]);
}

#[test]
fn a_killed_run_is_readable_and_takes_its_programs_along() {
    let bench = endless_bench();
    let mark = format!("63.{}", std::process::id());
    let mut child = endless(&bench, &mark);
    signal(&child, "-KILL");
    child.wait().unwrap();
    wait_for("the end of the programs", || {
        (!runs("sleep", &mark)).then_some(())
    });
    let shown = bench.json(&["compare", "show", "latest"]);
    assert_eq!(shown["records"].as_array().unwrap().len(), 10);
    assert_eq!(counts(&shown), [10, 10, 0, 0]);
    assert_ne!(shown["state"], "complete");
}

/// Whether a process with this name and argument runs.
fn runs(name: &str, argument: &str) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        fs::read(entry.path().join("cmdline")).is_ok_and(|line| {
            let mut words = line.split(|byte| *byte == 0);
            words.next() == Some(name.as_bytes()) && words.next() == Some(argument.as_bytes())
        })
    })
}
