#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod comparison;
pub mod flags;
pub mod json_schema;
pub mod metrics;
pub mod process;
mod rounds;
pub mod wait;

pub use rounds::rounds;

/// Waits for a future on this thread: what the contract macros run their cases with.
pub use pollster::block_on;
