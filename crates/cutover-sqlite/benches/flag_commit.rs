//! A commit beside a bare loop of the same statements, with a short and a long history.
//!
//! Run with `cargo bench -p cutover-sqlite`. Look at the ratio: the disk decides the rest.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panic")]

#[path = "../examples/sqlite_commit_cost/long_history.rs"]
mod long_history;

use cutover_domain::flags::Revision;
use cutover_ports::flags::{FlagStore, HistoryQuery};
use cutover_sqlite::SqliteFlagStore;
use cutover_testkit::block_on;
use cutover_testkit::flags::{commit_changes, next_commit, next_event};
use divan::Bencher;
use rusqlite::{Connection, TransactionBehavior, params};
use tempfile::TempDir;

use self::long_history::{toggle, write};

fn main() {
    divan::main();
}

/// The statements of one commit, with the texts of one, and nothing else.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn bare_statements(bencher: Bencher<'_, '_>) {
    let (dir, store) = store(10);
    let mut connection = Connection::open(dir.path().join("flags.db")).unwrap();
    drop(store);
    connection
        .pragma_update(None, "synchronous", "full")
        .unwrap();
    let text =
        |query: &str| -> String { connection.query_row(query, [], |row| row.get(0)).unwrap() };
    let document = text("SELECT document FROM flag_documents");
    let record = text("SELECT record FROM flag_history ORDER BY revision DESC LIMIT 1");
    let mut revision = 1000;
    bencher.bench_local(|| {
        revision += 1;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .unwrap();
        let _current: String = transaction
            .query_row("SELECT document FROM flag_documents", [], |row| row.get(0))
            .unwrap();
        transaction
            .execute(
                "UPDATE flag_documents SET revision = ?1, document = ?2",
                params![revision, document],
            )
            .unwrap();
        transaction
            .execute(
                "INSERT INTO flag_history VALUES ('default', ?1, 0, ?2, 'none')",
                params![revision, record],
            )
            .unwrap();
        transaction
            .execute(
                "INSERT INTO flag_history_keys VALUES ('default', 'flag-0', ?1)",
                params![revision],
            )
            .unwrap();
        transaction.commit().unwrap();
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
    let elsewhere = SqliteFlagStore::open(dir.path().join("flags.db"));
    let mut events = block_on(elsewhere.watch(since)).unwrap();
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        block_on(commit_changes(&store, &[toggle(number)], "bench"));
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

/// The first records of a flag that few of them touch.
#[divan::bench(args = [100, 1_000_000])]
fn page_of_20_of_one_flag(bencher: Bencher<'_, '_>, records: u64) {
    let (_dir, store) = store(records);
    let query = HistoryQuery::newest(20).of("flag-7".parse().unwrap());
    bencher.bench_local(|| block_on(store.history(&query)).unwrap());
}

/// A store with so many records in its history.
fn store(records: u64) -> (TempDir, SqliteFlagStore) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flags.db");
    write(&path, records);
    (dir, SqliteFlagStore::open(path))
}
