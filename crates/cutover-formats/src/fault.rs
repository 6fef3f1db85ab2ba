//! A problem by its place in a text; positions are worked out only when one is reported.

use crate::error::{Problem, ReadError};
use crate::text::Text;

/// What a reader stopped at.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Byte within the text.
    at: usize,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Problem(Problem),
    /// A key and where it stands first.
    DuplicateKey(String, usize),
}

impl Fault {
    pub(crate) fn new(at: usize, problem: Problem) -> Self {
        Self {
            at,
            cause: Cause::Problem(problem),
        }
    }

    pub(crate) fn duplicate_key(at: usize, key: impl Into<String>, first: usize) -> Self {
        Self {
            at,
            cause: Cause::DuplicateKey(key.into(), first),
        }
    }

    /// Byte within the text.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The error of a reader of `text`.
    pub(crate) fn locate(self, text: &Text<'_>) -> ReadError {
        let problem = match self.cause {
            Cause::Problem(problem @ Problem::Size(_)) => return ReadError::whole(problem),
            Cause::Problem(problem) => problem,
            Cause::DuplicateKey(key, first) => Problem::DuplicateKey {
                key: beginning(&key),
                first: text.position(first),
            },
        };
        ReadError {
            document: None,
            position: Some(text.position(self.at)),
            problem,
        }
    }
}

/// A part of a document for a message: one short line whatever the document holds.
pub(crate) fn beginning(text: &str) -> String {
    const LETTERS: usize = 60;
    let mut shown: String = text.chars().take(LETTERS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
