//! `flag delete`: the end of flags, with a way back.

use std::collections::BTreeSet;

use clap::Args;
use cutover_domain::flags::{Change, FlagDocument, FlagKey, Revision};

use super::change::{Wish, before, request};
use super::open::Flags;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag delete use_old_parser", "whoever still asks for it gets their own default"),
    ("cutover flag delete part_a part_b", "several, as one revision"),
    ("cutover flag undo use_old_parser", "brings it back, as it was"),
    ("cutover flag list --deleted", "what can be brought back"),
]))]
pub struct DeleteArgs {
    /// The flags
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn delete(context: &Context, args: &DeleteArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let found = args.keys.iter().map(|typed| Ok(flags.find(typed)?.0));
    let keys: BTreeSet<FlagKey> = found.collect::<Result<_, Failure>>()?;
    let mut request = request(&args.change);
    for key in those_that_require_first(&flags.document, keys.clone()) {
        request = request.change(Change::Delete { key });
    }
    let next = |revision: Revision| match keys.first() {
        Some(only) if keys.len() == 1 => command(&["flag", "undo", only.as_str()]),
        _ => command(&["flag", "undo", "--to", &before(revision)]),
    };
    Wish {
        service: &flags.service,
        args: &args.change,
        request,
        next: &next,
        warnings: Vec::new(),
    }
    .make(context)
}

/// The flags in an order in which none is deleted while another one of them requires it.
fn those_that_require_first(document: &FlagDocument, mut open: BTreeSet<FlagKey>) -> Vec<FlagKey> {
    let mut ordered = Vec::new();
    while !open.is_empty() {
        let is_required = |key: &FlagKey| {
            let mut others = open.iter().filter_map(|other| document.flags.get(other));
            others.any(|other| other.requires.contains(key))
        };
        let free: Vec<_> = open
            .iter()
            .filter(|key| !is_required(key))
            .cloned()
            .collect();
        if free.is_empty() {
            // A circle, which no document has; whoever refuses it says why.
            ordered.extend(std::mem::take(&mut open));
        }
        for key in free {
            open.remove(&key);
            ordered.push(key);
        }
    }
    ordered
}
