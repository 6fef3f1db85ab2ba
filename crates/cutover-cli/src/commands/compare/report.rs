//! `cutover compare report`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use cutover_app::comparison::{Selection, read};
use cutover_app::report::{JUnit, html, json, markdown, text};
use cutover_domain::comparison::performance::{Answer, PerformanceLimit};
use cutover_domain::comparison::report::{Report, ReportBuilder, Verdict};
use cutover_domain::comparison::{Run, RunJudgement, RunKind};
use cutover_ports::comparison::{ComparisonStore, RunQuery};
use pollster::block_on;

use super::find;
use super::moment::moment;
use super::summary::performance::{answer, limits_of, unmeasured, with_standard, worst};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::file::{Existing, write_whole_by};
use crate::output::{Format, data, printable, stdout_width};
use crate::suggest::{closest, command};

/// So many bytes of a scratch file are held in memory; the rest is on disk.
const SPOOL: usize = 1 << 20;

pub(super) const REPORT_HELP: &str = "\
The form is that of --to, else that of the file's name (.html, .json, .md, .xml, .txt). Runs are \
named by their id, the beginning of it, or `latest`; several go into one report.

Exit codes: 0 the report is written. With --check or --at-most also 1 there is a difference or a \
limit is not kept, 4 neither is known, but not everything is proven equal (dropped, not run, not \
compared to its end, or nothing at all) or a limit is not decided; the report is written in any \
case.";

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
    /// Hold new against this limit instead of those the run was made with: wall, cpu, peak_memory or
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
    /// The form that the name of a file asks for.
    fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "txt" => Self::Text,
            "json" => Self::Json,
            "html" | "htm" => Self::Html,
            "md" | "markdown" => Self::Markdown,
            "xml" => Self::JUnit,
            _ => return None,
        })
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
    let selection = args.selection(context, &store)?;
    let file = args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    let form = args.to.or_else(|| file.and_then(Form::of_file));
    let form = form.unwrap_or(match context.output.format() {
        Format::Table => Form::Text,
        Format::Json | Format::Jsonl => Form::Json,
    });
    let limits = args.limits(&store, &selection)?;
    let mut builder = ReportBuilder::new().limits(with_standard(&limits));
    if !block_on(read(&store, &selection, &mut builder))? {
        return Err(nothing(&store, &selection));
    }
    let report = builder.finish(context.now());
    if form == Form::JUnit {
        // What is noise is known only when everything was read, so the cases are read again.
        let junit = JUnit::new(|| Ok(tempfile::spooled_tempfile(SPOOL)));
        let mut junit = junit.but_for_noise(&report);
        block_on(read(&store, &selection, &mut junit))?;
        put(context, file, |to| junit.finish(to))?;
    } else {
        let width = if file.is_none() { stdout_width() } else { None };
        let rendered = form.render(&report, width)?;
        put(context, file, |to| to.write_all(rendered.as_bytes()))?;
    }
    let judged = args.judged(&store, &selection)?;
    let judged = judged.filter(|_| report.coverage.without_record > 0);
    let kept = match &judged {
        // What is left of the records would answer otherwise than all of them did.
        Some(judged) => {
            let answers = judged.limits.iter().map(|limit| limit.answer);
            worst(&answers.collect::<Vec<_>>())
        }
        None => answer(&report, &limits),
    };
    let limits = if judged.is_some() { Vec::new() } else { limits };
    for limit in unmeasured(&report, &limits) {
        context.output.warn(format_args!(
            "nothing was measured on both sides of {}, so that its limit is not decided",
            printable(&limit.metric.to_string())
        ));
    }
    if !args.check && args.at_most.is_empty() {
        return Ok(Exit::Done);
    }
    Ok(match (report.verdict, kept) {
        (Verdict::Different, _) | (_, Some(Answer::Fail)) => Exit::No,
        (Verdict::Unproven, _) | (_, Some(Answer::Insufficient)) => Exit::Insufficient,
        (Verdict::Equal, _) => Exit::Done,
    })
}

impl ReportArgs {
    /// The limits that were asked for, else those of the run, where it is one.
    fn limits(
        &self,
        store: &dyn ComparisonStore,
        selection: &Selection,
    ) -> Result<Vec<PerformanceLimit>, Failure> {
        match &selection.runs[..] {
            [run] if self.at_most.is_empty() => Ok(limits_of(&find::run(store, run.as_str())?)),
            _ => Ok(self.at_most.clone()),
        }
    }

    /// How the run was judged when it ended, where it is one and no other limits are asked for.
    fn judged(
        &self,
        store: &dyn ComparisonStore,
        selection: &Selection,
    ) -> Result<Option<RunJudgement>, Failure> {
        match &selection.runs[..] {
            [run] if self.at_most.is_empty() => Ok(find::run(store, run.as_str())?.judged),
            _ => Ok(None),
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
