//! An editor saves, or the disk is full, at the worst moment of a writer.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use cutover_domain::flags::Revision;
use cutover_ports::PortErrorKind;
use cutover_ports::flags::Retention;
use cutover_testkit::flags::{create, next_commit};
use tempfile::TempDir;

use super::config::FileFlagConfig;
use super::crash::{self, Harm, Plan};
use super::error;
use super::files::Files;
use super::retention;
use super::state::{self, State};
use super::{commit, repair};

struct Store {
    _dir: TempDir,
    config: FileFlagConfig,
    files: Files,
}

impl Store {
    /// With the flags `a` and `b` at revision 2.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Self {
            config: FileFlagConfig::new(dir.path()),
            files: Files::new(dir.path()),
            _dir: dir,
        };
        store.add("a").unwrap();
        store.add("b").unwrap();
        store
    }

    fn state(&self) -> Option<State> {
        state::read("test", &self.files).unwrap()
    }

    fn add(&self, key: &str) -> Result<(), PortErrorKind> {
        let document = self.state().map(|state| state.document);
        let change = next_commit(document.as_ref(), &[create(key)], "alice");
        commit::commit(&self.config, &change, None).map_err(|error| error.kind())
    }

    /// Saves other flags at a point of what `code` does.
    fn edit_at<T>(&self, point: &'static str, code: impl FnOnce() -> T) -> T {
        let path = self.files.document.clone();
        crash::meanwhile(point, move || set_owner(&path, "bob"), code)
    }

    fn is_edited(&self) -> bool {
        let document = self.state().unwrap().document;
        let mut flags = document.flags.values();
        flags.all(|flag| flag.owner.as_deref() == Some("bob"))
    }

    fn names(&self) -> BTreeSet<OsString> {
        let entries = fs::read_dir(&self.files.dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }
}

/// With an editor that replaces the file.
fn set_owner(path: &Path, owner: &str) {
    let text = fs::read_to_string(path).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    for flag in document["flags"].as_object_mut().unwrap().values_mut() {
        flag["owner"] = owner.into();
    }
    let beside = path.with_extension("edited");
    fs::write(&beside, document.to_string()).unwrap();
    fs::rename(beside, path).unwrap();
}

#[test]
fn an_edit_that_is_saved_during_a_commit_is_not_overwritten() {
    for point in ["history synced", "document created", "document synced"] {
        let store = Store::new();
        let before = store.names();
        let answer = store.edit_at(point, || store.add("c"));
        let (expected, actual) = (2, 3);
        let conflict = PortErrorKind::Conflict { expected, actual };
        assert_eq!(answer, Err(conflict), "{point}");
        assert!(conflict.is_retryable());
        assert!(store.is_edited(), "{point}");
        assert_eq!(store.names(), before, "{point}: nothing is left behind");
        let state = store.state().unwrap();
        assert_eq!(state.document.revision, Revision::new(3), "{point}");
        store.add("c").unwrap();
        let document = store.state().unwrap().document;
        assert_eq!(document.revision, Revision::new(4), "{point}");
        assert_eq!(document.flags["a"].owner.as_deref(), Some("bob"), "{point}");
    }
}

#[test]
fn an_edit_that_is_saved_while_another_one_is_written_down_is_not_overwritten() {
    let store = Store::new();
    set_owner(&store.files.document, "carol");
    let answer = store.edit_at("document synced", || store.add("c"));
    assert!(
        matches!(answer, Err(PortErrorKind::Conflict { .. })),
        "{answer:?}"
    );
    assert!(store.is_edited());
    assert_eq!(store.state().unwrap().document.revision, Revision::new(4));
}

#[test]
fn writing_an_edit_down_leaves_the_file_to_who_edits_it() {
    let store = Store::new();
    set_owner(&store.files.document, "carol");
    let text = fs::read(&store.files.document).unwrap();
    retention::compact(&store.config, &Retention::default()).unwrap();
    assert_eq!(fs::read(&store.files.document).unwrap(), text);
    assert!(!store.state().unwrap().is_edited());
    set_owner(&store.files.document, "dave");
    store
        .edit_at("document synced", || {
            retention::compact(&store.config, &Retention::default())
        })
        .unwrap();
    assert!(store.is_edited(), "by bob, last");
    assert_eq!(store.state().unwrap().document.revision, Revision::new(5));
}

