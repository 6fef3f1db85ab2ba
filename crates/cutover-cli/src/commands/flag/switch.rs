//! `flag kill` and `flag restore`: the emergency switch.

use clap::Args;
use cutover_domain::flags::{Change, FlagKey, Revision};

use super::change::{Wish, before, request};
use super::open::Flags;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag kill use_new_parser", "off for everybody, overrides included"),
    ("cutover flag kill --all --yes --reason 'incident 42'", "all flags, as one revision"),
]))]
pub struct KillArgs {
    /// The flag
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    key: Option<String>,
    /// All flags at once
    #[arg(long)]
    all: bool,
    /// Also at stage complete, where old is stale
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag restore use_new_parser", "rollout and overrides are in force again"),
]))]
pub struct RestoreArgs {
    /// The flag
    key: String,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn kill(context: &Context, args: &KillArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let keys: Vec<FlagKey> = match &args.key {
        Some(typed) => vec![flags.find(typed)?.0],
        None => flags.document.flags.keys().cloned().collect(),
    };
    if keys.is_empty() {
        return Err(Failure::no("there are no flags to kill"));
    }
    let next = |revision: Revision| match &keys[..] {
        [key] => command(&["flag", "restore", key.as_str()]),
        _ => command(&["flag", "undo", "--to", &before(revision)]),
    };
    let mut request = request(&args.change);
    for key in &keys {
        let key = key.clone();
        request = request.change(if args.force {
            Change::ForceKill { key }
        } else {
            Change::Kill { key }
        });
    }
    Wish {
        service: &flags.service,
        args: &args.change,
        request,
        next: &next,
        warnings: Vec::new(),
    }
    .make(context)
}

pub(super) fn restore(context: &Context, args: &RestoreArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, _) = flags.find(&args.key)?;
    let next = |_| command(&["flag", "status", key.as_str()]);
    let request = request(&args.change).change(Change::Restore { key: key.clone() });
    Wish {
        service: &flags.service,
        args: &args.change,
        request,
        next: &next,
        warnings: Vec::new(),
    }
    .make(context)
}
