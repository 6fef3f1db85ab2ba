//! `cutover flag`: look at flags and change them.
//!
//! Every command that changes something goes through one place, `change`, which shows it, asks,
//! commits, and says what is the case now.

mod about;
mod apply;
mod change;
mod columns;
mod consequences;
mod create;
mod delete;
mod deleted;
mod describe;
mod edit;
mod editor;
mod eval;
mod explain;
mod export;
mod fields;
mod history;
mod import;
mod list;
mod masks;
mod open;
mod outcomes;
mod proposal;
mod reasons;
mod rollback;
mod rule;
mod rule_words;
mod set;
mod split;
mod stale;
mod status;
mod subject;
mod switch;
mod undo;
mod units;
mod variant;
mod view;
mod watch;

use clap::Subcommand;

pub(super) use self::change::before;
pub(super) use self::describe::listed;
pub(super) use self::open::taken_back_in_words;

use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Look at flags and change them
#[derive(Debug, Subcommand)]
#[command(before_help = examples(&[
    ("cutover flag create use_new_parser --description 'the parser of 2.0'", ""),
    ("cutover flag rollout use_new_parser 12.5", "to 12.5 % of the units"),
    ("cutover flag override use_new_parser acme on", "to one unit or tenant"),
    ("cutover flag status use_new_parser --unit acme", "what it answers, and why"),
    ("cutover flag kill use_new_parser", "off for everybody, at once"),
    ("cutover flag undo use_new_parser", "as it was before"),
]))]
#[non_exhaustive]
pub enum FlagCommand {
    /// Make the store, with the flags of a preset
    Init(create::InitArgs),
    /// Add a flag; it is off for everybody
    Create(create::CreateArgs),
    /// List all flags
    List(list::ListArgs),
    /// Show the definition of a flag
    Get(list::GetArgs),
    /// Give one value to everybody: sets the default and ends a rollout
    Set(set::SetArgs),
    /// Show what a flag is set to, what it answers, and why
    Status(status::StatusArgs),
    /// Show how an answer came about, tier by tier
    Explain(explain::ExplainArgs),
    /// Evaluate a flag for one unit, or for a file of them
    Eval(eval::EvalArgs),
    /// Fix the answer for one unit or tenant
    Override(set::OverrideArgs),
    /// Give a share of the units the new value
    Rollout(set::RolloutArgs),
    /// Answer differently by what is known of who asks
    #[command(subcommand)]
    Rule(rule::RuleCommand),
    /// Show and change the answers that a flag has
    #[command(subcommand)]
    Variant(variant::VariantCommand),
    /// Say what a flag is for, who answers for it, when it should be gone, and its stage
    Describe(about::DescribeArgs),
    /// Off for everybody, whatever else is set
    Kill(switch::KillArgs),
    /// Take a kill back
    Restore(switch::RestoreArgs),
    /// One tenant or unit back to old, in a set of flags
    Rollback(rollback::RollbackArgs),
    /// Show who changed what, when and why, newest first
    History(history::HistoryArgs),
    /// Delete flags; undo brings them back
    Delete(delete::DeleteArgs),
    /// Make the flags equal to a file, showing the differences first
    Apply(apply::ApplyArgs),
    /// Edit one flag, or all, in your editor
    Edit(edit::EditArgs),
    /// Show every change as it happens, whoever makes it
    Watch(watch::WatchArgs),
    /// Return to an earlier state, as a new revision
    Undo(undo::UndoArgs),
    /// Bring in flags from elsewhere; shows who changes sides before it changes anything
    Import(import::ImportArgs),
    /// Write flags as text that can be kept and brought in elsewhere
    Export(export::ExportArgs),
    /// List flags that have served their time, and the code that names them; exit 1 if there is one
    Stale(stale::StaleArgs),
}

pub(crate) fn run(context: &Context, command: FlagCommand) -> Result<Exit, Failure> {
    match command {
        FlagCommand::Init(args) => create::init(context, &args),
        FlagCommand::Create(args) => create::create(context, args),
        FlagCommand::List(args) => list::list(context, &args),
        FlagCommand::Get(args) => list::get(context, &args),
        FlagCommand::Set(args) => set::set(context, &args),
        FlagCommand::Status(args) => status::status(context, &args),
        FlagCommand::Explain(args) => explain::explain(context, &args),
        FlagCommand::Eval(args) => eval::eval(context, &args),
        FlagCommand::Override(args) => set::fix(context, &args),
        FlagCommand::Rollout(args) => set::rollout(context, args),
        FlagCommand::Rule(command) => rule::run(context, command),
        FlagCommand::Variant(command) => variant::run(context, command),
        FlagCommand::Describe(args) => about::describe(context, &args),
        FlagCommand::Rollback(args) => rollback::rollback(context, &args),
        FlagCommand::Kill(args) => switch::kill(context, &args),
        FlagCommand::Restore(args) => switch::restore(context, &args),
        FlagCommand::History(args) => history::history(context, &args),
        FlagCommand::Delete(args) => delete::delete(context, &args),
        FlagCommand::Apply(args) => apply::apply(context, &args),
        FlagCommand::Edit(args) => edit::edit(context, &args),
        FlagCommand::Watch(args) => watch::watch(context, &args),
        FlagCommand::Undo(args) => undo::undo(context, &args),
        FlagCommand::Import(args) => import::import(context, &args),
        FlagCommand::Export(args) => export::export(context, &args),
        FlagCommand::Stale(args) => stale::stale(context, &args),
    }
}
