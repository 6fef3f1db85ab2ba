use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::exact::ln_choose;

/// Up to so many strata the test is exact; beyond, a bound that is never below.
const EXACT: u64 = 1_000;

/// In so many strata old must have been seen to part from itself by chance, before a difference
/// where all of its own runs agree may be chance, too.
const SEEN: u64 = 5;

/// New may be the odd one out as often as chance allows in all but this share of cases.
const BY_CHANCE: f64 = 0.05;

/// At most so many sorts of strata are told apart at a place.
const MOST_SORTS: usize = 256;

/// Values of one place in one case, by how many of the answers there part from old's first.
///
/// A value is told by its path with indexes, in one case: what varies in another case, or in
/// another member of an array, says nothing about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Stratum {
    /// In how many of old's own runs it differs.
    pub old: u64,
    /// So many values are like that.
    pub values: u64,
    /// How many differences new has in them; none where new answers as old's first run.
    pub new: u64,
}

/// How often which answers part, over all cases.
#[derive(Clone, Debug, Default)]
pub(super) struct Strata(BTreeMap<Sort, u64>);

/// A sort of strata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    /// How often old was run again.
    runs: u64,
    /// In how many of these runs the value differs.
    old: u64,
    /// Whether new differs.
    new: bool,
}

impl Sort {
    fn differ(&self) -> u64 {
        self.old + u64::from(self.new)
    }

    /// How likely new is among those that differ, if it is one more run of old.
    fn share(&self) -> f64 {
        self.differ() as f64 / (self.runs + 1) as f64
    }

    /// Whether old's own runs are at odds, so that a run that agrees proves little.
    fn wavers(&self) -> bool {
        (self.old > 0 && self.old < self.runs) || (self.old == 1 && !self.new)
    }
}

impl Strata {
    pub(super) fn add(&mut self, runs: u64, old: u64, new: bool, values: u64) {
        let old = old.min(runs);
        self.count(Sort { runs, old, new }, values);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (sort, values) in &other.0 {
            self.count(*sort, *values);
        }
    }

