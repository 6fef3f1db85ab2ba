//! `cargo xtask bench [FILTER]`: the benchmarks of all crates, in release.

use crate::cargo::{self, cargo};
use crate::metadata::Metadata;
use crate::steps::Steps;

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
