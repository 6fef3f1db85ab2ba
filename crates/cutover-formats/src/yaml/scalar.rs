//! What the text of a scalar stands for: the core schema of YAML 1.2.2, section 10.3.2.

use std::borrow::Cow;

use cutover_domain::tree::TreeBuilder;

use super::layout::Tag;
use crate::digits::decimal;
use crate::error::Problem;
use crate::fault::beginning;

/// A scalar's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    /// In JSON's form.
    Number(Cow<'a, str>),
    /// An infinity, or not a number.
    NotFinite(f64),
    Text(&'a str),
}

impl<'a> Scalar<'a> {
    /// The value of a scalar of this tag.
    pub(super) fn of(text: &'a str, plain: bool, tag: &Tag) -> Result<Self, Problem> {
        let value = match (tag, plain) {
            (Tag::None, true) => return Ok(Self::by_text(text)),
            (Tag::None, false) | (Tag::Str | Tag::Other(_), _) => return Ok(Self::Text(text)),
            _ => Self::by_text(text),
        };
        match (tag, value) {
            (Tag::Null, value @ Self::Null)
            | (Tag::Bool, value @ Self::Bool(_))
            | (Tag::Float, value @ Self::NotFinite(_)) => Ok(value),
            (Tag::Int, Self::Number(number)) if is_integer(&number) => Ok(Self::Number(number)),
            (Tag::Float, Self::Number(number)) if is_integer(&number) => {
                Ok(Self::Number(format!("{number}.0").into()))
            }
            (Tag::Float, Self::Number(number)) => Ok(Self::Number(number)),
            _ => Err(Problem::Syntax(format!(
                "`{}` is not what its tag says it is: {}",
                beginning(text),
                word(tag)
            ))),
        }
    }

    /// What plain text is.
    fn by_text(text: &'a str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "true" | "True" | "TRUE" => Self::Bool(true),
            "false" | "False" | "FALSE" => Self::Bool(false),
            ".nan" | ".NaN" | ".NAN" => Self::NotFinite(f64::NAN),
            _ => Self::number(text).unwrap_or(Self::Text(text)),
        }
    }

    fn number(text: &'a str) -> Option<Self> {
        if !text.starts_with(|first: char| matches!(first, '0'..='9' | '-' | '+' | '.')) {
            return None;
        }
        let radix = |digits, radix| Some(Self::Number(decimal(digits, radix)?.into()));
        if let Some(digits) = text.strip_prefix("0x") {
            return radix(digits, 16);
        }
        if let Some(digits) = text.strip_prefix("0o") {
            return radix(digits, 8);
        }
        let (sign, unsigned) = match text.as_bytes().first() {
            Some(b'-') => ("-", &text[1..]),
            Some(b'+') => ("", &text[1..]),
            _ => ("", text),
        };
        if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
            let infinity = f64::INFINITY;
            return Some(Self::NotFinite(if sign.is_empty() {
                infinity
            } else {
                -infinity
            }));
        }
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => unsigned.split_at(at),
            None => (unsigned, ""),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let has_digits = !whole.is_empty() || fraction.is_some_and(|text| !text.is_empty());
        let power = exponent.get(1..).map(|power| {
            let power = power.strip_prefix(['+', '-']).unwrap_or(power);
            !power.is_empty() && digits(power)
        });
        if !has_digits || !digits(whole) || !fraction.is_none_or(digits) || power == Some(false) {
            return None;
        }
        let as_in_json = !text.starts_with('+')
            && !whole.is_empty()
            && (whole.len() == 1 || !whole.starts_with('0'))
            && fraction != Some("");
        if as_in_json {
            return Some(Self::Number(text.into()));
        }
        let some = |digits: &'a str| if digits.is_empty() { "0" } else { digits };
        let whole = some(whole.trim_start_matches('0'));
        let number = match fraction {
            Some(fraction) => format!("{sign}{whole}.{}{exponent}", some(fraction)),
            None => format!("{sign}{whole}{exponent}"),
        };
        Some(Self::Number(number.into()))
    }

    /// Adds it as the next value.
    pub(super) fn add_to(&self, builder: &mut TreeBuilder) {
        match self {
            Self::Null => builder.null(),
            Self::Bool(value) => builder.bool(*value),
            Self::Number(number) => builder.number(number),
            Self::NotFinite(value) => builder.float(*value),
            Self::Text(text) => builder.string(text),
        }
    }

    /// The text of a key with this value, the same for all ways to write the value.
    pub(super) fn key(&self) -> Cow<'_, str> {
        match self {
            Self::Null => "null".into(),
            Self::Bool(value) => value.to_string().into(),
            Self::Number(number) => Cow::Borrowed(number),
            Self::NotFinite(value) => value.to_string().into(),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

fn is_integer(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

/// A tag as it is written.
pub(super) fn word(tag: &Tag) -> &str {
    match tag {
        Tag::None => "no tag",
        Tag::Null => "!!null",
        Tag::Bool => "!!bool",
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Str => "!!str",
        Tag::Seq => "!!seq",
        Tag::Map => "!!map",
        Tag::Other(name) => name,
    }
}
