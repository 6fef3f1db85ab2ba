//! A history that is gone, is no file, or cannot be read.

use std::fs;

use cutover_domain::flags::Revision;
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagStore, HistoryQuery};
use cutover_testkit::block_on;
use cutover_testkit::flags::{create, next_commit};

use super::place::Place;

const HISTORY: &str = "flags.history.jsonl";

#[test]
fn an_inspection_tells_where_the_history_starts() {
    let place = Place::with_commits(3);
    let starts_at = |place: &Place| {
        let found = block_on(place.store.inspect()).unwrap();
        found.starts_at.map(|revision| revision.number())
    };
    assert_eq!(starts_at(&Place::empty()), None);
    assert_eq!(starts_at(&place), Some(1));
    place.write(HISTORY, "");
    assert_eq!(starts_at(&place), Some(3), "emptied");
    place.remove(HISTORY);
    assert_eq!(starts_at(&place), Some(3), "removed");
    place.commit(&[create("flag-4")]);
    assert_eq!(starts_at(&place), Some(3), "begun anew");
    place.remove(HISTORY);
    place.write("flags.json", "{");
    assert_eq!(starts_at(&place), Some(4), "only the good copy tells");
}

#[test]
fn an_inspection_tells_of_records_that_are_missing_at_the_end() {
    let place = Place::with_commits(2);
    let early = place.read(HISTORY);
    place.commit(&[create("flag-3")]);
    place.commit(&[create("flag-4")]);
    place.write(HISTORY, early);
    let found = block_on(place.store.inspect()).unwrap();
    let gaps: Vec<_> = found
        .gaps
        .iter()
        .map(|gap| (gap.after.number(), gap.before.number()))
        .collect();
    assert_eq!(gaps, [(2, 4)]);
    // One record may be nowhere but in the document.
    let place = Place::with_commits(2);
    let early = place.read(HISTORY);
    place.commit(&[create("flag-3")]);
    place.write(HISTORY, early);
    assert_eq!(block_on(place.store.inspect()).unwrap().gaps, []);
}

/// Makes something of the history that is no file.
fn replace_by_folder(place: &Place) {
    place.remove(HISTORY);
    fs::create_dir(place.path(HISTORY)).unwrap();
}

#[cfg(unix)]
fn replace_by_pipe(place: &Place) {
    place.remove(HISTORY);
    let made = std::process::Command::new("mkfifo")
        .arg(place.path(HISTORY))
        .status()
        .unwrap();
    assert!(made.success());
}

#[cfg(unix)]
fn make_unreadable(place: &Place) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(place.path(HISTORY), fs::Permissions::from_mode(0o000)).unwrap();
}

/// The administrator may read everything, whatever its mode.
fn is_readable(place: &Place) -> bool {
    let path = place.path(HISTORY);
    fs::metadata(&path).is_ok_and(|found| found.is_file()) && fs::read(path).is_ok()
}

#[cfg(unix)]
const TROUBLES: [fn(&Place); 3] = [replace_by_folder, replace_by_pipe, make_unreadable];
#[cfg(not(unix))]
const TROUBLES: [fn(&Place); 1] = [replace_by_folder];

