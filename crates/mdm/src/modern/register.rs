//! Copying a dataset into the catalog: typed values, one prepared statement, one stream.

use jiff::Timestamp;
use rusqlite::Statement;
use rusqlite::types::Value;

use super::cell::{Meaning, boolean, meaning_of};
use super::records::{Cell, Sink, Source};
use super::{Release, profile_source};
use crate::catalog::{Cancellation, Catalog, Registration, Writing, insert_record};
use crate::error::DatasetError;
use crate::profile::{ColumnKind, Profile};
use crate::source::RegisterRequest;

/// Profiles a dataset and copies it into the catalog.
///
/// # Errors
///
/// What is wrong with the file, the name or the catalog; the catalog is then as it was.
pub fn register(
    catalog: &mut Catalog,
    request: &RegisterRequest,
    now: Timestamp,
    cancellation: &Cancellation,
) -> Result<Registration, DatasetError> {
    let source = Source::inspect(&request.file)?;
    let profile = profile_source(&source, Release::default())?;
    let writing = catalog.write(request, now, cancellation)?;
    let id = insert_record(&writing, request, &profile)?;
    create_table(&writing, id, &profile)?;
    copy_rows(&writing, id, request, &source, &profile)?;
    writing.commit(profile)
}

fn create_table(writing: &Writing<'_>, id: i64, profile: &Profile) -> Result<(), DatasetError> {
    let definitions: Vec<String> = (1..)
        .zip(profile.columns.iter())
        .map(|(place, (_, column))| format!("c{place} {}", sql_type(column.kind)))
        .collect();
    writing.run("make the table of the rows", |connection| {
        let mut statement = connection.prepare(
            "INSERT INTO dataset_columns (dataset, position, name, kind) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (place, (name, column)) in (1_i64..).zip(profile.columns.iter()) {
            statement.execute((id, place, name, column.kind.as_str()))?;
        }
        connection.execute_batch(&format!(
            "CREATE TABLE data_{id} ({})",
            definitions.join(", ")
        ))
    })
}

fn copy_rows(
    writing: &Writing<'_>,
    id: i64,
    request: &RegisterRequest,
    source: &Source,
    profile: &Profile,
) -> Result<(), DatasetError> {
    let places: Vec<String> = (1..=profile.columns.len())
        .map(|place| format!("?{place}"))
        .collect();
    let mut copy = Copy {
        writing,
        insert: writing.prepare(&format!(
            "INSERT INTO data_{id} VALUES ({})",
            places.join(", ")
        ))?,
        names: profile.columns.iter().map(|(name, _)| name).collect(),
        kinds: profile
            .columns
            .iter()
            .map(|(_, column)| column.kind)
            .collect(),
        known: 0,
        rows: 0,
        changed: || DatasetError::Changed {
            path: request.file.clone(),
        },
    };
    source.read(&mut copy)?;
    // The profile and the rows come from two readings: they must be of the same file.
    if copy.rows != profile.rows || copy.known != copy.names.len() {
        return Err((copy.changed)());
    }
    Ok(())
}

struct Copy<'a, C> {
    writing: &'a Writing<'a>,
    insert: Statement<'a>,
    names: Vec<&'a str>,
    kinds: Vec<ColumnKind>,
    known: usize,
    rows: u64,
    changed: C,
}

impl<C: Fn() -> DatasetError> Sink for Copy<'_, C> {
    fn columns(&mut self, names: &[&str]) -> Result<(), DatasetError> {
        if self.names.get(self.known..self.known + names.len()) != Some(names) {
            return Err((self.changed)());
        }
        self.known += names.len();
        Ok(())
    }

    fn record(&mut self, cells: &[Cell<'_>]) -> Result<(), DatasetError> {
        self.writing.go_on()?;
        self.rows += 1;
        // Columns that later records bring are absent here.
        let cells = cells.iter().copied().chain(std::iter::repeat(Cell::Absent));
        let values = cells
            .zip(&self.kinds)
            .map(|(cell, kind)| value_of(cell, *kind));
        let insert = &mut self.insert;
        self.writing.run("write a row", |_| {
            insert.execute(rusqlite::params_from_iter(values))
        })?;
        Ok(())
    }
}

fn sql_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Boolean | ColumnKind::Integer => "INTEGER",
        ColumnKind::Float => "REAL",
        ColumnKind::Date | ColumnKind::DateTime | ColumnKind::Text => "TEXT",
    }
}

/// The value of a cell in a column of this kind; every value fits, because the kind is that of
/// all values.
fn value_of(cell: Cell<'_>, kind: ColumnKind) -> Value {
    let text = match cell {
        Cell::Absent => return Value::Null,
        Cell::Delimited(text) | Cell::Text(text) => text.trim(),
        Cell::Literal(text) => text,
    };
    match (kind, meaning_of(text)) {
        (_, Meaning::Missing) => Value::Null,
        (ColumnKind::Text, _) => Value::Text(text.to_owned()),
        (_, Meaning::Integer(number)) => Value::Integer(number),
        (_, Meaning::Float(number)) => Value::Real(number),
        (_, Meaning::Boolean) => {
            boolean(text).map_or(Value::Null, |yes| Value::Integer(yes.into()))
        }
        (_, Meaning::Date(day)) => Value::Text(day.to_string()),
        (_, Meaning::DateTime(at)) => Value::Text(at.to_string()),
        (_, Meaning::Text) => Value::Text(text.to_owned()),
    }
}
