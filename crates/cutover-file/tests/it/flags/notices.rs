//! The operating system has no notices to give: its limits are used up.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::process::Stdio;

use cutover_file::FileFlagStore;
use cutover_testkit::flags::create;
use cutover_testkit::process::part;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::place::Place;
use super::watcher::Watcher;

const DIR: &str = "CUTOVER_TEST_DIR";

/// So many files may still be opened: enough to read the flags, too few to be given notices.
const LEFT: usize = 2;

#[test]
#[ignore = "a child process of the other test"]
fn child() {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
    let store = FileFlagStore::open(std::env::var_os(DIR).unwrap());
    let few = Rlimit {
        current: Some(64),
        maximum: Some(64),
    };
    setrlimit(Resource::Nofile, few).unwrap();
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    taken.truncate(taken.len() - LEFT);
    let mut watcher = Watcher::of(&store, 1);
    println!("\nwatching");
    for _ in 0..3 {
        println!("\nrevision {}", watcher.changed().revision);
    }
}

#[test]
fn without_notices_changes_are_seen_all_the_same_and_that_is_said_once() {
    let place = Place::with_commits(1);
    let mut child = part("flags::notices::child")
        .env(DIR, place.dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut wait_for = |wanted: &str| {
        let line = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line == wanted);
        assert!(line.is_some(), "the child ended without `{wanted}`");
    };
    wait_for("watching");
    for number in 2..=4 {
        place.commit(&[create(&format!("flag-{number}"))]);
        wait_for(&format!("revision {number}"));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let warnings: Vec<_> = said.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{said}");
    assert!(warnings[0].contains("no notices of changes"), "{said}");
}
