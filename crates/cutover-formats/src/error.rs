//! Why a document was not read.

use std::fmt;

use cutover_domain::tree::{BuildError, JsonError, JsonErrorKind, Position};

use crate::format::Format;

/// A document that was not read: which, where, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The document's name, if it was given one.
    pub document: Option<String>,
    /// Where reading stopped; absent when the document as a whole is the problem.
    pub position: Option<Position>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It is not the JSON it should be.
    #[error(transparent)]
    Json(JsonErrorKind),
    /// It breaks the rules of its format.
    #[error("{0}")]
    Syntax(String),
    /// A mapping or table names a member twice.
    #[error("the key `{key}` stands twice in one table, first at {first}; remove or rename one")]
    DuplicateKey {
        /// The name, cut if it is long.
        key: String,
        /// Where it stands first.
        first: Position,
    },
    /// An alias that stands within the value it names.
    #[error("the alias stands within the value that it names; a value cannot hold itself")]
    SelfReference,
    /// Aliases and merge keys would make far more of the document than is written.
    #[error("aliases repeat more than {limit} values; write out what is meant, or repeat less")]
    Repetition {
        /// The limit in force.
        limit: u64,
    },
    /// Nested beyond the limit.
    #[error(
        "the document is nested deeper than {limit} levels; nest it less, or compare it as text"
    )]
    TooDeep {
        /// The limit in force.
        limit: usize,
    },
    /// The feature that reads the format is off.
    #[error("this build does not read {0}: it was made without the feature `{0}`")]
    NotBuilt(Format),
    /// A byte that is no text.
    #[error("byte 0x{0:02X} is not UTF-8; convert the document to UTF-8")]
    NotUtf8(u8),
    /// A byte-order mark of another encoding.
    #[error("the document is encoded in {0}; convert it to UTF-8")]
    Encoding(&'static str),
    /// Neither name nor content tell the format.
    #[error("its format is not known from its name or content; say which it is: {0}")]
    UnknownFormat(String),
    /// Larger than a tree can be.
    #[error(transparent)]
    Size(BuildError),
}

impl ReadError {
    pub(crate) fn json(error: JsonError) -> Self {
        Self {
            document: None,
            position: Some(error.at),
            problem: Problem::Json(error.kind),
        }
    }

    pub(crate) fn whole(problem: Problem) -> Self {
        Self {
            document: None,
            position: None,
            problem,
        }
    }

    pub(crate) fn named(self, name: Option<&str>) -> Self {
        Self {
            document: name.map(str::to_owned),
            ..self
        }
    }
}

impl fmt::Display for ReadError {
    /// `old.json:3:5: …`, or `line 3, column 5: …` for a document without a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.document, self.position) {
            (Some(name), Some(at)) => write!(f, "{name}:{}:{}: ", at.line, at.column)?,
            (Some(name), None) => write!(f, "{name}: ")?,
            (None, Some(at)) => write!(f, "{at}: ")?,
            (None, None) => {}
        }
        write!(f, "{}", self.problem)
    }
}

impl std::error::Error for ReadError {}
