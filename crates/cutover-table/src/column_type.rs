//! The types that a column can be compared as.

use std::str::FromStr;

use arrow_schema::DataType;

/// What a column is compared as, where the caller knows better than the tables.
///
/// ```
/// use cutover_table::ColumnType;
///
/// assert_eq!("text".parse(), Ok(ColumnType::Text));
/// assert!("varchar".parse::<ColumnType>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnType {
    /// Character by character: `007` is not `7`, `1.0` is not `1`.
    Text,
    /// Whole numbers of 64 bits.
    Integer,
    /// Numbers of floating point, with the tolerance of floats.
    Number,
    /// Exact numbers of up to 38 digits.
    Decimal,
    /// `true` or `false`, in small or large letters; of numbers, 1 and 0.
    Boolean,
    /// Days: `2026-11-26`.
    Date,
    /// Instants or local times: `2026-11-26T10:00:00Z`, `2026-11-26 10:00:00`.
    Timestamp,
}

impl ColumnType {
    /// All of them, in the order of documentation.
    pub const ALL: [Self; 7] = [
        Self::Text,
        Self::Integer,
        Self::Number,
        Self::Decimal,
        Self::Boolean,
        Self::Date,
        Self::Timestamp,
    ];

    /// Its name, as it is parsed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
        }
    }
}

impl FromStr for ColumnType {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|known| known.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                format!("{name:?} is no type of a column; they are {known}")
            })
    }
}

/// A short word for a type, for people who do not know Arrow's.
pub(crate) fn word(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "nothing but null".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int64 | DataType::UInt64 => "integer".to_owned(),
        DataType::Float64 => "number".to_owned(),
        DataType::Decimal128(..) | DataType::Decimal256(..) => "decimal".to_owned(),
        DataType::Utf8View => "text".to_owned(),
        DataType::BinaryView => "binary".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Time64(_) => "time".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Duration(_) => "duration".to_owned(),
        DataType::Interval(_) => "interval".to_owned(),
        nested => nested.to_string(),
    }
}
