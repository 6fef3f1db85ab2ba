//! How the database is kept: modes, locks, names, environments, space.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use cutover_ports::PortErrorKind;
use cutover_ports::clock::FixedClock;
use cutover_ports::flags::{FlagStore, HistoryQuery, Retention};
use cutover_sqlite::{SqliteFlagConfig, SqliteFlagStore};
use cutover_testkit::block_on;
use cutover_testkit::flags::{at_minute, commit_changes, create, next_commit};

use super::place::Place;

#[test]
fn looking_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteFlagStore::open(dir.path().join("not/yet.db"));
    assert_eq!(block_on(store.load()).unwrap(), None);
    assert_eq!(block_on(store.inspect()).unwrap(), None);
    assert_eq!(block_on(store.repair()).unwrap(), None);
    block_on(store.compact(&Retention::newest(1))).unwrap();
    let first = next_commit(None, &[create("a")], "alice");
    let ahead = next_commit(Some(&first.document), &[create("b")], "alice");
    assert!(block_on(store.commit(ahead)).is_err());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_left_lying_around() {
    let place = Place::with_commits(3);
    assert_eq!(place.files(), ["flags.db", "flags.db-shm", "flags.db-wal"]);
}

#[test]
fn a_store_that_is_closed_is_one_file() {
    let place = Place::with_commits(3);
    let path = place.path();
    let document = place.load();
    let Place { dir, store } = place;
    drop(store);
    let names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["flags.db"]);
    let again = SqliteFlagStore::open(&path);
    assert_eq!(block_on(again.load()).unwrap(), Some(document));
}

#[cfg(unix)]
#[test]
fn new_files_are_private_and_a_changed_mode_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("a/b");
    let path = home.join("flags.db");
    let store = SqliteFlagStore::open(&path);
    block_on(commit_changes(&store, &[create("a")], "alice"));
    assert_eq!(mode(&dir.path().join("a")), 0o700);
    assert_eq!(mode(&home), 0o700);
    for name in ["flags.db", "flags.db-wal", "flags.db-shm"] {
        assert_eq!(mode(&home.join(name)), 0o600, "{name}");
    }
    // For a group, from the next time that nobody has it open.
    let shared = dir.path().join("shared.db");
    fs::copy(&path, &shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o660)).unwrap();
    let store = SqliteFlagStore::open(&shared);
    block_on(commit_changes(&store, &[create("b")], "alice"));
    for name in ["shared.db", "shared.db-wal", "shared.db-shm"] {
        assert_eq!(mode(&dir.path().join(name)), 0o660, "{name}");
    }
}

#[test]
fn a_held_lock_is_waited_for_and_then_named_and_hinders_no_reader() {
    let place = Place::with_commits(1);
    let store = SqliteFlagStore::with_config(SqliteFlagConfig {
        lock_timeout: Duration::from_millis(30),
        ..SqliteFlagConfig::new(place.path())
    });
    let commit = next_commit(Some(&place.load()), &[create("b")], "alice");
    let shell = place.shell();
    for begin in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        shell.execute_batch(begin).unwrap();
        let error = block_on(store.commit(commit.clone())).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Timeout);
        let text = error.to_string();
        assert!(text.contains("flags.db"), "{text}");
        assert!(
            text.contains("another writer has held the lock for 30ms"),
            "{text}"
        );
        assert!(text.contains("nothing was changed"), "{text}");
        assert_eq!(
            block_on(store.load()).unwrap().unwrap().revision.number(),
            1
        );
        shell.execute_batch("ROLLBACK").unwrap();
    }
    block_on(store.commit(commit)).unwrap();
}

#[test]
fn readers_do_not_wait_behind_a_writer_that_waits() {
    let place = Place::with_commits(1);
    let shell = place.shell();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    let store = Arc::new(place.elsewhere());
    let waiting = {
        let store = Arc::clone(&store);
        let commit = next_commit(Some(&place.load()), &[create("b")], "alice");
        std::thread::spawn(move || block_on(store.commit(commit)))
    };
    // Far sooner than the writer, which waits for seconds.
    for _ in 0..100 {
        assert!(block_on(store.load()).unwrap().is_some());
        let newest = HistoryQuery::newest(1);
        assert_eq!(block_on(store.history(&newest)).unwrap().records.len(), 1);
    }
    assert!(!waiting.is_finished());
    shell.execute_batch("ROLLBACK").unwrap();
    waiting.join().unwrap().unwrap();
}

