//! The suites, run over the reference stores.

mod comparison;
mod flags;
mod metrics;
