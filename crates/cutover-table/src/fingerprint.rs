//! Fingerprints of 128 bits, which stand for keys and rows.
//!
//! Each value is hashed by XXH3 (128 bits, seeded); the columns of a row are joined by a
//! polynomial modulo 2^128 in an odd multiplier, so that their order counts. Among n rows that
//! nobody chose with the seed in hand, the chance that any two different ones share a fingerprint
//! is about n² / 2^129: 10^-21 for a billion rows.

use arrow_array::cast::AsArray;
use arrow_array::types::{ByteViewType, Float64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, GenericByteViewArray, downcast_primitive};
use arrow_buffer::ToByteSlice;
use arrow_schema::DataType;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::TableError;
use crate::kernel::{Encoded, not_comparable};

/// What stands for a key or a row.
pub(crate) type Fingerprint = u128;

/// Any odd number of well-mixed bits: digits of π.
const MULTIPLIER: u128 = 0x243f_6a88_85a3_08d3_1319_8a2e_0370_7345;

/// What stands for null; no value has it on purpose.
const NULL: u128 = 0xa409_3822_299f_31d0_082e_fa98_ec4e_6c89;

/// Fingerprints rows of columns of given types.
pub(crate) struct Fingerprints {
    seed: u64,
    /// For the columns of nested types.
    encoded: Vec<Option<Encoded>>,
}

/// [`Fingerprints::values`] for a type that a macro found.
macro_rules! values {
    ($type:ty, $prints:expr, $array:expr, $into:expr) => {
        $prints.primitive::<$type>($array, $into)
    };
}

impl Fingerprints {
    /// # Errors
    ///
    /// A type cannot be compared.
    pub(crate) fn new<'a>(
        seed: u64,
        types: impl IntoIterator<Item = &'a DataType>,
    ) -> Result<Self, TableError> {
        let encoded = types.into_iter().map(|data_type| {
            Encoded::needed(data_type)
                .then(|| Encoded::new(data_type))
                .transpose()
        });
        Ok(Self {
            seed,
            encoded: encoded.collect::<Result<_, _>>()?,
        })
    }

    /// A fingerprint for each of `rows` rows of `columns`, which are of the types given before.
    pub(crate) fn of(
        &self,
        columns: &[&ArrayRef],
        rows: usize,
    ) -> Result<Vec<Fingerprint>, TableError> {
        let mut prints = vec![0; rows];
        for (column, encoded) in columns.iter().zip(&self.encoded) {
            self.column(column, encoded.as_ref(), &mut prints)?;
        }
        Ok(prints)
    }

    fn hash(&self, bytes: &[u8]) -> u128 {
        xxh3_128_with_seed(bytes, self.seed)
    }

    fn column(
        &self,
        array: &ArrayRef,
        encoded: Option<&Encoded>,
        into: &mut [Fingerprint],
    ) -> Result<(), TableError> {
        if let Some(encoded) = encoded {
            let rows = encoded.rows(array)?;
            add(into, array, |row| self.hash(rows.row(row).as_ref()));
            return Ok(());
        }
        match array.data_type() {
            DataType::Null => add(into, array, |_| NULL),
            DataType::Boolean => {
                let values = array.as_boolean();
                add(into, array, |row| self.hash(&[u8::from(values.value(row))]));
            }
            DataType::Float64 => {
                let values = array.as_primitive::<Float64Type>().values();
                add(into, array, |row| {
                    self.hash(&one_of(values[row]).to_le_bytes())
                });
            }
            DataType::Utf8View => self.bytes(array.as_string_view(), array, into),
            DataType::BinaryView => self.bytes(array.as_binary_view(), array, into),
            other => downcast_primitive! {
                other => (values, self, array, into),
                _ => return Err(not_comparable(other)),
            },
        }
        Ok(())
    }

    fn primitive<T: ArrowPrimitiveType>(&self, array: &ArrayRef, into: &mut [Fingerprint]) {
        let values = array.as_primitive::<T>().values();
        add(into, array, |row| {
            self.hash(values[row..=row].to_byte_slice())
        });
    }

    fn bytes<T: ByteViewType + ?Sized>(
        &self,
        values: &GenericByteViewArray<T>,
        array: &ArrayRef,
        into: &mut [Fingerprint],
    ) {
        add(into, array, |row| self.hash(values.value(row).as_ref()));
    }
}

/// The one representation of numbers that have several: zero, and not a number.
fn one_of(number: f64) -> f64 {
    if number.is_nan() {
        f64::NAN
    } else {
        number + 0.0
    }
}

fn add(into: &mut [Fingerprint], array: &ArrayRef, hash: impl Fn(usize) -> u128) {
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    for (row, print) in into.iter_mut().enumerate() {
        let value = match nulls {
            Some(nulls) if nulls.is_null(row) => NULL,
            _ => hash(row),
        };
        *print = print.wrapping_mul(MULTIPLIER).wrapping_add(value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, Int64Array, StringViewArray};

    use super::*;

    fn prints(columns: &[ArrayRef]) -> Vec<Fingerprint> {
        let columns: Vec<&ArrayRef> = columns.iter().collect();
        let types = columns.iter().map(|column| column.data_type());
        let rows = columns[0].len();
        Fingerprints::new(7, types)
            .and_then(|prints| prints.of(&columns, rows))
            .unwrap()
    }

    #[test]
    fn values_that_are_equal_have_one_fingerprint() {
        let numbers = Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN, 1.0]);
        let found = prints(&[Arc::new(numbers)]);
        assert_eq!((found[0], found[2]), (found[1], found[3]));
        assert!(found[0] != found[2] && found[0] != found[4]);
    }

    #[test]
    fn columns_do_not_run_together_and_their_order_counts() {
        let text = |values: [Option<&str>; 4]| -> ArrayRef {
            Arc::new(values.into_iter().collect::<StringViewArray>())
        };
        let left = text([Some("ab"), Some("a"), None, Some("")]);
        let right = text([Some("c"), Some("bc"), Some(""), None]);
        let both = prints(&[Arc::clone(&left), Arc::clone(&right)]);
        let turned = prints(&[right, left]);
        let all: std::collections::HashSet<_> = both.iter().chain(&turned).collect();
        // Two rows of null and "" turned round are each other.
        assert_eq!(all.len(), 6, "{both:x?} {turned:x?}");
    }

    #[test]
    fn a_slice_has_the_fingerprints_of_its_rows() {
        let whole: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
        assert_eq!(prints(&[whole.slice(1, 2)]), prints(&[whole])[1..]);
    }
}
