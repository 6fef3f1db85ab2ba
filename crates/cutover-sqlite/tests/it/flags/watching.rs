//! Watchers see every change, whoever makes it and however.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use cutover_domain::flags::{ChangeRecord, Revision};
use cutover_ports::flags::{FlagEvent, FlagEvents, FlagStore, Retention};
use cutover_ports::{PortError, PortErrorKind};
use cutover_sqlite::{SqliteFlagConfig, SqliteFlagStore};
use cutover_testkit::block_on;
use cutover_testkit::flags::{commit_changes, create, next_event};

use super::place::Place;

fn watch(store: &SqliteFlagStore, since: u64) -> FlagEvents {
    block_on(store.watch(Revision::new(since))).unwrap()
}

fn changed(events: &mut FlagEvents) -> Arc<ChangeRecord> {
    match block_on(next_event(events)) {
        FlagEvent::Changed(record) => record,
        other => panic!("a change was expected, not {other:?}"),
    }
}

fn trouble(events: &mut FlagEvents) -> PortError {
    match block_on(next_event(events)) {
        FlagEvent::Trouble(error) => error,
        other => panic!("trouble was expected, not {other:?}"),
    }
}

fn resync(events: &mut FlagEvents) {
    match block_on(next_event(events)) {
        FlagEvent::Resync => {}
        other => panic!("`Resync` was expected, not {other:?}"),
    }
}

/// Puts a whole database in the place of the one that is there, by a rename.
fn replace(place: &Place, by: &[u8]) {
    let new = place.dir().join("new.db");
    fs::write(&new, by).unwrap();
    place.checkpoint();
    fs::rename(&new, place.path()).unwrap();
}

#[test]
fn own_commits_are_seen_without_waiting_for_the_next_look() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteFlagStore::with_config(SqliteFlagConfig {
        // Longer than any test takes.
        poll_interval: Duration::from_secs(3600),
        ..SqliteFlagConfig::new(dir.path().join("flags.db"))
    });
    let mut events = watch(&store, 0);
    for number in 1..=20 {
        let changes = [create(&format!("flag-{number}"))];
        block_on(commit_changes(&store, &changes, "alice"));
        assert_eq!(changed(&mut events).revision.number(), number);
    }
}

#[test]
fn trouble_is_told_once_for_each_kind_and_then_over() {
    let place = Place::with_commits(2);
    let mut events = watch(&place.store, 2);
    place.edit("UPDATE flag_documents SET document = document || ' '");
    let error = trouble(&mut events);
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(error.to_string().contains("checksum"), "{error}");
    // The same trouble again is no news.
    place.edit("UPDATE flag_documents SET document = document || ' '");
    place.edit("DELETE FROM flag_documents");
    let error = trouble(&mut events);
    assert!(
        error.to_string().contains("the flags are missing"),
        "{error}"
    );
    block_on(place.elsewhere().repair()).unwrap().unwrap();
    resync(&mut events);
    place.commit(&[create("new")]);
    assert_eq!(changed(&mut events).revision.number(), 3);
}

#[test]
fn a_database_that_is_made_later_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("later/flags.db");
    let mut events = watch(&SqliteFlagStore::open(&path), 0);
    let writer = SqliteFlagStore::open(&path);
    for number in 1..=3 {
        let changes = [create(&format!("flag-{number}"))];
        block_on(commit_changes(&writer, &changes, "alice"));
        assert_eq!(changed(&mut events).revision.number(), number);
    }
}

#[test]
fn an_environment_that_is_made_later_is_seen_and_others_are_not() {
    let place = Place::with_commits(3);
    let mut events = watch(&place.environment("staging"), 0);
    place.commit(&[create("other")]);
    block_on(commit_changes(
        &place.environment("staging"),
        &[create("own")],
        "bob",
    ));
    let record = changed(&mut events);
    assert_eq!((record.revision.number(), &*record.actor), (1, "bob"));
}

