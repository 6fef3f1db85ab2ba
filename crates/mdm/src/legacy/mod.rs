//! The implementation that has been in production for a decade.
//!
//! It reads the whole file into memory, guesses the delimiter from the first lines, infers the
//! types from the first hundred rows, and turns what does not fit the inferred type into a
//! missing value, as data frames did when it was written. Everything is done by hand: there was
//! no library for it then. It works, its callers rely on it, and that is why nobody dares to
//! touch it.

mod infer;
mod json;
mod register;
mod sniff;
mod split;
mod statistics;
mod table;

pub use register::register;
pub use split::split_records;

use crate::error::DatasetError;
use crate::profile::{Column, Columns, Profile};
use crate::source::ProfileRequest;
use table::Table;

/// Looks at a dataset.
///
/// # Errors
///
/// What is wrong with the file, see [`DatasetError`].
pub fn profile(request: &ProfileRequest) -> Result<Profile, DatasetError> {
    Ok(profile_table(&Table::read(&request.file)?))
}

fn profile_table(table: &Table) -> Profile {
    let columns: Vec<(String, Column)> = table
        .names
        .iter()
        .enumerate()
        .map(|(index, name)| (name.clone(), statistics::describe(table, index)))
        .collect();

    Profile {
        encoding: table.encoding,
        format: table.format,
        delimiter: table.delimiter,
        header: table.header,
        rows: table.rows.len() as u64,
        id_columns: id_columns(&columns, table.rows.len() as u64),
        target: target(&columns),
        date_columns: columns
            .iter()
            .filter(|(_, column)| column.kind.is_temporal())
            .map(|(name, _)| name.clone())
            .collect(),
        columns: Columns::from_iter(columns),
    }
}

/// Columns that are called an id; without one, the first column if it never repeats.
fn id_columns(columns: &[(String, Column)], rows: u64) -> Vec<String> {
    let called_id: Vec<String> = columns
        .iter()
        .filter(|(name, _)| {
            let name = name.to_lowercase();
            name == "id" || name.ends_with("_id") || name.ends_with(" id")
        })
        .map(|(name, _)| name.clone())
        .collect();
    if !called_id.is_empty() {
        return called_id;
    }
    match columns.first() {
        Some((name, column)) if column.distinct == rows => vec![name.clone()],
        _ => Vec::new(),
    }
}

/// The column with a telling name, else the last one.
fn target(columns: &[(String, Column)]) -> Option<String> {
    const TELLING: [&str; 6] = ["target", "label", "class", "y", "outcome", "species"];
    columns
        .iter()
        .find(|(name, _)| TELLING.contains(&name.to_lowercase().as_str()))
        .or(columns.last())
        .map(|(name, _)| name.clone())
}
