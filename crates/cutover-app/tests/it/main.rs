//! The use cases, over the in-memory adapters.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

#[cfg(feature = "tokio")]
mod candidates;
#[cfg(feature = "tokio")]
mod fallback;
#[cfg(feature = "tokio")]
mod fixture;
#[cfg(feature = "flags")]
mod flags;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "tokio")]
mod noise;
#[cfg(feature = "tokio")]
mod reads;
#[cfg(feature = "report")]
mod report;
#[cfg(feature = "tokio")]
mod writes;
