#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "comparison")]
pub mod comparison;
pub mod environment;
#[cfg(feature = "flags")]
pub mod flags;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod in_place;
#[cfg(feature = "metrics")]
pub mod metrics;

#[cfg(feature = "comparison")]
pub use comparison::{FileComparisonConfig, FileComparisonStore};
pub use environment::{BadEnvironment, Environment};
#[cfg(feature = "flags")]
pub use flags::{FileFlagConfig, FileFlagStore};
#[cfg(feature = "metrics")]
pub use metrics::FileStateStore;
