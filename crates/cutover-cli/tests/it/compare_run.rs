//! `compare run` over real programs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::Home;

/// How long anything may take before a test gives up: a bound, never a measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home of its own and a corpus.
struct Bench {
    home: Home,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("cases")).unwrap();
        Self {
            home: Home::new(),
            folder,
        }
    }

    fn with_cases<N: AsRef<OsStr>>(cases: impl IntoIterator<Item = (N, String)>) -> Self {
        let bench = Self::new();
        for (name, content) in cases {
            bench.case(name.as_ref(), &content);
        }
        bench
    }

    fn case(&self, name: &OsStr, content: &str) {
        fs::write(self.cases().join(name), content).unwrap();
    }

    fn cases(&self) -> PathBuf {
        self.folder.path().join("cases")
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments);
        command.current_dir(self.folder.path());
        command
    }

    fn cutover(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs `compare run` over the folder of cases; the exit code and the summary.
    fn run(&self, old: &str, new: &str, more: &[&str]) -> (i32, Value) {
        let mut arguments = vec![
            "compare", "run", "--old", old, "--new", new, "--cases", "cases", "--format", "json",
        ];
        arguments.extend(more);
        let output = self.cutover(&arguments);
        let summary = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr))
        });
        (output.status.code().unwrap(), summary)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        let output = self.cutover(&all);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr))
        })
    }

    /// The records of a run.
    fn records(&self, run: &str) -> Vec<Value> {
        let shown = self.json(&["compare", "show", run, "--limit", "100000"]);
        shown["records"].as_array().unwrap().clone()
    }

    /// The names of the cases of the last run that ended with `result`.
    fn cases_with(&self, result: &str) -> BTreeSet<String> {
        self.records("latest")
            .iter()
            .filter(|record| record["result"] == result)
            .map(|record| record["case"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn counts(summary: &Value) -> [u64; 4] {
    ["cases", "equal", "different", "errors"].map(|field| summary[field].as_u64().unwrap())
}

/// Waits for something that must happen, without counting on when.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// Numbers that are the same on every machine.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed
        .wrapping_mul(2_862_933_555_777_941_757)
        .wrapping_add(3_037_000_493);
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 1000
    })
}

/// 200 inputs of 1 to 60 numbers, a line each.
fn corpus() -> Vec<(String, String)> {
    (0..200)
        .map(|index| {
            let count = usize::try_from(index % 60 + 1).unwrap();
            let lines = numbers(index)
                .take(count)
                .map(|number| format!("{number}\n"));
            (format!("case-{index:03}.txt"), lines.collect())
        })
        .collect()
}

#[test]
fn over_200_inputs_exactly_the_true_differences_are_found() {
    let cases = corpus();
    // Sorting by text and by number part as soon as two lines have different lengths and the
    // longer one does not begin with the larger digit.
    let differs = |content: &str| {
        let mut by_text: Vec<&str> = content.lines().collect();
        let mut by_number = by_text.clone();
        by_text.sort_unstable();
        by_number.sort_by_key(|line| line.parse::<u64>().unwrap());
        by_text != by_number
    };
    let expected: BTreeSet<String> = cases
        .iter()
        .filter(|(_, content)| differs(content))
        .map(|(name, _)| name.clone())
        .collect();
    assert!(
        (20..200).contains(&expected.len()),
        "the corpus has both kinds: {}",
        expected.len()
    );
    let bench = Bench::with_cases(cases);

    let environment = ["--env", "LC_ALL=C", "--jobs", "2"];
    let (exit, summary) = bench.run("sort -n", "sort", &environment);
    assert_eq!(exit, 1);
    let different = expected.len() as u64;
    assert_eq!(counts(&summary), [200, 200 - different, different, 0]);
    assert_eq!(summary["schema"], 1);
    assert_eq!(summary["state"], "complete");
    assert_eq!(bench.cases_with("different"), expected);

    // The same content in another order is no difference when order does not count.
    let (exit, summary) = bench.run("sort -n", "sort", &["--unordered", "--env", "LC_ALL=C"]);
    assert_eq!(exit, 0);
    assert_eq!(counts(&summary), [200, 200, 0, 0]);
}

