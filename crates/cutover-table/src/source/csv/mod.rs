//! CSV documents: looked through once for what their texts look like, then read as that.

mod dialect;
mod records;

use std::sync::Arc;

use super::builder::{batch, builders};
use super::spelling::Spelling;
use super::{
    Batch, Batches, Column, Described, Input, Reading, Source, Surroundings, Wanted, batches_of,
    rows_of_batch,
};
use crate::TableError;
use crate::error::Place;

pub use dialect::CsvDialect;
use records::{Record, Records};

/// A CSV document.
pub(super) struct Csv {
    input: Input,
    dialect: CsvDialect,
    names: Vec<String>,
    rows: Option<u64>,
}

impl Csv {
    pub(super) fn new(input: Input, dialect: CsvDialect) -> Self {
        Self {
            input,
            dialect,
            names: Vec::new(),
            rows: None,
        }
    }

    fn open(&self, around: &Surroundings) -> Result<Records, TableError> {
        let input = self.input.open();
        let input = input.map_err(|error| TableError::io(&around.name, error))?;
        Ok(Records::new(input, &around.name, &self.dialect))
    }
}

impl Source for Csv {
    fn describe(
        &mut self,
        around: &Surroundings,
        seen: &mut dyn FnMut(u64),
    ) -> Result<Vec<Column>, TableError> {
        let malformed = |at, problem: String| TableError::malformed(&around.name, at, problem);
        self.dialect
            .check()
            .map_err(|problem| malformed(Place::Whole, problem))?;
        let mut records = self.open(around)?;
        let mut spellings: Vec<Spelling> = Vec::new();
        self.names.clear();
        if self.dialect.header {
            let Some(header) = records.next()? else {
                return Err(malformed(
                    Place::Whole,
                    "is empty: it has not even a header".to_owned(),
                ));
            };
            for at in 0..header.len() {
                let (name, _) = header.field(at);
                self.names
                    .push(text(name, &header, &around.name)?.to_owned());
            }
            spellings.resize(self.names.len(), Spelling::default());
        }
        let step = rows_of_batch(self.names.len()) as u64;
        let mut rows = 0;
        while let Some(record) = records.next()? {
            if self.names.is_empty() {
                let numbers = 1..=record.len();
                self.names = numbers.map(|at| format!("column_{at}")).collect();
                spellings.resize(self.names.len(), Spelling::default());
            }
            if !is_row(&record, &around.name, self.names.len(), &self.dialect)? {
                continue;
            }
            for (at, spelling) in spellings.iter_mut().enumerate() {
                let (bytes, quoted) = record.field(at);
                if !is_null(&self.dialect, bytes, quoted) {
                    spelling.see(bytes);
                }
            }
            rows += 1;
            if rows % step == 0 {
                seen(rows);
            }
        }
        if self.names.is_empty() {
            return Err(malformed(Place::Whole, "is empty".to_owned()));
        }
        seen(rows);
        self.rows = Some(rows);
        let columns = self.names.iter().zip(spellings);
        Ok(columns
            .map(|(name, spelling)| Column {
                name: name.clone(),
                kind: Described::Spelled(spelling),
                by_value: false,
            })
            .collect())
    }

    fn rows(&self) -> Option<u64> {
        self.rows
    }

    fn read(
        &mut self,
        wanted: &[Wanted],
        _: Reading,
        around: &Surroundings,
    ) -> Result<Batches<'_>, TableError> {
        let mut records = self.open(around)?;
        if self.dialect.header {
            records.next()?;
        }
        let size = rows_of_batch(wanted.len());
        let wanted = wanted.to_vec();
        let (dialect, names, name) = (&self.dialect, &self.names, Arc::clone(&around.name));
        Ok(batches_of(size, move || {
            next_batch(&mut records, &wanted, size, dialect, names, &name)
        }))
    }
}

fn next_batch(
    records: &mut Records,
    wanted: &[Wanted],
    size: usize,
    dialect: &CsvDialect,
    names: &[String],
    table: &str,
) -> Result<Batch, TableError> {
    let mut builders = builders(wanted);
    let mut lines = Vec::with_capacity(size);
    while lines.len() < size {
        let Some(record) = records.next()? else {
            break;
        };
        if !is_row(&record, table, names.len(), dialect)? {
            continue;
        }
        for (wanted, builder) in wanted.iter().zip(&mut builders) {
            let (bytes, quoted) = record.field(wanted.column);
            let empty = quoted && bytes.is_empty() && !wanted.quoted_empty_is_text;
            let fits = if empty || is_null(dialect, bytes, quoted) {
                builder.push_null();
                true
            } else {
                builder.push(bytes)
            };
            if !fits {
                return Err(TableError::malformed(
                    table,
                    Place::Line(record.line),
                    format_args!(
                        "{:?} in column {:?} cannot be read as {}",
                        String::from_utf8_lossy(&bytes[..bytes.len().min(80)]),
                        names[wanted.column],
                        crate::column_type::word(&wanted.target)
                    ),
                ));
            }
        }
        lines.push(record.line);
    }
    batch(builders, lines.len(), |at, row| {
        TableError::malformed(
            table,
            Place::Line(lines[row]),
            format_args!(
                "column {:?} holds bytes that are not UTF-8; convert the document to UTF-8",
                names[wanted[at].column]
            ),
        )
    })
}

/// Whether a record is a row of so many columns; an empty line between rows is none.
fn is_row(
    record: &Record<'_>,
    table: &str,
    columns: usize,
    dialect: &CsvDialect,
) -> Result<bool, TableError> {
    if record.len() == columns {
        return Ok(true);
    }
    if record.len() == 1 && record.field(0) == (&[], false) {
        return Ok(false);
    }
    if record.len() < columns && dialect.short_rows {
        return Ok(true);
    }
    Err(TableError::malformed(
        table,
        Place::Line(record.line),
        format_args!(
            "the row has {} fields, the table has {columns} columns",
            record.len()
        ),
    ))
}

fn is_null(dialect: &CsvDialect, bytes: &[u8], quoted: bool) -> bool {
    !quoted && dialect.nulls.iter().any(|null| null.as_bytes() == bytes)
}

fn text<'a>(bytes: &'a [u8], record: &Record<'_>, table: &str) -> Result<&'a str, TableError> {
    std::str::from_utf8(bytes).map_err(|_| {
        TableError::malformed(
            table,
            Place::Line(record.line),
            format_args!(
                "{:?} is not UTF-8; convert the document to UTF-8",
                String::from_utf8_lossy(&bytes[..bytes.len().min(80)])
            ),
        )
    })
}
