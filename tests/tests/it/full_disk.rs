//! The disk is full, or this process may write no more: a change is refused, and nothing is lost.
#![cfg(unix)]

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::process::Command;

use cutover_tests::{Cutover, cutover_binary, is_possible_or_left_out};

/// What a file system of its own, 3 MB small, is made with; then the rest is run on it.
const ON_A_SMALL_DISK: &str =
    "mount -t tmpfs -o size=3m,mode=700 cutover-test \"$TMPDIR\" && exec \"$@\"";

/// A process may write no file longer than 8 kB.
const WITH_SHORT_FILES: &str = "ulimit -f 16 && exec \"$@\"";

/// This test again, as a process that `sh` prepares by a script.
fn again(test: &str, before: &[&str], script: &str) -> Command {
    let mut words: Vec<OsString> = before.iter().map(OsString::from).collect();
    words.extend(["sh", "-c", script, "sh"].map(OsString::from));
    words.push(env::current_exe().unwrap().into_os_string());
    words.extend([test, "--exact", "--ignored", "--nocapture"].map(OsString::from));
    let mut command = Command::new(&words[0]);
    // Where it has to be built first, that is done here, where there is room for it.
    command
        .args(&words[1..])
        .env("CUTOVER_BIN", cutover_binary());
    command
}

fn must_succeed(mut command: Command) {
    let output = command.output().unwrap();
    let said = [&output.stdout[..], &output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

/// Ways to a mount that nobody else sees: for the administrator, and for anybody.
pub(crate) const WAYS: [&[&str]; 2] = [
    &["unshare", "--mount"],
    &["unshare", "--map-root-user", "--mount"],
];

pub(crate) fn can_mount(way: &[&str]) -> bool {
    let disk = tempfile::tempdir().unwrap();
    let mut command = Command::new(way[0]);
    command
        .args(&way[1..])
        .args(["sh", "-c", ON_A_SMALL_DISK, "sh", "true"])
        .env("TMPDIR", disk.path());
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_full_disk_refuses_changes_and_loses_nothing() {
    on_a_disk_of_its_own("full_disk::on_a_small_disk");
}

#[test]
fn comparisons_can_be_removed_from_a_full_disk() {
    on_a_disk_of_its_own("full_disk::pruning_a_full_disk");
}

fn on_a_disk_of_its_own(test: &str) {
    let way = WAYS.into_iter().find(|way| can_mount(way));
    let why = "no file system can be mounted for a test (unshare, mount)";
    if !is_possible_or_left_out(way.is_some(), "a full disk", why) {
        return;
    }
    let disk = tempfile::tempdir().unwrap();
    let mut command = again(test, way.unwrap_or(&[]), ON_A_SMALL_DISK);
    command.env("TMPDIR", disk.path());
    must_succeed(command);
}

#[test]
fn a_limit_on_the_size_of_files_refuses_changes_and_loses_nothing() {
    must_succeed(again("full_disk::with_short_files", &[], WITH_SHORT_FILES));
}

#[test]
#[ignore = "a child process of the other test"]
fn on_a_small_disk() {
    let cutover = used();
    // At each amount of free space, from nothing on: refused, until it is enough.
    let mut refused = 0;
    let mut ballast = fill(&cutover);
    let doctor = cutover.run(["doctor"]);
    assert!(doctor.expect(1).stdout().contains("make room"), "{doctor}");
    while !is_made_or_refused_without_a_trace(&cutover) {
        refused += 1;
        ballast = ballast.checked_sub(PAGE).unwrap();
        shorten(&cutover, ballast);
    }
    assert!(refused > 0, "the disk was full");
    fs::remove_file(cutover.path(BALLAST)).unwrap();
    assert!(is_made_or_refused_without_a_trace(&cutover));
    cutover.run(["doctor"]).expect(0);
}

#[test]
#[ignore = "a child process of the other test"]
fn pruning_a_full_disk() {
    let cutover = Cutover::new();
    fs::create_dir(cutover.path("cases")).unwrap();
    for number in 0..100 {
        let text = format!("{number} {}", "long ".repeat(800));
        fs::write(cutover.path("cases").join(number.to_string()), text).unwrap();
    }
    let cases = cutover.path("cases").display().to_string();
    let run = [
        "compare", "run", "--old", "cat", "--new", "tr l L", "--cases", &cases,
    ];
    cutover.run(run).expect(1);
    let ballast = fill(&cutover);
    cutover
        .run(run)
        .expect(3)
        .explains(["No space left", "free space"]);
    let records = || {
        let doctor = cutover.run(["doctor", "--format", "json"]).json();
        let checks = doctor["checks"].as_array().unwrap();
        let said = checks.iter().find(|check| check["name"] == "comparisons");
        said.unwrap()["message"].as_str().unwrap().to_owned()
    };
    let before = records();
    // What stays of a run would have to be written anew.
    let some = cutover.run(["compare", "prune", "--max-records", "90", "--yes"]);
    some.expect(3)
        .explains(["no room", "remove all of its records"]);
    assert_eq!(records(), before);
    cutover
        .run(["compare", "prune", "--max-bytes", "0", "--yes"])
        .expect(0);
    assert!(records().ends_with("with 0 records"), "{}", records());
    assert!(fill(&cutover) > ballast, "there is room again");
}

#[test]
#[ignore = "a child process of the other test"]
fn with_short_files() {
    let cutover = used();
    let changes = (0..200).take_while(|_| is_made_or_refused_without_a_trace(&cutover));
    let made = changes.count();
    assert!(
        (1..200).contains(&made),
        "{made} changes fit into a short history"
    );
    assert!(
        !is_made_or_refused_without_a_trace(&cutover),
        "it stays refused"
    );
}

fn used() -> Cutover {
    let cutover = Cutover::with_flags(["search"]);
    assert!(is_made_or_refused_without_a_trace(&cutover));
    cutover
}

/// Tries a change. When it is refused, everything is as it was, and the answer says what to do;
/// when it is made, it is there once.
fn is_made_or_refused_without_a_trace(cutover: &Cutover) -> bool {
    let (flags, history) = (cutover.read("flags.json"), cutover.history());
    let percent = (history.len() % 100).to_string();
    let reason = "a reason that takes its place ".repeat(20);
    let change = [
        "flag", "rollout", "search", &percent, "--yes", "--reason", &reason,
    ];
    let answer = cutover.run(change);
    let is_made = answer.code() == Some(0);
    let after = cutover.history();
    if is_made {
        assert_eq!(after.len(), history.len() + 1);
        assert_eq!(after[1..], history);
    } else {
        answer.expect(3).explains(["free space"]);
        assert_eq!(cutover.read("flags.json"), flags);
        assert_eq!(after, history);
    }
    let left: Vec<_> = fs::read_dir(cutover.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("tmp"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    is_made
}

const BALLAST: &str = "ballast";
const PAGE: u64 = 4096;

/// Takes all the space that is left, and returns how much that was.
fn fill(cutover: &Cutover) -> u64 {
    let mut ballast = File::create(cutover.path(BALLAST)).unwrap();
    let page = [0; PAGE as usize];
    let mut taken = 0;
    while ballast.write_all(&page).is_ok() {
        taken += PAGE;
    }
    taken
}

fn shorten(cutover: &Cutover, length: u64) {
    let ballast = OpenOptions::new().write(true).open(cutover.path(BALLAST));
    ballast.unwrap().set_len(length).unwrap();
}
