//! `kill -9` while flags are being changed.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use cutover_tests::{Cutover, kill_after, rounds};
use serde_json::Value;

/// How long one change takes on this machine, so that the kills are spread over all of it.
fn duration_of_a_change(cutover: &Cutover) -> Duration {
    let start = Instant::now();
    for number in 0..5 {
        let percent = number.to_string();
        cutover
            .run(["flag", "rollout", "canary", &percent, "--yes"])
            .expect(0);
    }
    start.elapsed() / 5
}

#[test]
fn a_killed_change_never_harms_the_store_nor_loses_what_was_acknowledged() {
    let kills = rounds(60);
    let cutover = Cutover::with_flags(["canary"]);
    let whole = duration_of_a_change(&cutover);
    let mut acknowledged = Vec::new();
    let mut killed = 0;

    for number in 0..kills {
        let reason = format!("attempt-{number}");
        let percent = format!("{}.{:03}", number % 100, number);
        let mut command = cutover.command([
            "flag", "rollout", "canary", &percent, "--yes", "--reason", &reason, "--format", "json",
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        // From before the first instruction to after the last one.
        let output = kill_after(child, whole * (number % 60) / 50);
        if output.status.code().is_none() {
            killed += 1;
        }
        // A process that printed its whole answer has acknowledged, even if it was killed then.
        if serde_json::from_slice::<Value>(&output.stdout).is_ok() {
            acknowledged.push((reason, percent.clone()));
        }

        let stored: Value = serde_json::from_str(&cutover.read("flags.json"))
            .unwrap_or_else(|error| panic!("flags.json is torn after kill {number}: {error}"));
        assert!(stored["revision"].as_u64() > Some(5), "{stored}");
        let answer = cutover.run(["flag", "get", "canary", "--format", "json"]);
        answer.expect(0);
    }
    assert!(
        killed >= kills / 10,
        "only {killed} of {kills} were killed while they ran"
    );
    assert!(!acknowledged.is_empty(), "no change got through");

    let history = cutover.history();
    let revisions: Vec<u64> = history
        .iter()
        .rev()
        .map(|record| record["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(revisions, (1..=revisions.len() as u64).collect::<Vec<_>>());
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in history
        .iter()
        .filter_map(|record| record["reason"].as_str())
    {
        *seen.entry(reason).or_default() += 1;
    }
    for (reason, _) in &acknowledged {
        assert_eq!(
            seen.get(reason.as_str()),
            Some(&1),
            "{reason} was acknowledged"
        );
    }
    for (reason, times) in seen {
        assert_eq!(times, 1, "{reason}");
    }

    // The store still takes changes, and the last one is what is in force.
    cutover
        .run(["flag", "rollout", "canary", "42", "--yes"])
        .expect(0);
    let flag = cutover
        .run(["flag", "get", "canary", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(flag["flag"]["rollout"]["percentage"], 42);
}
