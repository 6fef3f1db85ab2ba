//! The cases of the contract, for harnesses of your own; usually called through
//! [`flag_store_contract!`](crate::flag_store_contract).
//!
//! Each takes a [`Fixture`] with an empty store and panics when the store breaks the promise that
//! its name states.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "each function is a test that names its promise"
)]

mod history;
mod recovery;
mod retention;
mod together;
mod watch;

pub use history::*;
pub use recovery::*;
pub use retention::*;
pub use together::*;
pub use watch::*;

use cutover_domain::flags::{Change, FlagDocument, Revision};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagStore, HistoryPage, HistoryQuery};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::{Fixture, any_flags, commit_changes, create, next_commit};

/// How many commits the cases make that need a few.
const FEW: u64 = 12;

/// A store with the flags `flag-1` to `flag-FEW`, one commit for each.
async fn with_few(store: &dyn FlagStore) {
    for number in 1..=FEW {
        commit_changes(store, &[create(&format!("flag-{number}"))], "setup").await;
    }
}

async fn revision(store: &dyn FlagStore) -> Revision {
    store
        .load()
        .await
        .unwrap()
        .map_or(Revision::ZERO, |document| document.revision)
}

async fn revisions(store: &dyn FlagStore) -> Vec<u64> {
    let query = HistoryQuery::newest(usize::MAX);
    numbers(&store.history(&query).await.unwrap())
}

fn numbers(page: &HistoryPage) -> Vec<u64> {
    let numbers = page.records.iter().map(|record| record.revision.number());
    numbers.collect()
}

pub async fn an_empty_store_is_absent_and_no_error(fixture: &Fixture) {
    let store = fixture.store();
    assert_eq!(store.load().await.unwrap(), None);
    let page = store.history(&HistoryQuery::newest(10)).await.unwrap();
    assert_eq!(page, HistoryPage::default());
    assert_eq!(store.load().await.unwrap(), None, "looking made something");
}

pub async fn a_commit_is_loaded_as_it_was_made(fixture: &Fixture) {
    let store = fixture.store();
    let commit = next_commit(None, &[create("a"), create("b")], "alice");
    store.commit(commit.clone()).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(commit.document.clone()));
    assert_eq!(
        store.load().await.unwrap(),
        Some(commit.document),
        "loading twice"
    );
    let page = store.history(&HistoryQuery::newest(10)).await.unwrap();
    assert_eq!(page.records, [commit.record]);
}

pub async fn any_document_survives(fixture: &Fixture) {
    let store = fixture.store();
    let mut runner = TestRunner::deterministic();
    let mut current: Option<FlagDocument> = None;
    for _ in 0..24 {
        let flags = any_flags(6).new_tree(&mut runner).unwrap().current();
        let mut commit = next_commit(current.as_ref(), &[Change::Replace { flags }], "alice");
        let extra = serde_json::json!({"of": ["a newer", "minor", {"schema": 1.5}]});
        commit
            .document
            .unknown
            .insert("x_extra".to_owned(), extra.clone());
        commit.record.unknown.insert("x_extra".to_owned(), extra);
        store.commit(commit.clone()).await.unwrap();
        assert_eq!(store.load().await.unwrap().as_ref(), Some(&commit.document));
        let page = store.history(&HistoryQuery::newest(1)).await.unwrap();
        assert_eq!(page.records, [commit.record]);
        current = Some(commit.document);
    }
}

pub async fn each_commit_makes_one_revision_and_one_record(fixture: &Fixture) {
    let store = fixture.store();
    for number in 1..=FEW {
        commit_changes(&*store, &[create(&format!("flag-{number}"))], "alice").await;
        assert_eq!(revision(&*store).await.number(), number);
        let all: Vec<_> = (1..=number).rev().collect();
        assert_eq!(revisions(&*store).await, all);
    }
}

