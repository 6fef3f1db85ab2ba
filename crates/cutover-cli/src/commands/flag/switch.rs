//! `flag kill` and `flag restore`: the emergency switch.

use clap::Args;
use cutover_app::flags::Intent;
use cutover_domain::Stage;
use cutover_domain::flags::{Change, FlagKey, Revision, State};

use super::change::{Wish, before, from_the_start, nothing_to_do, request};
use super::open::Flags;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag kill use_new_parser", "off for everybody, overrides and rules included"),
    ("cutover flag kill --all --yes --reason 'incident 42'", "all flags, as one revision"),
]))]
pub struct KillArgs {
    /// The flag
    #[arg(conflicts_with = "all")]
    key: Option<String>,
    /// All flags at once; those at stage complete only with --force
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
    ("cutover flag restore use_new_parser", "rules, rollout and overrides are in force again"),
    ("cutover flag restore --all --dry-run", "what every killed flag would answer again"),
    ("cutover flag restore --all --yes --reason 'incident 42 is over'", "as one revision"),
]), after_help = "--all restores every flag that is killed, also those that were killed before the \
                  last `kill --all`; `cutover flag undo --to REVISION` takes back that alone.")]
pub struct RestoreArgs {
    /// The flag
    #[arg(conflicts_with = "all")]
    key: Option<String>,
    /// All flags that are killed, at once
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn kill(context: &Context, args: &KillArgs) -> Result<Exit, Failure> {
    match &args.key {
        Some(typed) => kill_one(context, args, typed),
        None if !args.all => Err(Failure::usage(
            "what is to be killed? name a KEY, or --all for all flags",
        )),
        None => from_the_start(&args.change, || Ok(kill_all(context, args)?)),
    }
}

fn kill_one(context: &Context, args: &KillArgs, typed: &str) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, _) = flags.find(typed)?;
    let next = |_| command(&["flag", "restore", key.as_str()]);
    let request = request(&args.change).change(killing(&key, args.force));
    Wish {
        service: &flags.service,
        args: &args.change,
        request,
        next: &next,
        warnings: Vec::new(),
    }
    .make(context)
}

/// Kills the flags that are there now, and no others: a flag that is made meanwhile is a reason to
/// begin again.
fn kill_all(context: &Context, args: &KillArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (complete, keys): (Vec<_>, Vec<_>) = flags
        .document
        .flags
        .iter()
        .partition(|(_, flag)| !args.force && flag.stage == Some(Stage::Complete));
    let names = complete
        .iter()
        .map(|(key, _)| key.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let left_out = (!complete.is_empty()).then(|| {
        format!("left out, being at stage complete, where old is stale: {names}; --force kills them, too")
    });
    if keys.is_empty() {
        return Err(match left_out {
            Some(left_out) => Failure::no(format_args!("no flag can be killed; {left_out}")),
            None => Failure::no("there are no flags to kill"),
        });
    }
    let next = |_| command(&["flag", "restore", "--all"]);
    let mut request = flags.request(&args.change)?;
    for (key, _) in keys {
        request = request.change(killing(key, args.force));
    }
    Wish {
        service: &flags.service,
        args: &args.change,
        request,
        next: &next,
        warnings: left_out.into_iter().collect(),
    }
    .make(context)
}

fn killing(key: &FlagKey, force: bool) -> Change {
    let key = key.clone();
    if force {
        Change::ForceKill { key }
    } else {
        Change::Kill { key }
    }
}

pub(super) fn restore(context: &Context, args: &RestoreArgs) -> Result<Exit, Failure> {
    match &args.key {
        Some(typed) => restore_one(context, args, typed),
        None if !args.all => Err(Failure::usage(
            "what is to be restored? name a KEY, or --all for all flags that are killed",
        )),
        None => from_the_start(&args.change, || Ok(restore_all(context, args)?)),
    }
}

fn restore_one(context: &Context, args: &RestoreArgs, typed: &str) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, _) = flags.find(typed)?;
    let next = |_: Revision| command(&["flag", "status", key.as_str()]);
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

/// Restores the flags that are killed now, and touches no others.
fn restore_all(context: &Context, args: &RestoreArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let request = flags.request(&args.change)?;
    let killed = flags.document.flags.iter();
    let killed: Vec<_> = killed
        .filter(|(_, flag)| flag.state == State::Killed)
        .map(|(key, _)| Change::Restore { key: key.clone() })
        .collect();
    if killed.is_empty() {
        return nothing_to_do(context, &flags, &args.change);
    }
    let next = |revision: Revision| {
        let undo = command(&["flag", "undo", "--to", &before(revision)]);
        format!("{}; back: {undo}", command(&["flag", "list"]))
    };
    Wish {
        service: &flags.service,
        args: &args.change,
        request: request.intend(Intent::Changes(killed)),
        next: &next,
        warnings: Vec::new(),
    }
    .make(context)
}
