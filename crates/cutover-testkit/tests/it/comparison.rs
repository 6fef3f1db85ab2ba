use std::sync::Arc;

use cutover_ports::comparison::{ComparisonStore, MemoryComparisonStore};
use cutover_testkit::comparison::{Fixture, any_record, any_run};
use cutover_testkit::comparison_store_contract;
use proptest::prelude::*;

comparison_store_contract!(memory, || Fixture::new(MemoryComparisonStore::new()));

comparison_store_contract!(memory_behind_arc, || Fixture::new(Arc::new(
    MemoryComparisonStore::new()
)));

comparison_store_contract!(memory_behind_box, || Fixture::new(
    Box::new(MemoryComparisonStore::new()) as Box<dyn ComparisonStore>
));

proptest! {
    #[test]
    fn records_and_runs_survive_their_stored_form(
        (run, record) in any_run().prop_flat_map(|run| {
            let record = any_record(run.id.clone());
            (Just(run), record)
        })
    ) {
        let json = serde_json::to_string(&run).unwrap();
        prop_assert_eq!(serde_json::from_str::<cutover_domain::comparison::Run>(&json).unwrap(), run);
        let json = serde_json::to_string(&record).unwrap();
        prop_assert!(!json.contains('\n'), "one line");
        let read: cutover_domain::comparison::ComparisonRecord =
            serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&read, &record);
        // The tree's form does not depend on the reader either.
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(value["result"].as_str(), Some(record.result.name()));
    }
}
