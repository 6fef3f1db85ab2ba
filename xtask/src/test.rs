//! `cargo xtask test`: every test there is, and plainly said what was left out.

use std::env;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::Value;

use crate::cargo::{self, cargo};
use crate::metadata::Metadata;
use crate::steps::{Outcome, Steps};

/// How much to test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All suites.
    Everything,
    /// Unit and integration tests of the crates: what one wants after each edit.
    Fast,
}

/// The programs that black-box tests run, and the variables that tell them where they are.
const PROGRAMS: [(&str, &str); 3] = [
    ("CUTOVER_BIN", "cutover"),
    ("MDM_BIN", "mdm"),
    ("STORE_DRIVER_BIN", "store-driver"),
];

/// Property tests draw the same cases every time, so that a red build is red again.
const PROPERTY_SEED: &str = "20260101";

/// Runs the suites.
pub(crate) fn run(extent: Extent) -> Steps {
    let mut steps = Steps::default();
    let metadata = match Metadata::load() {
        Ok(metadata) => metadata,
        Err(problem) => {
            steps.run("workspace", "cargo metadata", || Err(problem));
            return steps;
        }
    };
    let left_out = LeftOut::new(&metadata.target);
    if extent == Extent::Fast {
        left_out.add("black box, doctests, foreign workspace: --fast was given");
        let suites = Suites {
            target: &metadata.target,
            left_out: &left_out,
            programs: vec![],
        };
        steps.run("tests", "cargo xtask test --fast", || {
            suites.tests(&["--exclude", "cutover-tests"])
        });
    } else {
        let mut suites = Suites {
            target: &metadata.target,
            left_out: &left_out,
            programs: vec![],
        };
        let built = steps.run("build", "cargo test --workspace --no-run", || {
            suites.programs = build()?.into();
            Ok(String::new())
        });
        if built {
            steps.run("tests", "cargo xtask test", || suites.tests(&[]));
        }
        steps.run("doctests", "cargo test --workspace --doc", || {
            suites.doctests()
        });
        steps.run("foreign workspace", "cargo xtask test", || suites.foreign());
    }
    steps.run("left out", "cargo xtask test", || left_out.report());
    steps
}

/// Builds all tests, and with them the programs: one selection of packages and features for
/// everything, because another one would build everything again. Returns where the programs are.
pub(crate) fn build() -> Result<[(&'static str, PathBuf); 3], String> {
    let messages = cargo::read(&mut cargo([
        "test",
        "--workspace",
        "--no-run",
        "--message-format",
        "json-render-diagnostics",
    ]))?;
    let mut programs = PROGRAMS.map(|(variable, _)| (variable, PathBuf::new()));
    for ((_, path), (_, name)) in programs.iter_mut().zip(PROGRAMS) {
        *path = program(&messages, name).ok_or_else(|| {
            format!("no `{name}` was built: its package needs a test in tests/it/")
        })?;
    }
    Ok(programs)
}

/// The program of this name (not its unit tests) among cargo's messages.
pub(crate) fn program(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| {
            message["target"]["name"] == name
                && message["target"]["kind"][0] == "bin"
                && message["profile"]["test"] == false
        })
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// What all suites share.
struct Suites<'a> {
    target: &'a Path,
    left_out: &'a LeftOut,
    programs: Vec<(&'static str, PathBuf)>,
}

impl Suites<'_> {
    /// Unit, integration and black-box tests.
    fn tests(&self, selection: &[&str]) -> Outcome {
        if cargo::is_installed("cargo-nextest") {
            let profile = if cargo::in_ci() { "ci" } else { "default" };
            let mut command = cargo(["nextest", "run", "--workspace", "--profile", profile]);
            // Many tests wait most of their time: for a disk, for a process, for a browser.
            let processors = thread::available_parallelism().map_or(1, NonZero::get);
            command.args(["--test-threads", &(2 * processors).to_string()]);
            command.args(selection);
            let is_summary = |line: &str| line.trim_start().starts_with("Summary [");
            let (result, kept) = cargo::run_and_keep(self.prepare(&mut command), is_summary);
            return result.map(|()| kept.join("; "));
        }
        println!("   cargo-nextest is not installed: cargo test does the same, a little slower");
        let mut command = cargo([
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ]);
        command.args(selection);
        counted(self.prepare(&mut command))
    }

    /// The examples of the documentation.
    fn doctests(&self) -> Outcome {
        counted(self.prepare(&mut cargo(["test", "--workspace", "--doc", "--quiet"])))
    }

    /// The workspace that imports our crates as a stranger does. It starts from our lock file, so
    /// that it is built from the same versions, most of which are in the target folder already.
    /// One member after the other: together they would lend each other features.
    fn foreign(&self) -> Outcome {
        let folder = cargo::root().join("tests/foreign");
        fs::copy(cargo::root().join("Cargo.lock"), folder.join("Cargo.lock")).map_err(|error| {
            format!(
                "Cargo.lock cannot be copied to {}: {error}",
                folder.display()
            )
        })?;
        let members = foreign_members(&folder)?;
        let mut failed = Vec::new();
        let mut passed = 0;
        for member in &members {
            let mut command = cargo(["test", "--quiet", "--tests", "--package", member]);
            command
                .current_dir(&folder)
                .arg("--target-dir")
                .arg(self.target);
            let (result, kept) = cargo::run_and_keep(self.prepare(&mut command), is_result);
            passed += kept.iter().map(|line| count(line, "passed")).sum::<usize>();
            failed.extend(result.err());
        }
        let line = format!("{passed} passed in {} members", members.len());
        if failed.is_empty() {
            Ok(line)
        } else {
            Err(format!("{line}; {}", failed.join("; ")))
        }
    }

    /// The environment of every suite.
    fn prepare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if env::var_os("PROPTEST_RNG_SEED").is_none() {
            command.env("PROPTEST_RNG_SEED", PROPERTY_SEED);
        }
        for (variable, path) in &self.programs {
            command.env(variable, path);
        }
        command.env("CUTOVER_LEFT_OUT", &self.left_out.file)
    }
}