#[test]
fn without_locks_nothing_is_written_and_reading_goes_on() {
    let store = Store::new();
    let (before, names) = (store.state(), store.names());
    let no_lock_service = io::Error::from_raw_os_error(37);
    for (cause, expected) in [
        (
            io::ErrorKind::Unsupported.into(),
            PortErrorKind::Unsupported,
        ),
        #[cfg(target_os = "linux")]
        (no_lock_service, PortErrorKind::Unsupported),
        (
            io::ErrorKind::PermissionDenied.into(),
            PortErrorKind::PermissionDenied,
        ),
    ] {
        let error = error::no_lock("test", &store.files.lock, cause);
        assert_eq!(error.kind(), expected, "{error}");
    }
    let harm = Harm::Fail(io::ErrorKind::Unsupported, 0);
    let plan = Plan {
        point: "locking",
        nth: 1,
        harm,
    };
    let change = next_commit(
        before.as_ref().map(|state| &state.document),
        &[create("c")],
        "alice",
    );
    let (answer, _) = crash::run(plan, || commit::commit(&store.config, &change, None));
    let text = answer.unwrap().unwrap_err().to_string();
    for part in [
        "flags.lock",
        "cannot lock files",
        "nothing was changed",
        "on a local disk",
    ] {
        assert!(text.contains(part), "{text} lacks {part}");
    }
    assert_eq!((store.state(), store.names()), (before, names));
}

#[test]
fn a_file_that_somebody_puts_where_none_was_is_not_overwritten() {
    let store = Store::new();
    let text = fs::read(&store.files.document).unwrap();
    for name in store.names() {
        fs::remove_file(store.files.dir.join(name)).unwrap();
    }
    let path = store.files.document.clone();
    let put = move || fs::write(path, text).unwrap();
    let answer = crash::meanwhile("document synced", put, || store.add("c"));
    let (expected, actual) = (0, 1);
    assert_eq!(answer, Err(PortErrorKind::Conflict { expected, actual }));
    assert_eq!(store.state().unwrap().document.flags.len(), 2);
}

#[test]
fn a_file_that_somebody_mends_during_a_repair_is_not_overwritten() {
    let store = Store::new();
    let text = fs::read(&store.files.document).unwrap();
    fs::write(&store.files.document, "{").unwrap();
    let before = store.names();
    let path = store.files.document.clone();
    let mend = move || {
        fs::write(&path, text).unwrap();
        set_owner(&path, "bob");
    };
    let answer = crash::meanwhile("document synced", mend, || repair::repair(&store.config));
    let error = answer.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(store.is_edited());
    assert_eq!(store.names(), before);
    assert_eq!(repair::repair(&store.config).unwrap(), None);
}

#[test]
fn repairs_that_fail_leave_no_copies_behind() {
    let store = Store::new();
    fs::write(&store.files.document, "{").unwrap();
    let before = store.names();
    for (point, nth) in [
        ("broken write", 1),
        ("history synced", 1),
        ("document write", 1),
        ("document synced", 1),
    ] {
        let harm = Harm::Fail(io::ErrorKind::StorageFull, 0);
        let plan = Plan { point, nth, harm };
        let (answer, done) = crash::run(plan, || repair::repair(&store.config));
        assert!(done, "{point}");
        let error = answer.unwrap().unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Full, "{point}");
        assert!(!error.to_string().contains("--repair"), "{point}: {error}");
        assert_eq!(store.names(), before, "{point}");
    }
    // A process that died after the copy was made leaves it, once.
    for _ in 0..2 {
        let (point, nth, harm) = ("document synced", 1, Harm::Crash(0));
        let plan = Plan { point, nth, harm };
        assert!(crash::run(plan, || repair::repair(&store.config)).1);
    }
    let repair = repair::repair(&store.config).unwrap().unwrap();
    let kept = repair.broken.unwrap();
    assert!(kept.ends_with("flags.json.broken-1"), "{kept:?}");
    assert_eq!(fs::read(kept).unwrap(), b"{");
    assert!(!store.files.dir.join("flags.json.broken-2").exists());
}
