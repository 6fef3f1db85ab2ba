//! Which leftover elements stand for each other: those that share what few others have.
//!
//! Every leaf of an element (its path and value) is a feature. Features that few of the leftovers
//! share propose candidates, rarest first; a pair is accepted if the two share half of their
//! leaves, or one leaf that is unique on both sides of the whole collection. Small groups of
//! candidates are assigned at best, large ones greedily. Ignored leaves are features too: an
//! ignored id still tells who is who.

use hashbrown::{HashMap, HashSet};

use super::agree::Judge;
use super::assignment::assign;
use super::look::Look;
use super::sides::Element;

/// A feature that more leftovers of one side share proposes nobody.
const MOST_SHARING: usize = 32;
/// Up to so many pairs all are candidates.
const ALL_PAIRS: usize = 4_096;
/// Candidates kept for each element.
const MOST_CANDIDATES: usize = 64;
/// Groups of up to so many elements are assigned at best.
const BEST_UP_TO: usize = 64;
/// How far apart in sorted order the remaining elements are still compared.
const NEIGHBOURHOOD: usize = 8;
/// A leftover with its features, sorted.
struct Leftover {
    at: usize,
    hash: u128,
    leaves: Vec<u64>,
    /// The features that can tell it apart: text and numbers.
    telling: Vec<u64>,
}

/// A proposal: which two, and how many leaves they share.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    old: usize,
    new: usize,
    shared: usize,
    differing: usize,
}

/// Who goes with whom, by position among the leftovers; and how many found nobody although they
/// share features too frequent to be followed.
#[derive(Debug, Default)]
pub(super) struct Paired {
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) undecided: usize,
}

impl Judge<'_> {
    /// Pairs leftovers. `all_old` and `all_new` are the whole collections.
    ///
    /// Depends on contents alone: not on the order of either side, and mirrored when the sides are.
    pub(super) fn pair_similar(
        &mut self,
        old: &[Element],
        new: &[Element],
        all_old: &[Element],
        all_new: &[Element],
    ) -> Paired {
        if old.is_empty() || new.is_empty() {
            return Paired::default();
        }
        let pair = self.pair;
        let sight = self.sight(old, new);
        let mut look_left = Look::at(pair, &pair.old, sight);
        let mut look_right = Look::at(pair, &pair.new, sight);
        let mut left = look_left.leftovers(old);
        let mut right = look_right.leftovers(new);
        let swapped = order(&right).lt(order(&left));
        let (mut all_left, mut all_right) = (all_old, all_new);
        if swapped {
            std::mem::swap(&mut left, &mut right);
            std::mem::swap(&mut all_left, &mut all_right);
            std::mem::swap(&mut look_left, &mut look_right);
        }
        let groups = shared_features(&left, &right);
        let (candidates, dropped) = self.propose(&left, &right, &groups);
        let (similar, others): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(Candidate::is_similar);
        let mut pairs = choose(&similar, left.len(), right.len());
        let recognised = recognised(
            others,
            &pairs,
            (&look_left, &left, all_left),
            (&look_right, &right, all_right),
        );
        pairs.extend(choose(&recognised, left.len(), right.len()));
        if dropped {
            pair_neighbours(&left, &right, &groups, &mut pairs);
        }
        let undecided = if dropped {
            without_partner(&left, &right, &groups, &pairs)
        } else {
            0
        };
        let pairs = pairs.into_iter().map(|(x, y)| (left[x].at, right[y].at));
        Paired {
            pairs: pairs
                .map(|(x, y)| if swapped { (y, x) } else { (x, y) })
                .collect(),
            undecided,
        }
    }

    /// The candidates, and whether any were left out.
    fn propose(
        &mut self,
        left: &[Leftover],
        right: &[Leftover],
        groups: &[Group],
    ) -> (Vec<Candidate>, bool) {
        let mut seen: HashSet<(u32, u32)> = HashSet::new();
        let mut found = Vec::new();
        let mut counts = (vec![0_usize; left.len()], vec![0_usize; right.len()]);
        if left.len() * right.len() <= ALL_PAIRS {
            for old in 0..left.len() {
                found.extend((0..right.len()).map(|new| candidate(left, right, old, new)));
            }
            return (found, false);
        }
        let mut dropped = false;
        for group in groups {
            if group.old.len() > MOST_SHARING || group.new.len() > MOST_SHARING {
                dropped = true;
                continue;
            }
            for old in &group.old {
                for new in &group.new {
                    let full =
                        counts.0[*old] >= MOST_CANDIDATES || counts.1[*new] >= MOST_CANDIDATES;
                    if full || !self.spend(1) {
                        dropped = true;
                        continue;
                    }
                    if seen.insert((*old as u32, *new as u32)) {
                        counts.0[*old] += 1;
                        counts.1[*new] += 1;
                        found.push(candidate(left, right, *old, *new));
                    }
                }
            }
        }
        (found, dropped)
    }
}

