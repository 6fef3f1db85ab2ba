//! Which tables an SQLite database has.

use std::path::Path;

use rusqlite::{Connection, Result};

use super::sqlite::{connect, wrong};
use crate::TableError;

/// A table of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteTable {
    /// Its name.
    pub name: String,
    /// The columns of its primary key, in the order of the key; none where none is declared.
    pub key: Vec<String>,
}

/// The tables of an SQLite database, by name, without those that SQLite keeps for itself.
///
/// # Errors
///
/// The file is not there, or no database.
pub fn sqlite_tables(path: impl AsRef<Path>) -> Result<Vec<SqliteTable>, TableError> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let connection = connect(path, &name)?;
    tables(&connection).map_err(|error| wrong(&name, 0, &error))
}

fn tables(connection: &Connection) -> Result<Vec<SqliteTable>> {
    let mut names = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         ORDER BY name",
    )?;
    let mut key =
        connection.prepare("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk")?;
    let names: Result<Vec<String>> = names.query_map([], |row| row.get(0))?.collect();
    names?
        .into_iter()
        .map(|name| {
            let key: Result<Vec<String>> = key.query_map([&name], |row| row.get(0))?.collect();
            Ok(SqliteTable { name, key: key? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_names_and_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE \"b c\" (x, y, PRIMARY KEY (y, x));
                 CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, n);
                 CREATE TABLE sqlites (n);",
            )
            .unwrap();
        let found = sqlite_tables(&path).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|table| format!("{}: {}", table.name, table.key.join(" ")))
            .collect();
        assert_eq!(found, ["a: id", "b c: y x", "sqlites: "]);
        std::fs::write(&path, "no database, but long enough to be taken for one").unwrap();
        let error = sqlite_tables(&path).unwrap_err().to_string();
        assert!(error.contains("a.db: SQLite says"), "{error}");
    }
}
