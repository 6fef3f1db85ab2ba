use std::collections::BTreeMap;
use std::sync::Arc;

use cutover_domain::flags::{
    Applied, Change, ChangeError, ChangeRecord, FlagDocument, FlagKey, KeyChange, Revision,
};
use cutover_ports::flags::{Commit, FlagStore, HistoryPage, HistoryQuery};
use cutover_ports::{Clock, PortError, PortErrorKind, SystemClock};

use super::Live;

/// How often a change without an expected revision starts again because somebody else was first.
/// Each time somebody else has succeeded, so this is reached only by a store that lies.
const ATTEMPTS: usize = 10_000;

/// How many records are read at a time on the way back through the history.
const PAGE: usize = 256;

/// Changes the flags of one store, checked as a whole and recorded.
#[derive(Clone, Debug)]
pub struct FlagService {
    store: Arc<dyn FlagStore>,
    clock: Arc<dyn Clock>,
    live: Option<Live>,
}

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

    /// The same with one more change. Replaces an undo.
    #[must_use]
    pub fn change(mut self, change: Change) -> Self {
        match &mut self.intent {
            Intent::Changes(changes) => changes.push(change),
            Intent::Undo { .. } | Intent::UndoAll { .. } => {
                self.intent = Intent::Changes(vec![change]);
            }
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
}

impl ApplyError {
    /// Whether somebody else changed the flags first.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if is_conflict(error))
    }
}

fn is_conflict(error: &PortError) -> bool {
    matches!(error.kind(), PortErrorKind::Conflict { .. })
}

impl FlagService {
    /// A service over `store` with the machine's clock.
    #[must_use]
    pub fn new(store: Arc<dyn FlagStore>) -> Self {
        Self {
            store,
            clock: Arc::new(SystemClock),
            live: None,
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The same, putting its own changes in force in `live` before it returns.
    #[must_use]
    pub fn with_live(self, live: Live) -> Self {
        Self {
            live: Some(live),
            ..self
        }
    }

    /// The flags as they are; no flags at revision 0 when nothing was ever stored.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn document(&self) -> Result<FlagDocument, PortError> {
        let stored = self.store.load().await?;
        Ok(stored.unwrap_or_else(|| FlagDocument::empty(self.clock.now())))
    }

    /// What `request` would do, without doing it.
    ///
    /// # Errors
    ///
    /// As [`FlagService::apply`].
    pub async fn plan(&self, request: &Request) -> Result<Plan, ApplyError> {
        let before = self.document().await?;
        if let Some(expected) = request.expected
            && expected != before.revision
        {
            let (expected, actual) = (expected.number(), before.revision.number());
            let conflict = PortErrorKind::Conflict { expected, actual };
            return Err(PortError::new(conflict, "change flags").into());
        }
        let changes = match &request.intent {
            Intent::Changes(changes) => changes.clone(),
            Intent::Undo { key, to: None } => vec![self.undo_last(key).await?],
            Intent::Undo { key, to: Some(to) } => {
                let past = self.flags_at(*to, &before, Some(key)).await?;
                let definition = past.get(key).cloned().map(Box::new);
                vec![Change::Put {
                    key: key.clone(),
                    definition,
                }]
            }
            Intent::UndoAll { to } => {
                vec![Change::Replace {
                    flags: self.flags_at(*to, &before, None).await?,
                }]
            }
        };
        let Applied { document, changes } = before.apply(&changes, self.clock.now())?;
        Ok(Plan {
            before,
            after: document,
            changes,
        })
    }

    /// Carries `request` out as one revision with one record. Without an expected revision it
    /// starts again when somebody else was first.
    ///
    /// # Errors
    ///
    /// The change makes no sense, the expected revision is not the current one, or the store says
    /// no. Nothing has changed then, except where the store says that it does not know.
    pub async fn apply(&self, request: &Request) -> Result<Committed, ApplyError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let plan = self.plan(request).await?;
            let committed = self.commit(plan, request).await;
            match committed {
                Err(error)
                    if is_conflict(&error) && request.expected.is_none() && attempt < ATTEMPTS => {}
                result => {
                    let committed = result?;
                    if let Some(live) = &self.live {
                        live.update(&committed.document);
                    }
                    return Ok(committed);
                }
            }
        }
    }

    /// A page of the history, newest first.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
        self.store.history(query).await
    }

    async fn commit(&self, plan: Plan, request: &Request) -> Result<Committed, PortError> {
        let record = ChangeRecord {
            revision: plan.after.revision,
            time: plan.after.updated_at,
            actor: request.actor.clone(),
            reason: request.reason.clone(),
            changes: plan.changes,
            unknown: BTreeMap::new(),
        };
        let committed = Committed {
            document: plan.after,
            record,
        };
        let commit = Commit {
            expected: plan.before.revision,
            document: committed.document.clone(),
            record: committed.record.clone(),
        };
        match self.store.commit(commit).await {
            Err(error) if error.kind() == PortErrorKind::OutcomeUnknown => {
                // The history tells whether it happened.
                let query = HistoryQuery {
                    after: Some(plan.before.revision),
                    before: Some(committed.record.revision.next()),
                    ..HistoryQuery::newest(1)
                };
                let page = self.store.history(&query).await?;
                if page.records.first() == Some(&committed.record) {
                    Ok(committed)
                } else {
                    Err(error)
                }
            }
            result => result.map(|()| committed),
        }
    }

    /// The change that takes back the last change of `key`. Changes that left it as it was do not
    /// count: taking them back would do nothing, for ever.
    async fn undo_last(&self, key: &FlagKey) -> Result<Change, ApplyError> {
        let mut query = HistoryQuery::newest(PAGE).of(key.clone());
        loop {
            let page = self.store.history(&query).await?;
            let mut changes = page.records.into_iter().flat_map(|record| record.changes);
            if let Some(last) =
                changes.find(|change| change.key == *key && change.before != change.after)
            {
                let definition = last.before.map(Box::new);
                return Ok(Change::Put {
                    key: key.clone(),
                    definition,
                });
            }
            match page.next {
                Some(next) => query.before = Some(next),
                None => return Err(ApplyError::NothingToUndo(key.clone())),
            }
        }
    }

    /// The flags as they were at revision `to`, by walking back from `now`. With `only`, other
    /// flags are left as they are now.
    async fn flags_at(
        &self,
        to: Revision,
        now: &FlagDocument,
        only: Option<&FlagKey>,
    ) -> Result<BTreeMap<FlagKey, cutover_domain::flags::Definition>, ApplyError> {
        if to > now.revision {
            return Err(ApplyError::NoSuchRevision {
                wanted: to,
                current: now.revision,
            });
        }
        let mut flags = now.flags.clone();
        let mut reached = now.revision.next();
        let mut query = HistoryQuery {
            after: Some(to),
            before: Some(reached),
            ..HistoryQuery::newest(PAGE)
        };
        loop {
            let page = self.store.history(&query).await?;
            for record in page.records {
                reached = record.revision;
                for change in record.changes {
                    if only.is_some_and(|only| *only != change.key) {
                        continue;
                    }
                    match change.before {
                        Some(before) => flags.insert(change.key, before),
                        None => flags.remove(&change.key),
                    };
                }
            }
            match page.next {
                Some(next) => query.before = Some(next),
                None if reached == to.next() => return Ok(flags),
                None => {
                    return Err(ApplyError::HistoryTooShort {
                        wanted: to,
                        oldest: reached,
                    });
                }
            }
        }
    }
}
