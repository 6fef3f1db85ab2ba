//! Sequences in which elements of one hash may differ: with tolerance, or a comparison of the
//! caller's own.
//!
//! There a hash does not tell what is the same, so an alignment by hashes would pair whatever stands
//! at one place: with `1.0` put in front of a thousand other fractions, all of them. The search is
//! the same; whether two elements agree is asked instead.

use super::agree::Judge;
use super::align::{Alignment, MOST_EDITS, fill_gaps, longest_common};
use super::sides::Element;
use crate::tree::{RawNode, Tag, Tree};

impl Judge<'_> {
    /// Whether an alignment pairs elements of one hash that do not agree.
    pub(super) fn misaligned(
        &mut self,
        alignment: &Alignment,
        old: &[Element],
        new: &[Element],
    ) -> bool {
        let pair = self.pair;
        alignment.pairs.iter().any(|(x, y)| {
            let (left, right) = (old[*x], new[*y]);
            pair.old.hash(left.node) == pair.new.hash(right.node) && !self.would_agree(left, right)
        })
    }

    /// Whether two sequences have members that agree, in another order.
    pub(super) fn only_reordered_close(&mut self, old: &[Element], new: &[Element]) -> bool {
        if old.len() != new.len() || !self.may_look_at(old, new) {
            return false;
        }
        // Only what to call the difference hangs on this, so it is not worth all the effort.
        let mark = self.hits.len();
        let kept = self.effort - self.effort / 4;
        self.effort /= 4;
        let bag = self.bag(old, new);
        self.effort += kept;
        let tried = !std::mem::take(&mut self.exhausted);
        let same = tried && bag.old_rest.is_empty() && bag.new_rest.is_empty();
        if !same {
            self.hits.truncate(mark);
        }
        same
    }

    /// Aligns two sequences by what agrees: the most elements if few are put in or taken out, else
    /// by position.
    pub(super) fn align_close(&mut self, old: &[Element], new: &[Element]) -> Alignment {
        let most = old.len().min(new.len());
        let start = (0..most)
            .take_while(|at| self.would_agree(old[*at], new[*at]))
            .count();
        let end = (1..=most - start)
            .take_while(|at| self.would_agree(old[old.len() - at], new[new.len() - at]))
            .count();
        let left = &old[start..old.len() - end];
        let right = &new[start..new.len() - end];
        let mut alignment = Alignment::default();
        alignment.pairs.extend((0..start).map(|at| (at, at)));
        let matched = if self.changed_in_place(left, right) {
            Vec::new()
        } else {
            self.most_in_common(left, right).unwrap_or_else(|| {
                alignment.undecided = left.len() + right.len();
                Vec::new()
            })
        };
        fill_gaps(&matched, left.len(), right.len(), |(x, y)| {
            alignment.pairs.push((start + x, start + y));
        });
        let tail = (1..=end).rev();
        alignment
            .pairs
            .extend(tail.map(|at| (old.len() - at, new.len() - at)));
        alignment
    }

    /// A longest sequence of pairs that agree, unless it takes too much to find one.
    fn most_in_common(&mut self, old: &[Element], new: &[Element]) -> Option<Vec<(usize, usize)>> {
        // As with hashes, a fixed choice of sides makes the answer the same both ways.
        let swapped = new.len() < old.len() || new.len() == old.len() && self.comes_first(new, old);
        let lengths = if swapped {
            (new.len(), old.len())
        } else {
            (old.len(), new.len())
        };
        // Half for the search, half for what agreeing takes inside of elements.
        let mut steps = self.effort / 2;
        self.effort -= steps;
        let mut found = longest_common(lengths, MOST_EDITS, &mut steps, |x, y| {
            let (x, y) = if swapped { (y, x) } else { (x, y) };
            self.may_try(old[x]) && self.would_agree(old[x], new[y])
        });
        self.effort += steps;
        if swapped {
            for pair in found.iter_mut().flatten() {
                *pair = (pair.1, pair.0);
            }
        }
        found
    }

    /// Whether no element that changed agrees with one that changed elsewhere: then what stands at
    /// one place changed there, and nothing was put in or taken out.
    fn changed_in_place(&mut self, old: &[Element], new: &[Element]) -> bool {
        if old.len() != new.len() || old.len() == 1 {
            return old.len() == new.len();
        }
        let (mut olds, mut news) = (Vec::new(), Vec::new());
        for (left, right) in old.iter().zip(new) {
            if !self.would_agree(*left, *right) {
                olds.push(*left);
                news.push(*right);
            }
        }
        self.may_look_at(&olds, &news) && self.none_agree(&olds, &news)
    }

    /// Whether the first list comes before the second in an order by content.
    fn comes_first(&self, new: &[Element], old: &[Element]) -> bool {
        let pair = self.pair;
        for (right, left) in new.iter().zip(old) {
            let left = (left.node..pair.old.end(left.node)).take(LOOKED_AT);
            let right = (right.node..pair.new.end(right.node)).take(LOOKED_AT);
            for (old, new) in left.zip(right) {
                let (left, right) = (pair.old.raw(old), pair.new.raw(new));
                let text = |tree: &'_ Tree, raw: RawNode| match raw.tag {
                    Tag::String | Tag::Lexeme => tree.payload_text(raw).to_owned(),
                    _ => String::new(),
                };
                let number = |raw: RawNode| match raw.tag {
                    Tag::Integer => raw.payload,
                    _ => 0,
                };
                let order = (right.tag as u8, number(right))
                    .cmp(&(left.tag as u8, number(left)))
                    .then_with(|| text(pair.new.tree, right).cmp(&text(pair.old.tree, left)));
                if order.is_ne() {
                    return order.is_lt();
                }
            }
        }
        false
    }
}

/// How many values of an element are looked at to tell it from another.
const LOOKED_AT: usize = 1_024;
