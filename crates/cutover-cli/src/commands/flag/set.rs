//! `flag set`, `flag rollout` and `flag override`: what is answered, and to whom.

use clap::Args;
use cutover_domain::Percentage;
use cutover_domain::flags::{Change, Definition, FlagKey, FlagValue};

use super::change::{Wish, request};
use super::create::inferred;
use super::open::Flags;
use super::outcomes::is_default;
use super::subject::{naming, naming_anybody, rolled_out_by, status_command};
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag set use_new_parser true", "everybody; a rollout ends"),
    ("cutover flag set page_size 50", ""),
    ("cutover flag set greeting hello --create", "makes the flag when it is not there"),
]))]
pub struct SetArgs {
    /// The flag
    key: String,
    /// The value for everybody: true, false, a variant, a JSON literal, or text
    #[arg(allow_negative_numbers = true)]
    value: String,
    /// Make the flag when it is not there; its type is that of the value
    #[arg(long)]
    create: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag rollout use_new_parser 1", "1 % of the units"),
    ("cutover flag rollout use_new_parser 12.5", "up to three decimals"),
    ("cutover flag rollout use_new_parser 0", "back to nobody"),
]))]
pub struct RolloutArgs {
    /// The flag
    key: String,
    /// The share of the units, 0 to 100
    percent: Percentage,
    /// What they get [default: what it was, or `on`]
    #[arg(long, value_name = "VARIANT")]
    variant: Option<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag override use_new_parser acme on", "this unit or tenant, whatever the share"),
    ("cutover flag override use_new_parser acme --remove", ""),
]))]
pub struct OverrideArgs {
    /// The flag
    key: String,
    /// The unit or tenant
    #[arg(value_name = "UNIT")]
    target: String,
    /// What it gets: true, false, a variant, or the value of one
    #[arg(
        required_unless_present = "remove",
        conflicts_with = "remove",
        allow_negative_numbers = true
    )]
    value: Option<String>,
    /// Remove the override
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn set(context: &Context, args: &SetArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let mut wanted = request(&args.change);
    let key = if args.create && !flags.document.flags.contains_key(args.key.as_str()) {
        let key: FlagKey = args.key.parse().map_err(Failure::usage)?;
        let (definition, value) = inferred(&args.value)?;
        let create = Change::Create {
            key: key.clone(),
            definition: Box::new(definition),
        };
        wanted = wanted.change(create).change(Change::Set {
            key: key.clone(),
            value,
        });
        key
    } else {
        let (key, definition) = flags.find(&args.key)?;
        let value = value_of(&key, definition, &args.value)?;
        wanted = wanted.change(Change::Set {
            key: key.clone(),
            value,
        });
        key
    };
    let next = |_| status_command(&key, &[]);
    Wish {
        service: &flags.service,
        args: &args.change,
        request: wanted,
        next: &next,
        warnings: Vec::new(),
    }
    .make(context)
}

pub(super) fn rollout(context: &Context, args: RolloutArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(&args.key)?;
    let RolloutArgs {
        percent: percentage,
        variant,
        change,
        ..
    } = args;
    let variant_after = variant
        .as_deref()
        .unwrap_or_else(|| definition.rollout_variant());
    if variant.is_none() && !definition.variants.contains_key(variant_after) {
        return Err(no_variant(&key, definition, percentage));
    }
    let idle = is_default(definition, variant_after);
    let next = |_| {
        if idle && !is_default(definition, &definition.off) {
            set_off(&key, definition)
        } else if idle || percentage.is_zero() {
            status_command(&key, &[])
        } else {
            format!(
                "{}; back: {}",
                status_command(&key, &naming_anybody(rolled_out_by(definition))),
                command(&["flag", "rollout", key.as_str(), "0"])
            )
        }
    };
    let rollout = Change::Rollout {
        key: key.clone(),
        percentage,
        variant: variant.clone(),
    };
    let request = request(&change).change(rollout);
    Wish {
        service: &flags.service,
        args: &change,
        request,
        next: &next,
        warnings: Vec::new(),
    }
    .make(context)
}

pub(super) fn fix(context: &Context, args: &OverrideArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(&args.key)?;
    let target = &args.target;
    if target.is_empty() {
        return Err(Failure::usage(
            "an override needs the name of a unit or tenant",
        ));
    }
    let variant = match &args.value {
        Some(text) => Some(variant_of(&key, definition, text)?),
        None => None,
    };
    if args.remove && !definition.overrides.contains_key(target) {
        context.output.warn(format_args!(
            "{key} has no override for {}",
            printable(target)
        ));
    }
    let who = match rolled_out_by(definition) {
        // Overrides are for units and tenants; other attributes have none.
        Some("tenant") => naming(Some("tenant"), target),
        _ => naming(None, target),
    };
    let next = |_| status_command(&key, &who);
    let change = Change::Override {
        key: key.clone(),
        target: target.clone(),
        variant,
    };
    let request = request(&args.change).change(change);
    Wish {
        service: &flags.service,
        args: &args.change,
        request,
        next: &next,
        warnings: Vec::new(),
    }
    .make(context)
}

/// The command after which a rollout decides who gets what, where now everybody gets it.
pub(super) fn set_off(key: &FlagKey, definition: &Definition) -> String {
    command(&["flag", "set", key.as_str(), &definition.off])
}

/// A rollout needs to know what is rolled out, and only boolean flags have an `on`.
fn no_variant(key: &FlagKey, definition: &Definition, percentage: Percentage) -> Failure {
    let others: Vec<_> = definition
        .variants
        .keys()
        .map(String::as_str)
        .filter(|name| *name != definition.default)
        .collect();
    let example = others.first().copied().unwrap_or("VARIANT");
    let failure = Failure::usage(format_args!(
        "{key} is a flag of type {} and has no variant {}: say what is rolled out",
        definition.kind,
        definition.rollout_variant(),
    ));
    let share = percentage.to_string();
    let words = [
        "flag",
        "rollout",
        key.as_str(),
        &share,
        "--variant",
        example,
    ];
    match &others[..] {
        [] => failure.hint("it has only one variant, which everybody gets"),
        _ => failure.hint(format_args!(
            "add --variant, for example `{}`; it has {}",
            command(&words),
            others.join(", ")
        )),
    }
}

/// The value that a person typed: the name of a variant, or a value of the flag's type.
fn value_of(key: &FlagKey, definition: &Definition, text: &str) -> Result<FlagValue, Failure> {
    if let Some(value) = definition.variants.get(text) {
        return Ok(value.clone());
    }
    definition
        .kind
        .parse(text)
        .map_err(|error| wrong(key, definition, error))
}

/// The variant that a person typed, by its name or by its value.
pub(super) fn variant_of(
    key: &FlagKey,
    definition: &Definition,
    text: &str,
) -> Result<String, Failure> {
    if definition.variants.contains_key(text) {
        return Ok(text.to_owned());
    }
    let value = definition
        .kind
        .parse(text)
        .map_err(|error| wrong(key, definition, error))?;
    match definition.variant_for(&value) {
        Some(variant) => Ok(variant.to_owned()),
        None => Err(wrong(
            key,
            definition,
            format_args!("no variant is {value}"),
        )),
    }
}

fn wrong(key: &FlagKey, definition: &Definition, problem: impl std::fmt::Display) -> Failure {
    let variants: Vec<_> = definition.variants.keys().map(String::as_str).collect();
    Failure::usage(format_args!("{key}: {problem}")).hint(format_args!(
        "it is a flag of type {} with the variants {}",
        definition.kind,
        variants.join(", ")
    ))
}
