//! Writers in processes of their own, some of them killed, for a store that processes share.
//!
//! The part of a writer is an ignored test that opens the store at [`place`] and lets it [`append`];
//! the laws are told the path of that test.
//!
//! ```
//! use cutover_testkit::comparison::processes::writer;
//! use cutover_testkit::process::part;
//!
//! // To append 100 records of the run `r` to the store at `/srv/x`.
//! let command = writer(part("harm::writer"), "/srv/x", "p", 100);
//! assert!(command.get_envs().any(|(_, value)| value.is_some_and(|value| value == "100")));
//! ```
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use cutover_ports::comparison::{ComparisonStore, RecordQuery};

use super::{sample_record, sample_run};
use crate::block_on;
use crate::process::{Player, part, say, told};

const PLACE: &str = "CUTOVER_TEST_PLACE";
const NAME: &str = "CUTOVER_TEST_NAME";
const COUNT: &str = "CUTOVER_TEST_COUNT";

/// Where the store of a writer is.
#[must_use]
pub fn place() -> PathBuf {
    told(PLACE).into()
}

/// What a writer does: appends to the run `r` as many records as it was told, and says each id once
/// it is acknowledged.
pub fn append(store: &dyn ComparisonStore) {
    let (name, count) = (told(NAME), told(COUNT));
    let run = sample_run("r", 0);
    for number in 0..count.parse().unwrap() {
        let id = format!("{name}-{number:06}");
        let mut record = sample_record(&run, &id, 1);
        // Long enough for a kill to hit the middle of one now and then.
        record.case = Some("x".repeat(number * 97 % 20_000));
        block_on(store.append(&[record])).unwrap();
        say(id);
    }
}

/// A writer of this name, for so many records: `NAME-000000`, `NAME-000001` and so on.
pub fn writer(mut part: Command, place: impl AsRef<Path>, name: &str, count: usize) -> Command {
    part.env(PLACE, place.as_ref())
        .env(NAME, name)
        .env(COUNT, count.to_string());
    part
}

/// The ids of all records, newest first, and how many pieces could not be read.
pub fn ids(store: &dyn ComparisonStore) -> (Vec<String>, usize) {
    let (mut found, mut unreadable) = (Vec::new(), 0);
    let mut query = RecordQuery::default().limit(500);
    loop {
        let page = block_on(store.records(&query)).unwrap();
        found.extend(page.items.iter().map(|record| record.id.to_string()));
        unreadable += page.unreadable.len();
        match page.next {
            None => return (found, unreadable),
            next => query.after = next,
        }
    }
}

/// Two processes and four threads append to the run `r` of a store at once: nothing is lost, and
/// nothing is there twice.
pub fn at_once_lose_and_repeat_nothing(
    test: &str,
    place: &Path,
    store: &dyn ComparisonStore,
    each: usize,
) {
    let run = sample_run("r", 0);
    let players = ["p", "q"].map(|name| Player::start(&mut writer(part(test), place, name, each)));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let run = &run;
            scope.spawn(move || {
                for number in 0..each {
                    let record = sample_record(run, &format!("t{thread}-{number:06}"), 1);
                    block_on(store.append(&[record])).unwrap();
                }
            });
        }
    });
    for player in players {
        assert_eq!(player.end().len(), each);
    }
    let (found, unreadable) = ids(store);
    assert_eq!(unreadable, 0);
    assert_eq!(found.len(), 6 * each);
    assert_eq!(found.iter().collect::<HashSet<_>>().len(), 6 * each);
}

/// A writer is killed again and again: nothing that it said is lost, nothing is there twice, and the
/// next one goes on at once. Returns how many pieces cannot be read.
pub fn killed_lose_nothing_that_was_acknowledged(
    test: &str,
    place: &Path,
    store: &dyn ComparisonStore,
    rounds: u32,
) -> usize {
    let run = sample_run("r", 0);
    let mut promised = Vec::new();
    for round in 0..rounds {
        let name = format!("k{round}");
        let mut player = Player::start(&mut writer(part(test), place, &name, 100_000));
        for _ in 0..5 + round % 12 * 7 {
            promised.push(player.next().unwrap());
        }
        player.kill();
        // What it had said before the kill reached it counts as well.
        promised.extend(player.by_ref());
        let id = format!("after-{round}");
        block_on(store.append(&[sample_record(&run, &id, 1)])).unwrap();
        promised.push(id);
    }
    let (found, unreadable) = ids(store);
    let distinct: HashSet<_> = found.iter().collect();
    assert_eq!(distinct.len(), found.len(), "nothing is there twice");
    let lost: Vec<_> = promised
        .iter()
        .filter(|id| !distinct.contains(id))
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    unreadable
}
