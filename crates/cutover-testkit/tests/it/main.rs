//! The in-memory reference adapters under their contracts.

mod comparison;
mod metrics;
