//! How the files are kept: modes, locks, links, retention.

use std::fs::{self, File, OpenOptions};
use std::sync::Arc;
use std::time::Duration;

use cutover_file::{FileFlagConfig, FileFlagStore};
use cutover_ports::PortErrorKind;
use cutover_ports::clock::FixedClock;
use cutover_ports::flags::{FlagStore, Retention};
use cutover_testkit::block_on;
use cutover_testkit::flags::{at_minute, commit_changes, create, next_commit};

use super::place::Place;

#[test]
fn looking_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = FileFlagStore::open(dir.path().join("not/yet"));
    assert_eq!(block_on(store.load()).unwrap(), None);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_left_lying_around() {
    let place = Place::with_commits(3);
    // What a writer that was killed left behind.
    place.write("flags.json.tmp", "half");
    place.write("flags.json.good.tmp", "half");
    place.commit(&[create("flag-4")]);
    let mut names: Vec<_> = fs::read_dir(place.dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "flags.history.jsonl",
            "flags.json",
            "flags.json.good",
            "flags.lock"
        ]
    );
}

#[cfg(unix)]
#[test]
fn new_files_are_private_and_a_changed_mode_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("a/b");
    let store = FileFlagStore::open(&home);
    block_on(commit_changes(&store, &[create("a")], "alice"));
    assert_eq!(mode(&dir.path().join("a")), 0o700);
    assert_eq!(mode(&home), 0o700);
    for name in [
        "flags.json",
        "flags.history.jsonl",
        "flags.json.good",
        "flags.lock",
    ] {
        assert_eq!(mode(&home.join(name)), 0o600, "{name}");
    }
    fs::set_permissions(home.join("flags.json"), fs::Permissions::from_mode(0o664)).unwrap();
    block_on(commit_changes(&store, &[create("b")], "alice"));
    assert_eq!(mode(&home.join("flags.json")), 0o664);
}

/// Only the administrator can give files away, and so is the only one for whom it matters.
#[cfg(unix)]
#[test]
fn new_files_belong_to_the_owner_of_the_directory() {
    use std::os::unix::fs::{MetadataExt, chown};
    let place = Place::empty();
    let somebody = 65_534;
    let is_administrator = chown(place.dir(), Some(somebody), Some(somebody)).is_ok();
    let owner = fs::metadata(place.dir()).unwrap().uid();
    assert_eq!(owner == somebody, is_administrator);
    place.commit(&[create("a")]);
    place.commit(&[create("b")]);
    for entry in fs::read_dir(place.dir()).unwrap() {
        let entry = entry.unwrap();
        let found = entry.metadata().unwrap();
        let (name, mode) = (entry.file_name(), found.mode() & 0o777);
        assert_eq!((found.uid(), mode), (owner, 0o600), "{name:?}");
    }
}

#[test]
fn a_held_lock_is_waited_for_and_then_named() {
    let place = Place::with_commits(1);
    let store = FileFlagStore::with_config(FileFlagConfig {
        lock_timeout: Duration::from_millis(30),
        ..FileFlagConfig::new(place.dir())
    });
    let commit = next_commit(Some(&place.load()), &[create("b")], "alice");
    let lock = OpenOptions::new()
        .append(true)
        .open(place.path("flags.lock"))
        .unwrap();
    lock.lock().unwrap();
    let error = block_on(store.commit(commit.clone())).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Timeout);
    assert!(error.to_string().contains("flags.lock"), "{error}");
    assert!(
        block_on(store.load()).unwrap().is_some(),
        "readers take no lock"
    );
    drop(lock);
    block_on(store.commit(commit)).unwrap();
}

#[test]
fn who_waits_for_the_lock_is_told_of_a_conflict_without_having_it() {
    let place = Place::with_commits(1);
    let late = next_commit(Some(&place.load()), &[create("b")], "alice");
    place.commit(&[create("c")]);
    let lock = File::open(place.path("flags.lock")).unwrap();
    lock.lock().unwrap();
    let error = block_on(place.store.commit(late)).unwrap_err();
    let (expected, actual) = (1, 2);
    assert_eq!(error.kind(), PortErrorKind::Conflict { expected, actual });
}

#[test]
fn a_lock_that_somebody_deleted_protects_all_the_same() {
    let place = Place::with_commits(1);
    let lock = File::open(place.path("flags.lock")).unwrap();
    lock.lock().unwrap();
    place.remove("flags.lock");
    // The lock that is held now belongs to no name; a new file is the lock.
    place.commit(&[create("b")]);
    assert_eq!(place.revisions(), [2, 1]);
    assert!(place.path("flags.lock").exists());
}

