//! In which type two columns are compared.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};

use crate::conform::{UTC, can_conform};
use crate::source::{Described, Spelling};
use crate::{ColumnType, column_type};

/// How the types of two columns stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// The same.
    Same,
    /// The same values in another width, unit or encoding.
    Widened,
    /// Another kind of value: different even where the texts are equal.
    Changed,
}

/// What two columns are compared as.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Common {
    pub(crate) target: DataType,
    pub(crate) relation: Relation,
    /// Integers or decimals on one side and floats on the other.
    pub(crate) mixed: bool,
}

impl Common {
    fn new(target: DataType, relation: Relation) -> Self {
        Self {
            target,
            relation,
            mixed: false,
        }
    }
}

/// The most digits of `Decimal128` and `Decimal256`.
const DIGITS: u8 = 38;
const MANY_DIGITS: u8 = 76;

/// What both columns are compared as; `None` where nothing fits both.
pub(crate) fn reconcile(old: &Described, new: &Described, exact: bool) -> Option<Common> {
    match (old, new) {
        (Described::Typed(old), Described::Typed(new)) => typed(old, new),
        (Described::Spelled(old), Described::Spelled(new)) => {
            Some(Common::new(spelled(&old.and(new), exact), Relation::Same))
        }
        (Described::Typed(typed), Described::Spelled(spelling))
        | (Described::Spelled(spelling), Described::Typed(typed)) => {
            typed_and_spelled(typed, spelling)
        }
        (Described::Json, Described::Json) => Some(Common::new(DataType::Utf8View, Relation::Same)),
        // Arrays and objects are lists and structs that are kept in another way.
        (Described::Json, Described::Typed(other)) | (Described::Typed(other), Described::Json)
            if is_nested(other) =>
        {
            Some(Common::new(DataType::Utf8View, Relation::Widened))
        }
        (Described::Json, Described::Spelled(_)) | (Described::Spelled(_), Described::Json) => {
            Some(Common::new(DataType::Utf8View, Relation::Changed))
        }
        (Described::Json, Described::Typed(other)) | (Described::Typed(other), Described::Json) => {
            can_conform(other, &DataType::Utf8View)
                .then(|| Common::new(DataType::Utf8View, Relation::Changed))
        }
    }
}

/// What a column is compared as that the caller declared; `None` where it cannot be.
pub(crate) fn declared(
    column_type: ColumnType,
    old: &Described,
    new: &Described,
) -> Option<Common> {
    let sides = [old, new];
    let target = match column_type {
        ColumnType::Text => DataType::Utf8View,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Number => DataType::Float64,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
        ColumnType::Decimal => {
            let scale = sides.map(scale_of).into_iter().max().unwrap_or(0);
            DataType::Decimal128(DIGITS, scale)
        }
        ColumnType::Timestamp => {
            let zoned = sides.into_iter().any(|side| match side {
                Described::Typed(data_type) => matches!(data_type, DataType::Timestamp(_, Some(_))),
                Described::Spelled(spelling) => spelling.is_zoned(),
                Described::Json => false,
            });
            let unit = sides
                .map(unit_of)
                .into_iter()
                .max()
                .unwrap_or(TimeUnit::Microsecond);
            DataType::Timestamp(unit, zoned.then(|| Arc::from(UTC)))
        }
    };
    let fits = sides.into_iter().all(|side| match side {
        Described::Typed(data_type) => can_conform(data_type, &target),
        Described::Spelled(_) | Described::Json => true,
    });
    fits.then(|| Common::new(target, Relation::Same))
}

fn scale_of(side: &Described) -> i8 {
    match side {
        Described::Spelled(spelling) => spelling.decimal().map_or(0, |(_, scale)| scale),
        Described::Typed(data_type) => decimal_of(data_type).map_or(0, |(_, scale)| scale),
        Described::Json => 0,
    }
}

fn unit_of(side: &Described) -> TimeUnit {
    match side {
        Described::Typed(DataType::Timestamp(unit, _)) => *unit,
        Described::Typed(_) | Described::Json => TimeUnit::Second,
        Described::Spelled(spelling) => spelling.unit(),
    }
}

