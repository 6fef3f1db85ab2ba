//! `cargo xtask bench [FILTER]`: the benchmarks of all crates, in release. `cargo xtask bench
//! --vs-peers`: flags beside the engines of others.

use std::env;
use std::fs;
use std::path::Path;
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

/// Flags beside the engines of others: a workspace of its own, so that building cutover never
/// builds its peers.
pub(crate) fn vs_peers() -> Steps {
    let mut steps = Steps::default();
    steps.run("flags beside peers", "cargo xtask bench --vs-peers", || {
        beside_peers(&Metadata::load()?.target)
    });
    steps
}

fn beside_peers(target: &Path) -> Outcome {
    let folder = cargo::root().join("tests/peers");
    take_over_lock(&folder)?;
    let target = target.join("peers");
    let mut build = cargo(["build", "--release", "--bins", "--target-dir"]);
    cargo::run(build.arg(&target).current_dir(&folder))?;

    let figures = target.join("figures.json");
    let program = format!("cutover-peers{}", env::consts::EXE_SUFFIX);
    let mut measure = Command::new(target.join("release").join(program));
    measure.current_dir(cargo::root());
    let counted = cargo::is_installed("valgrind");
    if !counted {
        println!("   valgrind is not installed: times and allocations only, no instructions");
        measure.arg("--without-instructions");
    }
    cargo::run(measure.arg(&figures))?;
    let without = if counted {
        ""
    } else {
        "; without instructions, for want of valgrind"
    };
    Ok(format!("figures in {}{without}", figures.display()))
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
