#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "flags")]
pub mod flags;

#[cfg(feature = "flags")]
pub use flags::{FileFlagConfig, FileFlagStore};
