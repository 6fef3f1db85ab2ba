//! Watchers see every change, whoever makes it and however.

use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagStore, Retention};
use cutover_testkit::block_on;
use cutover_testkit::flags::{commit_changes, create};

use super::place::Place;
use super::watcher::Watcher;

/// The text of `flags.json` with every flag killed.
fn killed(place: &Place) -> String {
    let text = String::from_utf8(place.read("flags.json")).unwrap();
    text.replace("\"enabled\"", "\"killed\"")
}

#[test]
fn trouble_is_told_once_for_each_broken_content_and_then_over() {
    let place = Place::with_commits(2);
    let whole = place.read("flags.json");
    let mut watcher = Watcher::of(&place.store, 2);
    place.write("flags.json", "{\n  \"schema\": }");
    let error = watcher.trouble();
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(error.to_string().contains("flags.json:2:13"), "{error}");
    // The same trouble again is no news.
    place.write("flags.json", "{\n  \"schema\": }");
    place.write("flags.json", "");
    let error = watcher.trouble();
    assert!(error.to_string().contains("the file is empty"), "{error}");
    place.write("flags.json", &whole);
    watcher.resync();
    place.remove("flags.json");
    let error = watcher.trouble();
    assert!(error.to_string().contains("the file is missing"), "{error}");
    place.write("flags.json", &whole);
    watcher.resync();
    place.commit(&[create("new")]);
    assert_eq!(watcher.changed().revision.number(), 3);
}

#[test]
fn a_change_that_ends_the_trouble_is_seen_as_a_change() {
    let place = Place::with_commits(2);
    let edited = killed(&place);
    let mut watcher = Watcher::of(&place.store, 2);
    place.write("flags.json", "");
    watcher.trouble();
    place.write("flags.json", edited);
    assert_eq!(watcher.changed().actor, "external");
}

#[test]
fn a_repair_ends_the_trouble() {
    let place = Place::with_commits(2);
    let mut watcher = Watcher::of(&place.store, 2);
    place.write("flags.json", "<html>");
    watcher.trouble();
    block_on(place.elsewhere().repair()).unwrap().unwrap();
    watcher.resync();
}

#[test]
fn an_edit_that_was_seen_and_then_lost_to_another_is_told() {
    let place = Place::with_commits(2);
    place.kill_by_hand("flag-1");
    // The watcher starts from what this handle loaded.
    assert_eq!(place.load().revision.number(), 3);
    place.kill_by_hand("flag-2");
    block_on(commit_changes(&place.elsewhere(), &[create("new")], "bob"));
    let mut watcher = Watcher::of(&place.store, 3);
    watcher.resync();
    place.commit(&[create("newer")]);
    assert_eq!(watcher.changed().revision.number(), 5);
}

#[test]
fn what_retention_removed_is_told() {
    let place = Place::with_commits(10);
    let keep = Retention {
        keep_newest: Some(3),
        ..Retention::default()
    };
    block_on(place.store.compact(&keep)).unwrap();
    let mut behind = Watcher::of(&place.store, 5);
    behind.resync();
    let mut near = Watcher::of(&place.store, 7);
    for expected in [8, 9, 10] {
        assert_eq!(near.changed().revision.number(), expected);
    }
    place.commit(&[create("new")]);
    for watcher in [&mut behind, &mut near] {
        assert_eq!(watcher.changed().revision.number(), 11);
    }
}

#[test]
fn a_watch_outlives_the_store_value() {
    let place = Place::with_commits(1);
    let store = place.elsewhere();
    let mut watcher = Watcher::of(&store, 0);
    drop(store);
    assert_eq!(watcher.changed().revision.number(), 1);
    place.commit(&[create("b")]);
    place.commit(&[create("c")]);
    for expected in [2, 3] {
        assert_eq!(watcher.changed().revision.number(), expected);
    }
}
