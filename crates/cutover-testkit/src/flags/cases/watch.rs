use std::sync::Arc;

use cutover_domain::flags::{Change, ChangeRecord, Revision};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagEvent, FlagEvents, FlagStore};

use super::{FEW, Fixture, commit_changes, create, with_few};
use crate::flags::next_event;

pub(super) fn can_watch(fixture: &Fixture) -> bool {
    fixture.store().capabilities().watch
}

pub(super) async fn next_change(events: &mut FlagEvents) -> Arc<ChangeRecord> {
    match next_event(events).await {
        FlagEvent::Changed(record) => record,
        other => panic!("a change was expected, not {other:?}"),
    }
}

pub async fn a_watcher_sees_every_change_once_and_in_order(fixture: &Fixture) {
    if !can_watch(fixture) {
        return;
    }
    let store = fixture.store();
    let mut events = store.watch(Revision::ZERO).await.unwrap();
    for number in 0..FEW {
        let key = format!("flag-{number}");
        let made = commit_changes(&*store, &[create(&key)], "alice").await;
        assert_eq!(*next_change(&mut events).await, made.record);
    }
    let made_fast: Vec<_> = {
        let mut made = Vec::new();
        for number in 0..FEW {
            let key = format!("fast-{number}");
            made.push(
                commit_changes(&*store, &[create(&key)], "alice")
                    .await
                    .record,
            );
        }
        made
    };
    for record in made_fast {
        assert_eq!(*next_change(&mut events).await, record);
    }
}

pub async fn a_watcher_starts_after_the_revision_it_names(fixture: &Fixture) {
    if !can_watch(fixture) {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    for since in [0, 1, FEW - 1, FEW] {
        let mut events = store.watch(Revision::new(since)).await.unwrap();
        if since == FEW {
            commit_changes(&*store, &[create("later")], "alice").await;
        }
        for expected in since + 1..=FEW {
            assert_eq!(next_change(&mut events).await.revision.number(), expected);
        }
        if since == FEW {
            assert_eq!(next_change(&mut events).await.revision.number(), FEW + 1);
        }
    }
}

pub async fn a_watcher_sees_what_came_while_it_did_not_look(fixture: &Fixture) {
    if !can_watch(fixture) {
        return;
    }
    let store = fixture.store();
    let mut events = store.watch(Revision::ZERO).await.unwrap();
    commit_changes(&*store, &[create("first")], "alice").await;
    assert_eq!(next_change(&mut events).await.revision.number(), 1);
    // More than a store is likely to read at once.
    for number in 0..300 {
        let key = "first".parse().unwrap();
        let change = match number % 2 {
            0 => Change::Kill { key },
            _ => Change::Restore { key },
        };
        commit_changes(&*store, &[change], "alice").await;
    }
    for expected in 2..=301 {
        assert_eq!(next_change(&mut events).await.revision.number(), expected);
    }
}

pub async fn every_watcher_sees_every_change(fixture: &Fixture) {
    if !can_watch(fixture) {
        return;
    }
    let store = fixture.store();
    let watchers: Vec<_> = (0..5)
        .map(|_| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                crate::block_on(async {
                    let mut events = store.watch(Revision::ZERO).await.unwrap();
                    for expected in 1..=FEW {
                        assert_eq!(next_change(&mut events).await.revision.number(), expected);
                    }
                });
            })
        })
        .collect();
    with_few(&*store).await;
    for watcher in watchers {
        watcher.join().unwrap();
    }
}

pub async fn a_dropped_watcher_disturbs_nobody(fixture: &Fixture) {
    if !can_watch(fixture) {
        return;
    }
    let store = fixture.store();
    let mut stays = store.watch(Revision::ZERO).await.unwrap();
    let mut goes = store.watch(Revision::ZERO).await.unwrap();
    let never_polled = store.watch(Revision::ZERO).await.unwrap();
    commit_changes(&*store, &[create("a")], "alice").await;
    assert_eq!(next_change(&mut goes).await.revision.number(), 1);
    drop((goes, never_polled));
    commit_changes(&*store, &[create("b")], "alice").await;
    for expected in [1, 2] {
        assert_eq!(next_change(&mut stays).await.revision.number(), expected);
    }
    drop(stays);
    commit_changes(&*store, &[create("c")], "alice").await;
    let mut late = store.watch(Revision::new(2)).await.unwrap();
    assert_eq!(next_change(&mut late).await.revision.number(), 3);
}

/// It was told of a state that the store no longer has, after an older one was put back.
pub async fn a_watcher_ahead_of_the_store_is_told(fixture: &Fixture) {
    if !can_watch(fixture) {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    let mut events = store.watch(Revision::new(FEW + 5)).await.unwrap();
    let event = next_event(&mut events).await;
    assert!(matches!(event, FlagEvent::Resync), "{event:?}");
    commit_changes(&*store, &[create("later")], "alice").await;
    assert_eq!(next_change(&mut events).await.revision.number(), FEW + 1);
}

pub async fn a_store_that_cannot_be_watched_says_so(fixture: &Fixture) {
    if can_watch(fixture) {
        return;
    }
    let Err(error) = fixture.store().watch(Revision::ZERO).await else {
        panic!("it watches, but its capabilities deny it");
    };
    assert_eq!(error.kind(), PortErrorKind::Unsupported);
}

pub async fn a_watcher_sees_commits_through_another_handle(fixture: &Fixture) {
    if !can_watch(fixture) || !fixture.store().capabilities().shared {
        return;
    }
    let store = fixture.store();
    let other = fixture
        .open_again()
        .expect("the fixture of a shared store says how to open it again");
    let mut events = other.watch(Revision::ZERO).await.unwrap();
    for number in 0..FEW {
        let key = format!("flag-{number}");
        let made = commit_changes(&*store, &[create(&key)], "alice").await;
        assert_eq!(*next_change(&mut events).await, made.record);
    }
}
