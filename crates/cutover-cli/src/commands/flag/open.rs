//! Opening the flags of the store, and finding one of them by what a person typed.

use cutover_app::flags::{ApplyError, FlagService, Request};
use cutover_domain::flags::{
    ChangeError, ChangeRecord, Definition, FlagDocument, FlagKey, Revision,
};

use cutover_ports::flags::HistoryQuery;
use cutover_ports::{PortError, PortErrorKind};

use super::change::request;
use super::describe::listed;
use super::masks::Masks;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::{self, command};

/// The flags as they are, and the service that changes them.
pub(super) struct Flags {
    pub(super) service: FlagService,
    pub(super) document: FlagDocument,
    /// What variables of this environment do to them.
    pub(super) masks: Masks,
    /// Where the document is, in words.
    place: String,
}

impl Flags {
    /// The flags as they are stored: what is changed.
    pub(super) fn open(context: &Context) -> Result<Self, Failure> {
        Self::try_open(context).map_err(unreadable)
    }

    /// The same, for those who can do something without the flags.
    pub(super) fn try_open(context: &Context) -> Result<Self, PortError> {
        Self::open_both(context).map(|(stored, _)| stored)
    }

    /// The flags as they are in force in this environment: what is answered. Tells which variables
    /// cannot be followed.
    pub(super) fn in_force(context: &Context) -> Result<Self, Failure> {
        let (stored, document) = Self::open_both(context).map_err(unreadable)?;
        for told in stored.masks.told() {
            context.output.warn(told);
        }
        Ok(Self { document, ..stored })
    }

    /// The flags as they are stored, and the document that is in force.
    fn open_both(context: &Context) -> Result<(Self, FlagDocument), PortError> {
        let service = FlagService::new(context.flag_store()).with_clock(context.clock());
        let document = pollster::block_on(service.document())?;
        let (masks, in_force) = Masks::over(context, &document);
        let stored = Self {
            service,
            document,
            masks,
            place: context.place.flags_in_words(),
        };
        Ok((stored, in_force))
    }

    /// Says so when the newest change took others back unasked.
    pub(super) fn warn_of_taken_back(&self, context: &Context) {
        // Where the history cannot be read there is nothing to say of it.
        let newest = pollster::block_on(self.service.history(&HistoryQuery::newest(1)));
        let records = newest.map(|page| page.records).unwrap_or_default();
        if let Some(told) = records.iter().find_map(taken_back_in_words) {
            context.output.warn(format_args!(
                "{told}; `{}` shows what they were",
                command(&["flag", "history"])
            ));
        }
    }

    /// A request for just the revision that was opened, for a change that is worked out from it.
    ///
    /// A conflict when another one was expected.
    pub(super) fn request(&self, args: &ChangeArgs) -> Result<Request, Failure> {
        let revision = self.document.revision;
        match args.expect {
            Some(expected) if expected != revision.number() => {
                let actual = revision.number();
                let conflict = PortErrorKind::Conflict { expected, actual };
                Err(PortError::new(conflict, "change flags").into())
            }
            _ => Ok(request(args).expecting(revision)),
        }
    }

    /// The flag of this name; an unknown one is the answer no, with a suggestion.
    pub(super) fn find(&self, typed: &str) -> Result<(FlagKey, &Definition), Failure> {
        match self.document.flags.get_key_value(typed) {
            Some((key, definition)) => Ok((key.clone(), definition)),
            None => Err(self.unknown(typed)),
        }
    }

    /// Says that there is no such flag, and which one may be meant.
    pub(super) fn unknown(&self, typed: &str) -> Failure {
        let failure = Failure::no(format_args!(
            "there is no flag {}",
            crate::output::printable(typed)
        ));
        if let Some(source) = self.masks.supplying(typed) {
            let source = crate::output::printable(source);
            let create = command(&["flag", "create", typed]);
            return failure
                .hint(format_args!("only {source} in this environment defines it"))
                .hint(format_args!(
                    "`{create}` stores one, to which the variable gives way"
                ));
        }
        let keys = self.document.flags.keys().map(FlagKey::as_str);
        match suggest::closest(typed, keys) {
            Some(key) => failure.hint(format_args!("did you mean {key}?")),
            None if self.document.flags.is_empty() => {
                failure.hint(self.nothing()).hint(format_args!(
                    "begin with `{}` or `{}`",
                    command(&["flag", "init"]),
                    command(&["flag", "create", "KEY"])
                ))
            }
            None => failure.hint(shows_all()),
        }
    }

