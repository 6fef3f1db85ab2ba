//! Records, read with what was learned.

use serde::Serialize;

use super::foreign::{ForeignIn, Marks};
use super::given::told;
use super::learner::{Group, Member, OldThere};
use super::{GivenAt, Hides, Noise, NoisePath};
use crate::comparison::report::generalize;
use crate::comparison::{Comparison, ComparisonRecord, Difference, DifferenceKind, RecordResult};

/// A record whose own pairs are all quiet, where that is less likely than this, is not covered.
const UNLIKELY: f64 = 0.001;

/// A record, read with what was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How it ended, but for noise.
    pub result: RecordResult,
    /// How many of its differences noise hides.
    pub hidden: u64,
    /// At how many places.
    pub places: u64,
}

/// A place of one record, read with what was learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceReading {
    /// The path, with `[*]` for every index.
    pub path: String,
    /// How answers part there.
    pub kind: DifferenceKind,
    /// How many differences of new there are.
    pub differences: u64,
    /// How many of them noise hides.
    pub hidden: u64,
}

impl Group {
    /// Whether all of its differences are hidden.
    fn is_hidden(&self, hidden: &[Option<(usize, u64)>]) -> bool {
        (self.members.iter().zip(hidden))
            .all(|(member, hidden)| hidden.is_some_and(|(_, hidden)| hidden == member.differences))
    }
}

impl Noise {
    /// How a record ended, but for noise. One whose differences are all noise is equal; it stays
    /// what it was where not all its differences are known.
    #[must_use]
    pub fn read(&self, record: &ComparisonRecord) -> Reading {
        let comparison = record.judgement.comparison();
        match comparison.filter(|_| record.result == RecordResult::Different) {
            Some(comparison) => self.read_comparison(record, comparison),
            None => Reading {
                result: record.result,
                hidden: 0,
                places: 0,
            },
        }
    }

    fn read_comparison(&self, record: &ComparisonRecord, found: &Comparison) -> Reading {
        let places = found.by_place();
        if !found.is_placed() || places.is_empty() {
            return Reading {
                result: RecordResult::Different,
                hidden: 0,
                places: 0,
            };
        }
        let group = Group::of(record.noise.as_ref(), found.exact, &places);
        let hidden = self.hidden_in(&group, &self.foreign_in(record, found));
        let result = if !group.is_hidden(&hidden) {
            RecordResult::Different
        } else if group.exact {
            RecordResult::Equal
        } else {
            RecordResult::Inexact
        };
        let hidden = hidden.into_iter().flatten();
        Reading {
            result,
            hidden: hidden.clone().map(|(_, hidden)| hidden).sum(),
            places: hidden.count() as u64,
        }
    }

    /// What noise hides of a record, place by place; nothing where not all places are known.
    #[must_use]
    pub fn read_places(&self, record: &ComparisonRecord) -> Vec<PlaceReading> {
        let Some(found) = record.judgement.comparison() else {
            return Vec::new();
        };
        let known = found.is_placed();
        let places = found.by_place();
        let group = Group::in_order(record.noise.as_ref(), found.exact, &places);
        let hidden = self.hidden_in(&group, &self.foreign_in(record, found));
        let places = places.into_iter().zip(hidden);
        places
            .map(|(place, hidden)| PlaceReading {
                path: place.path,
                kind: place.kind,
                differences: place.differences,
                hidden: hidden.filter(|_| known).map_or(0, |(_, hidden)| hidden),
            })
            .collect()
    }

    /// Whether what new gave in a difference is something that old never gives there, though old
    /// differs from itself.
    #[must_use]
    pub fn is_foreign(&self, record: &ComparisonRecord, difference: &Difference) -> bool {
        let path = generalize(&difference.path);
        let marks = Marks::one(&path, told(difference), record.case.as_deref());
        !self.foreign.of(&marks).is_empty()
    }

    /// How many values of a record old never gives, by place.
    fn foreign_in(&self, record: &ComparisonRecord, found: &Comparison) -> ForeignIn {
        if self.foreign.places.is_empty() {
            return ForeignIn::new();
        }
        let asked = record.noise.as_ref().filter(|sample| sample.by_value);
        let of_pair = asked.is_none().then(|| GivenAt::of_pair(found));
        let given = asked.map(|sample| &sample.given).or(of_pair.as_ref());
        let given = given.map_or(&[][..], Vec::as_slice);
        self.foreign.of(&Marks::of(given, record.case.as_deref()))
    }

    /// For each place of a group, the noisy path that hides something there, and how much. Of the
    /// values at a path, `foreign` so many count whatever varies there.
    fn hidden_in(&self, group: &Group, foreign: &ForeignIn) -> Vec<Option<(usize, u64)>> {
        let mut foreign = foreign.clone();
        let members = group.members.iter();
        members
            .map(|member| {
                let (index, hidden) = self.hidden_at(member, group.self_pairs)?;
                let Some([all, varied]) = foreign.get_mut(&member.path) else {
                    return Some((index, hidden));
                };
                // Where old answers the same in all runs, it counts already.
                let is_varied = self.paths.get(index)?.hides == Hides::Varied;
                let left = if is_varied { *varied } else { *all };
                let counted = hidden.min(left.saturating_mul(group.records));
                for left in [all, varied] {
                    *left = left.saturating_sub(counted / group.records.max(1));
                }
                (hidden > counted).then_some((index, hidden - counted))
            })
            .collect()
    }

    fn hidden_at(&self, member: &Member, pairs: u64) -> Option<(usize, u64)> {
        let index = *self.index.get(&member.place)?;
        let path = self.paths.get(index)?;
        if path.foreign > 0 && self.foreign.is_blunt {
            return None;
        }
        let counted = match path.parted {
            0 => 0,
            _ => member.parted,
        };
        let hidden = match (path.hides, member.old) {
            (Hides::Nothing, _) => 0,
            (Hides::Varied, OldThere::ByValue) => member.differences - member.alone,
            // Whether old varies there is not known.
            (Hides::Varied, _) => 0,
            (Hides::All, OldThere::Quiet) if !self.may_be_quiet(path, pairs) => 0,
            (Hides::All, _) => member.differences,
        };
        let hidden = hidden.saturating_sub(counted);
        (hidden > 0).then_some((index, hidden))
    }

    /// Whether so many pairs of one record may all agree at a noisy path.
    fn may_be_quiet(&self, path: &NoisePath, pairs: u64) -> bool {
        let others = self.self_pairs.saturating_sub(pairs);
        if pairs == 0 || others == 0 {
            return true;
        }
        let agree = 1.0 - (path.self_pairs as f64 / others as f64).min(1.0);
        agree.powf(pairs as f64) >= UNLIKELY
    }

    /// Counts what is hidden in the records of a group.
    pub(super) fn hide(&mut self, group: &Group, foreign: &ForeignIn) {
        let hidden = self.hidden_in(group, foreign);
        for (index, differences) in hidden.iter().flatten() {
            if let Some(path) = self.paths.get_mut(*index) {
                path.hidden_differences += differences;
                path.hidden_records += group.records;
                self.hidden_differences += differences;
            }
        }
        if hidden.iter().any(Option::is_some) {
            self.hidden_records += group.records;
        }
        if group.is_hidden(&hidden) {
            let ended = if group.exact {
                &mut self.equal
            } else {
                &mut self.inexact
            };
            *ended += group.records;
        }
    }
}
