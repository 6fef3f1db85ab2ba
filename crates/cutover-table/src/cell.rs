//! One value of a table, as it is shown.

use std::fmt;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use serde::{Serialize, Serializer};

/// The longest text of a sample, in bytes. Longer ones are cut, and say how long they were.
pub(crate) const LONGEST_TEXT: usize = 1024;

/// One value of a table, for people and for JSON.
///
/// Numbers that JSON cannot hold (NaN, infinities, decimals, 64-bit integers without sign past
/// `i64`) and values of all other types are texts.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A finite or other float.
    Number(f64),
    /// A text, or a value of another type as text.
    Text(String),
}

impl Cell {
    /// The value of `array` in `row`, which must be there.
    pub(crate) fn of(array: &ArrayRef, row: usize) -> Self {
        if array.is_null(row) {
            return Self::Null;
        }
        match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean().value(row)),
            DataType::Int64 => Self::Integer(array.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Self::Number(array.as_primitive::<Float64Type>().value(row)),
            DataType::Utf8View => Self::text(array.as_string_view().value(row)),
            _ => Self::formatted(array, row),
        }
    }

    fn text(text: &str) -> Self {
        if text.len() <= LONGEST_TEXT {
            return Self::Text(text.to_owned());
        }
        let mut end = LONGEST_TEXT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self::Text(format!("{}… ({} bytes)", &text[..end], text.len()))
    }

    fn formatted(array: &ArrayRef, row: usize) -> Self {
        let options = FormatOptions::new()
            .with_null("null")
            .with_quoted_strings(array.data_type().is_nested());
        let text = ArrayFormatter::try_new(array.as_ref(), &options)
            .and_then(|formatter| formatter.value(row).try_to_string());
        match text {
            Ok(text) => Self::text(&text),
            // A date past the calendar: shown as what it is.
            Err(error) => Self::text(&format!("({error})")),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Number(value) if value.is_finite() => serializer.serialize_f64(*value),
            Self::Number(_) | Self::Text(_) => serializer.collect_str(self),
        }
    }
}
