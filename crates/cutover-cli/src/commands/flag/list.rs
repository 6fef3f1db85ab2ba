//! `flag list` and `flag get`.

use std::io::{self, Write};

use clap::Args;
use cutover_domain::flags::{FlagKey, Revision};
use jiff::Timestamp;
use serde::Serialize;

use super::describe::answers;
use super::open::Flags;
use super::view::FlagView;
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, table, write_json_line};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag list", ""),
    ("cutover flag list --format jsonl", "one flag a line"),
]))]
pub struct ListArgs {}

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag get use_new_parser", ""),
    ("cutover flag get use_new_parser --format json", ""),
]))]
pub struct GetArgs {
    /// The flag
    key: String,
}

#[derive(Serialize)]
struct List<'a> {
    revision: Revision,
    updated_at: Timestamp,
    flags: Vec<FlagView<'a>>,
}

impl Report for List<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.flags.is_empty() {
            return Ok(());
        }
        let mut flags = table([
            "flag",
            "type",
            "answers",
            "overrides",
            "requires",
            "description",
        ]);
        for FlagView {
            key,
            definition,
            laid_over,
            ..
        } in &self.flags
        {
            let requires: Vec<_> = definition.requires.iter().map(FlagKey::as_str).collect();
            let overrides = definition.overrides.len();
            flags.add_row([
                key.to_string(),
                definition.kind.to_string(),
                match laid_over.source() {
                    Some(source) => format!("{}\nby {}", answers(definition), printable(source)),
                    None => answers(definition),
                },
                if overrides == 0 {
                    "-".to_owned()
                } else {
                    overrides.to_string()
                },
                if requires.is_empty() {
                    "-".to_owned()
                } else {
                    requires.join(", ")
                },
                printable(definition.description.as_deref().unwrap_or("-")),
            ]);
        }
        page.table(flags)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.flags
            .iter()
            .try_for_each(|flag| write_json_line(to, flag))
    }
}

pub(super) fn list(context: &Context, _: &ListArgs) -> Result<Exit, Failure> {
    let flags = Flags::in_force(context)?;
    let document = &flags.document;
    context.output.show(&List {
        revision: document.revision,
        updated_at: document.updated_at,
        flags: document
            .flags
            .iter()
            .map(|(key, flag)| FlagView::new(key, flag).under(flags.masks.of(key.as_str())))
            .collect(),
    })?;
    if document.flags.is_empty() {
        context.output.note(flags.nothing());
        context.output.next(format_args!(
            "{}, or {}",
            command(&["flag", "create", "KEY"]),
            command(&["flag", "init", "--preset", "mdm"])
        ));
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct One<'a> {
    revision: Revision,
    flag: FlagView<'a>,
}

impl Report for One<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.flag.write(page)?;
        writeln!(page, "{:<12} {}", "revision", self.revision)
    }
}

pub(super) fn get(context: &Context, args: &GetArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(&args.key)?;
    let flag = FlagView::new(&key, definition).under(flags.masks.of(key.as_str()));
    context.output.show(&One {
        revision: flags.document.revision,
        flag,
    })?;
    Ok(Exit::Done)
}
