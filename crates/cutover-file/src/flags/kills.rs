//! Real processes, really killed at every point of a writer, while somebody reads.
//!
//! A few rounds each day; `CUTOVER_ROUNDS=1000` makes a thousand.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use cutover_domain::flags::{Change, ChangeRecord, Definition};
use cutover_ports::flags::{HistoryQuery, Retention};
use cutover_testkit::flags::{create, next_commit};
use cutover_testkit::process::part;
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::config::FileFlagConfig;
use super::crash::{self, Harm, POINTS, Plan};
use super::files::{Files, Writer};
use super::state::{self, State};
use super::{commit, page, repair, retention, settle};

const DIR: &str = "CUTOVER_TEST_DIR";
const ROUND: &str = "CUTOVER_TEST_ROUND";

/// What a process is killed at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Commit,
    CommitAfterAnEdit,
    /// Writes an edit down, as a watcher does.
    Settle,
    Compact,
    Repair,
}

const WORKS: [Work; 8] = [
    Work::Commit,
    Work::Commit,
    Work::Commit,
    Work::CommitAfterAnEdit,
    Work::CommitAfterAnEdit,
    Work::Settle,
    Work::Compact,
    Work::Repair,
];

/// One of the choices of a round; the same in every run, and in the process of the round.
fn chosen<T: Copy>(round: u32, what: &str, from: &[T]) -> T {
    let number = xxh3_64_with_seed(what.as_bytes(), u64::from(round));
    from[usize::try_from(number % from.len() as u64).unwrap()]
}

fn work_of(round: u32) -> Work {
    chosen(round, "work", &WORKS)
}

struct Disk {
    config: FileFlagConfig,
    files: Files,
}

impl Disk {
    fn at(dir: &std::path::Path) -> Self {
        Self {
            config: FileFlagConfig::new(dir),
            files: Files::new(dir),
        }
    }

    fn state(&self) -> State {
        state::read("test", &self.files).unwrap().unwrap()
    }

    fn newest(&self, limit: usize) -> Vec<ChangeRecord> {
        let newest = HistoryQuery::newest(limit);
        page::page(&self.files, &newest).unwrap().records
    }

    /// Gives every flag the number of the next revision for its owner, so that a mixture of two
    /// revisions shows; and says so when it is done.
    fn commit(&self, round: u32, number: usize) {
        let document = self.state().document;
        let mut flags = document.flags.clone();
        set_owner(flags.values_mut(), &document.revision.next().to_string());
        let changes = [Change::Replace { flags }];
        let mut next = next_commit(Some(&document), &changes, &format!("round-{round}"));
        next.record.reason = Some(number.to_string());
        commit::commit(&self.config, &next, None).unwrap();
        println!("\nack {number} {}", next.document.revision);
    }

    fn edit(&self, round: u32) {
        let text = fs::read_to_string(&self.files.document).unwrap();
        let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
        for flag in document["flags"].as_object_mut().unwrap().values_mut() {
            flag["owner"] = format!("hand-{round}").into();
        }
        // At once, so that no reader meets half of it.
        let beside = self.files.dir.join("edited");
        fs::write(&beside, document.to_string()).unwrap();
        fs::rename(beside, &self.files.document).unwrap();
    }

    fn work(&self, round: u32, number: usize) {
        match work_of(round) {
            Work::Commit | Work::CommitAfterAnEdit => self.commit(round, number),
            Work::Settle => drop(settle::read("test", &self.config, &self.files).unwrap()),
            Work::Compact => {
                let keep = Retention {
                    keep_newest: Some(30),
                    ..Retention::default()
                };
                retention::compact(&self.config, &keep).unwrap();
            }
            Work::Repair => drop(repair::repair(&self.config).unwrap()),
        }
    }

    /// What others do before the work.
    fn prepare(&self, round: u32) {
        match work_of(round) {
            Work::Commit | Work::Compact => {}
            Work::CommitAfterAnEdit | Work::Settle => self.edit(round),
            Work::Repair => {
                // Else its newest record may be nowhere but in the document that breaks.
                let mut writer = Writer::new("test", &self.config).unwrap();
                let state = writer.read().unwrap();
                drop(writer.settle(state.as_ref()).unwrap());
                fs::write(&self.files.document, "{\"schema\":").unwrap();
            }
        }
    }
}

fn set_owner<'a>(flags: impl Iterator<Item = &'a mut Definition>, owner: &str) {
    for flag in flags {
        flag.owner = Some(owner.to_owned());
    }
}

#[test]
#[ignore = "a child process of the other test"]
#[expect(
    clippy::disallowed_methods,
    reason = "its parent says by variables what it is to do"
)]
fn child() {
    let disk = Disk::at(std::env::var_os(DIR).unwrap().as_ref());
    let round = std::env::var(ROUND).unwrap().parse().unwrap();
    let whole = chosen(round, "whole commits", &[0, 1, 2]);
    for number in 0..whole {
        disk.commit(round, number);
    }
    disk.prepare(round);
    let plan = Plan {
        point: chosen(round, "point", &POINTS),
        nth: chosen(round, "nth", &[1, 1, 2]),
        harm: Harm::Kill(chosen(round, "reach", &[0, 1, 150, usize::MAX])),
    };
    crash::run(plan, || {
        disk.work(round, whole);
        // Not every work passes every point.
        for number in whole + 1..whole + 4 {
            disk.commit(round, number);
        }
    });
}

