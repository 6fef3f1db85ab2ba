//! The records of a file, one at a time, whatever its format is.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};

use super::{bytes, dialect, json};
use crate::error::DatasetError;
use crate::profile::{Encoding, Format};
use crate::source::format_of;

/// A file that has been looked at and can be read, as often as one likes.
pub(super) struct Source {
    path: PathBuf,
    encoding: Encoding,
    shape: Shape,
}

enum Shape {
    Delimited(dialect::Dialect),
    Json,
}

/// One value of a record, with what its format says about it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    /// From delimited text: anything.
    Delimited(&'a str),
    /// A JSON string.
    Text(&'a str),
    /// A JSON number, boolean, or list.
    Literal(&'a str),
    /// A JSON null, or no member of that name.
    Absent,
}

/// Where records go.
pub(super) trait Sink {
    /// Columns that no record before had. A file with a header names them before its first record.
    fn columns(&mut self, names: &[&str]) -> Result<(), DatasetError>;

    /// A cell for every column so far, in the order in which the columns came.
    fn record(&mut self, cells: &[Cell<'_>]) -> Result<(), DatasetError>;
}

impl Source {
    pub(super) fn inspect(path: &Path) -> Result<Self, DatasetError> {
        let format = format_of(path)?;
        let encoding = bytes::inspect(path)?;
        let shape = match format {
            Format::Json => Shape::Json,
            Format::Csv => {
                let detected = bytes::open(path, encoding).and_then(dialect::detect);
                Shape::Delimited(detected.map_err(|error| DatasetError::io(path, &error))?)
            }
        };
        Ok(Self {
            path: path.to_owned(),
            encoding,
            shape,
        })
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub(super) fn format(&self) -> Format {
        match self.shape {
            Shape::Delimited(_) => Format::Csv,
            Shape::Json => Format::Json,
        }
    }

    pub(super) fn delimiter(&self) -> Option<char> {
        match self.shape {
            Shape::Delimited(dialect) => Some(char::from(dialect.delimiter)),
            Shape::Json => None,
        }
    }

    pub(super) fn header(&self) -> bool {
        match self.shape {
            Shape::Delimited(dialect) => dialect.header,
            Shape::Json => true,
        }
    }

    /// Gives every record to the sink, in order.
    pub(super) fn read(&self, sink: &mut dyn Sink) -> Result<(), DatasetError> {
        let text = bytes::open(&self.path, self.encoding)
            .map_err(|error| DatasetError::io(&self.path, &error))?;
        match self.shape {
            Shape::Delimited(dialect) => self.read_delimited(text, dialect, sink),
            Shape::Json => json::read(&self.path, text, sink),
        }
    }

    fn read_delimited(
        &self,
        text: impl io::Read,
        dialect: dialect::Dialect,
        sink: &mut dyn Sink,
    ) -> Result<(), DatasetError> {
        let mut reader = ReaderBuilder::new()
            .delimiter(dialect.delimiter)
            .has_headers(false)
            // The width is checked below, where the line can be told.
            .flexible(true)
            .from_reader(text);
        let mut record = StringRecord::new();
        let mut next = |record: &mut StringRecord| {
            reader
                .read_record(record)
                .map_err(|error| DatasetError::Unreadable {
                    path: self.path.clone(),
                    reason: error.to_string(),
                })
        };

        if !next(&mut record)? {
            return Err(DatasetError::Empty {
                path: self.path.clone(),
            });
        }
        let width = record.len();
        let names: Vec<String> = if dialect.header {
            record.iter().map(|name| name.trim().to_owned()).collect()
        } else {
            (1..=width)
                .map(|number| format!("column_{number}"))
                .collect()
        };
        self.refuse_duplicates(&names)?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        sink.columns(&names)?;
        let mut more = if dialect.header {
            next(&mut record)?
        } else {
            true
        };
        while more {
            if record.len() != width {
                return Err(DatasetError::Ragged {
                    path: self.path.clone(),
                    line: record.position().map_or(0, csv::Position::line),
                    expected: width,
                    found: record.len(),
                });
            }
            let cells: Vec<Cell<'_>> = record.iter().map(Cell::Delimited).collect();
            sink.record(&cells)?;
            more = next(&mut record)?;
        }
        Ok(())
    }

    fn refuse_duplicates(&self, names: &[String]) -> Result<(), DatasetError> {
        let mut places = HashMap::new();
        for (place, name) in (1..).zip(names) {
            if let Some(first) = places.insert(name, place) {
                return Err(DatasetError::DuplicateHeader {
                    path: self.path.clone(),
                    name: name.clone(),
                    first,
                    second: place,
                });
            }
        }
        Ok(())
    }
}
