//! Laws of the domain.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

mod comparison;
mod flags;
mod import;
mod tree;
