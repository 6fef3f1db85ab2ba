use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Values;
use super::evidence::path_hash;
use super::exact::{adjusted, more_often};
use super::foreign::{Foreign, ForeignIn};
use super::learner::{NoiseLearner, PathCounts, place_hash};
use super::suggestion::{Sort, Suggestion, suggestions};
use crate::comparison::{DifferenceKind, round};

/// The share of false discoveries allowed among the paths called real because new differs more
/// often.
const FALSE_DISCOVERIES: f64 = 0.05;

/// From so many pairs of old and old that differ on, a place may be noise. One is no pattern.
const ENOUGH: u64 = 2;

/// What a place is, by what was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoiseClass {
    /// New differs there no more often than old does from itself. Does not count.
    Noise,
    /// Not enough is known. Counts as real.
    Undecided,
    /// A difference of new.
    Real,
}

impl NoiseClass {
    /// The word for messages and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Undecided => "undecided",
            Self::Real => "real",
        }
    }
}

impl fmt::Display for NoiseClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What of the differences of new at a place noise hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hides {
    /// Nothing.
    Nothing,
    /// Only where old differs from itself in the same case, at the same index.
    Varied,
    /// All of them.
    All,
}

/// What was learned about one operation, and what it hides.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Noise {
    /// Records in which old was asked again; new's answer in them is what old's are held against.
    pub records: u64,
    /// How often old was compared with itself in them.
    pub self_pairs: u64,
    /// Every place where old differs from itself, those that hide most first. Any other place is
    /// real.
    pub paths: Vec<NoisePath>,
    /// Rules that would take the noise away, for a person to accept.
    pub suggestions: Vec<Suggestion>,
    /// Differences of new that are hidden, those in records that still differ included.
    pub hidden_differences: u64,
    /// Records with hidden differences.
    pub hidden_records: u64,
    /// Records that differ by noise alone: equal, but for it.
    pub equal: u64,
    /// Records that differ by noise alone, and in which a budget left something undecided.
    pub inexact: u64,
    /// Records with more differences than are known. Nothing is hidden in them.
    pub incomplete: u64,
    /// How often old was compared with itself in them: nothing is learned from that.
    pub unused_pairs: u64,
    /// Differences at places that did not fit. Nothing is hidden there.
    pub unlearned: u64,
    /// Records that did not fit. They stay as they were judged.
    pub unread: u64,
    #[serde(skip)]
    pub(super) index: HashMap<u128, usize>,
    #[serde(skip)]
    pub(super) foreign: Foreign,
}

/// A place where old differs from itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoisePath {
    /// The path, with `[*]` for every index.
    pub path: String,
    /// How answers part there.
    pub kind: DifferenceKind,
    /// What it is. Real is also where noise hides a part only, and something is left.
    pub class: NoiseClass,
    /// What it hides.
    pub hides: Hides,
    /// How many values new has otherwise that are the same in all runs of old of the same record.
    pub alone: u64,
    /// How many values new gives there that old never gives, though it repeats itself otherwise:
    /// in any case, or in one of which there are several records. They count.
    pub foreign: u64,
    /// In how many texts that differ as a whole new alone has a part otherwise, where that is more
    /// than chance; they count.
    pub parted: u64,
    /// Why, with the numbers, for people.
    pub why: String,
    /// How many of [`Noise::self_pairs`] differ there.
    pub self_pairs: u64,
    /// How many of [`Noise::records`] have a difference of new there.
    pub records: u64,
    /// How likely it is that new differs at least so often if it is no different from old; absent
    /// where new never differs.
    pub p: Option<f64>,
    /// The same, made comparable with the false discovery rate over all paths.
    pub q: Option<f64>,
    /// Differences of new that it hides.
    pub hidden_differences: u64,
    /// Records in which it hides something.
    pub hidden_records: u64,
    /// What the values of old look like, against each other.
    pub self_values: Values,
    /// What the values of old and new look like, against each other.
    pub values: Values,
}

