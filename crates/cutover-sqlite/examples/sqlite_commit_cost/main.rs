//! What commits cost with a history of some length: time, and the peak of memory of a process that
//! does nothing else.
//!
//! ```console
//! $ cargo run --release -p cutover-sqlite --example sqlite_commit_cost -- prepare /tmp/long.db 1000000
//! $ cargo run --release -p cutover-sqlite --example sqlite_commit_cost -- measure /tmp/long.db 500
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement fails by panic and says what it found"
)]

mod long_history;

use std::path::Path;
use std::time::{Duration, Instant};

use cutover_ports::flags::FlagStore;
use cutover_sqlite::SqliteFlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::next_commit;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["prepare", path, records] => {
            long_history::write(Path::new(path), records.parse().unwrap());
        }
        ["measure", path, commits] => measure(Path::new(path), commits.parse().unwrap()),
        _ => println!("sqlite_commit_cost prepare PATH RECORDS | measure PATH COMMITS"),
    }
}

fn measure(path: &Path, commits: usize) {
    let store = SqliteFlagStore::open(path);
    let mut document = block_on(store.load()).unwrap().unwrap();
    let before = document.revision;
    let mut times: Vec<Duration> = (0..commits)
        .map(|number| {
            let commit = next_commit(Some(&document), &[long_history::toggle(number)], "bench");
            document = commit.document.clone();
            let start = Instant::now();
            block_on(store.commit(commit)).unwrap();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| times[(commits - 1) * share / 100];
    println!(
        "{commits} commits after revision {before}: median {:.2?}, p99 {:.2?}; peak of memory {}",
        at(50),
        at(99),
        peak_of_memory()
    );
}

/// As the kernel counts it.
fn peak_of_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or("unknown".to_owned(), |peak| peak.trim().to_owned())
}
