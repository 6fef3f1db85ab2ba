use serde::{Deserialize, Serialize};

use super::Pattern;

/// What a test asks of the value of one attribute.
///
/// A test on an attribute that is absent, or of another type than the operator asks about, is
/// false; a condition that turns the test around is then true. A list satisfies a test when one of
/// its elements does; only [`Operator::Contains`] asks a list for an element that equals.
#[derive(Clone, Debug, PartialEq)]
pub enum Operator {
    /// Is this text, number or truth value. `1` equals `1.0`.
    Equals(Literal),
    /// Is one of these.
    In(Vec<Literal>),
    /// Is text that starts so, by exact characters.
    StartsWith(String),
    /// Is text that ends so, by exact characters.
    EndsWith(String),
    /// Is text with this inside, or a list with this as an element.
    Contains(String),
    /// Is text in which the pattern is found; `^` and `$` bind it to the whole text.
    Matches(Pattern),
    /// Is below.
    LessThan(Bound),
    /// Is equal or below.
    AtMost(Bound),
    /// Is above.
    GreaterThan(Bound),
    /// Is equal or above.
    AtLeast(Bound),
    /// Is there, whatever it is; with `false`: is not there.
    Exists(bool),
}

impl Operator {
    /// The word for it in documents.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Equals(_) => "equals",
            Self::In(_) => "in",
            Self::StartsWith(_) => "starts_with",
            Self::EndsWith(_) => "ends_with",
            Self::Contains(_) => "contains",
            Self::Matches(_) => "matches",
            Self::LessThan(_) => "less_than",
            Self::AtMost(_) => "at_most",
            Self::GreaterThan(_) => "greater_than",
            Self::AtLeast(_) => "at_least",
            Self::Exists(_) => "exists",
        }
    }
}

/// What an attribute is compared with for equality: a JSON scalar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text, a number, true or false")]
pub enum Literal {
    /// Text, compared by exact characters.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
}

/// What an attribute is ordered against. In documents a JSON number compares numbers, and a JSON
/// text compares semantic versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, or a version as text")]
pub enum Bound {
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A semantic version, `1.4.0`, compared by precedence with the attribute's text.
    Version(String),
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}
