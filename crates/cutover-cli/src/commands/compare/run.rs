//! `cutover compare run`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::quantity::{duration, size};
use crate::commands::rules::RuleArgs;
use crate::runner::{CommandLine, Corpus, Delivery, Limits, Plan, RunnerError};

pub(super) const CASES_HELP: &str = "\
Cases: every file below a folder is one, named by its path; or every line of a JSON Lines file. \
A line that is an object with no other members than `name`, `args`, `stdin` and `env`, and more \
than a `name`, describes a case: arguments to add, the standard input, variables to set. Any \
other value is the input itself; a string stands for its text, everything else for its JSON, as \
written.

Commands are split into words as a shell does it, but no shell runs: for pipes and variables \
write sh -c '…'. `{}` stands for the path of the case, `{{}}` for two braces. A program without \
`{}` gets the case on standard input.

Compared are how a program ended (exit status or signal) and what it wrote to standard output: \
as JSON where both are, else line by line. Standard error is recorded.

Exit codes: 0 all equal, 1 differences, 3 some could not be compared, 130 stopped by Ctrl-C (what \
was done is saved).";

/// Run two commands over a corpus of cases and compare what they answer.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// What to call the run [default: the new program's name]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// The command being replaced
    #[arg(long, value_name = "CMD")]
    old: String,
    /// Its replacement
    #[arg(long, value_name = "CMD")]
    new: String,
    /// A folder of files, or a JSON Lines file
    #[arg(long, value_name = "DIR|FILE.jsonl")]
    cases: PathBuf,
    /// Give the case on standard input also to a command with a `{}`
    #[arg(long, conflicts_with = "arg")]
    stdin: bool,
    /// Give the case as the last argument: a file's path, a line's text
    #[arg(long)]
    arg: bool,
    /// How standard output is read
    #[arg(long = "as", value_enum, value_name = "FORMAT", default_value = "auto")]
    read_as: ReadAs,
    /// Run every case so often
    #[arg(long, value_name = "K", default_value = "1")]
    repeat: NonZeroU32,
    /// Run so many pairs at once; figures are cleanest with one
    #[arg(long, short, value_name = "J", default_value = "1")]
    jobs: NonZeroU32,
    /// Kill a program and everything it started after this time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
    /// Kill a program that writes more than this
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    max_output: usize,
    /// Set a variable for both programs
    #[arg(long = "env", value_name = "K=V", value_parser = variable)]
    env: Vec<(String, String)>,
    /// Draws which side of a pair runs first [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    rules: RuleArgs,
}

/// How standard output is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReadAs {
    /// As JSON where both sides are an object or array (or one a line), else as text
    Auto,
    /// As one JSON value
    Json,
    /// As one JSON value a line
    Jsonl,
    /// Line by line
    Text,
}

fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let fits = (1..=100).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("a name is 1 to 100 characters on one line")
    }
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !text.contains('\0') => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err("a variable is written NAME=VALUE"),
    }
}
