//! Flags that are mounted: `flags.json` is a link into `..data/`, and that link is swapped.
#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use cutover_domain::flags::State;
use cutover_file::{FileFlagConfig, FileFlagStore};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::FlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::{create, next_commit};
use tempfile::TempDir;

use super::place::Place;
use super::watcher::{Watcher, sh};

/// A mount as Kubernetes makes it.
struct Mount(TempDir);

impl Mount {
    fn new(flags: &str) -> Self {
        let mount = Self(tempfile::tempdir().unwrap());
        mount.put("..1", flags);
        sh(
            mount.0.path(),
            "ln -s ..1 ..data; ln -s ..data/flags.json flags.json",
        );
        mount
    }

    /// Puts the flags of another version in the place of those before, as the kubelet does: in
    /// one step, and then the old ones go.
    fn swap(&self, old: &str, new: &str, flags: &str) {
        self.put(new, flags);
        sh(
            self.0.path(),
            &format!("ln -s {new} ..data_tmp; mv -T ..data_tmp ..data; rm -r {old}"),
        );
    }

    fn put(&self, version: &str, flags: &str) {
        let version = self.0.path().join(version);
        fs::create_dir(&version).unwrap();
        fs::write(version.join("flags.json"), flags).unwrap();
    }

    fn dir(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

/// The ways to it: from outside, and from inside, where there are no notices of the swap.
fn ways_to(mount: &Mount) -> [FileFlagStore; 2] {
    [mount.dir(), mount.dir().join("..data")].map(|dir| {
        FileFlagStore::with_config(FileFlagConfig {
            poll_interval: Duration::from_millis(5),
            ..FileFlagConfig::new(dir)
        })
    })
}

fn by_hand(state: &str) -> String {
    format!(
        r#"{{"schema":1,"flags":{{"a":{{"state":"{state}","off":"off","default":"off",
            "variants":{{"on":true,"off":false}}}}}}}}"#
    )
}

#[test]
fn swapped_flags_are_seen() {
    for way in [0, 1] {
        let mount = Mount::new(&by_hand("enabled"));
        let store = &ways_to(&mount)[way];
        let document = block_on(store.load()).unwrap().unwrap();
        assert_eq!(document.revision.number(), 1);
        let mut watcher = Watcher::of(store, 1);
        for (old, new, text, state) in [
            ("..1", "..2", "killed", State::Killed),
            ("..2", "..3", "enabled", State::Enabled),
        ] {
            mount.swap(old, new, &by_hand(text));
            watcher.resync();
            let document = block_on(store.load()).unwrap().unwrap();
            assert_eq!(document.flags["a"].state, state);
        }
    }
}

#[test]
fn swapped_flags_that_are_no_flags_are_trouble_until_the_next_swap() {
    let mount = Mount::new(&by_hand("enabled"));
    let [store, _] = ways_to(&mount);
    let mut watcher = Watcher::of(&store, 0);
    assert_eq!(watcher.changed().revision.number(), 1);
    mount.swap("..1", "..2", "{\n  \"schema\": 1,\n  \"flags\": {]\n}");
    let error = watcher.trouble();
    assert!(error.to_string().contains("flags.json:3:13"), "{error}");
    mount.swap("..2", "..3", &by_hand("killed"));
    watcher.resync();
}

#[test]
fn flags_that_were_committed_elsewhere_keep_their_revisions() {
    let source = Place::with_commits(2);
    let text = || String::from_utf8(source.read("flags.json")).unwrap();
    let mount = Mount::new(&text());
    let [store, _] = ways_to(&mount);
    let mut watcher = Watcher::of(&store, 2);
    source.commit(&[create("third")]);
    mount.swap("..1", "..2", &text());
    assert_eq!(*watcher.changed(), source.history()[0]);
    // What came between is not known here.
    source.commit(&[create("fourth")]);
    source.commit(&[create("fifth")]);
    mount.swap("..2", "..3", &text());
    watcher.resync();
    assert_eq!(block_on(store.load()).unwrap().unwrap(), source.load());
}

#[test]
fn a_mounted_store_takes_no_changes_and_says_why_and_where_to() {
    let mount = Mount::new(&by_hand("enabled"));
    for store in ways_to(&mount) {
        let document = block_on(store.load()).unwrap();
        let commit = next_commit(document.as_ref(), &[create("new")], "alice");
        let error = block_on(store.commit(commit)).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::ReadOnly);
        let text = error.to_string();
        for part in [
            "flags.json",
            "symbolic link",
            "somebody else swaps",
            "where they come from",
        ] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert!(block_on(store.inspect()).unwrap().is_read_only);
    }
    let names = fs::read_dir(mount.dir()).unwrap().count();
    assert_eq!(
        names, 3,
        "nothing was made beside the version and the two links"
    );
}

/// The flags with one of them killed, and nothing else touched.
fn with_killed(text: &str, key: &str) -> String {
    let mut document: serde_json::Value = serde_json::from_str(text).unwrap();
    document["flags"][key]["state"] = "killed".into();
    document.to_string()
}

/// The record in a file speaks of one flag. What else differs from the file before is told by
/// looking again, and never passed over.
#[test]
fn what_differs_beyond_the_record_of_a_swapped_file_is_not_passed_over() {
    let source = Place::with_commits(3);
    let text = String::from_utf8(source.read("flags.json")).unwrap();
    let elsewhere = Place::empty();
    for key in ["one", "two", "three", "four", "five"] {
        elsewhere.commit(&[create(key)]);
    }
    let other = String::from_utf8(elsewhere.read("flags.json")).unwrap();
    for way in [0, 1] {
        let mount = Mount::new(&text);
        let store = &ways_to(&mount)[way];
        assert_eq!(
            block_on(store.load()).unwrap().unwrap().revision.number(),
            3
        );
        let mut watcher = Watcher::of(store, 3);
        // An edit, then another one under the same number, then the next number of another store.
        for (old, new, text) in [
            ("..1", "..2", with_killed(&text, "flag-1")),
            ("..2", "..3", with_killed(&text, "flag-2")),
            ("..3", "..4", other.clone()),
        ] {
            mount.swap(old, new, &text);
            watcher.resync();
        }
    }
}
