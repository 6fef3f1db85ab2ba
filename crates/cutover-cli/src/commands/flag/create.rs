//! `flag init` and `flag create`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use cutover_domain::Stage;
use cutover_domain::flags::{
    Bucketing, Change, Definition, FlagKey, FlagValue, Preset, Revision, Rollout, ValueType,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::change::{Wish, request};
use super::open::Flags;
use super::set::set_off;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag init", "an empty store"),
    ("cutover flag init --preset mdm", "four parts to replace, and their switches"),
    ("cutover flag init --preset mspbyte", "a pipeline behind one master switch, by tenant"),
]))]
pub struct InitArgs {
    /// The flags to begin with: mdm or mspbyte; flags that exist are left alone
    #[arg(long, value_name = "NAME")]
    preset: Option<Preset>,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag create use_new_parser", "boolean, off for everybody"),
    ("cutover flag create page_size --type integer --variant off=20 --variant big=50", ""),
    ("cutover flag create new_pipeline --by tenant --owner data --expires 2027-06-30", ""),
    ("cutover flag create new_editor --requires new_pipeline", "off wherever that one is off"),
    ("cutover flag create new_store --stage shadow", "the switch of a migration"),
]))]
pub struct CreateArgs {
    /// The name: lower-case letters, digits, `_`, `.` and `-`
    key: FlagKey,
    /// What it answers with: boolean, string, integer, number or json
    #[arg(long = "type", value_name = "TYPE", default_value = "boolean")]
    kind: ValueType,
    /// An answer it has; may be repeated [default: on=true and off=false for a boolean flag]
    #[arg(long = "variant", value_name = "NAME=VALUE")]
    variants: Vec<String>,
    /// The variant for everybody [default: that of --off]
    #[arg(long, value_name = "VARIANT")]
    default: Option<String>,
    /// The variant while it is killed [default: `off`, a boolean flag's false, or the first]
    #[arg(long, value_name = "VARIANT")]
    off: Option<String>,
    /// Boolean flags that must be on for the same context; may be repeated
    #[arg(long, value_name = "KEY", num_args = 1..)]
    requires: Vec<FlagKey>,
    /// How units are assigned to buckets: xxh3, md5 or md5-unsalted
    #[arg(long, value_name = "FORMULA", default_value = "xxh3")]
    bucketing: Bucketing,
    /// What is hashed beside the unit [default: the key]
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
    /// The attribute that is bucketed, for example tenant [default: the unit]
    #[arg(long, value_name = "ATTRIBUTE")]
    by: Option<String>,
    /// Where the migration stands that it drives: off, dual-write, shadow, live, ramp-down or
    /// complete
    #[arg(long, value_name = "STAGE")]
    stage: Option<Stage>,
    /// What it is for
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    description: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    owner: Option<String>,
    /// The day after which it should be gone, for example 2027-06-30
    #[arg(long, value_name = "DATE", value_parser = day)]
    expires: Option<Date>,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn init(context: &Context, args: &InitArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let preset = args.preset.map(Preset::flags).unwrap_or_default();
    let (there, missing): (BTreeMap<_, _>, BTreeMap<_, _>) = preset
        .into_iter()
        .partition(|(key, _)| flags.document.flags.contains_key(key));
    let revision = flags.document.revision;
    if missing.is_empty() && revision > Revision::ZERO {
        flags.request(&args.change)?;
        context.output.show_done(&Unchanged {
            revision,
            flags: flags.document.flags.len(),
        })?;
        context.output.next(command(&["flag", "list"]));
        return Ok(Exit::Done);
    }
    let mut wanted = request(&args.change);
    for (key, definition) in missing {
        wanted = wanted.change(Change::Create {
            key,
            definition: Box::new(definition),
        });
    }
    if !there.is_empty() {
        let keys: Vec<_> = there.keys().map(FlagKey::as_str).collect();
        context.output.note(format_args!(
            "left alone, being there already: {}",
            keys.join(", ")
        ));
    }
    let next = match args.preset {
        Some(_) => command(&["flag", "list"]),
        None => command(&["flag", "create", "KEY"]),
    };
    let (service, args) = (&flags.service, &args.change);
    Wish {
        service,
        args,
        request: wanted,
        next: &|_| next.clone(),
        warnings: Vec::new(),
    }
    .make(context)
}

/// The store was there already.
#[derive(Serialize)]
struct Unchanged {
    revision: Revision,
    #[serde(rename = "count")]
    flags: usize,
}

impl Report for Unchanged {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(
            page,
            "there already: {} flags at revision {}",
            self.flags, self.revision
        )
    }
}

pub(super) fn create(context: &Context, args: CreateArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, change) = (args.key.clone(), args.change.clone());
    let definition = Box::new(define(args)?);
    let mut warnings = Vec::new();
    let today = context.now().to_zoned(TimeZone::UTC).date();
    if let Some(expires) = definition.expires.filter(|expires| *expires < today) {
        warnings.push(format!("{key} expires in the past, on {expires}"));
    }
    let next = if definition.kind != ValueType::Boolean {
        command(&["flag", "set", key.as_str(), "VALUE"])
    } else if definition.default != definition.off {
        let off = set_off(&key, &definition);
        warnings.push(format!(
            "{key} answers {} to everybody from the start, so that a rollout has nobody left to \
             give it to; `{off}` comes first",
            definition.default
        ));
        off
    } else if definition.stage == Some(Stage::Complete) {
        // Old is stale: there is nobody left to divide.
        command(&["flag", "status", key.as_str()])
    } else {
        command(&["flag", "rollout", key.as_str(), "5"])
    };
    let request = request(&change).change(Change::Create { key, definition });
    let service = &flags.service;
    Wish {
        service,
        args: &change,
        request,
        next: &|_| next.clone(),
        warnings,
    }
    .make(context)
}

