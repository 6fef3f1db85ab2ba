//! `flag undo`: the way back, as a new revision.

use clap::Args;
use cutover_app::flags::Intent;
use cutover_domain::flags::{ChangeRecord, FlagKey, Revision};
use cutover_ports::flags::HistoryQuery;

use super::change::{Wish, before, request};
use super::deleted;
use super::describe::listed;
use super::open::Flags;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag undo use_new_parser", "as before its last change; again: redo"),
    ("cutover flag undo use_new_parser --to 7", "as it was at revision 7"),
    ("cutover flag undo --to 7", "all flags as they were at revision 7"),
]))]
pub struct UndoArgs {
    /// The flag; without it, all flags
    key: Option<String>,
    /// The revision to return to
    #[arg(long, value_name = "REVISION")]
    to: Option<Revision>,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn undo(context: &Context, args: &UndoArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let intent = match (&args.key, args.to) {
        // The history may know a flag that is gone; only the service can tell.
        (Some(typed), to) => match typed.parse::<FlagKey>() {
            Ok(key) => Intent::Undo { key, to },
            Err(_) => return Err(flags.unknown(typed)),
        },
        (None, Some(to)) => Intent::UndoAll { to },
        (None, None) => {
            let example = command(&["flag", "undo", "--to", &before(flags.document.revision)]);
            return Err(Failure::usage(
                "what is to be undone? name a KEY, or --to REVISION for all flags",
            )
            .hint(format_args!("`{example}` takes back the last change")));
        }
    };
    let next = |revision: Revision| match &args.key {
        Some(key) => format!(
            "{}; again: {}",
            command(&["flag", "status", key]),
            command(&["flag", "undo", key])
        ),
        None => format!(
            "{}; again: {}",
            command(&["flag", "list"]),
            command(&["flag", "undo", "--to", &before(revision)])
        ),
    };
    let request = request(&args.change).intend(intent);
    let takes_back = args.to.and_then(|to| taken_back(&flags, args, to));
    let made = Wish {
        service: &flags.service,
        args: &args.change,
        request,
        next: &next,
        warnings: takes_back.into_iter().collect(),
    }
    .make(context);
    match (made, &args.key) {
        (Err(failure), Some(typed))
            if failure.exit() == Exit::No && !flags.document.flags.contains_key(typed.as_str()) =>
        {
            Err(flags.unknown(typed))
        }
        (Err(failure), Some(typed)) if failure.exit() == Exit::Usage => {
            Err(naming_those_before(failure, &flags, typed))
        }
        (made, _) => made,
    }
}

/// With the deleted flags that a deleted flag requires: they have to be back before it.
fn naming_those_before(failure: Failure, flags: &Flags, typed: &str) -> Failure {
    let Ok((deleted, _)) = deleted::find(flags) else {
        return failure;
    };
    let is_deleted = |key: &FlagKey| deleted.iter().any(|flag| flag.key == *key);
    let wanted = deleted.iter().find(|flag| flag.key.as_str() == typed);
    let required = wanted.into_iter().flat_map(|flag| &flag.before.requires);
    required
        .filter(|key| is_deleted(key))
        .fold(failure, |failure, key| {
            let first = command(&["flag", "undo", key.as_str()]);
            failure.hint(format_args!(
                "{key}, which it requires, is deleted, too: first `{first}`"
            ))
        })
}

/// Revisions that follow each other, by one actor.
struct Streak {
    first: Revision,
    last: Revision,
    count: usize,
    actor: String,
}

impl Streak {
    fn in_words(&self) -> String {
        let Self {
            first,
            last,
            count,
            actor,
        } = self;
        match count {
            1 => format!("{last} by {actor}"),
            2 => format!("{first} and {last} by {actor}"),
            _ => format!("{first} to {last} by {actor}"),
        }
    }
}

/// Says whose revisions a return to `to` takes back, unless it is only the last one, and the
/// asker's own. Where the history cannot be read, the undo itself says so.
fn taken_back(flags: &Flags, args: &UndoArgs, to: Revision) -> Option<String> {
    let mut query = HistoryQuery {
        key: args.key.as_ref().and_then(|key| key.parse().ok()),
        after: Some(to),
        ..HistoryQuery::newest(256)
    };
    let mut newest_first: Vec<Streak> = Vec::new();
    loop {
        let page = pollster::block_on(flags.service.history(&query)).ok()?;
        for ChangeRecord {
            revision, actor, ..
        } in page.records
        {
            match newest_first.last_mut() {
                Some(streak) if streak.actor == actor => {
                    streak.first = revision;
                    streak.count += 1;
                }
                _ => newest_first.push(Streak {
                    first: revision,
                    last: revision,
                    count: 1,
                    actor,
                }),
            }
        }
        match page.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    let told: Vec<_> = newest_first.iter().rev().map(Streak::in_words).collect();
    match &newest_first[..] {
        [] => None,
        [only] if only.count == 1 && only.actor == args.change.actor() => None,
        [only] if only.count == 1 => Some(format!("takes back revision {}", listed(&told))),
        streaks => {
            let count: usize = streaks.iter().map(|streak| streak.count).sum();
            Some(format!("takes back {count} revisions: {}", listed(&told)))
        }
    }
}
