//! Whatever people do to `flags.json`, it is a revision, and nothing is lost.

use std::fs;

use cutover_domain::flags::{Change, FlagDocument, Revision, State};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagStore, Retention};
use cutover_testkit::block_on;
use cutover_testkit::flags::{create, next_commit};
use serde_json::json;

use super::place::Place;
use super::watcher::Watcher;

#[test]
fn an_edit_is_the_next_revision_for_every_reader_at_once() {
    let place = Place::with_commits(3);
    place.kill_by_hand("flag-2");
    for store in [&place.store, &place.elsewhere()] {
        let document = block_on(store.load()).unwrap().unwrap();
        assert_eq!(document.revision.number(), 4);
        assert_eq!(document.flags["flag-2"].state, State::Killed);
    }
    let newest = place.history().remove(0);
    assert_eq!(newest.revision.number(), 4);
    assert_eq!(newest.actor, "external");
    let modified = fs::metadata(place.path("flags.json"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(newest.time, modified.try_into().unwrap());
    let [change] = &newest.changes[..] else {
        panic!("one flag was edited: {:?}", newest.changes);
    };
    assert_eq!(change.key.as_str(), "flag-2");
    assert_eq!(change.before.as_ref().unwrap().state, State::Enabled);
    assert_eq!(change.after.as_ref().unwrap().state, State::Killed);
}

#[test]
fn a_commit_that_did_not_see_the_edit_is_a_conflict() {
    let place = Place::with_commits(3);
    let unaware = next_commit(Some(&place.load()), &[create("new")], "alice");
    place.kill_by_hand("flag-2");
    let error = block_on(place.store.commit(unaware)).unwrap_err();
    let (expected, actual) = (3, 4);
    assert_eq!(error.kind(), PortErrorKind::Conflict { expected, actual });
    assert_eq!(place.load().flags["flag-2"].state, State::Killed);
}

#[test]
fn the_next_commit_writes_the_edit_down_first() {
    let place = Place::with_commits(3);
    place.kill_by_hand("flag-2");
    let edit = place.history().remove(0);
    place.commit(&[create("new")]);
    let document = place.load();
    assert_eq!(document.revision.number(), 5);
    assert_eq!(document.flags["flag-2"].state, State::Killed);
    let history = place.history();
    assert_eq!(place.revisions(), [5, 4, 3, 2, 1]);
    assert_eq!(history[1], edit, "what readers saw is what is kept");
    assert_eq!(history[0].actor, "alice");
    // Also without the record in `flags.json`.
    let text = String::from_utf8(place.read("flags.history.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 5);
}

type Meddle = fn(&Place);

/// What one may do to the files beside the flags, by name.
const MEDDLING: [(&str, Meddle); 15] = [
    ("nothing else", |_| {}),
    ("laid out anew", |place| {
        let document: serde_json::Value =
            serde_json::from_slice(&place.read("flags.json")).unwrap();
        place.write("flags.json", document.to_string());
    }),
    ("with a byte order mark", |place| {
        let text = [b"\xef\xbb\xbf".to_vec(), place.read("flags.json")].concat();
        place.write("flags.json", text);
    }),
    ("replaced by rename", |place| {
        fs::copy(place.path("flags.json"), place.path("edited")).unwrap();
        fs::rename(place.path("edited"), place.path("flags.json")).unwrap();
    }),
    ("revision raised", |place| {
        place.edit(|document| document["revision"] = json!(99))
    }),
    ("revision lowered", |place| {
        place.edit(|document| document["revision"] = json!(1))
    }),
    ("revision no number", |place| {
        place.edit(|document| document["revision"] = json!("x"))
    }),
    ("digest changed", |place| {
        place.edit(|document| document["digest"] = json!("0"))
    }),
    ("digest removed", |place| remove(place, &["digest"])),
    ("record removed", |place| remove(place, &["last"])),
    ("record forged", |place| {
        place.edit(|document| document["last"]["record"]["revision"] = json!(70));
    }),
    ("all own fields removed", |place| {
        remove(place, &["last", "digest", "revision", "updated_at"]);
    }),
    ("good copy deleted", |place| place.remove("flags.json.good")),
    ("good copy torn", |place| {
        place.write("flags.json.good", "{\"schema\": 1,")
    }),
    ("good copy edited", |place| {
        let text = String::from_utf8(place.read("flags.json.good")).unwrap();
        place.write("flags.json.good", text.replace("enabled", "killed"));
    }),
];

fn remove(place: &Place, fields: &[&str]) {
    place.edit(|document| {
        for field in fields {
            document.as_object_mut().unwrap().remove(*field);
        }
    });
}

#[test]
fn the_fields_of_the_store_may_be_edited_without_harm() {
    for (name, meddle) in MEDDLING {
        let place = Place::with_commits(3);
        let flags = place.load().flags;
        meddle(&place);
        let document = place.load();
        assert_eq!(document.revision.number(), 3, "{name}: no flag changed");
        assert_eq!(document.flags, flags, "{name}");
        assert_eq!(place.revisions(), [3, 2, 1], "{name}");
        place.commit(&[create("new")]);
        assert_eq!(place.revisions(), [4, 3, 2, 1], "{name}");
        assert_eq!(place.load().flags.len(), 4, "{name}");
    }
}

#[test]
fn an_edit_is_found_whatever_else_was_done() {
    for (name, meddle) in MEDDLING {
        let place = Place::with_commits(3);
        place.edit(|document| {
            let flags = document["flags"].as_object_mut().unwrap();
            let added = flags["flag-1"].clone();
            flags.insert("added".to_owned(), added);
            flags.remove("flag-2");
            flags["flag-3"]["owner"] = json!("bob");
        });
        meddle(&place);
        let document = place.load();
        assert_eq!(document.revision.number(), 4, "{name}");
        let edit = place.history().remove(0);
        assert_eq!(
            (edit.revision.number(), &*edit.actor),
            (4, "external"),
            "{name}"
        );
        let touched: Vec<_> = edit
            .changes
            .iter()
            .map(|change| {
                (
                    change.key.as_str(),
                    change.before.is_some(),
                    change.after.is_some(),
                )
            })
            .collect();
        let expected = [
            ("added", false, true),
            ("flag-2", true, false),
            ("flag-3", true, true),
        ];
        assert_eq!(touched, expected, "{name}");
        place.commit(&[create("new")]);
        assert_eq!(place.revisions(), [5, 4, 3, 2, 1], "{name}");
        assert_eq!(place.history()[1], edit, "{name}");
        assert_eq!(place.load().flags.len(), 4, "{name}");
    }
}

#[test]
fn touching_the_file_is_no_edit() {
    let place = Place::with_commits(2);
    let before = place.load();
    let text = place.read("flags.json");
    place.write("flags.json", text);
    assert_eq!(place.load(), before);
    assert_eq!(place.revisions(), [2, 1]);
}

#[test]
fn an_old_file_put_back_is_an_edit() {
    let place = Place::with_commits(2);
    let old = place.read("flags.json");
    place.commit(&[create("flag-3")]);
    place.commit(&[create("flag-4")]);
    place.write("flags.json", old);
    let document = place.load();
    assert_eq!(document.revision.number(), 5);
    assert_eq!(document.flags.len(), 2);
    let edit = place.history().remove(0);
    let removed: Vec<_> = edit
        .changes
        .iter()
        .map(|change| change.key.as_str())
        .collect();
    assert_eq!(removed, ["flag-3", "flag-4"]);
    place.commit(&[create("new")]);
    assert_eq!(place.revisions(), [6, 5, 4, 3, 2, 1]);
}

#[test]
fn a_file_from_another_store_is_an_edit() {
    for commits_elsewhere in [1, 2, 3, 9] {
        let place = Place::with_commits(2);
        let other = Place::empty();
        for number in 1..=commits_elsewhere {
            other.commit(&[create(&format!("other-{number}"))]);
        }
        place.write("flags.json", other.read("flags.json"));
        let document = place.load();
        assert_eq!(document.revision.number(), 3, "{commits_elsewhere}");
        assert_eq!(document.flags, other.load().flags);
        place.commit(&[create("new")]);
        assert_eq!(place.revisions(), [4, 3, 2, 1], "{commits_elsewhere}");
    }
}

#[test]
fn a_file_written_wholly_by_hand_is_the_first_revision() {
    let place = Place::empty();
    let off = json!({ "variants": { "on": true, "off": false }, "off": "off", "default": "off" });
    let document = json!({ "schema": 1, "flags": { "use_new_backend": off }, "x_note": [1, 2] });
    place.write("flags.json", document.to_string());
    let loaded = place.load();
    assert_eq!(loaded.revision.number(), 1);
    assert_eq!(loaded.unknown["x_note"], json!([1, 2]));
    assert_eq!(place.history()[0].actor, "external");
    let key = "use_new_backend".parse().unwrap();
    place.commit(&[Change::Kill { key }]);
    assert_eq!(place.revisions(), [2, 1]);
    assert_eq!(
        place.load().unknown["x_note"],
        json!([1, 2]),
        "unknown fields are kept"
    );
    let by_hand = &place.history()[1];
    assert_eq!((&*by_hand.actor, by_hand.changes.len()), ("external", 1));
}

#[test]
fn flags_that_say_nothing_are_a_revision_too() {
    let place = Place::empty();
    place.write("flags.json", r#"{"schema": 1, "flags": {}}"#);
    assert_eq!(place.load().revision.number(), 1);
    assert_eq!(place.revisions(), [1]);
    place.commit(&[create("a")]);
    assert_eq!(place.revisions(), [2, 1]);
}

#[test]
fn of_two_edits_the_one_that_was_seen_is_kept() {
    for first_import in [false, true] {
        let place = Place::with_commits(2);
        if first_import {
            for name in ["flags.json.good", "flags.history.jsonl"] {
                place.remove(name);
            }
            remove(&place, &["last", "digest"]);
        }
        let start = if first_import { 0 } else { 2 };
        place.kill_by_hand("flag-1");
        let seen = place.load();
        assert_eq!(seen.revision.number(), start + 1);
        let seen_edit = place.history().remove(0);
        let from_seen = next_commit(Some(&seen), &[create("new")], "alice");
        place.kill_by_hand("flag-2");

        let error = block_on(place.store.commit(from_seen)).unwrap_err();
        let (expected, actual) = (start + 1, start + 2);
        assert_eq!(error.kind(), PortErrorKind::Conflict { expected, actual });
        let document = place.load();
        assert_eq!(document.revision.number(), start + 2);
        assert_eq!(document.flags["flag-1"].state, State::Killed);
        assert_eq!(document.flags["flag-2"].state, State::Killed);
        let history = place.history();
        assert_eq!(history[1], seen_edit);
        let second: Vec<_> = history[0].changes.iter().map(|c| c.key.as_str()).collect();
        assert_eq!(second, ["flag-2"]);
        place.commit(&[create("new")]);
        let expected: Vec<_> = (1..=start + 3).rev().collect();
        assert_eq!(place.revisions(), expected);
    }
}

#[test]
fn an_edit_after_a_commit_that_was_cut_short_is_told_apart() {
    // The process died after the commit point: history and good copy are one behind.
    for good_copy_is_behind in [false, true] {
        let place = Place::with_commits(2);
        let (history, good) = (
            place.read("flags.history.jsonl"),
            place.read("flags.json.good"),
        );
        place.commit(&[create("flag-3")]);
        place.write("flags.history.jsonl", history);
        if good_copy_is_behind {
            place.write("flags.json.good", good);
        }
        assert_eq!(place.load().revision.number(), 3);
        assert_eq!(place.revisions(), [3, 2, 1]);
        place.kill_by_hand("flag-3");
        let document = place.load();
        assert_eq!(document.revision.number(), 4);
        assert_eq!(place.revisions(), [4, 3, 2, 1]);
        assert_eq!(place.history()[0].changes.len(), 1);
        place.commit(&[create("flag-5")]);
        assert_eq!(place.revisions(), [5, 4, 3, 2, 1]);
        assert_eq!(place.history()[2].actor, "alice");
    }
}

#[test]
fn a_deleted_history_does_not_turn_the_revision_back() {
    let place = Place::with_commits(3);
    place.remove("flags.history.jsonl");
    assert_eq!(place.load().revision.number(), 3);
    assert_eq!(place.revisions(), [3]);
    place.kill_by_hand("flag-1");
    assert_eq!(place.load().revision.number(), 4);
    place.commit(&[create("new")]);
    assert_eq!(place.revisions(), [5, 4, 3]);
}

/// A place at revision 3, whose store was shown an edit of `flag-1` as revision 4, and what the
/// file was before. The edit is gone again, as if a writer had renamed over it.
fn with_a_lost_edit() -> (Place, FlagDocument) {
    let place = Place::with_commits(3);
    let text = place.read("flags.json");
    place.kill_by_hand("flag-1");
    let seen = place.load();
    assert_eq!(seen.revision.number(), 4);
    place.write("flags.json", text);
    (place, seen)
}

#[test]
fn a_change_made_from_an_edit_that_was_lost_does_not_undo_who_took_its_number() {
    let kill = |key: &str| Change::Kill {
        key: key.parse().unwrap(),
    };
    // Whatever the two change: different flags, the same one, the edited one.
    for (ours, theirs) in [
        (create("ours"), create("theirs")),
        (kill("flag-2"), create("theirs")),
        (kill("flag-1"), kill("flag-2")),
        (create("ours"), kill("flag-2")),
        (create("same"), create("same")),
    ] {
        let (place, seen) = with_a_lost_edit();
        let from_the_edit = next_commit(Some(&seen), &[ours], "alice");
        let other = place.elsewhere();
        let before = block_on(other.load()).unwrap();
        block_on(other.commit(next_commit(before.as_ref(), &[theirs], "bob"))).unwrap();
        let history = place.history();
        // By the handle that saw the edit, also after another look, and by any other handle.
        let untouched = place.elsewhere();
        let looked_again = || drop(place.load());
        for (store, look) in [
            (&place.store, false),
            (&place.store, true),
            (&untouched, false),
        ] {
            if look {
                looked_again();
            }
            let error = block_on(store.commit(from_the_edit.clone())).unwrap_err();
            let (expected, actual) = (4, 4);
            assert_eq!(error.kind(), PortErrorKind::Conflict { expected, actual });
            let text = error.to_string();
            assert!(
                text.contains("an edit by hand was taken for revision 4")
                    && text.contains("load the flags again"),
                "{text}"
            );
            assert_eq!(place.history(), history);
        }
        // Nobody is caught in a conflict for ever.
        place.commit(&[create("later")]);
        assert_eq!(place.revisions(), [5, 4, 3, 2, 1]);
        assert_eq!(place.history()[1].actor, "bob");
    }
}

#[test]
fn a_change_made_from_an_edit_that_was_lost_is_late_after_two_others() {
    let (place, seen) = with_a_lost_edit();
    let from_the_edit = next_commit(Some(&seen), &[create("ours")], "alice");
    let other = place.elsewhere();
    for key in ["theirs-1", "theirs-2"] {
        let before = block_on(other.load()).unwrap();
        block_on(other.commit(next_commit(before.as_ref(), &[create(key)], "bob"))).unwrap();
    }
    let error = block_on(place.store.commit(from_the_edit)).unwrap_err();
    let (expected, actual) = (4, 5);
    assert_eq!(error.kind(), PortErrorKind::Conflict { expected, actual });
}

#[test]
fn an_edit_that_another_writer_has_written_down_is_what_was_seen() {
    let place = Place::with_commits(3);
    place.kill_by_hand("flag-1");
    let seen = place.load();
    let from_the_edit = next_commit(Some(&seen), &[create("ours")], "alice");
    block_on(place.elsewhere().compact(&Retention::default())).unwrap();
    block_on(place.store.commit(from_the_edit)).unwrap();
    assert_eq!(place.revisions(), [5, 4, 3, 2, 1]);
    assert_eq!(place.history()[1].actor, "external");
    assert_eq!(place.load().flags["flag-1"].state, State::Killed);
}

#[test]
fn an_edit_of_an_older_copy_says_what_it_takes_back() {
    let place = Place::with_commits(2);
    let opened = String::from_utf8(place.read("flags.json")).unwrap();
    place.commit(&[Change::Kill {
        key: "flag-1".parse().unwrap(),
    }]);
    place.write("flags.json", opened);
    place.kill_by_hand("flag-2");
    let edit = place.history().remove(0);
    assert_eq!(
        edit.reason.as_deref(),
        Some(
            "flags.json was changed outside of cutover; it was based on revision 2 and takes back \
             revision 3"
        )
    );
    assert_eq!(edit.takes_back(), [Revision::new(3)]);
    assert_eq!(
        place.load().flags["flag-1"].state,
        State::Enabled,
        "it is read"
    );
    place.commit(&[create("new")]);
    assert_eq!(place.history()[1], edit, "it is kept");
}

#[test]
fn an_edit_of_what_is_there_takes_nothing_back() {
    let place = Place::with_commits(2);
    let mut watcher = Watcher::of(&place.store, 2);
    // The file goes on to say that it is revision 2.
    for (key, revision) in [("flag-1", 3), ("flag-2", 4)] {
        place.kill_by_hand(key);
        let edit = watcher.changed_at_last();
        assert_eq!(edit.revision.number(), revision);
        let reason = "flags.json was changed outside of cutover";
        assert_eq!(edit.reason.as_deref(), Some(reason));
        assert!(edit.takes_back().is_empty());
    }
    // A copy of old that has everything that came since.
    place.commit(&[create("new")]);
    place.edit(|document| {
        document["revision"] = 2.into();
        document["flags"]["flag-1"]["owner"] = "ada".into();
    });
    assert!(place.history()[0].takes_back().is_empty());
}

/// Three flags of which the history has the last one alone, and no good copy.
fn compacted_without_a_good_copy() -> Place {
    let place = Place::with_commits(3);
    block_on(place.store.compact(&Retention::newest(1))).unwrap();
    place.remove("flags.json.good");
    place
}

#[test]
fn the_record_of_an_edit_says_where_more_may_have_changed_than_it_tells() {
    for (key, told) in [("flag-1", vec![]), ("flag-3", vec!["flag-3"])] {
        let place = compacted_without_a_good_copy();
        place.kill_by_hand(key);
        for is_written_down in [false, true] {
            if is_written_down {
                place.commit(&[create("new")]);
            }
            let history = place.history();
            let edit = history.iter().find(|record| record.actor == "external");
            let edit = edit.unwrap();
            assert!(edit.is_incomplete());
            let reason = edit.reason.as_ref().unwrap();
            assert!(reason.contains("more than is told"), "{reason}");
            let keys = edit.changes.iter().map(|change| change.key.as_str());
            assert_eq!(keys.collect::<Vec<_>>(), told);
        }
        // What comes after it is whole again, and told from the flags as they were found.
        assert!(!place.history()[0].is_incomplete());
        assert_eq!(place.load().flags[key].state, State::Killed);
        place.kill_by_hand("flag-2");
        let edit = place.history().remove(0);
        assert!(!edit.is_incomplete());
        assert_eq!(edit.changes[0].key.as_str(), "flag-2");
    }
}

#[test]
fn a_watcher_is_not_led_by_a_record_that_does_not_tell_all() {
    let place = compacted_without_a_good_copy();
    place.kill_by_hand("flag-1");
    place.commit(&[create("new")]);
    assert_eq!(place.revisions(), [5, 4, 3]);
    let mut watcher = Watcher::of(&place.elsewhere(), 3);
    watcher.resync();
    place.commit(&[create("newer")]);
    assert_eq!(watcher.changed().revision.number(), 6);
}

/// A place that is not compacted has no need of a good copy.
#[test]
fn with_a_whole_history_the_record_of_an_edit_is_whole() {
    let place = Place::with_commits(3);
    place.remove("flags.json.good");
    place.kill_by_hand("flag-1");
    let edit = place.history().remove(0);
    assert!(!edit.is_incomplete());
    assert_eq!(edit.changes[0].key.as_str(), "flag-1");
}
