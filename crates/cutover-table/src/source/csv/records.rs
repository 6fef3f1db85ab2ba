//! CSV into records, a buffer at a time.
//!
//! Ours, because what is compared must not be guessed at: the `csv` crates take a quote that is
//! never closed for the end of the document, and do not tell `""` from nothing.

use std::io::Read;

use super::CsvDialect;
use crate::TableError;
use crate::error::Place;

/// What is read at once.
const CHUNK: usize = 256 * 1024;

/// The longest record, in bytes. One that is longer is a quote that was forgotten.
const LONGEST: usize = 128 << 20;

/// A field: where its bytes are in the buffer, and whether they were in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    start: usize,
    end: usize,
    quoted: bool,
}

/// Reads records, one after the other.
pub(super) struct Records {
    input: Box<dyn Read + Send>,
    name: String,
    marks: Marks,
    trim: bool,
    longest: usize,
    buffer: Vec<u8>,
    /// The first byte that was not looked at yet, and the end of what was read.
    at: usize,
    filled: usize,
    ended: bool,
    started: bool,
    /// The line at `at`, from 1, and that of the current record.
    line: u64,
    record_line: u64,
    fields: Vec<Field>,
}

/// What bytes mean.
#[derive(Clone, Copy)]
struct Marks {
    delimiter: u8,
    quote: Option<u8>,
    escape: Option<u8>,
    /// Whether a byte ends a field that is not in quotes.
    ends: [bool; 256],
}

/// How looking for a record ended.
enum Found {
    /// It ends before this place.
    Record(usize),
    /// The buffer ends first.
    More,
}

/// What is wrong with a record, and how many lines below its first.
struct Wrong {
    lines: u64,
    problem: String,
}

/// One record.
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    fields: &'a [Field],
    /// The line it starts in.
    pub(super) line: u64,
}

impl<'a> Record<'a> {
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// The bytes of a field, and whether they were in quotes.
    pub(super) fn field(&self, at: usize) -> (&'a [u8], bool) {
        let field = self.fields[at];
        (&self.bytes[field.start..field.end], field.quoted)
    }
}

impl Records {
    pub(super) fn new(input: Box<dyn Read + Send>, name: &str, dialect: &CsvDialect) -> Self {
        let mut ends = [false; 256];
        for byte in [dialect.delimiter, b'\n', b'\r'] {
            ends[usize::from(byte)] = true;
        }
        Self {
            input,
            name: name.to_owned(),
            marks: Marks {
                delimiter: dialect.delimiter,
                quote: dialect.quote,
                escape: dialect.escape,
                ends,
            },
            trim: dialect.trim,
            longest: LONGEST,
            buffer: Vec::new(),
            at: 0,
            filled: 0,
            ended: false,
            started: false,
            line: 1,
            record_line: 1,
            fields: Vec::new(),
        }
    }

    /// The next record. A line without a byte is a record of one empty field.
    ///
    /// # Errors
    ///
    /// The bytes cannot be read, or are no CSV.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, TableError> {
        if !self.started {
            self.start()?;
        }
        loop {
            if self.at == self.filled && self.ended {
                return Ok(None);
            }
            self.fields.clear();
            let from = self.at;
            match self.find(from) {
                Ok(Found::Record(next)) => {
                    self.at = next;
                    return Ok(Some(Record {
                        bytes: &self.buffer,
                        fields: &self.fields,
                        line: self.record_line,
                    }));
                }
                Ok(Found::More) => self.fill()?,
                Err(wrong) => {
                    let line = Place::Line(self.line + wrong.lines);
                    return Err(TableError::malformed(&self.name, line, wrong.problem));
                }
            }
        }
    }

    /// Skips a byte-order mark.
    fn start(&mut self) -> Result<(), TableError> {
        self.started = true;
        while self.filled < 4 && !self.ended {
            self.fill()?;
        }
        let head = &self.buffer[..self.filled.min(4)];
        if head.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        } else if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(TableError::malformed(
                &self.name,
                Place::Whole,
                "is encoded in UTF-16; convert it to UTF-8",
            ));
        }
        Ok(())
    }

    /// Makes room and reads on. The record that is being looked for moves to the front.
    fn fill(&mut self) -> Result<(), TableError> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        if self.filled > self.longest {
            return Err(TableError::malformed(
                &self.name,
                Place::Line(self.line),
                format_args!(
                    "the record that starts here is longer than {} bytes; is a quote never closed?",
                    self.longest
                ),
            ));
        }
        // Doubling, so that a long record is looked through a few times and not for each chunk.
        let size = (self.filled * 2).max(CHUNK).min(self.longest + 1);
        self.buffer.resize(size, 0);
        while self.filled < size {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(TableError::io(&self.name, error)),
            }
        }
        Ok(())
    }

    /// Looks for the record at `from`, into `fields`. Fields with doubled quotes are put right in
    /// the buffer, but only once the whole record is there.
    fn find(&mut self, from: usize) -> Result<Found, Wrong> {
        let marks = self.marks;
        let bytes = &self.buffer[..self.filled];
        let mut lines = 0;
        let mut at = from;
        let mut doubled = false;
        loop {
            let mut start = at;
            if self.trim {
                while bytes
                    .get(start)
                    .is_some_and(|byte| matches!(byte, b' ' | b'\t') && *byte != marks.delimiter)
                {
                    start += 1;
                }
            }
            let quoted = marks.quote.is_some() && bytes.get(start).copied() == marks.quote;
            let (end, mut after) = if quoted {
                match closing(bytes, start + 1, marks, &mut lines, &mut doubled) {
                    Some(end) => (end, end + 1),
                    None if self.ended => {
                        return Err(Wrong {
                            lines: 0,
                            problem: format!(
                                "the {}. field of the record that starts here has an opening \
                                 quote and no closing one",
                                self.fields.len() + 1
                            ),
                        });
                    }
                    None => return Ok(Found::More),
                }
            } else {
                let end = ending(bytes, start, marks);
                (end, end)
            };
            if quoted && self.trim {
                while bytes
                    .get(after)
                    .is_some_and(|byte| matches!(byte, b' ' | b'\t') && *byte != marks.delimiter)
                {
                    after += 1;
                }
            }
            let mut field = Field {
                start: if quoted { start + 1 } else { start },
                end,
                quoted,
            };
            if self.trim && !quoted {
                while field.end > field.start && matches!(bytes[field.end - 1], b' ' | b'\t') {
                    field.end -= 1;
                }
            }
            let next = match bytes.get(after) {
                None if self.ended => after,
                None => return Ok(Found::More),
                Some(byte) if *byte == marks.delimiter => {
                    self.fields.push(field);
                    at = after + 1;
                    continue;
                }
                Some(b'\n') => after + 1,
                Some(b'\r') => match bytes.get(after + 1) {
                    Some(b'\n') => after + 2,
                    None if !self.ended => return Ok(Found::More),
                    // Old line ends.
                    _ => after + 1,
                },
                Some(_) => {
                    return Err(Wrong {
                        lines,
                        problem: format!(
                            "the {}. field has text behind its closing quote; double quotes that \
                             are part of a field",
                            self.fields.len() + 1
                        ),
                    });
                }
            };
            self.fields.push(field);
            self.record_line = self.line;
            self.line += lines + u64::from(next > after);
            if doubled {
                self.unescape();
            }
            return Ok(Found::Record(next));
        }
    }

    /// Takes the marks out of fields in quotes.
    fn unescape(&mut self) {
        let Marks { quote, escape, .. } = self.marks;
        for field in self.fields.iter_mut().filter(|field| field.quoted) {
            let mut to = field.start;
            let mut from = field.start;
            while from < field.end {
                let byte = self.buffer[from];
                // A mark is never the last byte of a field.
                if Some(byte) == quote || (Some(byte) == escape && from + 1 < field.end) {
                    from += 1;
                }
                self.buffer[to] = self.buffer[from];
                to += 1;
                from += 1;
            }
            field.end = to;
        }
    }
}

