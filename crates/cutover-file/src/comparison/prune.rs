//! Retention: cutting the oldest records off the front of runs.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};

use cutover_domain::comparison::{RunId, RunState};
use cutover_ports::comparison::{Pruned, Retention};
use cutover_ports::{PortError, PortErrorKind};
use jiff::Timestamp;

use super::config::FileComparisonConfig;
use super::error::{self, Operation};
use super::forward::{Forward, Head};
use super::layout::{RunDir, Segment, create_new, run_dir, run_ids, sync_dir};
use super::lock::Lock;
use super::run::read_header;
use super::tally::Tallies;

pub(super) const PRUNE: Operation = "remove old comparison records";

/// Removes what is not within `retention`. What to remove is found out without the locks of runs:
/// others only add at the ends meanwhile, and nobody else removes.
pub(super) fn prune(
    config: &FileComparisonConfig,
    tallies: &mut Tallies,
    retention: &Retention,
    now: Timestamp,
) -> Result<Pruned, PortError> {
    let lock = config.dir.join("prune.lock");
    let Some(_lock) = Lock::take(PRUNE, &lock, config.lock_timeout)? else {
        return Ok(Pruned::default());
    };
    let mut pruned = Pruned::default();
    for front in fronts(config, tallies, retention, now)? {
        cut(config, &front).map_err(|error| match error.kind() {
            PortErrorKind::Full => error.advice(format_args!(
                "the end of a run is written anew, and there is no room for it: free a little, or \
                 remove all of its records; {} records of others were removed",
                pruned.records
            )),
            _ => error,
        })?;
        pruned.records += front.records;
        pruned.bytes += front.bytes;
        if let Some(cutoff) = retention.cutoff(now) {
            pruned.runs += u64::from(remove_empty(config, &front, cutoff)?);
        }
    }
    Ok(pruned)
}

/// What would be removed.
pub(super) fn would_prune(
    config: &FileComparisonConfig,
    tallies: &mut Tallies,
    retention: &Retention,
    now: Timestamp,
) -> Result<Pruned, PortError> {
    let mut pruned = Pruned::default();
    for front in fronts(config, tallies, retention, now)? {
        pruned.records += front.records;
        pruned.bytes += front.bytes;
        if let Some(cutoff) = retention.cutoff(now) {
            let ended = may_go(&front.dir, &front.id, cutoff) && front.bytes_left == 0;
            pruned.runs += u64::from(ended);
        }
    }
    Ok(pruned)
}

/// The fronts of all runs, with what is to go marked.
fn fronts(
    config: &FileComparisonConfig,
    tallies: &mut Tallies,
    retention: &Retention,
    now: Timestamp,
) -> Result<Vec<Front>, PortError> {
    let cutoff = retention.cutoff(now);
    let mut fronts = Vec::new();
    for id in run_ids(&config.dir).map_err(error::io(PRUNE, &config.dir))? {
        fronts.push(Front::of(config, id)?);
    }
    for front in &mut fronts {
        while front
            .next
            .as_ref()
            .is_some_and(|next| cutoff.is_some_and(|cutoff| next.time < cutoff))
        {
            front.remove()?;
        }
    }
    remove_surplus(&mut fronts, tallies, retention)?;
    Ok(fronts)
}

/// Removes the oldest over all runs until no more is left than allowed.
fn remove_surplus(
    fronts: &mut [Front],
    tallies: &mut Tallies,
    retention: &Retention,
) -> Result<(), PortError> {
    let (mut records, mut bytes) = (0_u64, 0_u64);
    if let Some(max) = retention.max_records {
        for front in fronts.iter() {
            let there = tallies
                .records_of(&front.dir)
                .map_err(error::io(PRUNE, &front.dir.path))?;
            records += there.saturating_sub(front.records);
        }
        tallies.forget_what_is_gone();
        records = records.saturating_sub(max);
    }
    if let Some(max) = retention.max_bytes {
        let left: u64 = fronts.iter().map(|front| front.bytes_left).sum();
        bytes = left.saturating_sub(max);
    }
    let mut oldest: BinaryHeap<_> = fronts
        .iter()
        .enumerate()
        .filter_map(|(index, front)| Some(Reverse((front.next.as_ref()?.time, index))))
        .collect();
    while records > 0 || bytes > 0 {
        let Some(Reverse((_, index))) = oldest.pop() else {
            break;
        };
        let front = &mut fronts[index];
        let (removed_records, removed_bytes) = front.remove()?;
        records = records.saturating_sub(removed_records);
        bytes = bytes.saturating_sub(removed_bytes);
        oldest.extend(front.next.as_ref().map(|next| Reverse((next.time, index))));
    }
    Ok(())
}

/// The front of a run: what of it is to go, and the record that would be next.
struct Front {
    id: RunId,
    dir: RunDir,
    segments: VecDeque<Segment>,
    lines: Option<(Segment, Forward)>,
    next: Option<Next>,
    /// Everything before this place of this segment goes.
    cut: Option<(u64, u64)>,
    records: u64,
    bytes: u64,
    bytes_left: u64,
    /// The time of the last record that could be read: lines that cannot be go with it.
    time: Timestamp,
}

struct Next {
    time: Timestamp,
    segment: u64,
    end: u64,
    bytes: u64,
    records: u64,
}

