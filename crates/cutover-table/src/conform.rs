//! Arrays of a source as arrays of the type in which they are compared.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Decimal256Type, Float64Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::i256;
use arrow_cast::display::FormatOptions;
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::{ArrowError, DataType, TimeUnit};

/// The zone of all instants that are compared.
pub(crate) const UTC: &str = "+00:00";

/// Integers up to here are floats without loss.
const EXACT_IN_FLOATS: u64 = 1 << 53;

/// What conversion loses is not overlooked: it is an error.
fn options() -> CastOptions<'static> {
    CastOptions {
        safe: false,
        format_options: FormatOptions::new(),
    }
}

/// Whether values of one type can be made values of the other.
pub(crate) fn can_conform(from: &DataType, to: &DataType) -> bool {
    from == to || can_cast_types(from, to)
}

/// `array` as an array of `target`, each value the same.
///
/// # Errors
///
/// A value does not fit.
pub(crate) fn conform(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    let from = array.data_type();
    if from == target {
        return Ok(Arc::clone(array));
    }
    match (from, target) {
        (DataType::Dictionary(_, values), _) if **values != *target => {
            let flat = cast_with_options(array, values, &options())?;
            conform(&flat, target)
        }
        (DataType::Timestamp(unit, Some(_)), DataType::Timestamp(..)) => {
            cast_with_options(&in_utc(array, *unit), target, &options())
        }
        (DataType::Timestamp(unit, Some(_)), DataType::Utf8View) => {
            cast_with_options(&in_utc(array, *unit), target, &options())
        }
        (DataType::FixedSizeBinary(_), DataType::BinaryView) => {
            let bytes = cast_with_options(array, &DataType::Binary, &options())?;
            cast_with_options(&bytes, target, &options())
        }
        (number, DataType::Boolean) if number.is_numeric() => {
            let numbers = cast_with_options(array, &DataType::Float64, &options())?;
            let mut values = numbers.as_primitive::<Float64Type>().iter().flatten();
            match values.find(|value| *value != 0.0 && *value != 1.0) {
                Some(value) => Err(ArrowError::CastError(format!("{value} is neither 0 nor 1"))),
                None => cast_with_options(array, target, &options()),
            }
        }
        _ => cast_with_options(array, target, &options()),
    }
}

/// The same instants, said in UTC. Arrow itself would have to know the rules of the zone.
fn in_utc(array: &ArrayRef, unit: TimeUnit) -> ArrayRef {
    macro_rules! labelled {
        ($type:ty) => {
            Arc::new(array.as_primitive::<$type>().clone().with_timezone(UTC))
        };
    }
    match unit {
        TimeUnit::Second => labelled!(TimestampSecondType),
        TimeUnit::Millisecond => labelled!(TimestampMillisecondType),
        TimeUnit::Microsecond => labelled!(TimestampMicrosecondType),
        TimeUnit::Nanosecond => labelled!(TimestampNanosecondType),
    }
}

/// Decimals of fewer digits are floats without loss.
const DIGITS_IN_FLOATS: u32 = 15;

/// The first row whose number may have no float of its own: another one would become the same.
pub(crate) fn lossy_in_floats(array: &ArrayRef) -> Option<usize> {
    let lossy = |size: u64| size > EXACT_IN_FLOATS;
    let valid = |row: &usize| array.is_valid(*row);
    match array.data_type() {
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>().values();
            let mut rows = (0..values.len()).filter(valid);
            rows.find(|row| lossy(values[*row].unsigned_abs()))
        }
        DataType::UInt64 => {
            let values = array.as_primitive::<UInt64Type>().values();
            let mut rows = (0..values.len()).filter(valid);
            rows.find(|row| lossy(values[*row]))
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            let mut rows = (0..values.len()).filter(valid);
            rows.find(|row| values[*row].abs() > EXACT_IN_FLOATS as f64)
        }
        DataType::Decimal128(..) => {
            let values = array.as_primitive::<Decimal128Type>().values();
            let mut rows = (0..values.len()).filter(valid);
            rows.find(|row| values[*row].unsigned_abs() >= 10_u128.pow(DIGITS_IN_FLOATS))
        }
        DataType::Decimal256(..) => {
            let values = array.as_primitive::<Decimal256Type>().values();
            let most = i256::from_i128(10_i128.pow(DIGITS_IN_FLOATS));
            let mut rows = (0..values.len()).filter(valid);
            rows.find(|row| values[*row] >= most || values[*row] <= -most)
        }
        _ => None,
    }
}
