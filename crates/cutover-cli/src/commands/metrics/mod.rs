//! `cutover metrics`: what processes measured, also those that ended within the hour.

mod compare;
mod export;
mod figures;
mod summary;

use clap::{Args, Subcommand, ValueEnum};
use cutover_app::metrics::{MetricsOverview, flag_facts, overview};
use cutover_domain::metrics::{Snapshot, Window};
use cutover_file::FileStateStore;
use cutover_ports::PortErrorKind;

use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::printable;

/// See what running processes measure.
#[derive(Debug, Subcommand)]
#[command(before_help = examples(&[
    ("cutover metrics summary", ""),
    ("cutover metrics compare dataset.register", "old against new"),
    ("cutover metrics export --to json metrics.json", ""),
]))]
pub enum MetricsCommand {
    /// Every counter, gauge and timer in figures
    Summary(summary::SummaryArgs),
    /// Everything there is, for files and other programs
    Export(export::ExportArgs),
    /// Old against new, per operation
    Compare(compare::CompareArgs),
}

/// Which part of the past is looked at.
#[derive(Args, Clone, Copy, Debug)]
pub struct Since {
    /// Look at the last hour only [default: since each process started]
    #[arg(
        long,
        value_enum,
        value_name = "TIME",
        default_value = "start",
        hide_default_value = true
    )]
    since: SinceTime,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SinceTime {
    /// Since each process started
    Start,
    /// The hour before each process told last
    #[value(name = "1h")]
    Hour,
}

impl Since {
    fn window(self) -> Window {
        match self.since {
            SinceTime::Start => Window::SinceStart,
            SinceTime::Hour => Window::LastHour,
        }
    }
}

pub(crate) fn run(context: &Context, command: MetricsCommand) -> Result<Exit, Failure> {
    match command {
        MetricsCommand::Summary(args) => summary::run(context, &args),
        MetricsCommand::Export(args) => export::run(context, &args),
        MetricsCommand::Compare(args) => compare::run(context, &args),
    }
}

/// What all processes and the store tell. What cannot be read is warned about, and missing.
fn look(context: &Context, since: Since) -> Result<MetricsOverview, Failure> {
    let store = FileStateStore::open(context.place.metrics_folder());
    let facts: Vec<_> = flags(context)?.into_iter().collect();
    let overview = overview(&store, since.window(), context.now(), &facts)?;
    for fault in &overview.faults {
        context.output.warn(printable(&fault.to_string()));
    }
    Ok(overview)
}

/// What the flag store knows. Flags that cannot be read do not hide the figures.
fn flags(context: &Context) -> Result<Option<Snapshot>, Failure> {
    match pollster::block_on(context.flag_store().load()) {
        Ok(document) => Ok(document.map(|document| flag_facts(&document, context.now()))),
        Err(error) if error.kind() == PortErrorKind::Corrupt => {
            context.output.warn(printable(&error.to_string()));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Says why there is nothing, and what to do.
fn note_nothing(context: &Context) {
    let folder = context.place.metrics_folder();
    context.output.note(format_args!(
        "no process has told its metrics in {} within the last hour",
        printable(&folder.display().to_string())
    ));
    context.output.note(
        "a process tells them while it holds a `MetricsPublisher`; name its home with --home DIR",
    );
}
