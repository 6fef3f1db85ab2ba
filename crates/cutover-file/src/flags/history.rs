//! `flags.history.jsonl`: one sealed record per line, oldest first, read from its end.

mod backward;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use cutover_domain::flags::{ChangeRecord, Revision};
use cutover_ports::PortError;

use self::backward::Backward;
use super::error::{self, Operation};
use super::{crash, replace, sealed};

/// A line past this length is no record: none is written, and what is there is skipped without being
/// kept in memory. Unit tests meet a smaller limit.
const LONGEST_LINE: usize = if cfg!(test) { 1 << 20 } else { 256 << 20 };

/// Below this distance a search stops halving and starts reading.
const NEAR: u64 = 64 << 10;

/// The history as it was when it was opened. Later appends are not seen.
#[derive(Debug)]
pub(super) struct History {
    file: File,
    path: PathBuf,
    len: u64,
}

/// A whole record, and the line it was read from.
pub(super) struct Line {
    pub(super) record: ChangeRecord,
    pub(super) text: Vec<u8>,
}

/// One line of the history.
pub(super) struct Entry {
    /// Where the line starts, in bytes.
    pub(super) offset: u64,
    pub(super) record: Result<ChangeRecord, sealed::Broken>,
    /// Whether a line break follows it.
    pub(super) terminated: bool,
    text: Vec<u8>,
}

impl History {
    /// Opens the history; `None` when there is no file.
    pub(super) fn open(operation: Operation, path: &Path) -> Result<Option<Self>, PortError> {
        is_file_or_absent(operation, path)?;
        match File::open(path) {
            Ok(file) => Self::of(file, path)
                .map(Some)
                .map_err(error::io(operation, path)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(error::io(operation, path)(cause)),
        }
    }

    fn of(file: File, path: &Path) -> io::Result<Self> {
        let len = file.metadata()?.len();
        let path = path.to_owned();
        Ok(Self { file, path, len })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Lines that end before the byte `end`, newest first, whole or broken.
    pub(super) fn entries(&self, end: u64) -> impl Iterator<Item = io::Result<Entry>> {
        Backward::new(&self.file, end.min(self.len)).map(|line| {
            line.map(|line| Entry {
                offset: line.offset,
                record: sealed::unseal(&line.text),
                terminated: line.terminated,
                text: line.text,
            })
        })
    }

    /// Whole records below `before`, newest first. Broken lines are left out and logged.
    pub(super) fn records(
        &self,
        before: Option<Revision>,
    ) -> io::Result<impl Iterator<Item = io::Result<ChangeRecord>>> {
        let lines = self.lines(self.end_below(before)?);
        Ok(lines.map(|line| line.map(|line| line.record)))
    }

    /// Lines with records below `before` and few others, newest first, whole or broken.
    pub(super) fn entries_below(
        &self,
        before: Option<Revision>,
    ) -> io::Result<impl Iterator<Item = io::Result<Entry>>> {
        Ok(self.entries(self.end_below(before)?))
    }

    fn end_below(&self, before: Option<Revision>) -> io::Result<u64> {
        before.map_or(Ok(self.len), |before| self.end_of(before))
    }

    /// Whole records that end before the byte `end`, newest first.
    fn lines(&self, end: u64) -> impl Iterator<Item = io::Result<Line>> {
        self.entries(end).filter_map(|entry| match entry {
            Ok(Entry {
                record: Ok(record),
                text,
                ..
            }) => Some(Ok(Line { record, text })),
            Ok(Entry {
                offset,
                record: Err(why),
                terminated: true,
                ..
            }) => {
                let path = self.path.display();
                tracing::debug!(%path, offset, %why, "a line of the flag history is left out");
                None
            }
            // A writer may be in the middle of it.
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    }

    /// The newest whole record.
    pub(super) fn newest(&self) -> io::Result<Option<ChangeRecord>> {
        Ok(self.newest_line()?.map(|line| line.record))
    }

    /// The same with its line.
    pub(super) fn newest_line(&self) -> io::Result<Option<Line>> {
        self.lines(self.len).next().transpose()
    }

    /// The oldest whole record.
    pub(super) fn oldest(&self) -> io::Result<Option<ChangeRecord>> {
        Ok(self.first_in(0, self.len)?.map(|(_, record)| record))
    }

    /// Visits every line in order, counted from 1.
    pub(super) fn scan(
        &self,
        mut visit: impl FnMut(u64, Result<ChangeRecord, sealed::Broken>),
    ) -> io::Result<()> {
        let mut reader = BufReader::new(&self.file);
        reader.rewind()?;
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if next_line(&mut reader, &mut line)? == 0 {
                break;
            }
            if !line.trim_ascii().is_empty() {
                visit(number, sealed::unseal(&line));
            }
        }
        Ok(())
    }

    /// A byte before which all records below `before` end, and few others: by halving, because
    /// revisions ascend.
    fn end_of(&self, before: Revision) -> io::Result<u64> {
        let (mut low, mut high, mut end) = (0, self.len, self.len);
        while high - low > NEAR {
            let middle = low + (high - low) / 2;
            match self.first_in(middle, high)? {
                Some((offset, record)) if record.revision < before => low = offset,
                Some((offset, _)) => {
                    end = offset;
                    high = middle;
                }
                None => high = middle,
            }
        }
        Ok(end)
    }

    /// The first whole record whose line starts at or after `from` and before `to`.
    fn first_in(&self, from: u64, to: u64) -> io::Result<Option<(u64, ChangeRecord)>> {
        let mut reader = BufReader::new(&self.file);
        // One byte earlier, so that a line that starts right at `from` is not skipped.
        let mut offset = from.saturating_sub(1);
        reader.seek(SeekFrom::Start(offset))?;
        if from > 0 {
            offset += reader.skip_until(b'\n')? as u64;
        }
        let mut line = Vec::new();
        while offset < to {
            line.clear();
            let length = next_line(&mut reader, &mut line)?;
            if length == 0 {
                break;
            }
            if let Ok(record) = sealed::unseal(&line) {
                return Ok(Some((offset, record)));
            }
            offset += length as u64;
        }
        Ok(None)
    }
}

/// Opening a pipe would wait for a writer, and a folder holds no lines.
fn is_file_or_absent(operation: Operation, path: &Path) -> Result<(), PortError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(error::no_file(operation, path)),
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            Err(error::io(operation, path)(cause))
        }
        _ => Ok(()),
    }
}

