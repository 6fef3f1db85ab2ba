//! `cutover compare prune`.

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use cutover_ports::comparison::{Pruned, Retention};
use pollster::block_on;
use serde::Serialize;

use super::quantity::{age, bytes, show_size};
use crate::confirm::{ChangeArgs, Decision};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, counted, write_json_line};

/// Remove the oldest records of all runs until no more is left than is allowed.
#[derive(Args, Debug)]
#[group(id = "limits", required = true, multiple = true, args = ["max_age", "max_records", "max_bytes"])]
pub struct PruneArgs {
    /// Keep nothing older than this: 30d, 12h; runs that ended before go as a whole
    #[arg(long, value_name = "TIME", value_parser = age)]
    max_age: Option<Duration>,
    /// Keep no more records than this, over all runs
    #[arg(long, value_name = "N")]
    max_records: Option<u64>,
    /// Keep no more bytes of records than this, over all runs: 500MB, 1GiB
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_bytes: Option<u64>,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking; needed where nobody can be asked
    #[arg(long, short = 'y')]
    yes: bool,
}

/// What was removed, or would be.
#[derive(Serialize)]
struct Removed {
    dry_run: bool,
    runs: u64,
    records: u64,
    bytes: u64,
}

impl Removed {
    fn new(pruned: Pruned, dry_run: bool) -> Self {
        Self {
            dry_run,
            runs: pruned.runs,
            records: pruned.records,
            bytes: pruned.bytes,
        }
    }

    fn is_nothing(&self) -> bool {
        self.records == 0 && self.runs == 0
    }

    fn in_words(&self) -> String {
        let size = show_size(self.bytes);
        let records = counted(self.records, "record");
        match self.runs {
            0 => format!("{records} ({size})"),
            runs => format!("{records} ({size}) and {}", counted(runs, "run")),
        }
    }
}

impl Report for Removed {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        match (self.is_nothing(), self.dry_run) {
            (true, _) => writeln!(page, "everything is within the limits"),
            (false, true) => writeln!(page, "would remove {}", self.in_words()),
            (false, false) => writeln!(page, "removed {}", self.in_words()),
        }
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        write_json_line(to, self)
    }
}

pub(super) fn run(context: &Context, args: &PruneArgs) -> Result<Exit, Failure> {
    let store = context.comparison_store();
    let retention = Retention {
        max_age: args.max_age,
        max_records: args.max_records,
        max_bytes: args.max_bytes,
    };
    let now = context.now();
    let planned = Removed::new(block_on(store.would_prune(&retention, now))?, true);
    if planned.is_nothing() {
        context.output.show(&planned)?;
        return Ok(Exit::Done);
    }
    let change = ChangeArgs {
        dry_run: args.dry_run,
        yes: args.yes,
        ..ChangeArgs::default()
    };
    let preview = format!(
        "{} of the oldest would be removed for good\n",
        planned.in_words()
    );
    let done = match change.decide(context, &preview, "Remove them?")? {
        Decision::Show => planned,
        Decision::Change => Removed::new(block_on(store.prune(&retention, now))?, false),
    };
    context.output.show(&done)?;
    Ok(Exit::Done)
}