#[test]
fn differences_of_json_answers_have_paths_and_rules_hold() {
    let bench = Bench::with_cases((0..20).map(|index| {
        let json = format!(
            "{{\"id\": {index}, \"price\": 7.5, \"at\": \"{index}\", \"big\": 123456789012345678901234567890}}\n"
        );
        (format!("{index:02}.json"), json)
    }));
    let new =
        "sed 's/\"id\": 3,/\"id\": 33,/; s/\"at\": \"\\(.*\\)\",/\"at\": \"now\",/; s/7.5/7.50/'";
    let (exit, summary) = bench.run("cat", new, &["--ignore", "$.at"]);
    assert_eq!(exit, 1);
    assert_eq!(counts(&summary), [20, 19, 1, 0]);
    assert_eq!(summary["counts"], serde_json::json!({"value": 1}));
    let shown = bench.json(&["compare", "show", "latest", "03.json"]);
    let difference = &shown["records"][0]["judgement"]["compared"]["differences"][0];
    assert_eq!(difference["path"], "$.id");
    assert_eq!(
        (&difference["old"], &difference["new"]),
        (&3.into(), &33.into())
    );

    // Without the rule every case differs, and as text so does the way the price is written.
    assert_eq!(counts(&bench.run("cat", new, &[]).1), [20, 0, 20, 0]);
    let text = bench.run("cat", "sed 's/7.5/7.50/'", &["--as", "text"]).1;
    assert_eq!(counts(&text), [20, 0, 20, 0]);
    assert_eq!(
        counts(&bench.run("cat", "sed 's/7.5/7.50/'", &[]).1),
        [20, 20, 0, 0]
    );
    let strict = bench
        .run("cat", "sed 's/7.5/7.50/'", &["--strict", "--only", "$.id"])
        .1;
    assert_eq!(counts(&strict), [20, 20, 0, 0]);
}

