//! Values that new gives and old never did, over all records.

use std::collections::{BTreeMap, HashSet};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::GivenAt;
use super::exact::adjusted;
use super::foreign::{Foreign, Marks, Suspect};
use super::given::Run;
use super::learner::Group;
use super::strata::at_least;
use crate::comparison::bounded::{Bounded, Room};

const NEW: u64 = Run::New.bit();
const OLD: u64 = !NEW;

/// So many values of places are known.
const MOST_VALUES: usize = 131_072;

/// So many values of cases, and so many cases.
const MOST_OF_CASES: usize = 262_144;

/// So many sorts of records are known by the values that new gave.
const MOST_SUSPECTS: usize = 8_192;

/// A value that a run gives in all records of a case is its own where the others give it in less than
/// this share of theirs.
const SELDOM: f64 = 1.0 / 6.0;

/// New may give values of its own as often as chance allows in all but this share of places.
const FALSE_DISCOVERIES: f64 = 0.05;

/// Who gave a value, in how many records.
#[derive(Clone, Copy, Debug)]
struct Seen {
    path: u64,
    value: u32,
    /// The runs that gave it in some record.
    by: u64,
    /// The runs that gave it in all of them.
    always: u64,
    records: u32,
    /// How many runs of old gave it, in all records.
    old: u32,
    /// In how many records new did.
    new: u32,
}

/// The records of a case in which old was asked again, and how often it was.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    records: u32,
    old: u32,
}

/// What is known of the values of all runs.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// How many runs there were of new, and of both.
    runs: [u64; 2],
    /// By place and value, over all cases.
    values: Bounded<Seen>,
    /// Places where a record has more values than it keeps: those from here on are not known.
    below: Bounded<u32>,
    /// By case, place with its indexes, and value.
    of_cases: Bounded<Seen>,
    /// How often both were asked in a case.
    cases: Bounded<Asked>,
    /// Records that differ, by the values of new in them.
    suspects: Bounded<Suspect>,
    /// Whether there were more than are known one by one.
    is_overfull: bool,
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            runs: [0; 2],
            values: Bounded::new(MOST_VALUES),
            below: Bounded::new(MOST_VALUES),
            of_cases: Bounded::new(MOST_OF_CASES),
            cases: Bounded::new(MOST_OF_CASES),
            suspects: Bounded::new(MOST_SUSPECTS),
            is_overfull: false,
        }
    }
}

impl Evidence {
    /// Learns who gave which values in a record; in its case only where old was asked again, so many
    /// times.
    pub(super) fn add(&mut self, given: &[GivenAt], pairs: Option<u64>, case: Option<&str>) {
        let [new, all] = &mut self.runs;
        *new = new.saturating_add(1);
        *all = all.saturating_add(pairs.unwrap_or_default() + 2);
        let case = case.filter(|_| pairs.is_some());
        let case = case.map(|case| xxh3_64(case.as_bytes()));
        if let (Some(case), Some(pairs)) = (case, pairs)
            && let Room::Here(asked, _) = self.cases.entry(case_hash(case, 0), Asked::default)
        {
            asked.add(Asked {
                records: 1,
                old: u32::try_from(pairs + 1).unwrap_or(u32::MAX),
            });
        }
        for place in given {
            self.add_place(place, case);
        }
    }

    fn add_place(&mut self, place: &GivenAt, case: Option<u64>) {
        let path = path_hash(&place.path);
        if let Some(below) = place.below {
            self.forget_from(path.into(), below);
        }
        let mut by_value: BTreeMap<u32, u64> = BTreeMap::new();
        for given in &place.values {
            *by_value.entry(given.value).or_default() |= given.runs();
            if let Some(case) = case {
                let key = value_in_case(case, (path, given.value, given.at));
                see(
                    &mut self.of_cases,
                    key,
                    Seen::once(path, given.value, given.runs()),
                );
            }
        }
        for (value, by) in by_value {
            see(
                &mut self.values,
                value_hash(path, value),
                Seen::once(path, value, by),
            );
        }
    }

    fn forget_from(&mut self, path: u128, below: u32) {
        if let Room::Here(known, _) = self.below.entry(path, || below) {
            *known = below.min(*known);
        }
    }

