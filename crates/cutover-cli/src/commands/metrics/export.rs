//! `metrics export`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Since, look, note_nothing};
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::file::{Existing, write_whole};
use crate::output::{Format, data};

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover metrics export metrics.json", ""),
    ("cutover metrics export --since 1h > metrics.json", "the last hour, to standard output"),
]))]
pub struct ExportArgs {
    /// The form of the export
    #[arg(long, value_enum, value_name = "FORM", default_value = "json")]
    to: Form,
    #[command(flatten)]
    since: Since,
    /// The file to write, replaced as a whole [default: standard output]
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// docs/schema/metrics-export.schema.json
    Json,
}

pub(super) fn run(context: &Context, args: &ExportArgs) -> Result<Exit, Failure> {
    let overview = look(context, args.since)?;
    if overview.processes.is_empty() {
        note_nothing(context);
    }
    let Form::Json = args.to;
    let export = overview.export(context.now());
    let mut text = match context.output.format() {
        Format::Jsonl => serde_json::to_vec(&export)?,
        Format::Table | Format::Json => serde_json::to_vec_pretty(&export)?,
    };
    text.push(b'\n');
    match args.file.as_deref().filter(|file| *file != Path::new("-")) {
        None => {
            let mut to = data();
            to.write_all(&text)?;
            to.flush()?;
        }
        Some(file) => {
            write_whole(file, &text, Existing::Replace)
                .map_err(|error| Failure::io(format_args!("write {}", file.display()), &error))?;
            context.output.note(format_args!(
                "wrote {} counters, {} gauges, {} timers and {} samples to {}",
                export.summary.counters.len(),
                export.summary.gauges.len(),
                export.summary.timers.len(),
                export.recent_samples.len(),
                file.display()
            ));
        }
    }
    Ok(Exit::Done)
}
