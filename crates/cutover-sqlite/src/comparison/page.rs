//! Pages of records, newest first, each found by an index.

use std::path::Path;

use cutover_domain::comparison::{ComparisonRecord, RecordId, RunId};
use cutover_ports::PortError;
use cutover_ports::comparison::{Cursor, Page, RecordQuery, Unreadable};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::difference::Differing;
use super::instant::nanoseconds;
use super::run::{Place, bad_cursor, text};
use crate::database::Desk;
use crate::error::{self, Operation};

/// A value of a statement, with the name of its place.
type Bound = (&'static str, Box<dyn ToSql>);

pub(super) const READ: Operation = "read comparison records";

/// So many rows that cannot be read are named in one page; the rest is only counted.
const MOST_DAMAGE: usize = 100;

/// A page ends, however many records it may hold, once it has so many bytes of them.
const PAGE_BYTES: usize = 64 << 20;

/// Where a page ended: at this record of this run.
struct After {
    started: i64,
    run: String,
    number: i64,
}

/// Which records of a run come into question.
pub(super) struct Selected {
    pub(super) run: i64,
    pub(super) before: i64,
    pub(super) limit: i64,
}

/// What a query asks of the columns beside a record.
pub(super) struct Head {
    id: Option<String>,
    operation: Option<i64>,
    result: Option<&'static str>,
    since: Option<i64>,
    until: Option<i64>,
}

impl Head {
    /// `None` when nothing can be as it is asked for.
    pub(super) fn of(
        connection: &Connection,
        query: &RecordQuery,
    ) -> rusqlite::Result<Option<Self>> {
        let operation = match query.operation.as_deref() {
            None => None,
            Some(name) => {
                let number = connection
                    .prepare_cached("SELECT number FROM comparison_operations WHERE name = ?1")?
                    .query_row([name], |row| row.get(0))
                    .optional()?;
                match number {
                    None => return Ok(None),
                    number => number,
                }
            }
        };
        Ok(Some(Self {
            id: query.id.as_ref().map(ToString::to_string),
            operation,
            result: query.result.map(|result| result.name()),
            since: query.since.map(nanoseconds),
            until: query.until.map(nanoseconds),
        }))
    }

    /// The conditions with their values, for the columns of `table`. Records are compared with
    /// the query once more, so a time that was rounded here may let one too many pass.
    pub(super) fn conditions(&self, table: &str) -> (String, Vec<Bound>) {
        let mut text = String::new();
        let mut values: Vec<Bound> = Vec::new();
        let mut add = |column: &str, name: &'static str, value: Box<dyn ToSql>| {
            text.push_str(&format!(" AND {table}{column} {name}"));
            values.push((&name[name.find(':').unwrap_or(0)..], value));
        };
        if let Some(id) = &self.id {
            add("id", "= :id", Box::new(id.clone()));
        }
        if let Some(operation) = self.operation {
            add("operation", "= :operation", Box::new(operation));
        }
        if let Some(result) = self.result {
            add("result", "= :result", Box::new(result));
        }
        if let Some(since) = self.since {
            add("time", ">= :since", Box::new(since));
        }
        if let Some(until) = self.until {
            add("time", "<= :until", Box::new(until));
        }
        (text, values)
    }

    /// The index that has the most of what is asked for, and the order of records.
    fn index(&self) -> &'static str {
        match (&self.id, self.operation, self.result) {
            (Some(_), ..) => "comparison_records_by_id",
            (None, Some(_), _) => "comparison_records_by_operation",
            (None, None, Some(_)) => "comparison_records_by_result",
            (None, None, None) => "comparison_records_in_order",
        }
    }

    pub(super) fn statement(&self, conditions: &str) -> String {
        let index = self.index();
        format!(
            "SELECT number FROM comparison_records INDEXED BY {index}
             WHERE run = :run AND number < :before {conditions}
             ORDER BY number DESC LIMIT :limit"
        )
    }

    /// The numbers of the newest records of a run, at most so many, the newest first.
    fn newest(&self, connection: &Connection, selected: &Selected) -> rusqlite::Result<Vec<i64>> {
        let (conditions, values) = self.conditions("");
        let mut statement = connection.prepare_cached(&self.statement(&conditions))?;
        let parameters: Vec<(&str, &dyn ToSql)> = [
            (":run", &selected.run as &dyn ToSql),
            (":before", &selected.before),
            (":limit", &selected.limit),
        ]
        .into_iter()
        .chain(values.iter().map(|(name, value)| (*name, &**value)))
        .collect();
        statement
            .query_map(&*parameters, |row| row.get(0))?
            .collect()
    }
}

/// One record; `None` when there is no such record or run. One that cannot be read is an error.
pub(super) fn find_record(
    desk: &mut Desk,
    environment: &str,
    run: &RunId,
    id: &RecordId,
) -> Result<Option<ComparisonRecord>, PortError> {
    let mut query = RecordQuery::of_run(run.clone()).limit(1);
    query.id = Some(id.clone());
    let mut page = records(desk, environment, &query)?;
    match page.unreadable.pop() {
        Some(Unreadable { location, problem }) => Err(error::corrupt(READ, location, problem)),
        None => Ok(page.items.pop()),
    }
}

