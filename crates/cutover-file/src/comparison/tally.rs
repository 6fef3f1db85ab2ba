//! How many records segments have, so that retention by count reads only what was added.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use super::forward::{Forward, Head};
use super::layout::{RunDir, Segment};

/// What was counted of each segment. A segment that was cut short has another name, and is counted
/// anew.
#[derive(Debug, Default)]
pub(super) struct Tallies(HashMap<PathBuf, Tally>);

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Up to here the lines are counted.
    end: u64,
    records: u64,
    /// Whether anybody asked since the last time that what is gone was forgotten.
    wanted: bool,
}

impl Tallies {
    /// How many records a run has.
    pub(super) fn records_of(&mut self, dir: &RunDir) -> io::Result<u64> {
        let segments = dir.segments()?;
        segments
            .iter()
            .map(|segment| self.records_in(segment))
            .sum()
    }

    fn records_in(&mut self, segment: &Segment) -> io::Result<u64> {
        let tally = self.0.entry(segment.path.clone()).or_default();
        tally.wanted = true;
        if segment.end()? == Some(tally.end) {
            return Ok(tally.records);
        }
        let mut lines = match Forward::from(segment, tally.end) {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Ok(0),
            lines => lines?,
        };
        while let Some((line, end)) = lines.next_line()? {
            // Without its end it may be written this moment; it is looked at the next time.
            if line.ends_with(b"\n") {
                tally.records += u64::from(serde_json::from_slice::<Head<'_>>(line).is_ok());
                tally.end = end;
            }
        }
        Ok(tally.records)
    }

    pub(super) fn forget_what_is_gone(&mut self) {
        self.0.retain(|_, tally| std::mem::take(&mut tally.wanted));
    }
}