#[test]
fn environments_of_one_database_know_nothing_of_each_other() {
    let place = Place::with_commits(3);
    let names = [
        "staging",
        "Prod",
        "prod",
        "",
        "'; DROP TABLE flag_history; --",
        "a\0b",
        "ä 日本",
    ];
    for (number, name) in names.iter().enumerate() {
        let store = place.environment(name);
        assert_eq!(block_on(store.load()).unwrap(), None, "{name:?}");
        for made in 0..=number {
            let changes = [create(&format!("own-{made}"))];
            block_on(commit_changes(&store, &changes, "alice"));
        }
    }
    for (number, name) in names.iter().enumerate() {
        let store = place.environment(name);
        let document = block_on(store.load()).unwrap().unwrap();
        assert_eq!(document.revision.number(), number as u64 + 1, "{name:?}");
        let key = "own-0".parse().unwrap();
        let query = HistoryQuery::newest(10).of(key);
        assert_eq!(block_on(store.history(&query)).unwrap().records.len(), 1);
    }
    block_on(place.environment("ä 日本").compact(&Retention::newest(1))).unwrap();
    assert_eq!(place.revisions(), [3, 2, 1]);
    let found = block_on(place.store.inspect()).unwrap().unwrap();
    assert_eq!(found.environments.len(), names.len() + 1);
    assert_eq!((found.records, found.not_indexed), (3, 0));
}

#[test]
fn names_that_sqlite_takes_for_something_else_are_names_of_files() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "file:flags.db?mode=memory",
        ":memory:",
        "a b'\".db",
        "ä 日本.db",
        "%00.db",
    ] {
        let path = dir.path().join(name);
        block_on(commit_changes(
            &SqliteFlagStore::open(&path),
            &[create("a")],
            "alice",
        ));
        assert!(path.is_file(), "{name}");
        assert!(
            block_on(SqliteFlagStore::open(&path).load())
                .unwrap()
                .is_some()
        );
    }
    let error = block_on(SqliteFlagStore::open("a\0b").load()).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::InvalidInput, "{error}");
    // A relative name is one, too: nothing of it is found, and nothing made.
    assert_eq!(
        block_on(SqliteFlagStore::open(":memory:").load()).unwrap(),
        None
    );
}

#[cfg(unix)]
#[test]
fn a_database_behind_a_link_is_used_where_it_is() {
    let place = Place::with_commits(1);
    let other = tempfile::tempdir().unwrap();
    let link = other.path().join("link.db");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    block_on(commit_changes(
        &SqliteFlagStore::open(&link),
        &[create("b")],
        "alice",
    ));
    assert_eq!(place.revisions(), [2, 1]);
    assert_eq!(
        fs::read_dir(other.path()).unwrap().count(),
        1,
        "the log is beside the database"
    );
}

#[test]
fn compaction_makes_the_file_smaller() {
    let place = Place::with_commits(1);
    for number in 0..40 {
        let mut commit = next_commit(Some(&place.load()), &[], "alice");
        commit.record.reason = Some("x".repeat(20_000 + number));
        block_on(place.store.commit(commit)).unwrap();
    }
    place.checkpoint();
    let before = fs::metadata(place.path()).unwrap().len();
    let done = block_on(place.store.compact(&Retention::newest(2))).unwrap();
    assert_eq!(done.removed, 39);
    place.checkpoint();
    let after = fs::metadata(place.path()).unwrap().len();
    assert!(after < before / 4, "from {before} to {after} bytes");
    let found = block_on(place.store.inspect()).unwrap().unwrap();
    assert_eq!(found.problems, [""; 0]);
}

#[test]
fn compaction_keeps_what_passes_every_limit() {
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
        let retention = Retention {
            keep_newest: count,
            keep_for: minutes.map(|minutes| Duration::from_secs(minutes * 60)),
        };
        // Revision N was made at minute N.
        let store = SqliteFlagStore::with_config(SqliteFlagConfig {
            clock: Arc::new(FixedClock::at(at_minute(10))),
            ..SqliteFlagConfig::new(place.path())
        });
        let done = block_on(store.compact(&retention)).unwrap();
        assert_eq!(done.oldest.unwrap().number(), oldest, "{retention:?}");
        assert_eq!(place.revisions(), (oldest..=10).rev().collect::<Vec<_>>());
    }
}

#[test]
fn a_history_of_one_flag_is_found_without_reading_the_others() {
    let place = Place::with_commits(3);
    let plan = |query: &str| {
        let shell = place.shell();
        let mut statement = shell
            .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
            .unwrap();
        let steps = statement
            .query_map([], |row| row.get::<_, String>(3))
            .unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    };
    let by_flag = plan(
        "SELECT history.revision, history.record, history.checksum
         FROM flag_history_keys AS keys
         JOIN flag_history AS history USING (environment, revision)
         WHERE keys.environment = 'default' AND keys.revision > 0 AND keys.revision < 9
             AND keys.key = 'flag-1'
         ORDER BY keys.revision DESC LIMIT 3",
    );
    assert!(
        by_flag.contains("SEARCH keys USING PRIMARY KEY"),
        "{by_flag}"
    );
    assert!(by_flag.contains("SEARCH history USING INDEX"), "{by_flag}");
    assert!(
        !by_flag.contains("SCAN") && !by_flag.contains("TEMP"),
        "{by_flag}"
    );
}
