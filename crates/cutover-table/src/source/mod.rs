//! Where tables come from.

mod arrow_file;
mod batches;
mod builder;
mod csv;
mod input;
mod json;
mod json_lines;
mod observed;
mod parquet;
mod spelling;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite_tables;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatchReader};
use arrow_schema::DataType;

use crate::TableError;
use crate::budget::Budget;
use crate::progress::{Phase, Progress, Watcher};
use crate::reconcile::{is_nested, plain};

pub use csv::CsvDialect;
pub use input::Input;
pub use parquet::is_decoding;
pub(crate) use spelling::Spelling;
#[cfg(feature = "sqlite")]
pub use sqlite::Query;
#[cfg(feature = "sqlite")]
pub use sqlite_tables::{SqliteTable, sqlite_tables};

/// A column as its table describes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Described,
    /// Whether every value says its type: then `1` is never `"1"`.
    pub(crate) by_value: bool,
}

/// What is known of a column's values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Described {
    /// The table says their type.
    Typed(DataType),
    /// They are texts, and look like this.
    Spelled(Spelling),
    /// They are of several kinds, or nested, and have a text as JSON.
    Json,
}

/// How a value is written that is compared as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// As it is.
    Plain,
    /// As JSON, texts in quotes.
    Json,
    /// The same, members of objects that are null left out: of one side they are fields, which are
    /// always there.
    JsonWithoutNull,
}

impl Written {
    /// How the values of two columns are written that say their types one by one, or are nested.
    pub(crate) fn between(old: &Described, new: &Described) -> Self {
        match (old, new) {
            (Described::Json, Described::Json) => Self::Json,
            (Described::Json, Described::Typed(other))
            | (Described::Typed(other), Described::Json)
                if is_nested(other) =>
            {
                Self::JsonWithoutNull
            }
            (Described::Typed(old), Described::Typed(new))
                if is_nested(old) && is_nested(new) && plain(old) != plain(new) =>
            {
                Self::JsonWithoutNull
            }
            _ => Self::Plain,
        }
    }
}

/// A column to read, and as what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// Its place in the table, from 0.
    pub(crate) column: usize,
    /// The type to deliver.
    pub(crate) target: DataType,
    /// Whether `""` is an empty text, and not the same as nothing.
    pub(crate) quoted_empty_is_text: bool,
    /// How what becomes a text is written.
    pub(crate) written: Written,
    /// Whether numbers that no float holds are an error.
    pub(crate) lossless: bool,
}

/// Rows of the wanted columns, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) columns: Vec<ArrayRef>,
    pub(crate) rows: usize,
}

pub(crate) type Batches<'a> = Box<dyn Iterator<Item = Result<Batch, TableError>> + Send + 'a>;

/// Whether a table will be read once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It will.
    First,
    /// It will not.
    Last,
}

/// What reading needs to know of its surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// The table's name, for messages.
    pub(crate) name: Arc<str>,
    pub(crate) budget: Arc<Budget>,
}

/// One kind of table.
pub(crate) trait Source: Send {
    /// Its columns. A table of texts is looked through as a whole for it; `seen` is told how many
    /// rows were.
    fn describe(
        &mut self,
        around: &Surroundings,
        seen: &mut dyn FnMut(u64),
    ) -> Result<Vec<Column>, TableError>;

    /// How many rows it has, where it says so.
    fn rows(&self) -> Option<u64>;

    /// Reads the wanted columns, from the first row.
    fn read(
        &mut self,
        wanted: &[Wanted],
        reading: Reading,
        around: &Surroundings,
    ) -> Result<Batches<'_>, TableError>;
}

/// A table to compare: where it is, and how to read it. Nothing is read before the comparison.
pub struct Table {
    source: Box<dyn Source>,
    around: Surroundings,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Table").field(&self.around.name).finish()
    }
}

