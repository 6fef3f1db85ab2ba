//! Directories that come, go, and are put in the place of others, while somebody watches.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cutover_file::{FileFlagConfig, FileFlagStore};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::FlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::{commit_changes, create};
use tempfile::TempDir;

use super::watcher::Watcher;

/// A directory above the stores, which comes and goes with none of them.
struct Above(TempDir);

impl Above {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A store of so many commits by somebody, each with a flag of the name.
    fn store(&self, name: &str, commits: u64, actor: &str) -> FileFlagStore {
        let store = FileFlagStore::open(self.path(name));
        for number in 1..=commits {
            let changes = [create(&format!("{actor}-{number}"))];
            block_on(commit_changes(&store, &changes, actor));
        }
        store
    }

    /// The same store, by an impatient watcher. It has seen the first change after `since`.
    fn watch(&self, name: &str, since: u64) -> Watcher {
        let store = FileFlagStore::with_config(FileFlagConfig {
            poll_interval: Duration::from_millis(5),
            ..FileFlagConfig::new(self.path(name))
        });
        let mut watcher = Watcher::of(&store, since);
        assert_eq!(watcher.changed().revision.number(), since + 1);
        watcher
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }
}

fn add(store: &FileFlagStore, key: &str) {
    block_on(commit_changes(store, &[create(key)], "later"));
}

#[test]
fn a_store_that_is_made_later_is_seen() {
    let above = Above::new();
    let home = above.path("later/flags");
    let mut watcher = Watcher::of(&FileFlagStore::open(&home), 0);
    let writer = FileFlagStore::open(&home);
    for (number, key) in [(1, "a"), (2, "b")] {
        add(&writer, key);
        assert_eq!(watcher.changed().revision.number(), number);
    }
}

#[test]
fn a_directory_that_is_moved_away_and_back_is_seen() {
    let above = Above::new();
    let store = above.store("home", 3, "alice");
    let mut watcher = above.watch("home", 2);
    above.rename("home", "away");
    let error = watcher.trouble();
    assert_eq!(error.kind(), PortErrorKind::Unavailable);
    assert!(error.to_string().contains("the flags are gone"), "{error}");
    above.rename("away", "home");
    watcher.resync();
    add(&store, "new");
    assert_eq!(watcher.changed().revision.number(), 4);
}

#[test]
fn an_older_store_in_the_place_of_one_that_is_gone_is_told() {
    let above = Above::new();
    drop(above.store("home", 3, "alice"));
    drop(above.store("older", 1, "bob"));
    let mut watcher = above.watch("home", 2);
    above.rename("home", "away");
    above.rename("older", "home");
    watcher.resync_at_last();
    add(&FileFlagStore::open(above.path("home")), "new");
    assert_eq!(watcher.changed().revision.number(), 2);
}

#[test]
fn a_directory_that_is_deleted_and_made_again_is_another_store() {
    // Whatever number the new store has come to meanwhile: less, the same, or more.
    for commits in [1, 3, 4, 5] {
        let above = Above::new();
        drop(above.store("home", 3, "alice"));
        let mut watcher = above.watch("home", 2);
        fs::remove_dir_all(above.path("home")).unwrap();
        watcher.trouble();
        let again = above.store("again", commits, "bob");
        drop(again);
        above.rename("again", "home");
        watcher.resync();
        let store = FileFlagStore::open(above.path("home"));
        add(&store, "new");
        assert_eq!(watcher.changed().revision.number(), commits + 1);
        let document = block_on(store.load()).unwrap().unwrap();
        assert!(document.flags.contains_key("bob-1"));
    }
}

#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
}

