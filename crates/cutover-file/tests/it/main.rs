//! The file adapters under their contracts, and under harm.

#[cfg(feature = "metrics")]
mod metrics;