/// The process of a round, to its end.
fn live_and_die(disk: &Disk, round: u32) -> Output {
    part("flags::kills::child")
        .env(DIR, &disk.files.dir)
        .env(ROUND, round.to_string())
        .output()
        .unwrap()
}

/// The changes that a process has acknowledged: their numbers, and the revisions they made.
fn acknowledged(output: &Output) -> Vec<(String, u64)> {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let acknowledged = said.lines().filter_map(|line| line.strip_prefix("ack "));
    acknowledged
        .map(|line| {
            let (number, revision) = line.split_once(' ').unwrap();
            (number.to_owned(), revision.parse().unwrap())
        })
        .collect()
}

/// Reads until the others are done: always a whole revision, and never one before the last.
fn read_on(disk: &Disk, round: u32, is_done: &AtomicBool) {
    let mut highest = 0;
    while !is_done.load(Ordering::Relaxed) {
        let found = match state::read("test", &disk.files) {
            Ok(found) => found.unwrap().document,
            Err(error) if work_of(round) == Work::Repair => {
                assert!(error.to_string().contains("flags.json"), "{error}");
                continue;
            }
            Err(error) => panic!("round {round}: {error}"),
        };
        let revision = found.revision.number();
        assert!(
            revision >= highest,
            "round {round}: {revision} after {highest}"
        );
        highest = revision;
        let owners: BTreeSet<_> = found.flags.values().map(|flag| &flag.owner).collect();
        assert_eq!(
            owners.len(),
            1,
            "round {round}: revision {revision} is mixed"
        );
    }
}

/// What must be true after a round, which began at a revision.
fn check(disk: &Disk, round: u32, began_at: u64, acknowledged: &[(String, u64)]) {
    if work_of(round) == Work::Repair {
        // Somebody else goes on where the process died.
        repair::repair(&disk.config).unwrap();
    }
    let state = disk.state();
    let revision = state.document.revision.number();
    let last = acknowledged
        .last()
        .map_or(began_at, |(_, revision)| *revision);
    let may_follow = match work_of(round) {
        // The edit, and a commit.
        Work::CommitAfterAnEdit | Work::Settle => 2,
        Work::Commit | Work::Compact | Work::Repair => 1,
    };
    assert!(
        (last..=last + may_follow).contains(&revision),
        "round {round} acknowledged {last}, and {revision} is there"
    );
    let newest = disk.newest(12);
    let numbers: Vec<_> = newest
        .iter()
        .map(|record| record.revision.number())
        .collect();
    let expected: Vec<_> = (1..=revision).rev().take(12).collect();
    assert_eq!(numbers, expected, "round {round}");
    let actor = format!("round-{round}");
    let mut made: Vec<_> = newest
        .iter()
        .filter(|record| record.actor == actor)
        .collect();
    made.reverse();
    assert!(made.len() <= acknowledged.len() + 1, "round {round}");
    assert!(made.len() >= acknowledged.len(), "round {round}");
    for ((number, revision), record) in acknowledged.iter().zip(made) {
        assert_eq!(record.reason.as_ref(), Some(number), "round {round}");
        assert_eq!(record.revision.number(), *revision, "round {round}");
    }
}

#[test]
fn a_process_that_is_killed_anywhere_loses_nothing_that_it_acknowledged() {
    let dir = TempDir::new().unwrap();
    let disk = Disk::at(dir.path());
    let flags: Vec<_> = (0..12)
        .map(|number| create(&format!("flag-{number}")))
        .collect();
    let first = next_commit(None, &flags, "setup");
    commit::commit(&disk.config, &first, None).unwrap();
    let rounds = cutover_testkit::rounds(30);
    let mut killed = 0;
    let mut all = Vec::new();
    for round in 0..rounds {
        let began_at = disk.state().document.revision.number();
        let is_done = AtomicBool::new(false);
        let output = std::thread::scope(|scope| {
            let reader = scope.spawn(|| read_on(&disk, round, &is_done));
            let output = live_and_die(&disk, round);
            is_done.store(true, Ordering::Relaxed);
            reader.join().unwrap();
            output
        });
        match output.status.signal() {
            Some(9) => killed += 1,
            _ => assert!(output.status.success(), "round {round}: {output:?}"),
        }
        let acknowledged = acknowledged(&output);
        check(&disk, round, began_at, &acknowledged);
        all.extend(acknowledged);
    }
    println!(
        "{killed} of {rounds} processes were killed, {} changes acknowledged",
        all.len()
    );
    assert!(
        killed >= rounds / 3,
        "only {killed} of {rounds} were killed"
    );

    // At the end as after each round: no gap from the first record that retention left, and every
    // change where it was acknowledged to be.
    let history = disk.newest(usize::MAX);
    let oldest = history.last().unwrap().revision.number();
    let newest = disk.state().document.revision.number();
    let numbers: Vec<_> = history
        .iter()
        .map(|record| record.revision.number())
        .collect();
    assert_eq!(numbers, (oldest..=newest).rev().collect::<Vec<_>>());
    for (number, revision) in all.iter().filter(|(_, revision)| *revision >= oldest) {
        let found = &history[usize::try_from(newest - revision).unwrap()];
        assert_eq!(found.reason.as_ref(), Some(number), "revision {revision}");
    }
}