/// Runs `cargo test` and adds up its results.
fn counted(command: &mut Command) -> Outcome {
    let (result, kept) = cargo::run_and_keep(command, is_result);
    let sum = |what: &str| -> usize { kept.iter().map(|line| count(line, what)).sum() };
    let line = format!("{} passed, {} failed", sum("passed"), sum("failed"));
    result
        .map(|()| line.clone())
        .map_err(|problem| format!("{line}; {problem}"))
}

fn is_result(line: &str) -> bool {
    line.starts_with("test result:")
}

/// The number before `what` in `test result: ok. 3 passed; 0 failed; …`.
fn count(line: &str, what: &str) -> usize {
    line.split([';', '.'])
        .filter_map(|part| part.trim().strip_suffix(what)?.trim().parse::<usize>().ok())
        .sum()
}

/// The members of the foreign workspace: its folders with a manifest.
fn foreign_members(folder: &Path) -> Result<Vec<String>, String> {
    let problem = |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
    let mut members = Vec::new();
    for entry in fs::read_dir(folder).map_err(problem)? {
        let entry = entry.map_err(problem)?;
        if entry.path().join("Cargo.toml").is_file() {
            members.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    members.sort();
    Ok(members)
}

/// The suites that did not run, and why. Tests that miss a program add a line to the file.
struct LeftOut {
    file: PathBuf,
}

impl LeftOut {
    fn new(target: &Path) -> Self {
        let file = target.join("left-out.txt");
        // It may not be there yet, and a stale one would only report too much.
        let _ = fs::create_dir_all(target).and_then(|()| fs::write(&file, ""));
        Self { file }
    }

    fn add(&self, line: &str) {
        use std::io::Write;
        let written = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)
            .and_then(|mut file| writeln!(file, "{line}"));
        if let Err(error) = written {
            println!(
                "   {line} (and {} cannot be written: {error})",
                self.file.display()
            );
        }
    }

    fn report(&self) -> Outcome {
        let text = fs::read_to_string(&self.file)
            .map_err(|error| format!("{} cannot be read: {error}", self.file.display()))?;
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines {
            println!("   left out: {line}");
        }
        match lines.as_slice() {
            [] => Ok("nothing".to_owned()),
            _ if cargo::in_ci() => Err("in CI no suite may be left out".to_owned()),
            [one] => Ok((*one).to_owned()),
            many => Ok(format!("{} suites, see above", many.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_told_from_its_tests() {
        let messages = [
            r#"{"target": {"name": "mdm", "kind": ["lib"]}, "profile": {"test": false}}"#,
            r#"{"target": {"name": "mdm", "kind": ["bin"]}, "profile": {"test": true},
               "executable": "deps/mdm-1"}"#,
            r#"{"target": {"name": "mdm", "kind": ["bin"]}, "profile": {"test": false},
               "executable": "debug/mdm"}"#,
        ]
        .map(|message| message.replace('\n', " "));
        assert_eq!(
            program(&messages.join("\n"), "mdm"),
            Some("debug/mdm".into())
        );
        assert_eq!(program(&messages[..2].join("\n"), "mdm"), None);
    }

    #[test]
    fn results_of_the_standard_runner_are_added_up() {
        let line = "test result: ok. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(count(line, "passed"), 12);
        assert_eq!(count(line, "failed"), 3);
        assert_eq!(
            count("test result: FAILED. 0 passed; 1 failed", "passed"),
            0
        );
    }
}
