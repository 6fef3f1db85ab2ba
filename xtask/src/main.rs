//! Developer commands: `cargo xtask <command>`.
//!
//! Compiles in seconds, because it depends on none of the crates it looks after: it asks `cargo`
//! for what it wants to know, and runs the built binaries where it needs them.

#![expect(
    clippy::print_stdout,
    reason = "a developer's tool talks on standard output"
)]

mod bench;
mod cargo;
mod check;
mod ci;
mod compare;
mod demo;
mod layers;
mod metadata;
mod steps;
mod test;
mod tidy;
mod toggle;

use std::env;
use std::process::ExitCode;

const HELP: &str = "\
Developer commands of cutover

Usage: cargo xtask <command>

  check            format, lints, tidy, layers, docs, every feature alone: no test is run
  test [--fast]    all tests: unit, integration, black box, doctests, the foreign workspace;
                   --fast leaves out the last three
  ci               everything CI runs: check, test, demo
  demo [-- ARGS]   the reference migration, end to end on real data
  compare [-- ARGS]
                   its two implementations as programs, compared over its datasets, or any two
                   that --old and --new name; ARGS go to `cutover compare run`
  toggle FLAG on|off|PERCENT [OPTIONS]
                   flips a flag on the chosen store (--store, --home, --environment);
                   OPTIONS go to `cutover flag`
  bench [FILTER]   benchmarks, in release; FILTER picks by name
  bench --vs-peers [flags|comparison]
                   ours beside what others use; counts instructions where valgrind is

  tidy             only the project's own rules about files and manifests
  layers           only the arrows between the crates, dependencies and licences

The loop: edit, `cargo xtask check`, `cargo xtask test`.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let steps = match words.as_slice() {
        [] | ["help" | "-h" | "--help"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        ["ci"] => ci::run(),
        ["check"] => check::run(),
        ["test"] => test::run(test::Extent::Everything),
        ["test", "--fast"] => test::run(test::Extent::Fast),
        ["tidy"] => tidy::run(),
        ["layers"] => layers::run(),
        ["bench"] => bench::run(None),
        ["bench", "--vs-peers"] => bench::vs_peers(None),
        ["bench", "--vs-peers", what] if bench::PEERS.iter().any(|peers| peers.name == *what) => {
            bench::vs_peers(Some(what))
        }
        ["bench", filter] => bench::run(Some(filter)),
        ["toggle", flag, to, options @ ..] => toggle::run(flag, to, options),
        ["compare"] => compare::run(&[]),
        ["compare", "--", rest @ ..] | ["compare", rest @ ..] => compare::run(rest),
        ["demo"] => demo::run(&[]),
        ["demo", "--", rest @ ..] | ["demo", rest @ ..] => demo::run(rest),
        [command, ..] => {
            eprintln!(
                "cargo xtask: `{}` is not a command or takes other arguments",
                words.join(" ")
            );
            eprintln!("see `cargo xtask help`{}", near(command));
            return ExitCode::from(2);
        }
    };
    steps.finish()
}

/// A hint for a misspelt command: the one that shares its first letter.
fn near(command: &str) -> String {
    let known = [
        "check", "test", "ci", "demo", "bench", "tidy", "toggle", "layers", "compare",
    ];
    known
        .iter()
        .find(|known| {
            command
                .chars()
                .next()
                .is_some_and(|first| known.starts_with(first))
        })
        .map(|known| format!("; did you mean `cargo xtask {known}`?"))
        .unwrap_or_default()
}
