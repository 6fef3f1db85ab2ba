use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::import;

/// What kind of value a flag answers with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    /// `true` or `false`.
    #[default]
    Boolean,
    /// Text.
    String,
    /// A whole number that fits 64 bits.
    Integer,
    /// A finite number.
    Number,
    /// Any JSON value.
    Json,
}

impl ValueType {
    /// The name used in documents and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Json => "json",
        }
    }

    /// The value a flag of this type answers with when it is off and nobody said what off means.
    #[must_use]
    pub fn zero(self) -> FlagValue {
        FlagValue(match self {
            Self::Boolean => false.into(),
            Self::String => "".into(),
            Self::Integer => 0.into(),
            Self::Number => 0.0.into(),
            Self::Json => serde_json::Value::Null,
        })
    }

    /// Reads a value of this type from what a person typed: `true`/`on`/`false`/`off` in any case
    /// for booleans, a JSON literal where it fits, and any other text for strings.
    ///
    /// # Errors
    ///
    /// The text is no value of this type.
    pub fn parse(self, text: &str) -> Result<FlagValue, InvalidValue> {
        let invalid = || InvalidValue {
            text: text.to_owned(),
            expected: self.name(),
            why: String::new(),
        };
        let json = || serde_json::from_str::<serde_json::Value>(text).ok();
        let value = match self {
            Self::Boolean
                if ["true", "on"]
                    .iter()
                    .any(|word| text.eq_ignore_ascii_case(word)) =>
            {
                FlagValue(true.into())
            }
            Self::Boolean
                if ["false", "off"]
                    .iter()
                    .any(|word| text.eq_ignore_ascii_case(word)) =>
            {
                FlagValue(false.into())
            }
            Self::Boolean => return Err(invalid()),
            Self::String => match json() {
                Some(serde_json::Value::String(quoted)) => FlagValue(quoted.into()),
                _ => FlagValue(text.into()),
            },
            Self::Integer | Self::Number | Self::Json => {
                let value = FlagValue(json().ok_or_else(invalid)?);
                if let Some(why) = lost(text) {
                    return Err(InvalidValue { why, ..invalid() });
                }
                value
            }
        };
        if value.is(self) {
            Ok(value)
        } else {
            Err(invalid())
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What of a JSON text would not be kept, and what to do.
fn lost(text: &str) -> Option<String> {
    // It is JSON, so that a key which stands twice is all that can be wrong.
    if let Err(twice) = import::read(text.as_bytes()) {
        return Some(format!(": {twice}"));
    }
    let number = inexact_integer(text)?;
    Some(format!(
        ": {} is larger than what is kept exactly; write it as text, in quotes, or with an exponent",
        beginning(number)
    ))
}

/// The first integer of a JSON text that fits neither `i64` nor `u64`, so that reading it rounds.
fn inexact_integer(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        if byte == b'"' {
            while let Some(&inside) = bytes.get(at) {
                at += if inside == b'\\' { 2 } else { 1 };
                if inside == b'"' {
                    break;
                }
            }
        } else if byte == b'-' || byte.is_ascii_digit() {
            let is_of_number = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            while bytes.get(at).is_some_and(is_of_number) {
                at += 1;
            }
            let number = text.get(start..at)?;
            let is_integer = !number.contains(['.', 'e', 'E']);
            if is_integer && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
                return Some(number);
            }
        }
    }
    None
}

/// As much of a text as an error shows.
fn beginning(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// The text is no value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{:?} is not a value of type {expected}{why}", beginning(.text))]
pub struct InvalidValue {
    text: String,
    expected: &'static str,
    /// More of the reason, with what stands before it; may be empty.
    why: String,
}

impl FromStr for ValueType {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Boolean,
            Self::String,
            Self::Integer,
            Self::Number,
            Self::Json,
        ]
        .into_iter()
        .find(|kind| kind.name() == text)
        .ok_or_else(|| InvalidValue {
            text: text.to_owned(),
            expected: "boolean, string, integer, number or json",
            why: String::new(),
        })
    }
}

