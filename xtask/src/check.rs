//! `cargo xtask check`: everything that can be said without running a test.

use std::process::Command;

use crate::cargo::{self, cargo};
use crate::metadata::{Metadata, Package};
use crate::steps::{Outcome, Steps};
use crate::{layers, tidy};

/// Crates of which a user may take single features, so each must build with it alone.
const BUILT_BY_FEATURE: &[&str] = &[
    "cutover-domain",
    "cutover-ports",
    "cutover-app",
    "cutover-file",
    "cutover-sqlite",
    "cutover-table",
    "cutover",
];

/// All checks, the quick ones first.
pub(crate) fn run() -> Steps {
    let mut steps = Steps::default();
    steps.run("format", "cargo fmt --all", || {
        quiet(&mut cargo(["fmt", "--all", "--check"]))
    });
    steps.append(tidy::run());
    steps.append(layers::run());
    steps.run(
        "lints",
        "cargo clippy --workspace --all-targets -- -D warnings",
        || {
            quiet(&mut cargo([
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ]))
        },
    );
    steps.run(
        "docs",
        "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps",
        docs,
    );
    steps.run("features alone", "cargo xtask check", features_alone);
    steps
}

fn quiet(command: &mut Command) -> Outcome {
    cargo::run(command).map(|()| String::new())
}

/// Builds the documentation. Cargo's own warnings (two pages with one name) fail it as well.
fn docs() -> Outcome {
    let mut command = cargo(["doc", "--workspace", "--no-deps"]);
    without_warnings(command.env("RUSTDOCFLAGS", "-D warnings")).map(|()| String::new())
}

/// Runs cargo; a warning is a failure. Flags for the compiler would do the same, and have every
/// third-party crate built once more.
fn without_warnings(command: &mut Command) -> Result<(), String> {
    let (result, warnings) = cargo::run_and_keep(command, |line| line.starts_with("warning"));
    result?;
    match warnings.first() {
        Some(warning) => Err(format!("`{}`: {warning}", cargo::shown(command))),
        None => Ok(()),
    }
}

/// Each feature of each library alone, and each library with none: a user who wants only flags
/// compiles only flags, without a warning. The compiler tells what a feature lacks and leaves unused;
/// more lints would find little that they do not find in all features together.
fn features_alone() -> Outcome {
    let metadata = Metadata::load()?;
    let mut builds = 0;
    let mut failed = Vec::new();
    for package in metadata.members() {
        if !BUILT_BY_FEATURE.contains(&package.name.as_str()) {
            continue;
        }
        for feature in selections(package) {
            builds += 1;
            let mut command = cargo([
                "check",
                "--quiet",
                "--package",
                &package.name,
                "--no-default-features",
                "--features",
                feature,
            ]);
            if let Err(problem) = without_warnings(&mut command) {
                failed.push(problem);
            }
        }
    }
    if failed.is_empty() {
        Ok(format!("{builds} builds"))
    } else {
        Err(format!(
            "{} of {builds} builds:\n      {}",
            failed.len(),
            failed.join("\n      ")
        ))
    }
}

/// No feature, then each one except the sum of all.
fn selections(package: &Package) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(
        package
            .features
            .iter()
            .map(String::as_str)
            .filter(|feature| *feature != "default"),
    )
}
