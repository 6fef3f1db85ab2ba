//! `cutover compare report`.

mod judging;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use cutover_app::comparison::{Selection, read};
use cutover_app::report::{JUnit, html, json, markdown, text};
use cutover_domain::comparison::performance::{Answer, PerformanceLimit};
use cutover_domain::comparison::report::{Report, Verdict};
use cutover_domain::comparison::{Run, RunKind};
use cutover_ports::comparison::{ComparisonStore, RunQuery};
use pollster::block_on;

use super::alive::Settled;
use super::find;
use super::moment::moment;
use super::summary::performance::worst;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::file::{Existing, write_whole_by};
use crate::output::{Format, data, printable, stdout_width};
use crate::suggest::{closest, command};
use judging::Judging;

/// So many bytes of a scratch file are held in memory; the rest is on disk.
const SPOOL: usize = 1 << 20;

pub(super) const REPORT_HELP: &str = "\
The form is that of --to, else that of the file's name (.html, .json, .md, .xml, .txt; any other \
extension is refused). Runs are \
named by their id, the beginning of it, or `latest`; several go into one report.

Exit codes: 0 the report is written. With --check or --at-most also 1 there is a difference or a \
limit is not kept, 2 there is no such run, 4 neither is known, but not everything is proven equal \
(dropped, not run, not compared to its end, or nothing at all) or a limit is not decided; the report \
is written wherever there is something to report.";

/// Write a report of runs, or of an operation in production.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("subject").required(true).multiple(true)
    .args(["runs", "operation", "since", "all"])))]
pub struct ReportArgs {
    /// The runs: ids, beginnings of ids, or `latest`
    #[arg(value_name = "RUN")]
    runs: Vec<String>,
    /// Only what was recorded of this operation; of all runs unless some are named
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// Runs that started since: a date, a time, or so long ago (24h)
    #[arg(long, value_name = "TIME", conflicts_with = "runs")]
    since: Option<String>,
    /// Everything in the store
    #[arg(long, conflicts_with_all = ["runs", "operation", "since"])]
    all: bool,
    /// The form of the report [default: by the name of FILE, else text, or json with --format json]
    #[arg(long, value_enum, value_name = "FORM")]
    to: Option<Form>,
    /// Write it to this file instead of standard output; it is replaced as a whole
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Answer with the exit code whether all is proven equal and the limits are kept
    #[arg(long)]
    check: bool,
    /// Hold new against this limit instead of those the runs were made with: wall, cpu, peak_memory or
    /// counters.NAME, as a ratio to old or a change (wall:p95=+5%, counters.queries=0.5)
    #[arg(long, value_name = "METRIC[:STATISTIC]=RATIO")]
    at_most: Vec<PerformanceLimit>,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For a terminal
    Text,
    /// For programs; stable
    Json,
    /// One page that needs nothing else
    Html,
    /// Markdown, for a comment on a pull request
    #[value(name = "md", alias = "markdown")]
    Markdown,
    /// XML for test reporters: every comparison is a test case
    #[value(name = "junit")]
    JUnit,
}

impl Form {
    /// The form that the name of a file asks for; none where it has no extension.
    fn of_file(path: &Path) -> Result<Option<Self>, Failure> {
        let Some(extension) = path.extension() else {
            return Ok(None);
        };
        let extension = extension.to_string_lossy().to_ascii_lowercase();
        Ok(Some(match extension.as_str() {
            "txt" => Self::Text,
            "json" => Self::Json,
            "html" | "htm" => Self::Html,
            "md" | "markdown" => Self::Markdown,
            "xml" => Self::JUnit,
            _ => {
                return Err(Failure::usage(format_args!(
                    "there is no report as .{}: there is .txt, .json, .html, .md and .xml (JUnit)",
                    printable(&extension)
                ))
                .hint("say with --to what the file is to hold"));
            }
        }))
    }

    fn render(self, report: &Report, width: Option<u16>) -> Result<String, Failure> {
        Ok(match self {
            Self::Text => text(report, width),
            Self::Json => json(report)?,
            Self::Html => html(report),
            Self::Markdown => markdown(report),
            Self::JUnit => return Err(Failure::trouble("JUnit XML is written record by record")),
        })
    }
}