pub(super) fn records(
    desk: &mut Desk,
    environment: &str,
    query: &RecordQuery,
) -> Result<Page<ComparisonRecord>, PortError> {
    let after = query.after.as_ref().map(read_cursor).transpose()?;
    let path = desk.database.path.clone();
    let page = desk.read(READ, |connection| {
        read(connection, environment, query, after.as_ref(), &path)
            .map_err(error::sqlite(READ, &path))
    })?;
    Ok(page.unwrap_or_default())
}

fn read(
    connection: &Connection,
    environment: &str,
    query: &RecordQuery,
    after: Option<&After>,
    path: &Path,
) -> rusqlite::Result<Page<ComparisonRecord>> {
    // All of one moment.
    let transaction = connection.unchecked_transaction()?;
    let Some(head) = Head::of(&transaction, query)? else {
        return Ok(Page::default());
    };
    let differing = query
        .difference
        .as_ref()
        .map(|filter| Differing::of(&transaction, filter))
        .transpose()?;
    let mut reader = Reader {
        connection: &transaction,
        query,
        head,
        differing,
        path,
        page: Page::default(),
        bytes: 0,
        more_damage: 0,
    };
    let mut statement = transaction.prepare_cached(
        "SELECT number, started, id FROM comparison_runs
         WHERE environment = ?1 AND (started, id) <= (?2, ?3) AND (?4 IS NULL OR id = ?4)
         ORDER BY started DESC, id DESC",
    )?;
    let (started, last) = after.map_or((i64::MAX, "~"), |after| (after.started, &after.run));
    let only = query.run.as_ref().map(RunId::as_str);
    let mut rows = statement.query(params![environment, started, last, only])?;
    while let Some(row) = rows.next()? {
        let run = Place::from_row(row)?;
        let before = after.filter(|after| after.run == run.id);
        let before = before.map_or(i64::MAX, |after| after.number);
        if reader.read_run(&run, before)? {
            break;
        }
    }
    Ok(reader.finish())
}

struct Reader<'a> {
    connection: &'a Connection,
    query: &'a RecordQuery,
    head: Head,
    differing: Option<Differing>,
    path: &'a Path,
    page: Page<ComparisonRecord>,
    bytes: usize,
    more_damage: usize,
}

impl Reader<'_> {
    fn is_full(&self) -> bool {
        self.page.items.len() == self.query.page_size() || self.bytes >= PAGE_BYTES
    }

    /// Whether the page is full.
    fn read_run(&mut self, run: &Place, mut before: i64) -> rusqlite::Result<bool> {
        let mut load = self.connection.prepare_cached(
            "SELECT record, checksum, id FROM comparison_records WHERE number = ?1",
        )?;
        loop {
            let left = self.query.page_size() - self.page.items.len();
            let selected = Selected {
                run: run.number,
                before,
                limit: i64::try_from(left).unwrap_or(i64::MAX),
            };
            let numbers = match &self.differing {
                None => self.head.newest(self.connection, &selected)?,
                Some(differing) => differing.newest(self.connection, &self.head, &selected)?,
            };
            let Some(last) = numbers.last() else {
                return Ok(false);
            };
            before = *last;
            for number in numbers {
                let mut rows = load.query([number])?;
                let Some(row) = rows.next()? else { continue };
                match record(row, run) {
                    Ok((record, bytes)) if self.query.matches(&record) => {
                        self.page.items.push(record);
                        self.bytes += bytes;
                    }
                    Ok(_) => {}
                    Err(problem) => self.damage(run, row, problem),
                }
                if self.is_full() {
                    self.page.next = Some(write_cursor(run, number));
                    return Ok(true);
                }
            }
        }
    }

    fn damage(&mut self, run: &Place, row: &Row<'_>, problem: String) {
        if self.page.unreadable.len() >= MOST_DAMAGE {
            self.more_damage += 1;
            return;
        }
        let id = row.get::<_, String>(2).unwrap_or_else(|_| "?".to_owned());
        self.page.unreadable.push(Unreadable {
            location: format!("{}, run {}, record {id}", self.path.display(), run.id),
            problem,
        });
    }

    fn finish(mut self) -> Page<ComparisonRecord> {
        if self.more_damage > 0 {
            self.page.unreadable.push(Unreadable {
                location: self.path.display().to_string(),
                problem: format!("{} more records cannot be read", self.more_damage),
            });
        }
        self.page
    }
}

/// A record and its length, or what is wrong with it.
fn record(row: &Row<'_>, run: &Place) -> Result<(ComparisonRecord, usize), String> {
    let text = text(row, 0)?;
    let record: ComparisonRecord =
        serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if record.run.as_str() != run.id {
        return Err(format!("it is a record of run {}", record.run));
    }
    Ok((record, text.len()))
}

fn write_cursor(run: &Place, number: i64) -> Cursor {
    Cursor::new(format!("{}/{}/{number}", run.started, run.id))
}

fn read_cursor(cursor: &Cursor) -> Result<After, PortError> {
    let parse = |text: &str| {
        let mut parts = text.split('/');
        let after = After {
            started: parts.next()?.parse().ok()?,
            run: parts.next()?.parse::<RunId>().ok()?.to_string(),
            number: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(after)
    };
    parse(cursor.as_str()).ok_or_else(|| bad_cursor(READ, cursor))
}
