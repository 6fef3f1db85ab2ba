//! The SQLite adapters under their contracts, and under harm.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

#[cfg(feature = "flags")]
mod flags;
