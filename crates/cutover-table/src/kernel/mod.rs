//! Comparing a column of old with one of new, a batch at a time.

mod encoded;
pub(crate) mod number;
mod text;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Decimal256Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, downcast_primitive};
use arrow_schema::DataType;

use crate::comparator::TextRule;
use crate::mask::Mask;
use crate::{TableError, Tolerance};
pub(crate) use encoded::Encoded;

/// [`same`] for a type that a macro found.
macro_rules! same {
    ($type:ty, $old:expr, $new:expr) => {
        same::<$type>($old, $new)
    };
}
/// What is overlooked in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) tolerance: Tolerance,
    pub(crate) text: TextRule,
}

impl Rule {
    pub(crate) const EXACT: Self = Self {
        tolerance: Tolerance::EXACT,
        text: TextRule {
            case: false,
            space: false,
        },
    };
}

/// What was seen besides which rows differ.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) tolerated: u64,
    pub(crate) largest: Option<f64>,
    pub(crate) largest_tolerated: Option<f64>,
    sum: f64,
    measured: u64,
}

impl Seen {
    /// The mean distance of different numbers.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.measured > 0).then(|| self.sum / self.measured as f64)
    }

    pub(crate) fn tolerate(&mut self, distance: Option<f64>) {
        self.tolerated += 1;
        self.largest_tolerated = larger(self.largest_tolerated, distance);
    }

    fn differ(&mut self, distance: f64) {
        if distance.is_finite() {
            self.largest = larger(self.largest, Some(distance));
            self.sum += distance;
            self.measured += 1;
        }
    }
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// Compares values of one type by one rule.
pub(crate) struct Kernel {
    rule: Rule,
    encoded: Option<Encoded>,
}

impl Kernel {
    /// # Errors
    ///
    /// Values of this type cannot be compared.
    pub(crate) fn new(data_type: &DataType, rule: Rule) -> Result<Self, TableError> {
        let encoded = Encoded::needed(data_type)
            .then(|| Encoded::new(data_type))
            .transpose()?;
        Ok(Self { rule, encoded })
    }

    /// The rows in which two arrays of this type and of one length differ.
    pub(crate) fn compare(
        &self,
        old: &ArrayRef,
        new: &ArrayRef,
        seen: &mut Seen,
    ) -> Result<Mask, TableError> {
        if let Some(encoded) = &self.encoded {
            return encoded.compare(old, new);
        }
        let tolerance = self.rule.tolerance;
        Ok(match old.data_type() {
            DataType::Null => Mask::none(old.len()),
            DataType::Boolean => booleans(old, new),
            DataType::Int64 => {
                number::compare::<Int64Type>(old, new, tolerance, number::integers, seen)
            }
            DataType::UInt64 => {
                number::compare::<UInt64Type>(old, new, tolerance, number::naturals, seen)
            }
            DataType::Float64 => {
                number::compare::<Float64Type>(old, new, tolerance, number::floats, seen)
            }
            DataType::Decimal128(_, scale) => {
                let apart = number::decimals(*scale);
                number::compare::<Decimal128Type>(old, new, tolerance, apart, seen)
            }
            DataType::Decimal256(_, scale) => {
                let apart = number::large_decimals(*scale);
                number::compare::<Decimal256Type>(old, new, tolerance, apart, seen)
            }
            DataType::Utf8View => text::compare(
                old.as_string_view(),
                new.as_string_view(),
                self.rule.text,
                seen,
            ),
            DataType::BinaryView => text::unequal(old.as_binary_view(), new.as_binary_view()),
            other => downcast_primitive! {
                other => (same, old, new),
                _ => return Err(not_comparable(other)),
            },
        })
    }
}

pub(crate) fn not_comparable(data_type: &DataType) -> TableError {
    TableError::Settings(format!(
        "values of the type {data_type} cannot be compared; ignore their column"
    ))
}

fn booleans(old: &ArrayRef, new: &ArrayRef) -> Mask {
    let (old, new) = (old.as_boolean(), new.as_boolean());
    let mut mask = Mask::from_fn(old.len(), |row| old.value(row) != new.value(row));
    mask.with_nulls(old.nulls(), new.nulls());
    mask
}

/// Values that are equal where their representations are.
fn same<T: ArrowPrimitiveType>(old: &ArrayRef, new: &ArrayRef) -> Mask {
    let (old, new) = (old.as_primitive::<T>(), new.as_primitive::<T>());
    let mut mask = Mask::of_unequal(old.values(), new.values());
    mask.with_nulls(old.nulls(), new.nulls());
    mask
}
