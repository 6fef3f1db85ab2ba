//! `cargo xtask check`: everything that can be said without running a test.

use std::process::Command;

use crate::cargo::{self, cargo};
use crate::metadata::{Kind, Metadata, Package};
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
    let is_built = |package: &&Package| BUILT_BY_FEATURE.contains(&package.name.as_str());
    let calls = calls(metadata.members().filter(is_built));
    let mut failed = Vec::new();
    for call in &calls {
        let mut command = cargo(["check", "--quiet", "--no-default-features"]);
        for package in &call.packages {
            command.args(["--package", *package]);
            if !call.feature.is_empty() {
                command.args(["--features", &format!("{package}/{}", call.feature)]);
            }
        }
        if let Err(problem) = without_warnings(&mut command) {
            failed.push(problem);
        }
    }
    let builds: usize = calls.iter().map(|call| call.packages.len()).sum();
    if failed.is_empty() {
        Ok(format!("{builds} builds in {} calls", calls.len()))
    } else {
        Err(format!(
            "{} of {} calls:\n      {}",
            failed.len(),
            calls.len(),
            failed.join("\n      ")
        ))
    }
}

/// What one call of cargo checks: some packages, each with one feature, or with none.
struct Call<'a> {
    packages: Vec<&'a str>,
    feature: &'a str,
    lends_nothing: bool,
}

/// As few calls as can be: each has cargo look at everything again, and build what third parties
/// offer by feature in another way.
fn calls<'a>(packages: impl Iterator<Item = &'a Package>) -> Vec<Call<'a>> {
    let mut calls: Vec<Call<'a>> = Vec::new();
    for package in packages {
        for feature in selections(package) {
            let lends_nothing = lends_nothing(package, feature);
            let mut shared = calls.iter_mut();
            match shared.find(|call| lends_nothing && call.lends_nothing && call.feature == feature)
            {
                Some(call) => call.packages.push(&package.name),
                None => calls.push(Call {
                    packages: vec![package.name.as_str()],
                    feature,
                    lends_nothing,
                }),
            }
        }
    }
    calls
}

/// Whether a package with one feature asks others of ours for that feature and no other. Such
/// packages may be looked at together: in one call, cargo lends each what any of them asks for.
fn lends_nothing(package: &Package, feature: &str) -> bool {
    let the_same = format!("/{feature}");
    let mut turned_on = package.features.get(feature).into_iter().flatten();
    turned_on.all(|what| what.starts_with("dep:") || what.ends_with(&the_same))
        && package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == Kind::Normal)
            .filter(|dependency| BUILT_BY_FEATURE.contains(&dependency.name.as_str()))
            .all(|dependency| dependency.features.is_empty())
}

/// No feature, then each one except the sum of all.
fn selections(package: &Package) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(
        package
            .features
            .keys()
            .map(String::as_str)
            .filter(|feature| *feature != "default"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_that_would_lend_each_other_features_are_looked_at_alone() {
        let metadata = Metadata::parse(
            r#"{
              "workspace_members": ["d", "p", "s"], "target_directory": "t",
              "packages": [
                {"id": "d", "name": "cutover-domain", "version": "1.0.0", "dependencies": [],
                 "features": {"flags": ["dep:jiff"], "execution": ["flags"]}, "targets": []},
                {"id": "p", "name": "cutover-ports", "version": "1.0.0",
                 "features": {"flags": ["cutover-domain/flags"]}, "targets": [],
                 "dependencies": [{"name": "cutover-domain", "features": []}]},
                {"id": "s", "name": "cutover", "version": "1.0.0",
                 "features": {"flags": []}, "targets": [],
                 "dependencies": [{"name": "cutover-domain", "features": ["metrics"]}]}
              ]}"#,
        )
        .unwrap();
        let found: Vec<_> = calls(metadata.members())
            .into_iter()
            .map(|call| format!("{} {}", call.feature, call.packages.join(" ")))
            .collect();
        assert_eq!(
            found,
            [
                " cutover-domain cutover-ports",
                "execution cutover-domain",
                "flags cutover-domain cutover-ports",
                " cutover",
                "flags cutover",
            ]
        );
    }
}
