//! `flag list --deleted`: the flags that are gone and that the history still has.

use std::collections::BTreeSet;
use std::io::{self, Write};

use cutover_domain::flags::{ChangeRecord, Definition, FlagKey, KeyChange, Revision};
use cutover_ports::flags::HistoryQuery;
use jiff::Timestamp;
use serde::Serialize;

use super::describe::answers;
use super::history::warn_of_damage;
use super::open::Flags;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, table, write_json_line};
use crate::suggest::command;

/// How many records are read at a time on the way back through the history.
const PAGE: usize = 256;

/// A flag that is gone.
#[derive(Serialize)]
pub(super) struct Deleted {
    pub(super) key: FlagKey,
    /// The revision without it.
    revision: Revision,
    time: Timestamp,
    actor: String,
    reason: Option<String>,
    /// What it was.
    pub(super) before: Definition,
}

#[derive(Serialize)]
struct List {
    deleted: Vec<Deleted>,
}

impl Report for List {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.deleted.is_empty() {
            return Ok(());
        }
        let mut flags = table(["flag", "was", "deleted in", "time", "who", "why"]);
        for flag in &self.deleted {
            flags.add_row([
                flag.key.to_string(),
                answers(&flag.before),
                format!("revision {}", flag.revision),
                format!("{:.0}", flag.time),
                printable(&flag.actor),
                printable(flag.reason.as_deref().unwrap_or("-")),
            ]);
        }
        page.table(flags)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.deleted
            .iter()
            .try_for_each(|flag| write_json_line(to, flag))
    }
}

pub(super) fn list(context: &Context) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (deleted, damaged) = find(&flags)?;
    if damaged > 0 {
        warn_of_damage(context, damaged, None);
    }
    let first = deleted.first().map(|flag| flag.key.clone());
    context.output.show(&List { deleted })?;
    match first {
        Some(key) => context
            .output
            .next(command(&["flag", "undo", key.as_str()])),
        None => context.output.note("the history has no flag that is gone"),
    }
    Ok(Exit::Done)
}

/// Newest first, and how many records could not be read. Reads the whole history, a page at a time.
pub(super) fn find(flags: &Flags) -> Result<(Vec<Deleted>, u64), Failure> {
    let mut known: BTreeSet<FlagKey> = flags.document.flags.keys().cloned().collect();
    let (mut deleted, mut damaged) = (Vec::new(), 0);
    let mut query = HistoryQuery::newest(PAGE);
    loop {
        let page = pollster::block_on(flags.service.history(&query))?;
        damaged += page.damaged;
        for record in page.records {
            take(record, &mut known, &mut deleted);
        }
        match page.next {
            Some(next) => query.before = Some(next),
            None => return Ok((deleted, damaged)),
        }
    }
}

/// What of a record is about flags that are not there and were not met in a later one.
fn take(record: ChangeRecord, known: &mut BTreeSet<FlagKey>, deleted: &mut Vec<Deleted>) {
    let ChangeRecord {
        revision,
        time,
        actor,
        reason,
        changes,
        ..
    } = record;
    for KeyChange { key, before, .. } in changes {
        if !known.insert(key.clone()) {
            continue;
        }
        // Without a definition before, it was never there: an undo of its deletion, taken back.
        if let Some(before) = before {
            deleted.push(Deleted {
                key,
                revision,
                time,
                actor: actor.clone(),
                reason: reason.clone(),
                before,
            });
        }
    }
}
