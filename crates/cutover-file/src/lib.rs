#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "comparison")]
pub mod comparison;
#[cfg(feature = "flags")]
pub mod flags;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod in_place;
#[cfg(feature = "metrics")]
pub mod metrics;

#[cfg(feature = "comparison")]
pub use comparison::{FileComparisonConfig, FileComparisonStore};
#[cfg(feature = "flags")]
pub use flags::{FileFlagConfig, FileFlagStore};
#[cfg(feature = "metrics")]
pub use metrics::FileStateStore;