/// Refuses a record that nobody could read again.
pub(super) fn fits(operation: Operation, path: &Path, line: &str) -> Result<(), PortError> {
    if line.len() < LONGEST_LINE {
        return Ok(());
    }
    let too_large = error::too_large(operation, path, "the change", line.len(), LONGEST_LINE);
    Err(too_large.advice("nothing was changed; change fewer flags at a time"))
}

/// Reads a line with its line break, and returns its length; of one that is too long only the
/// start is kept.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    let mut length = reader
        .by_ref()
        .take(LONGEST_LINE as u64)
        .read_until(b'\n', line)?;
    if length == LONGEST_LINE && line.last() != Some(&b'\n') {
        length += reader.skip_until(b'\n')?;
    }
    Ok(length)
}

/// The history while the lock is held.
#[derive(Debug)]
pub(super) struct HistoryWriter {
    history: History,
    newest: Option<Revision>,
    operation: Operation,
}

impl HistoryWriter {
    /// Opens the history for appending, makes it if need be, and cuts a torn line off its end.
    pub(super) fn open(operation: Operation, path: &Path) -> Result<Self, PortError> {
        is_file_or_absent(operation, path)?;
        let open = || {
            let file = replace::open_to_append(path)?;
            let mut history = History::of(file, path)?;
            let end = Backward::new(&history.file, history.len).next();
            let end = end.transpose()?;
            let newest = end
                .as_ref()
                .and_then(|end| sealed::revision(&end.text).ok());
            if let Some(torn) = end.filter(|end| !end.terminated) {
                crash::point("history cut")?;
                if newest.is_some() {
                    // Only its line break was lost.
                    history.append(b"\n")?;
                } else {
                    history.file.set_len(torn.offset)?;
                    history.len = torn.offset;
                }
            }
            let newest = match newest {
                None => history.newest()?.map(|record| record.revision),
                known => known,
            };
            Ok((history, newest))
        };
        let (history, newest) = open().map_err(error::io(operation, path))?;
        Ok(Self {
            history,
            newest,
            operation,
        })
    }

    /// Adds a record, unless it is there.
    pub(super) fn append(&mut self, record: &ChangeRecord, line: &str) -> Result<(), PortError> {
        if self.newest >= Some(record.revision) {
            return Ok(());
        }
        fits(self.operation, &self.history.path, line)?;
        let line = format!("{line}\n");
        self.history
            .append(line.as_bytes())
            .map_err(error::io(self.operation, &self.history.path))?;
        self.newest = Some(record.revision);
        Ok(())
    }

    /// Waits until all of it is on the disk.
    pub(super) fn sync(&self) -> Result<(), PortError> {
        if self.history.is_empty() {
            return Ok(());
        }
        self.history
            .file
            .sync_data()
            .and_then(|()| crash::point("history synced"))
            .map_err(error::io(self.operation, &self.history.path))
    }
}

impl History {
    /// All of `line`, or nothing of it.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let written = crash::write_all("history append", &mut self.file, line);
        match written {
            Ok(()) => self.len += line.len() as u64,
            // If this fails as well, the next writer cuts the torn line.
            Err(_) => drop(self.file.set_len(self.len)),
        }
        written
    }
}

#[cfg(test)]
mod tests;
