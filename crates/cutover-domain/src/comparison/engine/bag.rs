//! Subtracting two collections without order from each other: what agrees goes, the rest stays.

use super::agree::Judge;
use super::classes::Classes;
use super::sides::{BATCH, Element};

/// What is left of two collections after everything that agrees was paired.
#[derive(Debug, Default)]
pub(super) struct Bag {
    /// Elements that agree, each once.
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) old_rest: Vec<Rest>,
    pub(super) new_rest: Vec<Rest>,
}

/// An element without a partner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    pub(super) element: Element,
    /// How often its like is in old and in new.
    pub(super) in_old: usize,
    pub(super) in_new: usize,
}

impl Judge<'_> {
    /// Pairs the elements of two collections that agree, as many as possible. Near-linear.
    pub(super) fn bag(&mut self, old: &[Element], new: &[Element]) -> Bag {
        let pair = self.pair;
        let classes = Classes::of(
            old.iter()
                .map(|element| (pair.old.hash(element.node), *element)),
            new.iter()
                .map(|element| (pair.new.hash(element.node), *element)),
        );
        let mut bag = Bag {
            pairs: Vec::with_capacity(old.len()),
            ..Bag::default()
        };
        let fuzzy = pair.rules.fuzzy();
        let mut classes = classes.iter();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.extend(classes.by_ref().take(BATCH));
            if batch.is_empty() {
                break;
            }
            let news = batch.iter().filter_map(|(_, news)| news.first());
            pair.new.fetch(news.map(|element| element.node));
            for (olds, news) in batch.drain(..) {
                self.subtract(olds, news, fuzzy, &mut bag);
            }
        }
        bag.old_rest.sort_unstable_by_key(|rest| rest.element.node);
        bag.new_rest.sort_unstable_by_key(|rest| rest.element.node);
        bag
    }

    fn subtract(&mut self, olds: &[Element], news: &[Element], fuzzy: bool, bag: &mut Bag) {
        match (olds, news) {
            ([old], []) => return bag.old_rest.push(Rest::one_of_old(*old)),
            ([], [new]) => return bag.new_rest.push(Rest::one_of_new(*new)),
            ([old], [new]) => return self.subtract_one(old, new, bag),
            _ => {}
        }
        if fuzzy && (olds.len() > 1 || news.len() > 1) && !olds.is_empty() && !news.is_empty() {
            let close = self.match_close(olds, news);
            let mut paired_new = vec![false; news.len()];
            for (element, partner) in olds.iter().zip(&close) {
                match partner {
                    Some(at) => {
                        paired_new[*at] = true;
                        bag.pairs.push((element.node, news[*at].node));
                    }
                    // Being close is not transitive: there is no "its like" to count.
                    None => bag.old_rest.push(Rest::one_of_old(*element)),
                }
            }
            let unpaired = news.iter().zip(&paired_new).filter(|(_, paired)| !**paired);
            bag.new_rest
                .extend(unpaired.map(|(element, _)| Rest::one_of_new(*element)));
            return;
        }
        let (in_old, in_new) = (olds.len(), news.len());
        let mut left = (vec![true; in_old], vec![true; in_new]);
        for (x, y) in self.pair_alike(olds, news) {
            (left.0[x], left.1[y]) = (false, false);
            self.subtract_one(&olds[x], &news[y], bag);
        }
        let of = |elements: &[Element], left: &[bool]| -> Vec<Rest> {
            let left = elements.iter().zip(left).filter(|(_, left)| **left);
            left.map(|(element, _)| Rest {
                element: *element,
                in_old,
                in_new,
            })
            .collect()
        };
        bag.old_rest.extend(of(olds, &left.0));
        bag.new_rest.extend(of(news, &left.1));
    }

    /// The same of two elements of one hash.
    fn subtract_one(&mut self, old: &Element, new: &Element, bag: &mut Bag) {
        if self.agree_as_hashes(old.node, new.node) {
            bag.pairs.push((old.node, new.node));
        } else {
            // One hash, yet not the same: a number beyond tolerance, the caller's own comparison,
            // or a collision.
            bag.old_rest.push(Rest::one_of_old(*old));
            bag.new_rest.push(Rest::one_of_new(*new));
        }
    }
}

impl Rest {
    const fn one_of_old(element: Element) -> Self {
        Self {
            element,
            in_old: 1,
            in_new: 0,
        }
    }

    const fn one_of_new(element: Element) -> Self {
        Self {
            element,
            in_old: 0,
            in_new: 1,
        }
    }
}
