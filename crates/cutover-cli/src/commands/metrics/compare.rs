//! `metrics compare`.

use std::io::{self, Write};

use clap::Args;
use cutover_domain::metrics::{
    Change, ImplementationComparison, SideFigures, compare_implementations,
};
use jiff::Timestamp;
use serde::Serialize;

use super::figures::{number, or_dash, percent, seconds};
use super::{Since, look, note_nothing};
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, table, write_json_line};
use crate::suggest::{closest, command};

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover metrics compare", "every operation"),
    ("cutover metrics compare dataset.register --since 1h", ""),
]))]
pub struct CompareArgs {
    /// Only this operation
    operation: Option<String>,
    #[command(flatten)]
    since: Since,
}

#[derive(Serialize)]
struct Comparison {
    from: Timestamp,
    to: Timestamp,
    operations: Vec<ImplementationComparison>,
}

impl Report for Comparison {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.operations.is_empty() {
            return Ok(());
        }
        let mut rows = table(["operation", "figure", "old", "new", "change", "ratio"]);
        for operation in &self.operations {
            let ImplementationComparison { old, new, .. } = operation;
            rows.add_row([
                printable(&operation.operation),
                "calls".to_owned(),
                old.calls.to_string(),
                new.calls.to_string(),
            ]);
            let mut figure = |name: &str, old: String, new: String, change: Option<Change>| {
                let percentage = change.and_then(|change| change.percent);
                let ratio = change.and_then(|change| change.ratio);
                let (percentage, ratio) = (or_dash(percentage, percent), or_dash(ratio, number));
                rows.add_row([String::new(), name.to_owned(), old, new, percentage, ratio]);
            };
            figure("errors", errors(old), errors(new), operation.error_ratio);
            let (old, new) = (&old.duration, &new.duration);
            for (name, old, new, change) in [
                ("mean", old.mean, new.mean, operation.mean),
                ("median", old.median, new.median, operation.median),
                ("p95", old.p95, new.p95, operation.p95),
                ("p99", old.p99, new.p99, operation.p99),
            ] {
                figure(name, or_dash(old, seconds), or_dash(new, seconds), change);
            }
        }
        page.table(rows)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.operations
            .iter()
            .try_for_each(|operation| write_json_line(to, operation))
    }
}

/// The count and its share of the calls.
fn errors(side: &SideFigures) -> String {
    match side.error_ratio() {
        Some(ratio) if side.errors > 0 => {
            format!("{} ({} %)", side.errors, number(ratio * 100.0))
        }
        _ => side.errors.to_string(),
    }
}

pub(super) fn run(context: &Context, args: &CompareArgs) -> Result<Exit, Failure> {
    let overview = look(context, args.since)?;
    let mut operations = compare_implementations(&overview.snapshot);
    if operations.is_empty() {
        note_nothing(context);
    }
    if let Some(wanted) = &args.operation {
        let names: Vec<_> = operations
            .iter()
            .map(|found| found.operation.clone())
            .collect();
        operations.retain(|found| found.operation == *wanted);
        if operations.is_empty() {
            return Err(unknown(wanted, &names));
        }
    }
    let (from, to) = (overview.snapshot.from, overview.snapshot.to);
    context.output.show(&Comparison {
        from,
        to,
        operations,
    })?;
    Ok(Exit::Done)
}

fn unknown(wanted: &str, names: &[String]) -> Failure {
    let failure = Failure::no(format_args!(
        "no process has told of an operation {}",
        printable(wanted)
    ));
    match closest(wanted, names.iter().map(String::as_str)) {
        Some(near) => failure.hint(format_args!("did you mean {}?", printable(near))),
        None => failure.hint(format_args!(
            "`{}` shows all operations",
            command(&["metrics", "compare"])
        )),
    }
}