/// Where a field without quotes ends.
fn ending(bytes: &[u8], start: usize, marks: Marks) -> usize {
    let rest = &bytes[start..];
    let length = rest.iter().position(|byte| marks.ends[usize::from(*byte)]);
    start + length.unwrap_or(rest.len())
}

/// The place of the closing quote, where there is one.
fn closing(
    bytes: &[u8],
    start: usize,
    marks: Marks,
    lines: &mut u64,
    doubled: &mut bool,
) -> Option<usize> {
    let quote = marks.quote?;
    let mut at = start;
    loop {
        let byte = *bytes.get(at)?;
        if byte == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return Some(at);
            }
            *doubled = true;
            at += 2;
        } else if Some(byte) == marks.escape {
            *doubled = true;
            at += 2;
        } else {
            *lines += u64::from(byte == b'\n');
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use super::*;

    fn records(input: impl Read + Send + 'static) -> Records {
        Records::new(Box::new(input), "old.csv", &CsvDialect::default())
    }

    /// All fields, and the line of each record.
    fn all(records: &mut Records) -> Result<Vec<(u64, Vec<String>)>, TableError> {
        let mut found = Vec::new();
        while let Some(record) = records.next()? {
            let field = |at| String::from_utf8_lossy(record.field(at).0).into_owned();
            found.push((record.line, (0..record.len()).map(field).collect()));
        }
        Ok(found)
    }

    #[test]
    fn records_are_the_same_however_the_bytes_arrive() {
        /// Hands over a byte at a time.
        struct Slow(Cursor<Vec<u8>>);
        impl Read for Slow {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                let end = to.len().min(1);
                self.0.read(&mut to[..end])
            }
        }
        let text = b"a,\"b \"\"x\"\"\n\",c\r\n\"\",\xc3\xa9,\n\n1,2,\"3\"".to_vec();
        let quick = all(&mut records(Cursor::new(text.clone()))).unwrap();
        let expected = [
            (1, vec!["a", "b \"x\"\n", "c"]),
            (3, vec!["", "é", ""]),
            (4, vec![""]),
            (5, vec!["1", "2", "3"]),
        ];
        for ((line, fields), (expected_line, expected)) in quick.iter().zip(expected) {
            assert_eq!(
                (*line, fields.iter().map(String::as_str).collect::<Vec<_>>()),
                (expected_line, expected)
            );
        }
        assert_eq!(quick.len(), 4);
        // A buffer is filled before anything is looked for; a limit makes it a small one.
        let mut slow = records(Slow(Cursor::new(text)));
        slow.longest = 24;
        assert_eq!(all(&mut slow).unwrap(), quick);
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
        let start = Cursor::new(b"id,name\n1,\"".to_vec());
        let mut endless = records(start.chain(io::repeat(b'y')));
        endless.longest = 1_000_000;
        let error = all(&mut endless).unwrap_err().to_string();
        assert_eq!(
            error,
            "old.csv:2: the record that starts here is longer than 1000000 bytes; is a quote never \
             closed?"
        );
        assert!(endless.buffer.len() <= 1_000_001);
    }
}
