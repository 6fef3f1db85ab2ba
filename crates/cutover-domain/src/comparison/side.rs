//! One side of a comparison: how it ended, what it used, and a trace of its answer.
//!
//! ```
//! use cutover_domain::comparison::{Answer, SideOutcome, SideRecord};
//!
//! let mut new = SideRecord::new(SideOutcome::Exit { code: 3 });
//! new.version = Some("2.1.0".to_owned());
//! new.answer = Answer::of_bytes(b"no such file\n").with_excerpt("no such file\n", 7);
//!
//! assert!(!new.outcome.is_ok());
//! assert_eq!(new.outcome.to_string(), "exit status 3");
//! assert_eq!(new.answer.excerpt.as_deref(), Some("no such… (+6 bytes)"));
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::measure::nanoseconds;
use super::{Measurements, Outcome};

/// How one side ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum SideOutcome {
    /// It answered.
    Ok,
    /// It answered with an error.
    Error {
        /// What kind of error: a type, a code. Errors of one class are alike.
        class: String,
        /// Its text, without a trace.
        message: String,
    },
    /// It panicked.
    Panic {
        /// The panic's text.
        message: String,
    },
    /// It was given up after some time.
    Timeout {
        /// How long it was given, if that is known.
        #[serde(
            rename = "after_ns",
            default,
            with = "nanoseconds",
            skip_serializing_if = "Option::is_none"
        )]
        after: Option<Duration>,
    },
    /// A command ended by itself. Status 0 is success.
    Exit {
        /// Its exit status.
        code: i32,
    },
    /// A command was ended by a signal.
    Signal {
        /// The signal's number.
        number: i32,
    },
}

impl SideOutcome {
    /// Whether it answered, and not with an error.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        matches!(self, Self::Ok | Self::Exit { code: 0 })
    }

    /// A short name that like outcomes share, to count them by: `ok`, `error: NotFound`,
    /// `exit status 3`. It holds no message.
    #[must_use]
    pub fn class(&self) -> String {
        match self {
            Self::Ok | Self::Exit { code: 0 } => "ok".to_owned(),
            Self::Error { class, .. } if class.is_empty() => "error".to_owned(),
            Self::Error { class, .. } => format!("error: {class}"),
            Self::Panic { .. } => "panic".to_owned(),
            Self::Timeout { .. } => "timeout".to_owned(),
            Self::Exit { code } => format!("exit status {code}"),
            Self::Signal { number } => format!("signal {number}"),
        }
    }
}

impl fmt::Display for SideOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error { message, .. } | Self::Panic { message } if !message.is_empty() => {
                write!(f, "{}: {message}", self.class())
            }
            Self::Timeout { after: Some(after) } => write!(f, "timeout after {after:?}"),
            _ => f.write_str(&self.class()),
        }
    }
}

impl From<&Outcome> for SideOutcome {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Ok(_) => Self::Ok,
            Outcome::Error { class, message } => Self::Error {
                class: class.clone(),
                message: message.clone(),
            },
        }
    }
}

/// A trace of an answer: enough to tell two apart and to look at, not the answer itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// A digest of the whole answer; see [`digest`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Its length in bytes, where it is text or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How it begins, where payloads may be recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
}

impl Answer {
    /// Length and digest of an answer, without any of its content.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self {
            digest: Some(digest(bytes)),
            bytes: u64::try_from(bytes.len()).ok(),
            excerpt: None,
        }
    }

    /// The same with the first `limit` bytes of `text`.
    #[must_use]
    pub fn with_excerpt(self, text: &str, limit: usize) -> Self {
        Self {
            excerpt: Some(excerpt(text, limit)),
            ..self
        }
    }
}

/// One side's part of a [`ComparisonRecord`](super::ComparisonRecord).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideRecord {
    /// How it ended.
    pub outcome: SideOutcome,
    /// The version of the implementation that ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it used.
    #[serde(default, skip_serializing_if = "is_default")]
    pub measurements: Measurements,
    /// A trace of its answer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub answer: Answer,
    /// How its messages (a command's stderr) begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<String>,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

