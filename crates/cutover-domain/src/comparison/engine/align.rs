//! Which elements of two sequences stand for each other: same content first, the rest by position.
//!
//! Same content is found by Myers' greedy algorithm ("An O(ND) difference algorithm and its
//! variations", 1986) as long as effort lasts; past that by elements that occur once on each side,
//! the longest increasing run of which (patience sorting) anchors the rest.

use hashbrown::HashMap;

/// The pairing of two sequences, increasing on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Alignment {
    /// Positions in old and new. Pairs of different content stand between pairs of the same.
    pub(super) pairs: Vec<(usize, usize)>,
    /// How many elements were paired by position only because effort ran out.
    pub(super) undecided: usize,
}

/// More edits than this are not searched for in one piece: the trace of the search grows with their
/// square.
pub(super) const MOST_EDITS: usize = 2_000;
/// The same between anchors.
const MOST_EDITS_BETWEEN: usize = 200;

/// Aligns two sequences by the hashes of their elements.
///
/// `align(a, b)` mirrors `align(b, a)`. Near-linear in their length, plus the effort.
pub(super) fn align(old: &[u128], new: &[u128], effort: &mut u64) -> Alignment {
    // Of several equally good alignments the search prefers one by which side is which; a fixed
    // choice of sides makes the answer the same both ways.
    if (new.len(), new) < (old.len(), old) {
        let mut mirrored = align_ordered(new, old, effort);
        for pair in &mut mirrored.pairs {
            *pair = (pair.1, pair.0);
        }
        return mirrored;
    }
    align_ordered(old, new, effort)
}

fn align_ordered(old: &[u128], new: &[u128], effort: &mut u64) -> Alignment {
    let ends = trim(old, new);
    let mut alignment = Alignment::default();
    alignment.pairs.extend((0..ends.start).map(|at| (at, at)));
    let middle_old = &old[ends.start..old.len() - ends.end];
    let middle_new = &new[ends.start..new.len() - ends.end];
    let mut matched = Vec::new();
    if changed_in_place(middle_old, middle_new) {
        matched.extend((0..middle_old.len()).map(|at| (at, at)));
    } else {
        let (left, right) = numbered(middle_old, middle_new);
        let same = |x: usize, y: usize| left[x] == right[y];
        match longest_common((left.len(), right.len()), MOST_EDITS, effort, same) {
            Some(common) => matched = common,
            None => anchored(
                &left,
                &right,
                effort,
                &mut matched,
                &mut alignment.undecided,
            ),
        }
    }
    let offset = |(old, new): (usize, usize)| (old + ends.start, new + ends.start);
    fill_gaps(&matched, middle_old.len(), middle_new.len(), |pair| {
        alignment.pairs.push(offset(pair));
    });
    let tail = ends.end;
    alignment
        .pairs
        .extend((0..tail).map(|at| (old.len() - tail + at, new.len() - tail + at)));
    alignment
}

struct Ends {
    start: usize,
    end: usize,
}

fn trim<T: PartialEq>(old: &[T], new: &[T]) -> Ends {
    let start = old
        .iter()
        .zip(new)
        .take_while(|(left, right)| left == right)
        .count();
    let rest = old[start..].iter().rev().zip(new[start..].iter().rev());
    Ends {
        start,
        end: rest.take_while(|(left, right)| left == right).count(),
    }
}

/// Whether the pairing by position is a longest one: as long on both sides, and nothing that is
/// replaced on one side is among the replacements on the other. Then no other alignment can match
/// more elements of any content than this one does.
fn changed_in_place(old: &[u128], new: &[u128]) -> bool {
    if old.len() != new.len() {
        return false;
    }
    let changed = || old.iter().zip(new).filter(|(left, right)| left != right);
    let mut replaced: Vec<_> = changed().map(|(left, _)| *left).collect();
    replaced.sort_unstable();
    changed().all(|(_, right)| replaced.binary_search(right).is_err())
}

/// Small numbers for hashes, equal for equal ones.
fn numbered(old: &[u128], new: &[u128]) -> (Vec<u32>, Vec<u32>) {
    let mut numbers: HashMap<u128, u32> = HashMap::with_capacity(old.len());
    let mut number = |hash: &u128| {
        let next = numbers.len() as u32;
        *numbers.entry(*hash).or_insert(next)
    };
    (
        old.iter().map(&mut number).collect(),
        new.iter().map(&mut number).collect(),
    )
}

