use std::collections::BTreeMap;

use cutover_domain::flags::{Change, Definition, FlagDocument, FlagKey, Revision};
use cutover_ports::flags::HistoryQuery;

use super::{ApplyError, FlagService};

/// How many records are read at a time on the way back through the history.
const PAGE: usize = 256;

impl FlagService {
    /// The change that takes back the last change of `key`. Changes that left it as it was do not
    /// count: taking them back would do nothing, for ever.
    pub(super) async fn undo_last(&self, key: &FlagKey) -> Result<Change, ApplyError> {
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
