//! `cargo xtask compare`: the two implementations of the reference migration, as programs.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::cargo::{self, cargo};
use crate::metadata::Metadata;
use crate::steps::{Outcome, Steps};

/// Builds both programs and has `cutover` compare them over all datasets, by the rules that people
/// accepted; `options` go to `cutover compare run` as they are.
pub(crate) fn run(options: &[&str]) -> Steps {
    let mut steps = Steps::default();
    let metadata = match Metadata::load() {
        Ok(metadata) => metadata,
        Err(problem) => {
            steps.run("workspace", "cargo metadata", || Err(problem));
            return steps;
        }
    };
    let build = [
        "build",
        "--package",
        "mdm",
        "--package",
        "cutover-cli",
        "--bins",
    ];
    let built = steps.run("build of both programs", &shown(&build), || {
        cargo::run(&mut cargo(build)).map(|()| String::new())
    });
    if built {
        steps.run("comparison", "cargo xtask compare", || {
            compare(&metadata.target, options)
        });
    }
    steps
}

fn shown(words: &[&str]) -> String {
    format!("cargo {}", words.join(" "))
}

fn compare(target: &Path, options: &[&str]) -> Outcome {
    let program = |name: &str| {
        let name = format!("{name}{}", env::consts::EXE_SUFFIX);
        target.join("debug").join(name)
    };
    let side = |implementation: &str| {
        let mdm = program("mdm");
        format!(
            "'{}' profile --implementation {implementation} {{}}",
            mdm.display()
        )
    };
    let home = target.join("compare");
    let mut command = Command::new(program("cutover"));
    command
        .current_dir(cargo::root())
        .arg("--home")
        .arg(&home)
        .args(["compare", "run", "--name", "profile"])
        .args(["--old", &side("legacy"), "--new", &side("modern")])
        .args(["--cases", "crates/mdm/data"])
        .args(["--rules", "crates/mdm/accepted.toml"])
        .args(options);
    cargo::run(&mut command).map(|()| format!("the runs are in {}", home.display()))
}
