//! Which runs of one record gave which values: what tells a value that old never gives from noise.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::words::Words;
use crate::comparison::place::LONGEST_PATH;
use crate::comparison::report::generalize;
use crate::comparison::{Comparison, Difference, DifferenceKind};
use crate::tree::Tree;

/// At most so many values of one place are kept of a record: those with the smallest hashes.
const MOST_AT_A_PLACE: usize = 64;

/// At most so many are kept of a record in all.
const MOST: usize = 512;

/// The most runs that are told apart.
const MOST_RUNS: u64 = 52;

/// The runs of one record: new, old's first, and old again from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Run {
    New,
    First,
    Again(u64),
}

impl Run {
    /// Its bit among those by which a value was given.
    pub(super) const fn bit(self) -> u64 {
        match self {
            Self::New => 1,
            Self::First => 2,
            // More runs than are told apart count as the last one.
            Self::Again(number) if number + 2 < MOST_RUNS => 4 << number,
            Self::Again(_) => 1 << (MOST_RUNS - 1),
        }
    }
}

/// Beside the bits of runs: new gave the value where all of old's runs answered the same.
const STEADY: u64 = 1 << MOST_RUNS;

/// One value at a place, told by hashes, and the runs of the record that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(u32, u32, u64)", into = "(u32, u32, u64)")]
pub struct Given {
    /// The value.
    pub value: u32,
    /// The path with its indexes; 0 where there are none, or they tell nothing.
    pub at: u32,
    /// Bit 0 for new, bit 1 for old's first run, the next ones for its further runs; bit 52 where
    /// new gave it and all of old's runs answered the same.
    pub by: u64,
}

impl Given {
    /// The bits of the runs that gave it.
    pub(super) const fn runs(self) -> u64 {
        self.by & !STEADY
    }

    /// Whether it is another value than the one that all of old's runs gave.
    pub(super) const fn is_alone(self) -> bool {
        self.by & STEADY != 0
    }

    /// Whether new gave it, and old's first run did not: new differs.
    pub(super) const fn is_new(self) -> bool {
        self.by & (Run::New.bit() | Run::First.bit()) == Run::New.bit()
    }
}

impl From<(u32, u32, u64)> for Given {
    fn from((value, at, by): (u32, u32, u64)) -> Self {
        Self { value, at, by }
    }
}

impl From<Given> for (u32, u32, u64) {
    fn from(given: Given) -> Self {
        (given.value, given.at, given.by)
    }
}

/// The values of a place in which the runs of one record part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenAt {
    /// The path, with `[*]` for every index.
    pub path: String,
    /// The values, sorted.
    pub values: Vec<Given>,
    /// Values from this on are not known: there were too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<u32>,
}

/// What is at one path in each run that does not answer as old's first.
#[derive(Clone, Debug, Default)]
struct Row {
    first: Said,
    others: BTreeMap<Run, Said>,
    /// Whether a value is known in part only, so that nothing can be told.
    is_cut: bool,
}

/// What one run says there.
#[derive(Clone, Debug, Default, PartialEq)]
struct Said {
    value: u32,
    words: Option<Words>,
}

impl Said {
    fn of(value: Option<&Tree>, kind: DifferenceKind) -> Self {
        let Some(value) = value else {
            return Self::default();
        };
        let text = value.root().as_str();
        let value = match (kind, text) {
            // How it ended, not what was said of it.
            (DifferenceKind::Outcome, Some(text)) => {
                hash(&["end", text.split(": ").next().unwrap_or(text)])
            }
            _ => hash(&["value", &value.to_json()]),
        };
        let words = text.filter(|_| kind == DifferenceKind::Value);
        Self {
            value,
            words: words.and_then(Words::of),
        }
    }
}

fn hash(texts: &[&str]) -> u32 {
    // Zero is for what is not there.
    (xxh3_64(texts.join("\0").as_bytes()) as u32).max(1)
}

/// The hashes by which a difference of new is found again.
pub(super) fn told(difference: &Difference) -> [u32; 2] {
    let value = Said::of(difference.new.as_ref(), difference.kind).value;
    [value, hash(&[&difference.path])]
}

/// Values by path, then by the path with its indexes.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows(BTreeMap<(String, u32), Row>);

/// Odd parts of texts at one place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OddParts {
    /// The runs that are the odd one out in a part of a text.
    pub(super) by: u64,
    /// In how many texts new is.
    pub(super) new: u64,
}

impl GivenAt {
    /// What a record says in which old was not asked again: the values of old's first run and of new.
    pub(super) fn of_pair(comparison: &Comparison) -> Vec<Self> {
        let mut rows = Rows::default();
        for difference in &comparison.differences {
            let path = generalize(&difference.path);
            if path.len() <= LONGEST_PATH {
                rows.add(Run::New, &path, difference);
            }
        }
        rows.given(0, |_| true)
    }
}

