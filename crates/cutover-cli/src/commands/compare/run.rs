//! `cutover compare run`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use cutover_domain::comparison::{
    ComparisonRecord, Implementation, RecordLimits, RecordResult, Run, RunId, RunKind, RunState,
};
use cutover_ports::comparison::ComparisonStore;
use pollster::block_on;
use serde_json::json;

use super::find;
use super::interrupt::stop_on_signals;
use super::progress::Progress;
use super::quantity::{duration, size};
use super::summary::{Summary, Summing};
use super::verdict::Judge;
use crate::commands::rules::RuleArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::runner::{CommandLine, Corpus, Delivery, Limits, Plan, Runner, RunnerError, Stop};
use crate::suggest::command;

/// How often the header of a run says that it is alive and how far it is.
const HEARTBEAT: Duration = Duration::from_secs(1);

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
    #[arg(long, short, value_name = "J", default_value = "1", value_parser = jobs)]
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
pub(super) enum ReadAs {
    /// As JSON where both sides are an object or array (or one a line), else as text
    Auto,
    /// As one JSON value
    Json,
    /// As one JSON value a line
    Jsonl,
    /// Line by line
    Text,
}

impl ReadAs {
    /// The name used in documents and on the command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Text => "text",
        }
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

impl From<RunnerError> for Failure {
    fn from(error: RunnerError) -> Self {
        let failure = |exit| Self::new(exit, &error);
        match &error {
            RunnerError::Quoting { .. } => {
                failure(Exit::Usage).hint("close the quote, or escape it with a backslash")
            }
            RunnerError::NoProgram { .. } | RunnerError::CaseLine { .. } => failure(Exit::Usage),
            RunnerError::CasesKind { .. } => failure(Exit::Usage)
                .hint("put the cases as files into a folder, or one a line into a .jsonl file"),
            RunnerError::Missing { .. } => {
                failure(Exit::Trouble).hint("check its name and PATH; nothing was run")
            }
            RunnerError::NotExecutable { program, .. } => {
                failure(Exit::Trouble).hint(format_args!(
                    "name its interpreter (sh {program}), or chmod +x it; nothing was run"
                ))
            }
            RunnerError::Cases { .. } | RunnerError::NoCases { .. } | RunnerError::Work(_) => {
                failure(Exit::Trouble)
            }
        }
    }
}

pub(super) fn run(context: &Context, args: RunArgs) -> Result<Exit, Failure> {
    let limits = Limits {
        timeout: args.timeout,
        output: args.max_output,
    };
    let judge = Judge {
        read_as: args.read_as,
        comparator: args.rules.comparator()?,
        kept: RecordLimits {
            differences: args.rules.limit(),
            ..RecordLimits::default()
        },
        limits,
    };
    let runner = args.plan(limits)?.prepare()?;
    for skipped in &runner.plan().corpus.skipped {
        context.output.warn(format_args!(
            "passed over, as it is no file: {}",
            skipped.display()
        ));
    }
    let store = find::store(context);
    let stop = Stop::default();
    stop_on_signals(&stop)?;
    let header = args.header(context, &runner)?;
    let name: Arc<str> = header.name.as_str().into();
    let id = header.id.clone();
    let mut recording = Recording::begin(context, &store, header)?;
    let mut progress = Progress::new(runner.pairs(), context.output);
    let outcome = runner.run(
        &stop,
        |pair| judge.record(&pair, id.clone(), Arc::clone(&name), context.now()),
        |record| {
            let Some(record) = record else { return Ok(()) };
            progress.step(record.result == RecordResult::Different);
            recording.add(&record)
        },
    );
    progress.finish();
    // Every case may have been done when the signal came.
    let whole = recording.run.tally.made() == runner.pairs();
    let state = if whole {
        RunState::Complete
    } else {
        RunState::Interrupted
    };
    let ended = recording.end(state, runner.plan().corpus.cases.len() as u64);
    // What went wrong first is what is said.
    outcome?;
    let summary = ended?;
    context.output.show(&summary)?;
    say_more(context, &summary, state);
    Ok(match state {
        RunState::Complete if summary.has_differences() => Exit::No,
        RunState::Complete if summary.is_whole() => Exit::Done,
        RunState::Complete => Exit::Trouble,
        RunState::Interrupted | RunState::Running => Exit::Interrupted,
    })
}

