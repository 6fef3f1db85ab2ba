//! `flag set`, `flag rollout` and `flag override`: what is answered, and to whom.

use clap::Args;
use cutover_domain::Percentage;
use cutover_domain::flags::{Change, Definition, FlagKey, FlagValue};

use super::change::{Wish, request};
use super::create::inferred;
use super::open::Flags;
use super::outcomes::is_default;
use super::split::Parts;
use super::subject::{naming, naming_anybody, rolled_out_by, status_command};
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::suggest::{closest, command};

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
    ("cutover flag rollout page_size --split small=1,big=3", "everybody, by weight"),
]), override_usage = "cutover flag rollout [OPTIONS] <KEY> <PERCENT | --split VARIANT=WEIGHT,…>")]
pub struct RolloutArgs {
    /// The flag
    key: String,
    /// The share of the units, 0 to 100
    #[arg(required_unless_present = "split", conflicts_with = "split")]
    percent: Option<Percentage>,
    /// What they get [default: what it was, or `on`]
    #[arg(long, value_name = "VARIANT", conflicts_with = "split")]
    variant: Option<String>,
    /// Divide everybody over several variants instead; the default is then for nobody
    #[arg(long, value_name = "VARIANT=WEIGHT,…")]
    split: Option<Parts>,
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
    let (key, above) = if args.create && !flags.document.flags.contains_key(args.key.as_str()) {
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
        (key, None)
    } else {
        let (key, definition) = flags.find(&args.key)?;
        let value = value_of(&key, definition, &args.value)?;
        wanted = wanted.change(Change::Set {
            key: key.clone(),
            value,
        });
        let above = still_above(&key, definition);
        (key, above)
    };
    let next = |_| status_command(&key, &[]);
    Wish {
        service: &flags.service,
        args: &args.change,
        request: wanted,
        next: &next,
        warnings: above.into_iter().collect(),
    }
    .make(context)
}

/// Says so where others than everybody go on to get something else.
fn still_above(key: &FlagKey, definition: &Definition) -> Option<String> {
    let several = |many: usize, what: &str| match many {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{many} {what}s")),
    };
    let above = [
        several(definition.overrides.len(), "override"),
        several(definition.rules.len(), "rule"),
    ];
    let above: Vec<_> = above.into_iter().flatten().collect();
    (!above.is_empty()).then(|| {
        format!(
            "{key} keeps {} above this; `{}` shows what there is",
            above.join(" and "),
            command(&["flag", "status", key.as_str()])
        )
    })
}

pub(super) fn rollout(context: &Context, args: RolloutArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(&args.key)?;
    let change = match (args.percent, &args.split) {
        (Some(percentage), _) => Change::Rollout {
            variant: rolled_out(&key, definition, percentage, args.variant.as_deref())?,
            key: key.clone(),
            percentage,
        },
        (None, parts) => Change::Split {
            weights: match parts {
                Some(parts) => parts.of(&key, definition)?,
                None => Vec::new(),
            },
            key: key.clone(),
        },
    };
    let back = way_back(&key, definition, &change);
    let next = |_| match &back {
        WayBack::SetOff => set_off(&key, definition),
        WayBack::None => status_command(&key, &[]),
        WayBack::Command(back) => {
            let who = naming_anybody(rolled_out_by(definition));
            format!("{}; back: {back}", status_command(&key, &who))
        }
    };
    Wish {
        service: &flags.service,
        args: &args.change,
        request: request(&args.change).change(change),
        next: &next,
        warnings: Vec::new(),
    }
    .make(context)
}

/// The variant that a percentage is about, where it is not the one of before.
fn rolled_out(
    key: &FlagKey,
    definition: &Definition,
    percentage: Percentage,
    typed: Option<&str>,
) -> Result<Option<String>, Failure> {
    match typed {
        Some(typed) => variant_of(key, definition, typed).map(Some),
        None if definition
            .variants
            .contains_key(definition.rollout_variant()) =>
        {
            Ok(None)
        }
        None => Err(no_variant(key, definition, percentage)),
    }
}

/// How a rollout is taken back.
enum WayBack {
    /// It decides nothing yet: everybody has to be off first.
    SetOff,
    /// There is nothing to take back.
    None,
    /// With this command.
    Command(String),
}

fn way_back(key: &FlagKey, definition: &Definition, change: &Change) -> WayBack {
    match change {
        Change::Rollout {
            percentage,
            variant,
            ..
        } => {
            let variant = variant
                .as_deref()
                .unwrap_or_else(|| definition.rollout_variant());
            let idle = is_default(definition, variant);
            if idle && !is_default(definition, &definition.off) {
                WayBack::SetOff
            } else if idle || percentage.is_zero() {
                WayBack::None
            } else {
                let is_same = variant == definition.rollout_variant();
                let share = definition.percentage().filter(|_| is_same);
                let share = share.filter(|share| share != percentage);
                let share = share.map_or("0".to_owned(), |share| share.to_string());
                WayBack::Command(command(&["flag", "rollout", key.as_str(), &share]))
            }
        }
        _ => WayBack::Command(command(&["flag", "undo", key.as_str()])),
    }
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
pub(super) fn value_of(
    key: &FlagKey,
    definition: &Definition,
    text: &str,
) -> Result<FlagValue, Failure> {
    if let Some(value) = definition.variants.get(text) {
        return Ok(value.clone());
    }
    definition
        .kind
        .parse(text)
        .map_err(|error| wrong(key, definition, text, error))
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
    let value = definition.kind.parse(text);
    match value
        .ok()
        .as_ref()
        .and_then(|value| definition.variant_for(value))
    {
        Some(variant) => Ok(variant.to_owned()),
        None => Err(no_such_variant(key, definition, text)),
    }
}

/// Says which variants there are, and which one may be meant.
pub(super) fn no_such_variant(key: &FlagKey, definition: &Definition, text: &str) -> Failure {
    wrong(
        key,
        definition,
        text,
        format_args!("it has no variant {text}"),
    )
}

fn wrong(
    key: &FlagKey,
    definition: &Definition,
    text: &str,
    problem: impl std::fmt::Display,
) -> Failure {
    let variants: Vec<_> = definition.variants.keys().map(String::as_str).collect();
    let failure = Failure::usage(format_args!("{key}: {problem}"));
    let failure = match closest(text, variants.iter().copied()) {
        Some(near) => failure.hint(format_args!("did you mean {near}?")),
        None => failure,
    };
    failure.hint(format_args!(
        "it is a flag of type {} with the variants {}",
        definition.kind,
        variants.join(", ")
    ))
}
