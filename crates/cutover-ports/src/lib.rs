#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod clock;
#[cfg(feature = "comparison")]
pub mod comparison;
pub mod error;
#[cfg(feature = "flags")]
pub mod flags;
#[cfg(feature = "metrics")]
pub mod metrics;

pub use clock::{Clock, SystemClock};
pub use error::{PortError, PortErrorKind};
