//! Reading records, the last saved first.

use std::fs::File;
use std::io::{self, BufReader, Read};

use cutover_domain::comparison::{ComparisonRecord, PathPattern, RecordId, RunId};
use cutover_ports::PortError;
use cutover_ports::comparison::{Cursor, Page, RecordQuery, Unreadable};
use jiff::Timestamp;
use memchr::memmem::Finder;

use super::backward::{Backward, Content, Line};
use super::config::FileComparisonConfig;
use super::error::{self, Operation};
use super::forward::Head;
use super::layout::{RunDir, Segment, run_dir};
use super::run::{self, Position, bad_cursor};

pub(super) const READ: Operation = "read comparison records";

/// So many places that cannot be read are named in one page; the rest is only counted.
const MOST_DAMAGE: usize = 100;

/// A page ends, however many records it may hold, once it has so many bytes of them.
const PAGE_BYTES: usize = 64 << 20;

/// Where a page ended: at this line of this segment of this run.
#[derive(Clone, Debug)]
struct Place {
    run: Position,
    segment: u64,
    offset: u64,
}

/// One record; `None` when there is no such record or run.
pub(super) fn find_record(
    config: &FileComparisonConfig,
    run: &RunId,
    id: &RecordId,
) -> Result<Option<ComparisonRecord>, PortError> {
    let mut query = RecordQuery::of_run(run.clone()).limit(1);
    query.id = Some(id.clone());
    Ok(records(config, &query)?.items.pop())
}

/// A page of records.
pub(super) fn records(
    config: &FileComparisonConfig,
    query: &RecordQuery,
) -> Result<Page<ComparisonRecord>, PortError> {
    let after = query.after.as_ref().map(read_cursor).transpose()?;
    let mut reader = Reader {
        config,
        query,
        needles: needles(query),
        page: Page::default(),
        bytes: 0,
        more_damage: 0,
        last: None,
    };
    for position in reader.runs(after.is_none())? {
        let start = match &after {
            Some(after) if position > after.run => continue,
            Some(after) if position == after.run => Some((after.segment, after.offset)),
            _ => None,
        };
        if reader.read_run(position, start)? {
            reader.page.next = reader.last.as_ref().map(write_cursor);
            break;
        }
    }
    Ok(reader.finish())
}

struct Reader<'a> {
    config: &'a FileComparisonConfig,
    query: &'a RecordQuery,
    /// What the text of every record has in it that is asked for.
    needles: Vec<Finder<'a>>,
    page: Page<ComparisonRecord>,
    bytes: usize,
    more_damage: usize,
    last: Option<Place>,
}

