//! Reading the lines of a segment from a place on.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};

use cutover_domain::comparison::{RecordId, RecordResult};
use jiff::Timestamp;
use serde::Deserialize;

use super::layout::Segment;

/// What is read of a line to find out whether the rest is of interest.
#[derive(Debug, Deserialize)]
pub(super) struct Head<'a> {
    pub(super) id: RecordId,
    #[serde(borrow)]
    pub(super) operation: Cow<'a, str>,
    pub(super) result: RecordResult,
    pub(super) time: Timestamp,
}

/// The lines of a segment in order.
#[derive(Debug)]
pub(super) struct Forward {
    reader: BufReader<File>,
    place: u64,
    line: Vec<u8>,
}

impl Forward {
    /// The lines from `start` on (by the segment's places).
    pub(super) fn from(segment: &Segment, start: u64) -> io::Result<Self> {
        let mut file = File::open(&segment.path)?;
        let start = start.max(segment.base);
        file.seek(SeekFrom::Start(start - segment.base))?;
        Ok(Self {
            reader: BufReader::with_capacity(64 << 10, file),
            place: start,
            line: Vec::new(),
        })
    }

    /// The next line with its end, if it has one, and where the line after it begins.
    pub(super) fn next_line(&mut self) -> io::Result<Option<(&[u8], u64)>> {
        self.line.clear();
        let length = self.reader.read_until(b'\n', &mut self.line)?;
        self.place += length as u64;
        Ok((length > 0).then_some((&self.line, self.place)))
    }
}