/// What the summary does not say by itself.
fn say_more(context: &Context, summary: &Summary, state: RunState) {
    let output = &context.output;
    let id = summary.id();
    if state != RunState::Complete {
        output.warn("stopped before the end; what was done is saved");
    }
    if summary.errors() > 0 {
        output.warn(format_args!(
            "could not be compared, so that nothing is known about them: {} of {}",
            summary.errors(),
            summary.cases()
        ));
    }
    if summary.is_all_failures() {
        output.warn("both programs failed on every case: are the commands right?");
    }
    // A case that looks like an option would be taken for one.
    let case = summary
        .first_unequal()
        .filter(|case| !case.starts_with('-'));
    output.next(match case {
        Some(case) => command(&["compare", "show", id, case]),
        None => super::report_command(id),
    });
}

impl RunArgs {
    fn plan(&self, limits: Limits) -> Result<Plan, Failure> {
        Ok(Plan {
            old: CommandLine::parse("--old", &self.old)?,
            new: CommandLine::parse("--new", &self.new)?,
            corpus: Corpus::read(&self.cases)?,
            delivery: match (self.stdin, self.arg) {
                (true, _) => Delivery::Stdin,
                (false, true) => Delivery::Argument,
                (false, false) => Delivery::Auto,
            },
            env: self.env.clone(),
            repeats: self.repeat,
            jobs: self.jobs,
            // JSON readers elsewhere keep 53 bits of a number.
            seed: match self.seed {
                Some(seed) => seed,
                None => u64::from_be_bytes(random()?) >> 11,
            },
            limits,
        })
    }

    fn header(&self, context: &Context, runner: &Runner) -> Result<Run, Failure> {
        let now = context.now();
        let plan = runner.plan();
        let name = self.name.clone().unwrap_or_else(|| plan.new.program_name());
        let mut run = Run::new(
            RunId::time_ordered(now, random()?),
            name,
            RunKind::Commands,
            now,
        );
        run.old = Implementation::new(plan.old.text());
        run.new = Implementation::new(plan.new.text());
        run.expected_cases = Some(runner.pairs());
        run.options = json!({
            "cases": self.cases.to_string_lossy(),
            "as": self.read_as.name(),
            "repeat": plan.repeats,
            "jobs": plan.jobs,
            "seed": plan.seed,
            "timeout_ms": u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX),
            "max_output_bytes": self.max_output,
            // Values may be secrets.
            "env": plan.env.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "rules": self.rules.rules()?,
        });
        Ok(run)
    }
}

/// Random bytes for ids and seeds.
fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::io("get a random number", &error.into()))?;
    Ok(bytes)
}

/// A run being saved: each record at once, the header now and then.
struct Recording<'a> {
    context: &'a Context,
    store: &'a dyn ComparisonStore,
    run: Run,
    summing: Summing,
    heartbeat: Instant,
}

impl<'a> Recording<'a> {
    fn begin(
        context: &'a Context,
        store: &'a dyn ComparisonStore,
        run: Run,
    ) -> Result<Self, Failure> {
        block_on(store.create_run(&run))?;
        Ok(Self {
            context,
            store,
            run,
            summing: Summing::default(),
            heartbeat: Instant::now(),
        })
    }

    fn add(&mut self, record: &ComparisonRecord) -> Result<(), Failure> {
        block_on(self.store.append(std::slice::from_ref(record)))?;
        self.summing.add(record);
        self.run.tally.count(record.result);
        if self.heartbeat.elapsed() >= HEARTBEAT {
            self.run.updated = self.context.now();
            block_on(self.store.update_run(&self.run))?;
            self.heartbeat = Instant::now();
        }
        Ok(())
    }

    fn end(mut self, state: RunState, cases: u64) -> Result<Summary, Failure> {
        self.run.end(state, self.context.now());
        block_on(self.store.update_run(&self.run))?;
        Ok(self.summing.summary(&self.run, Some(cases)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_are_not_the_same_twice() {
        let bytes = || random::<10>().unwrap();
        assert_ne!(bytes(), bytes());
    }

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
    }
}