impl Reader<'_> {
    /// The runs to read, the newest first. A header that cannot be read hides no records.
    fn runs(&mut self, first_page: bool) -> Result<Vec<Position>, PortError> {
        if let Some(id) = &self.query.run {
            return Ok(vec![(Timestamp::MIN, id.clone())]);
        }
        let mut positions = Vec::new();
        for (position, run) in run::all(READ, self.config)? {
            if let (Err(error), true) = (run, first_page) {
                let damage = run::unreadable(self.config, &position.1, &error);
                self.page.unreadable.push(damage);
            }
            positions.push(position);
        }
        Ok(positions)
    }

    /// Whether the page is full.
    fn read_run(
        &mut self,
        position: Position,
        start: Option<(u64, u64)>,
    ) -> Result<bool, PortError> {
        let dir = run_dir(&self.config.dir, &position.1);
        let failed = |source| error::io(READ, &dir.path)(source);
        let mut numbers: Vec<u64> = dir
            .segments()
            .map_err(failed)?
            .iter()
            .map(|segment| segment.number)
            .collect();
        numbers.reverse();
        for number in numbers {
            let end = match start {
                Some((first, _)) if number > first => continue,
                Some((first, offset)) if number == first => offset,
                _ => u64::MAX,
            };
            let longest = self.config.max_record_bytes;
            let Some((segment, mut lines)) = open(&dir, number, end, longest).map_err(failed)?
            else {
                continue;
            };
            loop {
                if self.page.items.len() == self.query.page_size() || self.bytes >= PAGE_BYTES {
                    return Ok(true);
                }
                let Some(line) = lines.next_line().map_err(failed)? else {
                    break;
                };
                let place = Place {
                    run: position.clone(),
                    segment: number,
                    offset: line.offset,
                };
                self.read_line(&segment, line, place);
            }
        }
        Ok(false)
    }

    fn read_line(&mut self, segment: &Segment, line: Line, place: Place) {
        let (text, ended) = match line.content {
            Content::Whole(text) => (text, true),
            Content::Incomplete(text) => (text, false),
            Content::TooLong => {
                let problem = "the line is longer than a record may be".to_owned();
                return self.damage(segment, line.offset, problem);
            }
        };
        match self.parse(&text, &place.run.1) {
            Ok(None) => {}
            Ok(Some(record)) => {
                self.page.items.push(record);
                self.bytes += text.len();
                self.last = Some(place);
            }
            Err(_) if text.iter().all(u8::is_ascii_whitespace) => {}
            Err(_) if !ended => {
                let problem = "the last line is incomplete: it is being written this moment, or \
                               its writer was stopped in the middle of it; the record was not \
                               acknowledged";
                self.damage(segment, line.offset, problem.to_owned());
            }
            Err(problem) => self.damage(segment, line.offset, problem),
        }
    }

    /// Whether a line surely is a record that is not asked for: most lines need not be parsed. Only
    /// lines that look whole, so that what is damaged is told.
    fn is_another(&self, text: &[u8]) -> bool {
        text.starts_with(b"{")
            && text.ends_with(b"}")
            && self
                .needles
                .iter()
                .any(|needle| needle.find(text).is_none())
    }

    fn parse(&self, text: &[u8], run: &RunId) -> Result<Option<ComparisonRecord>, String> {
        if self.is_another(text) {
            return Ok(None);
        }
        let explain = |error: serde_json::Error| error::without_place(&error);
        let head: Head<'_> = serde_json::from_slice(text).map_err(explain)?;
        if !self
            .query
            .matches_head(&head.id, &head.operation, head.result, head.time)
        {
            return Ok(None);
        }
        let record: ComparisonRecord = serde_json::from_slice(text).map_err(explain)?;
        if record.run != *run {
            return Err(format!("it is a record of run {}", record.run));
        }
        let query = self.query;
        let asked_for = query.difference.is_none() || query.matches(&record);
        Ok(asked_for.then_some(record))
    }

    fn damage(&mut self, segment: &Segment, offset: u64, problem: String) {
        if self.page.unreadable.len() >= MOST_DAMAGE {
            self.more_damage += 1;
            return;
        }
        let path = segment.path.display();
        let location = match line_number(segment, offset) {
            Ok(line) => format!("{path}:{line}"),
            Err(_) => format!("{path}, byte {}", offset - segment.base),
        };
        self.page.unreadable.push(Unreadable { location, problem });
    }

    fn finish(mut self) -> Page<ComparisonRecord> {
        if self.more_damage > 0 {
            self.page.unreadable.push(Unreadable {
                location: self.config.dir.display().to_string(),
                problem: format!("{} more lines cannot be read", self.more_damage),
            });
        }
        self.page
    }
}

/// What stands in the text of every record that is asked for: its id, and names of members on the
/// path, as far as JSON and paths write them as they are.
fn needles(query: &RecordQuery) -> Vec<Finder<'_>> {
    let id = query.id.as_ref().map(RecordId::as_str);
    let path = query
        .difference
        .as_ref()
        .and_then(|difference| difference.path.as_ref());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_plain = |name: &&str| name.bytes().all(plain);
    let names = path
        .into_iter()
        .flat_map(PathPattern::names)
        .filter(is_plain);
    id.into_iter().chain(names).map(Finder::new).collect()
}

/// Opens a segment by number: retention may give it a new name between two looks.
fn open(
    dir: &RunDir,
    number: u64,
    end: u64,
    longest: usize,
) -> io::Result<Option<(Segment, Backward)>> {
    for _ in 0..5 {
        let found = dir
            .segments()?
            .into_iter()
            .find(|segment| segment.number == number);
        let Some(segment) = found else {
            return Ok(None);
        };
        match Backward::before(&segment, end, longest) {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => {}
            opened => return Ok(Some((segment, opened?))),
        }
    }
    Ok(None)
}

/// The number of the line that begins at `offset`, counted from 1. Reads the file up to there.
fn line_number(segment: &Segment, offset: u64) -> io::Result<usize> {
    let mut reader = BufReader::new(File::open(&segment.path)?).take(offset - segment.base);
    let mut block = vec![0; 64 << 10];
    let mut ends = 0;
    loop {
        match reader.read(&mut block)? {
            0 => return Ok(ends + 1),
            length => {
                ends += block[..length]
                    .iter()
                    .filter(|byte| **byte == b'\n')
                    .count()
            }
        }
    }
}

fn write_cursor(place: &Place) -> Cursor {
    let Place {
        run: (started, id),
        segment,
        offset,
    } = place;
    Cursor::new(format!("{started}/{id}/{segment}/{offset}"))
}

fn read_cursor(cursor: &Cursor) -> Result<Place, PortError> {
    let parse = |text: &str| {
        let mut parts = text.split('/');
        let place = Place {
            run: (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
            segment: parts.next()?.parse().ok()?,
            offset: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    };
    parse(cursor.as_str()).ok_or_else(|| bad_cursor(READ, cursor))
}
