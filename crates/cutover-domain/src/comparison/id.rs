//! The ids of runs and records.
//!
//! Ids come in as arguments: the domain has no randomness. [`RunId::time_ordered`] and
//! [`RecordId::time_ordered`] lay a time and random bytes out as a UUID of version 7, so ids made
//! later sort later; an id may also be any short name that is safe in a file name.
//!
//! ```
//! use cutover_domain::comparison::{RecordId, RunId};
//!
//! let id = RunId::time_ordered("2026-01-01T00:00:00Z".parse()?, [7; 10]);
//! assert_eq!(id.as_str(), "019b76da-a800-7707-8707-070707070707");
//!
//! assert!(RecordId::new("case-0042").is_ok());
//! assert!(RecordId::new("../../etc/passwd").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest id, in characters.
pub const MAX_ID_LENGTH: usize = 100;

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not an id: use 1 to {MAX_ID_LENGTH} lower-case letters, digits, `-` and `_`, \
     with a letter or digit first"
)]
pub struct InvalidId {
    text: String,
}

/// Ids become file names and URL segments on every platform. So nothing that could leave a folder
/// (`/`, `\`, `.`), and no upper case, which some file systems do not tell from lower case.
fn check(text: &str) -> Result<(), InvalidId> {
    let mut bytes = text.bytes();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let valid = text.len() <= MAX_ID_LENGTH
        && bytes.next().is_some_and(plain)
        && bytes.all(|byte| plain(byte) || byte == b'-' || byte == b'_');
    if valid {
        return Ok(());
    }
    let mut shown: String = text.chars().take(MAX_ID_LENGTH).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Err(InvalidId { text: shown })
}

/// RFC 9562, section 5.7: 48 bits of milliseconds, version, variant, 74 random bits.
fn uuid_v7(time: Timestamp, random: [u8; 10]) -> String {
    let milliseconds = u64::try_from(time.as_millisecond()).unwrap_or(0);
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// An id from its text.
            ///
            /// # Errors
            ///
            /// When the text is not safe as a file name; see [`InvalidId`].
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                let text = text.as_ref();
                check(text)?;
                Ok(Self(text.into()))
            }

            /// An id in the layout of a UUID of version 7: unique as far as `random` is, and
            /// sorted by `time` to the millisecond.
            #[must_use]
            pub fn time_ordered(time: Timestamp, random: [u8; 10]) -> Self {
                Self(uuid_v7(time, random).into())
            }

            /// The id's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::new(text).map_err(de::Error::custom)
            }
        }
    };
}

id! {
    /// The id of a run: unique in a store.
    RunId
}

id! {
    /// The id of a comparison record: unique in its run.
    RecordId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_leave_a_folder_or_clash_on_a_file_system_is_refused() {
        let long = "a".repeat(MAX_ID_LENGTH + 1);
        for text in [
            "", ".", "..", "../x", "a/b", "a\\b", "a.json", "-x", "_x", "A", "é", "a b", "a\0",
            "a:b", &long,
        ] {
            assert!(RunId::new(text).is_err(), "{text:?}");
            assert!(
                serde_json::from_value::<RunId>(text.into()).is_err(),
                "{text:?}"
            );
        }
        assert!(RunId::new("a".repeat(MAX_ID_LENGTH)).is_ok());
    }

    #[test]
    fn a_refused_id_is_quoted_but_not_at_any_length() {
        let message = RunId::new("x/".repeat(10_000)).unwrap_err().to_string();
        assert!(message.len() < 400, "{}", message.len());
    }

    #[test]
    fn later_ids_sort_later() {
        let ids: Vec<RecordId> = (0..1000)
            .map(|index| {
                let time = Timestamp::from_millisecond(1_767_225_600_000 + index).unwrap();
                RecordId::time_ordered(time, [u8::try_from(255 - index % 256).unwrap(); 10])
            })
            .collect();
        assert!(ids.is_sorted());
        for id in ids {
            assert_eq!(RecordId::new(id.as_str()), Ok(id));
        }
    }
}
