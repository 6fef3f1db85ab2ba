//! `flag edit`: flags in the user's editor.

use std::collections::BTreeMap;

use clap::Args;
use cutover_domain::flags::{Change, Definition, FlagDocument, FlagKey, KeyChange};
use cutover_ports::{PortError, PortErrorKind};
use serde::Serialize;

use super::apply::restored;
use super::change::{Unmade, Wish, before, from_the_start, nothing_to_do};
use super::editor::{Draft, Editor, Written};
use super::open::Flags;
use super::proposal::{Others, Proposal};
use crate::commands::examples;
use crate::confirm::{ChangeArgs, question};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::printable;
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
    let proposal = loop {
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
            Ok(proposal) => break proposal,
            Err(failure) if context.may_ask() => {
                failure.report();
                if !question("Edit it again?")? {
                    return Err(draft.leave(Failure::new(failure.exit(), "nothing was changed")));
                }
            }
            Err(failure) => return Err(draft.leave(failure)),
        }
    };
    let edited = Edited {
        part,
        opened: &flags.document,
        proposal,
    };
    match from_the_start(&args.change, || edited.make(context, &args.change)) {
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

/// What came out of the editor, and what it was made from.
struct Edited<'a> {
    part: Part<'a>,
    opened: &'a FlagDocument,
    proposal: Proposal,
}

impl Edited<'_> {
    /// Makes it so, if nobody else changed meanwhile what was edited.
    fn make(&self, context: &Context, args: &ChangeArgs) -> Result<Exit, Unmade> {
        let flags = Flags::open(context)?;
        let request = flags.request(args)?;
        if !self.part.is_as(self.opened, &flags.document) {
            let (expected, actual) = (self.opened.revision, flags.document.revision);
            let conflict = PortErrorKind::Conflict {
                expected: expected.number(),
                actual: actual.number(),
            };
            let changed = PortError::new(conflict, "change flags");
            return Err(Unmade::ForGood(changed.into()));
        }
        let wanted = self.proposal.onto(&flags.document, self.part.others())?;
        let changes = KeyChange::between(&flags.document.flags, &wanted);
        if changes.is_empty() {
            return Ok(nothing_to_do(context, &flags, args)?);
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
        let wish = Wish {
            service: &flags.service,
            args,
            request: request.change(Change::Replace { flags: wanted }),
            next: &next,
            warnings: restored(&changes).collect(),
        };
        Ok(wish.make_field_by_field(context)?)
    }
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

    /// Whether this part is the same in both.
    fn is_as(self, one: &FlagDocument, other: &FlagDocument) -> bool {
        match self {
            Self::One(key) => one.flags.get(key) == other.flags.get(key),
            Self::All => one.revision == other.revision,
        }
    }

    /// What happens to flags that the text does not have.
    fn others(self) -> Others {
        match self {
            Self::One(_) => Others::Stay,
            Self::All => Others::Go,
        }
    }

    /// The flags as they should be, if they can be so.
    fn read(self, draft: &Draft, text: &str, document: &FlagDocument) -> Result<Proposal, Failure> {
        let name = draft.path().display().to_string();
        let proposal = Proposal::parse(name, text.as_bytes())?;
        if let Some(field) = proposal.ignored.first() {
            return Err(Failure::no(format_args!(
                "`{field}` beside `flags` means nothing here"
            )));
        }
        if let Self::One(only) = self {
            if let Some(other) = proposal.keys().find(|key| *key != only.as_str()) {
                let all = command(&["flag", "edit"]);
                let failure = Failure::no(format_args!(
                    "this is about {only} alone, and not about {}",
                    printable(other)
                ));
                return Err(failure.hint(format_args!("`{all}` is about all flags")));
            }
            if proposal.keys().next().is_none() {
                let delete = command(&["flag", "delete", only.as_str()]);
                return Err(Failure::no(format_args!("{only} is not there any more"))
                    .hint(format_args!("`{delete}` deletes it")));
            }
        }
        proposal.onto(document, self.others())?;
        Ok(proposal)
    }
}
