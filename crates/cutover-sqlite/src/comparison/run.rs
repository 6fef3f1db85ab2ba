//! The headers of runs.

use cutover_domain::comparison::{Run, RunId, RunState};
use cutover_ports::comparison::{
    Cursor, Page, RunQuery, Unreadable, already_exists, check_start, no_such_run,
};
use cutover_ports::{PortError, PortErrorKind};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::instant::nanoseconds;
use crate::database::{Database, Desk, Durability};
use crate::error::{self, Operation};
use crate::sealed::{Sealed, checksum};

pub(super) const CREATE: Operation = "create a run";
pub(super) const UPDATE: Operation = "update a run";
pub(super) const READ_RUN: Operation = "read a run";
pub(super) const LIST: Operation = "list runs";

/// Where a run stands in the order of runs, and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: i64,
    pub(super) started: i64,
    pub(super) id: String,
}

impl Place {
    /// From the columns `number, started, id`.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            started: row.get(1)?,
            id: row.get(2)?,
        })
    }
}

fn sealed(operation: Operation, run: &Run) -> Result<Sealed, PortError> {
    Sealed::new(run).map_err(|source| {
        PortError::new(PortErrorKind::InvalidInput, operation)
            .at(format_args!("run {}", run.id))
            .because("a value cannot be written as JSON")
            .caused_by(source)
    })
}

pub(super) fn create(desk: &mut Desk, environment: &str, run: &Run) -> Result<(), PortError> {
    let header = sealed(CREATE, run)?;
    desk.write(CREATE, |database, connection| {
        let failed = || error::sqlite(CREATE, &database.path);
        let transaction = database.begin(CREATE, connection)?;
        if number_of(&transaction, environment, &run.id)
            .map_err(failed())?
            .is_some()
        {
            return Err(already_exists(CREATE, format_args!("run {}", run.id)));
        }
        transaction
            .execute(
                "INSERT INTO comparison_runs
                     (environment, id, started, updated, is_running, header, checksum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    environment,
                    run.id.as_str(),
                    nanoseconds(run.started),
                    nanoseconds(run.updated),
                    run.state == RunState::Running,
                    header.text,
                    header.checksum
                ],
            )
            .map_err(failed())?;
        transaction
            .commit()
            .map_err(error::unsettled(CREATE, &database.path))
    })
}

/// Replaces a header, and makes all that was appended before as durable as it.
pub(super) fn update(desk: &mut Desk, environment: &str, run: &Run) -> Result<(), PortError> {
    let header = sealed(UPDATE, run)?;
    if desk.read(UPDATE, |_| Ok(()))?.is_none() {
        return Err(no_such_run(UPDATE, &run.id));
    }
    desk.write(UPDATE, |database, connection| {
        // Syncing the log syncs all that is in it.
        let synchronous = |durability: Durability| {
            connection
                .pragma_update(None, "synchronous", durability.synchronous())
                .map_err(error::sqlite(UPDATE, &database.path))
        };
        synchronous(Durability::Power)?;
        let updated = replace(database, connection, environment, run, &header);
        synchronous(database.durability)?;
        updated
    })
}

fn replace(
    database: &Database,
    connection: &Connection,
    environment: &str,
    run: &Run,
    header: &Sealed,
) -> Result<(), PortError> {
    let failed = || error::sqlite(UPDATE, &database.path);
    let transaction = database.begin(UPDATE, connection)?;
    let stored = stored(UPDATE, database, &transaction, environment, &run.id)?
        .ok_or_else(|| no_such_run(UPDATE, &run.id))?;
    check_start(&stored, run)?;
    transaction
        .execute(
            "UPDATE comparison_runs SET updated = ?3, is_running = ?4, header = ?5, checksum = ?6
             WHERE environment = ?1 AND id = ?2",
            params![
                environment,
                run.id.as_str(),
                nanoseconds(run.updated),
                run.state == RunState::Running,
                header.text,
                header.checksum
            ],
        )
        .map_err(failed())?;
    transaction
        .commit()
        .map_err(error::unsettled(UPDATE, &database.path))
}

pub(super) fn read(
    desk: &mut Desk,
    environment: &str,
    id: &RunId,
) -> Result<Option<Run>, PortError> {
    let database = std::sync::Arc::clone(&desk.database);
    let run = desk.read(READ_RUN, |connection| {
        stored(READ_RUN, &database, connection, environment, id)
    })?;
    Ok(run.flatten())
}

