#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(any(feature = "toml", feature = "yaml"))]
mod digits;
mod document;
mod error;
#[cfg(any(feature = "toml", feature = "yaml"))]
mod fault;
mod format;
mod lines;
mod plain;
mod text;
#[cfg(feature = "toml")]
mod toml;
#[cfg(test)]
#[cfg(any(feature = "toml", feature = "yaml"))]
mod trial;
#[cfg(feature = "yaml")]
mod yaml;

pub use document::Document;
pub use error::{Problem, ReadError};
pub use format::Format;
pub use lines::{Line, Lines, json_lines};
pub use plain::text_lines;
