//! Sequences in which elements of one hash may differ: with tolerance, or a comparison of the
//! caller's own.
//!
//! There a hash does not tell what is the same, so an alignment by hashes would pair whatever stands
//! at one place: with `1.0` put in front of a thousand other fractions, all of them. The search is
//! the same; whether two elements agree is asked instead.

use super::agree::Judge;
use super::align::{Alignment, MOST_EDITS, fill_gaps, longest_common};
use super::sides::Element;
use crate::tree::Tag;

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
        // As with hashes, a fixed choice of sides makes the answer the same both ways.
        let swapped = new.len() < old.len() || new.len() == old.len() && self.comes_first(new, old);
        let same = |judge: &mut Self, x: usize, y: usize| {
            let (x, y) = if swapped { (y, x) } else { (x, y) };
            judge.may_try(old[x]) && judge.would_agree(old[x], new[y])
        };
        let (left_len, right_len) = if swapped {
            (new.len(), old.len())
        } else {
            (old.len(), new.len())
        };
        let most = left_len.min(right_len);
        let start = (0..most).take_while(|at| same(self, *at, *at)).count();
        let end = (1..=most - start)
            .take_while(|at| same(self, left_len - at, right_len - at))
            .count();
        let inner = (left_len - start - end, right_len - start - end);
        let mut alignment = Alignment::default();
        alignment.pairs.extend((0..start).map(|at| (at, at)));
        let matched = if inner.0 == inner.1 && self.changed_in_place(old, new, start, inner.0) {
            Vec::new()
        } else {
            // Half for the search, half for what agreeing takes inside of elements.
            let mut steps = self.effort / 2;
            self.effort -= steps;
            let found = longest_common(inner, MOST_EDITS, &mut steps, |x, y| {
                same(self, start + x, start + y)
            });
            self.effort += steps;
            found.unwrap_or_else(|| {
                alignment.undecided = inner.0 + inner.1;
                Vec::new()
            })
        };
        fill_gaps(&matched, inner.0, inner.1, |(x, y)| {
            alignment.pairs.push((start + x, start + y));
        });
        let tail = (1..=end).rev().map(|at| (left_len - at, right_len - at));
        alignment.pairs.extend(tail);
        if swapped {
            for pair in &mut alignment.pairs {
                *pair = (pair.1, pair.0);
            }
        }
        alignment
    }

    /// Whether, of so many elements from a place on, none that changed agrees with one that
    /// changed elsewhere: then no alignment matches more than the one by position.
    fn changed_in_place(
        &mut self,
        old: &[Element],
        new: &[Element],
        start: usize,
        count: usize,
    ) -> bool {
        if count == 1 {
            return true;
        }
        let changed: Vec<usize> = (start..start + count)
            .filter(|at| !self.would_agree(old[*at], new[*at]))
            .collect();
        let of = |elements: &[Element]| changed.iter().map(|at| elements[*at]).collect::<Vec<_>>();
        let (olds, news) = (of(old), of(new));
        self.may_look_at(&olds, &news) && self.none_agree(&olds, &news)
    }

    /// Which of two lists comes first in an order by content; equal ones do not.
    fn comes_first(&self, new: &[Element], old: &[Element]) -> bool {
        let pair = self.pair;
        for (left, right) in old.iter().zip(new) {
            let left = (left.node..pair.old.end(left.node)).take(LOOKED_AT);
            let right = (right.node..pair.new.end(right.node)).take(LOOKED_AT);
            for (old, new) in left.zip(right) {
                let (left, right) = (pair.old.raw(old), pair.new.raw(new));
                let text = |tree: &crate::tree::Tree, raw: crate::tree::RawNode| match raw.tag {
                    Tag::String | Tag::Lexeme => tree.payload_text(raw).to_owned(),
                    Tag::Integer => raw.payload.to_string(),
                    _ => String::new(),
                };
                let left = (left.tag as u8, text(pair.old.tree, left));
                let right = (right.tag as u8, text(pair.new.tree, right));
                if left != right {
                    return right < left;
                }
            }
        }
        false
    }
}

/// How many values of an element are looked at to tell it from another.
const LOOKED_AT: usize = 1_024;
