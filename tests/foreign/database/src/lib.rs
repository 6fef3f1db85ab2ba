//! A promoter: the flags of one environment become those of another, both in one SQLite database,
//! and whoever watches the other sees it as one change.

use std::future::poll_fn;
use std::path::Path;

use cutover_domain::flags::{Change, ChangeRecord, FlagDocument, Revision};
use cutover_ports::PortError;
use cutover_ports::flags::{Commit, FlagEvent, FlagEvents, FlagStore};
use cutover_sqlite::{SqliteFlagConfig, SqliteFlagStore};
use jiff::Timestamp;

/// The flags of an environment.
pub fn open(database: &Path, environment: &str) -> SqliteFlagStore {
    SqliteFlagStore::with_config(SqliteFlagConfig {
        environment: environment.to_owned(),
        ..SqliteFlagConfig::new(database)
    })
}

/// Makes the flags of `to` equal to those of `from`, as one revision; `None` when they are already,
/// or when there is nothing to promote.
pub fn promote(
    from: &dyn FlagStore,
    to: &dyn FlagStore,
    actor: &str,
    now: Timestamp,
) -> Result<Option<Revision>, PortError> {
    let Some(source) = pollster::block_on(from.load())? else {
        return Ok(None);
    };
    let target = pollster::block_on(to.load())?.unwrap_or_else(|| FlagDocument::empty(now));
    if target.flags == source.flags {
        return Ok(None);
    }
    let all = Change::Replace {
        flags: source.flags,
    };
    let applied = target
        .apply(&[all], now)
        .expect("flags that are stored are valid");
    let revision = applied.document.revision;
    let record = ChangeRecord {
        revision,
        time: now,
        actor: actor.to_owned(),
        reason: Some(format!("promoted from revision {}", source.revision)),
        changes: applied.changes,
        unknown: Default::default(),
    };
    let commit = Commit {
        expected: target.revision,
        document: applied.document,
        record,
    };
    pollster::block_on(to.commit(commit))?;
    Ok(Some(revision))
}

/// The next change that somebody makes.
pub fn next_change(events: &mut FlagEvents) -> Option<ChangeRecord> {
    loop {
        match pollster::block_on(poll_fn(|context| events.as_mut().poll_next(context)))? {
            FlagEvent::Changed(record) => return Some((*record).clone()),
            _ => continue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cutover_domain::flags::Definition;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(number * 86_400).unwrap()
    }

    fn create(store: &dyn FlagStore, key: &str) {
        let current = pollster::block_on(store.load()).unwrap();
        let current = current.unwrap_or_else(|| FlagDocument::empty(day(1)));
        let change = Change::Create {
            key: key.parse().unwrap(),
            definition: Box::new(Definition::boolean()),
        };
        let applied = current.apply(&[change], day(1)).unwrap();
        let commit = Commit {
            expected: current.revision,
            record: ChangeRecord {
                revision: applied.document.revision,
                time: day(1),
                actor: "alice".to_owned(),
                reason: None,
                changes: applied.changes,
                unknown: Default::default(),
            },
            document: applied.document,
        };
        pollster::block_on(store.commit(commit)).unwrap();
    }

    #[test]
    fn a_promotion_is_one_change_that_watchers_of_the_target_see() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("flags.db");
        let (staging, production) = (open(&database, "staging"), open(&database, "production"));
        assert_eq!(promote(&staging, &production, "bob", day(2)).unwrap(), None);
        for key in ["new_parser", "new_writer"] {
            create(&staging, key);
        }
        let elsewhere = open(&database, "production");
        let mut events = pollster::block_on(elsewhere.watch(Revision::ZERO)).unwrap();
        let made = promote(&staging, &production, "bob", day(2)).unwrap();
        assert_eq!(made, Some(Revision::new(1)));
        let seen = next_change(&mut events).unwrap();
        assert_eq!((seen.revision.number(), seen.changes.len()), (1, 2));
        assert_eq!(seen.reason.as_deref(), Some("promoted from revision 2"));
        let flags = |store: &SqliteFlagStore| {
            let document = pollster::block_on(store.load()).unwrap();
            document.unwrap().flags
        };
        assert_eq!(flags(&elsewhere), flags(&staging));
        assert_eq!(promote(&staging, &production, "bob", day(3)).unwrap(), None);
    }
}
