use std::sync::Arc;
use std::time::Duration;

use cutover_domain::flags::FlagDocument;
use cutover_ports::PortErrorKind;
use cutover_ports::flags::{FlagStore, MemoryFlagStore};
use cutover_testkit::block_on;
use cutover_testkit::flags::{
    Call, Fault, FaultyFlagStore, Fixture, any_change_to, any_flags, at_minute, commit_changes,
    create, next_commit,
};
use cutover_testkit::json_schema;
use cutover_testkit::wait::within;
use proptest::prelude::*;

fn memory<S: FlagStore + 'static>(wrap: impl Fn(MemoryFlagStore) -> S + 'static) -> Fixture {
    let store = MemoryFlagStore::new();
    Fixture::opened_by(move || wrap(store.clone()))
}

cutover_testkit::flag_store_contract!(memory, || memory(|store| store));

cutover_testkit::flag_store_contract!(in_an_arc, || memory(
    |store| Arc::new(store) as Arc<dyn FlagStore>
));

cutover_testkit::flag_store_contract!(in_a_box, || memory(
    |store| Box::new(store) as Box<dyn FlagStore>
));

cutover_testkit::flag_store_contract!(faulty_without_harm, || memory(FaultyFlagStore::new));

#[test]
fn a_lost_answer_leaves_the_commit_made() {
    block_on(async {
        let store = FaultyFlagStore::new(MemoryFlagStore::new());
        store.harm(Call::Commit, 1, Fault::LoseAnswer);
        let error = store
            .commit(next_commit(None, &[create("a")], "alice"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::OutcomeUnknown);
        assert!(store.load().await.unwrap().is_some());
    });
}

#[test]
fn harm_lasts_until_it_is_healed() {
    block_on(async {
        let store = FaultyFlagStore::new(MemoryFlagStore::new());
        commit_changes(&store, &[create("a")], "alice").await;
        store.harm_from_now_on(Call::Load, Fault::Fail(PortErrorKind::Unavailable));
        for _ in 0..3 {
            assert!(store.load().await.is_err());
        }
        store.harm_from_now_on(Call::Load, Fault::Hang);
        assert!(
            within(Duration::from_millis(5), store.load())
                .await
                .is_none()
        );
        store.heal();
        assert!(store.load().await.is_ok());
    });
}

proptest! {
    #[test]
    fn strategies_make_valid_flags_and_changes(
        (flags, changes) in any_flags(5)
            .prop_filter("a change needs a flag", |flags| !flags.is_empty())
            .prop_flat_map(|flags| {
                let changes = proptest::collection::vec(any_change_to(&flags), 0..5);
                (Just(flags), changes)
            })
    ) {
        let document = FlagDocument { flags, ..FlagDocument::empty(at_minute(0)) };
        prop_assert_eq!(document.validate(), Ok(()));
        prop_assert!(document.apply(&changes, at_minute(1)).is_ok());
    }
}

/// The published schema describes every field that a definition can have: with unknown fields
/// forbidden in it, nothing is wrong with a document but the fields of a newer schema.
#[test]
fn the_json_schema_describes_the_document() {
    let schema = include_str!("../../../../docs/schema/flags.schema.json").replace(
        "\"additionalProperties\": true",
        "\"additionalProperties\": false",
    );
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    proptest!(|(flags in any_flags(6))| {
        let mut document = FlagDocument::empty(at_minute(0));
        document.flags = flags;
        let problems = json_schema::problems(&schema, &serde_json::to_value(&document).unwrap());
        let problems: Vec<_> = problems.iter().filter(|problem| !problem.contains(".later_")).collect();
        prop_assert!(problems.is_empty(), "{problems:#?}");
    });
}
