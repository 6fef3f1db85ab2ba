//! `flag rule`: who gets a different answer because of what is known about them.

mod add;
mod list;
mod parts;

use clap::{Args, Subcommand};
use cutover_domain::flags::{Change, Definition, FlagKey, Rule, RuleRef};
use serde::Serialize;

use super::change::{Wish, request};
use super::open::Flags;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::{closest, command};

/// Show the rules of a flag and change them
#[derive(Debug, Subcommand)]
#[command(before_help = examples(&[
    ("cutover flag rule add new_editor --when 'plan in [\"pro\", \"team\"]' --serve on", ""),
    ("cutover flag rule add new_editor --when 'country == \"PL\"' --split on=10,off=90", ""),
    ("cutover flag rule list new_editor", "in the order in which they are asked"),
    ("cutover flag rule move new_editor 2 --to 1", "the first one that matches decides"),
]), after_help = LANGUAGE)]
#[non_exhaustive]
pub enum RuleCommand {
    /// List the rules, in the order in which they are asked
    List(list::ListArgs),
    /// Add a rule, after all others
    Add(add::AddArgs),
    /// Change a rule: only what is said is changed
    Set(add::SetArgs),
    /// Ask a rule earlier or later
    Move(MoveArgs),
    /// Take a rule out
    Remove(RemoveArgs),
}

/// The language of conditions, for the end of a page of help.
const LANGUAGE: &str = "\
A condition asks about attributes: plan == \"pro\", plan in [\"pro\", \"team\"], seats >= 10, \
version < 1.4.0 (a semantic version), email ends_with \"@example.com\" (also starts_with, \
contains, matches \"a regular expression\"), beta exists; joined by and, or, not and ( ). \
A test about what is not known of somebody is false, and so !=, not in and not are true: \
plan exists and plan != \"free\" leaves out who has no plan. `unit` and `tenant` are attributes, too; \
`groups contains \"x\"` asks about a list.";

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag rule move new_editor 3 --to 1", ""),
    ("cutover flag rule move new_editor 'beta customers' --to 2", ""),
]))]
pub struct MoveArgs {
    /// The flag
    key: String,
    /// The rule: its number or its name
    rule: RuleRef,
    /// The number it gets
    #[arg(long, value_name = "NUMBER")]
    to: usize,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag rule remove new_editor 2", ""),
    ("cutover flag rule remove new_editor 'beta customers'", ""),
]))]
pub struct RemoveArgs {
    /// The flag
    key: String,
    /// The rule: its number or its name
    rule: RuleRef,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn run(context: &Context, command: RuleCommand) -> Result<Exit, Failure> {
    match command {
        RuleCommand::List(args) => list::list(context, &args),
        RuleCommand::Add(args) => add::add(context, &args),
        RuleCommand::Set(args) => add::set(context, &args),
        RuleCommand::Move(MoveArgs {
            key,
            rule,
            to,
            change,
        }) => change_rule(context, &key, &rule, &change, |key, rule| {
            Change::MoveRule { key, rule, to }
        }),
        RuleCommand::Remove(RemoveArgs { key, rule, change }) => {
            change_rule(context, &key, &rule, &change, |key, rule| {
                Change::RemoveRule { key, rule }
            })
        }
    }
}

fn change_rule(
    context: &Context,
    typed: &str,
    rule: &RuleRef,
    args: &ChangeArgs,
    change: impl FnOnce(FlagKey, RuleRef) -> Change,
) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(typed)?;
    find(&key, definition, rule)?;
    Wish {
        service: &flags.service,
        args,
        request: request(args).change(change(key.clone(), rule.clone())),
        next: &|_| list_command(&key),
        warnings: Vec::new(),
    }
    .make(context)
}

/// A rule as it is listed: with its number, and its condition as people write it.
#[derive(Debug, Serialize)]
pub(super) struct Listed<'a> {
    /// Its place, counted from 1.
    number: usize,
    condition: String,
    #[serde(flatten)]
    rule: &'a Rule,
}

impl<'a> Listed<'a> {
    /// The rules of a flag, in the order in which they are asked.
    pub(super) fn all(definition: &'a Definition) -> Vec<Self> {
        let rules = (1..).zip(&definition.rules);
        let listed = rules.map(|(number, rule)| Self {
            number,
            condition: rule.when.to_string(),
            rule,
        });
        listed.collect()
    }
}

/// The rule that a person means; an unknown one is the answer no, with those that there are.
fn find<'a>(
    key: &FlagKey,
    definition: &'a Definition,
    rule: &RuleRef,
) -> Result<&'a Rule, Failure> {
    if let Some(found) = rule
        .find(definition)
        .and_then(|index| definition.rules.get(index))
    {
        return Ok(found);
    }
    let failure = Failure::no(format_args!("{key} has no rule {rule}"));
    let names = definition
        .rules
        .iter()
        .filter_map(|rule| rule.name.as_deref());
    let near = match rule {
        RuleRef::Name(name) => closest(name, names),
        RuleRef::Number(_) => None,
    };
    Err(match (near, definition.rules.len()) {
        (Some(near), _) => failure.hint(format_args!("did you mean {near:?}?")),
        (None, 0) => failure.hint("it has no rules at all"),
        (None, last) => failure.hint(format_args!(
            "it has 1 to {last}; `{}` shows them",
            list_command(key)
        )),
    })
}

fn list_command(key: &FlagKey) -> String {
    command(&["flag", "rule", "list", key.as_str()])
}
