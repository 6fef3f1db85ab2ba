//! What the built programs do, seen from outside.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests; the lints know only functions that are marked as such"
)]

mod black_box;
mod contention;
mod damage;
mod diff;
mod diff_tables;
mod exit_codes;
mod full_disk;
mod hostile;
mod kills;
mod output_tables;
mod report_page;
mod retention;
mod rollout;
mod runner;
mod soak;
mod tours;
mod vectors;
mod watching;
