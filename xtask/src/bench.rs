//! `cargo xtask bench [FILTER]`: the benchmarks of all crates, in release. `cargo xtask bench
//! --vs-peers [WHAT]`: ours beside what others use.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, cargo};
use crate::metadata::Metadata;
use crate::steps::{Outcome, Steps};

/// Runs what matches `filter`, one crate after the other so that they do not disturb each other.
pub(crate) fn run(filter: Option<&str>) -> Steps {
    let mut steps = Steps::default();
    let again = format!("cargo xtask bench {}", filter.unwrap_or_default());
    steps.run("benchmarks", again.trim_end(), || {
        let metadata = Metadata::load()?;
        let benches: Vec<(&str, &str)> = metadata
            .members()
            .flat_map(|package| {
                package
                    .benches
                    .iter()
                    .map(|bench| (package.name.as_str(), bench.as_str()))
            })
            .collect();
        if benches.is_empty() {
            return Err("no crate has a benchmark".to_owned());
        }
        // One selection, so that nothing is built twice; only then each alone.
        let mut build = cargo(["bench", "--no-run", "--quiet"]);
        let mut bench = cargo(["bench", "--quiet"]);
        for (package, name) in &benches {
            for command in [&mut build, &mut bench] {
                command.args(["--package", package, "--bench", name]);
            }
        }
        cargo::run(&mut build)?;
        if let Some(filter) = filter {
            bench.args(["--", filter]);
        }
        cargo::run(&mut bench)?;
        Ok(format!("{} files of benchmarks", benches.len()))
    });
    steps
}

/// One of the programs that measure ours beside others.
pub(crate) struct Peers {
    /// What it is about, and its argument.
    pub(crate) name: &'static str,
    package: &'static str,
    about: &'static str,
    /// Python packages of its peers.
    python: &'static [&'static str],
    counts_instructions: bool,
}

/// All of them. They have a workspace of their own, so that building cutover never builds its peers.
pub(crate) const PEERS: &[Peers] = &[
    Peers {
        name: "flags",
        package: "cutover-peers",
        about: "flags beside the engines of others",
        python: &[],
        counts_instructions: true,
    },
    Peers {
        name: "comparison",
        package: "cutover-peers-comparison",
        about: "comparing documents beside others",
        python: &["deepdiff==9.1.0"],
        counts_instructions: false,
    },
    Peers {
        name: "tables",
        package: "cutover-peers-tables",
        about: "comparing tables beside others",
        python: &[
            "datacompy==1.1.0",
            "numpy==2.4.6",
            "pandas==3.0.6",
            "polars==1.33.1",
            "pyarrow==26.0.1",
        ],
        counts_instructions: false,
    },
];

/// Ours beside others: everything, or what is named.
pub(crate) fn vs_peers(only: Option<&str>) -> Steps {
    let mut steps = Steps::default();
    for peers in PEERS {
        if only.is_none_or(|name| name == peers.name) {
            let again = format!("cargo xtask bench --vs-peers {}", peers.name);
            steps.run(peers.about, &again, || {
                beside_peers(peers, &Metadata::load()?.target)
            });
        }
    }
    steps
}

fn beside_peers(peers: &Peers, target: &Path) -> Outcome {
    let folder = cargo::root().join("tests/peers");
    take_over_lock(&folder)?;
    let target = target.join("peers");
    let mut build = cargo(["build", "--release", "--package", peers.package, "--bins"]);
    cargo::run(build.arg("--target-dir").arg(&target).current_dir(&folder))?;

    let figures = target.join(format!("{}.json", peers.name));
    let program = format!("{}{}", peers.package, env::consts::EXE_SUFFIX);
    let mut measure = Command::new(target.join("release").join(program));
    measure.current_dir(cargo::root());
    let mut without = Vec::new();
    if peers.counts_instructions && !cargo::is_installed("valgrind") {
        println!("   valgrind is not installed: times and allocations only, no instructions");
        measure.arg("--without-instructions");
        without.push("instructions, for want of valgrind");
    }
    if !peers.python.is_empty() {
        match python_with(peers.python, &target.join("python").join(peers.name)) {
            Ok(python) => {
                measure.arg("--python").arg(python);
            }
            Err(problem) => {
                println!("   {} left out: {problem}", peers.python.join(", "));
                without.push("peers in Python");
            }
        }
    }
    cargo::run(measure.arg(&figures))?;
    let without = match without.as_slice() {
        [] => String::new(),
        without => format!("; without {}", without.join(" and ")),
    };
    Ok(format!("figures in {}{without}", figures.display()))
}

/// A Python of its own in `folder` that has these packages.
fn python_with(packages: &[&str], folder: &Path) -> Result<PathBuf, String> {
    let python = folder.join("bin/python");
    if !python.exists() {
        cargo::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    }
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    cargo::run(install.args(packages))?;
    Ok(python)
}

/// Gives the workspace in `folder` a copy of our lock file, so that ours is measured with the
/// versions that we test. What cargo adds to it for the peers stays until ours changes.
fn take_over_lock(folder: &Path) -> Result<(), String> {
    let (ours, theirs) = (cargo::root().join("Cargo.lock"), folder.join("Cargo.lock"));
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    if changed(&theirs) < changed(&ours) {
        fs::copy(&ours, &theirs).map_err(|error| {
            format!(
                "Cargo.lock cannot be copied to {}: {error}",
                folder.display()
            )
        })?;
    }
    Ok(())
}