#[test]
fn a_database_that_is_gone_and_back_is_seen() {
    let place = Place::with_commits(3);
    let whole = place.backup();
    let store = place.elsewhere();
    let mut events = watch(&store, 2);
    assert_eq!(changed(&mut events).revision.number(), 3);
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(place.beside(suffix)).unwrap();
    }
    let error = trouble(&mut events);
    assert_eq!(error.kind(), PortErrorKind::Unavailable);
    assert!(error.to_string().contains("flags.db"), "{error}");
    fs::write(place.dir().join("new.db"), &whole).unwrap();
    fs::rename(place.dir().join("new.db"), place.path()).unwrap();
    resync(&mut events);
    block_on(commit_changes(&store, &[create("new")], "alice"));
    assert_eq!(changed(&mut events).revision.number(), 4);
}

#[test]
fn a_database_that_takes_its_place_is_another_one_whatever_its_revision() {
    for other_commits in [1, 3, 5] {
        let other = Place::empty();
        for number in 1..=other_commits {
            other.commit(&[create(&format!("other-{number}"))]);
        }
        let place = Place::with_commits(3);
        let mut events = watch(&place.store, 2);
        assert_eq!(changed(&mut events).revision.number(), 3);
        replace(&place, &other.backup());
        resync(&mut events);
        assert_eq!(place.load(), other.load());
        place.commit(&[create("new")]);
        assert_eq!(changed(&mut events).revision.number(), other_commits + 1);
    }
}

#[test]
fn an_older_state_that_is_restored_in_place_is_told_also_when_commits_have_passed_it() {
    let place = Place::with_commits(3);
    let older = place.backup();
    let older_path = place.dir().join("older.db");
    fs::write(&older_path, older).unwrap();
    place.commit(&[create("lost")]);
    let mut events = watch(&place.store, 3);
    assert_eq!(changed(&mut events).revision.number(), 4);
    // Nothing is polled until the restored state has gone past what was seen.
    let restore = "DELETE FROM flag_history WHERE revision = 4;
         DELETE FROM flag_history_keys WHERE revision = 4;
         INSERT OR REPLACE INTO flag_documents SELECT * FROM older.flag_documents;";
    place
        .shell()
        .execute_batch(&format!(
            "ATTACH '{}' AS older; BEGIN IMMEDIATE; {restore} COMMIT;",
            older_path.display()
        ))
        .unwrap();
    for key in ["a", "b", "c"] {
        block_on(commit_changes(&place.elsewhere(), &[create(key)], "bob"));
    }
    resync(&mut events);
    place.commit(&[create("new")]);
    let mut last = changed(&mut events);
    // Depending on when it was looked at, some of bob's changes come one by one.
    while last.actor == "bob" {
        last = changed(&mut events);
    }
    assert_eq!(last.revision.number(), 7);
}

#[test]
fn what_retention_removed_while_nobody_looked_is_told() {
    let place = Place::with_commits(10);
    let mut behind = watch(&place.store, 5);
    block_on(place.elsewhere().compact(&Retention::newest(3))).unwrap();
    resync(&mut behind);
    let mut near = watch(&place.store, 7);
    for expected in [8, 9, 10] {
        assert_eq!(changed(&mut near).revision.number(), expected);
    }
    place.commit(&[create("new")]);
    for events in [&mut behind, &mut near] {
        assert_eq!(changed(events).revision.number(), 11);
    }
}

#[test]
fn nobody_waits_for_flags_until_a_damaged_record_of_them_is_mended() {
    let place = Place::with_commits(4);
    place.edit("UPDATE flag_history SET record = record || ' ' WHERE revision = 3");
    let mut events = watch(&place.store, 1);
    resync(&mut events);
    place.commit(&[create("new")]);
    assert_eq!(changed(&mut events).revision.number(), 5);
}

#[test]
fn a_watch_outlives_the_store_value() {
    let place = Place::with_commits(1);
    let store = place.elsewhere();
    let mut events = watch(&store, 0);
    drop(store);
    assert_eq!(changed(&mut events).revision.number(), 1);
    place.commit(&[create("b")]);
    place.commit(&[create("c")]);
    for expected in [2, 3] {
        assert_eq!(changed(&mut events).revision.number(), expected);
    }
}