    /// Says that there are no flags, and where they were looked for.
    pub(super) fn nothing(&self) -> String {
        let place = &self.place;
        if self.document.revision == Revision::ZERO {
            format!("there are no flags: nothing was ever stored in {place}")
        } else {
            format!("there are no flags in {place}")
        }
    }
}

/// Flags that are damaged, with where to see what they were.
fn unreadable(error: PortError) -> Failure {
    let is_damaged = error.kind() == PortErrorKind::Corrupt;
    let failure = Failure::from(error);
    if !is_damaged {
        return failure;
    }
    failure.hint(format_args!("`{}` shows what led to them", history()))
}

/// What a change took back unasked, if it did.
pub(in crate::commands) fn taken_back_in_words(record: &ChangeRecord) -> Option<String> {
    let taken: Vec<_> = record
        .takes_back()
        .iter()
        .map(Revision::to_string)
        .collect();
    let revisions = if taken.len() == 1 {
        "revision"
    } else {
        "revisions"
    };
    (!taken.is_empty()).then(|| {
        format!(
            "revision {} was made by hand on an older copy of the flags, and takes back {revisions} \
             {}",
            record.revision,
            listed(&taken)
        )
    })
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        match &error {
            ApplyError::Store(store) => store.clone().into(),
            ApplyError::Change(change) => refused(change),
            ApplyError::NoSuchRevision { .. } => {
                Self::usage(&error).hint(format_args!("`{}` shows the revisions", history()))
            }
            ApplyError::HistoryTooShort { .. } | ApplyError::NothingToUndo(_) => {
                Self::no(&error).hint(format_args!("`{}` shows what can be undone", history()))
            }
            ApplyError::HistoryHasGap { last, .. } => Self::no(&error)
                .hint(format_args!(
                    "revisions from {last} on can be returned to: `{}` shows them",
                    history()
                ))
                .hint(says_more()),
            ApplyError::LastChangeLost(_) => Self::no(&error)
                .hint(format_args!(
                    "nothing was changed; `{}` shows earlier changes, and what to set by hand",
                    history()
                ))
                .hint(says_more()),
            _ => Self::trouble(&error),
        }
    }
}

fn history() -> String {
    command(&["flag", "history"])
}

/// Where damage of the store is told.
pub(super) fn says_more() -> String {
    format!("`{}` says more", command(&["doctor"]))
}

fn shows_all() -> String {
    format!("`{}` shows all flags", command(&["flag", "list"]))
}

fn refused(error: &ChangeError) -> Failure {
    match error {
        ChangeError::UnknownFlag { key, suggestion } => {
            let failure = Failure::no(format_args!("there is no flag {key}"));
            match suggestion {
                Some(near) => failure.hint(format_args!("did you mean {near}?")),
                None => failure.hint(shows_all()),
            }
        }
        ChangeError::AlreadyExists(key) => {
            let get = command(&["flag", "get", key.as_str()]);
            Failure::no(error).hint(format_args!("look at it with `{get}`"))
        }
        ChangeError::OldIsStale(_) => Failure::no(error).hint("add --force"),
        ChangeError::VariantInUse { .. }
        | ChangeError::Required { .. }
        | ChangeError::UnknownRule { .. } => Failure::no(error),
        ChangeError::WrongValue { .. }
        | ChangeError::UnknownVariant { .. }
        | ChangeError::NoSuchPlace { .. }
        | ChangeError::EmptySplit(_)
        | ChangeError::NoTarget(_)
        | ChangeError::Invalid(_) => Failure::usage(error),
        _ => Failure::new(Exit::Trouble, error),
    }
}
