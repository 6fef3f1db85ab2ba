//! The harness of the black-box tests: the built programs, seen from outside.
//!
//! A test gets a [`Cutover`] with a home of its own, runs commands, and looks at what a user would
//! see: exit code, standard output, standard error, files. Nothing here links to the product.
//!
//! ```no_run
//! use cutover_tests::Cutover;
//!
//! let cutover = Cutover::new();
//! cutover.run(["flag", "create", "dark_mode", "--yes"]).expect(0);
//! let flag = cutover.run(["flag", "get", "dark_mode", "--format", "json"]).expect(0).json();
//! assert_eq!(flag["flag"]["key"], "dark_mode");
//! ```

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness tells what is wrong by failing the test"
)]

mod answer;
mod binaries;
mod browser;
mod cutover;
mod deadline;
mod extent;
mod records;
mod requirement;

pub use answer::Answer;
pub use binaries::{cutover_binary, mdm_binary, store_driver_binary};

pub use browser::{Browser, CHROMIUM};
pub use cutover::Cutover;
pub use deadline::{kill_after, wait_until};
pub use extent::{comparison_records, rounds, soak_seconds};
pub use records::{Shuffle, records};
pub use requirement::{is_installed_or_left_out, is_possible_or_left_out};