pub(super) fn run(context: &Context, args: &ReportArgs) -> Result<Exit, Failure> {
    let store = context.comparison_store();
    let selection = args.selection(context, &store);
    let selection = selection.map_err(|failure| args.refusal(failure, Exit::Usage))?;
    let file = args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    let form = match (args.to, file) {
        (None, Some(file)) => Form::of_file(file)?,
        (to, _) => to,
    };
    let form = form.unwrap_or(match context.output.format() {
        Format::Table => Form::Text,
        Format::Json | Format::Jsonl => Form::Json,
    });
    let mut judging = Judging::new(args.at_most.clone());
    if !block_on(read(&store, &selection, &mut Settled(&mut judging)))? {
        return Err(args.refusal(nothing(&store, &selection), Exit::Insufficient));
    }
    let report = judging.finish(context);
    if form == Form::JUnit {
        // What is noise is known only when everything was read, so the cases are read again.
        let junit = JUnit::new(|| Ok(tempfile::spooled_tempfile(SPOOL)));
        let mut junit = junit.but_for_noise(&report).with_limits(&report);
        block_on(read(&store, &selection, &mut Settled(&mut junit)))?;
        put(context, file, |to| junit.finish(to))?;
    } else {
        let width = if file.is_none() { stdout_width() } else { None };
        let rendered = form.render(&report, width)?;
        put(context, file, |to| to.write_all(rendered.as_bytes()))?;
    }
    let answers = report.limits.iter().map(|limit| limit.judged.answer);
    let kept = worst(&answers.collect::<Vec<_>>());
    if !args.is_question() {
        return Ok(Exit::Done);
    }
    Ok(match (report.verdict, kept) {
        (Verdict::Different, _) | (_, Some(Answer::Fail)) => Exit::No,
        (Verdict::Unproven, _) | (_, Some(Answer::Insufficient)) => Exit::Insufficient,
        (Verdict::Equal, _) => Exit::Done,
    })
}

impl ReportArgs {
    /// Whether the exit code answers.
    fn is_question(&self) -> bool {
        self.check || !self.at_most.is_empty()
    }

    /// A failure that must not be taken for the answer.
    fn refusal(&self, failure: Failure, instead_of_no: Exit) -> Failure {
        match self.is_question() {
            true => failure.instead_of_no(instead_of_no),
            false => failure,
        }
    }

    fn selection(
        &self,
        context: &Context,
        store: &dyn ComparisonStore,
    ) -> Result<Selection, Failure> {
        let mut runs = Vec::new();
        for reference in &self.runs {
            let id = find::run(store, reference)?.id;
            // Named twice, it would count twice.
            if !runs.contains(&id) {
                runs.push(id);
            }
        }
        let since = self.since.as_deref();
        Ok(Selection {
            runs,
            operation: self.operation.as_deref().map(Into::into),
            since: since.map(|text| moment(text, context.now())).transpose()?,
        })
    }
}

/// Writes to the file, as a whole or not at all, or to standard output.
fn put(
    context: &Context,
    file: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let Some(path) = file else {
        let mut to = data();
        write(&mut to)?;
        to.flush()?;
        return Ok(());
    };
    let buffered = |to: &mut dyn Write| {
        let mut to = io::BufWriter::new(to);
        write(&mut to)?;
        to.flush()
    };
    write_whole_by(path, Existing::Replace, buffered)
        .map_err(|error| Failure::io(format_args!("write {}", path.display()), &error))?;
    context
        .output
        .note(format_args!("wrote {}", path.display()));
    Ok(())
}

/// There is nothing to report about.
fn nothing(store: &dyn ComparisonStore, selection: &Selection) -> Failure {
    let list = command(&["compare", "list"]);
    let Some(operation) = &selection.operation else {
        let what = match (&selection.runs[..], selection.since) {
            ([], Some(since)) => format!("no run started since {since}"),
            ([], None) => "there is no run yet".to_owned(),
            (runs, _) => format!("the run {} is not there any more", runs[0]),
        };
        return Failure::no(what).hint(format_args!("`{list}` shows what there is"));
    };
    let failure = Failure::no(format_args!(
        "nothing was recorded of the operation `{operation}`"
    ));
    let known = find::runs(store, &RunQuery::default(), None)
        .map(|(runs, _)| runs)
        .unwrap_or_default();
    let operations = known.iter().filter(|run| run.kind == RunKind::Operation);
    match closest(operation, operations.map(|run: &Run| run.name.as_str())) {
        Some(near) => failure.hint(format_args!("did you mean `{near}`?")),
        None => failure.hint(format_args!("`{list}` shows what there is")),
    }
}
