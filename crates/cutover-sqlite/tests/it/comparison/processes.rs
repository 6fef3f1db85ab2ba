//! Several processes, one of them killed, while old records are removed. The test binary plays the
//! other processes itself.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cutover_domain::comparison::Run;
use cutover_ports::comparison::{ComparisonStore, RecordQuery, Retention};
use cutover_sqlite::SqliteComparisonStore;
use cutover_testkit::comparison::{at_minute, sample_record, sample_run};
use pollster::block_on;

const CHILD_PATH: &str = "CUTOVER_TEST_CHILD_PATH";
const CHILD_NAME: &str = "CUTOVER_TEST_CHILD_NAME";
const CHILD_COUNT: &str = "CUTOVER_TEST_CHILD_COUNT";

/// Not a test of its own: appends records and says each id once it is acknowledged.
#[test]
#[ignore = "a child process of the tests below"]
fn child() {
    let setting = |name| std::env::var_os(name).map(|value| value.into_string().unwrap());
    let Some(path) = setting(CHILD_PATH) else {
        return;
    };
    let name = setting(CHILD_NAME).unwrap();
    let count: usize = setting(CHILD_COUNT).unwrap().parse().unwrap();
    let store = SqliteComparisonStore::open(path);
    let run = sample_run("r", 0);
    let mut out = std::io::stdout();
    for number in 0..count {
        let id = format!("{name}-{number:06}");
        let mut record = sample_record(&run, &id, 1);
        record.case = Some("x".repeat(number * 97 % 20_000));
        block_on(store.append(&[record])).unwrap();
        writeln!(out, "saved {id}").unwrap();
    }
}

fn start_child(path: &Path, name: &str, count: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "comparison::processes::child",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD_PATH, path)
        .env(CHILD_NAME, name)
        .env(CHILD_COUNT, count.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The acknowledged ids of a child, up to so many lines.
fn acknowledged(child: &mut Child, most: usize) -> Vec<String> {
    BufReader::new(child.stdout.as_mut().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| Some(line.split_once("saved ")?.1.to_owned()))
        .take(most)
        .collect()
}

struct Home {
    dir: tempfile::TempDir,
    store: SqliteComparisonStore,
    run: Run,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteComparisonStore::open(dir.path().join("cutover.db"));
        let run = sample_run("r", 0);
        block_on(store.create_run(&run)).unwrap();
        Self { dir, store, run }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("cutover.db")
    }

    fn append(&self, id: &str) {
        block_on(self.store.append(&[sample_record(&self.run, id, 1)])).unwrap();
    }

    fn ids(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut query = RecordQuery::default().limit(500);
        loop {
            let page = block_on(self.store.records(&query)).unwrap();
            assert_eq!(page.unreadable, []);
            found.extend(page.items.iter().map(|record| record.id.to_string()));
            match page.next {
                None => return found,
                next => query.after = next,
            }
        }
    }
}

#[test]
fn processes_and_threads_appending_at_once_lose_and_repeat_nothing() {
    const EACH: usize = 100;
    let home = Home::new();
    let mut children: Vec<Child> = ["p", "q"]
        .map(|name| start_child(&home.path(), name, EACH))
        .into();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let home = &home;
            scope.spawn(move || {
                for number in 0..EACH {
                    home.append(&format!("t{thread}-{number:06}"));
                }
            });
        }
    });
    for child in &mut children {
        assert_eq!(acknowledged(child, usize::MAX).len(), EACH);
        assert!(child.wait().unwrap().success());
    }
    let found = home.ids();
    assert_eq!(found.len(), 6 * EACH);
    assert_eq!(found.iter().collect::<HashSet<_>>().len(), 6 * EACH);
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged_and_holds_up_nobody() {
    let home = Home::new();
    let mut promised = Vec::new();
    for round in 0..6 {
        let mut child = start_child(&home.path(), &format!("k{round}"), 100_000);
        promised.extend(acknowledged(&mut child, 5 + round * 7));
        child.kill().unwrap();
        // What it had said before the kill reached it counts as well.
        promised.extend(acknowledged(&mut child, usize::MAX));
        child.wait().unwrap();
        home.append(&format!("after-{round}"));
        promised.push(format!("after-{round}"));
    }
    let found = home.ids();
    let distinct: HashSet<_> = found.iter().collect();
    assert_eq!(distinct.len(), found.len(), "nothing is there twice");
    let lost: Vec<_> = promised
        .iter()
        .filter(|id| !distinct.contains(id))
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
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
    let mut children: Vec<Child> = ["p", "q"]
        .map(|name| start_child(&home.path(), name, EACH))
        .into();
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
    for child in &mut children {
        assert_eq!(acknowledged(child, usize::MAX).len(), EACH);
        assert!(child.wait().unwrap().success());
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