/// A longest common subsequence of two sequences of which it is known what is the same, unless it
/// takes too many edits or too much effort.
pub(super) fn longest_common(
    (old_len, new_len): (usize, usize),
    most_edits: usize,
    effort: &mut u64,
    mut same: impl FnMut(usize, usize) -> bool,
) -> Option<Vec<(usize, usize)>> {
    let most = most_edits.min(old_len + new_len) as i64;
    let (old_len, new_len) = (old_len as i64, new_len as i64);
    // reach[diagonal + most + 1]: how far into old the best path on a diagonal gets.
    let mut reach = vec![0_i64; 2 * most as usize + 3];
    let slot = |diagonal: i64| (diagonal + most + 1) as usize;
    let mut trace: Vec<Vec<i64>> = Vec::new();
    for edits in 0..=most {
        *effort = effort.checked_sub(edits as u64 + 1)?;
        for diagonal in (-edits..=edits).step_by(2) {
            let (below, above) = (reach[slot(diagonal - 1)], reach[slot(diagonal + 1)]);
            let down = diagonal == -edits || (diagonal != edits && below < above);
            let mut x = if down { above } else { below + 1 };
            let start = x;
            while x < old_len && x - diagonal < new_len && same(x as usize, (x - diagonal) as usize)
            {
                x += 1;
            }
            *effort = effort.checked_sub((x - start) as u64)?;
            reach[slot(diagonal)] = x;
            if x >= old_len && x - diagonal >= new_len {
                trace.push(reach[slot(-edits)..=slot(edits)].to_vec());
                return Some(backtrack(&trace, old_len, new_len));
            }
        }
        trace.push(reach[slot(-edits)..=slot(edits)].to_vec());
    }
    None
}

/// The matched positions of the path that the search found.
fn backtrack(trace: &[Vec<i64>], old_len: i64, new_len: i64) -> Vec<(usize, usize)> {
    let mut matched = Vec::new();
    let (mut x, mut y) = (old_len, new_len);
    for edits in (0..trace.len() as i64).rev() {
        let diagonal = x - y;
        let (from_x, from_y) = if edits == 0 {
            (0, 0)
        } else {
            let before = &trace[(edits - 1) as usize];
            let reach = |diagonal: i64| {
                usize::try_from(diagonal + edits - 1)
                    .ok()
                    .and_then(|slot| before.get(slot))
                    .copied()
                    .unwrap_or(i64::MIN)
            };
            let (below, above) = (reach(diagonal - 1), reach(diagonal + 1));
            let down = diagonal == -edits || (diagonal != edits && below < above);
            let came_from = if down { diagonal + 1 } else { diagonal - 1 };
            let at = reach(came_from);
            (at, at - came_from)
        };
        while x > from_x && y > from_y && x > 0 && y > 0 {
            x -= 1;
            y -= 1;
            matched.push((x as usize, y as usize));
        }
        (x, y) = (from_x, from_y);
    }
    matched.reverse();
    matched
}

/// Matches elements that occur once on each side, in the longest run that keeps the sequence, and
/// searches between them.
fn anchored(
    old: &[u32],
    new: &[u32],
    effort: &mut u64,
    matched: &mut Vec<(usize, usize)>,
    undecided: &mut usize,
) {
    let anchors = longest_increasing(&unique_matches(old, new));
    let (mut from_old, mut from_new) = (0, 0);
    for (to_old, to_new) in anchors.into_iter().chain([(old.len(), new.len())]) {
        let (left, right) = (&old[from_old..to_old], &new[from_new..to_new]);
        let ends = trim(left, right);
        let inner_left = &left[ends.start..left.len() - ends.end];
        let inner_right = &right[ends.start..right.len() - ends.end];
        matched.extend((0..ends.start).map(|at| (from_old + at, from_new + at)));
        let (inner_old, inner_new) = (from_old + ends.start, from_new + ends.start);
        let lengths = (inner_left.len(), inner_right.len());
        let same = |x: usize, y: usize| inner_left[x] == inner_right[y];
        match longest_common(lengths, MOST_EDITS_BETWEEN, effort, same) {
            Some(common) => {
                matched.extend(
                    common
                        .into_iter()
                        .map(|(x, y)| (inner_old + x, inner_new + y)),
                );
            }
            // Only what could have matched is undecided; the rest differs anyway.
            None => *undecided += in_common(inner_left, inner_right),
        }
        matched.extend((1..=ends.end).rev().map(|at| (to_old - at, to_new - at)));
        if to_old < old.len() || to_new < new.len() {
            matched.push((to_old, to_new));
        }
        (from_old, from_new) = (to_old + 1, to_new + 1);
    }
}

/// How many elements of two sequences have a counterpart in the other.
fn in_common(old: &[u32], new: &[u32]) -> usize {
    let mut left: Vec<_> = old.to_vec();
    let mut right: Vec<_> = new.to_vec();
    left.sort_unstable();
    right.sort_unstable();
    let counterparts = |of: &[u32], among: &[u32]| {
        of.iter()
            .filter(|number| among.binary_search(number).is_ok())
            .count()
    };
    counterparts(&left, &right) + counterparts(&right, &left)
}

