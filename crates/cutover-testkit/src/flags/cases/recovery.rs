use cutover_domain::flags::{FlagDocument, Revision};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{
    FlagEvent, FlagEvents, FlagStore, HistoryPage, HistoryQuery, Retention,
};

use super::watch::{can_watch, next_change};
use super::{FEW, Fixture, commit_changes, create, next_commit, with_few};
use crate::flags::next_event;

/// What a store holds.
async fn content(store: &dyn FlagStore) -> (Option<FlagDocument>, HistoryPage) {
    let all = HistoryQuery::newest(usize::MAX);
    let document = store.load().await.unwrap();
    (document, store.history(&all).await.unwrap())
}

pub async fn what_cannot_be_read_is_an_error_that_says_where(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    if !fixture.damage() {
        return;
    }
    for _ in 0..2 {
        let error = store.load().await.unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt, "{error}");
        let text = error.to_string();
        assert!(text.starts_with("cannot load flags ("), "where: {text}");
        assert!(text.contains("; "), "what to do: {text}");
    }
}

pub async fn what_is_known_of_flags_that_cannot_be_read_is_the_newest(fixture: &Fixture) {
    let store = fixture.store();
    assert_eq!(store.last_good().await.unwrap(), None, "of an empty store");
    with_few(&*store).await;
    let newest = store.load().await.unwrap();
    if !fixture.damage() {
        return;
    }
    for _ in 0..2 {
        let known = store.last_good().await.unwrap();
        assert!(known.is_none() || known == newest, "{known:?}");
        assert!(store.load().await.is_err(), "looking mended something");
    }
}

pub async fn a_commit_writes_nothing_over_what_cannot_be_read(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    let before = content(&*store).await;
    if !fixture.damage() {
        return;
    }
    for current in [before.0.as_ref(), None] {
        let commit = next_commit(current, &[create("new")], "alice");
        let error = store.commit(commit).await.unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt, "{error}");
    }
    fixture.heal();
    assert_eq!(content(&*store).await, before);
}

pub async fn a_compaction_removes_nothing_from_what_cannot_be_read(fixture: &Fixture) {
    let store = fixture.store();
    if !store.capabilities().retention {
        return;
    }
    with_few(&*store).await;
    let before = content(&*store).await;
    if !fixture.damage() {
        return;
    }
    let error = store.compact(&Retention::newest(1)).await.unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Corrupt, "{error}");
    fixture.heal();
    assert_eq!(content(&*store).await, before);
}

pub async fn a_store_goes_on_after_it_was_healed(fixture: &Fixture) {
    let store = fixture.store();
    with_few(&*store).await;
    for round in 1..=3 {
        let before = content(&*store).await;
        if !fixture.damage() {
            return;
        }
        assert!(store.load().await.is_err(), "round {round}");
        fixture.heal();
        assert_eq!(content(&*store).await, before, "round {round}");
        let made = commit_changes(&*store, &[create(&format!("later-{round}"))], "alice").await;
        assert_eq!(made.record.revision.number(), FEW + round);
    }
}

/// The next event that tells of no trouble.
async fn after_the_trouble(events: &mut FlagEvents) -> FlagEvent {
    loop {
        match next_event(events).await {
            FlagEvent::Trouble(_) => {}
            event => return event,
        }
    }
}

pub async fn a_watcher_tells_of_trouble_and_goes_on_after_healing(fixture: &Fixture) {
    if !can_watch(fixture) {
        return;
    }
    let store = fixture.store();
    with_few(&*store).await;
    let mut events = store.watch(Revision::new(FEW - 1)).await.unwrap();
    assert_eq!(next_change(&mut events).await.revision.number(), FEW);
    if !fixture.damage() {
        return;
    }
    let event = next_event(&mut events).await;
    let FlagEvent::Trouble(error) = event else {
        panic!("trouble was expected, not {event:?}");
    };
    assert_eq!(error.kind(), PortErrorKind::Corrupt, "{error}");
    fixture.heal();
    let event = after_the_trouble(&mut events).await;
    assert!(matches!(event, FlagEvent::Resync), "{event:?}");
    for number in 1..=3 {
        commit_changes(&*store, &[create(&format!("later-{number}"))], "alice").await;
        let seen = next_change(&mut events).await.revision.number();
        assert_eq!(seen, FEW + number);
    }
}

pub async fn trouble_is_told_through_every_handle(fixture: &Fixture) {
    let store = fixture.store();
    if !can_watch(fixture) || !store.capabilities().shared {
        return;
    }
    with_few(&*store).await;
    let other = fixture
        .open_again()
        .expect("the fixture of a shared store says how to open it again");
    let mut events = other.watch(Revision::new(FEW)).await.unwrap();
    if !fixture.damage() {
        return;
    }
    let event = next_event(&mut events).await;
    assert!(matches!(event, FlagEvent::Trouble(_)), "{event:?}");
    assert!(other.load().await.is_err());
    fixture.heal();
    let event = after_the_trouble(&mut events).await;
    assert!(matches!(event, FlagEvent::Resync), "{event:?}");
    let made = commit_changes(&*store, &[create("later")], "alice").await;
    assert_eq!(*next_change(&mut events).await, made.record);
}
