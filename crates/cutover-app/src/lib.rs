#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "comparison")]
pub mod comparison;
#[cfg(feature = "execution")]
pub mod execution;
#[cfg(feature = "flags")]
pub mod flags;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(any(feature = "flags", feature = "metrics"))]
mod panics;
#[cfg(feature = "report")]
pub mod report;
