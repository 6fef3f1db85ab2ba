//! Watchers see every change, whoever makes it and however.

use std::fs;
use std::sync::Arc;

use cutover_domain::flags::{ChangeRecord, Revision, State};
use cutover_file::FileFlagStore;
use cutover_ports::flags::{FlagEvent, FlagEvents, FlagStore, Retention};
use cutover_ports::{PortError, PortErrorKind};
use cutover_testkit::block_on;
use cutover_testkit::flags::{commit_changes, create, next_event};

use super::place::Place;

fn watch(store: &FileFlagStore, since: u64) -> FlagEvents {
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

/// The text of `flags.json` with every flag killed.
fn killed(place: &Place) -> String {
    let text = String::from_utf8(place.read("flags.json")).unwrap();
    text.replace("\"enabled\"", "\"killed\"")
}

type Write = fn(&Place, &str);

/// How editors, scripts and tools write a file.
const WAYS: [(&str, Write); 5] = [
    ("in place", |place, text| place.write("flags.json", text)),
    ("truncated first", |place, text| {
        place.write("flags.json", "");
        place.write("flags.json", text);
    }),
    ("renamed over", |place, text| {
        place.write("4913", text);
        fs::rename(place.path("4913"), place.path("flags.json")).unwrap();
    }),
    (
        "moved aside and written anew, as vim does",
        |place, text| {
            fs::rename(place.path("flags.json"), place.path("flags.json~")).unwrap();
            place.write("flags.json", text);
            place.remove("flags.json~");
        },
    ),
    ("deleted and restored", |place, text| {
        place.remove("flags.json");
        place.write("flags.json", text);
    }),
];

#[test]
fn an_edit_by_hand_is_seen_however_it_is_written() {
    for (way, write) in WAYS {
        let place = Place::with_commits(2);
        let mut events = watch(&place.store, 2);
        write(&place, &killed(&place));
        let record = loop {
            match block_on(next_event(&mut events)) {
                FlagEvent::Changed(record) => break record,
                // A slow machine may give a look at the file before it is whole.
                FlagEvent::Trouble(error) => eprintln!("{way}: {error}"),
                other => panic!("{way}: {other:?}"),
            }
        };
        assert_eq!(
            (record.revision.number(), &*record.actor),
            (3, "external"),
            "{way}"
        );
        assert_eq!(record.changes.len(), 2, "{way}");
        place.commit(&[create("new")]);
        assert_eq!(changed(&mut events).revision.number(), 4, "{way}");
    }
}

#[test]
fn trouble_is_told_once_for_each_broken_content_and_then_over() {
    let place = Place::with_commits(2);
    let whole = place.read("flags.json");
    let mut events = watch(&place.store, 2);
    place.write("flags.json", "{\n  \"schema\": }");
    let error = trouble(&mut events);
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(error.to_string().contains("flags.json:2:13"), "{error}");
    // The same trouble again is no news.
    place.write("flags.json", "{\n  \"schema\": }");
    place.write("flags.json", "");
    let error = trouble(&mut events);
    assert!(error.to_string().contains("the file is empty"), "{error}");
    place.write("flags.json", &whole);
    resync(&mut events);
    place.remove("flags.json");
    let error = trouble(&mut events);
    assert!(error.to_string().contains("the file is missing"), "{error}");
    place.write("flags.json", &whole);
    resync(&mut events);
    place.commit(&[create("new")]);
    assert_eq!(changed(&mut events).revision.number(), 3);
}

#[test]
fn a_change_that_ends_the_trouble_is_seen_as_a_change() {
    let place = Place::with_commits(2);
    let edited = killed(&place);
    let mut events = watch(&place.store, 2);
    place.write("flags.json", "");
    trouble(&mut events);
    place.write("flags.json", edited);
    assert_eq!(changed(&mut events).actor, "external");
}

#[test]
fn a_repair_ends_the_trouble() {
    let place = Place::with_commits(2);
    let mut events = watch(&place.store, 2);
    place.write("flags.json", "<html>");
    trouble(&mut events);
    block_on(place.elsewhere().repair()).unwrap().unwrap();
    resync(&mut events);
}

#[test]
fn flags_that_are_edited_again_are_told_apart() {
    let place = Place::with_commits(3);
    let mut events = watch(&place.store, 3);
    place.kill_by_hand("flag-1");
    assert_eq!(changed(&mut events).revision.number(), 4);
    // The same number, another content.
    place.kill_by_hand("flag-2");
    resync(&mut events);
    assert_eq!(place.load().flags["flag-2"].state, State::Killed);
    place.commit(&[create("new")]);
    // What was seen at 4 is what is kept.
    assert_eq!(changed(&mut events).revision.number(), 5);
}

#[test]
fn an_edit_that_was_seen_and_then_lost_to_another_is_told() {
    let place = Place::with_commits(2);
    place.kill_by_hand("flag-1");
    // The watcher starts from what this handle loaded.
    assert_eq!(place.load().revision.number(), 3);
    place.kill_by_hand("flag-2");
    block_on(commit_changes(&place.elsewhere(), &[create("new")], "bob"));
    let mut events = watch(&place.store, 3);
    resync(&mut events);
    place.commit(&[create("newer")]);
    assert_eq!(changed(&mut events).revision.number(), 5);
}

#[cfg(unix)]
#[test]
fn a_swapped_link_is_seen() {
    use std::os::unix::fs::symlink;
    let flags = |state: &str| {
        format!(
            r#"{{"schema":1,"flags":{{"a":{{"state":"{state}","off":"off","default":"off",
                "variants":{{"on":true,"off":false}}}}}}}}"#
        )
    };
    // Watched from outside, and from inside, where the operating system gives no notice.
    for inside in [false, true] {
        let place = Place::empty();
        let version = |name: &str, state: &str| {
            fs::create_dir(place.path(name)).unwrap();
            place.write(&format!("{name}/flags.json"), flags(state));
        };
        version("..1", "enabled");
        symlink("..1", place.path("..data")).unwrap();
        symlink("..data/flags.json", place.path("flags.json")).unwrap();
        let store = match inside {
            true => FileFlagStore::open(place.path("..data")),
            false => place.elsewhere(),
        };
        assert_eq!(
            block_on(store.load()).unwrap().unwrap().revision.number(),
            1
        );
        let mut events = watch(&store, 1);
        version("..2", "killed");
        symlink("..2", place.path("..data_tmp")).unwrap();
        fs::rename(place.path("..data_tmp"), place.path("..data")).unwrap();
        resync(&mut events);
        let document = block_on(store.load()).unwrap().unwrap();
        assert_eq!(document.flags["a"].state, State::Killed);
    }
}

