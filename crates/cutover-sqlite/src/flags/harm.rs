//! Doing the harm: death at every point, a torn log, a flipped byte, a full disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use cutover_domain::flags::{Change, FlagDocument};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{Commit, FlagStore, HistoryPage, HistoryQuery, Retention};
use cutover_testkit::block_on;
use cutover_testkit::flags::{commit_changes, create, next_commit};
use cutover_testkit::process::part;
use rusqlite::Connection;
use tempfile::TempDir;

use super::state::Place;
use super::{SqliteFlagStore, commit};
use crate::crash::{OF_A_COMMIT, OF_A_COMPACTION, die_at};
use crate::create::beside;
use crate::database::{Database, Desk};

const PATH: &str = "CUTOVER_TEST_PATH";
const COMPACT: &str = "CUTOVER_TEST_COMPACT";

/// A database in a directory of its own.
struct Disk {
    dir: TempDir,
    store: SqliteFlagStore,
}

impl Disk {
    fn with_commits(count: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteFlagStore::open(dir.path().join("flags.db"));
        for number in 1..=count {
            block_on(commit_changes(
                &store,
                &[create(&format!("flag-{number}"))],
                "alice",
            ));
        }
        Self { dir, store }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("flags.db")
    }

    fn content(&self) -> (Option<FlagDocument>, HistoryPage) {
        content(&self.store).unwrap()
    }

    /// Writes everything from the log into the database.
    fn checkpoint(&self) {
        let connection = Connection::open(self.path()).unwrap();
        let is_busy: i64 = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .unwrap();
        assert_eq!(is_busy, 0);
    }
}

/// What can be read of a store: its flags, and its history.
fn content(
    store: &SqliteFlagStore,
) -> Result<(Option<FlagDocument>, HistoryPage), cutover_ports::PortError> {
    let document = block_on(store.load())?;
    let all = HistoryQuery::newest(usize::MAX);
    Ok((document, block_on(store.history(&all))?))
}

fn revisions(history: &HistoryPage) -> Vec<u64> {
    let numbers = history
        .records
        .iter()
        .map(|record| record.revision.number());
    numbers.collect()
}

/// A process with a store of its own at a path.
fn child_at(path: &Path) -> Command {
    let mut child = part("flags::harm::child");
    child.env(PATH, path);
    child
}

#[test]
#[ignore = "a child process of the other tests"]
fn child() {
    let store = SqliteFlagStore::open(std::env::var_os(PATH).unwrap());
    if std::env::var_os(COMPACT).is_some() {
        block_on(store.compact(&Retention::newest(2))).unwrap();
    } else {
        block_on(commit_changes(
            &store,
            &[create("new"), create("newer")],
            "bob",
        ));
    }
}

#[test]
fn death_at_any_point_of_a_commit_leaves_the_state_before_or_after() {
    for before in [0, 2] {
        for point in OF_A_COMMIT {
            let disk = Disk::with_commits(before);
            // A reader that is there all the time.
            let (document, history) = disk.content();
            die_at(point, &mut child_at(&disk.path()));
            let is_made = ["committed", "acknowledged"].contains(&point);
            let elsewhere = SqliteFlagStore::open(disk.path());
            for store in [&disk.store, &elsewhere] {
                let found = content(store).unwrap();
                if is_made {
                    assert_eq!(found.1.records.len(), before + 1, "{point}");
                    assert_eq!(found.1.records[1..], history.records, "{point}");
                    let flags = found.0.unwrap().flags.len();
                    assert_eq!(flags, before + 2, "{point}");
                } else {
                    assert_eq!(found, (document.clone(), history.clone()), "{point}");
                }
            }
            block_on(commit_changes(&elsewhere, &[create("later")], "alice"));
            let found = block_on(elsewhere.inspect()).unwrap().unwrap();
            assert_eq!((found.problems.len(), found.gaps.len()), (0, 0), "{point}");
            assert_eq!(found.not_indexed, 0, "{point}");
        }
    }
}

