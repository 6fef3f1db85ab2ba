//! `flag apply`: the flags made equal to a file.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use cutover_domain::flags::{Change, Definition, FlagDocument, KeyChange, State};

use super::change::{Wish, before, from_the_start, nothing_to_do};
use super::open::Flags;
use super::proposal::{Others, Proposal};
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::command;

/// How many names are listed in a message.
const NAMES_TOLD: usize = 10;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag apply -f flags.json --dry-run", "what would change, field by field"),
    ("cutover flag apply -f flags.json --yes", "as one revision, or none if nothing differs"),
    ("cutover flag apply -f - --prune", "from standard input; flags it does not have go"),
]), after_help = "The file is {\"flags\": {\"KEY\": {…}}}, the shape in which flags are stored and \
                  exported; a `revision` in it says nothing, --expect does. Exit codes: 0 the \
                  flags are as in the file, 1 the file describes no flags that can be (every \
                  problem with its path), 3 it cannot be read or is no JSON, 7 conflict.")]
pub struct ApplyArgs {
    /// The file, or `-` for standard input
    #[arg(long, short = 'f', value_name = "FILE")]
    file: PathBuf,
    /// Delete the flags that the file does not have
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn apply(context: &Context, args: &ApplyArgs) -> Result<Exit, Failure> {
    let proposal = Proposal::read(&args.file)?;
    if !proposal.ignored.is_empty() {
        context.output.warn(format_args!(
            "the file says things beside `flags` that mean nothing here: {}",
            proposal.ignored.join(", ")
        ));
    }
    from_the_start(&args.change, || Ok(attempt(context, args, &proposal)?))
}

fn attempt(context: &Context, args: &ApplyArgs, proposal: &Proposal) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let request = flags.request(&args.change)?;
    let others = if args.prune { Others::Go } else { Others::Stay };
    let wanted = proposal.onto(&flags.document, others)?;
    let changes = KeyChange::between(&flags.document.flags, &wanted);
    if changes.is_empty() {
        return nothing_to_do(context, &flags, &args.change);
    }
    let next = |revision| {
        format!(
            "{}; back: {}",
            command(&["flag", "list"]),
            command(&["flag", "undo", "--to", &before(revision)])
        )
    };
    let left = left_alone(&flags.document, proposal).filter(|_| !args.prune);
    Wish {
        service: &flags.service,
        args: &args.change,
        request: request.change(Change::Replace { flags: wanted }),
        next: &next,
        warnings: restored(&changes).chain(left).collect(),
    }
    .make_field_by_field(context)
}

/// Kills that a file takes back without a word: somebody wanted them, and perhaps in a hurry.
pub(super) fn restored(changes: &[KeyChange]) -> impl Iterator<Item = String> {
    let state = |flag: &Option<Definition>| flag.as_ref().map(|flag| flag.state);
    let restored = changes.iter().filter(move |change| {
        state(&change.before) == Some(State::Killed) && state(&change.after) == Some(State::Enabled)
    });
    restored.map(|change| format!("{} was killed, and this takes the kill back", change.key))
}

fn left_alone(document: &FlagDocument, proposal: &Proposal) -> Option<String> {
    let of_file: BTreeSet<_> = proposal.keys().collect();
    let others: Vec<_> = document
        .flags
        .keys()
        .filter(|key| !of_file.contains(key.as_str()))
        .collect();
    let told: Vec<_> = others
        .iter()
        .take(NAMES_TOLD)
        .map(|key| key.as_str())
        .collect();
    let more = match others.len() - told.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = told.join(", ");
    (!others.is_empty())
        .then(|| format!("not in the file, and left alone: {names}{more}; --prune deletes them"))
}
