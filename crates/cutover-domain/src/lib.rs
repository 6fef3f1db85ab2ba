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
pub mod percentage;
pub mod side;
#[cfg(any(feature = "flags", feature = "comparison"))]
mod spelling;
pub mod stage;
#[cfg(feature = "comparison")]
pub mod tree;

pub use percentage::Percentage;
pub use side::Side;
pub use stage::Stage;
