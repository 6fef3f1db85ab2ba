//! A commit beside a bare loop of the same writes and syncs, with a short and a long history.
//!
//! Run with `cargo bench -p cutover-file`. Look at the ratio: the disk decides the rest.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panic")]

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;

use cutover_domain::flags::{Change, ChangeRecord, FlagDocument, Revision};
use cutover_file::FileFlagStore;
use cutover_ports::flags::{FlagStore, HistoryQuery};
use cutover_testkit::block_on;
use cutover_testkit::flags::{at_minute, commit_changes, create, next_commit, next_event};
use divan::Bencher;
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64;

const FLAGS: usize = 20;

fn main() {
    divan::main();
}

/// The syncs and writes of one commit, and nothing else.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn bare_writes_and_syncs(bencher: Bencher<'_, '_>) {
    let source = store(0);
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

#[divan::bench(args = [0, 1_000_000], sample_count = 200, sample_size = 1)]
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

#[divan::bench(args = [0, 1_000_000])]
fn load(bencher: Bencher<'_, '_>, records: u64) {
    let (_dir, store) = store(records);
    bencher.bench_local(|| block_on(store.load()).unwrap());
}

/// From the start of a commit until a watcher through another handle has its record.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn commit_until_seen_elsewhere(bencher: Bencher<'_, '_>) {
    let (dir, store) = store(0);
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

fn toggle(number: usize) -> Change {
    let key = "flag-0".parse().unwrap();
    match number % 2 {
        0 => Change::Restore { key },
        _ => Change::Kill { key },
    }
}

fn commit_again(store: &FileFlagStore, number: usize) {
    block_on(commit_changes(store, &[toggle(number)], "bench"));
}

/// A store with so many records in its history before its first commit.
fn store(records: u64) -> (TempDir, FileFlagStore) {
    let dir = tempfile::tempdir().unwrap();
    if records > 0 {
        write_history(&dir.path().join("flags.history.jsonl"), records);
        let empty = FlagDocument::empty(at_minute(0));
        let flags = serde_json::to_string(&empty).unwrap();
        fs::write(dir.path().join("flags.json"), flags).unwrap();
    }
    let store = FileFlagStore::open(dir.path());
    let changes: Vec<_> = (0..FLAGS)
        .map(|number| create(&format!("flag-{number}")))
        .collect();
    block_on(commit_changes(&store, &changes, "bench"));
    commit_again(&store, 1);
    (dir, store)
}

/// Lines as the store writes them: a record, and the checksum of its text.
fn write_history(path: &Path, records: u64) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    for number in 1..=records {
        let record = ChangeRecord {
            revision: Revision::new(number),
            time: at_minute(0),
            actor: "bench".to_owned(),
            reason: None,
            changes: Vec::new(),
            unknown: Default::default(),
        };
        let text = serde_json::to_string(&record).unwrap();
        let sum = xxh3_64(text.as_bytes());
        writeln!(file, r#"{{"sum":"{sum:016x}","record":{text}}}"#).unwrap();
    }
    file.flush().unwrap();
}
