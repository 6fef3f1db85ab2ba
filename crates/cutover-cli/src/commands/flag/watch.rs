//! `flag watch`: every change as it happens, whoever makes it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::Args;
use cutover_domain::flags::{ChangeRecord, FlagDocument, FlagKey, KeyChange, Revision};
use cutover_file::flags::EXTERNAL;
use cutover_ports::flags::{FlagEvent, FlagStore, HistoryQuery};
use pollster::block_on;
use serde::Serialize;

use super::describe::differences;
use super::open::Flags;
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::interrupt::{Ended, Interrupt};
use crate::output::{Page, Report, printable};
use crate::suggest::closest;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag watch", "every change, as it happens; Ctrl-C ends it"),
    ("cutover flag watch use_new_parser --count 1", "wait for its next change"),
    ("cutover flag watch --since 7 --format jsonl", "first what happened after revision 7"),
]), after_help = "A line of --format json or jsonl is a record as in `cutover flag history`. \
                  Revisions have no gaps: where one is left out, its record is no longer in the \
                  history, or it touches none of the flags named.")]
pub struct WatchArgs {
    /// Only changes of these flags
    #[arg(value_name = "KEY")]
    keys: Vec<FlagKey>,
    /// Begin with the changes after this revision [default: what is there now]
    #[arg(long, value_name = "REVISION")]
    since: Option<Revision>,
    /// End after so many changes
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,
}

/// One change, told in a line for each flag it touches.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    record: &'a ChangeRecord,
    #[serde(skip)]
    only: &'a [FlagKey],
}

impl Told<'_> {
    fn changes(&self) -> impl Iterator<Item = &KeyChange> {
        let of_interest =
            |change: &&KeyChange| self.only.is_empty() || self.only.contains(&change.key);
        self.record.changes.iter().filter(of_interest)
    }

    /// Whether somebody who watches these flags wants to know.
    fn is_of_interest(&self) -> bool {
        self.only.is_empty() || self.changes().next().is_some()
    }
}

impl Report for Told<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let ChangeRecord {
            revision,
            time,
            actor,
            reason,
            ..
        } = self.record;
        let start = format!("{time:.0}  {revision:>5}  {}", printable(actor));
        let why = reason
            .as_deref()
            .map(|reason| format!("  ({})", printable(reason)));
        let why = why.unwrap_or_default();
        let mut changes = self.changes().peekable();
        if changes.peek().is_none() {
            writeln!(page, "{start}  -  no flag changed{why}")?;
        }
        for change in changes {
            writeln!(
                page,
                "{start}  {}  {}{why}",
                change.key,
                differences(change).join("; ")
            )?;
        }
        Ok(())
    }
}

pub(super) fn watch(context: &Context, args: &WatchArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let current = flags.document.revision;
    let since = args.since.unwrap_or(current);
    if since > current {
        return Err(Failure::usage(format_args!(
            "there is no revision {since}; the flags are at revision {current}"
        )));
    }
    warn_of_unknown(context, &flags, &args.keys);
    if args.count == Some(0) {
        return Ok(Exit::Done);
    }
    let store = context.flag_store();
    // Whatever this very store says from here on is compared with what it says now.
    let known = block_on(store.load())?.unwrap_or(flags.document);
    let interrupt = Interrupt::listen()?;
    let mut events = block_on(store.watch(since))?;
    context.output.note(format_args!(
        "watching from revision {since} on; Ctrl-C ends it"
    ));
    let mut watching = Watching {
        context,
        store: &*store,
        only: &args.keys,
        seen: since,
        known,
        in_trouble: false,
        told: 0,
    };
    while args.count.is_none_or(|count| watching.told < count) {
        match block_on(interrupt.or(|context| events.as_mut().poll_next(context))) {
            Ok(Some(event)) => watching.take(event)?,
            Ok(None) => return Err(Failure::trouble("the store tells of no more changes")),
            Err(Ended::BySignal(exit)) => return Ok(exit),
            Err(Ended::Unread) => return Ok(Exit::Done),
        }
    }
    Ok(Exit::Done)
}

