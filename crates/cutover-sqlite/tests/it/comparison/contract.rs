//! The contract of the port, over the store, its pointers, and a database that has flags as well.

use std::sync::Arc;

use cutover_ports::comparison::{ComparisonStore, RecordQuery, Retention};
use cutover_sqlite::comparison::Durability;
use cutover_sqlite::{SqliteComparisonConfig, SqliteComparisonStore};
use cutover_testkit::block_on;
use cutover_testkit::comparison::{Fixture, at_minute, sample_record, sample_run};
use cutover_testkit::comparison_store_contract;

comparison_store_contract!(sqlite, || {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cutover.db");
    Fixture::opened_by(move || SqliteComparisonStore::open(&path)).keeping(dir)
});

comparison_store_contract!(sqlite_that_waits_for_the_disk, || {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("made/when/needed/cutover.db");
    let open = move || {
        SqliteComparisonStore::with_config(SqliteComparisonConfig {
            durability: Durability::Power,
            ..SqliteComparisonConfig::new(&path)
        })
    };
    Fixture::opened_by(open).keeping(dir)
});

comparison_store_contract!(sqlite_behind_arc, || {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cutover.db");
    Fixture::opened_by(move || Arc::new(SqliteComparisonStore::open(&path))).keeping(dir)
});

comparison_store_contract!(sqlite_behind_box, || {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cutover.db");
    let open = move || Box::new(SqliteComparisonStore::open(&path)) as Box<dyn ComparisonStore>;
    Fixture::opened_by(open).keeping(dir)
});

#[cfg(feature = "flags")]
comparison_store_contract!(sqlite_beside_flags, || {
    use cutover_testkit::flags::{commit_changes, create};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cutover.db");
    let flags = cutover_sqlite::SqliteFlagStore::open(&path);
    block_on(commit_changes(&flags, &[create("a")], "alice"));
    Fixture::opened_by(move || SqliteComparisonStore::open(&path))
        .keeping(flags)
        .keeping(dir)
});

#[test]
fn environments_share_a_database_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cutover.db");
    let [production, staging] = ["production", "staging"].map(|environment| {
        SqliteComparisonStore::with_config(SqliteComparisonConfig {
            environment: environment.to_owned(),
            ..SqliteComparisonConfig::new(&path)
        })
    });
    let run = sample_run("r", 0);
    for (store, minutes) in [(&production, 0..3), (&staging, 0..2)] {
        block_on(store.create_run(&run)).unwrap();
        let records: Vec<_> = minutes
            .map(|minute| sample_record(&run, &format!("m{minute}"), minute))
            .collect();
        block_on(store.append(&records)).unwrap();
    }
    let count = |store: &SqliteComparisonStore| {
        let page = block_on(store.records(&RecordQuery::default())).unwrap();
        page.items.len()
    };
    assert_eq!((count(&production), count(&staging)), (3, 2));
    let retention = Retention {
        max_records: Some(1),
        ..Retention::default()
    };
    let pruned = block_on(staging.prune(&retention, at_minute(9))).unwrap();
    assert_eq!(pruned.records, 1);
    assert_eq!((count(&production), count(&staging)), (3, 1));
    let other = SqliteComparisonStore::open(&path);
    assert_eq!(block_on(other.run(&run.id)).unwrap(), None);
    assert_eq!(other.environment(), "default");
}