#[test]
fn flags_are_read_without_a_history_and_nothing_is_written() {
    for trouble in TROUBLES {
        let place = Place::with_commits(3);
        let before = place.load();
        let commit = next_commit(Some(&before), &[create("new")], "alice");
        trouble(&place);
        if is_readable(&place) {
            continue;
        }
        assert_eq!(place.load(), before);
        let text = place.read("flags.json");
        assert!(block_on(place.store.commit(commit)).is_err());
        assert_eq!(place.read("flags.json"), text);
        let error = block_on(place.store.history(&HistoryQuery::newest(9))).unwrap_err();
        assert!(error.to_string().contains(HISTORY), "{error}");
        assert!(!error.to_string().contains("--repair"), "{error}");
        assert!(block_on(place.store.inspect()).is_err());
        place.kill_by_hand("flag-1");
        assert_eq!(place.load().revision.number(), 4);
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_symbolic_link() {
    for name in [HISTORY, "flags.lock"] {
        let place = Place::with_commits(2);
        let commit = next_commit(Some(&place.load()), &[create("new")], "alice");
        let text = place.read("flags.json");
        let elsewhere = tempfile::tempdir().unwrap();
        // A line of somebody else's that would be cut off as torn, and no file at all.
        for victim in [Some("line\nsecret without an end"), None] {
            let target = elsewhere.path().join("victim");
            match victim {
                Some(text) => fs::write(&target, text).unwrap(),
                None => fs::remove_file(&target).unwrap(),
            }
            place.remove(name);
            std::os::unix::fs::symlink(&target, place.path(name)).unwrap();
            let error = block_on(place.store.commit(commit.clone())).unwrap_err();
            assert_eq!(error.kind(), PortErrorKind::ReadOnly);
            let told = error.to_string();
            assert!(
                told.contains(name) && told.contains("remove the link"),
                "{told}"
            );
            assert_eq!(fs::read_to_string(&target).ok().as_deref(), victim);
        }
        assert_eq!(place.read("flags.json"), text);
        place.remove(name);
        place.commit(&[create("new")]);
    }
}

#[cfg(unix)]
#[test]
fn a_good_copy_that_is_a_link_gives_way_and_gives_no_mode() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::with_commits(2);
    let victim = tempfile::NamedTempFile::new().unwrap();
    fs::set_permissions(victim.path(), fs::Permissions::from_mode(0o666)).unwrap();
    place.remove("flags.json.good");
    std::os::unix::fs::symlink(victim.path(), place.path("flags.json.good")).unwrap();
    place.commit(&[create("new")]);
    let good = fs::symlink_metadata(place.path("flags.json.good")).unwrap();
    assert_eq!(good.permissions().mode() & 0o777, 0o600);
    assert!(good.is_file() && fs::read(victim.path()).unwrap().is_empty());
}

#[test]
fn without_a_history_nothing_is_guessed() {
    // An old file put back, with and without a good copy that knows better.
    for with_good_copy in [true, false] {
        let place = Place::with_commits(2);
        let text = place.read("flags.json");
        place.commit(&[create("flag-3")]);
        if !with_good_copy {
            place.remove("flags.json.good");
        }
        replace_by_folder(&place);
        place.write("flags.json", text);
        let error = place.try_load().unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
        let text = error.to_string();
        assert!(
            text.contains("it is not a file") && text.contains("move it away"),
            "{text}"
        );
        fs::remove_dir(place.path(HISTORY)).unwrap();
        assert!(place.try_load().is_ok(), "the advice helps");
    }
}

#[test]
fn a_missing_document_is_missing_also_without_a_history() {
    let place = Place::with_commits(2);
    replace_by_folder(&place);
    place.remove("flags.json");
    place.remove("flags.json.good");
    let error = place.try_load().unwrap_err();
    assert!(error.to_string().contains("the file is missing"), "{error}");
}

#[test]
fn flags_that_cannot_be_read_do_not_hide_their_history() {
    let harms: [fn(&Place); 4] = [
        |place| place.write("flags.json", "garbage {"),
        |place| place.remove("flags.json"),
        |place| place.write("flags.json", ""),
        // What is wrong is one flag; the newest record is still in the file.
        |place| {
            let text = String::from_utf8(place.read("flags.json")).unwrap();
            place.write(
                "flags.json",
                text.replacen("\"default\": \"off\"", "\"default\": \"of\"", 1),
            );
        },
    ];
    for (number, harm) in harms.into_iter().enumerate() {
        let place = Place::with_commits(4);
        let before = place.history();
        harm(&place);
        let error = place.try_load().unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
        assert_eq!(place.history(), before, "{number}");
        // The newest record may not have reached the history file; it is in the good copy, too.
        let lines = String::from_utf8(place.read(HISTORY)).unwrap();
        let lines: Vec<_> = lines.lines().take(3).collect();
        place.write(HISTORY, lines.join("\n") + "\n");
        assert_eq!(place.history(), before, "{number}");
    }
}

#[test]
fn damaged_lines_are_counted_on_the_page_where_they_were_met() {
    let place = Place::with_commits(6);
    let text = String::from_utf8(place.read(HISTORY)).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    (lines[1], lines[3]) = ("{", "nonsense");
    place.write(HISTORY, lines.join("\n") + "\n");
    let page = |query: HistoryQuery| {
        let page = block_on(place.store.history(&query)).unwrap();
        let revisions = page.records.iter().map(|record| record.revision.number());
        (revisions.collect::<Vec<_>>(), page.damaged)
    };
    let newest = HistoryQuery::newest;
    let before = |revision, limit| HistoryQuery {
        before: Some(Revision::new(revision)),
        ..newest(limit)
    };
    assert_eq!(page(newest(2)), (vec![6, 5], 0));
    assert_eq!(page(before(5, 1)), (vec![3], 1));
    assert_eq!(page(before(3, 1)), (vec![1], 1));
    assert_eq!(page(newest(9)), (vec![6, 5, 3, 1], 2));
    // Nobody can tell whose they were.
    let of_one = newest(9).of("flag-3".parse().unwrap());
    assert_eq!(page(of_one), (vec![3], 2));
}