/// Whether so many digits stand before the point that floats do not tell neighbours apart.
pub(crate) fn is_past_floats(digits: u8, scale: i8) -> bool {
    i16::from(digits) - i16::from(scale) > 15
}

/// What texts are compared as that look like this on both sides.
fn spelled(both: &Spelling, exact: bool) -> DataType {
    if both.is_empty() || both.is_text() {
        return DataType::Utf8View;
    }
    if both.is_integer() {
        return match both.decimal() {
            _ if both.fits_integer() => DataType::Int64,
            Some((digits, _)) => decimal(digits, 0),
            None => DataType::Utf8View,
        };
    }
    if both.is_number() {
        // Digits are kept where all of them matter, and where floats would lose whole numbers; powers
        // of ten and NaN have floats alone.
        return match both.decimal() {
            Some((digits, scale))
                if (exact || is_past_floats(digits, scale)) && digits <= MANY_DIGITS =>
            {
                decimal(digits, scale)
            }
            _ if exact && both.is_plain() => DataType::Utf8View,
            _ => DataType::Float64,
        };
    }
    if both.is_boolean() {
        return DataType::Boolean;
    }
    if both.is_date() {
        return DataType::Date32;
    }
    if both.is_timestamp() {
        let zone = both.is_zoned().then(|| Arc::from(UTC));
        return DataType::Timestamp(both.unit(), zone);
    }
    DataType::Utf8View
}

fn decimal(digits: u8, scale: i8) -> DataType {
    if digits <= DIGITS {
        DataType::Decimal128(DIGITS, scale)
    } else {
        DataType::Decimal256(MANY_DIGITS, scale)
    }
}

fn typed_and_spelled(typed: &DataType, spelling: &Spelling) -> Option<Common> {
    let plain = plain(typed);
    let fitting = match &plain {
        _ if spelling.is_empty() => Some(plain.clone()),
        DataType::Null => Some(spelled(spelling, false)),
        DataType::Utf8View => Some(DataType::Utf8View),
        DataType::Boolean => spelling.is_boolean().then_some(DataType::Boolean),
        DataType::Int64 if spelling.is_integer() && spelling.fits_integer() => {
            Some(DataType::Int64)
        }
        // Whole numbers that some program wrote as `7.0`.
        DataType::Int64 | DataType::UInt64 if spelling.is_number() => match spelling.decimal() {
            Some((digits, scale)) => {
                let whole = digits.saturating_sub(scale.unsigned_abs()).max(20);
                let digits = whole.saturating_add(scale.unsigned_abs());
                (digits <= MANY_DIGITS).then(|| decimal(digits, scale))
            }
            None => Some(DataType::Float64),
        },
        DataType::Float64 => spelling.is_number().then_some(DataType::Float64),
        DataType::Decimal128(..) | DataType::Decimal256(..) if spelling.is_number() => {
            match spelling.decimal() {
                Some(number) => joined(decimal_of(&plain)?, number),
                None => Some(DataType::Float64),
            }
        }
        DataType::Date32 => spelling.is_date().then_some(DataType::Date32),
        DataType::Timestamp(unit, zone) => (spelling.is_timestamp()
            && spelling.is_zoned() == zone.is_some())
        .then(|| DataType::Timestamp((*unit).max(spelling.unit()), zone.clone())),
        _ => None,
    };
    match fitting {
        Some(target) => Some(Common::new(target, Relation::Same)),
        None => can_conform(typed, &DataType::Utf8View)
            .then(|| Common::new(DataType::Utf8View, Relation::Changed)),
    }
}

/// Whether values of this type have parts, however they are encoded.
pub(crate) fn is_nested(data_type: &DataType) -> bool {
    plain(data_type).is_nested()
}

/// Whether values may have more digits than floats tell apart.
pub(crate) fn has_many_digits(side: &Described) -> bool {
    matches!(side, Described::Typed(kind) if kind.is_integer() || kind.is_decimal())
}

/// The one type that stands for all widths and encodings of it.
pub(crate) fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => DataType::Int64,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => DataType::Float64,
        DataType::Decimal32(digits, scale) | DataType::Decimal64(digits, scale) => {
            DataType::Decimal128(*digits, *scale)
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => DataType::BinaryView,
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Nanosecond),
        DataType::Timestamp(unit, zone) => {
            DataType::Timestamp(*unit, zone.as_ref().map(|_| Arc::from(UTC)))
        }
        other => other.clone(),
    }
}

