use cutover_domain::flags::Revision;
use cutover_ports::PortError;

use super::base::Good;
use super::document;
use super::error::{self, Operation};
use super::files::Files;
use super::history::History;
use super::state::{self, State, Text};

pub(super) const INSPECT: Operation = "inspect the flag store";

/// So many damaged lines and gaps are named; more are only counted.
const NAMED: usize = 100;

/// What an inspection found beside the flags themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// How many whole records the history file has.
    pub records: u64,
    /// The revision of the first.
    pub oldest: Option<Revision>,
    /// The revision of the last.
    pub newest: Option<Revision>,
    /// The oldest revision that is known, in the history file or in the document. Above 1, what
    /// came before was compacted or lost.
    pub starts_at: Option<Revision>,
    /// How many lines are damaged.
    pub damaged_lines: u64,
    /// The first hundred of them.
    pub damaged: Vec<DamagedLine>,
    /// Where records are missing: the first hundred places.
    pub gaps: Vec<Gap>,
    /// The revision of the good copy, if there is one that can be believed.
    pub good_copy: Option<Revision>,
    /// The schema of the flags, where a newer version wrote them: they are not broken, and no repair
    /// touches them.
    pub newer_schema: Option<u64>,
    /// Whether the store takes no commits because somebody swaps it by a symbolic link.
    pub is_read_only: bool,
}

/// A line of the history that is no record. It is left out by readers and kept by writers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedLine {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

/// Records that are missing between two others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last revision before the gap.
    pub after: Revision,
    /// The first revision behind it.
    pub before: Revision,
}

pub(super) fn inspect(files: &Files) -> Result<Inspection, PortError> {
    let mut found = Inspection {
        is_read_only: files.are_read_only(),
        ..Inspection::default()
    };
    // Flags that cannot be read do not hinder looking at what they can be brought back from. They
    // are read first: what they do not hold any more has reached the history file.
    let state = state::read(INSPECT, files).ok().flatten();
    if state.is_none()
        && let Ok(Some(text)) = Text::read(INSPECT, &files.document)
    {
        found.newer_schema = document::newer_schema(&text.bytes);
    }
    let mut tail = None;
    if let Some(history) = History::open(INSPECT, &files.history)? {
        let failed = || error::io(INSPECT, &files.history);
        history
            .scan(|line, record| found.add(line, record.map(|record| record.revision)))
            .map_err(failed())?;
        tail = history.newest().map_err(failed())?;
    }
    found.good_copy =
        Good::read(INSPECT, &files.good, tail.as_ref()).map(|good| good.last.revision);
    let committed = state.as_ref().and_then(State::committed);
    if let (Some(newest), Some(committed)) = (found.newest, committed)
        && committed.revision > newest
    {
        found.step(newest, committed.revision);
    }
    let first_in_document = state
        .as_ref()
        .and_then(|state| state.head().last())
        .map(|record| record.revision);
    found.starts_at = found.oldest.or(first_in_document).or(found.good_copy);
    Ok(found)
}

impl Inspection {
    /// Notes a gap where one record does not follow the other.
    fn step(&mut self, after: Revision, before: Revision) {
        if before != after.next() && self.gaps.len() < NAMED {
            self.gaps.push(Gap { after, before });
        }
    }

    fn add<E: std::fmt::Display>(&mut self, line: u64, revision: Result<Revision, E>) {
        match revision {
            Ok(revision) => {
                if let Some(after) = self.newest {
                    self.step(after, revision);
                }
                self.records += 1;
                self.oldest.get_or_insert(revision);
                self.newest = Some(revision);
            }
            Err(why) => {
                self.damaged_lines += 1;
                if self.damaged.len() < NAMED {
                    let why = why.to_string();
                    self.damaged.push(DamagedLine { line, why });
                }
            }
        }
    }
}