/// What a flag answers: a JSON value that is checked against the flag's [`ValueType`] before it is
/// stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlagValue(pub serde_json::Value);

impl FlagValue {
    /// Whether the value is of `kind`. A whole number is a number, too.
    #[must_use]
    pub fn is(&self, kind: ValueType) -> bool {
        match kind {
            ValueType::Boolean => self.0.is_boolean(),
            ValueType::String => self.0.is_string(),
            ValueType::Integer => self.0.is_i64(),
            ValueType::Number => self.0.is_number(),
            ValueType::Json => true,
        }
    }

    /// Whether no value stands deeper than so many levels.
    pub(super) fn is_nested_within(&self, levels: usize) -> bool {
        let mut open = vec![(&self.0, 0)];
        while let Some((value, level)) = open.pop() {
            let below = level + 1;
            match value {
                serde_json::Value::Array(items) if below <= levels => {
                    open.extend(items.iter().map(|item| (item, below)));
                }
                serde_json::Value::Object(members) if below <= levels => {
                    open.extend(members.values().map(|member| (member, below)));
                }
                serde_json::Value::Array(_) | serde_json::Value::Object(_) => return false,
                _ => {}
            }
        }
        true
    }

    /// The value of a boolean flag.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }
}

impl fmt::Display for FlagValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            serde_json::Value::String(text) => f.pad(text),
            other => f.pad(&other.to_string()),
        }
    }
}

macro_rules! from_values {
    ($($kind:ty),*) => {$(
        impl From<$kind> for FlagValue {
            fn from(value: $kind) -> Self {
                Self(value.into())
            }
        }
    )*};
}

from_values!(bool, i32, i64, u32, f64, &str, String, serde_json::Value);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_read_by_type() {
        for text in ["true", "True", "ON", "on"] {
            assert_eq!(ValueType::Boolean.parse(text).unwrap(), true.into());
        }
        assert_eq!(ValueType::Boolean.parse("Off").unwrap(), false.into());
        assert!(ValueType::Boolean.parse("1").is_err());
        assert_eq!(
            ValueType::String.parse("plain text").unwrap().to_string(),
            "plain text"
        );
        assert_eq!(ValueType::String.parse("\"10\"").unwrap().to_string(), "10");
        assert_eq!(ValueType::String.parse("10").unwrap().to_string(), "10");
        assert_eq!(ValueType::Integer.parse("-7").unwrap().to_string(), "-7");
        assert!(ValueType::Integer.parse("7.5").is_err());
        assert!(ValueType::Number.parse("7").is_ok());
        assert!(ValueType::Json.parse("{\"a\":").is_err());
    }

    #[test]
    fn a_refusal_shows_no_more_of_a_text_than_people_read() {
        let refusal = ValueType::Json.parse(&"[".repeat(100_000)).unwrap_err();
        assert!(refusal.to_string().len() < 300, "{refusal}");
    }

    #[test]
    fn what_would_not_be_kept_is_refused() {
        for (kind, text, why) in [
            (ValueType::Json, r#"{"x": 1, "x": 2}"#, "twice"),
            (
                ValueType::Json,
                r#"[{"x": 12345678901234567890123}]"#,
                "exactly",
            ),
            (ValueType::Number, "12345678901234567890123", "exactly"),
            (ValueType::Json, "-9223372036854775809", "exactly"),
        ] {
            let refusal = kind.parse(text).unwrap_err().to_string();
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
        for text in [
            "18446744073709551615",
            "-9223372036854775808",
            "1.2345678901234567e22",
            r#"{"12345678901234567890123": "a \\\"12345678901234567890123"}"#,
        ] {
            assert!(ValueType::Json.parse(text).is_ok(), "{text}");
        }
    }
}
