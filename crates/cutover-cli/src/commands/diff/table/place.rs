//! Which table is meant by a word of the command line.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cutover_table::{Query, Table};
use tempfile::NamedTempFile;

use super::TableArgs;
use crate::commands::diff::source::is_stdin;
use crate::commands::table_kind::TableKind as Kind;
use crate::exit::Failure;

/// What a database is written as.
const SCHEME: &str = "sqlite:";

/// A table on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    path: PathBuf,
    kind: Kind,
    /// The table of a database.
    table: Option<String>,
}

/// A table, and what must live as long.
pub(super) struct Opened {
    pub(super) table: Table,
    /// What came from standard input.
    _spooled: Option<NamedTempFile>,
}

impl Place {
    /// What the name itself says.
    pub(super) fn by_name(path: &Path) -> Option<Self> {
        if let Some(database) = path.to_str().and_then(|name| name.strip_prefix(SCHEME)) {
            let (file, table) = match database.split_once("?table=") {
                Some((file, table)) => (file, Some(table.to_owned())),
                None => (database, None),
            };
            return Some(Self {
                path: PathBuf::from(file),
                kind: Kind::Sqlite,
                table,
            });
        }
        Some(Self {
            path: path.to_owned(),
            kind: Kind::of_file(path)?,
            table: None,
        })
    }

    /// What is meant beside the other document: standard input is as that is.
    pub(super) fn of(path: &Path, other: &Path) -> Result<Self, Failure> {
        let found = if is_stdin(path) {
            Self::by_name(other).map(|other| Self {
                path: path.to_owned(),
                ..other
            })
        } else {
            Self::by_name(path)
        };
        match found {
            Some(place) if !is_stdin(path) => Ok(place),
            Some(place) if matches!(place.kind, Kind::Csv | Kind::Tsv | Kind::JsonLines) => {
                Ok(place)
            }
            Some(place) => Err(Failure::usage(format_args!(
                "standard input cannot be {}; name a file",
                place.kind.name()
            ))),
            None => Err(
                Failure::usage(format_args!("{} is no table by its name", path.display())).hint(
                    format_args!(
                        "tables end in .{}, or are written sqlite:FILE?table=NAME",
                        Kind::endings()
                    ),
                ),
            ),
        }
    }

    /// JSON Lines may be documents as well.
    pub(super) fn is_always_a_table(&self) -> bool {
        self.kind != Kind::JsonLines
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Opens it.
    pub(super) fn table(&self, args: &TableArgs, query: Option<String>) -> Result<Opened, Failure> {
        let spooled = is_stdin(&self.path).then(spool).transpose()?;
        let path = spooled
            .as_ref()
            .map_or(self.path.as_path(), NamedTempFile::path);
        let table = match self.kind {
            Kind::Csv | Kind::Tsv => Table::csv(path, args.dialect(self.kind == Kind::Tsv)),
            Kind::Parquet => Table::parquet(path),
            Kind::Arrow => Table::arrow(path),
            Kind::JsonLines => Table::json_lines(path),
            Kind::Sqlite => Table::sqlite(path, self.query(query)?),
        };
        let table = match &spooled {
            Some(_) => table.named("standard input"),
            None => table,
        };
        Ok(Opened {
            table,
            _spooled: spooled,
        })
    }

    fn query(&self, query: Option<String>) -> Result<Query, Failure> {
        match (&self.table, query) {
            (Some(table), _) => Ok(Query::Table(table.clone())),
            (None, Some(sql)) => Ok(Query::Sql(sql)),
            (None, None) => Err(Failure::usage(format_args!(
                "{} is a database; which of its tables is meant?",
                self.path.display()
            ))
            .hint(format_args!(
                "write sqlite:{}?table=NAME, or ask with --query 'SELECT …'",
                self.path.display()
            ))),
        }
    }
}

/// Standard input as a file: tables are read more than once.
fn spool() -> Result<NamedTempFile, Failure> {
    let read = || -> io::Result<NamedTempFile> {
        let mut file = NamedTempFile::new()?;
        io::copy(&mut io::stdin().lock(), &mut file)?;
        file.flush()?;
        Ok(file)
    };
    read().map_err(|error| Failure::io("keep standard input in a temporary file", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_a_table() {
        let kind = |name: &str| Place::by_name(Path::new(name)).map(|place| place.kind);
        for (name, expected) in [
            ("a.csv", Some(Kind::Csv)),
            ("A.TSV", Some(Kind::Tsv)),
            ("a.b.parquet", Some(Kind::Parquet)),
            ("a.feather", Some(Kind::Arrow)),
            ("a.ndjson", Some(Kind::JsonLines)),
            ("sqlite:any name", Some(Kind::Sqlite)),
            ("a.db", Some(Kind::Sqlite)),
            ("a.json", None),
            ("csv", None),
            ("-", None),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
        let place = Place::by_name(Path::new("sqlite:a.db?table=the people")).unwrap();
        assert_eq!(
            (place.path, place.table),
            (PathBuf::from("a.db"), Some("the people".to_owned()))
        );
    }

    #[test]
    fn standard_input_is_as_the_other_table() {
        let of = |path: &str, other: &str| Place::of(Path::new(path), Path::new(other));
        assert_eq!(of("-", "a.tsv").unwrap().kind, Kind::Tsv);
        assert!(of("-", "a.parquet").is_err());
        let error = of("a.json", "a.csv").unwrap_err().to_string();
        assert!(
            error.starts_with("a.json is no table by its name; tables end in .csv"),
            "{error}"
        );
    }
}
