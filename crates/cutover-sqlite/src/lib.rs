#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "comparison")]
pub mod comparison;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod crash;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod create;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod database;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod error;
#[cfg(feature = "flags")]
pub mod flags;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod migrations;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod sealed;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod space;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod worker;

#[cfg(feature = "comparison")]
pub use comparison::{SqliteComparisonConfig, SqliteComparisonStore};
#[cfg(feature = "flags")]
pub use flags::{SqliteFlagConfig, SqliteFlagStore};
