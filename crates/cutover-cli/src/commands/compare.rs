//! `cutover compare`: two implementations over a corpus, and what was found, then and later.

mod alive;
mod find;
#[cfg(unix)]
mod interrupt;
#[cfg(unix)]
mod judge;
mod list;
mod moment;
#[cfg(unix)]
mod progress;
mod prune;
pub(super) mod quantity;
#[cfg(unix)]
mod replay;
mod report;
mod rules;
#[cfg(unix)]
mod run;
mod show;
mod summary;

use clap::Subcommand;

use super::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Compare two implementations over a corpus of cases.
#[derive(Debug, Subcommand)]
#[command(before_help = examples(&[
    ("cutover compare run --name profile --old ./old --new ./new --cases cases/", ""),
    ("cutover compare show latest", "what the last run found"),
    ("cutover compare report latest -o report.html", ""),
]))]
pub enum CompareCommand {
    /// Run two commands over a corpus of cases and compare what they answer
    #[cfg(unix)]
    #[command(before_help = examples(&[
        ("cutover compare run --name profile --old './profile-v1 {}' --new './profile-v2 {}' \
          --cases cases/", ""),
        ("cutover compare run --old 'jq .a' --new 'gojq .a' --cases cases.jsonl --jobs 4", ""),
        ("cutover compare run --old ./old --new ./new --cases cases/ --ignore '$..created_at' \
          --unordered", ""),
    ]), after_help = run::CASES_HELP, mut_arg("cases", |cases| cases.required(true)))]
    Run(Box<run::RunArgs>),
    /// Run recorded inputs again, through two commands
    #[cfg(unix)]
    #[command(before_help = examples(&[
        ("cutover compare replay --operation quote.price --since 24h --old ./quote-1 \
          --new ./quote-2", "what production asked since yesterday"),
        ("cutover compare replay latest --old ./old --new ./new", ""),
    ]), mut_arg("cases", |cases| cases.hide(true).value_parser(no_cases)))]
    Replay(Box<replay::ReplayArgs>),
    /// List the saved runs, newest first
    #[command(before_help = examples(&[
        ("cutover compare list", ""),
        ("cutover compare list -n 1 --format json", "the last run, for a script"),
        ("cutover compare list --operation dataset.profile --since 7d", ""),
    ]))]
    List(list::ListArgs),
    /// Remove the oldest records, within limits of age, number and size
    #[command(before_help = examples(&[
        ("cutover compare prune --max-age 30d --dry-run", "what would go"),
        ("cutover compare prune --max-age 30d --max-bytes 1GiB --yes", "for a timer"),
    ]))]
    Prune(prune::PruneArgs),
    /// Show a run, or one case of it
    #[command(before_help = examples(&[
        ("cutover compare show latest", "the last run"),
        ("cutover compare show 019b invoices/2024.csv", "one case of a run, by the start of its id"),
        ("cutover compare show latest --path '$.items[*].price'", "the records that differ there"),
    ]))]
    Show(show::ShowArgs),
    /// Write a report of runs, or of an operation in production
    #[command(before_help = examples(&[
        ("cutover compare report latest -o report.html", ""),
        ("cutover compare report latest --to md --check", "for a pull request; exit 1 if it differs"),
        ("cutover compare report --operation dataset.profile --since 24h", ""),
    ]), after_help = report::REPORT_HELP)]
    Report(report::ReportArgs),
    /// Suggest rules for what old differs from itself in
    #[command(before_help = examples(&[
        ("cutover compare rules latest > rules.toml", "after `cutover compare run --noise 3 …`"),
        ("cutover compare rules --operation dataset.profile --format json", ""),
    ]), after_help = rules::RULES_HELP)]
    Rules(rules::RulesArgs),
}

/// What is run again has its cases already.
#[cfg(unix)]
fn no_cases(_: &str) -> Result<std::path::PathBuf, &'static str> {
    Err("the cases of a replay are the recorded inputs")
}

/// The command that makes a page of a run.
fn report_command(run: &str) -> String {
    let words = [
        "compare",
        "report",
        run,
        "--to",
        "html",
        "-o",
        "report.html",
    ];
    crate::suggest::command(&words)
}

pub(crate) fn run(context: &Context, command: CompareCommand) -> Result<Exit, Failure> {
    match command {
        #[cfg(unix)]
        CompareCommand::Run(args) => run::run(context, *args),
        #[cfg(unix)]
        CompareCommand::Replay(args) => replay::run(context, *args),
        CompareCommand::List(args) => list::run(context, &args),
        CompareCommand::Prune(args) => prune::run(context, &args),
        CompareCommand::Show(args) => show::run(context, &args),
        CompareCommand::Report(args) => report::run(context, &args),
        CompareCommand::Rules(args) => rules::run(context, &args),
    }
}
