//! What the pages show is what the programs really answer.
//!
//! Every ```` ```console ```` block is a session: lines that start with `$ ` are run by a shell,
//! all in one home; the lines below must be their output. `…` stands for anything within a line, a
//! line of `…` for any lines. Columns may be wider or narrower.

use std::env;
use std::fs::{self, File};
use std::process::{Command, Stdio};

use cutover_tests::{Cutover, cutover_binary, is_installed_or_left_out};

/// One command with the output that is shown below it.
#[derive(Debug)]
struct Step<'a> {
    line: usize,
    command: &'a str,
    output: Vec<&'a str>,
}

/// The sessions of a page.
fn sessions(page: &str) -> Vec<Vec<Step<'_>>> {
    let mut sessions = Vec::new();
    let mut session: Option<Vec<Step<'_>>> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut session, line) {
            (None, "```console") => session = Some(Vec::new()),
            (Some(_), "```") => sessions.extend(session.take()),
            (Some(steps), _) => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => {
                    steps.push(Step {
                        line: number + 1,
                        command,
                        output: Vec::new(),
                    });
                }
                (None, Some(step)) => step.output.push(line),
                (None, None) => panic!("line {}: a session starts with a command", number + 1),
            },
            (None, _) => {}
        }
    }
    sessions
}

/// Whether `line` has the form of `pattern`, in which `…` stands for any text.
fn fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether `output` has the form of `expected`, in which a line of `…` stands for any lines.
fn matches(expected: &[&str], output: &[&str]) -> bool {
    match (expected.split_first(), output.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((&"…", after)), rest) => {
            matches(after, output) || rest.is_some_and(|(_, rest)| matches(expected, rest))
        }
        (Some((pattern, after)), Some((line, rest))) => {
            fits(&in_one_width(pattern), &in_one_width(line)) && matches(after, rest)
        }
        (Some(_), None) => false,
    }
}

/// One space between words.
fn in_one_width(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a person sees: both streams, in the order in which they were written.
fn run(cutover: &Cutover, command: &str) -> String {
    let seen = cutover.path(".seen");
    let stdout = File::create(&seen).unwrap();
    let stderr = stdout.try_clone().unwrap();
    let mut path = vec![cutover_binary().parent().unwrap().to_owned()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    Command::new("sh")
        .args(["-c", command])
        .current_dir(cutover.path("desk"))
        .env("PATH", env::join_paths(path).unwrap())
        .env("CUTOVER_HOME", cutover.path("home"))
        .env("CUTOVER_ACTOR", "ann")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .env_remove("CUTOVER_STORE")
        .env_remove("CUTOVER_ENVIRONMENT")
        .env_remove("CUTOVER_OVERLAY")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .status()
        .unwrap();
    fs::read_to_string(seen).unwrap()
}

/// Runs the sessions of a page, in order and in one home.
fn tour(name: &str, page: &str) {
    if !is_installed_or_left_out("python3", &format!("the tour of {name}")) {
        return;
    }
    let cutover = Cutover::new();
    fs::create_dir(cutover.path("desk")).unwrap();
    let mut ran = 0;
    for step in sessions(page).iter().flatten() {
        // The developer commands at the top build the workspace: they are what runs this test.
        if step.command.starts_with("cargo ") || step.command.starts_with("git ") {
            continue;
        }
        let output = run(&cutover, step.command);
        let lines: Vec<&str> = output.lines().collect();
        assert!(
            matches(&step.output, &lines),
            "{name}:{}: `{}` answers otherwise:\n{output}",
            step.line,
            step.command
        );
        ran += 1;
    }
    assert!(ran >= 8, "the tour has only {ran} steps");
}

#[test]
fn the_tour_of_the_readme_is_what_happens() {
    tour("README.md", include_str!("../../../README.md"));
}

#[test]
fn the_tour_of_flags_is_what_happens() {
    tour("docs/flags.md", include_str!("../../../docs/flags.md"));
}

#[test]
fn the_tour_of_comparison_is_what_happens() {
    tour(
        "docs/comparison.md",
        include_str!("../../../docs/comparison.md"),
    );
}

#[test]
fn the_tour_of_reports_is_what_happens() {
    tour("docs/reports.md", include_str!("../../../docs/reports.md"));
}

#[test]
fn the_tour_of_tables_is_what_happens() {
    tour("docs/tables.md", include_str!("../../../docs/tables.md"));
}

#[test]
fn the_tour_of_recording_is_what_happens() {
    tour(
        "docs/recording.md",
        include_str!("../../../docs/recording.md"),
    );
}

#[test]
fn the_tour_of_two_programs_is_what_happens() {
    tour(
        "docs/black-box.md",
        include_str!("../../../docs/black-box.md"),
    );
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    assert!(fits("took … s, done", "took 1.25 s, done"));
    assert!(fits("plain", "plain") && !fits("plain", "plain text") && !fits("a … b", "a b c"));
    assert!(matches(&["a", "…", "d"], &["a", "b", "c", "d"]));
    assert!(matches(
        &["old   new", "… ms … %"],
        &["old  new", "1.5 ms    +3 %"]
    ));
    assert!(matches(&["…"], &[]) && !matches(&["a"], &["a", "b"]) && !matches(&[], &["a"]));
}
