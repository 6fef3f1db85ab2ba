//! Processes that watch the flags while people and programs change them.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use cutover_tests::{Cutover, kill_after, store_driver_binary, wait_until};
use serde_json::Value;

/// A process that watches from the first revision on, and tells what it is told.
struct Watcher {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watcher {
    fn start(cutover: &Cutover) -> Self {
        let mut process = watch(cutover).spawn().unwrap();
        let output = process.stdout.take().unwrap();
        let mut watcher = Self {
            process,
            lines: BufReader::new(output).lines(),
        };
        assert_eq!(watcher.event()["event"], "watching");
        watcher
    }

    fn event(&mut self) -> Value {
        let line = self.lines.next().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// All that it is told up to a revision: who made which. `None` when it is told to look again
    /// instead: an edit could not be settled in time, or took back what a program had made.
    fn told_until(&mut self, last: u64) -> Option<Vec<(u64, String)>> {
        let mut told = Vec::new();
        while told.last().is_none_or(|(revision, _)| *revision < last) {
            let event = self.event();
            if event["event"] == "resync" {
                return None;
            }
            assert_eq!(event["event"], "changed", "{event}");
            let actor = event["actor"].as_str().unwrap().to_owned();
            told.push((event["revision"].as_u64().unwrap(), actor));
        }
        Some(told)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn watch(cutover: &Cutover) -> Command {
    let mut command = Command::new(store_driver_binary());
    command
        .args(["watch", &format!("file:{}", cutover.path("").display())])
        .args(["--since", "1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// Edits the file as a stream editor does: written beside, and renamed over.
fn edit(cutover: &Cutover, percent: usize) {
    let script = format!("s/\"percentage\": [0-9.]*/\"percentage\": {percent}/");
    let mut sed = Command::new("sed");
    let status = sed
        .args(["-i", &script])
        .arg(cutover.path("flags.json"))
        .status();
    assert!(status.unwrap().success());
}

fn history(cutover: &Cutover) -> Vec<(u64, String)> {
    let records = cutover.history();
    let told = records.iter().rev().map(|record| {
        let actor = record["actor"].as_str().unwrap().to_owned();
        (record["revision"].as_u64().unwrap(), actor)
    });
    told.collect()
}

#[test]
fn what_every_process_is_told_is_what_the_history_says() {
    let cutover = Cutover::with_flags(["search"]);
    let mut watchers = [Watcher::start(&cutover), Watcher::start(&cutover)];
    let rollout = |percent: &str, actor: &str| {
        let words = [
            "flag", "rollout", "search", percent, "--yes", "--actor", actor,
        ];
        cutover.run(words).code()
    };
    assert_eq!(rollout("50", "first"), Some(0));
    // A person and a program at once: some changes are conflicts, and some edits become one.
    for number in 0..10 {
        edit(&cutover, number);
        let code = rollout(&format!("{number}.5"), "program");
        assert!(matches!(code, Some(0 | 7)), "{code:?}");
        edit(&cutover, 60 + number);
    }
    wait_until("the last change is made", || {
        rollout("100", "last") == Some(0)
    });
    let history = history(&cutover);
    let last = history.last().unwrap().0;
    assert_eq!(last, history.len() as u64);
    assert!(
        history
            .iter()
            .filter(|(_, actor)| actor == "external")
            .count()
            >= 10
    );
    for watcher in &mut watchers {
        if let Some(told) = watcher.told_until(last) {
            assert_eq!(told, history[1..]);
        }
    }
}

#[test]
fn a_watcher_that_is_killed_leaves_the_store_to_the_others() {
    let cutover = Cutover::with_flags(["search"]);
    cutover
        .run(["flag", "rollout", "search", "50", "--yes"])
        .expect(0);
    for number in 0..12 {
        let mut process = watch(&cutover).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        // Two lines: that it watches, and the newest change.
        for _ in 0..2 {
            output.read_line(&mut String::new()).unwrap();
        }
        edit(&cutover, number);
        // Somewhere while it writes the edit down: another place each time.
        drop(kill_after(
            process,
            Duration::from_micros(1100 * number as u64),
        ));
        let answer = cutover.run(["flag", "get", "search", "--format", "json"]);
        let percentage = &answer.expect(0).json()["flag"]["rollout"]["percentage"];
        assert_eq!(percentage.as_u64(), Some(number as u64), "{answer}");
    }
    cutover
        .run(["flag", "rollout", "search", "100", "--yes"])
        .expect(0);
    let history = history(&cutover);
    let numbers: Vec<_> = history.iter().map(|(revision, _)| *revision).collect();
    assert_eq!(numbers, (1..=history.len() as u64).collect::<Vec<_>>());
    cutover.run(["doctor"]).expect(0);
}
