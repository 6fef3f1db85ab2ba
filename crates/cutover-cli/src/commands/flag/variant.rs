//! `flag variant`: the answers that a flag has.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use cutover_domain::flags::{Change, Definition, FlagKey, FlagValue, Revision};
use serde::Serialize;

use super::change::{Wish, request};
use super::create::variant;
use super::open::Flags;
use super::set::no_such_variant;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, table, write_json_line};
use crate::suggest::command;

/// Show the answers that a flag has and change them
#[derive(Debug, Subcommand)]
#[command(before_help = examples(&[
    ("cutover flag variant list page_size", "and what answers with each"),
    ("cutover flag variant set page_size big=50", "adds it, or gives it another value"),
    ("cutover flag variant remove page_size big", "refused while something answers with it"),
]))]
#[non_exhaustive]
pub enum VariantCommand {
    /// List the variants, and what answers with each
    List(ListArgs),
    /// Add a variant, or give one another value
    Set(SetArgs),
    /// Take a variant out that nothing answers with
    Remove(RemoveArgs),
}

#[derive(Args, Debug)]
#[command(before_help = examples(&[("cutover flag variant list page_size", "")]))]
pub struct ListArgs {
    /// The flag
    key: String,
}

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag variant set page_size big=50", ""),
    ("cutover flag variant set theme 'dark={\"background\": \"#000\"}'", ""),
]))]
pub struct SetArgs {
    /// The flag
    key: String,
    /// The variant and its value, of the flag's type
    #[arg(value_name = "NAME=VALUE")]
    variant: String,
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Args, Debug)]
#[command(before_help = examples(&[("cutover flag variant remove page_size big", "")]))]
pub struct RemoveArgs {
    /// The flag
    key: String,
    /// The variant
    name: String,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn run(context: &Context, command: VariantCommand) -> Result<Exit, Failure> {
    match command {
        VariantCommand::List(args) => list(context, &args),
        VariantCommand::Set(args) => set(context, &args),
        VariantCommand::Remove(args) => remove(context, &args),
    }
}

#[derive(Serialize)]
struct Variants<'a> {
    key: &'a FlagKey,
    revision: Revision,
    variants: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    value: &'a FlagValue,
    /// Every place of the definition that answers with it.
    used_by: Vec<String>,
}

impl Report for Variants<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let mut variants = table(["variant", "value", "answered by"]);
        for Listed {
            name,
            value,
            used_by,
        } in &self.variants
        {
            let places = match used_by.len() {
                0 => "nothing".to_owned(),
                _ => printable(&used_by.join(", ")),
            };
            variants.add_row([printable(name), printable(&value.0.to_string()), places]);
        }
        page.table(variants)?;
        writeln!(page, "revision {}", self.revision)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.variants
            .iter()
            .try_for_each(|variant| write_json_line(to, variant))
    }
}

fn list(context: &Context, args: &ListArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(&args.key)?;
    let listed = definition.variants.iter().map(|(name, value)| Listed {
        name,
        value,
        used_by: places(definition, name),
    });
    context.output.show(&Variants {
        key: &key,
        revision: flags.document.revision,
        variants: listed.collect(),
    })?;
    Ok(Exit::Done)
}

fn places(definition: &Definition, name: &str) -> Vec<String> {
    let answers = definition.answers().filter(|(_, variant)| *variant == name);
    answers.map(|(place, _)| place).collect()
}

fn set(context: &Context, args: &SetArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(&args.key)?;
    let (name, value) = variant(definition.kind, &args.variant)?;
    let places = places(definition, &name);
    let is_another = definition
        .variants
        .get(&name)
        .is_some_and(|before| *before != value);
    let affected = (is_another && !places.is_empty()).then(|| {
        let places = printable(&places.join(", "));
        format!("{key} answers with {} now: {places}", printable(&name))
    });
    let put = Change::PutVariant {
        key: key.clone(),
        name,
        value,
    };
    Wish {
        service: &flags.service,
        args: &args.change,
        request: request(&args.change).change(put),
        next: &|_| command(&["flag", "variant", "list", key.as_str()]),
        warnings: affected.into_iter().collect(),
    }
    .make(context)
}

fn remove(context: &Context, args: &RemoveArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(&args.key)?;
    if !definition.variants.contains_key(&args.name) {
        return Err(no_such_variant(&key, definition, &args.name));
    }
    let remove = Change::RemoveVariant {
        key: key.clone(),
        name: args.name.clone(),
    };
    Wish {
        service: &flags.service,
        args: &args.change,
        request: request(&args.change).change(remove),
        next: &|_| command(&["flag", "variant", "list", key.as_str()]),
        warnings: Vec::new(),
    }
    .make(context)
}
