//! What is known about a dataset after looking at it: the answer of `dataset.profile`.
//!
//! The shape is the contract between the dataset manager and its callers, so both
//! implementations fill it:
//!
//! - a file without a header has columns `column_1`, `column_2`, …;
//! - nested JSON objects become columns with dotted names, lists become their JSON text;
//! - `count + missing` is the number of rows for every column;
//! - minimum and maximum are there for numbers and dates, mean and deviation for numbers.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many of the most frequent values a profile shows.
pub const TOP_VALUES: usize = 5;

/// A look at a whole dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// How the bytes are text.
    pub encoding: Encoding,
    /// How the text is records.
    pub format: Format,
    /// What stands between two cells; absent for JSON.
    pub delimiter: Option<char>,
    /// Whether the first record names the columns; always so for JSON.
    pub header: bool,
    /// Records, without the header.
    pub rows: u64,
    /// One entry for each column.
    pub columns: Columns,
    /// Columns that tell the rows apart.
    pub id_columns: Vec<String>,
    /// The column that a model would be asked to predict.
    pub target: Option<String>,
    /// Columns of dates or times.
    pub date_columns: Vec<String>,
}

/// How the bytes of a file are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark; plain ASCII is UTF-8 as well.
    #[serde(rename = "utf-8")]
    Utf8,
    /// ISO 8859-1, which any bytes are: taken when they are not UTF-8.
    #[serde(rename = "iso-8859-1")]
    Latin1,
}

/// How the text of a file is records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// A list of objects.
    Json,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Yes or no, in words.
    Boolean,
    /// Whole numbers.
    Integer,
    /// Numbers with a fraction.
    Float,
    /// Days.
    Date,
    /// Instants, or a day with a time of day.
    DateTime,
    /// Anything else.
    Text,
}

impl ColumnKind {
    /// Whether a mean makes sense.
    #[must_use]
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Float)
    }

    /// Whether it places a row in time.
    #[must_use]
    pub const fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::DateTime)
    }

    /// The word of the JSON form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Text => "text",
        }
    }
}

/// A look at one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// What its values are.
    pub kind: ColumnKind,
    /// Values that are there.
    pub count: u64,
    /// Values that are not.
    pub missing: u64,
    /// How many different values there are.
    pub distinct: u64,
    /// The least number, or the earliest date.
    pub min: Option<Scalar>,
    /// The greatest number, or the latest date.
    pub max: Option<Scalar>,
    /// The arithmetic mean.
    pub mean: Option<f64>,
    /// The standard deviation.
    pub std: Option<f64>,
    /// The [`TOP_VALUES`] most frequent values, the most frequent first.
    pub top: Vec<TopValue>,
}

/// A number, or the text of a date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A date or a time, as ISO 8601.
    Text(String),
}

/// A value and how often it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopValue {
    /// The value as it stands in the file.
    pub value: String,
    /// How often.
    pub count: u64,
}

/// Columns by name, in the order of the file.
///
/// Its JSON form is an object, so that a difference reads `$.columns['Date Egg'].missing` and a
/// column that only one side found is one missing member instead of a shifted list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns(Vec<(String, Column)>);

impl Columns {
    /// The column with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, column)| column)
    }

    /// All columns, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.0.iter().map(|(name, column)| (name.as_str(), column))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Column)> for Columns {
    fn from_iter<I: IntoIterator<Item = (String, Column)>>(columns: I) -> Self {
        Self(columns.into_iter().collect())
    }
}

impl Serialize for Columns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, column) in &self.0 {
            map.serialize_entry(name, column)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Columns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of columns by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
                let mut columns = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    columns.push(entry);
                }
                Ok(Columns(columns))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
