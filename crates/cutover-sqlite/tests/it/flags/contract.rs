//! The contract of flag stores, over a database.

use std::sync::Arc;

use cutover_ports::flags::FlagStore;
use cutover_sqlite::SqliteFlagStore;
use cutover_testkit::flags::{FaultyFlagStore, Fixture};

/// An empty directory, and handles on a database in it.
fn database<S: FlagStore + 'static>(wrap: impl Fn(SqliteFlagStore) -> S + 'static) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/flags.db");
    Fixture::opened_by(move || wrap(SqliteFlagStore::open(&path))).keeping(dir)
}

cutover_testkit::flag_store_contract!(sqlite, || database(|store| store));

cutover_testkit::flag_store_contract!(in_an_arc, || database(Arc::new));

cutover_testkit::flag_store_contract!(in_a_box, || database(
    |store| Box::new(store) as Box<dyn FlagStore>
));

cutover_testkit::flag_store_contract!(faulty_without_harm, || database(FaultyFlagStore::new));