/// A flag may be made while it is waited for, so that an unknown one is no mistake, but perhaps a
/// slip of the hand.
fn warn_of_unknown(context: &Context, flags: &Flags, keys: &[FlagKey]) {
    let known = &flags.document.flags;
    for key in keys.iter().filter(|key| !known.contains_key(*key)) {
        let near = closest(key.as_str(), known.keys().map(FlagKey::as_str));
        let meant = near
            .map(|near| format!("; did you mean {near}?"))
            .unwrap_or_default();
        context
            .output
            .warn(format_args!("there is no flag {key} yet{meant}"));
    }
}

struct Watching<'a> {
    context: &'a Context,
    store: &'a dyn FlagStore,
    only: &'a [FlagKey],
    /// The revision that was seen last.
    seen: Revision,
    /// The flags as they were when it began, or later.
    known: FlagDocument,
    in_trouble: bool,
    /// How many changes were told.
    told: u64,
}

impl Watching<'_> {
    fn take(&mut self, event: FlagEvent) -> Result<(), Failure> {
        match event {
            FlagEvent::Changed(record) => {
                if self.in_trouble {
                    self.context.output.note("the store can be read again");
                }
                self.in_trouble = false;
                self.tell(&record)?;
            }
            FlagEvent::Trouble(error) => {
                self.in_trouble = true;
                let failure = Failure::from(error);
                self.context.output.warn(format_args!(
                    "{failure}; processes that follow it go on with revision {}",
                    self.seen
                ));
            }
            // `Resync`, and whatever a later version adds.
            _ => self.look_again()?,
        }
        Ok(())
    }

    /// Tells of a change that comes next.
    fn tell(&mut self, record: &ChangeRecord) -> Result<(), Failure> {
        self.seen = record.revision;
        if record.revision > self.known.revision {
            self.known.revision = record.revision;
            for change in &record.changes {
                match &change.after {
                    Some(flag) => self.known.flags.insert(change.key.clone(), flag.clone()),
                    None => self.known.flags.remove(&change.key),
                };
            }
        }
        let told = Told {
            record,
            only: self.only,
        };
        if told.is_of_interest() {
            self.context.output.show(&told)?;
            self.told += 1;
        }
        Ok(())
    }

    /// The next change is told again from here on. What happened up to now is told by the records
    /// that are there, or else as what differs.
    fn look_again(&mut self) -> Result<(), Failure> {
        let context = self.context;
        let output = &context.output;
        let document = match block_on(self.store.load()) {
            Ok(Some(document)) => document,
            Ok(None) => FlagDocument::empty(self.known.updated_at),
            Err(error) => {
                self.in_trouble = true;
                output.warn(Failure::from(error));
                return Ok(());
            }
        };
        let (from, now) = (self.seen, document.revision);
        let was_in_trouble = std::mem::take(&mut self.in_trouble);
        if from < self.known.revision {
            output.warn(format_args!(
                "from revision {from} to {now} some changes are no longer in the history; these are"
            ));
            let query = HistoryQuery {
                after: Some(from),
                before: Some(now.next()),
                ..HistoryQuery::newest(usize::MAX)
            };
            for record in block_on(self.store.history(&query))?.records.iter().rev() {
                self.tell(record)?;
            }
        } else {
            let changes = KeyChange::between(&self.known.flags, &document.flags);
            if changes.is_empty() && now == from && was_in_trouble {
                output.note(format_args!(
                    "the store can be read again, at revision {now}"
                ));
            } else if changes.is_empty() {
                output.note(format_args!(
                    "from revision {from} to {now} the store has no record; no flag differs"
                ));
            } else {
                output.warn(format_args!(
                    "from revision {from} to {now} the store has no record of each change; what \
                     differs is told as one"
                ));
                let reason = format!("what differs from revision {from}; there is no record of it");
                self.tell(&ChangeRecord {
                    revision: now,
                    time: document.updated_at,
                    actor: EXTERNAL.to_owned(),
                    reason: Some(reason),
                    changes,
                    unknown: BTreeMap::default(),
                })?;
            }
        }
        self.seen = now;
        self.known = document;
        Ok(())
    }
}
