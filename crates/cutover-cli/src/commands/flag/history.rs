//! `flag history`: who changed what, when and why.

use std::io::{self, Write};

use clap::Args;
use cutover_app::flags::FlagService;
use cutover_domain::flags::{ChangeRecord, FlagKey, Revision};
use cutover_ports::PortError;
use cutover_ports::flags::{HistoryPage, HistoryQuery};
use serde::Serialize;

use super::describe::{beginning, differences};
use super::open::{Flags, says_more};
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
    /// How many damaged records were left out.
    damaged: u64,
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

/// Says which records are missing between those that are there: revisions have no gaps. True when
/// some are.
fn warn_of_gaps(context: &Context, records: &[ChangeRecord]) -> bool {
    let mut is_told = false;
    for pair in records.windows(2) {
        let [newer, older] = pair else { continue };
        let (first, last) = (older.revision.next(), newer.revision.number() - 1);
        if first.number() > last {
            continue;
        }
        let missing = if first.number() == last {
            format!("revision {first}")
        } else {
            format!("revisions {first} to {last}")
        };
        context.output.warn(format_args!(
            "the record of {missing} is missing or damaged; {}",
            says_more()
        ));
        is_told = true;
    }
    is_told
}

pub(super) fn warn_of_damage(context: &Context, damaged: u64, only: Option<&FlagKey>) {
    let records = match damaged {
        1 => "1 record cannot be read and is".to_owned(),
        many => format!("{many} records cannot be read and are"),
    };
    let whose = only.map_or(String::new(), |key| format!(", whether of {key} or not"));
    context
        .output
        .warn(format_args!("{records} left out{whose}; {}", says_more()));
}

pub(super) fn history(context: &Context, args: &HistoryArgs) -> Result<Exit, Failure> {
    match Flags::try_open(context) {
        Ok(flags) => of_flags(context, args, &flags),
        // All the more somebody wants to know what they were.
        Err(trouble) => of_unreadable_flags(context, args, trouble.into()),
    }
}

fn of_flags(context: &Context, args: &HistoryArgs, flags: &Flags) -> Result<Exit, Failure> {
    let only = match &args.key {
        Some(typed) => Some(typed.parse::<FlagKey>().map_err(|_| flags.unknown(typed))?),
        None => None,
    };
    let page = read(&flags.service, args, only.clone())?;
    if let Some(key) = &only
        && page.records.is_empty()
        && args.limit > 0
        && args.before.is_none()
        && !flags.document.flags.contains_key(key)
    {
        return Err(flags.unknown(key.as_str()));
    }
    show(context, page, only)
}

/// The history of flags that cannot be read, which ends with what is wrong with them.
fn of_unreadable_flags(
    context: &Context,
    args: &HistoryArgs,
    trouble: Failure,
) -> Result<Exit, Failure> {
    let service = FlagService::new(context.flag_store());
    let typed = args.key.as_ref().map(|typed| typed.parse::<FlagKey>());
    if let Ok(only) = typed.transpose()
        && let Ok(page) = read(&service, args, only.clone())
    {
        show(context, page, only)?;
    }
    Err(trouble)
}

fn read(
    service: &FlagService,
    args: &HistoryArgs,
    only: Option<FlagKey>,
) -> Result<HistoryPage, PortError> {
    let mut query = HistoryQuery::newest(args.limit);
    query.key = only;
    query.before = args.before.map(Revision::new);
    pollster::block_on(service.history(&query))
}

/// Shows a page. What is damaged does not hide the rest, and is trouble in the end.
fn show(context: &Context, page: HistoryPage, only: Option<FlagKey>) -> Result<Exit, Failure> {
    let HistoryPage {
        records,
        next,
        damaged,
    } = page;
    let is_told = only.is_none() && warn_of_gaps(context, &records);
    if damaged > 0 && !is_told {
        warn_of_damage(context, damaged, only.as_ref());
    }
    context.output.show(&History {
        history: records,
        next_before: next.map(Revision::number),
        damaged,
        only,
    })?;
    Ok(match damaged {
        0 => Exit::Done,
        _ => Exit::Trouble,
    })
}