/// A day as it is typed.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let wanted = |_| "a day is written as 2027-06-30".to_owned();
    text.parse().map_err(wanted)
}

fn define(args: CreateArgs) -> Result<Definition, Failure> {
    let bucketing = Rollout {
        bucketing: args.bucketing,
        salt: args.salt,
        by: args.by,
        ..Rollout::default()
    };
    let mut definition = blank(args.kind, &args.variants)?;
    if let Some(off) = args.off {
        definition.off.clone_from(&off);
        definition.default = off;
    }
    if let Some(default) = args.default {
        definition.default = default;
    }
    Ok(Definition {
        requires: args.requires,
        rollout: (bucketing != Rollout::default()).then_some(bucketing),
        stage: args.stage,
        description: args.description,
        owner: args.owner,
        expires: args.expires,
        ..definition
    })
}

/// A flag of a type with these variants, or with those that the type begins with.
fn blank(kind: ValueType, variants: &[String]) -> Result<Definition, Failure> {
    if variants.is_empty() {
        return Ok(match kind {
            ValueType::Boolean => Definition::boolean(),
            _ => Definition::with_variants(kind, [("off".to_owned(), kind.zero())].into(), "off"),
        });
    }
    let mut known: BTreeMap<String, FlagValue> = BTreeMap::new();
    let mut first = None;
    for text in variants {
        let (name, value) = variant(kind, text)?;
        first.get_or_insert_with(|| name.clone());
        if known.contains_key(&name) {
            return Err(Failure::usage(format_args!(
                "the variant {name} is given twice"
            )));
        }
        known.insert(name, value);
    }
    let falsy = known
        .iter()
        .find(|(_, value)| value.as_bool() == Some(false));
    let off = match (kind, falsy) {
        (ValueType::Boolean, Some((name, _))) => name.clone(),
        (ValueType::Boolean, None) => {
            return Err(
                Failure::usage("a boolean flag needs a variant that is false")
                    .hint("it is what everybody gets when the flag is killed"),
            );
        }
        _ if known.contains_key("off") => "off".to_owned(),
        _ => first.unwrap_or_default(),
    };
    Ok(Definition::with_variants(kind, known, &off))
}

/// A variant of a flag of this type, as it is typed: `NAME=VALUE`.
pub(super) fn variant(kind: ValueType, text: &str) -> Result<(String, FlagValue), Failure> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(Failure::usage(format_args!("`{text}` is no variant"))
            .hint("write NAME=VALUE, for example big=50"));
    };
    match kind.parse(value) {
        Ok(value) => Ok((name.to_owned(), value)),
        Err(error) => Err(Failure::usage(format_args!(
            "the variant {name} of a flag of type {kind}: {error}"
        ))),
    }
}

/// The flag that `set --create` makes for a value: its type is that of the value.
pub(super) fn inferred(text: &str) -> Result<(Definition, FlagValue), Failure> {
    let kinds = [
        ValueType::Boolean,
        ValueType::Integer,
        ValueType::Number,
        ValueType::Json,
    ];
    let fits = kinds
        .into_iter()
        .find_map(|kind| Some((kind, kind.parse(text).ok()?)));
    let (kind, value) = match fits {
        Some((ValueType::Json, FlagValue(serde_json::Value::String(text)))) => {
            (ValueType::String, FlagValue(text.into()))
        }
        Some(fits) => fits,
        None => (ValueType::String, FlagValue(text.into())),
    };
    Ok((blank(kind, &[])?, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blank_of(kind: ValueType, variants: &[&str]) -> Result<Definition, Failure> {
        blank(
            kind,
            &variants
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn the_variant_for_off_is_found() {
        for (kind, variants, off) in [
            (ValueType::Boolean, &[] as &[&str], "off"),
            (ValueType::Boolean, &["new=true", "old=false"], "old"),
            (ValueType::Integer, &["big=50", "off=20"], "off"),
            (ValueType::String, &["z=last", "a=first"], "z"),
            (ValueType::Json, &[], "off"),
        ] {
            let definition = blank_of(kind, variants).unwrap();
            assert_eq!(
                (&*definition.off, &*definition.default),
                (off, off),
                "{variants:?}"
            );
        }
    }

    #[test]
    fn a_variant_that_makes_no_sense_is_refused() {
        for (kind, variants) in [
            (ValueType::Boolean, &["on=true"] as &[&str]),
            (ValueType::Boolean, &["on=1", "off=false"]),
            (ValueType::Integer, &["big"]),
            (ValueType::Integer, &["big=1", "big=2"]),
            (ValueType::Integer, &["big=1.5"]),
        ] {
            assert_eq!(
                blank_of(kind, variants).unwrap_err().exit(),
                Exit::Usage,
                "{variants:?}"
            );
        }
    }

    #[test]
    fn the_type_follows_from_the_value() {
        for (text, kind) in [
            ("True", ValueType::Boolean),
            ("off", ValueType::Boolean),
            ("7", ValueType::Integer),
            ("7.5", ValueType::Number),
            ("{\"a\":1}", ValueType::Json),
            ("\"7\"", ValueType::String),
            ("plain text", ValueType::String),
        ] {
            assert_eq!(inferred(text).unwrap().0.kind, kind, "{text}");
        }
    }
}
