//! The file adapters under their contracts, and under harm.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "comparison")]
mod comparison;
#[cfg(feature = "comparison")]
mod comparison_harm;
