use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a flag: `[a-z0-9][a-z0-9_.-]{0,127}`.
///
/// Such a key is a valid file name, URL path segment, metric label and, upper-cased, environment
/// variable suffix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlagKey(String);

impl FlagKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text cannot name a flag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a flag key: a key starts with a lower-case letter or a digit and continues with \
     up to 127 lower-case letters, digits, `_`, `.` or `-`"
)]
pub struct InvalidFlagKey(String);

impl TryFrom<String> for FlagKey {
    type Error = InvalidFlagKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let valid = text.len() <= 128
            && text.bytes().next().is_some_and(alphanumeric)
            && text
                .bytes()
                .all(|byte| alphanumeric(byte) || b"_.-".contains(&byte));
        if valid {
            Ok(Self(text))
        } else {
            Err(InvalidFlagKey(text.chars().take(140).collect()))
        }
    }
}

impl FromStr for FlagKey {
    type Err = InvalidFlagKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl From<FlagKey> for String {
    fn from(key: FlagKey) -> Self {
        key.0
    }
}

impl Borrow<str> for FlagKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FlagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_safe_names() {
        for good in [
            "a",
            "0",
            "use_new_backend",
            "refactoring.use-new",
            &"k".repeat(128),
        ] {
            assert!(good.parse::<FlagKey>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "_a",
            ".",
            "../x",
            "A",
            "a b",
            "a/b",
            "é",
            "a\0",
            &"k".repeat(129),
        ] {
            assert!(bad.parse::<FlagKey>().is_err(), "{bad}");
        }
    }
}
