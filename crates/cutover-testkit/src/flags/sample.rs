#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "for tests, where a panic is the failure"
)]

use std::future::poll_fn;

use cutover_domain::flags::{Change, ChangeRecord, Definition, FlagDocument, Revision};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{Commit, FlagEvent, FlagEvents, FlagStore};
use jiff::{SignedDuration, Timestamp};

use crate::wait::{LONG, within};

/// A time: so many minutes into the year 2026.
#[must_use]
pub fn at_minute(minute: i64) -> Timestamp {
    const START_OF_2026: i64 = 1_767_225_600;
    Timestamp::from_second(START_OF_2026)
        .and_then(|start| start.checked_add(SignedDuration::from_mins(minute)))
        .expect("the minute is within the range of time")
}

/// The wish to add a boolean flag.
#[must_use]
pub fn create(key: &str) -> Change {
    Change::Create {
        key: key.parse().expect("a valid key"),
        definition: Box::new(Definition::boolean()),
    }
}

/// The commit that makes `changes` to what is stored; its time is as many minutes into 2026 as its
/// revision has.
#[must_use]
pub fn next_commit(current: Option<&FlagDocument>, changes: &[Change], actor: &str) -> Commit {
    let expected = current.map_or(Revision::ZERO, |document| document.revision);
    let time = at_minute(i64::try_from(expected.next().number()).expect("a small revision"));
    let empty = FlagDocument::empty(time);
    let applied = current
        .unwrap_or(&empty)
        .apply(changes, time)
        .expect("changes that make sense");
    Commit {
        expected,
        record: ChangeRecord {
            revision: applied.document.revision,
            time,
            actor: actor.to_owned(),
            reason: Some(format!("to make revision {}", applied.document.revision)),
            changes: applied.changes,
            unknown: Default::default(),
        },
        document: applied.document,
    }
}

/// Makes `changes` to whatever is stored, again after each conflict; returns the commit made.
pub async fn commit_changes(store: &dyn FlagStore, changes: &[Change], actor: &str) -> Commit {
    loop {
        let current = store.load().await.expect("the flags can be loaded");
        let commit = next_commit(current.as_ref(), changes, actor);
        match store.commit(commit.clone()).await {
            Ok(()) => return commit,
            Err(error) if matches!(error.kind(), PortErrorKind::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// The next event of a watch. Panics when none comes in a long time.
pub async fn next_event(events: &mut FlagEvents) -> FlagEvent {
    within(LONG, poll_fn(|context| events.as_mut().poll_next(context)))
        .await
        .expect("an event in time")
        .expect("a watch that goes on")
}
