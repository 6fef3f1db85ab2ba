//! `flag undo`: the way back, as a new revision.

use clap::Args;
use cutover_app::flags::Intent;
use cutover_domain::flags::{FlagKey, Revision};

use super::change::{Wish, before, request};
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
    let made = Wish {
        service: &flags.service,
        args: &args.change,
        request,
        next: &next,
        warnings: Vec::new(),
    }
    .make(context);
    match (made, &args.key) {
        (Err(failure), Some(typed))
            if failure.exit() == Exit::No && !flags.document.flags.contains_key(typed.as_str()) =>
        {
            Err(flags.unknown(typed))
        }
        (made, _) => made,
    }
}
