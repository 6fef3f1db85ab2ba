#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "flags")]
pub mod flags;
#[cfg(feature = "metrics")]
pub mod metrics;

#[cfg(feature = "flags")]
pub use flags::{FileFlagConfig, FileFlagStore};
#[cfg(feature = "metrics")]
pub use metrics::FileStateStore;
