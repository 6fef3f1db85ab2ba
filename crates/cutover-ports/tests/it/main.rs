//! What the in-memory adapters promise.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

#[cfg(feature = "metrics")]
mod metrics;
