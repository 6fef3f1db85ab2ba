//! Arrays from texts, and from values that a table holds one by one.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryViewBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Decimal256Builder,
    Float64Builder, Int64Builder, UInt64Builder,
};
use arrow_array::types::{
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{ArrayRef, BinaryViewArray, PrimitiveArray, new_null_array};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};

use super::spelling::{boolean, calendar, number};
use super::{Batch, Wanted};
use crate::TableError;

/// A builder for each wanted column.
pub(crate) fn builders(wanted: &[Wanted]) -> Vec<Builder> {
    let targets = wanted.iter().map(|wanted| &wanted.target);
    targets.map(Builder::new).collect()
}

/// The batch of as many rows; `not_utf8` says what is wrong with a text that is none, of a wanted
/// column and row, both from 0.
pub(crate) fn batch(
    builders: Vec<Builder>,
    rows: usize,
    not_utf8: impl Fn(usize, usize) -> TableError,
) -> Result<Batch, TableError> {
    let columns = builders.into_iter().enumerate();
    let columns = columns.map(|(at, builder)| builder.finish().map_err(|row| not_utf8(at, row)));
    Ok(Batch {
        columns: columns.collect::<Result<_, _>>()?,
        rows,
    })
}

/// Builds an array of one type from texts.
pub(crate) enum Builder {
    /// Nothing but nulls, of a type that texts are not read as.
    Null(DataType, usize),
    Text(BinaryViewBuilder),
    Binary(BinaryViewBuilder),
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Natural(UInt64Builder),
    Number(Float64Builder),
    Decimal(Decimal128Builder, DataType, i8),
    LargeDecimal(Decimal256Builder, DataType, i8),
    Date(Date32Builder),
    /// Ticks of the unit.
    Timestamp(Int64Builder, TimeUnit, Option<Arc<str>>),
}

impl Builder {
    pub(crate) fn new(target: &DataType) -> Self {
        match target {
            DataType::Utf8View => Self::Text(BinaryViewBuilder::new()),
            DataType::BinaryView => Self::Binary(BinaryViewBuilder::new()),
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Int64 => Self::Integer(Int64Builder::new()),
            DataType::UInt64 => Self::Natural(UInt64Builder::new()),
            DataType::Float64 => Self::Number(Float64Builder::new()),
            DataType::Decimal128(_, scale) => {
                Self::Decimal(Decimal128Builder::new(), target.clone(), *scale)
            }
            DataType::Decimal256(_, scale) => {
                Self::LargeDecimal(Decimal256Builder::new(), target.clone(), *scale)
            }
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(unit, zone) => {
                Self::Timestamp(Int64Builder::new(), *unit, zone.clone())
            }
            other => Self::Null(other.clone(), 0),
        }
    }

    /// One more value; answers whether the text is one.
    pub(crate) fn push(&mut self, text: &[u8]) -> bool {
        match self {
            Self::Null(..) => return false,
            Self::Text(to) | Self::Binary(to) => return to.try_append_value(text).is_ok(),
            Self::Boolean(to) => boolean(text)
                .or_else(|| number::integer(text).and_then(bit))
                .map(|value| to.append_value(value)),
            Self::Integer(to) => number::integer(text).map(|value| to.append_value(value)),
            Self::Natural(to) => number::integer(text)
                .and_then(|value| u64::try_from(value).ok())
                .map(|value| to.append_value(value)),
            Self::Number(to) => number::float(text).map(|value| to.append_value(value)),
            Self::Decimal(to, _, scale) => {
                number::decimal(text, *scale).map(|value| to.append_value(value))
            }
            Self::LargeDecimal(to, _, scale) => {
                number::large_decimal(text, *scale).map(|value: i256| to.append_value(value))
            }
            Self::Date(to) => calendar::date(text).map(|value| to.append_value(value)),
            Self::Timestamp(to, unit, zone) => {
                calendar::timestamp(text, *unit, zone.is_some()).map(|value| to.append_value(value))
            }
        }
        .is_some()
    }

    /// One more whole number; answers whether it is a value of this type.
    pub(crate) fn push_integer(&mut self, number: i64) -> bool {
        match self {
            Self::Integer(to) => to.append_value(number),
            _ => return self.push(number.to_string().as_bytes()),
        }
        true
    }

    /// One more float; answers whether it is a value of this type.
    #[cfg(feature = "sqlite")]
    pub(crate) fn push_float(&mut self, number: f64) -> bool {
        match self {
            Self::Number(to) => to.append_value(number),
            _ => return self.push(number.to_string().as_bytes()),
        }
        true
    }

    pub(crate) fn push_null(&mut self) {
        match self {
            Self::Null(_, rows) => *rows += 1,
            Self::Text(to) | Self::Binary(to) => to.append_null(),
            Self::Boolean(to) => to.append_null(),
            Self::Integer(to) | Self::Timestamp(to, ..) => to.append_null(),
            Self::Natural(to) => to.append_null(),
            Self::Number(to) => to.append_null(),
            Self::Decimal(to, ..) => to.append_null(),
            Self::LargeDecimal(to, ..) => to.append_null(),
            Self::Date(to) => to.append_null(),
        }
    }

    /// # Errors
    ///
    /// The first row whose text is not UTF-8.
    pub(crate) fn finish(self) -> Result<ArrayRef, usize> {
        Ok(match self {
            Self::Null(target, rows) => new_null_array(&target, rows),
            Self::Text(mut from) => {
                let bytes = from.finish();
                let texts = bytes.clone().to_string_view();
                Arc::new(texts.map_err(|_| not_utf8(&bytes))?)
            }
            Self::Binary(mut from) => Arc::new(from.finish()),
            Self::Boolean(mut from) => Arc::new(from.finish()),
            Self::Integer(mut from) => Arc::new(from.finish()),
            Self::Natural(mut from) => Arc::new(from.finish()),
            Self::Number(mut from) => Arc::new(from.finish()),
            Self::Decimal(mut from, data_type, _) => {
                Arc::new(from.finish().with_data_type(data_type))
            }
            Self::LargeDecimal(mut from, data_type, _) => {
                Arc::new(from.finish().with_data_type(data_type))
            }
            Self::Date(mut from) => Arc::new(from.finish()),
            Self::Timestamp(mut from, unit, zone) => {
                macro_rules! ticks {
                    ($type:ty) => {{
                        let ticks: PrimitiveArray<$type> = from.finish().reinterpret_cast();
                        Arc::new(ticks.with_timezone_opt(zone))
                    }};
                }
                match unit {
                    TimeUnit::Second => ticks!(TimestampSecondType),
                    TimeUnit::Millisecond => ticks!(TimestampMillisecondType),
                    TimeUnit::Microsecond => ticks!(TimestampMicrosecondType),
                    TimeUnit::Nanosecond => ticks!(TimestampNanosecondType),
                }
            }
        })
    }
}

/// What a program means by 0 and 1 that has no truth values.
fn bit(number: i64) -> Option<bool> {
    match number {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn not_utf8(bytes: &BinaryViewArray) -> usize {
    let broken =
        |bytes: Option<&[u8]>| bytes.is_some_and(|bytes| std::str::from_utf8(bytes).is_err());
    bytes.iter().position(broken).unwrap_or(0)
}