    fn count(&mut self, sort: Sort, values: u64) {
        if self.0.len() < MOST_SORTS || self.0.contains_key(&sort) {
            let count = self.0.entry(sort).or_default();
            *count = count.saturating_add(values);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many values there are for which `is` holds.
    fn values(&self, is: impl Fn(&Sort) -> bool) -> u64 {
        let counted = self.0.iter().filter(|(sort, _)| is(sort));
        counted.fold(0_u64, |sum, (_, values)| sum.saturating_add(*values))
    }

    /// Values of which new is among those that differ.
    pub(super) fn of_new(&self) -> u64 {
        self.values(|sort| sort.new)
    }

    /// Values that new alone has otherwise.
    pub(super) fn alone(&self) -> u64 {
        self.values(|sort| sort.old == 0 && sort.new)
    }

    /// How likely it is that new is so often among those that differ, if it is one more run of old:
    /// in a stratum in which `m` of `n + 1` differ, the chance is `m / (n + 1)`. Strata in which all
    /// differ say nothing.
    pub(super) fn more_often(&self) -> f64 {
        self.chance(|sort| sort.differ() <= sort.runs)
    }

    /// The same where old differs from itself in some of its runs.
    pub(super) fn is_more_often_where_old_varies(&self) -> bool {
        self.chance(|sort| sort.old > 0 && sort.differ() <= sort.runs) <= BY_CHANCE
    }

    /// Whether new is the odd one out no more often than old's own runs are.
    pub(super) fn chance_leaves_new_alone(&self) -> bool {
        self.values(Sort::wavers) >= SEEN && self.chance(|sort| sort.differ() == 1) > BY_CHANCE
    }

    fn chance(&self, asked: impl Fn(&Sort) -> bool) -> f64 {
        let groups: Vec<(f64, u64)> = (self.0.iter())
            .filter(|(sort, _)| asked(sort))
            .map(|(sort, values)| (sort.share(), *values))
            .collect();
        at_least(&groups, self.values(|sort| sort.new && asked(sort)))
    }
}

/// How likely at least so many hits are in independent trials, given in groups of one chance each
/// (the Poisson binomial distribution): exactly up to a thousand trials, beyond by the bound of
/// H. Chernoff (*Ann. Math. Statist.* 23, 1952), which is never below it.
pub(super) fn at_least(groups: &[(f64, u64)], hits: u64) -> f64 {
    let trials = (groups.iter()).fold(0_u64, |sum, (_, trials)| sum.saturating_add(*trials));
    if hits == 0 {
        return 1.0;
    }
    if trials > EXACT {
        return bound(groups, hits as f64);
    }
    let mut counts = vec![1.0];
    for (share, trials) in groups {
        let group: Vec<f64> = (0..=*trials)
            .map(|hits| {
                let misses = trials - hits;
                (ln_choose(*trials, hits) + power(*share, hits) + power(1.0 - share, misses)).exp()
            })
            .collect();
        let mut sums = vec![0.0; counts.len() + group.len() - 1];
        for (already, likely) in counts.iter().enumerate() {
            for (more, chance) in group.iter().enumerate() {
                sums[already + more] += likely * chance;
            }
        }
        counts = sums;
    }
    let hits = usize::try_from(hits).unwrap_or(usize::MAX);
    // Small terms first.
    let tail = counts.iter().skip(hits).rev().sum::<f64>();
    tail.min(1.0)
}

/// The logarithm of a power; that of 0 to the 0 is that of 1.
fn power(base: f64, exponent: u64) -> f64 {
    if exponent == 0 {
        0.0
    } else {
        exponent as f64 * base.ln()
    }
}

fn bound(groups: &[(f64, u64)], hits: f64) -> f64 {
    let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
        (groups.iter())
            .map(|(share, trials)| *trials as f64 * of(*share))
            .sum()
    };
    if hits <= sum(&|share| share) {
        return 1.0;
    }
    // The tilt at which so many hits are to be expected; found by halving, as that only grows.
    let (mut low, mut high) = (0.0_f64, 60.0_f64);
    for _ in 0..100 {
        let tilt = f64::midpoint(low, high);
        let expected = sum(&|share| share * tilt.exp() / (1.0 - share + share * tilt.exp()));
        if expected < hits {
            low = tilt;
        } else {
            high = tilt;
        }
    }
    let ln = sum(&|share| (1.0 - share + share * low.exp()).ln()) - low * hits;
    ln.exp().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_tail_gives_the_figures_of_scipy() {
        // scipy.stats.binom.sf(hits - 1, trials, share), and sums of two by hand.
        for (groups, hits, p) in [
            (vec![(1.0 / 3.0, 1)], 1, 1.0 / 3.0),
            (vec![(1.0 / 3.0, 5)], 4, 11.0 / 243.0),
            (vec![(0.5, 40)], 40, 0.5_f64.powi(40)),
            (vec![(0.5, 1), (0.25, 1)], 2, 0.125),
            (vec![(0.5, 1), (0.25, 1)], 1, 0.625),
            (vec![(1.0, 3), (0.5, 1)], 4, 0.5),
            (vec![], 0, 1.0),
        ] {
            let found = at_least(&groups, hits);
            assert!(
                (found - p).abs() <= 1e-12 * p.max(1e-9),
                "{groups:?}: {found}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_bound_is_never_below_the_chance(
            groups in proptest::collection::vec((0.05..0.95_f64, 1..60_u64), 1..4),
            part in 0.0..1.0_f64,
        ) {
            let trials: u64 = groups.iter().map(|(_, trials)| trials).sum();
            let hits = ((trials as f64 * part) as u64).max(1);
            let (exact, bound) = (at_least(&groups, hits), bound(&groups, hits as f64));
            prop_assert!(bound >= exact * (1.0 - 1e-9), "{bound} {exact}");
        }
    }

    #[test]
    fn new_is_left_alone_by_chance_only_where_old_is() {
        let of = |old_alone: u64, new_alone: u64, all: u64| {
            let mut strata = Strata::default();
            strata.add(2, 1, false, old_alone);
            strata.add(2, 0, true, new_alone);
            strata.add(2, 2, true, all);
            strata
        };
        // Always noisy elsewhere: that proves nothing for a value that never was.
        assert!(!of(0, 1, 1_000).chance_leaves_new_alone());
        assert!(!of(4, 1, 0).chance_leaves_new_alone());
        assert!(of(5, 1, 0).chance_leaves_new_alone());
        assert!(of(20, 10, 0).chance_leaves_new_alone());
        assert!(!of(20, 30, 0).chance_leaves_new_alone());
        assert!((of(0, 3, 1_000).more_often() - 1.0 / 27.0).abs() < 1e-12);
    }
}
