//! Several processes at once, and processes that are killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cutover_domain::flags::Change;
use cutover_file::FileFlagStore;
use cutover_ports::PortErrorKind;
use cutover_ports::flags::FlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::next_commit;

use super::place::Place;

const DIR: &str = "CUTOVER_TEST_DIR";
const NAME: &str = "CUTOVER_TEST_NAME";
const COUNT: &str = "CUTOVER_TEST_COUNT";

/// This test binary again, committing in a process of its own.
fn spawn(dir: &Path, name: &str, count: usize) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "flags::processes::child",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(DIR, dir)
        .env(NAME, name)
        .env(COUNT, count.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

/// The number of the change that the next line acknowledges; `None` at the end of the output.
fn next_acknowledged(output: &mut BufReader<ChildStdout>) -> Option<usize> {
    let mut line = String::new();
    loop {
        line.clear();
        if output.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        // A killed process may leave half a line.
        if let Some(number) = line
            .strip_suffix('\n')
            .and_then(|line| line.strip_prefix("ack "))
        {
            return number.parse().ok();
        }
    }
}

#[test]
#[ignore = "a child process of the other tests"]
fn child() {
    let variable = |name| std::env::var_os(name).unwrap().into_string().unwrap();
    let store = FileFlagStore::open(variable(DIR));
    let name = variable(NAME);
    for number in 0..variable(COUNT).parse::<usize>().unwrap() {
        let key: cutover_domain::flags::FlagKey = "flag-1".parse().unwrap();
        loop {
            let current = block_on(store.load()).unwrap();
            let change = match number % 2 {
                0 => Change::Kill { key: key.clone() },
                _ => Change::Restore { key: key.clone() },
            };
            let mut commit = next_commit(current.as_ref(), &[change], &name);
            commit.record.reason = Some(number.to_string());
            match block_on(store.commit(commit)) {
                Ok(()) => break,
                Err(error) if matches!(error.kind(), PortErrorKind::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        println!("\nack {number}");
    }
}

/// The changes of each process in the history, oldest first. Panics on a gap or a double.
fn changes_by_process(place: &Place) -> BTreeMap<String, Vec<usize>> {
    let newest = place.load().revision.number();
    assert_eq!(place.revisions(), (1..=newest).rev().collect::<Vec<_>>());
    let mut changes = BTreeMap::<_, Vec<_>>::new();
    for record in place
        .history()
        .into_iter()
        .rev()
        .filter(|record| record.actor != "alice")
    {
        let number = record.reason.unwrap().parse().unwrap();
        changes.entry(record.actor).or_default().push(number);
    }
    changes
}

#[test]
fn two_processes_at_once_lose_nothing() {
    let place = Place::with_commits(1);
    let children: Vec<_> = ["p1", "p2"]
        .map(|name| spawn(place.dir(), name, 200))
        .into();
    for (mut child, mut output) in children {
        let mut expected = 0;
        while let Some(number) = next_acknowledged(&mut output) {
            assert_eq!(number, expected);
            expected += 1;
        }
        assert_eq!(expected, 200);
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(place.load().revision.number(), 401);
    let changes = changes_by_process(&place);
    for name in ["p1", "p2"] {
        assert_eq!(changes[name], (0..200).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_killed_process_takes_no_acknowledged_change_with_it() {
    let place = Place::with_commits(1);
    let mut acknowledged = BTreeMap::new();
    let rounds = cutover_testkit::rounds(24);
    for round in 0..rounds {
        let name = format!("p{round}");
        let (mut child, mut output) = spawn(place.dir(), &name, usize::MAX);
        let mut last = next_acknowledged(&mut output).unwrap();
        for _ in 0..round % 4 {
            last = next_acknowledged(&mut output).unwrap();
        }
        // Somewhere in the commit that has begun: another place in each round.
        let moment = Duration::from_micros(250 * u64::from(round % 120));
        let start = Instant::now();
        while start.elapsed() < moment {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(number) = next_acknowledged(&mut output) {
            last = number;
        }
        acknowledged.insert(name, last);
        // The whole history each time would take the square of the rounds.
        if rounds > 100 && round % 50 != 0 && round + 1 != rounds {
            continue;
        }
        let changes = changes_by_process(&place);
        for (name, last) in &acknowledged {
            let made = &changes[name];
            // The one that was cut off may have been made as well.
            let made_more = made.len() - (last + 1);
            assert!(
                made_more <= 1,
                "{name} acknowledged {last}, and made {made:?}"
            );
            assert_eq!(*made, (0..made.len()).collect::<Vec<_>>(), "{name}");
        }
    }
    let inspection = block_on(place.store.inspect()).unwrap();
    assert_eq!(inspection.gaps, []);
    place.commit(&[]);
}

#[test]
fn a_killed_process_holds_no_lock() {
    let place = Place::with_commits(1);
    let (mut child, mut output) = spawn(place.dir(), "p", usize::MAX);
    next_acknowledged(&mut output).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    place.commit(&[]);
}
