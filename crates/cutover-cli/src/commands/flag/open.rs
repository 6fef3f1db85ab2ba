//! Opening the flags of the store, and finding one of them by what a person typed.

use cutover_app::flags::{ApplyError, FlagService};
use cutover_domain::flags::{ChangeError, Definition, FlagDocument, FlagKey};

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest;

/// The flags as they are, and the service that changes them.
pub(super) struct Flags {
    pub(super) service: FlagService,
    pub(super) document: FlagDocument,
}

impl Flags {
    pub(super) fn open(context: &Context) -> Result<Self, Failure> {
        let service = FlagService::new(context.flag_store()).with_clock(context.clock());
        let document = pollster::block_on(service.document())?;
        Ok(Self { service, document })
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
        let keys = self.document.flags.keys().map(FlagKey::as_str);
        match suggest::closest(typed, keys) {
            Some(key) => failure.hint(format_args!("did you mean {key}?")),
            None if self.document.flags.is_empty() => {
                failure.hint("there are no flags yet: `cutover flag init` or `cutover flag create`")
            }
            None => failure.hint("`cutover flag list` shows all flags"),
        }
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        match &error {
            ApplyError::Store(store) => store.clone().into(),
            ApplyError::Change(change) => refused(change),
            ApplyError::NoSuchRevision { .. } => {
                Self::usage(&error).hint("`cutover flag history` shows the revisions")
            }
            ApplyError::HistoryTooShort { .. } | ApplyError::NothingToUndo(_) => {
                Self::no(&error).hint("`cutover flag history` shows what can be undone")
            }
            _ => Self::trouble(&error),
        }
    }
}

fn refused(error: &ChangeError) -> Failure {
    match error {
        ChangeError::UnknownFlag { key, suggestion } => {
            let failure = Failure::no(format_args!("there is no flag {key}"));
            match suggestion {
                Some(near) => failure.hint(format_args!("did you mean {near}?")),
                None => failure.hint("`cutover flag list` shows all flags"),
            }
        }
        ChangeError::AlreadyExists(key) => {
            Failure::no(error).hint(format_args!("look at it with `cutover flag get {key}`"))
        }
        ChangeError::OldIsStale(_) => Failure::no(error).hint("add --force"),
        ChangeError::WrongValue { .. } | ChangeError::Invalid(_) => Failure::usage(error),
        _ => Failure::new(Exit::Trouble, error),
    }
}
