//! The contract of a [`ComparisonStore`]: one test per promise of the port.
//!
//! ```
//! use cutover_ports::comparison::MemoryComparisonStore;
//! use cutover_testkit::comparison::Fixture;
//!
//! cutover_testkit::comparison_store_contract!(memory, || Fixture::new(
//!     MemoryComparisonStore::new()
//! ));
//! # fn main() {}
//! ```
//!
//! A store that is durable or shared says how to open it again; the cases for that are skipped
//! where its capabilities do not promise it.
//!
//! ```text
//! cutover_testkit::comparison_store_contract!(file, || {
//!     let dir = tempfile::tempdir().unwrap();
//!     let path = dir.path().to_owned();
//!     Fixture::opened_by(move || FileComparisonStore::open(&path)).keeping(dir)
//! });
//! ```

pub mod cases;
pub mod processes;
mod sample;
mod strategy;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use cutover_ports::comparison::ComparisonStore;

pub use sample::{at_minute, full_record, full_run, sample_record, sample_run};
pub use strategy::{any_record, any_run};

/// An empty store for one test, and what must live as long as it.
pub struct Fixture {
    store: Arc<dyn ComparisonStore>,
    open: Option<Box<dyn Fn() -> Arc<dyn ComparisonStore>>>,
    kept: Vec<Box<dyn Any>>,
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Fixture {
    /// A store that cannot be opened a second time.
    #[must_use]
    pub fn new(store: impl ComparisonStore + 'static) -> Self {
        Self {
            store: Arc::new(store),
            open: None,
            kept: Vec::new(),
        }
    }

    /// A store that can be opened again and again, with the same content.
    #[must_use]
    pub fn opened_by<S: ComparisonStore + 'static>(open: impl Fn() -> S + 'static) -> Self {
        let open = move || Arc::new(open()) as Arc<dyn ComparisonStore>;
        Self {
            store: open(),
            open: Some(Box::new(open)),
            kept: Vec::new(),
        }
    }

    /// The same with something that is dropped after the store: a temporary directory, a server.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any) -> Self {
        self.kept.push(Box::new(guard));
        self
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> Arc<dyn ComparisonStore> {
        Arc::clone(&self.store)
    }

    /// The same content through another handle, where that can be.
    #[must_use]
    pub fn open_again(&self) -> Option<Arc<dyn ComparisonStore>> {
        self.open.as_ref().map(|open| open())
    }
}

/// Makes a module `$name` with one test per promise of
/// [`ComparisonStore`](cutover_ports::comparison::ComparisonStore); `$fixture` is called once per
/// test and answers a [`Fixture`](crate::comparison::Fixture) with an empty store.
#[macro_export]
macro_rules! comparison_store_contract {
    ($name:ident, $fixture:expr) => {
        $crate::comparison_store_contract!(@cases $name, $fixture,
            an_empty_store_has_nothing
            a_run_is_created_once
            a_run_is_replaced_by_its_update
            an_update_needs_the_run_and_leaves_its_start
            runs_come_newest_first
            runs_are_filtered
            pages_of_runs_meet_each_once
            records_come_in_reverse_order_of_saving
            records_of_newer_runs_come_first
            records_are_filtered
            records_are_found_by_what_differs
            pages_of_records_meet_each_once_whatever_is_saved_meanwhile
            a_page_holds_no_more_than_the_limit_and_at_least_one
            a_record_is_found_by_run_and_id
            every_field_survives
            any_record_survives
            a_record_of_any_length_is_saved
            nothing_is_overwritten
            two_records_of_a_batch_cannot_share_an_id
            one_id_may_be_in_two_runs
            a_batch_is_for_one_run_that_exists
            an_empty_batch_changes_nothing
            a_foreign_cursor_is_refused
            writers_at_once_lose_nothing
            of_two_creations_at_once_one_wins
            of_two_appends_of_one_id_at_once_one_wins
            retention_by_age_removes_what_is_older
            retention_by_count_keeps_the_newest
            retention_by_bytes_keeps_the_newest
            retention_leaves_running_runs_and_can_be_repeated
            what_was_saved_is_there_after_opening_again
            handles_see_each_other
            the_latest_run_and_all_records_are_easy_to_get
        );
    };
    (@cases $name:ident, $fixture:expr, $($case:ident)*) => {
        mod $name {
            #[allow(unused_imports, reason = "the fixture may be written in place")]
            use super::*;

            $(
                #[test]
                fn $case() {
                    let fixture = ($fixture)();
                    $crate::block_on($crate::comparison::cases::$case(&fixture));
                }
            )*
        }
    };
}