    /// Keeps a record apart by the values of new; gives back what there is no room for.
    pub(super) fn apart(&mut self, group: Group, marks: Marks) -> Option<Group> {
        if marks.values.is_empty() {
            return Some(group);
        }
        self.suspect(&Suspect { group, marks })
    }

    fn suspect(&mut self, suspect: &Suspect) -> Option<Group> {
        let hash = suspect.hash();
        let mut is_new = false;
        let empty = || {
            is_new = true;
            suspect.clone()
        };
        let left = match self.suspects.entry(hash, empty) {
            Room::Here(known, gone) => {
                if !is_new {
                    known.group.merge(&suspect.group);
                }
                gone.map(|gone| gone.group)
            }
            Room::Full => Some(suspect.group.clone()),
        };
        self.is_overfull |= left.is_some();
        left
    }

    pub(super) fn suspects(&self) -> impl Iterator<Item = &Suspect> {
        self.suspects.values()
    }

    /// Adds what was learned elsewhere; gives back the groups that have no room.
    pub(super) fn merge(&mut self, other: &Self) -> Vec<Group> {
        for (path, below) in other.below.iter() {
            self.forget_from(path, *below);
        }
        for (mine, theirs) in [
            (&mut self.values, &other.values),
            (&mut self.of_cases, &other.of_cases),
        ] {
            for (key, seen) in theirs.iter() {
                see(mine, key, *seen);
            }
        }
        for (case, more) in other.cases.iter() {
            if let Room::Here(asked, _) = self.cases.entry(case, Asked::default) {
                asked.add(*more);
            }
        }
        self.is_overfull |= other.is_overfull;
        for (runs, more) in self.runs.iter_mut().zip(other.runs) {
            *runs = runs.saturating_add(more);
        }
        let suspects = other.suspects.values();
        suspects
            .filter_map(|suspect| self.suspect(suspect))
            .collect()
    }

    /// The values of new that old never gives.
    pub(super) fn foreign(&self) -> Foreign {
        let [new, all] = self.runs;
        let share = new as f64 / all.max(1) as f64;
        let is_known = |seen: &Seen| {
            let below = self.below.get(seen.path.into());
            below.is_none_or(|below| seen.value < *below)
        };
        let values: Vec<&Seen> = (self.values.values())
            .filter(|seen| is_known(seen))
            .collect();
        let mut foreign = Foreign {
            is_blunt: self.is_overfull,
            ..Foreign::default()
        };
        // Once; and again, where others are never the same twice.
        for least in [1, 2] {
            let of_new = |seen: &Seen| seen.is_of_new() && seen.new >= least;
            let of_old = |seen: &Seen| match least {
                1 => seen.is_of_one_old() || seen.is_seldom_of_old(),
                _ => seen.is_of_one_old() && seen.old >= least,
            };
            let places = stands_out(
                values.iter().copied().filter(|seen| of_new(seen)),
                values.iter().copied().filter(|seen| of_old(seen)),
                share,
            );
            let counted = values.iter().filter(|seen| of_new(seen));
            for seen in counted.filter(|seen| places.contains(&seen.path)) {
                if foreign.values.insert((seen.path, seen.value)) {
                    foreign.places.entry(seen.path).or_default()[0] += 1;
                }
            }
        }
        let in_cases: Vec<(u128, &Seen, Asked)> = (self.of_cases.iter())
            .filter_map(|(key, seen)| {
                let asked = *self.cases.get(case_hash((key >> 64) as u64, 0))?;
                let is_always = asked.records > 1 && seen.records == asked.records;
                (is_always && is_known(seen)).then_some((key, seen, asked))
            })
            .collect();
        let of_new = |asked: Asked, seen: &Seen| seen.is_always_of_new(asked);
        let of_old = |asked: Asked, seen: &Seen| seen.is_always_of_one_old(asked);
        let all = || in_cases.iter().map(|(_, seen, asked)| (*seen, *asked));
        let places = stands_out(
            all().filter_map(|(seen, asked)| of_new(asked, seen).then_some(seen)),
            all().filter_map(|(seen, asked)| of_old(asked, seen).then_some(seen)),
            share,
        );
        let mut cases: HashSet<(u64, u64)> = HashSet::new();
        for (key, seen, asked) in &in_cases {
            if of_new(*asked, seen) && places.contains(&seen.path) {
                foreign.of_cases.insert(*key);
                if cases.insert((seen.path, (key >> 64) as u64)) {
                    foreign.places.entry(seen.path).or_default()[1] += 1;
                }
            }
        }
        foreign
    }
}

