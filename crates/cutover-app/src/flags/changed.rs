use std::sync::Arc;

use cutover_domain::flags::{ChangeRecord, Definition, FlagKey, KeyChange, Revision};

/// One step of the flags: as a rule one revision, with the record of who made it, when and why.
///
/// A step without a record is what differs between two states whose records are not to be had: the
/// history no longer has them, or another store was put in the place of this one.
#[derive(Clone, Debug)]
pub struct Revised {
    revision: Revision,
    cause: Cause,
}

#[derive(Clone, Debug)]
enum Cause {
    Recorded(Arc<ChangeRecord>),
    Found(Arc<[KeyChange]>),
}

impl Revised {
    pub(super) fn recorded(record: Arc<ChangeRecord>) -> Self {
        Self {
            revision: record.revision,
            cause: Cause::Recorded(record),
        }
    }

    pub(super) fn found(revision: Revision, changes: Vec<KeyChange>) -> Self {
        Self {
            revision,
            cause: Cause::Found(changes.into()),
        }
    }

    /// The revision that this step led to.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// What the history says of it.
    #[must_use]
    pub fn record(&self) -> Option<&ChangeRecord> {
        match &self.cause {
            Cause::Recorded(record) => Some(record),
            Cause::Found(_) => None,
        }
    }

    /// The flags that it touched, in order of key.
    pub fn changes(&self) -> impl Iterator<Item = FlagChange<'_>> {
        let changes = match &self.cause {
            Cause::Recorded(record) => &record.changes[..],
            Cause::Found(changes) => changes,
        };
        changes.iter().map(|change| FlagChange {
            key: &change.key,
            before: change.before.as_ref(),
            after: change.after.as_ref(),
            revision: self.revision,
            record: self.record(),
        })
    }
}

/// What one step did to one flag.
///
/// `before` and `after` are the definitions as they are stored; they are equal where somebody set
/// what was set already. What the environment masks of them is told by
/// [`LiveStatus`](super::LiveStatus).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FlagChange<'a> {
    /// The flag.
    pub key: &'a FlagKey,
    /// What it was; `None` where it did not exist.
    pub before: Option<&'a Definition>,
    /// What it is; `None` where it is gone.
    pub after: Option<&'a Definition>,
    /// The revision that the step led to.
    pub revision: Revision,
    /// Who, when and why, where that is known; see [`Revised`].
    pub record: Option<&'a ChangeRecord>,
}
