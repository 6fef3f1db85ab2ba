use std::borrow::Cow;

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::evidence::{Evidence, path_hash};
use super::foreign::Marks;
use super::sample::values_by_place;
use super::strata::Strata;
use super::{GivenAt, NoiseSample, Stratum, Values};
use crate::comparison::bounded::{Bounded, Room};
use crate::comparison::{Comparison, ComparisonRecord, DifferenceKind, Place};

/// At most so many places are learned about.
const MOST_PATHS: usize = 4_096;

/// At most so many sorts of records (those that differ at the same places) are told apart.
const MOST_GROUPS: usize = 8_192;

/// Learns where old differs from itself, record by record and in any order. One for each operation:
/// a path means nothing across operations.
///
/// What it holds is bounded: 4,096 places and 8,192 sorts of records. What does not fit is counted
/// and stays a difference. Two learners [`merge`](Self::merge) into what one of all records would
/// have become.
#[derive(Clone, Debug)]
pub struct NoiseLearner {
    pub(super) records: u64,
    pub(super) self_pairs: u64,
    /// Of them, the records and pairs of which only places are known, not single values.
    pub(super) pooled: Pooled,
    pub(super) incomplete: u64,
    pub(super) unused_pairs: u64,
    pub(super) unlearned: u64,
    pub(super) unread: u64,
    pub(super) paths: Bounded<PathCounts>,
    pub(super) groups: Bounded<Group>,
    pub(super) evidence: Evidence,
}

/// Records and pairs of old with itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pooled {
    pub(super) records: u64,
    pub(super) self_pairs: u64,
}

impl Pooled {
    fn merge(&mut self, other: Self) {
        self.records = self.records.saturating_add(other.records);
        self.self_pairs = self.self_pairs.saturating_add(other.self_pairs);
    }
}

/// What is known of one place.
#[derive(Clone, Debug)]
pub(super) struct PathCounts {
    pub(super) path: String,
    pub(super) kind: DifferenceKind,
    /// Pairs of old and old that differ there.
    pub(super) self_pairs: u64,
    pub(super) self_differences: u64,
    pub(super) self_values: Values,
    /// The values there, one by one.
    pub(super) strata: Strata,
    /// Which runs are the odd one out in parts of texts there.
    pub(super) parts: Strata,
    /// In how many texts of new.
    pub(super) parted: u64,
    /// Of the records and pairs that differ there, those whose values are not known.
    pub(super) pooled: Pooled,
    /// Records with a sample in which new differs there.
    pub(super) records: u64,
    /// Differences of new, in all records.
    pub(super) differences: u64,
    pub(super) values: Values,
}

/// Records whose new answer differs at the same places.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Whether everything was decided in them.
    pub(super) exact: bool,
    /// How often old was compared with itself in each of them.
    pub(super) self_pairs: u64,
    pub(super) members: Vec<Member>,
    pub(super) records: u64,
}

/// One of the places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) place: u128,
    /// Its path.
    pub(super) path: u64,
    /// How much is known of old there.
    pub(super) old: OldThere,
    /// How many differences, in all records of the group.
    pub(super) differences: u64,
    /// Of them, those in values that are the same in all runs of old.
    pub(super) alone: u64,
    /// Of them, those in texts that differ as a whole, and of which new alone has a part otherwise.
    pub(super) parted: u64,
}

/// What is known of old at one place of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OldThere {
    /// Value by value whether it differs from itself.
    ByValue,
    /// It was not asked again, or differs somewhere there.
    MayDiffer,
    /// It gave the same answer, as far as is known.
    Quiet,
}

impl Default for NoiseLearner {
    fn default() -> Self {
        Self {
            records: 0,
            self_pairs: 0,
            pooled: Pooled::default(),
            incomplete: 0,
            unused_pairs: 0,
            unlearned: 0,
            unread: 0,
            paths: Bounded::new(MOST_PATHS),
            groups: Bounded::new(MOST_GROUPS),
            evidence: Evidence::default(),
        }
    }
}

impl NoiseLearner {
    /// Nothing learned yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns from a record. One whose comparison failed teaches nothing.
    pub fn record(&mut self, record: &ComparisonRecord) {
        if let Some(comparison) = record.judgement.comparison() {
            self.learn(record.noise.as_ref(), comparison, record.case.as_deref());
        }
    }

    /// Learns from what old was found to differ in from itself, if it was asked again, and what new
    /// was found to differ in from old, with the same input.
    ///
    /// How often new differs is taken from records in which old was asked again: then both shares
    /// are of the same inputs. A record with more differences than are known says only that; it is
    /// counted apart, and nothing in it will be noise.
    pub fn add(&mut self, sample: Option<&NoiseSample>, comparison: &Comparison) {
        self.learn(sample, comparison, None);
    }