impl Asked {
    fn add(&mut self, more: Self) {
        self.records = self.records.saturating_add(more.records);
        self.old = self.old.saturating_add(more.old);
    }
}

impl Seen {
    fn once(path: u64, value: u32, by: u64) -> Self {
        Self {
            path,
            value,
            by,
            always: by,
            records: 1,
            old: (by & OLD).count_ones(),
            new: u32::from(by & NEW > 0),
        }
    }

    /// Whether new gave it, and old never.
    fn is_of_new(&self) -> bool {
        self.by & OLD == 0
    }

    /// Whether of old's runs one alone gave it, all records taken together.
    fn is_of_one_old(&self) -> bool {
        (self.by & OLD).count_ones() == 1
    }

    /// Whether old gave it so seldom that it might as well not have.
    fn is_seldom_of_old(&self) -> bool {
        (1..=2).contains(&self.old)
    }

    /// Whether in all records of the case new gives it, and old does so seldom.
    fn is_always_of_new(&self, asked: Asked) -> bool {
        self.always & NEW > 0 && f64::from(self.old) < SELDOM * f64::from(asked.old)
    }

    /// Whether in all records of the case one of old's runs gives it, and its others do so seldom.
    fn is_always_of_one_old(&self, asked: Asked) -> bool {
        let others = [self.old, asked.old].map(|runs| runs.saturating_sub(asked.records));
        let [gave, all] = others.map(f64::from);
        (self.always & OLD).count_ones() == 1 && gave < SELDOM * all
    }
}

fn see(known: &mut Bounded<Seen>, key: u128, more: Seen) {
    let none = || Seen {
        by: 0,
        always: u64::MAX,
        records: 0,
        old: 0,
        new: 0,
        ..more
    };
    if let Room::Here(seen, _) = known.entry(key, none) {
        seen.by |= more.by;
        seen.always &= more.always;
        seen.records = seen.records.saturating_add(more.records);
        seen.old = seen.old.saturating_add(more.old);
        seen.new = seen.new.saturating_add(more.new);
    }
}

/// The places where new has such values, and more of them than a run of old; its share of all runs is
/// given.
///
/// Where no run of old has any, one of new is enough: what old gives is known then, and hiding needs
/// proof. Else new has to have significantly more of them.
fn stands_out<'a>(
    of_new: impl Iterator<Item = &'a Seen>,
    of_old: impl Iterator<Item = &'a Seen>,
    share: f64,
) -> HashSet<u64> {
    let mut counts: BTreeMap<u64, [u64; 2]> = BTreeMap::new();
    for seen in of_new {
        counts.entry(seen.path).or_default()[1] += 1;
    }
    for seen in of_old {
        if let Some([old, _]) = counts.get_mut(&seen.path) {
            *old += 1;
        }
    }
    let p_values: Vec<f64> = (counts.values())
        .map(|[old, new]| at_least(&[(share, old + new)], *new))
        .collect();
    let places = counts.iter().zip(adjusted(&p_values));
    places
        .filter(|((_, [old, _]), q)| *old == 0 || *q <= FALSE_DISCOVERIES)
        .map(|((path, _), _)| *path)
        .collect()
}

pub(super) fn path_hash(path: &str) -> u64 {
    xxh3_64(path.as_bytes())
}

fn value_hash(path: u64, value: u32) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(&path.to_le_bytes());
    hash.update(&value.to_le_bytes());
    hash.digest128()
}

/// Sorted by case, so that what is left of many cases are some of them as a whole.
fn case_hash(case: u64, within: u64) -> u128 {
    (u128::from(case) << 64) | u128::from(within)
}

pub(super) fn value_in_case(case: u64, (path, value, at): (u64, u32, u32)) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(&path.to_le_bytes());
    hash.update(&value.to_le_bytes());
    hash.update(&at.to_le_bytes());
    case_hash(case, hash.digest())
}
