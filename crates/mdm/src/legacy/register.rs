//! Copying a dataset into the catalog, the old way: a statement for every row.

use jiff::Timestamp;
use rusqlite::types::Value;

use super::infer::{as_boolean, as_date, as_float, is_null};
use super::profile_table;
use super::table::Table;
use crate::catalog::{Cancellation, Catalog, Registration, insert_record};
use crate::error::DatasetError;
use crate::profile::ColumnKind;
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
    let table = Table::read(&request.file)?;
    let profile = profile_table(&table);
    let writing = catalog.write(request, now, cancellation)?;
    let id = insert_record(&writing, request, &profile)?;

    let mut kinds = Vec::new();
    let mut definitions = Vec::new();
    for (position, (name, column)) in profile.columns.iter().enumerate() {
        writing.run("write the columns", |connection| {
            connection.execute(
                "INSERT INTO dataset_columns (dataset, position, name, kind) VALUES (?, ?, ?, ?)",
                (id, position as i64 + 1, name, column.kind.as_str()),
            )
        })?;
        kinds.push(column.kind);
        definitions.push(format!("c{} {}", position + 1, sql_type(column.kind)));
    }
    writing.run("make the table", |connection| {
        connection.execute(
            &format!("CREATE TABLE data_{id} ({})", definitions.join(", ")),
            [],
        )
    })?;

    let places = vec!["?"; kinds.len()].join(", ");
    for row in &table.rows {
        writing.go_on()?;
        let values = row
            .iter()
            .zip(&kinds)
            .map(|(cell, kind)| value_of(cell, *kind));
        writing.run("write the rows", |connection| {
            connection.execute(
                &format!("INSERT INTO data_{id} VALUES ({places})"),
                rusqlite::params_from_iter(values),
            )
        })?;
    }
    writing.commit(profile)
}

fn sql_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Boolean | ColumnKind::Integer => "INTEGER",
        ColumnKind::Float => "REAL",
        ColumnKind::Date | ColumnKind::DateTime | ColumnKind::Text => "TEXT",
    }
}

/// The value of a cell; what does not fit the kind of the column is not there.
fn value_of(cell: &str, kind: ColumnKind) -> Value {
    if is_null(cell) {
        return Value::Null;
    }
    let value = match kind {
        ColumnKind::Boolean => as_boolean(cell).map(|yes| Value::Integer(i64::from(yes))),
        ColumnKind::Integer | ColumnKind::Float => as_float(cell).map(Value::Real),
        ColumnKind::Date | ColumnKind::DateTime => as_date(cell).map(Value::Text),
        ColumnKind::Text => Some(Value::Text(cell.to_owned())),
    };
    value.unwrap_or(Value::Null)
}
