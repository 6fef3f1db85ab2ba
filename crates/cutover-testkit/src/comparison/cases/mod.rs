//! The cases of the contract, for harnesses of your own; usually called through
//! [`comparison_store_contract!`](crate::comparison_store_contract).
//!
//! Each takes a [`Fixture`](super::Fixture) with an empty store and panics when the store breaks
//! the promise that its name states.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "each function is a test that names its promise"
)]

mod at_once;
mod reading;
mod retention;
mod runs;
mod saving;

use cutover_domain::comparison::{ComparisonRecord, Run};
use cutover_ports::comparison::{ComparisonStore, ComparisonStoreExt, RecordQuery, RunQuery};
use cutover_ports::{PortError, PortErrorKind};

use super::{sample_record, sample_run};

pub use at_once::{
    handles_see_each_other, of_two_appends_of_one_id_at_once_one_wins,
    of_two_creations_at_once_one_wins, what_was_saved_is_there_after_opening_again,
    writers_at_once_lose_nothing,
};
pub use reading::{
    a_foreign_cursor_is_refused, a_page_holds_no_more_than_the_limit_and_at_least_one,
    a_record_is_found_by_run_and_id, pages_of_records_meet_each_once_whatever_is_saved_meanwhile,
    records_are_filtered, records_are_found_by_what_differs,
    records_come_in_reverse_order_of_saving, records_of_newer_runs_come_first,
};
pub use retention::{
    retention_by_age_removes_what_is_older, retention_by_bytes_keeps_the_newest,
    retention_by_count_keeps_the_newest, retention_leaves_running_runs_and_can_be_repeated,
};
pub use runs::{
    a_run_is_created_once, a_run_is_replaced_by_its_update, an_empty_store_has_nothing,
    an_update_needs_the_run_and_leaves_its_start, pages_of_runs_meet_each_once, runs_are_filtered,
    runs_come_newest_first, the_latest_run_and_all_records_are_easy_to_get,
};
pub use saving::{
    a_batch_is_for_one_run_that_exists, a_record_of_any_length_is_saved,
    an_empty_batch_changes_nothing, any_record_survives, every_field_survives,
    nothing_is_overwritten, one_id_may_be_in_two_runs, two_records_of_a_batch_cannot_share_an_id,
};

async fn with_run(store: &dyn ComparisonStore, id: &str, minute: i64) -> Run {
    let run = sample_run(id, minute);
    store.create_run(&run).await.unwrap();
    run
}

async fn with_records(
    store: &dyn ComparisonStore,
    run: &Run,
    minutes: std::ops::Range<i64>,
) -> Vec<ComparisonRecord> {
    let records: Vec<_> = minutes
        .map(|minute| sample_record(run, &format!("r{minute:04}"), minute))
        .collect();
    store.append(&records).await.unwrap();
    records
}

async fn all(store: &dyn ComparisonStore, query: RecordQuery) -> Vec<ComparisonRecord> {
    let mut found = Vec::new();
    let visited = store
        .visit_records(&query, &mut |record| found.push(record))
        .await
        .unwrap();
    assert_eq!(visited.unreadable, []);
    found
}

async fn ids(store: &dyn ComparisonStore, query: RecordQuery) -> Vec<String> {
    all(store, query)
        .await
        .iter()
        .map(|record| record.id.to_string())
        .collect()
}

async fn run_ids(store: &dyn ComparisonStore, mut query: RunQuery) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let page = store.runs(&query).await.unwrap();
        assert_eq!(page.unreadable, []);
        found.extend(page.items.iter().map(|run| run.id.to_string()));
        match page.next {
            None => return found,
            next => query.after = next,
        }
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, PortError>) -> PortErrorKind {
    result.unwrap_err().kind()
}
