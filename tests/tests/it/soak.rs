//! Eight processes that write and eight that read, at once, on one store.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use cutover_tests::{soak_seconds, store_driver_binary};
use serde_json::Value;

const WRITERS: usize = 8;
const READERS: usize = 8;

fn driver<'a>(words: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(store_driver_binary());
    command.args(words).stdin(Stdio::null());
    command
}

fn start(mut command: Command) -> Child {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// What a process said, as JSON lines; it must have succeeded.
fn lines(who: &str, output: &Output) -> Vec<Value> {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{who}: {said}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[expect(
    clippy::print_stdout,
    reason = "whoever soaks a store for a minute wants the figures"
)]
fn soak(address: &str) {
    let seconds = soak_seconds(3).to_string();
    lines(
        "init",
        &driver(["init", address, "--flags", "12"]).output().unwrap(),
    );
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let name = format!("writer-{number}");
            let words = ["write", address, "--actor", &name, "--seconds", &seconds];
            (name.clone(), start(driver(words)))
        })
        .collect();
    let readers: Vec<_> = (0..READERS)
        .map(|_| start(driver(["read", address, "--seconds", &seconds])))
        .collect();

    // Each writer's changes, in the order in which they were acknowledged.
    let mut acknowledged = BTreeMap::new();
    let mut longest = 0;
    for (name, writer) in writers {
        for made in lines(&name, &writer.wait_with_output().unwrap()) {
            longest = longest.max(made["waited_us"].as_u64().unwrap());
            let change = (name.clone(), made["number"].to_string());
            let before = acknowledged.insert(made["revision"].as_u64().unwrap(), change);
            assert_eq!(before, None, "two writers were given one revision");
        }
    }
    let mut loads = 0;
    let mut watched = 0;
    for reader in readers {
        let found = &lines("reader", &reader.wait_with_output().unwrap())[0];
        loads += found["loads"].as_u64().unwrap();
        watched += found["watched"].as_u64().unwrap();
        assert_ne!(found["first"], found["last"], "a reader saw nothing happen");
    }

    let history = lines("history", &driver(["history", address]).output().unwrap());
    let mut expected = BTreeMap::from([(1, ("init".to_owned(), "0".to_owned()))]);
    expected.extend(acknowledged);
    let found: Vec<_> = history
        .iter()
        .map(|record| {
            let text = |field: &str| record[field].as_str().unwrap().to_owned();
            (
                record["revision"].as_u64().unwrap(),
                (text("actor"), text("reason")),
            )
        })
        .collect();
    // Every acknowledged change once, nothing else, no gap, and each writer's in its order.
    assert_eq!(found, expected.clone().into_iter().collect::<Vec<_>>());
    assert_eq!(found.len() as u64, found.last().unwrap().0);
    let mut next: BTreeMap<&str, u64> = BTreeMap::new();
    for (actor, number) in expected.values() {
        let next = next.entry(actor).or_default();
        assert_eq!(number, &next.to_string(), "{actor}");
        *next += 1;
    }
    println!(
        "{address}: {} changes in {seconds} s, the longest wait {} ms; {loads} loads, {watched} \
         changes watched",
        found.len() - 1,
        longest / 1000
    );
}

fn in_a_folder(address: impl FnOnce(&Path) -> String) {
    let home = tempfile::tempdir().unwrap();
    soak(&address(home.path()));
}

#[test]
fn files_keep_every_change_of_eight_writers_under_the_eyes_of_eight_readers() {
    in_a_folder(|home| format!("file:{}/flags", home.display()));
}

#[test]
fn sqlite_keeps_every_change_of_eight_writers_under_the_eyes_of_eight_readers() {
    in_a_folder(|home| format!("sqlite:{}/flags.db", home.display()));
}