impl SideRecord {
    /// A side that ended so, with nothing else known about it.
    #[must_use]
    pub fn new(outcome: SideOutcome) -> Self {
        Self {
            outcome,
            version: None,
            measurements: Measurements::default(),
            answer: Answer::default(),
            messages: None,
            unknown: BTreeMap::new(),
        }
    }
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A digest of `bytes`, `xxh3:` and 32 hex digits: equal for equal bytes on every machine.
///
/// It finds differences; it is no defence against forgery, and somebody who can guess the bytes
/// can find them by it.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    format!("xxh3:{:032x}", xxh3_128(bytes))
}

/// A [`digest`] of something that comes piece by piece.
///
/// ```
/// use cutover_domain::comparison::{Digester, digest};
///
/// let mut digester = Digester::default();
/// digester.update(b"two ");
/// digester.update(b"pieces");
/// assert_eq!(digester.finish(), digest(b"two pieces"));
/// ```
#[derive(Clone, Default)]
pub struct Digester(Xxh3);

impl Digester {
    /// Adds a piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces.
    #[must_use]
    pub fn finish(&self) -> String {
        format!("xxh3:{:032x}", self.0.digest128())
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Digester").field(&self.finish()).finish()
    }
}

/// The first `limit` bytes of `text`, at a character boundary, with a note of how much is left
/// out.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit);
    let bytes = match text.len() - end {
        1 => "1 byte".to_owned(),
        many => format!("{many} bytes"),
    };
    format!("{}… (+{bytes})", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_never_cuts_a_character() {
        for (text, limit, expected) in [
            ("", 0, ""),
            ("abc", 3, "abc"),
            ("abc", 2, "ab… (+1 byte)"),
            ("aéb", 2, "a… (+3 bytes)"),
            ("日本", 0, "… (+6 bytes)"),
        ] {
            assert_eq!(excerpt(text, limit), expected, "{text} {limit}");
        }
    }

    #[test]
    fn classes_hold_no_message_and_texts_do() {
        let error = |class: &str, message: &str| SideOutcome::Error {
            class: class.to_owned(),
            message: message.to_owned(),
        };
        let message = String::from("boom");
        for (outcome, ok, class, text) in [
            (SideOutcome::Ok, true, "ok", "ok"),
            (SideOutcome::Exit { code: 0 }, true, "ok", "ok"),
            (
                SideOutcome::Exit { code: 2 },
                false,
                "exit status 2",
                "exit status 2",
            ),
            (
                SideOutcome::Signal { number: 9 },
                false,
                "signal 9",
                "signal 9",
            ),
            (
                error("NotFound", "no x"),
                false,
                "error: NotFound",
                "error: NotFound: no x",
            ),
            (error("", ""), false, "error", "error"),
            (
                SideOutcome::Panic { message },
                false,
                "panic",
                "panic: boom",
            ),
            (
                SideOutcome::Timeout { after: None },
                false,
                "timeout",
                "timeout",
            ),
            (
                SideOutcome::Timeout {
                    after: Some(Duration::from_millis(1500)),
                },
                false,
                "timeout",
                "timeout after 1.5s",
            ),
        ] {
            assert_eq!(outcome.is_ok(), ok, "{outcome:?}");
            assert_eq!(outcome.class(), class);
            assert_eq!(outcome.to_string(), text);
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(
                serde_json::from_str::<SideOutcome>(&json).unwrap(),
                outcome,
                "{json}"
            );
        }
    }

    #[test]
    fn a_digest_is_the_same_everywhere() {
        assert_eq!(digest(b""), "xxh3:99aa06d3014798d86001c324468d497f");
        assert_ne!(digest(b"a"), digest(b"b"));
    }
}
