//! Many processes at once, and processes that are killed.

use std::collections::BTreeSet;

use cutover_domain::flags::Revision;
use cutover_ports::flags::{FlagEvent, FlagStore, HistoryQuery};
use cutover_sqlite::{SqliteFlagConfig, SqliteFlagStore};
use cutover_testkit::block_on;
use cutover_testkit::flags::processes::{
    self, changes_by_actor, killed_take_nothing_acknowledged_with_them,
};
use cutover_testkit::flags::{commit_changes, create, next_event};
use cutover_testkit::process::{Player, part, say, told};
use cutover_testkit::wait::LONG;

use super::place::Place;

const PATH: &str = "CUTOVER_TEST_PATH";
const NAME: &str = "CUTOVER_TEST_NAME";
const COUNT: &str = "CUTOVER_TEST_COUNT";

/// One of the roles below in a process of its own.
fn play(role: &str, place: &Place, name: &str, count: u64) -> Player {
    let mut part = part(&format!("flags::processes::{role}"));
    part.env(PATH, place.path())
        .env(NAME, name)
        .env(COUNT, count.to_string());
    Player::start(&mut part)
}

/// All numbers that a role still says, once it has ended well.
fn numbers(player: Player) -> Vec<u64> {
    let said = player.end();
    said.iter().map(|number| number.parse().unwrap()).collect()
}

/// Patient, because a busy disk may keep each of many writers waiting for long.
fn open() -> SqliteFlagStore {
    SqliteFlagStore::with_config(SqliteFlagConfig {
        lock_timeout: LONG * 4,
        ..SqliteFlagConfig::new(told(PATH))
    })
}

#[test]
#[ignore = "a child process of the tests below"]
fn writer() {
    processes::commit(&open(), &told(NAME), told(COUNT).parse().unwrap());
}

/// Reads whenever something changes, until the flag `done` is there: revisions never fall, and the
/// history is never behind.
#[test]
#[ignore = "a child process of the tests below"]
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
#[ignore = "a child process of the tests below"]
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

#[test]
fn eight_writers_eight_readers_and_two_watchers_lose_nothing() {
    const EACH: u64 = 15;
    let place = Place::with_commits(1);
    let many = |role: &str, count: usize| -> Vec<Player> {
        let player = |number| play(role, &place, &format!("{role}-{number}"), EACH);
        (0..count).map(player).collect()
    };
    let readers = many("reader", 8);
    let watchers = many("watcher", 2);
    for writer in many("writer", 8) {
        assert_eq!(numbers(writer), (0..EACH).collect::<Vec<_>>());
    }
    let last = place.commit(&[create("done")]).record.revision.number();
    assert_eq!(last, 8 * EACH + 2);
    for reader in readers {
        assert_eq!(numbers(reader), [last]);
    }
    for watcher in watchers {
        assert_eq!(
            numbers(watcher),
            (1..=last).collect::<Vec<_>>(),
            "each change once and in order"
        );
    }
    let changes = changes_by_actor(&place.history(), "alice");
    assert_eq!(changes.len(), 8);
    for (name, made) in changes {
        assert_eq!(made, (0..EACH).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_killed_process_takes_no_acknowledged_change_with_it() {
    let place = Place::with_commits(1);
    killed_take_nothing_acknowledged_with_them(&place.store, cutover_testkit::rounds(24), |name| {
        play("writer", &place, name, u64::MAX)
    });
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
            .map(|number| play("creator", &place, &format!("flag-{number}"), 1))
            .collect();
        let revisions: BTreeSet<_> = writers.into_iter().flat_map(numbers).collect();
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
#[ignore = "a child process of the tests below"]
fn creator() {
    let store = open();
    let changes = [create(&told(NAME))];
    let commit = block_on(commit_changes(&store, &changes, "bob"));
    say(commit.record.revision.number());
}
