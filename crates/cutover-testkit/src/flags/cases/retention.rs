use std::time::Duration;

use cutover_domain::flags::{FlagKey, Revision};
use cutover_ports::flags::{Compaction, FlagEvent, FlagStore, HistoryQuery, Retention};
use cutover_ports::{Clock, PortErrorKind, SystemClock};

use super::history::pages;
use super::watch::{can_watch, next_change};
use super::{FEW, Fixture, commit_changes, create, next_commit, revisions, with_few};
use crate::flags::next_event;

fn can_compact(fixture: &Fixture) -> bool {
    fixture.store().capabilities().retention
}

/// The revisions from `oldest` to the newest of [`with_few`], newest first.
fn down_to(oldest: u64) -> Vec<u64> {
    (oldest..=FEW).rev().collect()
}

pub async fn compaction_keeps_the_newest_and_the_numbers(fixture: &Fixture) {
    if !can_compact(fixture) {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    let document = store.load().await.unwrap();
    let all = HistoryQuery::newest(usize::MAX);
    let before = store.history(&all).await.unwrap().records;
    let mut oldest = 1;
    for keep in [FEW + 1, FEW, 5, 5, 3, 100] {
        let starts_at = oldest.max((FEW + 1).saturating_sub(keep));
        let keep = usize::try_from(keep).unwrap();
        let done = store.compact(&Retention::newest(keep)).await.unwrap();
        let expected = Compaction {
            removed: starts_at - oldest,
            oldest: Some(Revision::new(starts_at)),
        };
        assert_eq!(done, expected, "keeping {keep}");
        oldest = starts_at;
        let left = store.history(&all).await.unwrap().records;
        assert_eq!(left, before[..left.len()], "keeping {keep}");
        assert_eq!(revisions(&*store).await, down_to(oldest), "keeping {keep}");
        assert_eq!(store.load().await.unwrap(), document);
    }
}

/// By the store's own clock, which is taken to be the machine's: a year is enough of a margin.
pub async fn compaction_goes_by_the_age_of_records_too(fixture: &Fixture) {
    const YEAR: Duration = Duration::from_hours(365 * 24);
    if !can_compact(fixture) {
        return;
    }
    let store = fixture.store();
    let now = SystemClock.now();
    for number in 1..=FEW {
        let current = store.load().await.unwrap();
        let key = format!("flag-{number}");
        let mut commit = next_commit(current.as_ref(), &[create(&key)], "setup");
        let years = if number <= 4 { 3 } else { 1 };
        commit.record.time = now - YEAR * years;
        store.commit(commit).await.unwrap();
    }
    let by_age = Retention::younger_than(YEAR * 2);
    assert_eq!(store.compact(&by_age).await.unwrap().removed, 4);
    assert_eq!(revisions(&*store).await, down_to(5));
    let both = Retention {
        keep_newest: Some(6),
        ..by_age
    };
    assert_eq!(store.compact(&both).await.unwrap().removed, 2);
    assert_eq!(revisions(&*store).await, down_to(7));
    assert_eq!(
        store.compact(&Retention::default()).await.unwrap().removed,
        0
    );
    let by_age = Retention::younger_than(YEAR / 2);
    assert_eq!(store.compact(&by_age).await.unwrap().removed, FEW - 7);
    assert_eq!(revisions(&*store).await, [FEW], "the newest stays");
}

pub async fn compaction_never_takes_the_newest_record(fixture: &Fixture) {
    if !can_compact(fixture) {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    for retention in [Retention::newest(0), Retention::newest(1)] {
        let done = store.compact(&retention).await.unwrap();
        assert_eq!(done.oldest, Some(Revision::new(FEW)), "{retention:?}");
        assert_eq!(revisions(&*store).await, [FEW], "{retention:?}");
    }
}

pub async fn there_is_nothing_to_compact_in_an_empty_store(fixture: &Fixture) {
    if !can_compact(fixture) {
        return;
    }
    let store = fixture.store();
    let done = store.compact(&Retention::newest(1)).await.unwrap();
    assert_eq!(done, Compaction::default());
    assert_eq!(store.load().await.unwrap(), None);
}

pub async fn pages_end_where_retention_cut(fixture: &Fixture) {
    if !can_compact(fixture) {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    store.compact(&Retention::newest(5)).await.unwrap();
    for limit in [1, 2, 5, 100] {
        let met = pages(&*store, HistoryQuery::newest(limit)).await;
        assert_eq!(met, down_to(FEW - 4), "{limit} a page");
    }
    for (number, expected) in [(1, vec![]), (FEW - 5, vec![]), (FEW - 4, vec![FEW - 4])] {
        let key: FlagKey = format!("flag-{number}").parse().unwrap();
        let met = pages(&*store, HistoryQuery::newest(10).of(key)).await;
        assert_eq!(met, expected, "flag-{number}");
    }
}

pub async fn commits_go_on_after_a_compaction(fixture: &Fixture) {
    if !can_compact(fixture) {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    store.compact(&Retention::newest(1)).await.unwrap();
    let next = commit_changes(&*store, &[create("next")], "alice").await;
    assert_eq!(next.record.revision.number(), FEW + 1);
    assert_eq!(store.load().await.unwrap(), Some(next.document));
    assert_eq!(revisions(&*store).await, [FEW + 1, FEW]);
}

pub async fn a_watcher_that_missed_what_was_removed_is_told(fixture: &Fixture) {
    if !can_compact(fixture) || !can_watch(fixture) {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    let mut waiting = store.watch(Revision::new(3)).await.unwrap();
    store.compact(&Retention::newest(4)).await.unwrap();
    let mut behind = store.watch(Revision::ZERO).await.unwrap();
    let mut just_behind = store.watch(Revision::new(FEW - 5)).await.unwrap();
    for events in [&mut waiting, &mut behind, &mut just_behind] {
        let event = next_event(events).await;
        assert!(matches!(event, FlagEvent::Resync), "{event:?}");
    }
    let mut near = store.watch(Revision::new(FEW - 4)).await.unwrap();
    for expected in FEW - 3..=FEW {
        assert_eq!(next_change(&mut near).await.revision.number(), expected);
    }
    commit_changes(&*store, &[create("later")], "alice").await;
    for events in [&mut waiting, &mut behind, &mut just_behind, &mut near] {
        assert_eq!(next_change(events).await.revision.number(), FEW + 1);
    }
}

pub async fn a_watcher_that_saw_all_is_not_disturbed_by_a_compaction(fixture: &Fixture) {
    if !can_compact(fixture) || !can_watch(fixture) {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    let mut events = store.watch(Revision::new(FEW - 1)).await.unwrap();
    assert_eq!(next_change(&mut events).await.revision.number(), FEW);
    store.compact(&Retention::newest(1)).await.unwrap();
    commit_changes(&*store, &[create("later")], "alice").await;
    assert_eq!(next_change(&mut events).await.revision.number(), FEW + 1);
}

pub async fn what_was_removed_stays_removed_after_opening_again(fixture: &Fixture) {
    if !can_compact(fixture) || !fixture.store().capabilities().durable {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    store.compact(&Retention::newest(2)).await.unwrap();
    drop(store);
    let again = fixture
        .open_again()
        .expect("the fixture of a durable store says how to open it again");
    assert_eq!(revisions(&*again).await, down_to(FEW - 1));
}

pub async fn a_store_that_cannot_compact_says_so(fixture: &Fixture) {
    if can_compact(fixture) {
        return;
    }
    let retention = Retention::newest(1);
    let Err(error) = fixture.store().compact(&retention).await else {
        panic!("it compacts, but its capabilities deny it");
    };
    assert_eq!(error.kind(), PortErrorKind::Unsupported);
}
