//! The command line: global options, the list of commands, and the one place that runs them.
//!
//! ```
//! let names: Vec<_> =
//!     cutover_cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
//! assert!(names.contains(&"flag".to_owned()));
//! ```

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::{ArgAction, Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use cutover_ports::SystemClock;

use crate::commands::{self, compare, completions, diff, doctor, flag, man, metrics};
use crate::context::{Context, variable_os};
use crate::exit::{Exit, Failure};
use crate::output::{Format, Output, Verbosity, printable, printable_lines};
use crate::overlay::OverlayOption;
use crate::place::{Environment, Place, StoreAddress};
use crate::suggest;

/// Replace a running implementation by a new one, on evidence.
#[derive(Debug, Parser)]
#[command(
    name = "cutover",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    before_help = commands::examples(&[
        ("cutover flag init --preset mdm", "make a store with the flags of a migration"),
        ("cutover flag rollout use_new_backend 5", "give the new side to 5 % of the units"),
        ("cutover compare run --name profile --old ./old --new ./new --cases cases/", ""),
        ("cutover diff old.json new.json --unordered", "what differs"),
        ("cutover flag kill use_new_backend", "everybody back to the old side"),
    ]),
    after_help = "Exit codes: 0 yes/done, 1 the answer is no, 2 usage, 3 trouble, 4 not enough \
                  evidence, 5 timeout, 6 confirmation needed, 7 conflict, 130 stopped by Ctrl-C \
                  (143 by SIGTERM, 129 by SIGHUP)."
)]
pub struct Cli {
    /// The global options.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    // The variables are read by `dispatch`: only what is written on the command line is repeated
    // in usage lines and suggested commands.
    /// What belongs to this machine [default: by the platform's convention] [env: CUTOVER_HOME]
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// The flags, file:DIR or sqlite:FILE [default: files in home] [env: CUTOVER_STORE]
    #[arg(long, global = true, value_name = "STORE")]
    pub store: Option<StoreAddress>,
    /// A separate flag document, for example staging [env: CUTOVER_ENVIRONMENT]
    #[arg(long, global = true, value_name = "NAME")]
    pub environment: Option<Environment>,
    /// Variables of the environment that lie over the flags
    #[arg(
        long,
        global = true,
        value_name = "SCHEME",
        help = "Variables over the flags, feature|mdm[:initial] [env: CUTOVER_OVERLAY]"
    )]
    pub overlay: Option<OverlayOption>,
    /// The form of the answer
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    pub format: Format,
    /// No colours; NO_COLOR and TERM=dumb say the same
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Say only errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; -vv says everything
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Never ask, even on a terminal
    #[arg(long, global = true)]
    pub no_input: bool,
}

/// The commands.
#[allow(
    clippy::large_enum_variant,
    reason = "parsed once; which is largest changes with options"
)]
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Look at flags and change them
    #[command(subcommand)]
    Flag(flag::FlagCommand),
    /// Compare two documents
    Diff(diff::DiffArgs),
    /// Compare two implementations over a corpus of cases
    #[command(subcommand)]
    Compare(compare::CompareCommand),
    /// See what running processes measure
    #[command(subcommand)]
    Metrics(metrics::MetricsCommand),
    /// Check home, store, permissions and clock; say what to do
    Doctor(doctor::DoctorArgs),
    /// Print the completion script of a shell
    Completions(completions::CompletionsArgs),
    /// Write the manual pages
    Man(man::ManArgs),
}

impl Command {
    fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self {
            Self::Flag(command) => flag::run(context, command),
            Self::Diff(args) => diff::run(context, args),
            Self::Compare(command) => compare::run(context, command),
            Self::Metrics(command) => metrics::run(context, command),
            Self::Doctor(args) => doctor::run(context, &args),
            Self::Completions(args) => completions::run(context, &args),
            Self::Man(args) => man::run(context, &args),
        }
    }
}

/// The whole command line, for completions and documentation.
#[must_use]
pub fn command() -> clap::Command {
    without_flags(examples_first(Cli::command()))
}

/// Two documents have nothing to do with the flags: what names their store is taken and not shown.
fn without_flags(command: clap::Command) -> clap::Command {
    const ABOUT_FLAGS: [&str; 5] = ["home", "store", "environment", "overlay", "no_input"];
    let global = command.get_arguments();
    let about_flags = global.filter(|option| ABOUT_FLAGS.contains(&option.get_id().as_str()));
    let hidden: Vec<_> = about_flags
        .map(|option| option.clone().hide(true))
        .collect();
    command.mut_subcommand("diff", |diff| diff.args(hidden))
}