#[test]
fn what_is_not_json_is_trouble_only_where_json_was_asked_for() {
    let bench = Bench::with_cases([("a", "{\"x\": 1}\n".to_owned())]);
    let (exit, summary) = bench.run("sed s/1/1,/", "sed s/1/1,/", &["--as", "json"]);
    assert_eq!((exit, counts(&summary)), (3, [1, 0, 0, 1]));
    let error = bench.records("latest")[0]["judgement"]["failed"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        error.contains("neither answer is json") && error.contains("old: line 1, column"),
        "{error}"
    );
    let (exit, _) = bench.run("sed s/1/1,/", "sed s/1/1,/", &[]);
    assert_eq!(exit, 0);
    let (exit, summary) = bench.run("cat", "sed s/1/1,/", &["--as", "json"]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
}

#[test]
fn lines_of_json_describe_cases_or_are_them() {
    let bench = Bench::new();
    bench.file(
        "cases.jsonl",
        concat!(
            "{\"name\": \"one\", \"args\": [\"-n\", \"two words\"], \"env\": {\"GREETING\": \"hi\"}}\n",
            "\"a text\"\n",
            "\n",
            "{\"id\": 18446744073709551616}\n",
            "{\"name\": \"two\", \"stdin\": {\"deep\": [1]}}\n",
        ),
    );
    let script = bench.file(
        "echo.sh",
        "printf '%s|' \"$@\"; printf '%s|' \"$GREETING\"; cat\n",
    );
    let command = format!("sh '{}'", script.display());
    let output = bench.cutover(&[
        "compare",
        "run",
        "--old",
        &command,
        "--new",
        &command,
        "--cases",
        "cases.jsonl",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answers: Vec<(String, String)> = bench
        .records("latest")
        .iter()
        .map(|record| {
            let field = |value: &Value| value.as_str().unwrap().to_owned();
            (
                field(&record["case"]),
                field(&record["old"]["answer"]["excerpt"]),
            )
        })
        .collect();
    let mut expected = [
        ("one", "-n|two words|hi|"),
        ("line-2", "||a text"),
        ("line-4", "||{\"id\": 18446744073709551616}\n"),
        ("two", "||{\"deep\": [1]}\n"),
    ]
    .map(|(name, answer)| (name.to_owned(), answer.to_owned()));
    expected.sort();
    let mut answers = answers;
    answers.sort();
    assert_eq!(answers, expected);

    // The text of a line as an argument.
    let output = bench.cutover(&[
        "compare",
        "run",
        "--arg",
        "--old",
        "echo",
        "--new",
        "printf '%s\\n'",
        "--cases",
        "cases.jsonl",
        "--format",
        "json",
    ]);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    // `echo -n` swallows its option, `printf` takes it as the text.
    assert_eq!(counts(&summary)[0], 4);
    assert_eq!(
        bench.cases_with("different"),
        BTreeSet::from(["one".to_owned()])
    );
}

#[test]
fn how_a_program_ends_is_part_of_its_answer() {
    let bench = Bench::with_cases(
        ["fine", "fails", "dies", "both-fail"].map(|name| (name, format!("{name}\n"))),
    );
    let old = "sh -c 'read x; echo $x; case $x in both-fail) exit 3;; esac'";
    let new = "sh -c 'read x; echo $x; case $x in fails) exit 4;; dies) kill -SEGV $$;; \
               both-fail) exit 3;; esac'";
    let (exit, summary) = bench.run(old, new, &[]);
    assert_eq!(exit, 1);
    assert_eq!(counts(&summary), [4, 2, 2, 0]);
    assert_eq!(summary["counts"], serde_json::json!({"outcome": 2}));
    assert_eq!(
        summary["ends"]["old"],
        serde_json::json!({"exit status 3": 1})
    );
    let by_name = |name: &str| {
        bench
            .records("latest")
            .into_iter()
            .find(|record| record["case"] == name)
            .unwrap()
    };
    assert_eq!(
        by_name("dies")["new"]["outcome"],
        serde_json::json!({"status": "signal", "number": 11})
    );
    assert_eq!(
        by_name("fails")["new"]["outcome"],
        serde_json::json!({"status": "exit", "code": 4})
    );
    let difference = by_name("fails")["judgement"]["compared"]["differences"][0].clone();
    assert_eq!(difference["kind"], "outcome");
}

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
    let (exit, _) = bench.run(
        &format!("sh -c 'sleep {mark} & echo done'"),
        "echo done",
        &["--timeout", "20s"],
    );
    assert_eq!(exit, 0);
    assert_eq!(bench.records("latest")[0]["old"]["left_behind"], true);
    assert!(!runs("sleep", &mark));
}

#[test]
fn output_without_end_is_bounded_and_said() {
    let bench = Bench::with_cases([("a", String::new())]);
    let (exit, summary) = bench.run("yes", "echo y", &["--max-output", "100KiB"]);
    assert_eq!((exit, counts(&summary)), (3, [1, 0, 0, 1]));
    let error = bench.records("latest")[0]["judgement"]["failed"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        error.contains("100 KiB") && error.contains("--max-output"),
        "{error}"
    );

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
fn hostile_file_names_are_names_like_any_other() {
    let names: [&[u8]; 9] = [
        b"-n",
        b"--help",
        b"two words",
        b"new\nline",
        b"quote'\"$(touch pwned)",
        "\u{fc}\u{202e}.json".as_bytes(),
        b"\xff\xfe",
        b"{}",
        b"a;b|c&d",
    ];
    let bench = Bench::with_cases(
        names
            .iter()
            .enumerate()
            .map(|(index, name)| (OsStr::from_bytes(name), index.to_string())),
    );
    let (exit, summary) = bench.run("cat {}", "sh -c 'cat \"$0\"' {}", &[]);
    assert_eq!((exit, counts(&summary)), (0, [9, 9, 0, 0]));
    let seen: BTreeSet<String> = bench.cases_with("equal");
    assert!(
        seen.contains("new\nline") && seen.contains("\\xff\\xfe") && seen.contains("-n"),
        "{seen:?}"
    );
    assert!(!bench.folder.path().join("pwned").exists());
    // What is printed for eyes cannot steer the terminal.
    let shown = bench.cutover(&[
        "compare", "run", "--old", "cat", "--new", "cat -n", "--cases", "cases",
    ]);
    let shown = text(&shown.stdout);
    assert!(
        shown.contains("new\\nline") && !shown.contains('\u{202e}'),
        "{shown}"
    );
}

#[test]
fn a_program_that_is_not_there_is_said_before_anything_runs() {
    let bench = Bench::with_cases([("a", String::new())]);
    let output = bench.cutover(&[
        "compare",
        "run",
        "--old",
        "touch ran",
        "--new",
        "no-such-program-anywhere",
        "--cases",
        "cases",
    ]);
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stderr);
    assert!(
        said.contains("no-such-program-anywhere") && said.contains("--new"),
        "{said}"
    );
    assert!(!bench.folder.path().join("ran").exists());
    assert_eq!(
        bench.json(&["compare", "list"])["runs"],
        serde_json::json!([])
    );

    for (arguments, expected, exit) in [
        (
            ["--old", "sort 'x", "--new", "cat", "--cases", "cases"],
            "quote",
            2,
        ),
        (
            ["--old", "sort", "--new", "/etc/passwd", "--cases", "cases"],
            "executed",
            3,
        ),
        (
            ["--old", "sort", "--new", "cat", "--cases", "no-cases"],
            "no-cases",
            3,
        ),
    ] {
        let output = bench.cutover(&[&["compare", "run"], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        assert!(
            text(&output.stderr).contains(expected),
            "{}",
            text(&output.stderr)
        );
    }
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
        floor < 20_000_000,
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

#[test]
fn the_order_within_pairs_follows_the_seed() {
    let bench = Bench::with_cases((0..10).map(|index| (index.to_string(), String::new())));
    let firsts = |seed: &str| {
        let (_, summary) = bench.run(
            "true",
            "true",
            &["--seed", seed, "--repeat", "3", "--jobs", "2"],
        );
        assert_eq!(
            (&summary["cases"], &summary["pairs"]),
            (&10.into(), &30.into())
        );
        assert_eq!(summary["options"]["seed"].to_string(), seed);
        let mut firsts: Vec<String> = bench
            .records("latest")
            .iter()
            .map(|record| {
                format!(
                    "{} {} {}",
                    record["case"], record["repeat"], record["first"]
                )
            })
            .collect();
        firsts.sort();
        firsts
    };
    let (one, again, other) = (firsts("1"), firsts("1"), firsts("2"));
    assert_eq!(one, again);
    assert_ne!(one, other);
    let old = one.iter().filter(|line| line.ends_with("\"old\"")).count();
    assert!((1..30).contains(&old), "both orders occur");
}

#[test]
fn a_difference_in_one_repeat_makes_a_case_different() {
    let bench = Bench::with_cases([("a", String::new())]);
    let new = "sh -c 'echo x >> count; test $(wc -l < count) -ne 3; echo $?'";
    let (exit, summary) = bench.run("echo 0", new, &["--repeat", "5"]);
    assert_eq!((exit, counts(&summary)), (1, [1, 0, 1, 0]));
    assert_eq!(summary["pairs"], 5);
}

/// Starts a run in which every program after the first ten waits until it is ended, and waits
/// until those ten are saved.
fn endless(bench: &Bench, mark: &str) -> Child {
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

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
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

#[test]
fn help_says_what_a_case_is_with_examples_first() {
    let help = Home::new().done(&["compare", "run", "--help"]);
    let place = |what: &str| help.find(what).unwrap_or_else(|| panic!("{what}: {help}"));
    assert!(place("Examples:") < place("Usage:"));
    assert!(place("JSON Lines file") > 0 && place("{{}}") > 0);
}
