//! The contract of flag stores, over a database.

use std::sync::Arc;

use cutover_ports::flags::FlagStore;
use cutover_sqlite::SqliteFlagStore;
use cutover_testkit::flags::{FaultyFlagStore, Fixture};
use rusqlite::Connection;

/// An empty directory, and handles on a database in it.
fn database<S: FlagStore + 'static>(wrap: impl Fn(SqliteFlagStore) -> S + 'static) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/flags.db");
    let shell = path.clone();
    // As a person with the `sqlite3` shell would.
    let edit = move |statement| {
        let connection = Connection::open(&shell).unwrap();
        assert_eq!(connection.execute(statement, []).unwrap(), 1);
    };
    let undo = edit.clone();
    Fixture::opened_by(move || wrap(SqliteFlagStore::open(&path)))
        .harmed_by(
            move || edit("UPDATE flag_documents SET document = document || ' '"),
            move || undo("UPDATE flag_documents SET document = rtrim(document)"),
        )
        .keeping(dir)
}

cutover_testkit::flag_store_contract!(sqlite, || database(|store| store));

cutover_testkit::flag_store_contract!(in_an_arc, || database(
    |store| Arc::new(store) as Arc<dyn FlagStore>
));

cutover_testkit::flag_store_contract!(in_a_box, || database(
    |store| Box::new(store) as Box<dyn FlagStore>
));

cutover_testkit::flag_store_contract!(faulty_without_harm, || database(FaultyFlagStore::new));
