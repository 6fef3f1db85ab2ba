//! What an SQLite database answers to a query.
//!
//! A column of SQLite may hold values of several kinds, so the answer is looked through as a whole
//! first. All readings see one state of the database: they are within one transaction.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cutover_domain::tree::Tree;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Rows, Statement};

use super::builder::{Builder, batch, builders};
use super::json::plain_number;
use super::observed::Observed;
use super::{
    Batch, Batches, Column, Reading, Source, Surroundings, Wanted, Written, rows_of_batch,
};
use crate::TableError;
use crate::column_type::word;
use crate::error::Place;

/// How long to wait for a writer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to ask of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// All rows of a table or view, in no promised order.
    Table(String),
    /// What a statement answers; it must only read.
    Sql(String),
}

impl Query {
    fn sql(&self) -> String {
        match self {
            Self::Table(name) => format!("SELECT * FROM \"{}\"", name.replace('"', "\"\"")),
            Self::Sql(sql) => sql.clone(),
        }
    }
}

/// A query to a database.
pub(super) struct Sqlite {
    path: PathBuf,
    query: Query,
    connection: Option<Connection>,
    /// Who reads just now, and has the connection.
    reader: Option<JoinHandle<Connection>>,
    rows: Option<u64>,
}

impl Sqlite {
    pub(super) fn new(path: &Path, query: Query) -> Self {
        Self {
            path: path.to_owned(),
            query,
            connection: None,
            reader: None,
            rows: None,
        }
    }

    /// The connection that saw the answer first, wherever it is.
    fn connection(&mut self, name: &str) -> Result<Connection, TableError> {
        if let Some(reader) = self.reader.take() {
            let connection = reader.join();
            return Ok(connection.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => connect(&self.path, name),
        }
    }
}

/// Opens a database for reading, and holds on to its present state.
pub(super) fn connect(path: &Path, name: &str) -> Result<Connection, TableError> {
    // SQLite would make a file that is missing, or say no more than that it cannot open it.
    std::fs::metadata(path).map_err(|error| TableError::io(name, error))?;
    // Names like `:memory:` and `file:…` mean something else to SQLite.
    let path = if path.is_relative() {
        Path::new(".").join(path)
    } else {
        path.to_owned()
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| wrong(name, 0, &error))?;
    connection
        .busy_timeout(PATIENCE)
        .and_then(|()| connection.execute_batch("PRAGMA query_only = ON; BEGIN"))
        .map_err(|error| wrong(name, 0, &error))?;
    Ok(connection)
}

pub(super) fn wrong(name: &str, row: u64, error: &rusqlite::Error) -> TableError {
    let place = if row == 0 {
        Place::Whole
    } else {
        Place::Row(row)
    };
    TableError::malformed(name, place, format_args!("SQLite says: {error}"))
}

fn prepare<'a>(
    connection: &'a Connection,
    query: &Query,
    name: &str,
) -> Result<Statement<'a>, TableError> {
    let statement = connection.prepare(&query.sql());
    let statement = statement.map_err(|error| wrong(name, 0, &error))?;
    if !statement.readonly() || statement.column_count() == 0 {
        return Err(TableError::Settings(format!(
            "the query to {name} does not answer rows; ask with SELECT"
        )));
    }
    if statement.parameter_count() > 0 {
        return Err(TableError::Settings(format!(
            "the query to {name} has parameters, and nobody sets them"
        )));
    }
    Ok(statement)
}

fn observe(observed: &mut Observed, value: ValueRef<'_>) -> Result<(), std::str::Utf8Error> {
    match value {
        ValueRef::Null => {}
        ValueRef::Integer(number) => observed.number(&number.to_string()),
        ValueRef::Real(_) => observed.float(),
        ValueRef::Text(text) => observed.text(std::str::from_utf8(text)?),
        ValueRef::Blob(_) => observed.bytes(),
    }
    Ok(())
}

fn not_utf8(name: &str, row: u64, column: &str) -> TableError {
    TableError::malformed(
        name,
        Place::Row(row),
        format_args!("column {column:?} holds a text that is not UTF-8"),
    )
}