impl Front {
    fn of(config: &FileComparisonConfig, id: RunId) -> Result<Self, PortError> {
        let dir = run_dir(&config.dir, &id);
        let failed = |source| error::io(PRUNE, &dir.path)(source);
        let segments: VecDeque<Segment> = dir.segments().map_err(failed)?.into();
        let mut bytes_left = 0;
        for segment in &segments {
            let end = segment.end().map_err(failed)?.unwrap_or(segment.base);
            bytes_left += end - segment.base;
        }
        let mut front = Self {
            id,
            dir,
            segments,
            lines: None,
            next: None,
            cut: None,
            records: 0,
            bytes: 0,
            bytes_left,
            time: Timestamp::MIN,
        };
        front.advance()?;
        Ok(front)
    }

    fn advance(&mut self) -> Result<(), PortError> {
        self.next = self.read_next().map_err(error::io(PRUNE, &self.dir.path))?;
        Ok(())
    }

    fn read_next(&mut self) -> io::Result<Option<Next>> {
        loop {
            let Some((segment, lines)) = &mut self.lines else {
                let Some(segment) = self.segments.pop_front() else {
                    return Ok(None);
                };
                let lines = Forward::from(&segment, segment.base)?;
                self.lines = Some((segment, lines));
                continue;
            };
            match lines.next_line()? {
                Some((line, end)) if line.ends_with(b"\n") => {
                    let head = serde_json::from_slice::<Head<'_>>(line).ok();
                    self.time = head.as_ref().map_or(self.time, |head| head.time);
                    return Ok(Some(Next {
                        time: self.time,
                        segment: segment.number,
                        end,
                        bytes: line.len() as u64,
                        records: u64::from(head.is_some()),
                    }));
                }
                // The end, or a line that somebody may be writing: the next segment.
                _ => self.lines = None,
            }
        }
    }

    /// Marks the next line to go, and answers how many records and bytes that are.
    fn remove(&mut self) -> Result<(u64, u64), PortError> {
        let Some(next) = self.next.take() else {
            return Ok((0, 0));
        };
        self.cut = Some((next.segment, next.end));
        self.records += next.records;
        self.bytes += next.bytes;
        self.bytes_left = self.bytes_left.saturating_sub(next.bytes);
        self.advance()?;
        Ok((next.records, next.bytes))
    }
}

/// Makes a cut that was marked, under the run's lock.
fn cut(config: &FileComparisonConfig, front: &Front) -> Result<(), PortError> {
    let Some((number, offset)) = front.cut else {
        return Ok(());
    };
    let dir = &front.dir;
    let Some(_lock) = Lock::take(PRUNE, &dir.lock(), config.lock_timeout)? else {
        return Ok(());
    };
    cut_segments(dir, number, offset).map_err(error::io(PRUNE, &dir.path))
}

fn cut_segments(dir: &RunDir, number: u64, offset: u64) -> io::Result<()> {
    for segment in dir.segments()? {
        if segment.number < number {
            fs::remove_file(&segment.path)?;
        } else if segment.number == number && offset > segment.base {
            // The end is copied under a new name, which tells how much is missing; then the old
            // file goes. After a crash in between, the new name counts.
            let shorter = segment.cut(offset);
            let mut old = File::open(&segment.path)?;
            old.seek(SeekFrom::Start(offset - segment.base))?;
            let unfinished = dir.unfinished();
            let copied = create_new(&unfinished).and_then(|mut new| {
                io::copy(&mut old, &mut new)?;
                new.sync_all()
            });
            if let Err(error) = copied {
                // It would take the room that is missing.
                let _ = fs::remove_file(&unfinished);
                return Err(error);
            }
            fs::rename(&unfinished, &shorter.path)?;
            fs::remove_file(&segment.path)?;
        }
    }
    remove_replaced(dir)?;
    sync_dir(&dir.path)
}

/// Removes what an interrupted cut left behind.
fn remove_replaced(dir: &RunDir) -> io::Result<()> {
    let current = dir.segments()?;
    for entry in fs::read_dir(&dir.path)? {
        let path = entry?.path();
        let is_segment = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("records-") && name.ends_with(".jsonl"));
        let replaced = current
            .iter()
            .any(|segment| dir.segment(segment.number).path == path && segment.path != path);
        if is_segment && replaced {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Removes a run that has ended and has no records; answers whether it did.
fn remove_empty(
    config: &FileComparisonConfig,
    front: &Front,
    cutoff: Timestamp,
) -> Result<bool, PortError> {
    let dir = &front.dir;
    let failed = |source| error::io(PRUNE, &dir.path)(source);
    let Some(lock) = Lock::take(PRUNE, &dir.lock(), config.lock_timeout)? else {
        return Ok(false);
    };
    let mut empty = true;
    for segment in dir.segments().map_err(failed)? {
        empty &= segment.end().map_err(failed)?.unwrap_or(segment.base) == segment.base;
    }
    if !empty || !may_go(dir, &front.id, cutoff) {
        return Ok(false);
    }
    // Without its header a run is not there for anybody; only then its files go.
    fs::remove_file(dir.header()).map_err(failed)?;
    drop(lock);
    fs::remove_dir_all(&dir.path).map_err(failed)?;
    Ok(true)
}

/// Whether a run ended before a time. A header that cannot be read is for a person to look at.
fn may_go(dir: &RunDir, id: &RunId, cutoff: Timestamp) -> bool {
    let header = read_header(PRUNE, dir, id);
    matches!(header, Ok(Some(run)) if run.state != RunState::Running && run.updated < cutoff)
}
