use std::collections::{BTreeMap, BTreeSet, HashMap};

use xxhash_rust::xxh3::xxh3_64;

use super::given::{Rows, Run};
use super::sample::OddPart;
use super::{NoiseSample, Stratum};
use crate::comparison::place::LONGEST_PATH;
use crate::comparison::report::generalize;
use crate::comparison::{Comparison, DifferenceKind};

/// A place: a path with `[*]` for every index, and a kind.
type Place = (String, DifferenceKind);

/// Makes the [`NoiseSample`] of one record: first comes what new differs in from old's first answer,
/// then what each further answer of old does.
///
/// Comparisons must come with all their differences: what their limit leaves out is counted, and
/// then nothing is known value by value.
///
/// ```
/// use cutover_domain::comparison::Comparator;
/// use cutover_domain::comparison::noise::{Sampling, Stratum};
/// use cutover_domain::tree::Tree;
///
/// let old = Tree::from_json("[1, 2, 3]")?;
/// let compare = |other: Tree| Comparator::default().compare(&old, &other);
/// let mut sampling = Sampling::beside(&compare(Tree::from_json("[7, 2, 4]")?));
/// sampling.add(&compare(Tree::from_json("[8, 2, 3]")?));
/// sampling.add(&compare(Tree::from_json("[9, 2, 3]")?));
/// let sample = sampling.finish();
/// // `$[0]` differs in all runs, `$[2]` in new alone.
/// assert_eq!(sample.findings[0].strata, [
///     Stratum { old: 0, values: 1, new: 1 },
///     Stratum { old: 2, values: 1, new: 1 },
/// ]);
/// assert_eq!(sample.steady, [1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sampling {
    sample: NoiseSample,
    /// For every value, told by its path, in how many runs of old it differs and how many
    /// differences new has there.
    values: HashMap<Place, BTreeMap<u64, (u64, u64)>>,
    /// The differences of new, in order.
    new: Vec<(Place, u64)>,
    /// Which runs gave which values.
    rows: Rows,
    /// Arrays of old that change members or their sequence from run to run.
    unsteady: BTreeSet<String>,
    /// Whether there is more than is known value by value.
    is_partial: bool,
}

impl Sampling {
    /// So many differences the comparisons are to come with, however few of them are shown: the
    /// [limit](crate::comparison::Rules::limit) of their rules.
    pub const DIFFERENCES: usize = 20_000;

    /// A sample beside what new was found to differ in.
    #[must_use]
    pub fn beside(new: &Comparison) -> Self {
        let mut sampling = Self::default();
        for (place, value) in sampling.look(new, Run::New) {
            let (_, differences) = sampling.value(place.clone(), value);
            *differences += 1;
            sampling.new.push((place, value));
        }
        sampling
    }

    /// Adds one comparison of old with its own first answer.
    pub fn add(&mut self, comparison: &Comparison) {
        let run = Run::Again(self.sample.pairs);
        self.sample.add(comparison);
        let found: BTreeSet<(Place, u64)> = self.look(comparison, run).into_iter().collect();
        for (place, value) in found {
            if let Some(array) = array_at_odds(&place) {
                self.unsteady.insert(array);
            }
            self.value(place, value).0 += 1;
        }
    }

    /// Counts a comparison of old with itself that could not be made.
    pub fn fail(&mut self) {
        self.sample.fail();
    }

    /// The sample.
    #[must_use]
    pub fn finish(mut self) -> NoiseSample {
        let shuffled = self
            .sample
            .findings
            .iter()
            .filter(|found| found.values.shuffled > 0);
        let shuffled = shuffled.filter_map(|found| found.path.rsplit_once("[*]"));
        self.unsteady
            .extend(shuffled.map(|(array, _)| array.to_owned()));
        let surplus = self.sample.surplus;
        if self.is_partial || surplus > 0 || self.sample.pairs == 0 {
            return self.sample;
        }
        for (place, values) in &self.values {
            let is_unsteady = is_within(&self.unsteady, &place.0);
            if !is_unsteady && values.values().all(|(old, _)| *old == 0) {
                // What new alone does is in the record's own comparison.
                continue;
            }
            let Some(finding) = self.sample.finding(place.clone()) else {
                continue;
            };
            if is_unsteady {
                let new = values.values().map(|(_, differences)| differences).sum();
                finding.strata = vec![Stratum {
                    old: finding.pairs.max(1),
                    values: 1,
                    new,
                }];
                continue;
            }
            let mut strata: BTreeMap<(u64, bool), Stratum> = BTreeMap::new();
            for (old, new) in values.values() {
                let stratum = strata.entry((*old, *new > 0)).or_default();
                stratum.old = *old;
                stratum.values += 1;
                stratum.new += new;
            }
            finding.strata = strata.into_values().collect();
        }
        self.sample.by_value = true;
        self.sample.steady = self.steady();
        let is_unsteady = |path: &str| is_within(&self.unsteady, path);
        self.sample.given = self.rows.given(self.sample.pairs, is_unsteady);
        let odd = self.rows.odd_parts(self.sample.pairs, is_unsteady);
        for (path, odd) in odd {
            let place = (path.to_owned(), DifferenceKind::Value);
            if let Some(finding) = self.sample.finding(place) {
                finding.odd = Some(OddPart {
                    old: u64::from((odd.by & !Run::New.bit()).count_ones()),
                    new: odd.new,
                });
            }
        }
        self.sample
    }

    fn steady(&self) -> Vec<u32> {
        let numbered = self.new.iter().zip(0_u32..);
        numbered
            .filter(|((place, value), _)| {
                let varies = self.sample.at(&place.0, place.1).next().is_some();
                let old = self.values.get(place).and_then(|values| values.get(value));
                varies
                    && !is_within(&self.unsteady, &place.0)
                    && old.is_some_and(|(old, _)| *old == 0)
            })
            .map(|(_, number)| number)
            .collect()
    }

    /// The place of every difference, and a hash of its whole path.
    fn look(&mut self, comparison: &Comparison, run: Run) -> Vec<(Place, u64)> {
        let known = comparison.differences.len() as u64;
        self.is_partial |= known < comparison.counts.total();
        let mut found = Vec::with_capacity(comparison.differences.len());
        for difference in &comparison.differences {
            let path = generalize(&difference.path);
            self.is_partial |= path.len() > LONGEST_PATH;
            self.rows.add(run, &path, difference);
            found.push(((path, difference.kind), xxh3_64(difference.path.as_bytes())));
        }
        found
    }

    fn value(&mut self, place: Place, value: u64) -> &mut (u64, u64) {
        self.values
            .entry(place)
            .or_default()
            .entry(value)
            .or_default()
    }
}

/// The array whose indexes tell nothing where answers part like this.
fn array_at_odds((path, kind): &Place) -> Option<String> {
    match kind {
        DifferenceKind::Order => Some(path.clone()),
        DifferenceKind::Missing | DifferenceKind::Extra | DifferenceKind::Repetition => {
            path.strip_suffix("[*]").map(str::to_owned)
        }
        _ => None,
    }
}

/// Whether a path leads through a member of one of these arrays.
fn is_within(arrays: &BTreeSet<String>, path: &str) -> bool {
    let ends = path.match_indices("[*]").map(|(end, _)| end);
    ends.into_iter()
        .any(|end| path.get(..end).is_some_and(|array| arrays.contains(array)))
}
