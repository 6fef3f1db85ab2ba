//! Many processes at once, and processes that are killed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cutover_domain::flags::{Change, FlagKey, Revision};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagEvent, FlagStore, HistoryQuery};
use cutover_sqlite::{SqliteFlagConfig, SqliteFlagStore};
use cutover_testkit::block_on;
use cutover_testkit::flags::{create, next_commit, next_event};
use cutover_testkit::wait::LONG;

use super::place::Place;

const PATH: &str = "CUTOVER_TEST_PATH";
const NAME: &str = "CUTOVER_TEST_NAME";
const COUNT: &str = "CUTOVER_TEST_COUNT";

/// This test binary again, playing one of the roles below in a process of its own.
struct Role {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Role {
    fn play(role: &str, place: &Place, name: &str, count: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(format!("flags::processes::{role}"))
            .args(["--exact", "--ignored", "--nocapture"])
            .env(PATH, place.path())
            .env(NAME, name)
            .env(COUNT, count.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// The number in the next line that it says; `None` at the end of its output.
    fn next(&mut self) -> Option<u64> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // A killed process may leave half a line.
            if let Some(number) = line
                .strip_suffix('\n')
                .and_then(|line| line.strip_prefix("says "))
            {
                return number.parse().ok();
            }
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// All that it still says, once it has ended well.
    fn end(mut self) -> Vec<u64> {
        let said = std::iter::from_fn(|| self.next()).collect();
        assert!(self.child.wait().unwrap().success());
        said
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // It has ended already, unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(number: u64) {
    println!("\nsays {number}");
}

/// Patient, because a busy disk may keep each of many writers waiting for long.
fn open() -> SqliteFlagStore {
    SqliteFlagStore::with_config(SqliteFlagConfig {
        lock_timeout: LONG * 4,
        ..SqliteFlagConfig::new(variable(PATH))
    })
}

fn variable(name: &str) -> String {
    std::env::var_os(name).unwrap().into_string().unwrap()
}

/// Commits so many changes, and says the number of each that is acknowledged.
#[test]
#[ignore = "a child process of the other tests"]
fn writer() {
    let store = open();
    let name = variable(NAME);
    let key: FlagKey = "flag-1".parse().unwrap();
    for number in 0..variable(COUNT).parse::<u64>().unwrap() {
        loop {
            let current = block_on(store.load()).unwrap();
            let change = match number % 2 {
                0 => Change::Kill { key: key.clone() },
                _ => Change::Restore { key: key.clone() },
            };
            let mut commit = next_commit(current.as_ref(), &[change], &name);
            commit.record.reason = Some(number.to_string());
            match block_on(store.commit(commit)) {
                Ok(()) => break,
                Err(error) if matches!(error.kind(), PortErrorKind::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        say(number);
    }
}

/// Reads whenever something changes, until the flag `done` is there: revisions never fall, and the
/// history is never behind.
#[test]
#[ignore = "a child process of the other tests"]
fn reader() {
    let store = open();
    let mut events = block_on(store.watch(Revision::ZERO)).unwrap();
    let mut highest = 0;
    loop {
        let document = block_on(store.load()).unwrap().unwrap();
        let revision = document.revision.number();
        assert!(revision >= highest, "{revision} after {highest}");
        highest = revision;
        let page = block_on(store.history(&HistoryQuery::newest(3))).unwrap();
        let newest = page.records[0].revision;
        assert!(newest >= document.revision, "the history is behind");
        let numbers = page.records.iter().map(|record| record.revision.number());
        let expected = (1..=newest.number()).rev().take(3);
        assert!(numbers.eq(expected), "a gap below {newest}");
        if document.flags.contains_key("done") {
            return say(revision);
        }
        block_on(next_event(&mut events));
    }
}

/// Watches until the flag `done` is there, and says every revision that it sees.
#[test]
#[ignore = "a child process of the other tests"]
fn watcher() {
    let store = open();
    let mut events = block_on(store.watch(Revision::ZERO)).unwrap();
    loop {
        let record = match block_on(next_event(&mut events)) {
            FlagEvent::Changed(record) => record,
            other => panic!("a change was expected, not {other:?}"),
        };
        say(record.revision.number());
        if record
            .changes
            .iter()
            .any(|change| change.key == "done".parse().unwrap())
        {
            return;
        }
    }
}

/// The changes of each process in the history, oldest first. Panics on a gap or a double.
fn changes_by_process(place: &Place) -> BTreeMap<String, Vec<u64>> {
    let newest = place.load().revision.number();
    assert_eq!(place.revisions(), (1..=newest).rev().collect::<Vec<_>>());
    let mut changes = BTreeMap::<_, Vec<_>>::new();
    let oldest_first = place.history().into_iter().rev();
    for record in oldest_first.filter(|record| record.actor != "alice") {
        let number = record.reason.unwrap().parse().unwrap();
        changes.entry(record.actor).or_default().push(number);
    }
    changes
}

#[test]
fn eight_writers_eight_readers_and_two_watchers_lose_nothing() {
    const EACH: u64 = 15;
    let place = Place::with_commits(1);
    let many = |role: &str, count: usize| -> Vec<Role> {
        let name = |number| format!("{role}-{number}");
        let count = 0..count;
        count
            .map(|number| Role::play(role, &place, &name(number), EACH as usize))
            .collect()
    };
    let readers = many("reader", 8);
    let watchers = many("watcher", 2);
    for writer in many("writer", 8) {
        assert_eq!(writer.end(), (0..EACH).collect::<Vec<_>>());
    }
    let last = place.commit(&[create("done")]).record.revision.number();
    assert_eq!(last, 8 * EACH + 2);
    for reader in readers {
        assert_eq!(reader.end(), [last]);
    }
    for watcher in watchers {
        assert_eq!(
            watcher.end(),
            (1..=last).collect::<Vec<_>>(),
            "each change once and in order"
        );
    }
    let changes = changes_by_process(&place);
    assert_eq!(changes.len(), 8);
    for (name, made) in changes {
        assert_eq!(made, (0..EACH).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_killed_process_takes_no_acknowledged_change_with_it() {
    let place = Place::with_commits(1);
    let mut acknowledged = BTreeMap::new();
    let rounds = cutover_testkit::rounds(24);
    for round in 0..rounds {
        let name = format!("p{round}");
        let mut writer = Role::play("writer", &place, &name, usize::MAX >> 1);
        let mut last = writer.next().unwrap();
        for _ in 0..round % 4 {
            last = writer.next().unwrap();
        }
        // Somewhere in the commit that has begun: another place in each round.
        let moment = Duration::from_micros(250) * (round % 120);
        let start = Instant::now();
        while start.elapsed() < moment {
            std::hint::spin_loop();
        }
        writer.kill();
        while let Some(number) = writer.next() {
            last = number;
        }
        acknowledged.insert(name, last);
        // The whole history each time would take the square of the rounds.
        if rounds > 100 && round % 50 != 0 && round + 1 != rounds {
            continue;
        }
        let changes = changes_by_process(&place);
        for (name, last) in &acknowledged {
            let made = &changes[name];
            let all: Vec<_> = (0..made.len() as u64).collect();
            assert_eq!(*made, all, "{name}");
            // The one that was cut off may have been made as well.
            let more = made.len() as u64 - (last + 1);
            assert!(more <= 1, "{name} acknowledged {last}, and made {made:?}");
        }
    }
    let inspection = block_on(place.store.inspect()).unwrap().unwrap();
    assert_eq!((inspection.gaps.len(), inspection.problems.len()), (0, 0));
    // It holds no lock either.
    place.commit(&[]);
}

#[test]
fn processes_that_make_a_database_at_once_make_one() {
    for _ in 0..5 {
        let place = Place::empty();
        let writers: Vec<_> = (0..4)
            .map(|number| Role::play("creator", &place, &format!("flag-{number}"), 1))
            .collect();
        let revisions: BTreeSet<_> = writers
            .into_iter()
            .flat_map(|writer| writer.end())
            .collect();
        assert_eq!(
            revisions,
            BTreeSet::from([1, 2, 3, 4]),
            "each has one of its own"
        );
        assert_eq!(place.load().flags.len(), 4);
        assert_eq!(place.revisions(), [4, 3, 2, 1]);
        let left = place
            .files()
            .into_iter()
            .filter(|name| name.contains(".new"));
        assert_eq!(left.count(), 0);
    }
}

/// Makes a flag of its name in a database that may not be there yet, and says its revision.
#[test]
#[ignore = "a child process of the other tests"]
fn creator() {
    let store = open();
    let changes = [create(&variable(NAME))];
    let commit = block_on(cutover_testkit::flags::commit_changes(
        &store, &changes, "bob",
    ));
    say(commit.record.revision.number());
}
