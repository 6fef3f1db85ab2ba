//! `flag watch`: every change as it happens, whoever makes it.

use std::io::{self, Write};

use clap::Args;
use cutover_domain::flags::{ChangeRecord, FlagKey, KeyChange, Revision};
use cutover_ports::flags::{FlagEvent, FlagStore};
use pollster::block_on;
use serde::Serialize;

use super::describe::differences;
use super::open::Flags;
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::interrupt::{Ended, Interrupt};
use crate::output::{Page, Report, printable};
use crate::suggest::{closest, command};

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
        in_trouble: false,
        told: 0,
    };
    while args.count.is_none_or(|count| watching.told < count) {
        match block_on(interrupt.or(|context| events.as_mut().poll_next(context))) {
            Ok(Some(event)) => watching.take(event)?,
            Ok(None) => return Err(Failure::trouble("the store tells of no more changes")),
            Err(Ended::BySignal) => return Ok(Exit::Interrupted),
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
                self.seen = record.revision;
                let told = Told {
                    record: &record,
                    only: self.only,
                };
                if told.is_of_interest() {
                    self.context.output.show(&told)?;
                    self.told += 1;
                }
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
            _ => self.look_again(),
        }
        Ok(())
    }

    /// The next change is told again from here on; what happened up to now can only be looked at.
    fn look_again(&mut self) {
        let output = &self.context.output;
        match block_on(self.store.load()) {
            Ok(document) => {
                let now = document.map_or(Revision::ZERO, |document| document.revision);
                let list = command(&["flag", "list"]);
                if now == self.seen && self.in_trouble {
                    output.note(format_args!(
                        "the store can be read again, at revision {now}"
                    ));
                } else {
                    output.warn(format_args!(
                        "from revision {} to {now} the store does not tell what changed; \
                         `{list}` shows what is there",
                        self.seen
                    ));
                }
                self.seen = now;
                self.in_trouble = false;
            }
            Err(error) => {
                self.in_trouble = true;
                output.warn(Failure::from(error));
            }
        }
    }
}
