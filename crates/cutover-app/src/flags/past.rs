use std::collections::BTreeMap;

use cutover_domain::flags::{Change, Definition, FlagDocument, FlagKey, Revision};
use cutover_ports::flags::HistoryQuery;

use super::{ApplyError, FlagService};

/// How many records are read at a time on the way back through the history.
const PAGE: usize = 256;

impl FlagService {
    /// The change that takes back the last change of `key`. Changes that left it as it was do not
    /// count: taking them back would do nothing, for ever.
    pub(super) async fn undo_last(
        &self,
        key: &FlagKey,
        now: &FlagDocument,
    ) -> Result<Change, ApplyError> {
        let mut query = HistoryQuery::newest(PAGE).of(key.clone());
        query.before = Some(now.revision.next());
        let mut damaged = 0;
        loop {
            let page = self.store.history(&query).await?;
            damaged += page.damaged;
            let mut changes = page.records.into_iter().flat_map(|record| record.changes);
            if let Some(last) =
                changes.find(|change| change.key == *key && change.before != change.after)
            {
                // Else a later change is missing, and this would take back another one than asked.
                if last.after.as_ref() != now.flags.get(key) {
                    return Err(ApplyError::LastChangeLost(key.clone()));
                }
                let definition = last.before.map(Box::new);
                return Ok(Change::Put {
                    key: key.clone(),
                    definition,
                });
            }
            match page.next {
                Some(next) => query.before = Some(next),
                None if damaged > 0 => return Err(ApplyError::LastChangeLost(key.clone())),
                None => return Err(ApplyError::NothingToUndo(key.clone())),
            }
        }
    }

    /// The flags as they were at revision `to`, by walking back from `now`, each record of the way.
    /// With `only`, other flags are left as they are now.
    pub(super) async fn flags_at(
        &self,
        to: Revision,
        now: &FlagDocument,
        only: Option<&FlagKey>,
    ) -> Result<BTreeMap<FlagKey, Definition>, ApplyError> {
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
                if record.revision.next() != reached {
                    return Err(gap(to, record.revision, reached));
                }
                reached = record.revision;
                if record.is_incomplete() {
                    return Err(gap(to, Revision::new(reached.number() - 1), reached.next()));
                }
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
                None => return Err(self.end_at(reached, to).await?),
            }
        }
    }

    /// Why there is no record between `to` and `reached`.
    async fn end_at(&self, reached: Revision, to: Revision) -> Result<ApplyError, ApplyError> {
        let mut query = HistoryQuery::newest(1);
        query.before = Some(reached);
        loop {
            let page = self.store.history(&query).await?;
            match (page.records.first(), page.next) {
                (Some(older), _) => return Ok(gap(to, older.revision, reached)),
                // What was damaged was left out.
                (None, Some(next)) => query.before = Some(next),
                (None, None) => {
                    return Ok(ApplyError::HistoryTooShort {
                        wanted: to,
                        oldest: reached,
                    });
                }
            }
        }
    }
}

/// The records between two others are not there.
fn gap(wanted: Revision, below: Revision, above: Revision) -> ApplyError {
    ApplyError::HistoryHasGap {
        wanted,
        first: below.next(),
        last: Revision::new(above.number() - 1),
    }
}
