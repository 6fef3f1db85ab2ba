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
    /// A finite or other float; a whole one is written without a point.
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

/// A float that is a whole number, and the only one that would be written so. A column may hold
/// both, and a `1` is shown as `1`.
fn whole(value: f64) -> Option<i64> {
    let is_whole = value.fract() == 0.0 && value.abs() < (1_u64 << 53) as f64;
    let is_written_so = value != 0.0 || value.is_sign_positive();
    (is_whole && is_written_so).then_some(value as i64)
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => match whole(*value) {
                Some(integer) => write!(f, "{integer}"),
                None => write!(f, "{value:?}"),
            },
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
            Self::Number(value) if value.is_finite() => match whole(*value) {
                Some(integer) => serializer.serialize_i64(integer),
                None => serializer.serialize_f64(*value),
            },
            Self::Number(_) | Self::Text(_) => serializer.collect_str(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_written_as_one() {
        for (value, written) in [
            (1.0, "1"),
            (-3.0, "-3"),
            (0.0, "0"),
            (-0.0, "-0.0"),
            (2.5, "2.5"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (1e300, "1e300"),
        ] {
            let cell = Cell::Number(value);
            assert_eq!(cell.to_string(), written);
            let json = serde_json::to_string(&cell).unwrap();
            assert_eq!(json.parse::<f64>().unwrap(), value, "{json}");
        }
        assert_eq!(serde_json::to_string(&Cell::Number(1.0)).unwrap(), "1");
        assert_eq!(Cell::Number(f64::NAN).to_string(), "NaN");
    }
}
