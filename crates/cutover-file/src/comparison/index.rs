//! Which ids a run has, and where its records end, so that appending neither reads old records nor
//! overwrites one.

use std::collections::HashSet;
use std::io;

use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use super::forward::Forward;
use super::layout::{RunDir, Segment};

/// What this process knows about the records of a run: 8 bytes an id, and the end of the last
/// segment. Brought up to date under the run's lock by reading only what others have added.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Hashes of ids. One that is here may belong to another id, or to a record that is gone; one
    /// that is not here is certainly new.
    ids: HashSet<u64>,
    /// How many there were when all of the run was read.
    read: usize,
    /// The first segment then, and whether retention has moved the front since.
    front: Option<Segment>,
    moved: bool,
    pub(super) tail: Option<Tail>,
}

/// The end of the last segment.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    pub(super) segment: Segment,
    pub(super) end: u64,
    /// The last line has no end: its writer was killed.
    pub(super) incomplete: bool,
}

#[derive(Deserialize)]
struct OnlyId<'a> {
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
}

impl Index {
    /// Whether it is large, and more than half of it may be of records that retention removed:
    /// reading what is left is cheaper then than keeping it.
    pub(super) fn is_mostly_of_the_past(&self) -> bool {
        const LARGE: usize = 1 << 20;
        self.moved && self.ids.len() > LARGE.max(self.read.saturating_mul(2))
    }

    pub(super) fn may_have(&self, id: &str) -> bool {
        self.ids.contains(&xxh3_64(id.as_bytes()))
    }

    pub(super) fn add(&mut self, id: &str) {
        self.ids.insert(xxh3_64(id.as_bytes()));
    }

    /// Learns what was added since the last time; the run's lock is held.
    ///
    /// The directory is listed every time: a segment that was cut short by others has a new name,
    /// and what was written to the old one would be lost.
    pub(super) fn catch_up(&mut self, dir: &RunDir) -> io::Result<()> {
        let segments = dir.segments()?;
        let known = match &self.tail {
            Some(tail) if tail.segment.end()?.is_some_and(|end| end >= tail.end) => {
                segments.iter().position(|segment| *segment == tail.segment)
            }
            _ => None,
        };
        let (first, mut start) = match (known, &self.tail) {
            (Some(position), Some(tail)) => (position, tail.end),
            _ => {
                *self = Self::default();
                (0, 0)
            }
        };
        for segment in &segments[first..] {
            self.read(segment, start.max(segment.base))?;
            start = 0;
        }
        if known.is_none() {
            self.read = self.ids.len();
            self.front = segments.first().cloned();
        }
        self.moved = segments.first() != self.front.as_ref();
        Ok(())
    }

    fn read(&mut self, segment: &Segment, start: u64) -> io::Result<()> {
        // What was incomplete at the last look was completed or ended since: read it again.
        let mut incomplete = match &self.tail {
            Some(tail) if tail.segment == *segment => tail.incomplete,
            _ => false,
        };
        let mut end = start;
        if segment.end()? != Some(start) {
            let mut lines = Forward::from(segment, start)?;
            while let Some((line, next)) = lines.next_line()? {
                if let Ok(OnlyId { id }) = serde_json::from_slice(line) {
                    self.ids.insert(xxh3_64(id.as_bytes()));
                }
                incomplete = !line.ends_with(b"\n");
                end = next;
            }
        }
        self.tail = Some(Tail {
            segment: segment.clone(),
            end,
            incomplete,
        });
        Ok(())
    }
}
