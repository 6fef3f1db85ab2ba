//! Several processes, one of them killed, while old records are removed. The test binary plays the
//! other processes itself.

use std::path::PathBuf;

use cutover_ports::comparison::{ComparisonStore, Retention};
use cutover_sqlite::SqliteComparisonStore;
use cutover_testkit::comparison::processes::{
    self, at_once_lose_and_repeat_nothing, killed_lose_nothing_that_was_acknowledged, place,
};
use cutover_testkit::comparison::{at_minute, sample_run};
use cutover_testkit::process::{Player, part};
use pollster::block_on;

const WRITER: &str = "comparison::processes::writer";

#[test]
#[ignore = "a child process of the tests below"]
fn writer() {
    processes::append(&SqliteComparisonStore::open(place()));
}

struct Home {
    dir: tempfile::TempDir,
    store: SqliteComparisonStore,
}

impl Home {
    /// A database with the run `r`.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteComparisonStore::open(dir.path().join("cutover.db"));
        block_on(store.create_run(&sample_run("r", 0))).unwrap();
        Self { dir, store }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("cutover.db")
    }

    fn ids(&self) -> Vec<String> {
        let (found, unreadable) = processes::ids(&self.store);
        assert_eq!(unreadable, 0);
        found
    }
}

#[test]
fn processes_and_threads_appending_at_once_lose_and_repeat_nothing() {
    let home = Home::new();
    at_once_lose_and_repeat_nothing(WRITER, &home.path(), &home.store, 100);
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged_and_holds_up_nobody() {
    let home = Home::new();
    let rounds = cutover_testkit::rounds(6);
    let unreadable =
        killed_lose_nothing_that_was_acknowledged(WRITER, &home.path(), &home.store, rounds);
    assert_eq!(unreadable, 0);
}

#[test]
fn pruning_by_several_at_once_removes_no_more_than_it_must() {
    const EACH: usize = 60;
    const KEPT: u64 = 40;
    let home = Home::new();
    let retention = Retention {
        max_records: Some(KEPT),
        ..Retention::default()
    };
    let writer = |name| processes::writer(part(WRITER), home.path(), name, EACH);
    let writers = ["p", "q"].map(|name| Player::start(&mut writer(name)));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let store = SqliteComparisonStore::open(home.path());
                for _ in 0..15 {
                    block_on(store.prune(&retention, at_minute(9))).unwrap();
                }
            });
        }
    });
    for writer in writers {
        assert_eq!(writer.end().len(), EACH);
    }
    assert!(home.ids().len() as u64 >= KEPT, "{}", home.ids().len());
    block_on(home.store.prune(&retention, at_minute(9))).unwrap();
    let found = home.ids();
    assert_eq!(found.len() as u64, KEPT);
    // The newest of each writer, without a gap.
    for name in ["p", "q"] {
        let numbers: Vec<usize> = found
            .iter()
            .filter_map(|id| id.strip_prefix(&format!("{name}-"))?.parse().ok())
            .collect();
        let newest: Vec<_> = (0..EACH).rev().take(numbers.len()).collect();
        assert_eq!(numbers, newest, "{name}");
    }
}
