//! Lines of a file from its end, in blocks: the cost of the newest line does not depend on the
//! length of the file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::LONGEST_LINE;

const FIRST_BLOCK: usize = 8 << 10;
const LARGEST_BLOCK: usize = 256 << 10;

/// A line, without its line break.
pub(super) struct Line {
    /// Where it starts, in bytes.
    pub(super) offset: u64,
    pub(super) text: Vec<u8>,
    pub(super) terminated: bool,
}

/// Iterates over the non-empty lines of a file, last first.
pub(super) struct Backward<'a> {
    file: &'a File,
    /// Where the buffer starts in the file.
    start: u64,
    buffer: Vec<u8>,
    /// The part of the buffer not yet handed out.
    end: usize,
    /// Up to where the part not yet handed out may hold a line break.
    unsearched: usize,
    block: usize,
    /// The line being read is too long, and its text has been let go.
    too_long: bool,
    terminated: bool,
    finished: bool,
}

impl<'a> Backward<'a> {
    /// The lines in the first `end` bytes of `file`.
    pub(super) fn new(file: &'a File, end: u64) -> Self {
        Self {
            file,
            start: end,
            buffer: Vec::new(),
            end: 0,
            unsearched: 0,
            block: FIRST_BLOCK,
            too_long: false,
            terminated: false,
            finished: false,
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(line_break) = rposition(&self.buffer[..self.unsearched]) {
                let line = self.take(line_break + 1);
                self.end = line_break;
                self.unsearched = line_break;
                self.terminated = true;
                return Ok(Some(line));
            }
            if self.start == 0 {
                if self.finished {
                    return Ok(None);
                }
                self.finished = true;
                let line = self.take(0);
                self.end = 0;
                self.unsearched = 0;
                return Ok(Some(line));
            }
            self.read_block()?;
        }
    }

    /// The line from `from` to the end of what has not been handed out.
    fn take(&mut self, from: usize) -> Line {
        let too_long = std::mem::take(&mut self.too_long);
        Line {
            offset: self.start + from as u64,
            text: if too_long {
                // Not empty, so that it counts as a line; not JSON, so that it is no record.
                b"too long".to_vec()
            } else {
                self.buffer[from..self.end].to_vec()
            },
            terminated: self.terminated,
        }
    }

    fn read_block(&mut self) -> io::Result<()> {
        if self.end > LONGEST_LINE {
            self.too_long = true;
            self.end = 0;
        }
        let size = usize::try_from(self.start).map_or(self.block, |left| left.min(self.block));
        // A long line doubles the block each time, so that reading it stays linear.
        self.block = (self.block * 2).min(LARGEST_BLOCK.max(self.end));
        self.start -= size as u64;
        self.file.seek(SeekFrom::Start(self.start))?;
        let mut buffer = Vec::with_capacity(size + self.end);
        // There is less where a writer has cut a torn line off meanwhile; what is there ends with
        // a whole line.
        let size = self.file.take(size as u64).read_to_end(&mut buffer)?;
        buffer.extend_from_slice(&self.buffer[..self.end]);
        self.buffer = buffer;
        self.end += size;
        self.unsearched = size;
        Ok(())
    }
}

fn rposition(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b'\n')
}

impl Iterator for Backward<'_> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_line() {
                Ok(Some(line)) if line.text.is_empty() => {}
                Ok(line) => return line.map(Ok),
                Err(error) => {
                    self.start = 0;
                    self.finished = true;
                    self.end = 0;
                    self.unsearched = 0;
                    return Some(Err(error));
                }
            }
        }
    }
}