impl Candidate {
    /// Whether the two share at least half of the leaves of the larger one.
    fn is_similar(&self) -> bool {
        self.shared > 0 && self.shared >= self.differing
    }
}

fn candidate(left: &[Leftover], right: &[Leftover], old: usize, new: usize) -> Candidate {
    let (x, y) = (&left[old].leaves, &right[new].leaves);
    let shared = common(x, y).count();
    Candidate {
        old,
        new,
        shared,
        differing: x.len().max(y.len()) - shared,
    }
}

/// What two sorted lists have in common, as often as both have it.
fn common<'a>(left: &'a [u64], right: &'a [u64]) -> impl Iterator<Item = u64> + 'a {
    let (mut x, mut y) = (0, 0);
    std::iter::from_fn(move || {
        while x < left.len() && y < right.len() {
            match left[x].cmp(&right[y]) {
                std::cmp::Ordering::Less => x += 1,
                std::cmp::Ordering::Greater => y += 1,
                std::cmp::Ordering::Equal => {
                    x += 1;
                    y += 1;
                    return Some(left[x - 1]);
                }
            }
        }
        None
    })
}

/// What decides the order of leftovers, and of the sides.
fn order(leftovers: &[Leftover]) -> impl Iterator<Item = (u128, &[u64])> {
    leftovers
        .iter()
        .map(|leftover| (leftover.hash, leftover.leaves.as_slice()))
}

impl Look<'_> {
    /// The leftovers in an order that depends on their contents alone.
    fn leftovers(&self, elements: &[Element]) -> Vec<Leftover> {
        let mut found: Vec<_> = (0..)
            .zip(elements)
            .map(|(at, element)| {
                let (mut leaves, mut telling) = (Vec::new(), Vec::new());
                self.for_each_leaf(element.node, |leaf, tells| {
                    leaves.push(leaf);
                    if tells {
                        telling.push(leaf);
                    }
                });
                leaves.sort_unstable();
                telling.sort_unstable();
                let hash = self.side.hash(element.node);
                Leftover {
                    at,
                    hash,
                    leaves,
                    telling,
                }
            })
            .collect();
        found.sort_by(|a, b| (a.hash, &a.leaves).cmp(&(b.hash, &b.leaves)));
        found
    }
}

/// A feature that both sides have, with the leftovers that have it.
struct Group {
    feature: u64,
    old: Vec<usize>,
    new: Vec<usize>,
}

/// The features both sides have, rarest first.
fn shared_features(left: &[Leftover], right: &[Leftover]) -> Vec<Group> {
    let mut index: Vec<(u64, bool, usize)> = Vec::new();
    for (side, leftovers) in [(false, left), (true, right)] {
        for (at, leftover) in leftovers.iter().enumerate() {
            index.extend(leftover.leaves.iter().map(|leaf| (*leaf, side, at)));
        }
    }
    index.sort_unstable();
    index.dedup();
    let mut groups: Vec<_> = index
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|chunk| !chunk[0].1 && chunk[chunk.len() - 1].1)
        .map(|chunk| {
            let split = chunk.partition_point(|entry| !entry.1);
            let at = |entries: &[(u64, bool, usize)]| entries.iter().map(|entry| entry.2).collect();
            Group {
                feature: chunk[0].0,
                old: at(&chunk[..split]),
                new: at(&chunk[split..]),
            }
        })
        .collect();
    groups.sort_by_key(|group| (group.old.len() * group.new.len(), group.feature));
    groups
}