#[test]
fn death_at_any_point_of_a_compaction_leaves_a_history_without_gaps() {
    for point in OF_A_COMPACTION {
        let disk = Disk::with_commits(7);
        let document = disk.content().0;
        die_at(point, child_at(&disk.path()).env(COMPACT, "yes"));
        let (found, history) = disk.content();
        assert_eq!(found, document, "{point}");
        let left = revisions(&history);
        let oldest = *left.last().unwrap();
        assert_eq!(left, (oldest..=7).rev().collect::<Vec<_>>(), "{point}");
        // Again, to its end.
        block_on(disk.store.compact(&Retention::newest(2))).unwrap();
        assert_eq!(revisions(&disk.content().1), [7, 6], "{point}");
        let connection = Connection::open(disk.path()).unwrap();
        let indexed: i64 = connection
            .query_row("SELECT count(*) FROM flag_history_keys", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(indexed, 2, "{point}: the index has what the history has");
    }
}

/// A loss of power may cut the log anywhere behind the last sync. Whatever is left of it, the flags
/// are those of a revision, and the history goes up to it.
#[test]
fn a_log_that_is_cut_anywhere_gives_a_whole_revision() {
    const COMMITS: u64 = 6;
    const FRAME: usize = 4096 + 24;
    // The database is open, so its log is not emptied.
    let disk = Disk::with_commits(usize::try_from(COMMITS).unwrap());
    let database = fs::read(disk.path()).unwrap();
    let log = fs::read(beside(&disk.path(), "-wal")).unwrap();
    let frames = (32..log.len()).step_by(FRAME);
    let mut cuts: Vec<usize> = frames
        .flat_map(|frame| [frame, frame + 1, frame + FRAME / 2, frame + FRAME - 1])
        .chain([0, 1, 31, log.len()])
        .filter(|cut| *cut <= log.len())
        .collect();
    cuts.sort_unstable();
    let mut reached = 0;
    for cut in cuts {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("flags.db");
        fs::write(&path, &database).unwrap();
        fs::write(beside(&path, "-wal"), &log[..cut]).unwrap();
        let (document, history) = content(&SqliteFlagStore::open(&path)).unwrap();
        let revision = document.map_or(0, |document| {
            assert_eq!(document.flags.len() as u64, document.revision.number());
            document.revision.number()
        });
        assert_eq!(
            revisions(&history),
            (1..=revision).rev().collect::<Vec<_>>()
        );
        assert!(
            revision >= reached,
            "{revision} of a longer log than {reached}"
        );
        reached = revision;
    }
    assert_eq!(reached, COMMITS);
}

/// The disk may give back other bytes than were written. Flags and records are as they were
/// written, left out and counted, or an error; of records that can no longer be found the inspection
/// tells.
#[test]
fn a_flipped_byte_is_never_read_as_other_flags_and_loses_no_record_in_silence() {
    let disk = Disk::with_commits(4);
    disk.checkpoint();
    let whole = disk.content();
    let bytes = fs::read(disk.path()).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let (mut refused, mut missing) = (0, 0);
    let header = 0..100;
    for position in header.chain((100..bytes.len()).step_by(97)) {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x10;
        let path = copy.path().join(format!("{position}-flags.db"));
        fs::write(&path, &damaged).unwrap();
        let store = SqliteFlagStore::open(&path);
        match content(&store) {
            Ok((document, history)) => {
                assert_eq!(document, whole.0, "byte {position}");
                let made = &whole.1.records;
                let found = &history.records;
                assert!(
                    found.iter().all(|record| made.contains(record)),
                    "byte {position}"
                );
                if found != made {
                    missing += 1;
                    let inspection = block_on(store.inspect()).unwrap().unwrap();
                    assert_eq!(history.damaged, inspection.damaged_records);
                    let is_told = history.damaged > 0 || !inspection.problems.is_empty();
                    assert!(is_told, "byte {position}");
                }
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("flags.db"), "{error}");
            }
        }
    }
    assert!(
        refused > 20,
        "{refused} refused, {missing} with records missing"
    );
}

/// A connection that may use so many pages meets the same error as one on a full disk.
#[test]
fn a_full_disk_changes_nothing_and_says_so() {
    let disk = Disk::with_commits(2);
    let before = disk.content();
    let database = Arc::new(Database::new(&disk.path(), Duration::from_secs(10)));
    let place = Place {
        database: Arc::clone(&database),
        environment: "default".into(),
    };
    let mut desk = Desk::new(database);
    let large = "x".repeat(100_000);
    let mut commit = next_commit(before.0.as_ref(), &[create("large")], "alice");
    commit.record.reason = Some(large);
    let mut refused = 0;
    for spare in 0.. {
        desk.refresh("test").unwrap();
        let connection = desk.connection().unwrap();
        let pages: i64 = connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .unwrap();
        let limit = pages + spare;
        connection
            .pragma_update_and_check(None, "max_page_count", limit, |_| Ok(()))
            .unwrap();
        match commit::commit(&mut desk, &place, &commit) {
            Ok(()) => break,
            Err(error) => {
                refused += 1;
                assert_eq!(error.kind(), PortErrorKind::Full, "{error}");
                assert!(error.to_string().contains("free space"), "{error}");
                assert_eq!(disk.content(), before, "{spare} pages left");
            }
        }
    }
    assert!(refused > 20, "it was refused at {refused} sizes only");
    let newest: Commit = commit;
    assert_eq!(disk.content().0, Some(newest.document));
}

#[test]
fn whatever_the_order_of_changes_the_history_repairs_the_flags() {
    let key = |number: u64| format!("flag-{number}").parse().unwrap();
    for compacted in [None, Some(1), Some(3)] {
        let disk = Disk::with_commits(4);
        let changes = [
            Change::Kill { key: key(1) },
            Change::Restore { key: key(2) },
            Change::Kill { key: key(3) },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            block_on(commit_changes(&disk.store, &[change], "alice"));
            if let Some(keep) = compacted.filter(|_| number == 1) {
                block_on(disk.store.compact(&Retention::newest(keep))).unwrap();
            }
        }
        let before = disk.content();
        let connection = Connection::open(disk.path()).unwrap();
        for harm in [
            "UPDATE flag_documents SET document = replace(document, 'enabled', 'killed')",
            "UPDATE flag_documents SET revision = 99",
            "UPDATE flag_documents SET document = CAST(x'ff' AS TEXT)",
            "DELETE FROM flag_documents",
        ] {
            connection.execute(harm, []).unwrap();
            assert!(block_on(disk.store.load()).is_err(), "{harm}");
            let inspection = block_on(disk.store.inspect()).unwrap().unwrap();
            assert_eq!(inspection.repairable.unwrap().number(), 7, "{harm}");
            let repair = block_on(disk.store.repair()).unwrap().unwrap();
            assert_eq!(repair.revision.number(), 7, "{harm}");
            assert_eq!(disk.content(), before, "{harm}");
            assert_eq!(block_on(disk.store.repair()).unwrap(), None, "{harm}");
        }
        let kept: i64 = connection
            .query_row("SELECT count(*) FROM flag_broken", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 3, "what was replaced is kept");
    }
}
