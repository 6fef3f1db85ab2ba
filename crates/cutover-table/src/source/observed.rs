//! What a column holds whose values say their types one by one: in JSON Lines and SQLite.

use arrow_schema::DataType;

use super::spelling::Spelling;
use super::{Column, Described};
use crate::reconcile::is_past_floats;

/// What was seen of a column so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    booleans: bool,
    numbers: Option<Spelling>,
    floats: bool,
    texts: Option<Spelling>,
    bytes: bool,
    nested: bool,
}

impl Observed {
    pub(super) fn boolean(&mut self) {
        self.booleans = true;
    }

    /// A number as it is written.
    pub(super) fn number(&mut self, lexeme: &str) {
        self.numbers.get_or_insert_default().see(lexeme.as_bytes());
    }

    /// A number that is kept as a float.
    #[cfg(feature = "sqlite")]
    pub(super) fn float(&mut self) {
        self.floats = true;
    }

    pub(super) fn text(&mut self, text: &str) {
        self.texts.get_or_insert_default().see(text.as_bytes());
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn bytes(&mut self) {
        self.bytes = true;
    }

    /// An array or an object.
    pub(super) fn nested(&mut self) {
        self.nested = true;
    }

    fn kinds(&self) -> usize {
        let numbers = self.floats || self.numbers.is_some();
        [
            self.booleans,
            numbers,
            self.texts.is_some(),
            self.bytes,
            self.nested,
        ]
        .into_iter()
        .filter(|kind| *kind)
        .count()
    }

    /// Whether values of several kinds stand in the column: all are compared as JSON.
    pub(super) fn is_mixed(&self) -> bool {
        self.kinds() > 1 || self.nested
    }

    pub(super) fn column(&self, name: String) -> Column {
        Column {
            name,
            kind: self.kind(),
            by_value: true,
        }
    }

    fn kind(&self) -> Described {
        if self.kinds() == 0 {
            return Described::Typed(DataType::Null);
        }
        if self.is_mixed() {
            return Described::Json;
        }
        if let Some(texts) = self.texts {
            return Described::Spelled(texts.of_texts());
        }
        Described::Typed(if self.booleans {
            DataType::Boolean
        } else if self.bytes {
            DataType::BinaryView
        } else {
            self.number_type()
        })
    }

    fn number_type(&self) -> DataType {
        let Some(numbers) = self.numbers.filter(|_| !self.floats) else {
            return DataType::Float64;
        };
        if !numbers.is_integer() {
            return match numbers.decimal() {
                Some((digits, scale)) if !is_past_floats(digits, scale) => DataType::Float64,
                Some((digits, scale)) if digits <= 38 => DataType::Decimal128(38, scale),
                Some((digits, scale)) if digits <= 76 => DataType::Decimal256(76, scale),
                _ => DataType::Float64,
            };
        }
        match numbers.decimal() {
            _ if numbers.fits_integer() => DataType::Int64,
            Some((digits, _)) if digits <= 38 => DataType::Decimal128(38, 0),
            Some(_) => DataType::Decimal256(76, 0),
            None => DataType::Float64,
        }
    }
}
