//! Tables are compared as a stranger compares them: through the public interface.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panic"
)]

mod arrow_file;
mod by_key;
mod csv;
mod hostile;
mod json_lines;
mod laws;
mod memory;
mod oracle;
mod parquet;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod tables;
mod values;
