use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// A regular expression as it was written: the syntax of the crate `regex-lite` (no look-around, no
/// back-references, classes like `\w` are ASCII), matched in time linear in the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

/// How long a pattern may be, in bytes.
const MAX_LENGTH: usize = 1_000;

/// What a compiled pattern may take, in bytes: matching visits at most all of it for each
/// character.
const MAX_COMPILED: usize = 64 * 1024;

/// How deep groups may stand in each other.
const MAX_NESTING: u32 = 32;

impl Pattern {
    /// A pattern by its text. Whether it compiles is found by the document's validation.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pattern, ready to match; or why it is none.
    pub(crate) fn compile(&self) -> Result<Regex, String> {
        if self.0.len() > MAX_LENGTH {
            return Err(format!("a pattern has at most {MAX_LENGTH} bytes"));
        }
        RegexBuilder::new(&self.0)
            .size_limit(MAX_COMPILED)
            .nest_limit(MAX_NESTING)
            .build()
            .map_err(|error| format!("{:?} is not a pattern: {error}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_anywhere_unless_it_is_bound() {
        let matches =
            |pattern: &str, text: &str| Pattern::new(pattern).compile().unwrap().is_match(text);
        assert!(matches("b+", "abbc"));
        assert!(!matches("^b+$", "abbc"));
        assert!(matches(
            "^[a-z]+@(acme|test)\\.example$",
            "iris@acme.example"
        ));
    }

    #[test]
    fn what_would_cost_too_much_is_no_pattern() {
        for bomb in [
            "(".to_owned(),
            "(?=a)".to_owned(),
            "a".repeat(MAX_LENGTH + 1),
            "((a{100}){100}){100}".to_owned(),
            format!("{}a{}", "(".repeat(100), ")".repeat(100)),
        ] {
            assert!(Pattern::new(bomb.as_str()).compile().is_err(), "{bomb}");
        }
    }
}
