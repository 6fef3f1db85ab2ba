//! Subtracting two collections without order from each other: what agrees goes, the rest stays.

use hashbrown::HashTable;

use super::agree::Judge;
use super::sides::Element;

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

/// Elements of one hash.
struct Class {
    hash: u128,
    old: usize,
    new: usize,
}

impl Judge<'_> {
    /// Pairs the elements of two collections that agree, as many as possible. Near-linear.
    pub(super) fn bag(&mut self, old: &[Element], new: &[Element]) -> Bag {
        let pair = self.pair;
        let mut table: HashTable<u32> = HashTable::with_capacity(old.len());
        let mut classes: Vec<Class> = Vec::with_capacity(old.len());
        let mut class_of = |hash: u128, in_old: usize, in_new: usize| {
            let found = table.entry(
                hash as u64,
                |class| classes[*class as usize].hash == hash,
                |class| classes[*class as usize].hash as u64,
            );
            let class = *found.or_insert(classes.len() as u32).get();
            if class as usize == classes.len() {
                classes.push(Class {
                    hash,
                    old: 0,
                    new: 0,
                });
            }
            classes[class as usize].old += in_old;
            classes[class as usize].new += in_new;
            class
        };
        let old_classes: Vec<u32> = old
            .iter()
            .map(|element| class_of(pair.old.hash(element.node), 1, 0))
            .collect();
        let new_classes: Vec<u32> = new
            .iter()
            .map(|element| class_of(pair.new.hash(element.node), 0, 1))
            .collect();
        let old_by_class = grouped(old, &old_classes, classes.len());
        let new_by_class = grouped(new, &new_classes, classes.len());

        let mut bag = Bag::default();
        let tolerant = pair.rules.numbers.tolerant();
        let (mut from_old, mut from_new) = (0, 0);
        for class in &classes {
            let olds = &old_by_class[from_old..from_old + class.old];
            let news = &new_by_class[from_new..from_new + class.new];
            from_old += class.old;
            from_new += class.new;
            self.subtract(olds, news, tolerant, &mut bag);
        }
        bag.old_rest.sort_unstable_by_key(|rest| rest.element.node);
        bag.new_rest.sort_unstable_by_key(|rest| rest.element.node);
        bag
    }

    fn subtract(&mut self, olds: &[Element], news: &[Element], tolerant: bool, bag: &mut Bag) {
        let rest = |element: &Element, in_old: usize, in_new: usize| Rest {
            element: *element,
            in_old,
            in_new,
        };
        if tolerant && (olds.len() > 1 || news.len() > 1) && !olds.is_empty() && !news.is_empty() {
            let close = self.match_close(olds, news);
            let mut paired_new = vec![false; news.len()];
            for (element, partner) in olds.iter().zip(&close) {
                match partner {
                    Some(at) => {
                        paired_new[*at] = true;
                        bag.pairs.push((element.node, news[*at].node));
                    }
                    // Being close is not transitive: there is no "its like" to count.
                    None => bag.old_rest.push(rest(element, 1, 0)),
                }
            }
            let unpaired = news.iter().zip(&paired_new).filter(|(_, paired)| !**paired);
            bag.new_rest
                .extend(unpaired.map(|(element, _)| rest(element, 0, 1)));
            return;
        }
        let (in_old, in_new) = (olds.len(), news.len());
        for (old, new) in olds.iter().zip(news) {
            if self.agree(old.node, new.node) {
                bag.pairs.push((old.node, new.node));
            } else {
                // One hash, yet not the same: a number beyond tolerance, or a collision.
                bag.old_rest.push(rest(old, 1, 0));
                bag.new_rest.push(rest(new, 0, 1));
            }
        }
        let paired = in_old.min(in_new);
        bag.old_rest.extend(
            olds[paired..]
                .iter()
                .map(|element| rest(element, in_old, in_new)),
        );
        bag.new_rest.extend(
            news[paired..]
                .iter()
                .map(|element| rest(element, in_old, in_new)),
        );
    }
}

/// The elements sorted by class, in their order within one: a counting sort.
fn grouped(elements: &[Element], class_of: &[u32], classes: usize) -> Vec<Element> {
    let mut next = vec![0_usize; classes + 1];
    for class in class_of {
        next[*class as usize + 1] += 1;
    }
    for class in 0..classes {
        next[class + 1] += next[class];
    }
    let mut sorted = vec![Element { node: 0, place: 0 }; elements.len()];
    for (element, class) in elements.iter().zip(class_of) {
        sorted[next[*class as usize]] = *element;
        next[*class as usize] += 1;
    }
    sorted
}