    /// The same, of a case that may have other records.
    fn learn(&mut self, sample: Option<&NoiseSample>, comparison: &Comparison, case: Option<&str>) {
        let places = comparison.by_place();
        let complete = comparison.is_placed();
        let sample = sample.filter(|sample| sample.pairs > 0);
        if !complete {
            self.incomplete += 1;
            let pairs = sample.map_or(0, |sample| sample.pairs);
            self.unused_pairs = self.unused_pairs.saturating_add(pairs);
        }
        let taught = sample.filter(|_| complete);
        if let Some(sample) = taught {
            self.records += 1;
            self.self_pairs = self.self_pairs.saturating_add(sample.pairs);
            self.unlearned = self.unlearned.saturating_add(sample.surplus);
            let by_value = sample.by_value;
            if !by_value {
                self.pooled.merge(Pooled {
                    records: 1,
                    self_pairs: sample.pairs,
                });
            }
            for finding in &sample.findings {
                self.at(&finding.path, finding.kind, finding.differences, |counts| {
                    counts.self_pairs = counts.self_pairs.saturating_add(finding.pairs);
                    counts.self_differences =
                        counts.self_differences.saturating_add(finding.differences);
                    counts.self_values.merge(&finding.values);
                    if by_value {
                        for stratum in &finding.strata {
                            let Stratum { old, values, new } = *stratum;
                            counts.strata.add(sample.pairs, old, new > 0, values);
                        }
                        if let Some(odd) = finding.odd {
                            // Of new and of all runs of old.
                            counts.parts.add(sample.pairs + 1, odd.old, odd.new > 0, 1);
                            counts.parted = counts.parted.saturating_add(odd.new);
                        }
                    } else {
                        counts.pooled.merge(Pooled {
                            records: 0,
                            self_pairs: finding.pairs,
                        });
                    }
                });
            }
        }
        let mut values = values_by_place(comparison);
        for place in &places {
            let seen = values
                .remove(&(place.path.clone(), place.kind))
                .unwrap_or_default();
            self.at(&place.path, place.kind, place.differences, |counts| {
                if let Some(sample) = taught {
                    counts.records += 1;
                    if !sample.by_value {
                        counts.pooled.records += 1;
                    } else if sample.at(&place.path, place.kind).next().is_none() {
                        let values = place.differences;
                        counts.strata.add(sample.pairs, 0, true, values);
                    }
                }
                counts.differences = counts.differences.saturating_add(place.differences);
                counts.values.merge(&seen);
            });
        }
        if complete {
            let asked = sample.filter(|sample| sample.by_value);
            let given = asked.map_or_else(
                || Cow::Owned(GivenAt::of_pair(comparison)),
                |sample| Cow::Borrowed(&*sample.given),
            );
            let pairs = asked.map(|sample| sample.pairs);
            self.evidence.add(&given, pairs, case);
            if !places.is_empty() {
                let group = Group::of(sample, comparison.exact, &places);
                let marks = Marks::of(&given, case);
                if let Some(group) = self.evidence.apart(group, marks) {
                    self.group(group);
                }
            }
        }
    }

    /// Adds what another learner has learned of the same operation.
    pub fn merge(&mut self, other: &Self) {
        self.records = self.records.saturating_add(other.records);
        self.self_pairs = self.self_pairs.saturating_add(other.self_pairs);
        self.pooled.merge(other.pooled);
        self.incomplete = self.incomplete.saturating_add(other.incomplete);
        self.unused_pairs = self.unused_pairs.saturating_add(other.unused_pairs);
        self.unlearned = self.unlearned.saturating_add(other.unlearned);
        self.unread = self.unread.saturating_add(other.unread);
        for more in other.paths.values() {
            let all = more.self_differences.saturating_add(more.differences);
            self.at(&more.path, more.kind, all, |counts| {
                counts.self_pairs = counts.self_pairs.saturating_add(more.self_pairs);
                counts.self_differences = counts
                    .self_differences
                    .saturating_add(more.self_differences);
                counts.self_values.merge(&more.self_values);
                counts.strata.merge(&more.strata);
                counts.parts.merge(&more.parts);
                counts.parted = counts.parted.saturating_add(more.parted);
                counts.pooled.merge(more.pooled);
                counts.records = counts.records.saturating_add(more.records);
                counts.differences = counts.differences.saturating_add(more.differences);
                counts.values.merge(&more.values);
            });
        }
        let left = self.evidence.merge(&other.evidence);
        for group in other.groups.values().cloned().chain(left) {
            self.group(group);
        }
    }

