//! The contract of flag stores, over files.

use std::fs;
use std::sync::Arc;

use cutover_file::FileFlagStore;
use cutover_ports::flags::FlagStore;
use cutover_testkit::flags::{FaultyFlagStore, Fixture};

/// An empty directory, and handles on it.
fn files<S: FlagStore + 'static>(wrap: impl Fn(FileFlagStore) -> S + 'static) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/flags");
    let (document, kept) = (path.join("flags.json"), dir.path().join("kept"));
    let whole = (document.clone(), kept.clone());
    Fixture::opened_by(move || wrap(FileFlagStore::open(&path)))
        .harmed_by(
            move || {
                let text = fs::read(&whole.0).unwrap();
                fs::write(&whole.1, &text).unwrap();
                fs::write(&whole.0, &text[..text.len() / 2]).unwrap();
            },
            move || {
                fs::copy(&kept, &document).unwrap();
            },
        )
        .keeping(dir)
}

cutover_testkit::flag_store_contract!(file, || files(|store| store));

cutover_testkit::flag_store_contract!(in_an_arc, || files(
    |store| Arc::new(store) as Arc<dyn FlagStore>
));

cutover_testkit::flag_store_contract!(in_a_box, || files(
    |store| Box::new(store) as Box<dyn FlagStore>
));

cutover_testkit::flag_store_contract!(faulty_without_harm, || files(FaultyFlagStore::new));
