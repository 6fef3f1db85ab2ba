use std::collections::BTreeMap;
use std::sync::Arc;

use cutover_domain::flags::{Applied, Change, ChangeRecord, FlagDocument, FlagKey, Revision};
use cutover_ports::flags::{Commit, Compaction, FlagStore, HistoryPage, HistoryQuery, Retention};
use cutover_ports::{Clock, PortError, PortErrorKind, SystemClock};

use super::request::is_conflict;
use super::state::Telling;
use super::{ApplyError, Changes, Committed, Intent, Live, Plan, Request};

/// How often a change without an expected revision starts again because somebody else was first.
/// Each time somebody else has succeeded, so this is reached only by a store that lies.
const ATTEMPTS: usize = 10_000;

/// How many records of others are looked up to be told before one's own.
const GAP: u64 = 256;

/// Changes the flags of one store, checked as a whole and recorded.
#[derive(Clone, Debug)]
pub struct FlagService {
    pub(super) store: Arc<dyn FlagStore>,
    clock: Arc<dyn Clock>,
    live: Option<Live>,
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
        let changes = self.changes(&request.intent, &before).await?;
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
    /// When it returns, the change is in force in the service's [`Live`]. Callbacks are told of it
    /// by then or soon after; it does not wait for them.
    ///
    /// # Errors
    ///
    /// The change makes no sense, the expected revision is not the current one, or the store says
    /// no. Nothing has changed then, except where the store says that it does not know.
    pub async fn apply(&self, request: &Request) -> Result<Committed, ApplyError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let known = self.live.as_ref().map(Live::revision);
            let plan = self.plan(request).await?;
            match self.commit(&plan, request).await {
                Err(error)
                    if is_conflict(&error) && request.expected.is_none() && attempt < ATTEMPTS => {}
                result => {
                    let committed = result?;
                    if let (Some(live), Some(known)) = (&self.live, known) {
                        self.put_in_force(live, known, plan.before, &committed)
                            .await;
                    }
                    return Ok(committed);
                }
            }
        }
    }

    /// Every change after revision `since`, once and in order, whoever makes it; see [`Changes`].
    ///
    /// # Errors
    ///
    /// There is no such revision, the history does not reach back to it without a gap, or the store
    /// cannot be watched.
    pub async fn watch(&self, since: Revision) -> Result<Changes, ApplyError> {
        let now = self.document().await?;
        let flags = self.flags_at(since, &now, None).await?;
        let known = FlagDocument {
            revision: since,
            flags,
            ..now
        };
        let events = self.store.watch(since).await?;
        Ok(Changes::new(Arc::clone(&self.store), events, known))
    }

    /// A page of the history, newest first.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, PortError> {
        self.store.history(query).await
    }

    /// Removes old records from the history, for good; the flags stay as they are.
    ///
    /// # Errors
    ///
    /// The store cannot do that, or the history cannot be written.
    pub async fn compact(&self, retention: &Retention) -> Result<Compaction, PortError> {
        self.store.compact(retention).await
    }

    /// What an intent means for the flags as they are.
    async fn changes(
        &self,
        intent: &Intent,
        now: &FlagDocument,
    ) -> Result<Vec<Change>, ApplyError> {
        let of_all =
            |change: fn(FlagKey) -> Change| now.flags.keys().cloned().map(change).collect();
        Ok(match intent {
            Intent::Changes(changes) => changes.clone(),
            Intent::Undo { key, to: None } => vec![self.undo_last(key, now).await?],
            Intent::Undo { key, to: Some(to) } => {
                let past = self.flags_at(*to, now, Some(key)).await?;
                vec![Change::Put {
                    key: key.clone(),
                    definition: past.get(key).cloned().map(Box::new),
                }]
            }
            Intent::UndoAll { to } => vec![Change::Replace {
                flags: self.flags_at(*to, now, None).await?,
            }],
            Intent::KillAll => of_all(|key| Change::Kill { key }),
            Intent::ForceKillAll => of_all(|key| Change::ForceKill { key }),
        })
    }

    async fn commit(&self, plan: &Plan, request: &Request) -> Result<Committed, PortError> {
        let record = ChangeRecord {
            revision: plan.after.revision,
            time: plan.after.updated_at,
            actor: request.actor.clone(),
            reason: request.reason.clone(),
            changes: plan.changes.clone(),
            unknown: BTreeMap::new(),
        };
        let commit = Commit {
            expected: plan.before.revision,
            document: plan.after.clone(),
            record: record.clone(),
        };
        match self.store.commit(commit).await {
            Err(error) if error.kind() == PortErrorKind::OutcomeUnknown => {
                self.find_out(&record, error).await?;
            }
            result => result?,
        }
        Ok(Committed {
            document: plan.after.clone(),
            record,
        })
    }

    /// Whether a commit of unknown outcome happened: the history tells. Where even that cannot be
    /// read, the outcome stays unknown, whatever the second trouble is.
    async fn find_out(&self, record: &ChangeRecord, unknown: PortError) -> Result<(), PortError> {
        let revision = record.revision;
        let query = HistoryQuery {
            after: Some(Revision::new(revision.number() - 1)),
            before: Some(revision.next()),
            ..HistoryQuery::newest(1)
        };
        let Ok(page) = self.store.history(&query).await else {
            return Err(unknown);
        };
        match page.records.first() {
            Some(found) if found == record => Ok(()),
            Some(_) => {
                let conflict = PortErrorKind::Conflict {
                    expected: revision.number() - 1,
                    actual: revision.number(),
                };
                Err(PortError::new(conflict, "commit flags"))
            }
            None => Err(unknown),
        }
    }

    /// Puts in force what was committed. `known` was in force before the change was planned.
    async fn put_in_force(
        &self,
        live: &Live,
        known: Revision,
        before: FlagDocument,
        committed: &Committed,
    ) {
        if before.revision < known {
            live.take(known, before.clone(), Telling::Now);
        }
        let earlier = match live.gap_before(committed.record.revision) {
            Some((told, revision)) if revision.number() - told.number() <= GAP => {
                self.between(told, revision).await
            }
            _ => Vec::new(),
        };
        live.take_commit(before, earlier, committed);
    }

    /// The records between two revisions, oldest first; none when they cannot be read.
    async fn between(&self, after: Revision, before: Revision) -> Vec<ChangeRecord> {
        let query = HistoryQuery {
            after: Some(after),
            before: Some(before),
            ..HistoryQuery::newest(usize::MAX)
        };
        let page = self.store.history(&query).await.unwrap_or_default();
        page.records.into_iter().rev().collect()
    }
}
