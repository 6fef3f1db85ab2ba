//! Adding lines to the last segment of a run.

use std::fs::File;
use std::io::{self, Write};

use cutover_domain::comparison::{ComparisonRecord, RecordId, RunId};
use cutover_ports::comparison::{already_exists, no_such_run, too_long};
use cutover_ports::{PortError, PortErrorKind};

use super::config::{Durability, FileComparisonConfig};
use super::error::{self, Operation};
use super::index::{Index, Tail};
use super::layout::{RunDir, create_new, open_to_append, run_dir, sync_dir};
use super::lock::Lock;
use super::read::find_record;

pub(super) const APPEND: Operation = "append comparison records";

/// Records of one run, ready to be written.
#[derive(Debug)]
pub(super) struct Batch {
    run: RunId,
    ids: Vec<RecordId>,
    lines: Vec<u8>,
}

impl Batch {
    /// Writes the records out as lines. Needs no lock and no file.
    pub(super) fn of(
        run: &RunId,
        records: &[ComparisonRecord],
        longest: usize,
    ) -> Result<Self, PortError> {
        let mut lines = Vec::with_capacity(records.len() * 1024);
        let mut ids = Vec::with_capacity(records.len());
        for record in records {
            let at = |error: PortError| error.at(format_args!("run {run}, record {}", record.id));
            let start = lines.len();
            let mut write = |record: &ComparisonRecord| {
                lines.truncate(start);
                serde_json::to_writer(&mut lines, record).map_err(|source| {
                    at(PortError::new(PortErrorKind::InvalidInput, APPEND)
                        .because("a value cannot be written as JSON")
                        .caused_by(source))
                })?;
                Ok(lines.len() - start)
            };
            if write(record)? > longest {
                let fitted = record.fitted(longest);
                write(&fitted.ok_or_else(|| at(too_long(APPEND, longest)))?)?;
            }
            lines.push(b'\n');
            ids.push(record.id.clone());
        }
        Ok(Self {
            run: run.clone(),
            ids,
            lines,
        })
    }

    pub(super) fn run(&self) -> &RunId {
        &self.run
    }
}

/// Saves a batch: all of it, or nothing and an error.
pub(super) fn append(
    config: &FileComparisonConfig,
    index: &mut Index,
    batch: &Batch,
) -> Result<(), PortError> {
    let dir = run_dir(&config.dir, &batch.run);
    let lock = Lock::take(APPEND, &dir.lock(), config.lock_timeout)?;
    let (Some(_lock), true) = (lock, dir.header().exists()) else {
        return Err(no_such_run(APPEND, &batch.run));
    };
    index.catch_up(&dir).map_err(error::io(APPEND, &dir.path))?;
    for id in &batch.ids {
        let known = index.may_have(id.as_str());
        if known && find_record(config, &batch.run, id)?.is_some() {
            return Err(already_exists(
                APPEND,
                format_args!("run {}, record {id}", batch.run),
            ));
        }
    }
    let result = write(config, &dir, index, &batch.lines);
    match result {
        Ok(()) => {
            batch.ids.iter().for_each(|id| index.add(id.as_str()));
            Ok(())
        }
        Err(error) => {
            // Whatever is there now is read again before the next batch.
            *index = Index::default();
            Err(error)
        }
    }
}

fn write(
    config: &FileComparisonConfig,
    dir: &RunDir,
    index: &mut Index,
    lines: &[u8],
) -> Result<(), PortError> {
    let failed = |source| error::io(APPEND, &dir.path)(source);
    let (mut file, mut tail) = open_tail(config, dir, index.tail.take()).map_err(failed)?;
    let before = tail.end - tail.segment.base;
    let mended;
    let text = if tail.incomplete {
        mended = [b"\n", lines].concat();
        &mended
    } else {
        lines
    };
    let written = file.write_all(text).and_then(|()| match config.durability {
        Durability::Process => Ok(()),
        Durability::Power => file.sync_data(),
    });
    if let Err(source) = written {
        let undone = file.set_len(before);
        let error = error::io(APPEND, &tail.segment.path)(source);
        return Err(match undone {
            Ok(()) => error,
            Err(_) => PortError::new(PortErrorKind::OutcomeUnknown, APPEND)
                .at(tail.segment.path.display())
                .because(format_args!(
                    "{error}, and what was written of it could not be undone"
                ))
                .advice("read the run's records to see which are there"),
        });
    }
    tail.end += text.len() as u64;
    tail.incomplete = false;
    index.tail = Some(tail);
    Ok(())
}

/// Opens the segment to write to: the last one, or a new one when that is full.
fn open_tail(
    config: &FileComparisonConfig,
    dir: &RunDir,
    tail: Option<Tail>,
) -> io::Result<(File, Tail)> {
    let number = match tail {
        None => 1,
        Some(tail) if tail.end - tail.segment.base < config.segment_bytes => {
            let file = open_to_append(&tail.segment.path)?;
            return Ok((file, tail));
        }
        Some(full) => {
            // An update of the run's header only has to sync the last segment.
            File::open(&full.segment.path)?.sync_data()?;
            full.segment.number + 1
        }
    };
    let segment = dir.segment(number);
    drop(create_new(&segment.path)?);
    if config.durability == Durability::Power {
        sync_dir(&dir.path)?;
    }
    let file = open_to_append(&segment.path)?;
    Ok((
        file,
        Tail {
            end: segment.base,
            segment,
            incomplete: false,
        },
    ))
}
