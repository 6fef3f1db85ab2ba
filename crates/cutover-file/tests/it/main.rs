//! The file adapters under their contracts, and under harm.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

#[cfg(feature = "comparison")]
mod comparison;
#[cfg(feature = "comparison")]
mod comparison_harm;
#[cfg(feature = "flags")]
mod flags;
#[cfg(feature = "metrics")]
mod metrics;
