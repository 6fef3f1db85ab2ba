//! What commits cost with a history of some length: time, and the peak of memory of a process that
//! does nothing else.
//!
//! ```console
//! $ cargo run --release -p cutover-file --example file_commit_cost -- prepare /tmp/short 10
//! $ cargo run --release -p cutover-file --example file_commit_cost -- prepare /tmp/long 1000000
//! $ cargo run --release -p cutover-file --example file_commit_cost -- measure /tmp/long 500
//! $ cargo run --release -p cutover-file --example file_commit_cost -- compare /tmp/short /tmp/long 500
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement fails by panic and says what it found"
)]

mod long_history;

use std::path::Path;
use std::time::{Duration, Instant};

use cutover_domain::flags::FlagDocument;
use cutover_file::FileFlagStore;
use cutover_ports::flags::FlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::next_commit;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["prepare", dir, records] => {
            long_history::write(Path::new(dir), records.parse().unwrap());
        }
        ["measure", dir, commits] => {
            measure(&[dir], commits.parse().unwrap());
            println!("peak of memory {}", peak_of_memory());
        }
        // In turn, so that both meet the same disk.
        ["compare", one, other, commits] => measure(&[one, other], commits.parse().unwrap()),
        _ => println!(
            "file_commit_cost prepare DIR RECORDS | measure DIR COMMITS | compare DIR DIR COMMITS"
        ),
    }
}

struct Measured {
    store: FileFlagStore,
    document: FlagDocument,
    times: Vec<Duration>,
}

impl Measured {
    fn open(dir: &str) -> Self {
        let store = FileFlagStore::open(dir);
        let document = block_on(store.load()).unwrap().unwrap();
        Self {
            store,
            document,
            times: Vec::new(),
        }
    }

    fn commit(&mut self, number: usize) {
        let toggle = long_history::toggle(number);
        let commit = next_commit(Some(&self.document), &[toggle], "bench");
        self.document = commit.document.clone();
        let start = Instant::now();
        block_on(self.store.commit(commit)).unwrap();
        self.times.push(start.elapsed());
    }
}

fn measure(dirs: &[&str], commits: usize) {
    let mut measured: Vec<_> = dirs.iter().map(|dir| Measured::open(dir)).collect();
    for number in 0..commits {
        for store in &mut measured {
            store.commit(number);
        }
    }
    for (
        dir,
        Measured {
            document,
            mut times,
            ..
        },
    ) in dirs.iter().zip(measured)
    {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        println!(
            "{dir}: {commits} commits up to revision {}: median {:.2?}, p90 {:.2?}, p99 {:.2?}",
            document.revision,
            at(50),
            at(90),
            at(99),
        );
    }
}

/// As the kernel counts it.
fn peak_of_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or("unknown".to_owned(), |peak| peak.trim().to_owned())
}
