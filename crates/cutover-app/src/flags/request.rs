use cutover_domain::flags::{
    Change, ChangeError, ChangeRecord, FlagDocument, FlagKey, KeyChange, Revision,
};
use cutover_ports::{PortError, PortErrorKind};

/// A wish to change the flags, with who wants it and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What should change.
    pub intent: Intent,
    /// The revision that the change is meant for; any when absent.
    pub expected: Option<Revision>,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
}

/// What should change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Intent {
    /// These changes, in order, as one revision.
    Changes(Vec<Change>),
    /// One flag as it was before its last change (doing it again: redo), or as it was at a
    /// revision.
    Undo {
        /// The flag.
        key: FlagKey,
        /// The revision to return to.
        to: Option<Revision>,
    },
    /// All flags as they were at a revision.
    UndoAll {
        /// The revision to return to.
        to: Revision,
    },
    /// Every flag that there is, off for everybody. Refused when old is stale for one of them; see
    /// [`Change::Kill`].
    KillAll,
    /// The same, even where old is stale.
    ForceKillAll,
}

impl Request {
    /// A request by `actor`, with nothing to change yet.
    #[must_use]
    pub fn by(actor: impl Into<String>) -> Self {
        let intent = Intent::Changes(Vec::new());
        Self {
            intent,
            expected: None,
            actor: actor.into(),
            reason: None,
        }
    }

    /// The same with one more change. Replaces another intent.
    #[must_use]
    pub fn change(mut self, change: Change) -> Self {
        match &mut self.intent {
            Intent::Changes(changes) => changes.push(change),
            other => *other = Intent::Changes(vec![change]),
        }
        self
    }

    /// The same with another intent.
    #[must_use]
    pub fn intend(self, intent: Intent) -> Self {
        Self { intent, ..self }
    }

    /// The same with a reason for the history.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    /// The same, refused unless the flags are at this revision.
    #[must_use]
    pub fn expecting(self, revision: Revision) -> Self {
        Self {
            expected: Some(revision),
            ..self
        }
    }
}

/// What a request would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The flags as they are.
    pub before: FlagDocument,
    /// The flags as they would be.
    pub after: FlagDocument,
    /// What would change.
    pub changes: Vec<KeyChange>,
}

/// What a request did.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// The flags as they are now.
    pub document: FlagDocument,
    /// What the history says.
    pub record: ChangeRecord,
}

/// Why a request was not carried out. Unless the source says that the outcome is unknown, nothing
/// has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The change makes no sense for these flags.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The store said no; a [`Conflict`](PortErrorKind::Conflict) is among its reasons.
    #[error(transparent)]
    Store(#[from] PortError),
    /// The flag has no change to undo.
    #[error("the history has no change of {0} to undo")]
    NothingToUndo(FlagKey),
    /// The revision asked for is not yet there.
    #[error("there is no revision {wanted}; the flags are at revision {current}")]
    NoSuchRevision {
        /// What was asked for.
        wanted: Revision,
        /// What is there.
        current: Revision,
    },
    /// The history was cut off after the revision asked for.
    #[error("the history does not reach back to revision {wanted}; it starts at {oldest}")]
    HistoryTooShort {
        /// What was asked for.
        wanted: Revision,
        /// The oldest record there is.
        oldest: Revision,
    },
    /// Records between the revision asked for and now are missing, damaged or incomplete.
    #[error(
        "what the flags were at revision {wanted} is not known: {} missing, damaged or incomplete",
        records(*first, *last)
    )]
    HistoryHasGap {
        /// What was asked for.
        wanted: Revision,
        /// The first revision of the newest gap.
        first: Revision,
        /// Its last revision.
        last: Revision,
    },
    /// The newest record of a flag that is there does not lead to what the flag is.
    #[error(
        "what {0} was before its last change is not known: the record of that change is missing or \
         damaged"
    )]
    LastChangeLost(FlagKey),
}

fn records(first: Revision, last: Revision) -> String {
    if first == last {
        format!("the record of revision {first} is")
    } else {
        format!("the records of revisions {first} to {last} are")
    }
}

impl ApplyError {
    /// Whether somebody else changed the flags first.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if is_conflict(error))
    }
}

pub(super) fn is_conflict(error: &PortError) -> bool {
    matches!(error.kind(), PortErrorKind::Conflict { .. })
}