#[test]
fn a_store_that_is_made_later_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("later/flags");
    let mut events = watch(&FileFlagStore::open(&home), 0);
    let writer = FileFlagStore::open(&home);
    block_on(commit_changes(&writer, &[create("a")], "alice"));
    assert_eq!(changed(&mut events).revision.number(), 1);
    block_on(commit_changes(&writer, &[create("b")], "alice"));
    assert_eq!(changed(&mut events).revision.number(), 2);
}

#[test]
fn a_store_that_is_gone_and_back_is_seen() {
    let place = Place::with_commits(3);
    let home = place.path("home");
    fs::create_dir(&home).unwrap();
    for name in ["flags.json", "flags.history.jsonl", "flags.json.good"] {
        fs::rename(place.path(name), home.join(name)).unwrap();
    }
    let store = FileFlagStore::open(&home);
    let mut events = watch(&store, 3);
    fs::rename(&home, place.path("away")).unwrap();
    let error = trouble(&mut events);
    assert_eq!(error.kind(), PortErrorKind::Unavailable);
    fs::rename(place.path("away"), &home).unwrap();
    resync(&mut events);
    // An older store in its place.
    let older = Place::with_commits(1);
    fs::rename(&home, place.path("away")).unwrap();
    fs::create_dir(place.path("older")).unwrap();
    for name in ["flags.json", "flags.history.jsonl"] {
        fs::copy(older.path(name), place.path("older").join(name)).unwrap();
    }
    fs::rename(place.path("older"), &home).unwrap();
    loop {
        match block_on(next_event(&mut events)) {
            FlagEvent::Resync => break,
            FlagEvent::Trouble(error) => assert_eq!(error.kind(), PortErrorKind::Unavailable),
            other => panic!("{other:?}"),
        }
    }
    block_on(commit_changes(&store, &[create("new")], "alice"));
    assert_eq!(changed(&mut events).revision.number(), 2);
}

#[test]
fn what_retention_removed_is_told() {
    let place = Place::with_commits(10);
    let keep = Retention {
        keep_newest: Some(3),
        ..Retention::default()
    };
    block_on(place.store.compact(&keep)).unwrap();
    let mut behind = watch(&place.store, 5);
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
