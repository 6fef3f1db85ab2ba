//! The demonstration: the work of the legacy implementation is carried over to the modern one.

pub mod datasets;
pub mod story;
