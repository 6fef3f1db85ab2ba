//! What `compare run` is asked.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use cutover_domain::comparison::performance::PerformanceLimit;

use crate::commands::compare::judge::Wanted;
use crate::commands::compare::quantity::{duration, size};
use crate::commands::rules::RuleArgs;

pub(in super::super) const CASES_HELP: &str = "\
Cases: every file below a folder is one, named by its path; or every line of a JSON Lines file. \
A line that is an object with no other members than `name`, `args`, `stdin` and `env`, and more \
than a `name`, describes a case: arguments to add, the standard input, variables to set. One that \
is misspelt is refused with the near name. Any other value is the input itself; a string stands for its text, everything else for its JSON, as \
written.

Commands are split into words as a shell does it, but no shell runs: for pipes and variables \
write sh -c '…'. `{}` stands for the path of the case, `{{}}` for two braces. A program without \
`{}` gets the case on standard input.

Compared are how a program ended (exit status or signal) and what it wrote to standard output: \
as JSON where both are, else line by line. Standard error is recorded. With --stderr it is compared \
too, with --output files are, and rules are written for the whole: `$.exit`, `$.stdout`, `$.stderr`, \
`$.files['out.json']`. Without them `$` is standard output.

Programs run where you are and with your variables, and each with a folder for temporary files of \
its own (TMPDIR). --workdir gives every execution a copy of a folder to run in, --output alone an \
empty one; then relative paths in a command are paths in there, and so is the path of a case that \
lies in DIR.

Counters: a program that writes a line {\"cutover\": {\"counters\": {\"queries\": 24}}} to standard \
error, or to the file that CUTOVER_COUNTERS names, has it recorded beside its time and memory. \
Several lines add up.

Noise: with --noise old is run again beside each pair, and what it differs in from itself as often \
as new does is no difference; what that hides is counted, and `cutover compare rules` suggests \
rules.

Limits: --at-most asks whether new is at most so much of old, in the mean, p50, p95 or p99 of all \
pairs, with a confidence of 95 %. The answer is pass, fail, or insufficient with the number of \
pairs that are missing; --repeat and --warm-up help.

A run that was stopped, or killed, goes on with the same command and --resume ID: what has a \
record is not run again.

Exit codes: 0 all equal, 1 differences or a limit that is not kept, 2 options, programs or cases that \
cannot be used, 3 some could not be compared, 4 too little was measured for a limit, or no program \
ever wrote a file of --output, or a replay could not run all that was recorded, 7 another \
process goes on with the run, 130 stopped by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP (what was done is \
saved).";

/// Run two commands over a corpus of cases and compare what they answer.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// What to call the run [default: the new program's name]
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(super) name: Option<String>,
    /// The command being replaced
    #[arg(long, value_name = "CMD")]
    pub(in super::super) old: String,
    /// Its replacement
    #[arg(long, value_name = "CMD")]
    pub(in super::super) new: String,
    /// A folder of files, or a JSON Lines file
    #[arg(long, value_name = "DIR|FILE.jsonl")]
    pub(super) cases: Option<PathBuf>,
    /// Only the cases of this name; `*` stands for any text
    #[arg(long, value_name = "PATTERN")]
    pub(in super::super) case: Vec<String>,
    /// Give the case on standard input also to a command with a `{}`
    #[arg(long, conflicts_with = "arg")]
    pub(in super::super) stdin: bool,
    /// Give the case as the last argument: a file's path, a line's text
    #[arg(long)]
    pub(in super::super) arg: bool,
    /// What standard output is read as: auto, json, jsonl, yaml, toml, text, csv, tsv or bytes;
    /// csv:key=id pairs rows by a key
    #[arg(
        long = "as",
        value_name = "TYPE",
        default_value = "auto",
        value_parser = read_as
    )]
    pub(super) read_as: Wanted,
    /// Compare standard error too [as text, if no type is said]; `$` is then the whole: `$.exit`,
    /// `$.stdout`, `$.stderr`
    #[arg(
        long,
        value_name = "TYPE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        value_parser = read_as
    )]
    pub(super) stderr: Option<Wanted>,
    /// Compare this file too, found where the programs run: a path, a folder, or a pattern;
    /// its type is told by its name, or said: out=json, out.csv=csv:key=id, out.parquet,
    /// app.db=sqlite:table=orders
    #[arg(long, value_name = "FILE[=TYPE[:OPTION]]", value_parser = Wanted::of_file)]
    pub(super) output: Vec<(String, Wanted)>,
    /// Show what would be run, and run nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Go on with a run that was stopped: its id, or `latest`; everything else is said again
    #[arg(long, value_name = "ID")]
    pub(in super::super) resume: Option<String>,
    /// Keep the inputs with the records, up to this size each, for `compare replay` and `compare
    /// show`; what --redact names is not kept of them either [default: 64KiB]
    #[arg(
        long,
        value_name = "SIZE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "64KiB",
        value_parser = input_size
    )]
    pub(super) record_inputs: Option<usize>,
    #[command(flatten)]
    pub(super) course: CourseArgs,
    #[command(flatten)]
    pub(super) surroundings: SurroundingsArgs,
    #[command(flatten)]
    pub(super) rules: RuleArgs,
}