impl Source for Sqlite {
    fn describe(
        &mut self,
        around: &Surroundings,
        seen: &mut dyn FnMut(u64),
    ) -> Result<Vec<Column>, TableError> {
        let name = &around.name;
        let connection = connect(&self.path, name)?;
        let mut statement = prepare(&connection, &self.query, name)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut columns = vec![Observed::default(); names.len()];
        let mut rows = 0;
        let mut answer = statement
            .query([])
            .map_err(|error| wrong(name, 0, &error))?;
        while let Some(row) = answer
            .next()
            .map_err(|error| wrong(name, rows + 1, &error))?
        {
            rows += 1;
            for (at, observed) in columns.iter_mut().enumerate() {
                let value = row.get_ref(at).map_err(|error| wrong(name, rows, &error))?;
                observe(observed, value).map_err(|_| not_utf8(name, rows, &names[at]))?;
            }
            if rows % 10_000 == 0 {
                seen(rows);
            }
        }
        drop(answer);
        drop(statement);
        seen(rows);
        self.rows = Some(rows);
        self.connection = Some(connection);
        Ok(names
            .into_iter()
            .zip(&columns)
            .map(|(name, observed)| observed.column(name))
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
        let connection = self.connection(&around.name)?;
        let work = Work {
            name: Arc::clone(&around.name),
            query: self.query.clone(),
            wanted: wanted.to_vec(),
        };
        // A statement borrows its connection, so both live on a thread, which gives the connection
        // back when it is done or nobody listens any more.
        let (send, receive) = sync_channel(1);
        self.reader = Some(thread::spawn(move || {
            if let Err(error) = work.run(&connection, &send) {
                // Whoever went away does not want to know.
                let _ = send.send(Err(error));
            }
            connection
        }));
        Ok(Box::new(receive.into_iter()))
    }
}

type Sender = SyncSender<Result<Batch, TableError>>;

/// One reading of the answer.
struct Work {
    name: Arc<str>,
    query: Query,
    wanted: Vec<Wanted>,
}

impl Work {
    fn run(&self, connection: &Connection, send: &Sender) -> Result<(), TableError> {
        let mut statement = prepare(connection, &self.query, &self.name)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut answer = statement
            .query([])
            .map_err(|error| wrong(&self.name, 0, &error))?;
        let size = rows_of_batch(self.wanted.len());
        let mut read = 0;
        loop {
            let batch = self.batch(&mut answer, &names, size, read)?;
            let rows = batch.rows;
            read += rows as u64;
            if rows == 0 || send.send(Ok(batch)).is_err() || rows < size {
                return Ok(());
            }
        }
    }

    fn batch(
        &self,
        answer: &mut Rows<'_>,
        names: &[String],
        size: usize,
        before: u64,
    ) -> Result<Batch, TableError> {
        let mut builders = builders(&self.wanted);
        let mut rows = 0;
        while rows < size {
            let number = before + rows as u64 + 1;
            let next = answer
                .next()
                .map_err(|error| wrong(&self.name, number, &error))?;
            let Some(row) = next else { break };
            for (wanted, builder) in self.wanted.iter().zip(&mut builders) {
                let value = row.get_ref(wanted.column);
                let value = value.map_err(|error| wrong(&self.name, number, &error))?;
                let column = &names[wanted.column];
                let pushed = push(builder, value, wanted.written)
                    .map_err(|_| not_utf8(&self.name, number, column))?;
                if !pushed {
                    return Err(TableError::malformed(
                        &self.name,
                        Place::Row(number),
                        format_args!(
                            "a value of column {column:?} cannot be read as {}",
                            word(&wanted.target)
                        ),
                    ));
                }
            }
            rows += 1;
        }
        batch(builders, rows, |at, row| {
            let column = &names[self.wanted[at].column];
            not_utf8(&self.name, before + row as u64 + 1, column)
        })
    }
}

fn push(
    builder: &mut Builder,
    value: ValueRef<'_>,
    written: Written,
) -> Result<bool, std::str::Utf8Error> {
    let as_json = written != Written::Plain;
    Ok(match value {
        ValueRef::Null => {
            builder.push_null();
            true
        }
        ValueRef::Integer(number) => builder.push_integer(number),
        ValueRef::Real(number) if as_json => {
            builder.push(plain_number(&format!("{number:?}")).as_bytes())
        }
        ValueRef::Real(number) => builder.push_float(number),
        ValueRef::Text(text) if as_json => {
            let text = std::str::from_utf8(text)?;
            builder.push(Tree::string(text).to_json().as_bytes())
        }
        ValueRef::Text(text) => builder.push(text),
        // As SQLite writes them, which is no JSON, and so no text either.
        ValueRef::Blob(bytes) if as_json => {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            builder.push(format!("x'{}'", digits.collect::<String>()).as_bytes())
        }
        ValueRef::Blob(bytes) => builder.push(bytes),
    })
}