/// The header of a run; `None` when there is no such run.
fn stored(
    operation: Operation,
    database: &Database,
    connection: &Connection,
    environment: &str,
    id: &RunId,
) -> Result<Option<Run>, PortError> {
    let found = connection
        .query_row(
            "SELECT header, checksum FROM comparison_runs WHERE environment = ?1 AND id = ?2",
            [environment, id.as_str()],
            |row| Ok(header(row, 0, id.as_str())),
        )
        .optional()
        .map_err(error::sqlite(operation, &database.path))?;
    found.transpose().map_err(|why| {
        let row = format_args!("{}, run {id}", database.path.display());
        error::corrupt(operation, row, why)
    })
}

/// The header in the columns `first` and the one after it, or what is wrong with it.
fn header(row: &Row<'_>, first: usize, id: &str) -> Result<Run, String> {
    let text = text(row, first)?;
    let run: Run = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if run.id.as_str() != id {
        return Err(format!("it is the header of run {}", run.id));
    }
    Ok(run)
}

/// A text whose checksum is in the column after it, as it was written.
pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], String> {
    let bytes = |column| {
        let value = row.get_ref(column).map_err(|error| error.to_string())?;
        value.as_bytes().map_err(|error| error.to_string())
    };
    let (text, sum) = (bytes(column)?, bytes(column + 1)?);
    if checksum(text).as_bytes() != sum {
        return Err(
            "its checksum does not match: somebody changed it by hand, or the disk did".to_owned(),
        );
    }
    Ok(text)
}

/// The number of a run; `None` when there is no such run.
pub(super) fn number_of(
    connection: &Connection,
    environment: &str,
    id: &RunId,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT number FROM comparison_runs WHERE environment = ?1 AND id = ?2")?
        .query_row([environment, id.as_str()], |row| row.get(0))
        .optional()
}

pub(super) fn list(
    desk: &mut Desk,
    environment: &str,
    query: &RunQuery,
) -> Result<Page<Run>, PortError> {
    let after = query.after.as_ref().map(read_cursor).transpose()?;
    let path = desk.database.path.clone();
    let page = desk.read(LIST, |connection| {
        page(connection, environment, query, after, &path).map_err(error::sqlite(LIST, &path))
    })?;
    Ok(page.unwrap_or_default())
}

fn page(
    connection: &Connection,
    environment: &str,
    query: &RunQuery,
    after: Option<(i64, String)>,
    path: &std::path::Path,
) -> rusqlite::Result<Page<Run>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, started, id, header, checksum FROM comparison_runs
         WHERE environment = ?1 AND (started, id) < (?2, ?3)
         ORDER BY started DESC, id DESC",
    )?;
    // Behind the last one: no id is as large as this text.
    let (started, id) = after.unwrap_or((i64::MAX, "~".to_owned()));
    let mut rows = statement.query(params![environment, started, id])?;
    let mut page = Page::default();
    let mut last = None;
    while let Some(row) = rows.next()? {
        let place = Place::from_row(row)?;
        match header(row, 3, &place.id) {
            Ok(run) if !query.matches(&run) => {}
            Ok(_) if page.items.len() == query.page_size() => {
                page.next = last.as_ref().map(write_cursor);
                break;
            }
            Ok(run) => {
                page.items.push(run);
                last = Some(place);
            }
            Err(problem) => page.unreadable.push(Unreadable {
                location: format!("{}, run {}", path.display(), place.id),
                problem,
            }),
        }
    }
    Ok(page)
}

fn write_cursor(place: &Place) -> Cursor {
    Cursor::new(format!("{}/{}", place.started, place.id))
}

fn read_cursor(cursor: &Cursor) -> Result<(i64, String), PortError> {
    let parse = |text: &str| {
        let (started, id) = text.split_once('/')?;
        let id: RunId = id.parse().ok()?;
        Some((started.parse().ok()?, id.to_string()))
    };
    parse(cursor.as_str()).ok_or_else(|| bad_cursor(LIST, cursor))
}

pub(super) fn bad_cursor(operation: Operation, cursor: &Cursor) -> PortError {
    PortError::new(PortErrorKind::InvalidInput, operation)
        .at(format_args!("cursor `{cursor}`"))
        .because("it is not a cursor of this store")
        .advice("start again without a cursor")
}
