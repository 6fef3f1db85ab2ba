//! Inputs kept beside what was compared, so that they can be run again.
//!
//! ```
//! use cutover_domain::comparison::{RecordedInput, RedactionRules};
//! use cutover_domain::tree::Tree;
//!
//! let redaction = RedactionRules::new().secrets().build()?;
//! let input = Tree::from_json(r#"{"user": 7, "token": "t-1"}"#)?;
//!
//! let kept = RecordedInput::of(&input, &redaction, 1000);
//! assert_eq!(kept.value().unwrap().to_json(), r#"{"user":7,"token":"[redacted]"}"#);
//! assert!(kept.is_changed());
//! // Too large to be kept: that is said, and nothing is cut off.
//! assert_eq!(RecordedInput::of(&input, &redaction, 10).value(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{Redaction, digest};
use crate::tree::Tree;

/// What is kept of the input of a comparison, where inputs are recorded.
///
/// In a run of commands it is an object as a line of a case file may be: `stdin`, `args`, `env`.
/// In an operation it is the input itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedInput {
    /// The input, after redaction.
    Kept {
        /// What is left of it.
        value: Tree,
        /// How many places of it were redacted; 0 when it is the input as it was.
        #[serde(default, skip_serializing_if = "is_zero")]
        redacted: u64,
    },
    /// It was larger than is allowed, so it is not there: half an input would be another one.
    TooLarge {
        /// Its size in bytes: in an operation as JSON, after redaction; in a run of commands that of
        /// what a program is given.
        bytes: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// It could not be written down, for this reason.
    Failed(String),
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl RecordedInput {
    /// What may be kept of an input: redacted, and then no larger than `limit` bytes as JSON.
    #[must_use]
    pub fn of(input: &Tree, redaction: &Redaction, limit: u64) -> Self {
        let kept = redaction.tree(input);
        let bytes = kept.tree.to_json().len() as u64;
        if bytes > limit {
            return Self::TooLarge { bytes, limit };
        }
        Self::Kept {
            value: kept.tree,
            redacted: kept.places,
        }
    }

    /// The input, where it was kept.
    #[must_use]
    pub const fn value(&self) -> Option<&Tree> {
        match self {
            Self::Kept { value, .. } => Some(value),
            Self::TooLarge { .. } | Self::Failed(_) => None,
        }
    }

    /// Whether it was kept, and is not what it was.
    #[must_use]
    pub const fn is_changed(&self) -> bool {
        matches!(self, Self::Kept { redacted, .. } if *redacted > 0)
    }

    /// A digest of what was kept: equal for equal inputs. Of what was redacted it tells nothing.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        self.value().map(|value| digest(value.to_json().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_back_as_it_was_written() {
        let tree = |json| Tree::from_json(json).unwrap();
        for (input, json) in [
            (
                RecordedInput::of(&tree("[1,null]"), &Redaction::default(), 8),
                r#"{"kept":{"value":[1,null]}}"#,
            ),
            (
                RecordedInput::of(&tree("null"), &Redaction::default(), 8),
                r#"{"kept":{"value":null}}"#,
            ),
            (
                RecordedInput::of(&tree("[1,null]"), &Redaction::default(), 7),
                r#"{"too-large":{"bytes":8,"limit":7}}"#,
            ),
            (RecordedInput::Failed("no".into()), r#"{"failed":"no"}"#),
        ] {
            assert_eq!(serde_json::to_string(&input).unwrap(), json);
            assert_eq!(serde_json::from_str::<RecordedInput>(json).unwrap(), input);
        }
    }
}
