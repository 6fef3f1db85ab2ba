//! The headers of runs.

use std::fs;
use std::io;

use cutover_domain::comparison::{Run, RunId};
use cutover_ports::comparison::{
    Cursor, Page, RunQuery, Unreadable, already_exists, check_start, no_such_run,
};
use cutover_ports::{PortError, PortErrorKind};
use jiff::Timestamp;

use super::config::FileComparisonConfig;
use super::error::{self, Operation};
use super::layout::{
    RunDir, create_private_dir, open_to_append, replace, run_dir, run_ids, sync_dir,
};
use super::lock::Lock;

const CREATE: Operation = "create a run";
const UPDATE: Operation = "update a run";
pub(super) const READ_RUN: Operation = "read a run";
const LIST: Operation = "list runs";

pub(super) fn create(config: &FileComparisonConfig, run: &Run) -> Result<(), PortError> {
    let dir = run_dir(&config.dir, &run.id);
    create_private_dir(&dir.path).map_err(error::io(CREATE, &dir.path))?;
    let lock = Lock::take(CREATE, &dir.lock(), config.lock_timeout)?;
    let Some(_lock) = lock else {
        return Err(PortError::new(PortErrorKind::Unavailable, CREATE)
            .at(dir.path.display())
            .because("the directory was removed at the same moment"));
    };
    if dir.header().exists() {
        return Err(already_exists(CREATE, format_args!("run {}", run.id)));
    }
    write_header(CREATE, &dir, run)?;
    sync_dir(&config.dir.join("runs")).map_err(error::io(CREATE, &dir.path))
}

pub(super) fn update(config: &FileComparisonConfig, run: &Run) -> Result<(), PortError> {
    let dir = run_dir(&config.dir, &run.id);
    let lock = Lock::take(UPDATE, &dir.lock(), config.lock_timeout)?;
    let stored = read_header(UPDATE, &dir, &run.id)?;
    let (Some(_lock), Some(stored)) = (lock, stored) else {
        return Err(no_such_run(UPDATE, &run.id));
    };
    check_start(&stored, run)?;
    sync_records(&dir).map_err(error::io(UPDATE, &dir.path))?;
    write_header(UPDATE, &dir, run)
}

/// What the new header counts must not be lost when the header is not.
fn sync_records(dir: &RunDir) -> io::Result<()> {
    if let Some(last) = dir.segments()?.last() {
        // Opened for writing, because some systems sync nothing else.
        open_to_append(&last.path)?.sync_data()?;
    }
    Ok(())
}

fn write_header(operation: Operation, dir: &RunDir, run: &Run) -> Result<(), PortError> {
    let mut text = serde_json::to_vec_pretty(run).map_err(|source| {
        PortError::new(PortErrorKind::InvalidInput, operation)
            .at(format_args!("run {}", run.id))
            .because("a value cannot be written as JSON")
            .caused_by(source)
    })?;
    text.push(b'\n');
    let header = dir.header();
    replace(dir, &header, &text).map_err(error::io(operation, &header))
}

/// A run's header; `None` when there is no such run.
pub(super) fn read_header(
    operation: Operation,
    dir: &RunDir,
    id: &RunId,
) -> Result<Option<Run>, PortError> {
    let path = dir.header();
    let text = match fs::read(&path) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(error::io(operation, &path))?,
    };
    let run: Run = serde_json::from_slice(&text)
        .map_err(|source| error::corrupt_header(operation, &path, &source))?;
    if run.id != *id {
        return Err(PortError::new(PortErrorKind::Corrupt, operation)
            .at(path.display())
            .because(format_args!("it is the header of run {}", run.id))
            .advice("name the directory after the run, or mend the id"));
    }
    Ok(Some(run))
}

/// Where a run stands in the order of runs.
pub(super) type Position = (Timestamp, RunId);

/// A run that is there, whether or not its header can be read.
pub(super) type Found = (Position, Result<Run, PortError>);

/// Every run with its place, the newest first. One whose header cannot be read comes last.
pub(super) fn all(
    operation: Operation,
    config: &FileComparisonConfig,
) -> Result<Vec<Found>, PortError> {
    let ids = run_ids(&config.dir).map_err(error::io(operation, &config.dir))?;
    let mut runs = Vec::with_capacity(ids.len());
    for id in ids {
        match read_header(operation, &run_dir(&config.dir, &id), &id) {
            Ok(None) if has_records(&run_dir(&config.dir, &id)) => {
                let header = run_dir(&config.dir, &id).header();
                runs.push((
                    (Timestamp::MIN, id),
                    Err(error::lost_header(operation, &header)),
                ));
            }
            // It is being created, or being removed.
            Ok(None) => {}
            Ok(Some(run)) => runs.push(((run.started, id), Ok(run))),
            Err(error) if error.kind() == PortErrorKind::Corrupt => {
                runs.push(((Timestamp::MIN, id), Err(error)));
            }
            Err(error) => return Err(error),
        }
    }
    runs.sort_by(|(left, _), (right, _)| right.cmp(left));
    Ok(runs)
}

/// Whether there are records, which a run has only after its header and loses before it.
fn has_records(dir: &RunDir) -> bool {
    let segments = dir.segments().unwrap_or_default();
    segments
        .iter()
        .any(|segment| matches!(segment.end(), Ok(Some(end)) if end > segment.base))
}

pub(super) fn list(
    config: &FileComparisonConfig,
    query: &RunQuery,
) -> Result<Page<Run>, PortError> {
    let after = query.after.as_ref().map(read_cursor).transpose()?;
    let mut page = Page::default();
    for (position, run) in all(LIST, config)? {
        if after.as_ref().is_some_and(|after| position >= *after) {
            continue;
        }
        match run {
            Ok(run) if !query.matches(&run) => {}
            Ok(_) if page.items.len() == query.page_size() => {
                page.next = page.items.last().map(write_cursor);
                break;
            }
            Ok(run) => page.items.push(run),
            Err(error) => page
                .unreadable
                .push(unreadable(config, &position.1, &error)),
        }
    }
    Ok(page)
}

pub(super) fn unreadable(
    config: &FileComparisonConfig,
    id: &RunId,
    error: &PortError,
) -> Unreadable {
    Unreadable {
        location: run_dir(&config.dir, id).header().display().to_string(),
        problem: error.to_string(),
    }
}

fn write_cursor(run: &Run) -> Cursor {
    Cursor::new(format!("{}/{}", run.started, run.id))
}

fn read_cursor(cursor: &Cursor) -> Result<Position, PortError> {
    let parse = |text: &str| {
        let (started, id) = text.split_once('/')?;
        Some((started.parse().ok()?, id.parse().ok()?))
    };
    parse(cursor.as_str()).ok_or_else(|| bad_cursor(LIST, cursor))
}

pub(super) fn bad_cursor(operation: Operation, cursor: &Cursor) -> PortError {
    PortError::new(PortErrorKind::InvalidInput, operation)
        .at(format_args!("cursor `{cursor}`"))
        .because("it is not a cursor of this store")
        .advice("start again without a cursor")
}
