//! Tables are compared as a stranger compares them: through the public interface.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

mod by_key;
mod csv;
mod hostile;
mod laws;
mod memory;
mod oracle;
mod parquet;
mod schema;
mod tables;
mod values;
