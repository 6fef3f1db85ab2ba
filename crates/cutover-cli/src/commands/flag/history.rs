//! `flag history`: who changed what, when and why.

use std::io::{self, Write};

use clap::Args;
use cutover_domain::flags::{ChangeRecord, FlagKey};
use cutover_ports::flags::{HistoryPage, HistoryQuery};
use serde::Serialize;

use super::describe::{beginning, differences};
use super::open::Flags;
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, table, write_json_line};

/// How many flags of one change are listed for eyes; JSON has them all.
const CHANGES_SHOWN: usize = 10;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag history", "the last 10 changes, newest first"),
    ("cutover flag history use_new_parser -n 50", ""),
    ("cutover flag history -n 1000 --format jsonl", "one change a line"),
]))]
pub struct HistoryArgs {
    /// Only changes of this flag
    key: Option<String>,
    /// At most so many
    #[arg(
        short = 'n',
        long = "limit",
        value_name = "COUNT",
        default_value_t = 10
    )]
    limit: usize,
    /// Only changes before this revision, to go on from an earlier answer
    #[arg(long, value_name = "REVISION")]
    before: Option<u64>,
}

#[derive(Serialize)]
struct History {
    history: Vec<ChangeRecord>,
    /// Where `--before` goes on; null at the end.
    next_before: Option<u64>,
    #[serde(skip)]
    only: Option<FlagKey>,
}

impl Report for History {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.history.is_empty() {
            return Ok(());
        }
        let mut records = table(["revision", "time", "who", "flag", "change", "why"]);
        for record in &self.history {
            let of_interest = |key: &FlagKey| self.only.as_ref().is_none_or(|only| only == key);
            let changes: Vec<_> = record
                .changes
                .iter()
                .filter(|change| of_interest(&change.key))
                .collect();
            let shown = &changes[..changes.len().min(CHANGES_SHOWN)];
            let mut keys: Vec<_> = shown.iter().map(|change| change.key.to_string()).collect();
            let words: Vec<_> = shown
                .iter()
                .map(|change| differences(change).join("; "))
                .collect();
            if shown.len() < changes.len() {
                keys.push(format!("… and {} more", changes.len() - shown.len()));
            }
            records.add_row([
                record.revision.to_string(),
                format!("{:.0}", record.time),
                printable(&record.actor),
                dash(keys.join("\n")),
                dash(words.join("\n")),
                dash(beginning(printable(
                    record.reason.as_deref().unwrap_or_default(),
                ))),
            ]);
        }
        page.table(records)?;
        if let Some(before) = self.next_before {
            writeln!(page, "… older ones: --before {before}")?;
        }
        Ok(())
    }

    fn write_lines(&self, to: &mut dyn io::Write) -> Result<(), Failure> {
        self.history
            .iter()
            .try_for_each(|record| write_json_line(to, record))
    }
}

fn dash(text: String) -> String {
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}

pub(super) fn history(context: &Context, args: &HistoryArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let only = match &args.key {
        Some(typed) => Some(typed.parse::<FlagKey>().map_err(|_| flags.unknown(typed))?),
        None => None,
    };
    let mut query = HistoryQuery::newest(args.limit);
    query.key.clone_from(&only);
    query.before = args.before.map(cutover_domain::flags::Revision::new);
    let HistoryPage { records, next } = pollster::block_on(flags.service.history(&query))?;
    if let Some(key) = &only
        && records.is_empty()
        && args.limit > 0
        && args.before.is_none()
        && !flags.document.flags.contains_key(key)
    {
        return Err(flags.unknown(key.as_str()));
    }
    let next_before = next.map(|revision| revision.number());
    context.output.show(&History {
        history: records,
        next_before,
        only,
    })?;
    Ok(Exit::Done)
}
