//! A commit beside a bare loop of the same writes and syncs, with a short and a long history.
//!
//! Run with `cargo bench -p cutover-file`. Look at the ratio: the disk decides the rest.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panic")]

#[path = "../examples/file_commit_cost/long_history.rs"]
mod long_history;

use std::fs::{self, File, OpenOptions};
use std::io::Write;

use cutover_domain::flags::Revision;
use cutover_file::FileFlagStore;
use cutover_ports::flags::{FlagStore, HistoryQuery};
use cutover_testkit::block_on;
use cutover_testkit::flags::{commit_changes, next_commit, next_event};
use divan::Bencher;
use tempfile::TempDir;

use self::long_history::{toggle, write};

fn main() {
    divan::main();
}

/// The syncs and writes of one commit, and nothing else.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn bare_writes_and_syncs(bencher: Bencher<'_, '_>) {
    let source = store(10);
    commit_again(&source.1, 0);
    let document = fs::read(source.0.path().join("flags.json")).unwrap();
    let line = fs::read(source.0.path().join("flags.history.jsonl")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    bencher.bench_local(|| {
        let mut history = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path("history"))
            .unwrap();
        history.sync_data().unwrap();
        let mut temporary = File::create(path("document.tmp")).unwrap();
        temporary.write_all(&document).unwrap();
        temporary.sync_all().unwrap();
        fs::rename(path("document.tmp"), path("document")).unwrap();
        File::open(dir.path()).unwrap().sync_all().unwrap();
        history.write_all(&line[line.len() - 400..]).unwrap();
        fs::write(path("good.tmp"), &document).unwrap();
        fs::rename(path("good.tmp"), path("good")).unwrap();
    });
}

#[divan::bench(args = [10, 1_000_000], sample_count = 200, sample_size = 1)]
fn commit(bencher: Bencher<'_, '_>, records: u64) {
    let (_dir, store) = store(records);
    let mut document = block_on(store.load()).unwrap().unwrap();
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        let commit = next_commit(Some(&document), &[toggle(number)], "bench");
        document = commit.document.clone();
        block_on(store.commit(commit)).unwrap();
    });
}

#[divan::bench(args = [10, 1_000_000])]
fn load(bencher: Bencher<'_, '_>, records: u64) {
    let (_dir, store) = store(records);
    bencher.bench_local(|| block_on(store.load()).unwrap());
}

/// From the start of a commit until a watcher through another handle has its record.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn commit_until_seen_elsewhere(bencher: Bencher<'_, '_>) {
    let (dir, store) = store(10);
    let since = block_on(store.load()).unwrap().unwrap().revision;
    let mut events = block_on(FileFlagStore::open(dir.path()).watch(since)).unwrap();
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        commit_again(&store, number);
        block_on(next_event(&mut events))
    });
}

/// A page from the middle of the history.
#[divan::bench(args = [100, 1_000_000])]
fn page_of_20(bencher: Bencher<'_, '_>, records: u64) {
    let (_dir, store) = store(records);
    let query = HistoryQuery {
        before: Some(Revision::new(records / 2)),
        ..HistoryQuery::newest(20)
    };
    bencher.bench_local(|| block_on(store.history(&query)).unwrap());
}

fn commit_again(store: &FileFlagStore, number: usize) {
    block_on(commit_changes(store, &[toggle(number)], "bench"));
}

/// A store with so many records in its history, and two commits after them.
fn store(records: u64) -> (TempDir, FileFlagStore) {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), records);
    let store = FileFlagStore::open(dir.path());
    (dir, store)
}
