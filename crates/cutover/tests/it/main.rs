//! The facade as a program uses it.
#![cfg(all(unix, feature = "file"))]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

mod changes_of_files;
mod environments;
mod starting;
