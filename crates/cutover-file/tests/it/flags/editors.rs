//! Editors, scripts and tools change `flags.json`, each in its way, while somebody watches.
#![cfg(unix)]

use std::fs::{self, OpenOptions};
use std::io::Write;

use cutover_domain::flags::State;
use cutover_testkit::flags::create;

use super::place::Place;
use super::watcher::{Watcher, sh};

/// Kills every flag, as text.
const KILL: &str = "sed 's/enabled/killed/' flags.json";

/// Two flags are killed by a script, while watchers with and without the notices of the operating
/// system look; both are told of it once, and of what comes after it.
fn an_edit_is_one_revision(script: &str) {
    let place = Place::with_commits(2);
    let mut watchers = [Watcher::at(&place), Watcher::without_notices(&place)];
    sh(place.dir(), script);
    for watcher in &mut watchers {
        let edit = watcher.changed_at_last();
        assert_eq!((edit.revision.number(), &*edit.actor), (3, "external"));
        assert_eq!(edit.changes.len(), 2);
    }
    place.commit(&[create("new")]);
    for watcher in &mut watchers {
        assert_eq!(watcher.changed().revision.number(), 4);
    }
    let document = place.load();
    assert_eq!(document.flags.len(), 3);
    assert_eq!(document.flags["flag-1"].state, State::Killed);
    assert_eq!(place.revisions(), [4, 3, 2, 1]);
}

#[test]
fn a_file_that_is_written_beside_and_renamed_over_is_seen() {
    an_edit_is_one_revision(&format!(
        "touch 4913; rm 4913; {KILL} > flags.json.new; mv flags.json.new flags.json"
    ));
}

#[test]
fn a_file_that_is_moved_to_a_backup_and_written_anew_is_seen() {
    an_edit_is_one_revision(&format!(
        "{KILL} > .flags.json.swp; mv flags.json flags.json~; cat .flags.json.swp > flags.json; \
         rm flags.json~ .flags.json.swp"
    ));
}

#[test]
fn a_file_that_is_copied_to_a_backup_and_written_over_is_seen() {
    an_edit_is_one_revision(&format!(
        "cp flags.json flags.json~; text=$({KILL}); printf '%s\\n' \"$text\" > flags.json"
    ));
}

#[test]
fn a_file_that_a_stream_editor_replaces_is_seen() {
    an_edit_is_one_revision("sed -i.bak 's/enabled/killed/' flags.json; rm flags.json.bak");
}

#[test]
fn a_file_that_is_removed_and_written_anew_is_seen() {
    an_edit_is_one_revision(&format!(
        "text=$({KILL}); rm flags.json; printf '%s' \"$text\" > flags.json"
    ));
}

#[test]
fn a_file_that_grows_piece_by_piece_is_one_revision() {
    an_edit_is_one_revision(&format!(
        "{KILL} > .new; : > flags.json; head -c 300 .new >> flags.json; \
         tail -c +301 .new >> flags.json; rm .new"
    ));
}

#[test]
fn a_file_that_is_written_through_another_name_of_it_is_seen() {
    // The operating system gives no notice of this one.
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("linked.json");
    let link = link.display();
    an_edit_is_one_revision(&format!(
        "ln flags.json {link}; text=$({KILL}); printf '%s\\n' \"$text\" > {link}"
    ));
}

#[test]
fn a_half_written_file_is_no_revision_and_loses_nothing() {
    let place = Place::with_commits(2);
    let before = place.load();
    let text = String::from_utf8(place.read("flags.json")).unwrap();
    let text = text.replace("enabled", "killed");
    let (first, second) = text.split_at(text.len() / 2);
    let mut watcher = Watcher::at(&place);
    let mut editor = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(place.path("flags.json"))
        .unwrap();
    editor.write_all(first.as_bytes()).unwrap();
    let error = watcher.trouble();
    assert!(error.to_string().contains("EOF while parsing"), "{error}");
    assert!(place.try_load().is_err(), "half a document is none");
    assert_eq!(
        fs::read_to_string(place.path("flags.history.jsonl"))
            .unwrap()
            .lines()
            .count(),
        2
    );
    editor.write_all(second.as_bytes()).unwrap();
    drop(editor);
    let edit = watcher.changed();
    assert_eq!((edit.revision.number(), edit.changes.len()), (3, 2));
    let after = place.load();
    assert_eq!(after.flags.len(), before.flags.len());
    assert_eq!(after.flags["flag-2"].state, State::Killed);
}

