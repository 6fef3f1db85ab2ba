//! `cargo xtask compare`: the two implementations of the reference migration, as programs.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::cargo::{self, cargo};
use crate::metadata::Metadata;
use crate::steps::{Outcome, Steps};

/// Builds what is needed and has `cutover` compare the two implementations over all datasets, by the
/// rules that people accepted; or any other two programs, where `options` name them. `options` go to
/// `cutover compare run` as they are.
pub(crate) fn run(options: &[&str]) -> Steps {
    let mut steps = Steps::default();
    let metadata = match Metadata::load() {
        Ok(metadata) => metadata,
        Err(problem) => {
            steps.run("workspace", "cargo metadata", || Err(problem));
            return steps;
        }
    };
    let packages: &[&str] = if names_programs(options) {
        &["--package", "cutover-cli"]
    } else {
        &["--package", "mdm", "--package", "cutover-cli"]
    };
    let build = [&["build"], packages, &["--bins"]].concat();
    let built = steps.run("build of the programs", &shown(&build), || {
        cargo::run(&mut cargo(build.iter().copied())).map(|()| String::new())
    });
    if built {
        let again = format!("cargo xtask compare {}", options.join(" "));
        steps.run("comparison", again.trim_end(), || {
            compare(&metadata.target, options)
        });
    }
    steps
}

fn shown(words: &[&str]) -> String {
    format!("cargo {}", words.join(" "))
}

/// Whether programs of somebody else's are compared.
fn names_programs(options: &[&str]) -> bool {
    let names = |option: &&str| {
        ["--old", "--new"]
            .iter()
            .any(|name| option.starts_with(name))
    };
    options.iter().any(names)
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
    command.arg("--home").arg(&home).args(["compare", "run"]);
    if names_programs(options) {
        // Paths are those of whoever typed them.
        command.args(options);
    } else {
        command
            .current_dir(cargo::root())
            .args(["--name", "profile"])
            .args(["--old", &side("legacy"), "--new", &side("modern")])
            .args(["--cases", "crates/mdm/data"])
            .args(["--rules", "crates/mdm/accepted.toml"])
            .args(options);
    }
    cargo::run(&mut command).map(|()| format!("the runs are in {}", home.display()))
}
