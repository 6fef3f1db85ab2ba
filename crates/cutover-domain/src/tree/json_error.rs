//! What is wrong with a JSON text, and where.

use std::fmt;

use super::BuildError;

/// Where something stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Character within the line, from 1.
    pub column: usize,
    /// Byte within the text, from 0.
    pub offset: usize,
}

impl Position {
    /// The position of a byte of a text. Reads the text up to there.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let offset = text.floor_char_boundary(offset.min(text.len()));
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            offset,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is not a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {kind}")]
pub struct JsonError {
    /// Where reading stopped.
    pub at: Position,
    /// What is wrong there.
    pub kind: JsonErrorKind,
}

/// What is wrong with a JSON text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Nothing but white space.
    #[error("the document is empty; a JSON document has one value")]
    Empty,
    /// The text stops inside a value.
    #[error("the document ends inside {what} that starts at {since}; it seems to be cut off")]
    Truncated {
        /// What is not closed.
        what: &'static str,
        /// Where it was opened.
        since: Position,
    },
    /// Something else than the grammar allows.
    #[error("found {found} where {expected} is expected")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A word that other readers take for a number.
    #[error("`{0}` is not JSON; write null or a string instead")]
    NotFinite(&'static str),
    /// A number that breaks the grammar.
    #[error("`{text}` is not a JSON number: {problem}")]
    Number {
        /// The text in question.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A control character inside a string.
    #[error("a string holds the control character U+{0:04X}; write it as \\u{0:04x}")]
    ControlCharacter(u32),
    /// A backslash that starts no escape.
    #[error("`\\{0}` is not an escape; a backslash itself is written `\\\\`")]
    Escape(String),
    /// Half of a surrogate pair, which is no character.
    #[error("\\u{0:04x} is half of a surrogate pair; it stands for no character")]
    Surrogate(u32),
    /// An object names a member twice.
    #[error("the key `{key}` stands twice in one object, first at {first}; remove or rename one")]
    DuplicateKey {
        /// The name.
        key: String,
        /// Where it stands first.
        first: Position,
    },
    /// More after the value.
    #[error("found {found} after the end of the document; for one value a line, read JSON Lines")]
    TrailingData {
        /// What stands there.
        found: String,
    },
    /// Nested beyond the limit.
    #[error(
        "the document is nested deeper than {limit} levels; nest it less, or compare it as text"
    )]
    TooDeep {
        /// The limit in force.
        limit: usize,
    },
    /// More than a tree can address.
    #[error("{0}")]
    TooLarge(BuildError),
}

impl Position {
    /// The same place seen from the start of a larger text, of which so many lines and bytes stand
    /// before. For texts that start on a line of their own.
    #[must_use]
    pub const fn moved(self, lines: usize, bytes: usize) -> Self {
        Self {
            line: self.line + lines,
            column: self.column,
            offset: self.offset + bytes,
        }
    }
}

impl JsonError {
    /// The same error seen from the start of a larger text; see [`Position::moved`].
    #[must_use]
    pub fn moved(mut self, lines: usize, bytes: usize) -> Self {
        self.at = self.at.moved(lines, bytes);
        match &mut self.kind {
            JsonErrorKind::Truncated { since: inner, .. }
            | JsonErrorKind::DuplicateKey { first: inner, .. } => {
                *inner = inner.moved(lines, bytes);
            }
            _ => {}
        }
        self
    }
}
