//! What one side answered: a value or an error, which is an answer too.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::tree::{CaptureError, Tree};

/// The answer of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It answered.
    Ok(Tree),
    /// It failed.
    Error {
        /// What sort of failure: an error type, an exit status. Compared as it is.
        class: String,
        /// What it said. Without a trace: that is never the same twice.
        message: String,
    },
}

impl Outcome {
    /// The outcome of a value or an error.
    ///
    /// # Errors
    ///
    /// [`CaptureError`] if the value cannot be made a tree.
    pub fn from_result<T: Serialize, E: fmt::Display>(
        result: &Result<T, E>,
        class: impl Into<String>,
    ) -> Result<Self, CaptureError> {
        match result {
            Ok(value) => Tree::from_serialize(value).map(Self::Ok),
            Err(error) => Ok(Self::Error {
                class: class.into(),
                message: error.to_string(),
            }),
        }
    }

    /// Whether it answered.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        matches!(self, Self::Ok(_))
    }
}
