//! YAML 1.2 (core schema) without loss, without recursion, with positions.
//!
//! The scanner is granit-parser; what its events mean is said here. First the stream is laid out
//! flat in reading order ([`layout`]), then it is written into a tree ([`writing`]), where aliases
//! are repeated and merge keys merged within a budget.

mod layout;
mod scalar;
mod writing;

use cutover_domain::tree::Tree;

use crate::error::ReadError;
use crate::text::Text;

/// Reads a stream: nothing is `null`, one document is its value, several are an array of them.
pub(crate) fn read(text: &Text<'_>, depth: usize) -> Result<Tree, ReadError> {
    layout::Stream::of(text.text, depth)
        .and_then(|stream| writing::write(&stream, depth))
        .map_err(|fault| fault.locate(text))
}

#[cfg(test)]
mod tests;
