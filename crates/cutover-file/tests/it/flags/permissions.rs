//! What may not be read, or not be written, by who is no administrator.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cutover_ports::PortErrorKind;
use cutover_ports::flags::FlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::{create, next_commit};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::place::Place;
use super::watcher::Watcher;

/// Runs code without the administrator's right to pass over permissions, which the threads that it
/// starts do not have either. For anybody else it changes nothing.
fn as_ordinary_user(code: impl FnOnce()) {
    let all = capabilities(None).unwrap();
    let mut fewer = all;
    fewer.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    set_capabilities(None, fewer).unwrap();
    code();
    set_capabilities(None, all).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_may_not_be_read_is_trouble_until_it_may() {
    as_ordinary_user(|| {
        let place = Place::with_commits(2);
        for mut watcher in [Watcher::at(&place), Watcher::without_notices(&place)] {
            set_mode(&place.path("flags.json"), 0o000);
            let error = watcher.trouble();
            assert_eq!(error.kind(), PortErrorKind::PermissionDenied);
            let text = error.to_string();
            assert!(
                text.contains("flags.json") && text.contains("give the user"),
                "{text}"
            );
            assert!(!text.contains("--repair"), "no repair helps here: {text}");
            set_mode(&place.path("flags.json"), 0o600);
            watcher.resync();
        }
        assert_eq!(place.revisions(), [2, 1]);
    });
}

#[test]
fn a_directory_that_may_not_be_entered_is_trouble_until_it_may() {
    as_ordinary_user(|| {
        let place = Place::with_commits(2);
        let mut watcher = Watcher::without_notices(&place);
        set_mode(place.dir(), 0o000);
        assert_eq!(watcher.trouble().kind(), PortErrorKind::PermissionDenied);
        set_mode(place.dir(), 0o700);
        watcher.resync();
        place.commit(&[create("new")]);
        assert_eq!(watcher.changed().revision.number(), 3);
    });
}

#[test]
fn a_directory_that_may_not_be_written_refuses_changes_and_shows_edits() {
    as_ordinary_user(|| {
        for has_lock in [true, false] {
            let place = Place::with_commits(3);
            let commit = next_commit(Some(&place.load()), &[create("new")], "alice");
            if !has_lock {
                place.remove("flags.lock");
            }
            let mut watcher = Watcher::at(&place);
            // The file itself may be written in place.
            set_mode(place.dir(), 0o555);
            let error = block_on(place.store.commit(commit)).unwrap_err();
            assert_eq!(error.kind(), PortErrorKind::PermissionDenied);
            assert!(error.to_string().contains("give the user"), "{error}");
            place.kill_by_hand("flag-1");
            assert_eq!(watcher.changed_at_last().revision.number(), 4);
            // Nobody can write it down, so the next edit has its number, and watchers are told.
            place.kill_by_hand("flag-2");
            watcher.resync_at_last();
            assert_eq!(place.load().revision.number(), 4);
            assert_eq!(place.history()[0].changes.len(), 2);
            // Once somebody can, it has its number for good.
            set_mode(place.dir(), 0o755);
            let mut other = Watcher::at(&place);
            place.commit(&[create("new")]);
            assert_eq!(other.changed().revision.number(), 5);
            assert_eq!(place.revisions(), [5, 4, 3, 2, 1]);
        }
    });
}
