//! Two processes change the same flags at the same time.

use std::collections::BTreeMap;
use std::thread;

use cutover_tests::{Cutover, rounds};
use serde_json::Value;

/// Makes so many changes, one process each, and returns the reasons of those acknowledged.
fn change(cutover: &Cutover, actor: &str, flags: [&str; 2], changes: u32) -> Vec<String> {
    (0..changes)
        .filter_map(|number| {
            let reason = format!("{actor}-{number}");
            let (command, flag, value) = if number % 2 == 0 {
                ("set", flags[0], (number / 2 % 2 == 0).to_string())
            } else {
                ("rollout", flags[1], format!("{}.5", number / 2))
            };
            let answer = cutover.run([
                "flag", command, flag, &value, "--yes", "--actor", actor, "--reason", &reason,
            ]);
            match answer.code() {
                Some(0) => Some(reason),
                // Somebody was first, and said so: nothing is acknowledged.
                Some(7) => None,
                _ => panic!("neither done nor a conflict: {answer}"),
            }
        })
        .collect()
}

#[test]
fn every_acknowledged_change_of_two_processes_is_in_history_once() {
    let changes = rounds(80);
    let cutover = Cutover::with_flags(["first", "second"]);
    let before = cutover.history().len();

    let acknowledged = thread::scope(|scope| {
        let one = scope.spawn(|| change(&cutover, "one", ["first", "second"], changes));
        let two = scope.spawn(|| change(&cutover, "two", ["second", "first"], changes));
        [one.join().unwrap(), two.join().unwrap()].concat()
    });
    assert!(
        acknowledged.len() > changes as usize,
        "only {} of {} changes were acknowledged: each process must get through",
        acknowledged.len(),
        2 * changes
    );

    let history = cutover.history();
    let revisions: Vec<u64> = history
        .iter()
        .rev()
        .map(|record| record["revision"].as_u64().unwrap())
        .collect();
    let expected: Vec<u64> = (1..=revisions.len() as u64).collect();
    assert_eq!(revisions, expected, "revisions have no gap and come once");
    assert_eq!(
        history.len(),
        before + acknowledged.len(),
        "nothing more, nothing less"
    );

    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for record in &history {
        if let Some(reason) = record["reason"].as_str() {
            *seen.entry(reason).or_default() += 1;
            let actor = record["actor"].as_str().unwrap();
            assert_eq!(reason.split('-').next(), Some(actor), "{record}");
        }
    }
    for reason in &acknowledged {
        assert_eq!(seen.get(reason.as_str()), Some(&1), "{reason}");
    }
}

#[test]
fn each_change_starts_from_the_one_before() {
    let changes = rounds(50);
    let cutover = Cutover::with_flags(["first", "second"]);
    thread::scope(|scope| {
        scope.spawn(|| change(&cutover, "one", ["first", "first"], changes));
        scope.spawn(|| change(&cutover, "two", ["first", "second"], changes));
    });
    // A lost update would show as a record whose `before` is not the `after` of the one below it.
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for record in cutover.history().iter().rev() {
        for change in record["changes"].as_array().unwrap() {
            let key = change["key"].as_str().unwrap().to_owned();
            if let Some(after) = last.get(&key) {
                assert_eq!(*after, change["before"], "{record}");
            }
            last.insert(key, change["after"].clone());
        }
    }
    assert_eq!(last.len(), 2);
}

#[test]
fn a_stale_expected_revision_is_a_conflict_and_changes_nothing() {
    let cutover = Cutover::with_flags(["first"]);
    cutover
        .run(["flag", "set", "first", "true", "--yes"])
        .expect(0);
    let before = cutover.history();
    cutover
        .run(["flag", "set", "first", "false", "--yes", "--expect", "1"])
        .expect(7)
        .explains(["revision 1", "revision 2"]);
    assert_eq!(cutover.history(), before);
}