/// One side: how it is looked at, its leftovers, and the whole collection they are of.
type Party<'a> = (&'a Look<'a>, &'a [Leftover], &'a [Element]);

/// The candidates among those without a partner that share a leaf which tells them from everybody
/// else.
fn recognised(
    candidates: Vec<Candidate>,
    pairs: &[(usize, usize)],
    left: Party<'_>,
    right: Party<'_>,
) -> Vec<Candidate> {
    let (free_old, free_new) = free(left.1.len(), right.1.len(), pairs);
    let is_free = |free: &[usize], at: usize| free.binary_search(&at).is_ok();
    let mut candidates = candidates;
    candidates.retain(|c| c.shared > 0 && is_free(&free_old, c.old) && is_free(&free_new, c.new));
    let telling = |c: &Candidate| common(&left.1[c.old].telling, &right.1[c.new].telling);
    let known: HashSet<u64> = candidates.iter().flat_map(telling).collect();
    let unique = unique_on_both_sides(known, (left.0, left.2), (right.0, right.2));
    candidates.retain(|candidate| telling(candidate).any(|leaf| unique.contains(&leaf)));
    candidates
}

/// Which of the features occur exactly once in each whole collection.
fn unique_on_both_sides(
    features: HashSet<u64>,
    left: (&Look<'_>, &[Element]),
    right: (&Look<'_>, &[Element]),
) -> HashSet<u64> {
    if features.is_empty() {
        return features;
    }
    let mut counts: HashMap<u64, [usize; 2]> = features
        .into_iter()
        .map(|feature| (feature, [0, 0]))
        .collect();
    for (number, (look, elements)) in [left, right].into_iter().enumerate() {
        for element in elements {
            look.for_each_leaf(element.node, |leaf, _| {
                if let Some(count) = counts.get_mut(&leaf) {
                    count[number] += 1;
                }
            });
        }
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count == [1, 1])
        .map(|(feature, _)| feature)
        .collect()
}

/// Chooses among candidates: at best within small groups, greedily within large ones.
fn choose(candidates: &[Candidate], old_len: usize, new_len: usize) -> Vec<(usize, usize)> {
    let mut group = Groups::new(old_len + new_len);
    for candidate in candidates {
        group.join(candidate.old, old_len + candidate.new);
    }
    let mut by_group: HashMap<usize, Vec<Candidate>> = HashMap::new();
    for candidate in candidates {
        by_group
            .entry(group.of(candidate.old))
            .or_default()
            .push(*candidate);
    }
    let mut pairs = Vec::new();
    for mut members in by_group.into_values() {
        let (olds, news) = (distinct(&members, |c| c.old), distinct(&members, |c| c.new));
        if olds.len() + news.len() <= BEST_UP_TO {
            let place = |list: &[usize], at: usize| list.binary_search(&at).unwrap_or(0);
            let mut gain = vec![vec![0_i64; news.len()]; olds.len()];
            for candidate in &members {
                // Sharing one leaf more saves two differences, and a pair is one find, not two.
                gain[place(&olds, candidate.old)][place(&news, candidate.new)] =
                    2 * candidate.shared as i64 + 1;
            }
            let chosen = assign(&gain);
            pairs.extend(chosen.into_iter().map(|(x, y)| (olds[x], news[y])));
            continue;
        }
        members.sort_by_key(|c| (c.differing, std::cmp::Reverse(c.shared), c.old, c.new));
        let (mut taken_old, mut taken_new) = (HashSet::new(), HashSet::new());
        for candidate in members {
            if !taken_old.contains(&candidate.old) && !taken_new.contains(&candidate.new) {
                taken_old.insert(candidate.old);
                taken_new.insert(candidate.new);
                pairs.push((candidate.old, candidate.new));
            }
        }
    }
    pairs
}

fn distinct(candidates: &[Candidate], side: impl Fn(&Candidate) -> usize) -> Vec<usize> {
    let mut found: Vec<_> = candidates.iter().map(side).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Pairs what is left by looking at neighbours in an order by the rarest shared features.
fn pair_neighbours(
    left: &[Leftover],
    right: &[Leftover],
    groups: &[Group],
    pairs: &mut Vec<(usize, usize)>,
) {
    let rank: HashMap<u64, usize> = groups
        .iter()
        .enumerate()
        .map(|(rank, group)| (group.feature, rank))
        .collect();
    let (free_left, free_right) = free(left.len(), right.len(), pairs);
    let ranks = |leaves: &[u64]| {
        let mut ranks: Vec<_> = leaves
            .iter()
            .filter_map(|leaf| rank.get(leaf).copied())
            .collect();
        ranks.sort_unstable();
        ranks
    };
    let mut line: Vec<(Vec<usize>, bool, usize)> = Vec::new();
    line.extend(
        free_left
            .into_iter()
            .map(|at| (ranks(&left[at].leaves), false, at)),
    );
    line.extend(
        free_right
            .into_iter()
            .map(|at| (ranks(&right[at].leaves), true, at)),
    );
    line.sort();
    let mut candidates = Vec::new();
    for (place, (_, side, at)) in line.iter().enumerate() {
        for (_, other_side, other) in line[place + 1..].iter().take(NEIGHBOURHOOD) {
            let (old, new) = match (side, other_side) {
                (false, true) => (*at, *other),
                (true, false) => (*other, *at),
                _ => continue,
            };
            let candidate = candidate(left, right, old, new);
            if candidate.is_similar() {
                candidates.push(candidate);
            }
        }
    }
    pairs.extend(choose(&candidates, left.len(), right.len()));
}

/// The elements of both sides that have no partner yet.
fn free(old_len: usize, new_len: usize, pairs: &[(usize, usize)]) -> (Vec<usize>, Vec<usize>) {
    let (mut old, mut new) = (vec![true; old_len], vec![true; new_len]);
    for (x, y) in pairs {
        old[*x] = false;
        new[*y] = false;
    }
    let list = |free: Vec<bool>| (0..free.len()).filter(|at| free[*at]).collect();
    (list(old), list(new))
}

/// How many elements without a partner share a feature with one of the other side that has none
/// either.
fn without_partner(
    left: &[Leftover],
    right: &[Leftover],
    groups: &[Group],
    pairs: &[(usize, usize)],
) -> usize {
    let (free_left, free_right) = free(left.len(), right.len(), pairs);
    let is_free = |free: &[usize], at: usize| free.binary_search(&at).is_ok();
    let mut concerned: HashSet<(bool, usize)> = HashSet::new();
    for group in groups {
        let olds: Vec<_> = group
            .old
            .iter()
            .filter(|at| is_free(&free_left, **at))
            .collect();
        let news: Vec<_> = group
            .new
            .iter()
            .filter(|at| is_free(&free_right, **at))
            .collect();
        if !olds.is_empty() && !news.is_empty() {
            concerned.extend(olds.into_iter().map(|at| (false, *at)));
            concerned.extend(news.into_iter().map(|at| (true, *at)));
        }
    }
    concerned.len()
}

/// Which elements hang together (union-find).
struct Groups(Vec<usize>);

impl Groups {
    fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    fn of(&mut self, at: usize) -> usize {
        let mut root = at;
        while self.0[root] != root {
            root = self.0[root];
        }
        let mut next = at;
        while self.0[next] != root {
            next = std::mem::replace(&mut self.0[next], root);
        }
        root
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        self.0[one.max(other)] = one.min(other);
    }
}
