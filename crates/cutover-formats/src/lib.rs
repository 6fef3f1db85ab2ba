#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod document;
mod error;
mod format;
mod lines;
mod text;

pub use document::Document;
pub use error::{Problem, ReadError};
pub use format::Format;
pub use lines::{Line, Lines, json_lines};