#[cfg(unix)]
#[test]
fn a_store_behind_a_swapped_link_is_read_but_not_written() {
    use std::os::unix::fs::symlink;
    let source = Place::with_commits(2);
    let place = Place::empty();
    fs::create_dir(place.path("..1")).unwrap();
    fs::copy(source.path("flags.json"), place.path("..1/flags.json")).unwrap();
    symlink("..1", place.path("..data")).unwrap();
    symlink("..data/flags.json", place.path("flags.json")).unwrap();
    for dir in [place.dir().to_owned(), place.path("..data")] {
        let store = FileFlagStore::open(dir);
        let document = block_on(store.load()).unwrap().unwrap();
        assert_eq!(document, source.load());
        let commit = next_commit(Some(&document), &[create("new")], "alice");
        let error = block_on(store.commit(commit)).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::ReadOnly);
        assert!(error.to_string().contains("symbolic link"), "{error}");
    }
    assert!(place.path("flags.json").is_symlink());
    // Flags written by hand have the revision that their source gives them.
    let by_hand = r#"{"schema":1,"revision":7,"flags":{}}"#;
    fs::write(place.path("..1/flags.json"), by_hand).unwrap();
    assert_eq!(place.load().revision.number(), 7);
    place.remove("..data");
    let error = place.try_load().unwrap_err();
    assert_eq!(
        error.kind(),
        PortErrorKind::Corrupt,
        "a link that leads nowhere: {error}"
    );
}

#[cfg(unix)]
#[test]
fn a_directory_behind_a_link_of_the_user_is_an_ordinary_store() {
    let place = Place::with_commits(1);
    let other = tempfile::tempdir().unwrap();
    let link = other.path().join("link");
    std::os::unix::fs::symlink(place.dir(), &link).unwrap();
    block_on(commit_changes(
        &FileFlagStore::open(&link),
        &[create("b")],
        "alice",
    ));
    assert_eq!(place.revisions(), [2, 1]);
}

fn clocked(place: &Place, minute: i64) -> FileFlagStore {
    FileFlagStore::with_config(FileFlagConfig {
        clock: Arc::new(FixedClock::at(at_minute(minute))),
        ..FileFlagConfig::new(place.dir())
    })
}

#[test]
fn compaction_keeps_what_passes_every_limit_and_the_numbers() {
    let limits: [(Option<usize>, Option<u64>, u64); 7] = [
        (None, None, 1),
        (Some(100), Some(100), 1),
        (Some(4), None, 7),
        (Some(0), None, 10),
        (None, Some(3), 7),
        (Some(2), Some(3), 9),
        (Some(8), Some(0), 10),
    ];
    for (count, minutes, oldest) in limits {
        let place = Place::with_commits(10);
        let document = place.load();
        let retention = Retention {
            keep_newest: count,
            keep_for: minutes.map(|minutes| Duration::from_secs(minutes * 60)),
        };
        // Revision N was made at minute N.
        let done = block_on(clocked(&place, 10).compact(&retention)).unwrap();
        assert_eq!(done.oldest.unwrap().number(), oldest, "{retention:?}");
        assert_eq!(done.removed, oldest - 1);
        assert_eq!(place.revisions(), (oldest..=10).rev().collect::<Vec<_>>());
        assert_eq!(place.load(), document);
        place.kill_by_hand("flag-1");
        let edit = place.history().remove(0);
        assert_eq!((edit.revision.number(), edit.changes.len()), (11, 1));
        place.commit(&[create("new")]);
        assert_eq!(place.revisions(), (oldest..=12).rev().collect::<Vec<_>>());
    }
}

#[test]
fn compaction_leaves_enough_for_a_repair() {
    let place = Place::with_commits(10);
    let keep = Retention {
        keep_newest: Some(1),
        ..Retention::default()
    };
    block_on(place.store.compact(&keep)).unwrap();
    let before = place.load();
    place.write("flags.json", "");
    block_on(place.store.repair()).unwrap().unwrap();
    assert_eq!(place.load(), before);
    place.write("flags.json", "");
    place.write("flags.json.good", "");
    let error = block_on(place.store.repair()).unwrap_err();
    assert!(
        error.to_string().contains("does not reach back far enough"),
        "{error}"
    );
}

#[test]
fn compaction_writes_an_edit_down_first() {
    let place = Place::with_commits(3);
    place.kill_by_hand("flag-1");
    let keep = Retention {
        keep_newest: Some(2),
        ..Retention::default()
    };
    block_on(place.store.compact(&keep)).unwrap();
    assert_eq!(place.revisions(), [4, 3]);
    assert_eq!(place.history()[0].actor, "external");
    assert_eq!(
        block_on(Place::empty().store.compact(&keep))
            .unwrap()
            .oldest,
        None
    );
}