impl Rows {
    /// Adds a difference of a run to old's first. `path` has `[*]` for every index.
    pub(super) fn add(&mut self, run: Run, path: &str, difference: &Difference) {
        let kind = difference.kind;
        if matches!(kind, DifferenceKind::Order | DifferenceKind::Repetition) {
            return;
        }
        let at = hash(&[&difference.path]);
        let row = self.0.entry((path.to_owned(), at)).or_default();
        row.first = Said::of(difference.old.as_ref(), kind);
        row.others
            .insert(run, Said::of(difference.new.as_ref(), kind));
        let values = [&difference.old, &difference.new].into_iter().flatten();
        row.is_cut |= values.into_iter().any(is_cut);
    }

    /// The values by place, of so many further runs of old. At a place for which `is_unsteady` says
    /// so, indexes tell nothing.
    pub(super) fn given(&self, pairs: u64, is_unsteady: impl Fn(&str) -> bool) -> Vec<GivenAt> {
        let mut places: BTreeMap<&str, BTreeMap<(u32, u32), u64>> = BTreeMap::new();
        for ((path, at), row) in self.0.iter().filter(|(_, row)| !row.is_cut) {
            let (has_index, is_unsteady) = (path.contains("[*]"), is_unsteady(path));
            let at = if has_index && !is_unsteady { *at } else { 0 };
            let values = places.entry(path).or_default();
            let mut runs = row.said(pairs).skip(1).map(|(_, said)| said.value);
            let is_steady = !is_unsteady && runs.all(|value| value == row.first.value);
            for (run, said) in row.said(pairs) {
                // Where members move, that one is not there says nothing.
                if said.value != 0 || !is_unsteady {
                    let alone = match run {
                        Run::New if is_steady => STEADY,
                        _ => 0,
                    };
                    *values.entry((said.value, at)).or_default() |= run.bit() | alone;
                }
            }
        }
        let mut left = MOST;
        let mut found = Vec::new();
        for (path, values) in places {
            let given = GivenAt::of(path, values, left.min(MOST_AT_A_PLACE));
            left -= given.values.len();
            if !given.values.is_empty() {
                found.push(given);
            }
        }
        found
    }

    /// Where texts differ in all runs, the runs that are the odd one out in a part of them: in a
    /// word that is the same in all the others.
    pub(super) fn odd_parts(
        &self,
        pairs: u64,
        is_unsteady: impl Fn(&str) -> bool,
    ) -> BTreeMap<&str, OddParts> {
        let mut found: BTreeMap<&str, OddParts> = BTreeMap::new();
        for ((path, _), row) in self.0.iter().filter(|(_, row)| !row.is_cut) {
            if is_unsteady(path) {
                continue;
            }
            let said: Vec<(Run, &Said)> = row.said(pairs).collect();
            let values: BTreeSet<u32> = said.iter().map(|(_, said)| said.value).collect();
            // Of two values one is the odd one out as a whole.
            if values.len() < 3 {
                continue;
            }
            let words: Option<Vec<(u64, &Words)>> = (said.iter())
                .map(|(run, said)| Some((run.bit(), said.words.as_ref()?)))
                .collect();
            let by = words.map_or(0, |words| Words::odd(&words));
            if by != 0 {
                let odd = found.entry(path).or_default();
                odd.by |= by;
                odd.new += by & Run::New.bit();
            }
        }
        found
    }
}

impl Row {
    fn said(&self, pairs: u64) -> impl Iterator<Item = (Run, &Said)> {
        let runs = [Run::New, Run::First].into_iter();
        runs.chain((0..pairs).map(Run::Again)).map(|run| {
            let other = self.others.get(&run);
            (run, other.unwrap_or(&self.first))
        })
    }
}

impl GivenAt {
    fn of(path: &str, values: BTreeMap<(u32, u32), u64>, room: usize) -> Self {
        let all = values.len();
        let given = values
            .into_iter()
            .map(|((value, at), by)| Given { value, at, by });
        let mut values: Vec<Given> = given.take(room.saturating_add(1)).collect();
        let mut below = None;
        if all > room {
            // A value is known at all indexes or at none.
            below = values.pop().map(|first_left_out| first_left_out.value);
            values.retain(|given| below.is_some_and(|below| given.value < below));
        }
        Self {
            path: path.to_owned(),
            values,
            below,
        }
    }
}

/// Whether a value is a sample of a longer one.
fn is_cut(value: &Tree) -> bool {
    let json = value.to_json();
    json.contains("… (+") || json.contains(") …") || json.contains("\"…\":")
}