impl NoiseLearner {
    /// What was learned so far.
    #[must_use]
    pub fn learned(&self) -> Noise {
        // Only where both sides differ is there a question.
        let asked: Vec<u128> = self
            .paths
            .iter()
            .filter(|(_, counts)| counts.self_pairs > 0 && counts.records > 0)
            .map(|(place, _)| place)
            .collect();
        let p_values: Vec<f64> = asked
            .iter()
            .filter_map(|place| self.paths.get(*place))
            .map(|counts| self.chance(counts))
            .collect();
        let q_values = adjusted(&p_values);
        let tested: HashMap<u128, (f64, f64)> = asked
            .into_iter()
            .zip(p_values.into_iter().zip(q_values))
            .collect();
        let odd_parts = self.odd_parts();
        let mut noise = Noise {
            foreign: self.evidence.foreign(),
            records: self.records,
            self_pairs: self.self_pairs,
            incomplete: self.incomplete,
            unused_pairs: self.unused_pairs,
            unlearned: self.unlearned,
            unread: self.unread,
            ..Noise::default()
        };
        for (place, counts) in self
            .paths
            .iter()
            .filter(|(_, counts)| counts.self_pairs > 0)
        {
            let tested = tested.get(&place).copied();
            noise.index.insert(place, noise.paths.len());
            let path = self.path(counts, tested);
            let foreign = noise.foreign.places.get(&path_hash(&counts.path)).copied();
            noise.paths.push(match path.hides {
                Hides::Nothing => path,
                _ => path
                    .with_parted(odd_parts.contains(&place), counts)
                    .with_foreign(foreign),
            });
        }
        for group in self.groups.values() {
            noise.hide(group, &ForeignIn::new());
        }
        for suspect in self.evidence.suspects() {
            let foreign = noise.foreign.of(&suspect.marks);
            noise.hide(&suspect.group, &foreign);
        }
        noise.sort();
        noise.suggestions = suggestions(&noise);
        noise
    }

    /// How likely it is that new differs so often if it is one more run of old. Records that tell
    /// value by value are judged by that; older ones by how often each side differs at all. Where
    /// there are both, twice the smaller of the two chances holds.
    fn chance(&self, counts: &PathCounts) -> f64 {
        let pooled = (counts.pooled.records > 0).then(|| {
            more_often(
                counts.pooled.records,
                self.pooled.records,
                counts.pooled.self_pairs,
                self.pooled.self_pairs,
            )
        });
        let by_value = (!counts.strata.is_empty()).then(|| counts.strata.more_often());
        match (by_value, pooled) {
            (Some(by_value), Some(pooled)) => (2.0 * by_value.min(pooled)).min(1.0),
            (one, other) => one.or(other).unwrap_or(1.0),
        }
    }

    /// The places where new is the odd one out in parts of texts, and more often than chance has it.
    fn odd_parts(&self) -> HashSet<u128> {
        let places = self.paths.iter();
        let tested: Vec<(u128, f64)> = places
            .filter(|(_, counts)| counts.parts.of_new() > 0)
            .map(|(place, counts)| (place, counts.parts.more_often()))
            .collect();
        let p_values: Vec<f64> = tested.iter().map(|(_, p)| *p).collect();
        let places = tested.iter().zip(adjusted(&p_values));
        places
            .filter(|(_, q)| *q <= FALSE_DISCOVERIES)
            .map(|((place, _), _)| *place)
            .collect()
    }