/// What runs how often, and when it ends.
#[derive(Args, Debug)]
#[command(next_help_heading = "Course of the run")]
pub(super) struct CourseArgs {
    /// Run every case so often
    #[arg(long, value_name = "K", default_value = "1", value_parser = times)]
    pub(super) repeat: NonZeroU32,
    /// Run every case so often before, and throw that away
    #[arg(long, value_name = "W", default_value = "0")]
    pub(super) warm_up: u32,
    /// Run old so often more beside each pair, to tell differences from noise
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u32).range(..=100))]
    pub(super) noise: u32,
    /// Hold new against a limit: wall, cpu, peak_memory or counters.NAME, as a ratio to old or a
    /// change (wall:p95=+5%, counters.queries=0.5)
    #[arg(long, value_name = "METRIC[:STATISTIC]=RATIO")]
    pub(super) at_most: Vec<PerformanceLimit>,
    /// Run so many pairs at once; figures are cleanest with one
    #[arg(long, short, value_name = "J", default_value = "1", value_parser = jobs)]
    pub(super) jobs: NonZeroU32,
    /// Run the cases in their order instead of a drawn one
    #[arg(long)]
    pub(super) in_order: bool,
    /// Draws the order of the cases, and which side runs first [default: another one each time]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Stop after so many cases that differ
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1",
        value_parser = times
    )]
    pub(super) fail_fast: Option<NonZeroU32>,
    /// Kill a program and everything it started after this time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(super) timeout: Duration,
    /// Kill a program that writes more than this, and read no more of its files
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    pub(super) max_output: usize,
}

/// What programs find around them.
#[derive(Args, Debug)]
#[command(next_help_heading = "Surroundings of the programs")]
pub(super) struct SurroundingsArgs {
    /// Run every program in a copy of this folder of its own
    #[arg(long, value_name = "DIR")]
    pub(super) workdir: Option<PathBuf>,
    /// Keep the folders, standard output and messages of the cases that are not equal, as they are
    #[arg(long, value_name = "DIR")]
    pub(super) keep: Option<PathBuf>,
    /// Give programs no variables but PATH, TMPDIR, an empty HOME, LANG=C.UTF-8 and TZ=UTC
    #[arg(long)]
    pub(super) clean_env: bool,
    /// Pass this variable on with --clean-env
    #[arg(long, value_name = "NAME", requires = "clean_env", value_parser = variable_name)]
    pub(super) pass_env: Vec<String>,
    /// Set a variable for both programs
    #[arg(long = "env", value_name = "K=V", value_parser = variable)]
    pub(super) env: Vec<(String, String)>,
}

/// What standard output is read as.
fn read_as(text: &str) -> Result<Wanted, String> {
    let wanted: Wanted = text.parse()?;
    if wanted.is_file() {
        return Err(format!(
            "{text} is what files hold; name the file that is written with --output FILE={text}"
        ));
    }
    Ok(wanted)
}

/// A store takes no record past 4 MiB, and there is more in it than the input.
fn input_size(text: &str) -> Result<usize, String> {
    const MOST: usize = 3 << 20;
    match size(text)? {
        bytes if bytes <= MOST => Ok(bytes),
        _ => Err("an input of more than 3MiB does not fit into a record".to_owned()),
    }
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

fn times(text: &str) -> Result<NonZeroU32, &'static str> {
    text.parse().map_err(|_| "a whole number from 1")
}

/// Each job takes a handful of file descriptors and threads.
fn jobs(text: &str) -> Result<NonZeroU32, &'static str> {
    const WANTED: &str = "from 1 to 256 pairs are run at once";
    text.parse()
        .ok()
        .filter(|jobs: &NonZeroU32| jobs.get() <= 256)
        .ok_or(WANTED)
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !text.contains('\0') => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err("a variable is written NAME=VALUE"),
    }
}

fn variable_name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.contains(['=', '\0']) {
        return Err("a variable is passed on by its name alone");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line_and_a_variable_has_a_name() {
        assert_eq!(name(" nightly "), Ok("nightly".to_owned()));
        for text in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(name(text).is_err(), "{text:?}");
        }
        assert_eq!(variable("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(variable("A="), Ok(("A".to_owned(), String::new())));
        for text in ["", "A", "=b", "A\0=b"] {
            assert!(variable(text).is_err(), "{text:?}");
        }
        assert!(variable_name("A").is_ok());
        assert!(variable_name("A=b").is_err());
    }
}