fn typed(old: &DataType, new: &DataType) -> Option<Common> {
    let (plain_old, plain_new) = (plain(old), plain(new));
    let relation = if old == new {
        Relation::Same
    } else {
        Relation::Widened
    };
    if plain_old == plain_new {
        return Some(Common::new(plain_old, relation));
    }
    let both = (&plain_old, &plain_new);
    if is_nested(old) && is_nested(new) {
        // Part by part, as documents: no type of the whole holds what the parts of both are.
        return Some(Common::new(DataType::Utf8View, Relation::Widened));
    }
    if let Some(target) = widened(both.0, both.1).or_else(|| widened(both.1, both.0)) {
        let digits = |side: &DataType| side.is_integer() || side.is_decimal();
        let mixed = target == DataType::Float64 && (digits(both.0) || digits(both.1));
        return Some(Common {
            target,
            relation,
            mixed,
        });
    }
    let changed = changed(both.0, both.1).or_else(|| changed(both.1, both.0));
    changed
        .filter(|target| can_conform(old, target) && can_conform(new, target))
        .map(|target| Common::new(target, Relation::Changed))
}

/// The type that holds all values of both, where there is one. Asked both ways round.
fn widened(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::{Date32, Date64, Duration, Float64, Int64, Null, Timestamp, UInt64};
    match (one, other) {
        (Null, other) => Some(other.clone()),
        (Int64, UInt64) => Some(DataType::Decimal128(DIGITS, 0)),
        (Int64 | UInt64, Float64) => Some(Float64),
        (Int64 | UInt64, DataType::Decimal128(..) | DataType::Decimal256(..)) => {
            joined((20, 0), decimal_of(other)?)
        }
        (
            DataType::Decimal128(..) | DataType::Decimal256(..),
            DataType::Decimal128(..) | DataType::Decimal256(..),
        ) => joined(decimal_of(one)?, decimal_of(other)?),
        (DataType::Decimal128(..) | DataType::Decimal256(..), Float64) => Some(Float64),
        (Date32, Date64) => Some(Date64),
        (Timestamp(unit, zone), Timestamp(finer, other)) if zone == other => {
            Some(Timestamp((*unit).max(*finer), zone.clone()))
        }
        (Duration(unit), Duration(finer)) => Some(Duration((*unit).max(*finer))),
        _ => None,
    }
}

/// What values of different kinds are compared as, where there is something.
fn changed(one: &DataType, other: &DataType) -> Option<DataType> {
    match (one, other) {
        (DataType::Date32 | DataType::Date64, DataType::Timestamp(unit, None)) => {
            Some(DataType::Timestamp(*unit, None))
        }
        (DataType::Utf8View, DataType::BinaryView) => Some(DataType::BinaryView),
        (one, other) if !one.is_nested() && !other.is_nested() => Some(DataType::Utf8View),
        _ => None,
    }
}

/// Digits and scale of a decimal type.
fn decimal_of(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
        | DataType::Decimal256(digits, scale) => Some((*digits, *scale)),
        _ => None,
    }
}

/// The decimal type that holds all numbers of both.
fn joined((digits, scale): (u8, i8), (other_digits, other_scale): (u8, i8)) -> Option<DataType> {
    let finest = i16::from(scale.max(other_scale).max(0));
    let whole = |digits: u8, scale: i8| i16::from(digits) - i16::from(scale);
    let digits = whole(digits, scale).max(whole(other_digits, other_scale)) + finest;
    let digits = u8::try_from(digits)
        .ok()
        .filter(|digits| *digits <= MANY_DIGITS)?;
    Some(decimal(digits, i8::try_from(finest).ok()?))
}

/// A type as it is shown: Arrow's name for it, or what texts look like.
pub(crate) fn shown(described: &Described) -> String {
    match described {
        Described::Typed(data_type) => data_type.to_string(),
        Described::Json => "json".to_owned(),
        Described::Spelled(spelling) if spelling.is_empty() => "nothing but null".to_owned(),
        Described::Spelled(spelling) => column_type::word(&spelled(spelling, false)),
    }
}