pub async fn a_change_that_changes_nothing_is_recorded_too(fixture: &Fixture) {
    let store = fixture.store();
    commit_changes(&*store, &[create("a")], "alice").await;
    let key = "a".parse().unwrap();
    let again = commit_changes(&*store, &[Change::Restore { key }], "bob").await;
    assert_eq!(
        again.record.changes[0].before,
        again.record.changes[0].after
    );
    commit_changes(&*store, &[], "carol").await;
    assert_eq!(revisions(&*store).await, [3, 2, 1]);
}

pub async fn a_stale_commit_is_a_conflict_that_names_both_revisions(fixture: &Fixture) {
    let store = fixture.store();
    let first = commit_changes(&*store, &[create("a")], "alice").await;
    let stale = next_commit(Some(&first.document), &[create("stale")], "bob");
    commit_changes(&*store, &[create("b")], "alice").await;
    let current = commit_changes(&*store, &[create("c")], "alice").await;
    let error = store.commit(stale).await.unwrap_err();
    let (expected, actual) = (1, 3);
    assert_eq!(error.kind(), PortErrorKind::Conflict { expected, actual });
    assert!(error.is_retryable());
    assert_eq!(store.load().await.unwrap(), Some(current.document));
    assert_eq!(revisions(&*store).await, [3, 2, 1]);
}

pub async fn repeating_a_commit_is_a_conflict(fixture: &Fixture) {
    let store = fixture.store();
    let commit = next_commit(None, &[create("a")], "alice");
    store.commit(commit.clone()).await.unwrap();
    let error = store.commit(commit).await.unwrap_err();
    let (expected, actual) = (0, 1);
    assert_eq!(error.kind(), PortErrorKind::Conflict { expected, actual });
    assert_eq!(revisions(&*store).await, [1]);
}

pub async fn a_commit_ahead_of_the_store_is_a_conflict(fixture: &Fixture) {
    let store = fixture.store();
    let first = next_commit(None, &[create("a")], "alice");
    let ahead = next_commit(Some(&first.document), &[create("b")], "alice");
    let error = store.commit(ahead).await.unwrap_err();
    let (expected, actual) = (1, 0);
    assert_eq!(error.kind(), PortErrorKind::Conflict { expected, actual });
    assert_eq!(store.load().await.unwrap(), None);
}

pub async fn a_commit_whose_parts_do_not_belong_together_is_refused(fixture: &Fixture) {
    let store = fixture.store();
    let good = next_commit(None, &[create("a")], "alice");
    let mut jump = good.clone();
    jump.document.revision = Revision::new(2);
    jump.record.revision = Revision::new(2);
    let mut other_record = good.clone();
    other_record.record.revision = Revision::new(2);
    let mut other_document = good.clone();
    other_document.document.revision = Revision::ZERO;
    for commit in [jump, other_record, other_document] {
        let error = store.commit(commit).await.unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::InvalidInput, "{error}");
        assert_eq!(store.load().await.unwrap(), None);
    }
    store.commit(good).await.unwrap();
}

pub async fn what_was_committed_is_there_after_opening_again(fixture: &Fixture) {
    let store = fixture.store();
    if !store.capabilities().durable {
        return;
    }
    with_few(&*store).await;
    let (document, history) = (store.load().await.unwrap(), revisions(&*store).await);
    drop(store);
    let again = fixture
        .open_again()
        .expect("the fixture of a durable store says how to open it again");
    assert_eq!(again.load().await.unwrap(), document);
    assert_eq!(revisions(&*again).await, history);
    commit_changes(&*again, &[create("later")], "bob").await;
    assert_eq!(revision(&*again).await.number(), FEW + 1);
}

pub async fn capabilities_are_the_same_at_all_times_and_through_every_handle(fixture: &Fixture) {
    let store = fixture.store();
    let declared = store.capabilities();
    with_few(&*store).await;
    assert_eq!(store.capabilities(), declared);
    if let Some(again) = fixture.open_again() {
        assert_eq!(again.capabilities(), declared);
    }
}