/// A page of help begins with what the command does, then shows it being used.
fn examples_first(command: clap::Command) -> clap::Command {
    command
        .help_template(
            "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}",
        )
        .mut_subcommands(examples_first)
}

pub(crate) fn run() -> Exit {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // The option also holds for errors about the other options, so it is looked for first.
    let plain = arguments.iter().any(|argument| argument == "--no-color");
    let color = if plain {
        ColorChoice::Never
    } else {
        ColorChoice::Auto
    };
    if plain {
        anstream::ColorChoice::Never.write_global();
    }
    let parse = |arguments: &[OsString]| {
        command()
            .color(color)
            .try_get_matches_from(arguments)
            .and_then(|matches| Cli::from_arg_matches(&matches))
    };
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(answer) => return refuse(&answer, &arguments, parse),
    };
    match dispatch(cli) {
        Ok(exit) => exit,
        Err(failure) => {
            failure.report();
            failure.exit()
        }
    }
}

/// Shows help, or what is wrong with the arguments.
fn refuse(
    answer: &clap::Error,
    arguments: &[OsString],
    parse: impl Fn(&[OsString]) -> Result<Cli, clap::Error>,
) -> Exit {
    if !answer.use_stderr() {
        // Help that nobody reads (`cutover help | head -1`) is no trouble.
        let _ = answer.print();
        return Exit::Done;
    }
    if let Some(failure) = commands::rules::misplaced(arguments) {
        failure.report();
        return failure.exit();
    }
    // The message repeats arguments, and those must not steer the terminal: it is made from their
    // visible form.
    let visible: Vec<OsString> = arguments
        .iter()
        .map(|argument| printable(&argument.to_string_lossy()).into())
        .collect();
    let _ = match parse(&visible) {
        Err(answer) => answer.print(),
        Ok(_) => write!(
            anstream::stderr(),
            "{}",
            printable_lines(&answer.render().to_string())
        ),
    };
    Exit::Usage
}

fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    let GlobalArgs {
        home,
        store,
        environment,
        overlay,
        format,
        no_color: _,
        quiet,
        verbose,
        no_input,
    } = cli.global;
    let verbosity = match (quiet, verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, 1) => Verbosity::Verbose,
        (false, _) => Verbosity::Debug,
    };
    log_to_stderr(verbosity);
    let address = store.as_ref().map(ToString::to_string);
    let laid_over = overlay.as_ref().map(ToString::to_string);
    suggest::carry(&[
        ("--home", home.as_ref().map(|home| home.as_os_str())),
        ("--store", address.as_deref().map(OsStr::new)),
        (
            "--environment",
            environment.as_ref().map(|name| OsStr::new(name.as_str())),
        ),
        ("--overlay", laid_over.as_deref().map(OsStr::new)),
    ]);
    let home = home.or_else(|| variable_os("CUTOVER_HOME").map(PathBuf::from));
    let store = match store {
        Some(store) => Some(store),
        None => of_environment("CUTOVER_STORE")?,
    };
    let environment = match environment {
        Some(environment) => Some(environment),
        None => of_environment("CUTOVER_ENVIRONMENT")?,
    };
    let overlay = match overlay {
        Some(overlay) => overlay,
        None => of_environment("CUTOVER_OVERLAY")?.unwrap_or_default(),
    };
    let place = Place::find(home, store, environment)?;
    let output = Output::new(format, verbosity);
    let context = Context::new(place, output, Arc::new(SystemClock), !no_input);
    cli.command.run(&context.with_overlay(overlay.read()))
}

/// What a variable says that stands for an option.
fn of_environment<T: FromStr<Err: Display>>(name: &str) -> Result<Option<T>, Failure> {
    let Some(text) = variable_os(name) else {
        return Ok(None);
    };
    let wrong = |problem: &dyn Display| Failure::usage(format_args!("{name}: {problem}"));
    let text = text.to_str().ok_or_else(|| wrong(&"it is not UTF-8"))?;
    text.parse().map(Some).map_err(|problem| wrong(&problem))
}

/// What the libraries log is a message like any other.
fn log_to_stderr(verbosity: Verbosity) {
    use tracing_subscriber::filter::LevelFilter;
    let level = match verbosity {
        Verbosity::Quiet => LevelFilter::ERROR,
        Verbosity::Normal => LevelFilter::WARN,
        Verbosity::Verbose => LevelFilter::INFO,
        Verbosity::Debug => LevelFilter::TRACE,
    };
    // Fails only when somebody else logs already, and then there is nothing to do.
    let _ = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(verbosity >= Verbosity::Debug)
        .try_init();
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
