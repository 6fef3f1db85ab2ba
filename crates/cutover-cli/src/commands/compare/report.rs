//! `cutover compare report`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use cutover_app::comparison::{Selection, report};
use cutover_app::report::{html, json, text};
use cutover_domain::comparison::report::Report;
use cutover_domain::comparison::{Run, RunKind};
use cutover_ports::comparison::ComparisonStore;
use pollster::block_on;

use super::find;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Format, data};
use crate::suggest::{closest, command};

/// Write a report of a run, or of an operation in production.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("subject").required(true).args(["id", "operation"])))]
pub struct ReportArgs {
    /// The run: its id, the beginning of it, or `latest`
    id: Option<String>,
    /// All that was recorded of this operation, over all runs
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// The form of the report [default: text, or json with --format json]
    #[arg(long, value_enum, value_name = "FORM")]
    to: Option<Form>,
    /// Write it to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
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
}

impl Form {
    fn render(self, report: &Report) -> Result<String, Failure> {
        Ok(match self {
            Self::Text => text(report),
            Self::Json => json(report)?,
            Self::Html => html(report),
        })
    }
}

pub(super) fn run(context: &Context, args: &ReportArgs) -> Result<Exit, Failure> {
    let store = find::store(context);
    let selection = match (&args.operation, &args.id) {
        (Some(operation), _) => Selection::Operation(operation.as_str().into()),
        (None, id) => Selection::Run(find::run(&store, id.as_deref().unwrap_or_default())?.id),
    };
    let Some(report) = block_on(report(&store, &selection, context.now()))? else {
        return Err(nothing(&store, &selection));
    };
    let form = args.to.unwrap_or(match context.output.format() {
        Format::Table => Form::Text,
        Format::Json | Format::Jsonl => Form::Json,
    });
    let rendered = form.render(&report)?;
    match &args.output {
        Some(path) if path != Path::new("-") => {
            std::fs::write(path, rendered)
                .map_err(|error| Failure::io(format_args!("write {}", path.display()), &error))?;
            context
                .output
                .note(format_args!("wrote {}", path.display()));
        }
        _ => {
            let mut to = data();
            to.write_all(rendered.as_bytes())?;
            to.flush()?;
        }
    }
    Ok(Exit::Done)
}

/// There is nothing to report about.
fn nothing(store: &dyn ComparisonStore, selection: &Selection) -> Failure {
    let operation = match selection {
        Selection::Run(id) => {
            return Failure::no(format_args!("the run {id} is not there any more"));
        }
        Selection::Operation(operation) => operation,
    };
    let failure = Failure::no(format_args!(
        "nothing was recorded of the operation `{operation}`"
    ));
    let known = find::runs(store, None)
        .map(|(runs, _)| runs)
        .unwrap_or_default();
    let operations = known.iter().filter(|run| run.kind == RunKind::Operation);
    match closest(operation, operations.map(|run: &Run| run.name.as_str())) {
        Some(near) => failure.hint(format_args!("did you mean `{near}`?")),
        None => failure.hint(format_args!(
            "`{}` shows what there is",
            command(&["compare", "list"])
        )),
    }
}
