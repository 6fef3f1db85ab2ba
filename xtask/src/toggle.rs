//! `cargo xtask toggle FLAG on|off|PERCENT`: flips a flag on the chosen store.

use std::path::Path;
use std::process::Command;

use crate::cargo::{self, cargo};
use crate::steps::{Outcome, Steps};
use crate::test::program;

/// Builds the command line and has it change the flag; `options` go to it as they are.
pub(crate) fn run(flag: &str, to: &str, options: &[&str]) -> Steps {
    let mut steps = Steps::default();
    let mut cutover = None;
    steps.run(
        "build of cutover",
        "cargo build --package cutover-cli",
        || {
            let messages = cargo::read(&mut cargo([
                "build",
                "--package",
                "cutover-cli",
                "--bin",
                "cutover",
                "--message-format",
                "json-render-diagnostics",
            ]))?;
            cutover = program(&messages, "cutover");
            match &cutover {
                Some(_) => Ok(String::new()),
                None => Err("cargo built no `cutover`".to_owned()),
            }
        },
    );
    if let Some(cutover) = cutover {
        let words = words(flag, to, options);
        let again = format!(
            "cargo xtask toggle {}",
            [&[flag, to], options].concat().join(" ")
        );
        steps.run("flag", &again, || change(&cutover, &words));
    }
    steps
}

/// What `cutover` is told: a value for everybody, or a share.
fn words<'a>(flag: &'a str, to: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    let how = match to {
        "on" | "off" | "true" | "false" => "set",
        _ => "rollout",
    };
    let mut words = vec!["flag", how, flag, to, "--yes"];
    words.extend(options);
    words
}

/// Where it runs is where it was called: a store may be named by a relative path.
fn change(cutover: &Path, words: &[&str]) -> Outcome {
    cargo::run(Command::new(cutover).args(words)).map(|()| String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_and_off_are_for_everybody_and_a_number_is_a_share() {
        for (to, how) in [
            ("on", "set"),
            ("off", "set"),
            ("true", "set"),
            ("12.5", "rollout"),
            ("0", "rollout"),
            ("100%", "rollout"),
            // Whatever else it is, cutover says what would be right.
            ("maybe", "rollout"),
        ] {
            assert_eq!(words("f", to, &[]), ["flag", how, "f", to, "--yes"]);
        }
    }

    #[test]
    fn the_store_is_chosen_as_for_every_command() {
        assert_eq!(
            words("f", "on", &["--store", "file:flags", "--reason", "demo"]),
            [
                "flag",
                "set",
                "f",
                "on",
                "--yes",
                "--store",
                "file:flags",
                "--reason",
                "demo"
            ]
        );
    }

    #[test]
    fn a_refusal_of_cutover_fails_the_command() {
        let refused = change(Path::new(env!("CARGO")), &["no-such-subcommand"]);
        assert!(refused.unwrap_err().contains("no-such-subcommand"));
    }
}
