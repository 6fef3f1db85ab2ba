//! The contract of a [`FlagStore`]: one test per promise of the port.
//!
//! ```
//! use cutover_ports::flags::MemoryFlagStore;
//! use cutover_testkit::flags::Fixture;
//!
//! cutover_testkit::flag_store_contract!(memory, || {
//!     let store = MemoryFlagStore::new();
//!     Fixture::opened_by(move || store.clone())
//! });
//! # fn main() {}
//! ```
//!
//! A store that is durable or shared says how to open it again; what its
//! [capabilities](FlagStore::capabilities) do not promise is not asked of it.
//!
//! ```text
//! cutover_testkit::flag_store_contract!(file, || {
//!     let dir = tempfile::tempdir().unwrap();
//!     let path = dir.path().to_owned();
//!     Fixture::opened_by(move || FileFlagStore::open(&path)).keeping(dir)
//! });
//! ```

pub mod cases;
mod faulty;
pub mod processes;
mod sample;
mod strategy;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use cutover_ports::flags::FlagStore;

pub use faulty::{Call, Fault, FaultyFlagStore};
pub use sample::{at_minute, commit_changes, create, next_commit, next_event};
pub use strategy::{Subject, any_change_to, any_condition, any_flags, any_subject};

type Open = Box<dyn Fn() -> Arc<dyn FlagStore>>;

/// An empty store for one test, and what must live as long as it.
pub struct Fixture {
    store: Arc<dyn FlagStore>,
    open: Option<Open>,
    harm: Option<Harm>,
    kept: Vec<Box<dyn Any>>,
}

/// How to make what is stored unreadable, and how to put it back as it was.
struct Harm {
    damage: Box<dyn Fn()>,
    heal: Box<dyn Fn()>,
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
    pub fn new(store: impl FlagStore + 'static) -> Self {
        Self {
            store: Arc::new(store),
            open: None,
            harm: None,
            kept: Vec::new(),
        }
    }

    /// A store that can be opened again and again, with the same content.
    #[must_use]
    pub fn opened_by<S: FlagStore + 'static>(open: impl Fn() -> S + 'static) -> Self {
        let open = move || Arc::new(open()) as Arc<dyn FlagStore>;
        Self {
            store: open(),
            open: Some(Box::new(open)),
            harm: None,
            kept: Vec::new(),
        }
    }

    /// The same, with what makes the current flags unreadable behind the store's back (a torn file, a
    /// row that was edited by hand), and what puts them back exactly as they were. The store must
    /// have flags when `damage` is called. Without it the cases about recovery pass.
    #[must_use]
    pub fn harmed_by(mut self, damage: impl Fn() + 'static, heal: impl Fn() + 'static) -> Self {
        self.harm = Some(Harm {
            damage: Box::new(damage),
            heal: Box::new(heal),
        });
        self
    }

    /// The same with something that is dropped after the store: a temporary directory, a server.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any) -> Self {
        self.kept.push(Box::new(guard));
        self
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> Arc<dyn FlagStore> {
        Arc::clone(&self.store)
    }

    /// The same content through another handle, where that can be.
    #[must_use]
    pub fn open_again(&self) -> Option<Arc<dyn FlagStore>> {
        self.open.as_ref().map(|open| open())
    }

    /// Makes what is stored unreadable. False where that cannot be.
    #[must_use]
    pub fn damage(&self) -> bool {
        if let Some(harm) = &self.harm {
            (harm.damage)();
        }
        self.harm.is_some()
    }

    /// Puts back what [`damage`](Self::damage) took.
    pub fn heal(&self) {
        if let Some(harm) = &self.harm {
            (harm.heal)();
        }
    }
}

/// Makes a module `$name` with one test per promise of
/// [`FlagStore`](cutover_ports::flags::FlagStore); `$fixture` is called once per test and answers a
/// [`Fixture`](crate::flags::Fixture) with an empty store.
#[macro_export]
macro_rules! flag_store_contract {
    ($name:ident, $fixture:expr) => {
        $crate::flag_store_contract!(@cases $name, $fixture,
            an_empty_store_is_absent_and_no_error
            a_commit_is_loaded_as_it_was_made
            what_is_known_of_flags_that_cannot_be_read_is_the_newest
            any_document_survives
            each_commit_makes_one_revision_and_one_record
            a_change_that_changes_nothing_is_recorded_too
            a_stale_commit_is_a_conflict_that_names_both_revisions
            repeating_a_commit_is_a_conflict
            a_commit_ahead_of_the_store_is_a_conflict
            a_commit_whose_parts_do_not_belong_together_is_refused
            history_comes_newest_first
            pages_meet_each_record_once
            pages_meet_each_record_once_whatever_is_committed_meanwhile
            history_is_filtered_by_flag
            history_is_bounded_on_both_sides
            bounds_and_the_filter_go_together
            the_last_page_says_that_it_is_the_last
            bounds_beyond_all_revisions_are_no_trouble
            a_limit_of_zero_is_an_empty_page
            of_commits_at_once_one_wins
            writers_at_once_lose_nothing
            readers_see_whole_revisions
            a_watcher_sees_every_change_once_and_in_order
            a_watcher_starts_after_the_revision_it_names
            a_watcher_sees_what_came_while_it_did_not_look
            every_watcher_sees_every_change
            a_dropped_watcher_disturbs_nobody
            a_watcher_ahead_of_the_store_is_told
            a_store_that_cannot_be_watched_says_so
            what_was_committed_is_there_after_opening_again
            handles_see_each_others_commits
            writers_through_two_handles_lose_nothing
            a_watcher_sees_commits_through_another_handle
            compaction_keeps_the_newest_and_the_numbers
            compaction_goes_by_the_age_of_records_too
            compaction_never_takes_the_newest_record
            there_is_nothing_to_compact_in_an_empty_store
            pages_end_where_retention_cut
            commits_go_on_after_a_compaction
            a_watcher_that_missed_what_was_removed_is_told
            a_watcher_that_saw_all_is_not_disturbed_by_a_compaction
            what_was_removed_stays_removed_after_opening_again
            a_store_that_cannot_compact_says_so
            capabilities_are_the_same_at_all_times_and_through_every_handle
            what_cannot_be_read_is_an_error_that_says_where
            a_commit_writes_nothing_over_what_cannot_be_read
            a_compaction_removes_nothing_from_what_cannot_be_read
            a_store_goes_on_after_it_was_healed
            a_watcher_tells_of_trouble_and_goes_on_after_healing
            trouble_is_told_through_every_handle
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
                    $crate::block_on($crate::flags::cases::$case(&fixture));
                }
            )*
        }
    };
}