impl Table {
    fn new(name: &str, source: impl Source + 'static) -> Self {
        Self {
            source: Box::new(source),
            around: Surroundings {
                name: Arc::from(name),
                budget: Arc::new(Budget::new(u64::MAX)),
            },
        }
    }

    /// A CSV document. It is read two or three times, and never held as a whole.
    #[must_use]
    pub fn csv(input: impl Into<Input>, dialect: CsvDialect) -> Self {
        let input = input.into();
        Self::new(&input.name(), csv::Csv::new(input, dialect))
    }

    /// A Parquet file, compressed by Snappy, Zstandard, LZ4, gzip or not at all. Columns that are
    /// not compared are not read.
    #[must_use]
    pub fn parquet(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        Self::new(&path.display().to_string(), parquet::Parquet::new(path))
    }

    /// A JSON Lines document: an object a line, whose members are the columns. It is read two or
    /// three times.
    #[must_use]
    pub fn json_lines(input: impl Into<Input>) -> Self {
        let input = input.into();
        Self::new(&input.name(), json_lines::JsonLines::new(input))
    }

    /// A file or stream of Arrow record batches (IPC; Feather version 2), compressed by LZ4,
    /// Zstandard or not at all.
    #[must_use]
    pub fn arrow(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        Self::new(
            &path.display().to_string(),
            arrow_file::ArrowFile::new(path),
        )
    }

    /// What an SQLite database answers to a query. The database is opened for reading alone, and
    /// all readings see the same state of it.
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite(path: impl AsRef<Path>, query: Query) -> Self {
        let path = path.as_ref();
        Self::new(
            &path.display().to_string(),
            sqlite::Sqlite::new(path, query),
        )
    }

    /// Arrow record batches: what DataFusion, Polars or DuckDB hand over. Read once; where a
    /// comparison needs a table twice the batches are kept, within the budget.
    #[must_use]
    pub fn batches(name: &str, reader: impl RecordBatchReader + Send + 'static) -> Self {
        Self::new(name, batches::Handed::new(Box::new(reader)))
    }

    /// Another name for messages.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.around.name = Arc::from(name);
        self
    }

    /// Its name in messages: its path, if it has one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.around.name
    }

    pub(crate) fn allow(&mut self, budget: &Arc<Budget>) {
        self.around.budget = Arc::clone(budget);
    }

    pub(crate) fn describe(
        &mut self,
        phase: Phase,
        watch: &Watcher<'_>,
    ) -> Result<Vec<Column>, TableError> {
        let mut seen = |rows| {
            watch(Progress {
                phase,
                rows,
                of: None,
            });
        };
        self.source.describe(&self.around, &mut seen)
    }

    /// Reads the wanted columns, and tells `watch` of every batch.
    pub(crate) fn read<'a>(
        &'a mut self,
        wanted: &[Wanted],
        reading: Reading,
        phase: Phase,
        watch: &'a Watcher<'a>,
    ) -> Result<Batches<'a>, TableError> {
        let of = self.source.rows();
        let mut rows = 0;
        let batches = self.source.read(wanted, reading, &self.around)?;
        Ok(Box::new(batches.inspect(move |batch| {
            if let Ok(batch) = batch {
                rows += batch.rows as u64;
                watch(Progress { phase, rows, of });
            }
        })))
    }
}

/// Batches of so many rows, up to the one that has fewer, or to an error.
fn batches_of<'a>(
    rows: usize,
    mut next: impl FnMut() -> Result<Batch, TableError> + Send + 'a,
) -> Batches<'a> {
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let batch = next();
        ended = !matches!(&batch, Ok(batch) if batch.rows == rows);
        batch
            .map(|batch| (batch.rows > 0).then_some(batch))
            .transpose()
    }))
}

/// How many rows to read at once: many, but not of a table with a hundred thousand columns.
pub(crate) fn rows_of_batch(columns: usize) -> usize {
    const ROWS: usize = 32_768;
    const CELLS: usize = 1 << 19;
    (CELLS / columns.max(1)).clamp(16, ROWS)
}