    fn path(&self, counts: &PathCounts, tested: Option<(f64, f64)>) -> NoisePath {
        let more_often = tested.is_some_and(|(_, q)| q <= FALSE_DISCOVERIES);
        let alone = counts.strata.alone();
        let is_pattern = counts.self_pairs >= ENOUGH;
        let looks_otherwise = looks_otherwise(&counts.self_values, &counts.values);
        // Where it is new alone that makes it more often, the rest may still be noise.
        let is_elsewhere = alone > 0
            && is_pattern
            && !looks_otherwise
            && !counts.strata.is_more_often_where_old_varies();
        let (class, hides, so) = if more_often && !is_elsewhere {
            let so = "new differs more often".to_owned();
            (NoiseClass::Real, Hides::Nothing, so)
        } else if !is_pattern {
            let so = "once is no pattern; more pairs of old and old decide".to_owned();
            (NoiseClass::Undecided, Hides::Nothing, so)
        } else if looks_otherwise {
            let so = "new's values look otherwise than old's".to_owned();
            (NoiseClass::Undecided, Hides::Nothing, so)
        } else if alone > 0 && (more_often || !counts.strata.chance_leaves_new_alone()) {
            let so = match alone {
                1 => "1 value of new differs that was the same in all runs of old beside it, and counts"
                    .to_owned(),
                alone => format!(
                    "{alone} values of new differ that were the same in all runs of old beside them, and \
                     count"
                ),
            };
            (NoiseClass::Real, Hides::Varied, so)
        } else {
            let so = "new differs no more often".to_owned();
            (NoiseClass::Noise, Hides::All, so)
        };
        let why = format!(
            "old differs from itself in {} of {} pairs, new from old in {} of {}; {so}",
            counts.self_pairs, self.self_pairs, counts.records, self.records
        );
        NoisePath {
            path: counts.path.clone(),
            kind: counts.kind,
            class,
            hides,
            alone,
            foreign: 0,
            parted: 0,
            why,
            self_pairs: counts.self_pairs,
            records: counts.records,
            p: tested.and_then(|(p, _)| round(p)),
            q: tested.and_then(|(_, q)| round(q)),
            hidden_differences: 0,
            hidden_records: 0,
            self_values: counts.self_values,
            values: counts.values,
        }
    }
}

impl NoisePath {
    /// Counts parts of texts that new alone has otherwise.
    fn with_parted(mut self, is_parted: bool, counts: &PathCounts) -> Self {
        if is_parted {
            self.parted = counts.parted;
            self.class = NoiseClass::Real;
            self.why.push_str(&match self.parted {
                1 => {
                    "; 1 text of new differs also in a part that was the same in all runs of old, \
                      and counts"
                        .to_owned()
                }
                many => format!(
                    "; {many} texts of new differ also in a part that was the same in all runs of \
                     old, and count"
                ),
            });
        }
        self
    }

    /// Counts values that old never gave in any case, and cases in which new always gives what old
    /// never does.
    fn with_foreign(mut self, foreign: Option<[u64; 2]>) -> Self {
        let [anywhere, of_cases] = foreign.unwrap_or_default();
        self.foreign = anywhere + of_cases;
        if self.foreign == 0 {
            return self;
        }
        self.class = self.class.max(NoiseClass::Undecided);
        match anywhere {
            0 => {}
            1 => self
                .why
                .push_str("; new gave 1 value that old never gave, and it counts"),
            many => {
                let so = format!("; new gave {many} values that old never gave, and they count");
                self.why.push_str(&so);
            }
        }
        if of_cases > 0 {
            let cases = match of_cases {
                1 => "1 case".to_owned(),
                many => format!("{many} cases"),
            };
            let so = format!("; in {cases} new always gave what old never did, and that counts");
            self.why.push_str(&so);
        }
        self
    }
}

/// Whether old's values are all of one sort among themselves, and new's are not of it.
fn looks_otherwise(self_values: &Values, values: &Values) -> bool {
    match Sort::of(self_values) {
        Sort::Any => false,
        sort => values.seen > 0 && Sort::of(values) != sort,
    }
}

impl Noise {
    /// What a place is: `path` with `[*]` for every index, as
    /// [`generalize`](crate::comparison::report::generalize) makes it.
    #[must_use]
    pub fn class(&self, path: &str, kind: DifferenceKind) -> NoiseClass {
        self.at(place_hash(path, kind))
            .map_or(NoiseClass::Real, |path| path.class)
    }

    /// Whether nothing was learned: old was never asked again.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.self_pairs == 0 && self.unused_pairs == 0
    }

    pub(super) fn at(&self, place: u128) -> Option<&NoisePath> {
        self.index
            .get(&place)
            .and_then(|index| self.paths.get(*index))
    }

    fn sort(&mut self) {
        self.paths.sort_by(|left, right| {
            let rank = |path: &NoisePath| {
                (
                    Reverse(path.hidden_differences),
                    path.class,
                    Reverse(path.self_pairs),
                )
            };
            rank(left)
                .cmp(&rank(right))
                .then_with(|| left.path.cmp(&right.path))
                .then_with(|| left.kind.cmp(&right.kind))
        });
        let places = self.paths.iter().enumerate();
        self.index = places
            .map(|(index, path)| (place_hash(&path.path, path.kind), index))
            .collect();
    }
}
