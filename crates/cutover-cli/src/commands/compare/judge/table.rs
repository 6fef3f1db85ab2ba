//! Tables that programs write, read as documents: an array of rows, for a database an object of
//! such arrays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use cutover_domain::comparison::DifferenceKind;
use cutover_domain::tree::{Tree, TreeBuilder};
use cutover_table::{
    Alike, CsvDialect, Input, Query, SchemaDifference, SchemaDifferenceKind, Table, TableError,
    Unreadable, sqlite_tables,
};

use super::reading::{ColumnApart, Known, Read};
use super::wanted::Pairing;
use crate::commands::compare::quantity::show_size;
use crate::commands::table_kind::TableKind;

/// How much of a table is quoted beside one that cannot be read.
const SAMPLE: usize = 400;

/// A kind of table, and how it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct TableType {
    pub(super) kind: TableKind,
    dialect: CsvDialect,
    /// What is asked of a database; none where all of its tables are compared.
    query: Option<Query>,
}

/// Why two tables are no answer to compare.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Neither is such a table.
    Neither(String),
    /// Something else.
    Other(String),
}

impl TableType {
    pub(super) fn new(kind: TableKind) -> Self {
        let dialect = match kind {
            TableKind::Tsv => CsvDialect::tabs(),
            _ => CsvDialect::default(),
        };
        Self {
            kind,
            dialect,
            query: None,
        }
    }

