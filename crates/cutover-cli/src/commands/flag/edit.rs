//! `flag edit`: flags in the user's editor.

use std::collections::BTreeMap;

use clap::Args;
use cutover_domain::flags::{Change, Definition, FlagDocument, FlagKey, KeyChange};
use serde::Serialize;

use super::apply::restored;
use super::change::{Wish, before, nothing_to_do};
use super::editor::{Draft, Editor, Written};
use super::open::Flags;
use super::proposal::{Others, Proposal};
use crate::commands::examples;
use crate::confirm::{ChangeArgs, question};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag edit use_new_parser", "its definition, as JSON"),
    ("cutover flag edit", "all flags; one that is taken out is deleted"),
]), after_help = "The editor is VISUAL, else EDITOR, else vi. What cannot be, and what somebody \
                  else changed meanwhile, is refused and kept in a file, which `cutover flag apply \
                  -f FILE` takes. Closing the editor without a change changes nothing.")]
pub struct EditArgs {
    /// The flag; without it, all flags
    key: Option<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// What is edited.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    One(&'a FlagKey),
    All,
}

/// The text that is offered: a file as `flag apply` takes it.
#[derive(Serialize)]
struct Offered<'a> {
    flags: BTreeMap<&'a FlagKey, &'a Definition>,
}

pub(super) fn edit(context: &Context, args: &EditArgs) -> Result<Exit, Failure> {
    // Before anything is written, not after it.
    if !args.change.dry_run && !args.change.yes {
        context.must_ask()?;
    }
    let flags = Flags::open(context)?;
    flags.request(&args.change)?;
    let key = args
        .key
        .as_deref()
        .map(|typed| flags.find(typed))
        .transpose()?
        .map(|(key, _)| key);
    let part = key.as_ref().map_or(Part::All, Part::One);
    let editor = Editor::find()?;
    let draft = Draft::new(&part.name(), part.offer(&flags.document)?)?;
    let wanted = loop {
        let text = match draft.edit(&editor) {
            Ok(Written::Text(text)) => text,
            Ok(Written::Nothing) => {
                draft.discard();
                context.output.note("nothing was changed in the editor");
                return nothing_to_do(context, &flags, &args.change);
            }
            Err(failure) => return Err(draft.leave(failure)),
        };
        match part.read(&draft, &text, &flags.document) {
            Ok(wanted) => break wanted,
            Err(failure) if context.may_ask() => {
                failure.report();
                if !question("Edit it again?")? {
                    return Err(draft.leave(Failure::new(failure.exit(), "nothing was changed")));
                }
            }
            Err(failure) => return Err(draft.leave(failure)),
        }
    };
    let made = make(context, &flags, args, wanted);
    match made {
        Ok(exit) if !args.change.dry_run => {
            draft.discard();
            Ok(exit)
        }
        Ok(exit) => {
            context.output.note(draft.leave_for_later());
            Ok(exit)
        }
        Err(failure) => Err(draft.leave(failure)),
    }
}

fn make(
    context: &Context,
    flags: &Flags,
    args: &EditArgs,
    wanted: BTreeMap<FlagKey, Definition>,
) -> Result<Exit, Failure> {
    let changes = KeyChange::between(&flags.document.flags, &wanted);
    if changes.is_empty() {
        return nothing_to_do(context, flags, &args.change);
    }
    let next = |revision| match &changes[..] {
        [
            KeyChange {
                key,
                after: Some(_),
                ..
            },
        ] => command(&["flag", "status", key.as_str()]),
        [KeyChange { key, .. }] => command(&["flag", "undo", key.as_str()]),
        _ => command(&["flag", "undo", "--to", &before(revision)]),
    };
    // For the flags that were edited, or not at all.
    let request = flags.request(&args.change)?;
    Wish {
        service: &flags.service,
        args: &args.change,
        request: request.change(Change::Replace { flags: wanted }),
        next: &next,
        warnings: restored(&changes).collect(),
    }
    .make_field_by_field(context)
}

impl Part<'_> {
    fn name(self) -> String {
        match self {
            Self::One(key) => format!("cutover-flag-{key}"),
            Self::All => "cutover-flags".to_owned(),
        }
    }

    fn offer(self, document: &FlagDocument) -> Result<String, Failure> {
        let is_part = |key: &FlagKey| match self {
            Self::One(only) => key == only,
            Self::All => true,
        };
        let flags = document
            .flags
            .iter()
            .filter(|(key, _)| is_part(key))
            .collect();
        Ok(serde_json::to_string_pretty(&Offered { flags })? + "\n")
    }

    /// The flags as they should be.
    fn read(
        self,
        draft: &Draft,
        text: &str,
        document: &FlagDocument,
    ) -> Result<BTreeMap<FlagKey, Definition>, Failure> {
        let name = draft.path().display().to_string();
        let proposal = Proposal::parse(name, text.as_bytes())?;
        if let Some(field) = proposal.ignored.first() {
            return Err(Failure::no(format_args!(
                "`{field}` beside `flags` means nothing here"
            )));
        }
        let Self::One(only) = self else {
            return proposal.onto(document, Others::Go);
        };
        if let Some(other) = proposal.keys().find(|key| *key != only) {
            return Err(Failure::no(format_args!(
                "this is about {only} alone, and not about {other}"
            ))
            .hint(format_args!(
                "`{}` is about all flags",
                command(&["flag", "edit"])
            )));
        }
        if proposal.keys().next().is_none() {
            let delete = command(&["flag", "delete", only.as_str()]);
            return Err(Failure::no(format_args!("{only} is not there any more"))
                .hint(format_args!("`{delete}` deletes it")));
        }
        proposal.onto(document, Others::Stay)
    }
}
