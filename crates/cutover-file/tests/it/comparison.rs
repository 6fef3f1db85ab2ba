use std::sync::Arc;

use cutover_file::{FileComparisonConfig, FileComparisonStore};
use cutover_ports::comparison::ComparisonStore;
use cutover_testkit::comparison::Fixture;
use cutover_testkit::comparison_store_contract;

comparison_store_contract!(file, || {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    Fixture::opened_by(move || FileComparisonStore::open(&path)).keeping(dir)
});

comparison_store_contract!(file_in_tiny_segments, || {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("made/when/needed");
    let open = move || {
        FileComparisonStore::with_config(FileComparisonConfig {
            segment_bytes: 700,
            ..FileComparisonConfig::new(&path)
        })
    };
    Fixture::opened_by(open).keeping(dir)
});

comparison_store_contract!(file_behind_arc, || {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    Fixture::opened_by(move || Arc::new(FileComparisonStore::open(&path))).keeping(dir)
});

comparison_store_contract!(file_behind_box, || {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let open = move || Box::new(FileComparisonStore::open(&path)) as Box<dyn ComparisonStore>;
    Fixture::opened_by(open).keeping(dir)
});
