use std::fs;
use std::time::Duration;

use cutover_domain::metrics::ProcessIdentity;
use cutover_file::FileStateStore;
use cutover_ports::PortErrorKind;
use cutover_ports::metrics::MetricsStateStore;
use cutover_testkit::metrics::{noon, sample_state};
use cutover_testkit::metrics_state_store_contract;
use tempfile::TempDir;

fn store() -> (FileStateStore, TempDir) {
    let home = tempfile::tempdir().unwrap();
    (FileStateStore::open(home.path().join("metrics")), home)
}

metrics_state_store_contract!(files, store);

fn publish(store: &FileStateStore, instance: &str) {
    let state = sample_state(&ProcessIdentity::new(instance, "1"), Duration::ZERO, 3);
    store.publish(&state).unwrap();
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_hides_nobody() {
    let (store, _home) = store();
    publish(&store, "sound");
    let whole = fs::read(store.directory().join("sound-1.json")).unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(store.directory().join(name), bytes).unwrap();
    put("empty.json", b"");
    put("garbage.json", b"\0\xff{");
    put("newer.json", br#"{"schema": 2, "everything": "else"}"#);
    put("torn.json", &whole[..whole.len() / 2]);
    put("notes.txt", b"not ours");
    fs::create_dir(store.directory().join("folder.json")).unwrap();

    let loaded = store.load(noon()).unwrap();
    assert_eq!(loaded.states.len(), 1);
    let mut faults: Vec<_> = loaded.faults.iter().map(ToString::to_string).collect();
    faults.sort();
    assert_eq!(faults.len(), 5, "{faults:#?}");
    for (fault, (name, why)) in faults.iter().zip([
        ("empty.json", "EOF"),
        ("folder.json", "not a regular file"),
        ("garbage.json", "line 1 column 1"),
        ("newer.json", "a newer cutover wrote it"),
        ("torn.json", "EOF"),
    ]) {
        assert!(fault.contains(name) && fault.contains(why), "{fault}");
        assert!(
            fault.contains("remove the file") || fault.contains("newer version"),
            "{fault}"
        );
    }
    assert!(
        loaded
            .faults
            .iter()
            .all(|fault| fault.kind() == PortErrorKind::Corrupt)
    );
}

#[test]
fn a_state_that_contradicts_itself_is_refused() {
    let (store, _home) = store();
    publish(&store, "web");
    let path = store.directory().join("web-1.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(r#""count":1,"#), "{text}");
    fs::write(&path, text.replace(r#""count":1,"#, r#""count":2,"#)).unwrap();
    let loaded = store.load(noon()).unwrap();
    assert!(loaded.states.is_empty());
    assert!(
        loaded.faults[0]
            .to_string()
            .contains("says 2 values and its buckets hold 1")
    );
}

#[cfg(unix)]
#[test]
fn files_are_private_and_links_are_not_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (store, home) = store();
    publish(&store, "web");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.directory()), 0o700);
    assert_eq!(mode(&store.directory().join("web-1.json")), 0o600);

    let secret = home.path().join("secret");
    fs::write(&secret, "keep me").unwrap();
    symlink(&secret, store.directory().join("link-1.json")).unwrap();
    symlink("/dev/zero", store.directory().join("endless-1.json")).unwrap();
    let loaded = store.load(noon()).unwrap();
    assert_eq!((loaded.states.len(), loaded.faults.len()), (1, 2));
    // A process of that name replaces the link, not what it leads to.
    publish(&store, "link");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "keep me");
    assert_eq!(store.load(noon()).unwrap().states.len(), 2);
}

#[test]
fn what_nobody_touched_for_an_hour_is_removed_by_the_next_who_publishes() {
    let (store, _home) = store();
    publish(&store, "old");
    let old = ["old-1.json", "garbage.json", ".publishing-x", "notes.txt"];
    for name in old {
        let path = store.directory().join(name);
        let file = fs::File::options()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        file.set_modified((noon() - Duration::from_secs(3_601)).into())
            .unwrap();
    }
    assert_eq!(
        store.load(noon()).unwrap().faults.len(),
        0,
        "too old for a warning"
    );
    publish(&store, "new");
    let mut left: Vec<_> = fs::read_dir(store.directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["new-1.json", "notes.txt"]);
}

#[test]
fn a_home_that_cannot_be_written_is_a_clear_error() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let store = FileStateStore::open(file.join("metrics"));
    let state = sample_state(&ProcessIdentity::new("web", "1"), Duration::ZERO, 3);
    let error = store.publish(&state).unwrap_err().to_string();
    assert!(
        error.contains("cannot publish metrics") && error.contains("home it can write"),
        "{error}"
    );
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        1,
        "nothing is left behind"
    );
}
