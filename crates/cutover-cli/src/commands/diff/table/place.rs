//! Which table is meant by a word of the command line.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cutover_table::{Query, Table};
use tempfile::NamedTempFile;

use super::TableArgs;
use crate::commands::diff::source::{is_stream, name, open, too_large};
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
    /// What came from a pipe.
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

    /// What is meant: what its name says unless something else is asked for, and a pipe without
    /// such a name is as the other table.
    pub(super) fn of(path: &Path, other: &Path, asked: Option<Kind>) -> Result<Self, Failure> {
        let named = Self::by_name(path);
        // Where only one name says something, that is for the other; a table of a database is one.
        let is_told = named
            .as_ref()
            .is_some_and(|named| named.table.is_some() || Self::by_name(other).is_none());
        let found = match asked {
            Some(kind) if !is_told => Some(Self {
                path: path.to_owned(),
                kind,
                table: None,
            }),
            _ if named.is_none() && is_stream(path) => Self::by_name(other).map(|other| Self {
                path: path.to_owned(),
                ..other
            }),
            _ => named,
        };
        found.ok_or_else(|| {
            Failure::usage(format_args!("{} is no table by its name", name(path))).hint(
                format_args!(
                    "tables end in .{}, or are written sqlite:FILE?table=NAME; else say what they \
                     are with --input-format, for example csv",
                    Kind::endings()
                ),
            )
        })
    }

    /// JSON Lines may be documents as well.
    pub(super) fn is_always_a_table(&self) -> bool {
        self.kind != Kind::JsonLines
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Opens it; of a pipe at most `most` bytes.
    pub(super) fn table(
        &self,
        args: &TableArgs,
        query: Option<String>,
        most: usize,
    ) -> Result<Opened, Failure> {
        let spooled = is_stream(&self.path)
            .then(|| spool(&self.path, most))
            .transpose()?;
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
            Some(_) => table.named(&name(&self.path)),
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

/// A pipe as a file: tables are read more than once.
fn spool(path: &Path, most: usize) -> Result<NamedTempFile, Failure> {
    let read = || -> io::Result<(NamedTempFile, u64)> {
        let mut file = NamedTempFile::new()?;
        let (input, _) = open(path)?;
        let mut input = input.take((most as u64).saturating_add(1));
        let copied = io::copy(&mut input, &mut file)?;
        file.flush()?;
        Ok((file, copied))
    };
    let name = name(path);
    let read = read();
    let (file, copied) =
        read.map_err(|error| Failure::io(format_args!("keep {name} in a temporary file"), &error))?;
    if copied > most as u64 {
        return Err(too_large(name, most));
    }
    Ok(file)
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
    fn a_pipe_is_as_the_other_table_unless_it_is_said() {
        let of = |path: &str, other: &str, asked| {
            Place::of(Path::new(path), Path::new(other), asked).map(|place| place.kind)
        };
        assert_eq!(of("-", "a.tsv", None).unwrap(), Kind::Tsv);
        assert_eq!(of("/dev/null", "a.parquet", None).unwrap(), Kind::Parquet);
        assert_eq!(of("-", "a.json", Some(Kind::Csv)).unwrap(), Kind::Csv);
        assert_eq!(of("a.txt", "-", Some(Kind::Csv)).unwrap(), Kind::Csv);
        assert_eq!(of("-", "a.parquet", Some(Kind::Csv)).unwrap(), Kind::Csv);
        let beside = of("a.parquet", "-", Some(Kind::Csv));
        assert_eq!(beside.unwrap(), Kind::Parquet);
        assert_eq!(of("a.csv", "b.csv", Some(Kind::Tsv)).unwrap(), Kind::Tsv);
        let database = of("sqlite:a.db?table=t", "b.csv", Some(Kind::Csv));
        assert_eq!(database.unwrap(), Kind::Sqlite);
        assert!(of("-", "a.json", None).is_err());
        let error = of("a.json", "a.csv", None).unwrap_err().to_string();
        assert!(
            error.starts_with("a.json is no table by its name; tables end in .csv"),
            "{error}"
        );
    }
}
