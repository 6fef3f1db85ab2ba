#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod create;
mod database;
mod error;
#[cfg(feature = "flags")]
pub mod flags;
mod migrations;
mod worker;

#[cfg(feature = "flags")]
pub use flags::{SqliteFlagConfig, SqliteFlagStore};
