//! The whole crate from outside: variables in, flags out, and back.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

mod carry;
mod dotenv;
mod overlay;
