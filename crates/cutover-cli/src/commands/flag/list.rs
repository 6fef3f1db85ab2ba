//! `flag list` and `flag get`.

use std::io::{self, Write};

use clap::Args;
use cutover_domain::flags::{FlagKey, Revision};
use jiff::Timestamp;
use serde::Serialize;

use super::columns::{Column, write_columns};
use super::deleted;
use super::describe::answers;
use super::open::Flags;
use super::view::FlagView;
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, write_json_line};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag list", ""),
    ("cutover flag list --format jsonl", "one flag a line"),
    ("cutover flag list --deleted", "what `cutover flag undo KEY` can bring back"),
]))]
pub struct ListArgs {
    /// The flags that are gone and that the history still has; reads all of it
    #[arg(long)]
    deleted: bool,
}

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

fn columns<'a>() -> [Column<FlagView<'a>>; 8] {
    [
        Column::new("flag", |flag| Some(flag.key.to_string())),
        Column::new("type", |flag| Some(flag.definition.kind.to_string())),
        Column::new("answers", |flag| {
            let answers = answers(flag.definition);
            Some(match flag.laid_over.source() {
                Some(source) => format!("{answers}\nby {}", printable(source)),
                None => answers,
            })
        }),
        Column::new("requires", |flag| {
            let keys = flag.definition.requires.iter().map(FlagKey::as_str);
            let keys: Vec<_> = keys.collect();
            (!keys.is_empty()).then(|| keys.join(", "))
        }),
        Column::if_any("stage", |flag| Some(flag.definition.stage?.to_string())),
        Column::if_any("owner", |flag| {
            flag.definition.owner.as_deref().map(printable)
        }),
        Column::if_any("expires", |flag| Some(flag.definition.expires?.to_string())),
        Column::new("description", |flag| {
            flag.definition.description.as_deref().map(printable)
        }),
    ]
}

impl Report for List<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.flags.is_empty() {
            return Ok(());
        }
        write_columns(page, &columns(), &self.flags)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.flags
            .iter()
            .try_for_each(|flag| write_json_line(to, flag))
    }
}

pub(super) fn list(context: &Context, args: &ListArgs) -> Result<Exit, Failure> {
    if args.deleted {
        return deleted::list(context);
    }
    let flags = Flags::in_force(context)?;
    flags.warn_of_taken_back(context);
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