    /// Lets `learn` at the counts of a place, or counts so many differences as left out.
    fn at(
        &mut self,
        path: &str,
        kind: DifferenceKind,
        differences: u64,
        learn: impl FnOnce(&mut PathCounts),
    ) {
        match self
            .paths
            .entry(place_hash(path, kind), || PathCounts::new(path, kind))
        {
            Room::Here(counts, gone) => {
                learn(counts);
                if let Some(gone) = gone {
                    let lost = gone.self_differences.saturating_add(gone.differences);
                    self.unlearned = self.unlearned.saturating_add(lost);
                }
            }
            Room::Full => self.unlearned = self.unlearned.saturating_add(differences),
        }
    }

    fn group(&mut self, group: Group) {
        let empty = || Group {
            records: 0,
            members: group
                .members
                .iter()
                .map(|member| Member {
                    differences: 0,
                    alone: 0,
                    parted: 0,
                    ..*member
                })
                .collect(),
            ..group.clone()
        };
        match self.groups.entry(group.hash(), empty) {
            Room::Here(known, gone) => {
                known.merge(&group);
                let lost = gone.map_or(0, |gone| gone.records);
                self.unread = self.unread.saturating_add(lost);
            }
            Room::Full => self.unread = self.unread.saturating_add(group.records),
        }
    }
}

impl PathCounts {
    fn new(path: &str, kind: DifferenceKind) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            self_pairs: 0,
            self_differences: 0,
            self_values: Values::default(),
            strata: Strata::default(),
            parts: Strata::default(),
            parted: 0,
            pooled: Pooled::default(),
            records: 0,
            differences: 0,
            values: Values::default(),
        }
    }
}

impl Group {
    /// The group of one record.
    pub(super) fn of(sample: Option<&NoiseSample>, exact: bool, places: &[Place]) -> Self {
        let mut group = Self::in_order(sample, exact, places);
        group.members.sort_by_key(|member| member.path);
        group
    }

    /// The same, with its members as the places are.
    pub(super) fn in_order(sample: Option<&NoiseSample>, exact: bool, places: &[Place]) -> Self {
        let members: Vec<Member> = places
            .iter()
            .map(|place| Member::of(sample, place))
            .collect();
        // Where the sample did not keep all it found, quiet proves nothing.
        let quiet = members.iter().any(|member| member.old == OldThere::Quiet);
        Self {
            exact,
            self_pairs: sample.filter(|_| quiet).map_or(0, |sample| sample.pairs),
            members,
            records: 1,
        }
    }

    /// Adds records of the same sort.
    pub(super) fn merge(&mut self, more: &Self) {
        self.records = self.records.saturating_add(more.records);
        for (known, more) in self.members.iter_mut().zip(&more.members) {
            known.differences = known.differences.saturating_add(more.differences);
            known.alone = known.alone.saturating_add(more.alone);
            known.parted = known.parted.saturating_add(more.parted);
        }
    }

    pub(super) fn hash(&self) -> u128 {
        let mut hash = Xxh3::new();
        hash.update(&[u8::from(self.exact)]);
        hash.update(&self.self_pairs.to_le_bytes());
        for member in &self.members {
            hash.update(&member.place.to_le_bytes());
            let (some, all) = (member.alone > 0, member.alone == member.differences);
            let parted = member.alone + member.parted;
            let (parts, all_parts) = (member.parted > 0, parted >= member.differences);
            let all = u8::from(all) | u8::from(parts) << 1 | u8::from(all_parts) << 2;
            hash.update(&[member.old as u8, u8::from(some), all]);
        }
        hash.digest128()
    }
}

impl Member {
    pub(super) fn of(sample: Option<&NoiseSample>, place: &Place) -> Self {
        let findings = || {
            let samples = sample.into_iter();
            samples.flat_map(move |sample| sample.at(&place.path, place.kind))
        };
        let is_loud = findings().next().is_some();
        let old = match sample {
            Some(sample) if sample.by_value => OldThere::ByValue,
            Some(sample) if !is_loud && sample.surplus == 0 => OldThere::Quiet,
            _ => OldThere::MayDiffer,
        };
        let alone = match old {
            OldThere::ByValue if is_loud => {
                let strata = findings().flat_map(|finding| &finding.strata);
                let alone = strata.filter(|stratum| stratum.old == 0);
                let alone = alone.fold(0_u64, |sum, stratum| sum.saturating_add(stratum.new));
                alone.min(place.differences)
            }
            OldThere::ByValue => place.differences,
            OldThere::MayDiffer | OldThere::Quiet => 0,
        };
        let odd = findings().filter_map(|finding| finding.odd);
        let parted = odd.fold(0_u64, |sum, odd| sum.saturating_add(odd.new));
        Self {
            place: place_hash(&place.path, place.kind),
            path: path_hash(&place.path),
            old,
            differences: place.differences,
            alone,
            parted: parted.min(place.differences - alone),
        }
    }
}

pub(super) fn place_hash(path: &str, kind: DifferenceKind) -> u128 {
    xxh3_128(format!("{kind} {path}").as_bytes())
}