    /// Takes an option; whether there is one of this name.
    pub(super) fn set(&mut self, word: &str, value: Option<&str>) -> Result<bool, String> {
        let dialect = self.dialect.clone();
        let csv = matches!(self.kind, TableKind::Csv | TableKind::Tsv);
        match (word, value) {
            ("delimiter", Some(text)) if csv => self.dialect = dialect.delimiter(delimiter(text)?),
            ("no-header", None) if csv => self.dialect = dialect.without_header(),
            ("null", Some(text)) if csv => self.dialect = dialect.null(text),
            ("table", Some(name)) if self.can_ask() => self.query = Some(Query::Table(name.into())),
            ("query", Some(sql)) if self.can_ask() => self.query = Some(Query::Sql(sql.into())),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn can_ask(&self) -> bool {
        self.kind == TableKind::Sqlite && self.query.is_none()
    }

    pub(super) fn is_whole_database(&self) -> bool {
        self.can_ask()
    }

    /// Whether a file begins as one of this kind does, where that can be told.
    pub(super) fn fits(&self, path: &Path) -> bool {
        const MAGIC: &[u8] = b"SQLite format 3\0";
        let begins = || {
            let mut start = Vec::new();
            File::open(path)?.take(16).read_to_end(&mut start)?;
            Ok::<_, std::io::Error>(start == MAGIC)
        };
        self.kind != TableKind::Sqlite || begins().unwrap_or(false)
    }

    /// Reads two files as tables; `memory` is how many bytes the rows of each may take.
    pub(super) fn files(
        &self,
        name: &str,
        old: &Path,
        new: &Path,
        memory: u64,
    ) -> Result<Read, Trouble> {
        if self.is_whole_database() {
            return self.databases(name, old, new, memory);
        }
        let [one, other] = [old, new].map(|path| self.open(path).named(name));
        let read = Alike::read(one, other, memory);
        let read =
            read.map_err(|error| (error, [old, new].map(|path| self.open(path).named(name))));
        self.judged(read, memory)
    }

    /// Reads what two programs wrote to standard output; tables of other kinds than CSV are files.
    pub(super) fn texts(&self, old: &[u8], new: &[u8], memory: u64) -> Result<Read, Trouble> {
        let open = |text: &[u8]| Table::csv(text.to_vec(), self.dialect.clone()).named("stdout");
        let read = Alike::read(open(old), open(new), memory);
        self.judged(read.map_err(|error| (error, [old, new].map(open))), memory)
    }

    /// Whether it can be read from standard output.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, TableKind::Csv | TableKind::Tsv)
    }

    /// Reads a table of text.
    pub(super) fn text_alone(&self, text: &[u8], memory: u64) -> Option<Tree> {
        let table = Table::csv(text.to_vec(), self.dialect.clone());
        Alike::read_alone(table, memory).ok()
    }

    /// Reads a file that the other side does not have.
    pub(super) fn file_alone(&self, path: &Path, memory: u64) -> Option<Tree> {
        if !self.is_whole_database() {
            return Alike::read_alone(self.open(path), memory).ok();
        }
        let tables = sqlite_tables(path).ok()?;
        let mut builder = TreeBuilder::new();
        builder.begin_object();
        for table in tables {
            let rows = Table::sqlite(path, Query::Table(table.name.clone()));
            builder.key(&table.name);
            builder.value(Alike::read_alone(rows, memory).ok()?.root());
        }
        builder.end_object().ok()?;
        builder.finish().ok()
    }

    fn open(&self, path: &Path) -> Table {
        match (self.kind, &self.query) {
            (TableKind::Csv | TableKind::Tsv, _) => {
                Table::csv(Input::from(path), self.dialect.clone())
            }
            (TableKind::Parquet, _) => Table::parquet(path),
            (TableKind::Arrow, _) => Table::arrow(path),
            (TableKind::JsonLines, _) => Table::json_lines(Input::from(path)),
            (TableKind::Sqlite, Some(query)) => Table::sqlite(path, query.clone()),
            // All tables are asked for one by one.
            (TableKind::Sqlite, None) => Table::sqlite(path, Query::Table("sqlite_schema".into())),
        }
    }

    /// What is known of two tables. One that cannot be read differs from one that can.
    fn judged(
        &self,
        read: Result<Alike, (Unreadable, [Table; 2])>,
        memory: u64,
    ) -> Result<Read, Trouble> {
        let (unreadable, [old, new]) = match read {
            Ok(alike) => {
                return Ok(Read {
                    columns: apart(None, &alike.schema),
                    names: Some(alike.columns),
                    old: Some(alike.old),
                    new: Some(alike.new),
                    read_as: self.kind.name(),
                    ..Read::default()
                });
            }
            Err(unreadable) => unreadable,
        };
        let sample = |table| {
            let read = Alike::read_alone(table, memory);
            read.map(|tree| tree.excerpt(SAMPLE)).ok()
        };
        let why = |error: &TableError| Some(Tree::string(format!("unreadable: {error}")));
        let (old, new) = match (&unreadable.old, &unreadable.new) {
            (Some(error), _) | (_, Some(error)) if our_limit(error).is_some() => {
                return Err(Trouble::of(error));
            }
            (Some(error), None) => (why(error), sample(new)),
            (None, Some(error)) => (sample(old), why(error)),
            _ => {
                let kind = self.kind.name();
                return Err(Trouble::Neither(format!("neither is {kind}: {unreadable}")));
            }
        };
        Ok(Read {
            broken: true,
            old,
            new,
            read_as: self.kind.name(),
            ..Read::default()
        })
    }

    /// Reads all tables of two databases.
    fn databases(&self, name: &str, old: &Path, new: &Path, memory: u64) -> Result<Read, Trouble> {
        let listed = |path: &Path| {
            let tables = sqlite_tables(path);
            tables.map(|tables| {
                let tables = tables.into_iter().map(|table| (table.name, table.key));
                tables.collect::<BTreeMap<_, _>>()
            })
        };
        let broken = |old: Tree, new: Tree| Read {
            broken: true,
            old: Some(old),
            new: Some(new),
            read_as: self.kind.name(),
            ..Read::default()
        };
        let why = |error: TableError| Tree::string(format!("unreadable: {error}"));
        let names = |tables: BTreeMap<String, Vec<String>>| {
            let names: Vec<_> = tables.into_keys().collect();
            Tree::string(format!("tables: {}", names.join(", ")))
        };
        let (old_tables, new_tables) = match (listed(old), listed(new)) {
            (Ok(old), Ok(new)) => (old, new),
            (Ok(old), Err(new)) => return Ok(broken(names(old), why(new))),
            (Err(old), Ok(new)) => return Ok(broken(why(old), names(new))),
            (Err(old), Err(new)) => {
                let told = format!("neither is sqlite: old: {old}; new: {new}");
                return Err(Trouble::Neither(told));
            }
        };
        let all: BTreeSet<&String> = old_tables.keys().chain(new_tables.keys()).collect();
        let mut read = Read {
            read_as: self.kind.name(),
            ..Read::default()
        };
        let mut left = memory;
        let (mut of_old, mut of_new) = (Database::new(), Database::new());
        for table in all {
            let query = || Some(Query::Table(table.clone()));
            let single = Self {
                query: query(),
                ..self.clone()
            };
            let open = |path: &Path| single.open(path).named(&format!("{name}, table {table}"));
            let alone = |path: &Path| {
                let rows = Alike::read_alone(open(path), left);
                rows.map_err(|error| Trouble::of(&error))
            };
            let taken = match (old_tables.get(table), new_tables.get(table)) {
                (Some(key), Some(other)) => {
                    let alike =
                        Alike::read(open(old), open(new), left).map_err(|error| {
                            match error.old.as_ref().or(error.new.as_ref()) {
                                Some(error) => Trouble::of(error),
                                None => Trouble::Other(error.to_string()),
                            }
                        })?;
                    if key == other && !key.is_empty() {
                        read.known.push(Known {
                            below: Some(table.clone()),
                            by: Pairing::Key(key.clone()),
                            unless_said: true,
                        });
                    }
                    read.columns.extend(apart(Some(table), &alike.schema));
                    let taken = alike.old.heap_bytes().max(alike.new.heap_bytes());
                    of_old.add(table, &alike.old);
                    of_new.add(table, &alike.new);
                    taken
                }
                (Some(_), None) => of_old.add(table, &alone(old)?),
                (None, _) => of_new.add(table, &alone(new)?),
            };
            left = left.saturating_sub(taken as u64);
        }
        let built = |database: Database| {
            let built = database.finish();
            built.map_err(|error| Trouble::Other(error.to_string()))
        };
        (read.old, read.new) = (Some(built(of_old)?), Some(built(of_new)?));
        Ok(read)
    }
}

/// The tables of a database, one after the other.
struct Database(TreeBuilder);

impl Database {
    fn new() -> Self {
        let mut builder = TreeBuilder::new();
        builder.begin_object();
        Self(builder)
    }