/// The positions of contents that occur exactly once on each side, in the order of old.
fn unique_matches(old: &[u32], new: &[u32]) -> Vec<(usize, usize)> {
    let highest = old
        .iter()
        .chain(new)
        .max()
        .map_or(0, |highest| *highest as usize + 1);
    let mut in_new = vec![(0_u32, 0_usize); highest];
    let mut in_old = vec![0_u32; highest];
    for (at, number) in new.iter().enumerate() {
        in_new[*number as usize] = (in_new[*number as usize].0 + 1, at);
    }
    for number in old {
        in_old[*number as usize] += 1;
    }
    old.iter()
        .enumerate()
        .filter(|(_, number)| in_old[**number as usize] == 1 && in_new[**number as usize].0 == 1)
        .map(|(at, number)| (at, in_new[*number as usize].1))
        .collect()
}

/// A longest run of pairs, sorted by the first, that also increases in the second.
fn longest_increasing(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // piles[n]: the pair with the smallest end of a run of n + 1 pairs; before[at]: the pair before.
    let mut piles: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, end)) in pairs.iter().enumerate() {
        let pile = piles.partition_point(|top| pairs[*top].1 < *end);
        before.push(pile.checked_sub(1).map(|pile| piles[pile]));
        if pile == piles.len() {
            piles.push(at);
        } else {
            piles[pile] = at;
        }
    }
    let mut run = Vec::with_capacity(piles.len());
    let mut next = piles.last().copied();
    while let Some(at) = next {
        run.push(pairs[at]);
        next = before[at];
    }
    run.reverse();
    run
}

/// Hands on the matched pairs, and between them pairs by position as far as both sides have
/// elements.
pub(super) fn fill_gaps(
    matched: &[(usize, usize)],
    old_len: usize,
    new_len: usize,
    mut hand_on: impl FnMut((usize, usize)),
) {
    let (mut from_old, mut from_new) = (0, 0);
    for (to_old, to_new) in matched.iter().copied().chain([(old_len, new_len)]) {
        for pair in (from_old..to_old).zip(from_new..to_new) {
            hand_on(pair);
        }
        if to_old < old_len && to_new < new_len {
            hand_on((to_old, to_new));
        }
        (from_old, from_new) = (to_old + 1, to_new + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Vec<u128> {
        text.bytes().map(u128::from).collect()
    }

    fn same(old: &str, new: &str, effort: u64) -> (usize, usize) {
        let (left, right) = (hashes(old), hashes(new));
        let alignment = align(&left, &right, &mut effort.clone());
        assert!(
            alignment.pairs.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1),
            "{alignment:?}"
        );
        let mirrored = align(&right, &left, &mut effort.clone());
        let back: Vec<_> = mirrored.pairs.iter().map(|(x, y)| (*y, *x)).collect();
        assert_eq!(alignment.pairs, back, "{old} / {new}");
        let same = alignment
            .pairs
            .iter()
            .filter(|(x, y)| left[*x] == right[*y])
            .count();
        (same, alignment.undecided)
    }

    /// The textbook table, as an oracle.
    fn longest(old: &[u8], new: &[u8]) -> usize {
        let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
        for (x, left) in old.iter().enumerate() {
            for (y, right) in new.iter().enumerate() {
                table[x + 1][y + 1] = if left == right {
                    table[x][y] + 1
                } else {
                    table[x][y + 1].max(table[x + 1][y])
                };
            }
        }
        table[old.len()][new.len()]
    }

    #[test]
    fn as_much_as_possible_is_matched() {
        for (old, new) in [
            ("", ""),
            ("", "abc"),
            ("abc", "abc"),
            ("abcabba", "cbabac"),
            ("abcdefgh", "abXdefgh"),
            ("abcdefgh", "bcdefghi"),
            ("aaaaab", "baaaaa"),
            ("xaxbxcx", "yaybycy"),
            ("abcdef", "defabc"),
        ] {
            let most = longest(old.as_bytes(), new.as_bytes());
            assert_eq!(same(old, new, 1_000_000), (most, 0), "{old} / {new}");
        }
    }

    #[test]
    fn without_effort_anchors_still_hold_and_the_rest_is_named() {
        // The ends are trimmed, 2 is the anchor, and `xxyy` against `yyxx` is left open.
        assert_eq!(same("1aaaa2xxyy3", "1bbbb2yyxx3", 3), (3, 8));
    }

    #[test]
    fn what_changed_in_place_is_seen_at_once() {
        let old: Vec<u128> = (0..10_000).collect();
        let mut new = old.clone();
        for at in (0..10_000).step_by(100) {
            new[at] += 1_000_000;
        }
        let mut effort = 0;
        let alignment = align(&old, &new, &mut effort);
        assert_eq!(alignment.undecided, 0);
        assert!(alignment.pairs.iter().all(|(x, y)| x == y) && alignment.pairs.len() == 10_000);
    }

    proptest::proptest! {
        #[test]
        fn alignments_are_longest_and_mirror(old in "[a-d]{0,30}", new in "[a-d]{0,30}") {
            let most = longest(old.as_bytes(), new.as_bytes());
            proptest::prop_assert_eq!(same(&old, &new, 1_000_000), (most, 0));
        }

        #[test]
        fn alignments_mirror_when_effort_runs_out(old in "[a-z]{0,60}", new in "[a-z]{0,60}") {
            same(&old, &new, 20);
        }
    }
}