/// Two directories change places in one step: there is no moment without flags.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_is_exchanged_for_another_is_another_store() {
    for commits in [1, 3, 4, 5] {
        let above = Above::new();
        drop(above.store("home", 3, "alice"));
        drop(above.store("other", commits, "bob"));
        let mut watcher = above.watch("home", 2);
        exchange(&above.path("home"), &above.path("other"));
        watcher.resync();
        add(&FileFlagStore::open(above.path("home")), "new");
        assert_eq!(watcher.changed().revision.number(), commits + 1);
        // And back, where it has gone on.
        let store = FileFlagStore::open(above.path("other"));
        add(&store, "meanwhile");
        exchange(&above.path("home"), &above.path("other"));
        watcher.resync();
        add(&FileFlagStore::open(above.path("home")), "newer");
        assert_eq!(watcher.changed().revision.number(), 5);
    }
}

/// The same store in its own place again: a copy of it, as a backup is put back.
#[test]
fn a_directory_that_is_replaced_by_a_copy_goes_on_as_before() {
    let above = Above::new();
    drop(above.store("home", 3, "alice"));
    let mut watcher = above.watch("home", 2);
    fs::create_dir(above.path("copy")).unwrap();
    for entry in fs::read_dir(above.path("home")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), above.path("copy").join(entry.file_name())).unwrap();
    }
    add(&FileFlagStore::open(above.path("copy")), "new");
    above.rename("home", "away");
    above.rename("copy", "home");
    // It may have been seen that it was gone for a moment.
    loop {
        match watcher.event() {
            cutover_ports::flags::FlagEvent::Changed(record) => {
                assert_eq!(record.revision.number(), 4);
                break;
            }
            other => eprintln!("{other:?}"),
        }
    }
    add(&FileFlagStore::open(above.path("home")), "newer");
    assert_eq!(watcher.changed().revision.number(), 5);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_directory_that_is_swapped_is_followed() {
    use std::os::unix::fs::symlink;
    let above = Above::new();
    drop(above.store("blue", 3, "alice"));
    drop(above.store("green", 4, "bob"));
    symlink("blue", above.path("live")).unwrap();
    let mut watcher = above.watch("live", 2);
    symlink("green", above.path("live.new")).unwrap();
    above.rename("live.new", "live");
    watcher.resync();
    add(&FileFlagStore::open(above.path("live")), "new");
    assert_eq!(watcher.changed().revision.number(), 5);
    assert!(
        above.path("live").is_symlink(),
        "a commit follows the link, and leaves it"
    );
}

/// What may become of the file alone, and the revision that is seen then.
#[test]
fn a_file_that_is_moved_away_and_back_is_the_same_revision() {
    let above = Above::new();
    drop(above.store("home", 3, "alice"));
    let mut watcher = above.watch("home", 2);
    above.rename("home/flags.json", "flags.json");
    let error = watcher.trouble();
    assert!(error.to_string().contains("the file is missing"), "{error}");
    above.rename("flags.json", "home/flags.json");
    watcher.resync();
    add(&FileFlagStore::open(above.path("home")), "new");
    assert_eq!(watcher.changed().revision.number(), 4);
}

#[test]
fn an_older_or_newer_file_that_is_put_back_is_the_next_revision() {
    let above = Above::new();
    let store = above.store("home", 3, "alice");
    let older = fs::read(store.path()).unwrap();
    add(&store, "fourth");
    let elsewhere = above.store("elsewhere", 9, "alice");
    let newer = fs::read(elsewhere.path()).unwrap();
    let mut watcher = above.watch("home", 3);
    for (number, text, flags) in [(5, older, 3), (6, newer, 9)] {
        fs::remove_file(store.path()).unwrap();
        watcher.trouble();
        fs::write(store.path(), text).unwrap();
        let edit = watcher.changed();
        assert_eq!((edit.revision.number(), &*edit.actor), (number, "external"));
        let document = block_on(store.load()).unwrap().unwrap();
        assert_eq!(
            (document.revision.number(), document.flags.len()),
            (number, flags)
        );
    }
    add(&store, "new");
    assert_eq!(watcher.changed().revision.number(), 7);
}