    /// Adds a table, and answers what it takes.
    fn add(&mut self, table: &str, rows: &Tree) -> usize {
        self.0.key(table);
        self.0.value(rows.root());
        rows.heap_bytes()
    }

    fn finish(mut self) -> Result<Tree, cutover_domain::tree::BuildError> {
        // A database has one table of a name.
        let _ = self.0.end_object();
        self.0.finish()
    }
}

/// What is to be said where reading ended at a limit, so that nothing is known of the table.
fn our_limit(error: &TableError) -> Option<String> {
    match error {
        TableError::Memory { budget, row, .. } => Some(format!(
            "its first {row} rows take more than {} of memory",
            show_size(*budget)
        )),
        _ => None,
    }
}

impl Trouble {
    fn of(error: &TableError) -> Self {
        Self::Other(our_limit(error).unwrap_or_else(|| error.to_string()))
    }
}

/// The columns that part, of a table of a database or of the only one.
fn apart(table: Option<&String>, schema: &[SchemaDifference]) -> Vec<ColumnApart> {
    let apart = schema.iter().map(|difference| ColumnApart {
        table: table.cloned(),
        name: difference.column.clone(),
        kind: match difference.kind {
            SchemaDifferenceKind::OnlyOld => DifferenceKind::Missing,
            SchemaDifferenceKind::OnlyNew => DifferenceKind::Extra,
            _ => DifferenceKind::Type,
        },
        old: difference.old.clone(),
        new: difference.new.clone(),
    });
    apart.collect()
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        b"colon" => Ok(b':'),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(format!(
            "`{text}` is no delimiter: it is one ASCII character, or the word tab or colon"
        )),
    }
}
