//! Several processes at once, and processes that are killed.

use cutover_file::FileFlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::processes::{
    self, changes_by_actor, killed_take_nothing_acknowledged_with_them,
};
use cutover_testkit::process::{Player, part, told};

use super::place::Place;

const DIR: &str = "CUTOVER_TEST_DIR";
const NAME: &str = "CUTOVER_TEST_NAME";
const COUNT: &str = "CUTOVER_TEST_COUNT";

/// A writer in a process of its own.
fn start(place: &Place, name: &str, count: u64) -> Player {
    let mut part = part("flags::processes::writer");
    part.env(DIR, place.dir())
        .env(NAME, name)
        .env(COUNT, count.to_string());
    Player::start(&mut part)
}

#[test]
#[ignore = "a child process of the tests below"]
fn writer() {
    let store = FileFlagStore::open(told(DIR));
    processes::commit(&store, &told(NAME), told(COUNT).parse().unwrap());
}

#[test]
fn two_processes_at_once_lose_nothing() {
    const EACH: u64 = 200;
    let place = Place::with_commits(1);
    for player in ["p1", "p2"].map(|name| start(&place, name, EACH)) {
        let all: Vec<_> = (0..EACH).map(|number| number.to_string()).collect();
        assert_eq!(player.end(), all);
    }
    assert_eq!(place.load().revision.number(), 2 * EACH + 1);
    let changes = changes_by_actor(&place.history(), "alice");
    for name in ["p1", "p2"] {
        assert_eq!(changes[name], (0..EACH).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_killed_process_takes_no_acknowledged_change_with_it() {
    let place = Place::with_commits(1);
    killed_take_nothing_acknowledged_with_them(&place.store, cutover_testkit::rounds(24), |name| {
        start(&place, name, u64::MAX)
    });
    let inspection = block_on(place.store.inspect()).unwrap();
    assert_eq!(inspection.gaps, []);
    place.commit(&[]);
}

#[test]
fn a_killed_process_holds_no_lock() {
    let place = Place::with_commits(1);
    let mut writer = start(&place, "p", u64::MAX);
    writer.next().unwrap();
    writer.kill();
    place.commit(&[]);
}
