//! Why two tables could not be compared.

use std::fmt;
use std::io;

use arrow_schema::ArrowError;

/// Where in a table something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The table as a whole.
    Whole,
    /// A line of a text file, from 1.
    Line(u64),
    /// A row, from 1; the header is not counted.
    Row(u64),
}

/// Two tables that could not be compared: what happened, to which table, where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// It cannot be opened or read at all.
    #[error("cannot read {table}: {error}")]
    Io {
        /// The table's name.
        table: String,
        /// What the operating system says.
        #[source]
        error: io::Error,
    },
    /// It is not what it should be: a broken file, a ragged row, a value of another type.
    #[error("{table}{}: {problem}", Where(*.at))]
    Malformed {
        /// The table's name.
        table: String,
        /// Where.
        at: Place,
        /// What is wrong there.
        problem: String,
    },
    /// A column was named that is not there.
    #[error("{table} has no column {column:?}; its columns are {columns}")]
    NoSuchColumn {
        /// The table's name.
        table: String,
        /// The name as it was given.
        column: String,
        /// The first of its columns.
        columns: String,
    },
    /// Two columns have one name, so that nobody can tell which is meant.
    #[error(
        "{table} has two columns {column:?} (the {first}. and the {second}.); give them names of \
         their own, or ignore {column:?}"
    )]
    TwoColumns {
        /// The table's name.
        table: String,
        /// The name.
        column: String,
        /// Position of one, from 1.
        first: usize,
        /// Position of the other, from 1.
        second: usize,
    },
    /// The settings contradict each other or the tables.
    #[error("{0}")]
    Settings(String),
    /// More memory is needed than was allowed.
    #[error(
        "{doing} needs more than the {budget} bytes of memory it may take, at row {row} of \
         {table}; allow more, compare fewer columns, or sort both tables by the key and compare \
         them by row order"
    )]
    Memory {
        /// What was being done.
        doing: &'static str,
        /// The table's name.
        table: String,
        /// How many rows had been read.
        row: u64,
        /// The budget, in bytes.
        budget: u64,
    },
    /// Two different keys have the same fingerprint of 128 bits.
    #[error(
        "two different keys have one fingerprint (row {row} of {table}); compare again with \
         another seed"
    )]
    Collision {
        /// The table's name.
        table: String,
        /// The row, from 1.
        row: u64,
    },
}

struct Where(Place);

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Whole => Ok(()),
            Place::Line(line) => write!(f, ":{line}"),
            Place::Row(row) => write!(f, ", row {row}"),
        }
    }
}

impl TableError {
    pub(crate) fn io(table: &str, error: io::Error) -> Self {
        Self::Io {
            table: table.to_owned(),
            error,
        }
    }

    pub(crate) fn malformed(table: &str, at: Place, problem: impl fmt::Display) -> Self {
        Self::Malformed {
            table: table.to_owned(),
            at,
            problem: problem.to_string(),
        }
    }

    /// What arrow says of the rows that follow `row`.
    pub(crate) fn arrow(table: &str, row: u64, error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => Self::io(table, error),
            error => Self::malformed(
                table,
                Place::Row(row + 1),
                format_args!("cannot be read from here: {error}"),
            ),
        }
    }
}
