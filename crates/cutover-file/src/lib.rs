#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "comparison")]
pub mod comparison;

#[cfg(feature = "comparison")]
pub use comparison::{Durability, FileComparisonConfig, FileComparisonStore};
