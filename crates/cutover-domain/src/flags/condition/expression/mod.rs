//! Conditions as people write them: `plan in ["pro", "team"] and version >= 1.4.0`.

mod lexer;
mod parser;
mod print;

use std::str::FromStr;

use super::{Condition, limits};

/// How long an expression may be, in bytes: enough for every condition within the limits of
/// documents, with every character escaped.
const MAX_LENGTH: usize = 2 * 1024 * 1024;

/// The text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct InvalidCondition {
    column: usize,
    message: String,
}

impl InvalidCondition {
    /// Where it is wrong, counted in characters from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong there and what would be right.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// What is wrong, at a byte of the text.
#[derive(Debug)]
struct Wrong {
    at: usize,
    message: String,
}

impl Wrong {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}

impl FromStr for Condition {
    type Err = InvalidCondition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = if text.len() > MAX_LENGTH {
            let message = format!("an expression has at most {MAX_LENGTH} bytes");
            Err(Wrong::new(0, message))
        } else {
            parser::parse(text).and_then(|condition| {
                limits::check(&condition).map_err(|limit| {
                    Wrong::new(0, format!("the condition is too large: {limit}"))
                })?;
                Ok(condition)
            })
        };
        parsed.map_err(|wrong| InvalidCondition {
            column: text[..wrong.at].chars().count() + 1,
            message: wrong.message,
        })
    }
}

#[cfg(test)]
mod tests;
