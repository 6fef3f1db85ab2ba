use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{GivenAt, Sampling, Stratum, Values};
use crate::comparison::place::{LONGEST_PATH, MOST_PLACES};
use crate::comparison::report::generalize;
use crate::comparison::side::is_default;
use crate::comparison::{Comparison, Difference, DifferenceKind};

/// What old was found to differ in from itself, asked again with the input of one record.
///
/// It holds paths and counts, no values, and at most 500 findings. Made by
/// [`Sampling`](super::Sampling), it knows value by value whether old and new part there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoiseSample {
    /// How often old was compared with its own first answer.
    pub pairs: u64,
    /// How often they were proven equal.
    #[serde(skip_serializing_if = "is_default")]
    pub equal: u64,
    /// How often no difference was found, but not everything was looked at.
    #[serde(skip_serializing_if = "is_default")]
    pub undecided: u64,
    /// How often it was to be compared, and could not.
    #[serde(skip_serializing_if = "is_default")]
    pub failed: u64,
    /// Where it differed, sorted by path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<NoiseFinding>,
    /// Differences that are in none of the findings.
    #[serde(skip_serializing_if = "is_default")]
    pub surplus: u64,
    /// Whether every value in which old or new differs is known by itself. Not in samples stored
    /// before that was looked at.
    #[serde(skip_serializing_if = "is_default")]
    pub by_value: bool,
    /// Which of the record's differences, by their number from 0, are of values that are the same
    /// in all of old's runs, at places where others are not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steady: Vec<u32>,
    /// Which runs gave which values, at places where they part. No values: hashes of 32 bits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<GivenAt>,
}

/// Where old differs from itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseFinding {
    /// The path, with `[*]` for every index.
    pub path: String,
    /// How the two answers part.
    pub kind: DifferenceKind,
    /// In how many pairs.
    pub pairs: u64,
    /// How many differences there are in all of them.
    pub differences: u64,
    /// What the values look like.
    #[serde(default, skip_serializing_if = "is_default")]
    pub values: Values,
    /// The same value by value, beside new; nothing in samples stored before there was this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strata: Vec<Stratum>,
    /// Where texts differ as a whole, the runs that are the odd one out in a part of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odd: Option<OddPart>,
}

/// Runs that are the odd one out in a part of a text that differs in all runs: there they have a
/// word for themselves, and all others have one and the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OddPart {
    /// So many of old's runs, the first included.
    pub old: u64,
    /// In so many texts it is new.
    pub new: u64,
}

impl NoiseSample {
    /// What some comparisons of old with itself found, place by place; see
    /// [`beside`](Self::beside).
    #[must_use]
    pub fn of<'a>(comparisons: impl IntoIterator<Item = &'a Comparison>) -> Self {
        let mut sample = Self::default();
        comparisons.into_iter().for_each(|found| sample.add(found));
        sample
    }

    /// What some comparisons of old with itself found, beside what new differs in from old's first
    /// answer.
    #[must_use]
    pub fn beside<'a>(new: &Comparison, again: impl IntoIterator<Item = &'a Comparison>) -> Self {
        let mut sampling = Sampling::beside(new);
        again.into_iter().for_each(|found| sampling.add(found));
        sampling.finish()
    }

    /// Whether old answered the same in all of its runs where the record's difference of this number,
    /// place and kind is. Not where that is not known.
    #[must_use]
    pub fn is_steady(&self, number: usize, place: &str, kind: DifferenceKind) -> bool {
        let varies = self.at(place, kind).next().is_some();
        let is_steady = || self.steady.iter().any(|steady| *steady as usize == number);
        self.by_value && (!varies || is_steady())
    }

    /// The findings of a place: one, or several whose paths have become one by redaction.
    pub(super) fn at<'a>(
        &'a self,
        path: &'a str,
        kind: DifferenceKind,
    ) -> impl Iterator<Item = &'a NoiseFinding> {
        let findings = self.findings.iter();
        findings.filter(move |found| found.kind == kind && found.path == path)
    }

    /// Adds one comparison of old with its own first answer.
    pub fn add(&mut self, comparison: &Comparison) {
        self.pairs += 1;
        self.equal += u64::from(comparison.equal);
        let is_undecided = !comparison.equal && comparison.counts.total() == 0;
        self.undecided += u64::from(is_undecided);
        let mut values = values_by_place(comparison);
        let mut left = comparison.counts.total();
        for place in comparison.by_place() {
            let key = (place.path, place.kind);
            let seen = values.remove(&key).unwrap_or_default();
            if let Some(finding) = self.finding(key) {
                finding.pairs += 1;
                finding.differences = finding.differences.saturating_add(place.differences);
                finding.values.merge(&seen);
                left = left.saturating_sub(place.differences);
            }
        }
        self.surplus = self.surplus.saturating_add(left);
    }

    /// Counts a comparison of old with itself that could not be made.
    pub fn fail(&mut self) {
        self.failed += 1;
    }

    /// The finding of a place; `None` when there is no room for one more.
    pub(super) fn finding(
        &mut self,
        (path, kind): (String, DifferenceKind),
    ) -> Option<&mut NoiseFinding> {
        let found = self
            .findings
            .binary_search_by(|finding| (&finding.path, finding.kind).cmp(&(&path, kind)));
        let place = match found {
            Ok(place) => place,
            Err(_) if self.findings.len() >= MOST_PLACES => return None,
            Err(place) => {
                let finding = NoiseFinding {
                    path,
                    kind,
                    pairs: 0,
                    differences: 0,
                    values: Values::default(),
                    strata: Vec::new(),
                    odd: None,
                };
                self.findings.insert(place, finding);
                place
            }
        };
        self.findings.get_mut(place)
    }
}

/// What the values look like at each place.
pub(super) fn values_by_place(
    comparison: &Comparison,
) -> BTreeMap<(String, DifferenceKind), Values> {
    let mut places: BTreeMap<_, Vec<&Difference>> = BTreeMap::new();
    for difference in &comparison.differences {
        let path = generalize(&difference.path);
        if path.len() <= LONGEST_PATH {
            places
                .entry((path, difference.kind))
                .or_default()
                .push(difference);
        }
    }
    places
        .into_iter()
        .map(|(place, found)| (place, Values::of(found)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_decided_is_no_difference() {
        let undecided = Comparison {
            equal: false,
            exact: false,
            ..Comparison::same()
        };
        let sample = NoiseSample::of(&[Comparison::same(), undecided]);
        assert_eq!((sample.pairs, sample.equal, sample.undecided), (2, 1, 1));
    }
}
