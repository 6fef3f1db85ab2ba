//! The use cases, over the in-memory adapters.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

#[cfg(feature = "flags")]
mod flags;
#[cfg(feature = "metrics")]
mod metrics;
