//! Writers in processes of their own, some of them killed, for a store that processes share.
//!
//! The part of a writer is an ignored test that opens its store and lets it [`commit`].
//!
//! ```
//! use std::collections::BTreeMap;
//! use cutover_testkit::flags::processes::changes_by_actor;
//!
//! assert_eq!(changes_by_actor(&[], "alice"), BTreeMap::new());
//! ```
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panic"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cutover_domain::flags::{Change, ChangeRecord, FlagKey};
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagStore, HistoryQuery};

use super::next_commit;
use crate::block_on;
use crate::process::{Player, say};

/// What a writer does: kills and restores `flag-1` so many times, whoever else writes, and says the
/// number of each change, from 0, once it is acknowledged. The number is the reason of the change.
pub fn commit(store: &dyn FlagStore, actor: &str, count: u64) {
    let key: FlagKey = "flag-1".parse().unwrap();
    for number in 0..count {
        loop {
            let current = block_on(store.load()).unwrap();
            let change = match number % 2 {
                0 => Change::Kill { key: key.clone() },
                _ => Change::Restore { key: key.clone() },
            };
            let mut commit = next_commit(current.as_ref(), &[change], actor);
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

/// The numbers of the changes of each writer in a history that comes newest first, oldest first;
/// without those of one actor. Panics where a revision is missing.
#[must_use]
pub fn changes_by_actor(history: &[ChangeRecord], without: &str) -> BTreeMap<String, Vec<u64>> {
    let mut changes = BTreeMap::<_, Vec<_>>::new();
    for (record, revision) in history.iter().rev().zip(1..) {
        assert_eq!(record.revision.number(), revision, "a gap or a double");
        if record.actor != without {
            let number = record.reason.as_ref().unwrap().parse().unwrap();
            changes
                .entry(record.actor.clone())
                .or_default()
                .push(number);
        }
    }
    changes
}

/// Writers are killed at another place of a commit in each round: what one has said is there, in
/// order and once, and of what it has not said at most the change that was cut off. The store has
/// `flag-1`, by `alice`; `start` starts a writer of a name.
pub fn killed_take_nothing_acknowledged_with_them(
    store: &dyn FlagStore,
    rounds: u32,
    start: impl Fn(&str) -> Player,
) {
    let mut acknowledged = BTreeMap::new();
    for round in 0..rounds {
        let name = format!("p{round}");
        let mut writer = start(&name);
        let mut last = writer.next().unwrap();
        for _ in 0..round % 4 {
            last = writer.next().unwrap();
        }
        // Somewhere in the commit that has begun: another place in each round.
        let moment = Duration::from_micros(250) * (round % 120);
        let begin = Instant::now();
        while begin.elapsed() < moment {
            std::hint::spin_loop();
        }
        writer.kill();
        if let Some(number) = writer.by_ref().last() {
            last = number;
        }
        acknowledged.insert(name, last.parse::<u64>().unwrap());
        // The whole history each time would take the square of the rounds.
        if rounds > 100 && round % 50 != 0 && round + 1 != rounds {
            continue;
        }
        let history = block_on(store.history(&HistoryQuery::newest(usize::MAX))).unwrap();
        let changes = changes_by_actor(&history.records, "alice");
        for (name, last) in &acknowledged {
            let made = &changes[name];
            let all: Vec<_> = (0..made.len() as u64).collect();
            assert_eq!(*made, all, "{name}");
            // The one that was cut off may have been made as well.
            let more = made.len() as u64 - (last + 1);
            assert!(more <= 1, "{name} acknowledged {last}, and made {made:?}");
        }
    }
}
