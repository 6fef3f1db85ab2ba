#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "execution")]
pub mod execution;
#[cfg(feature = "flags")]
pub mod flags;
#[cfg(feature = "metrics")]
pub mod metrics;