#[test]
fn the_same_size_at_the_same_time_is_seen() {
    for notices in [true, false] {
        let place = Place::with_commits(1);
        place.edit(|document| document["flags"]["flag-1"]["owner"] = "bob".into());
        place.commit(&[]);
        let mut watcher = match notices {
            true => Watcher::at(&place),
            false => Watcher::without_notices(&place),
        };
        sh(
            place.dir(),
            "touch -r flags.json stamp; text=$(sed s/bob/eve/ flags.json); \
             printf '%s\\n' \"$text\" > flags.json; touch -r stamp flags.json; rm stamp",
        );
        let edit = watcher.changed();
        let after = edit.changes[0].after.as_ref().unwrap();
        assert_eq!(after.owner.as_deref(), Some("eve"));
    }
}

#[test]
fn each_of_two_edits_is_a_revision_of_its_own() {
    let place = Place::with_commits(3);
    let mut watchers = [
        Watcher::at(&place),
        Watcher::at(&place),
        Watcher::without_notices(&place),
    ];
    for (number, key) in [(4, "flag-1"), (5, "flag-2"), (6, "flag-3")] {
        place.kill_by_hand(key);
        for watcher in &mut watchers {
            let edit = watcher.changed();
            assert_eq!(edit.revision.number(), number);
            let keys: Vec<_> = edit
                .changes
                .iter()
                .map(|change| change.key.as_str())
                .collect();
            assert_eq!(keys, [key]);
        }
    }
    let text = place.read("flags.json");
    assert_eq!(place.revisions(), [6, 5, 4, 3, 2, 1]);
    place.commit(&[create("new")]);
    assert_eq!(place.revisions(), [7, 6, 5, 4, 3, 2, 1]);
    for watcher in &mut watchers {
        assert_eq!(watcher.changed().actor, "alice");
    }
    // Nobody but a commit writes to the file that people edit.
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("\"revision\": 3,"), "{text}");
}

#[test]
fn an_edit_is_kept_when_the_watcher_that_saw_it_is_gone() {
    let place = Place::with_commits(2);
    let mut watcher = Watcher::at(&place);
    place.kill_by_hand("flag-1");
    let seen = watcher.changed();
    drop(watcher);
    place.kill_by_hand("flag-2");
    let history = place.history();
    assert_eq!(history[1], *seen);
    assert_eq!(history[0].revision.number(), 4);
    // Also when the good copy, or the history, is lost.
    for name in ["flags.json.good", "flags.history.jsonl"] {
        let kept = place.read(name);
        place.remove(name);
        assert_eq!(place.load().revision.number(), 4, "without {name}");
        place.write(name, kept);
    }
}

#[test]
fn watching_makes_no_files_where_no_change_was_ever_made() {
    let place = Place::empty();
    let by_hand = |owner: &str| {
        place.write(
            "flags.json",
            format!(
                r#"{{"schema":1,"flags":{{"a":{{"owner":"{owner}","off":"off","default":"off",
                    "variants":{{"on":true,"off":false}}}}}}}}"#
            ),
        );
    };
    by_hand("bob");
    let mut watcher = Watcher::at(&place);
    by_hand("eve");
    watcher.resync();
    assert_eq!(fs::read_dir(place.dir()).unwrap().count(), 1);
    assert_eq!(place.load().revision.number(), 1);
}

#[test]
fn a_link_that_is_added_to_the_file_is_no_change() {
    let place = Place::with_commits(2);
    let mut watcher = Watcher::without_notices(&place);
    sh(
        place.dir(),
        "ln flags.json other; chmod 640 flags.json; touch flags.json",
    );
    place.commit(&[create("new")]);
    assert_eq!(watcher.changed().revision.number(), 3);
    assert_eq!(place.revisions(), [3, 2, 1]);
    let other = String::from_utf8(place.read("other")).unwrap();
    assert!(
        other.contains("\"revision\": 2,"),
        "the other name keeps what it named"
    );
}
