#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "flags")]
mod create;
#[cfg(feature = "flags")]
mod database;
#[cfg(feature = "flags")]
mod error;
#[cfg(feature = "flags")]
pub mod flags;
#[cfg(feature = "flags")]
mod migrations;
#[cfg(feature = "flags")]
mod worker;

#[cfg(feature = "flags")]
pub use flags::{SqliteFlagConfig, SqliteFlagStore};
