//! `cargo xtask demo`: builds the reference migration and runs it end to end.
//!
//! The development profile: on two cores it builds from cold in about a minute and the demo runs in
//! half of one. In release the demo takes five seconds, after five minutes of building.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cargo::{self, cargo};
use crate::metadata::Metadata;
use crate::steps::{Outcome, Steps};
use crate::test;

/// Builds, then runs with a fresh home under the target folder.
pub(crate) fn run(arguments: &[&str]) -> Steps {
    let mut steps = Steps::default();
    let metadata = match Metadata::load() {
        Ok(metadata) => metadata,
        Err(problem) => {
            steps.run("workspace", "cargo metadata", || Err(problem));
            return steps;
        }
    };
    let built = steps.run(
        "build of the demo",
        "cargo build --package mdm --package cutover-cli",
        || {
            cargo::run(&mut cargo([
                "build",
                "--package",
                "mdm",
                "--package",
                "cutover-cli",
                "--bins",
            ]))
            .map(|()| String::new())
        },
    );
    if built {
        let binaries = metadata.target.join("debug");
        let program = |name: &str| binaries.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        steps.run("demo", "cargo xtask demo", || {
            let (mdm, cutover) = (program("mdm"), program("cutover"));
            demonstrate(&metadata.target, &mdm, &cutover, arguments)
        });
    }
    steps
}

/// The same with the programs that the tests were run with: nothing is built for it.
pub(crate) fn run_as_tested() -> Steps {
    let mut steps = Steps::default();
    steps.run("demo", "cargo xtask demo", || {
        let target = Metadata::load()?.target;
        let [cutover, mdm, _] = test::build()?;
        demonstrate(&target, &mdm.1, &cutover.1, &[])
    });
    steps
}

fn demonstrate(target: &Path, mdm: &Path, cutover: &Path, arguments: &[&str]) -> Outcome {
    let home = target.join("demo");
    if home.exists() {
        fs::remove_dir_all(&home)
            .map_err(|error| format!("{} cannot be removed: {error}", home.display()))?;
    }
    let mut command = Command::new(mdm);
    command
        .current_dir(cargo::root())
        .arg("demo")
        .arg("--home")
        .arg(&home)
        .args(arguments)
        .env("CUTOVER_BIN", cutover);
    cargo::run(&mut command).map(|()| format!("everything it made is in {}", home.display()))
}
