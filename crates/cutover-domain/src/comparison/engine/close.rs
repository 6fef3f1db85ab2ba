//! Pairing elements that differ only in numbers within tolerance, or in what the caller's own
//! comparison may let differ.
//!
//! Being close is not transitive, so rounding or grouping cannot decide it: the elements are sorted
//! by the number that tells them apart best, each looks only at its neighbours within tolerance, and
//! a largest matching among those is built by augmenting paths.

use super::agree::Judge;
use super::classes::Classes;
use super::sides::{Element, Side};
use super::tolerance::Numbers;
use crate::tree::Tag;

/// The numbers of one element that tolerance lets differ, in an order all elements of one hash
/// share.
struct Columns {
    values: Vec<f64>,
    /// The scope of each value, which says how far it may lie apart.
    scopes: Vec<u32>,
    /// Whether the order of binary fractions does not say all: an integer may not be close to another
    /// integer, and many digits round to the same fraction as others.
    has_exceptions: bool,
    /// Whether some lie in an array without order, so that only their sorted sequence is shared.
    in_bag: bool,
}

/// How many elements are looked at to find the column that tells most apart.
const COLUMN_SAMPLE: usize = 256;

/// Decimal numbers of so many digits are different binary fractions.
const EXACT_DIGITS: usize = 15;

/// How many values are looked at for one step of effort.
const VALUES_A_STEP: u32 = 8;

/// Elements of old and new sorted by the same column.
struct Sorted {
    old: Vec<(f64, usize)>,
    new: Vec<(f64, usize)>,
    /// How far values of that column may lie apart at most.
    within: Numbers,
    /// Whether sorted order alone gives a largest matching: a single number, one tolerance.
    suffices: bool,
}

impl Sorted {
    /// Whether two values of the sorting column are close enough to look further.
    fn near(&self, old: f64, new: f64) -> bool {
        old.total_cmp(&new).is_eq() || self.within.may_be_close(old, new)
    }

    /// The sorted elements of the other side that one with this value may be close to.
    fn window(&self, value: f64, others: &[(f64, usize)]) -> std::ops::Range<usize> {
        let start =
            others.partition_point(|(other, _)| *other < value && !self.near(value, *other));
        let width = others[start..]
            .partition_point(|(other, _)| *other <= value || self.near(value, *other));
        start..start + width
    }
}

impl Judge<'_> {
    /// For each old element of one hash the position of its partner among the new ones, as many as
    /// possible. Elements left without one for lack of effort set `exhausted`.
    pub(super) fn match_close(&mut self, old: &[Element], new: &[Element]) -> Vec<Option<usize>> {
        let sorted = self.sort_by_best_column(old, new);
        let mut matching = Matching {
            partner_of_old: vec![None; old.len()],
            partner_of_new: vec![None; new.len()],
        };
        let same = self.same_content(old, new);
        for (at_old, partner) in same.iter().flatten().enumerate() {
            if let Some(at_new) = partner {
                matching.join(at_old, *at_new);
            }
        }
        self.match_greedily(old, new, &sorted, &mut matching);
        let complete = matching.old_is_complete() || matching.new_is_complete();
        if !complete && (!sorted.suffices || same.is_some()) {
            self.augment(old, new, &sorted, &mut matching);
        }
        for (element, partner) in old.iter().zip(&matching.partner_of_old) {
            if let Some(at) = partner {
                // Known to agree; asked once more to note what tolerance hid.
                self.agree(element.node, new[*at].node);
            }
        }
        matching.partner_of_old
    }

    /// Whether no element of one list agrees with one of the other.
    pub(super) fn none_agree(&mut self, old: &[Element], new: &[Element]) -> bool {
        let pair = self.pair;
        let classes = Classes::of(
            old.iter()
                .map(|element| (pair.old.hash(element.node), *element)),
            new.iter()
                .map(|element| (pair.new.hash(element.node), *element)),
        );
        classes.iter().all(|(olds, news)| {
            if olds.is_empty() || news.is_empty() {
                return true;
            }
            let sorted = self.sort_by_best_column(olds, news);
            sorted.old.iter().all(|(value, at)| {
                let window = sorted.window(*value, &sorted.new);
                sorted.new[window].iter().all(|(_, other)| {
                    self.may_try(olds[*at]) && !self.would_agree(olds[*at], news[*other])
                })
            })
        })
    }

    /// Spends what it takes to ask about a pair with this element.
    pub(super) fn may_try(&mut self, old: Element) -> bool {
        let size = self.pair.old.end(old.node) - old.node;
        self.spend(1 + u64::from(size / VALUES_A_STEP))
    }

    /// Whether two elements agree, without noting anything.
    pub(super) fn would_agree(&mut self, old: Element, new: Element) -> bool {
        let mark = self.hits.len();
        let agree = self.agree(old.node, new.node);
        self.hits.truncate(mark);
        agree
    }

    fn sort_by_best_column(&self, old: &[Element], new: &[Element]) -> Sorted {
        let columns = |side: &Side<'_>, elements: &[Element]| -> Vec<Columns> {
            elements
                .iter()
                .map(|element| self.columns(side, element.node))
                .collect()
        };
        let mut left = columns(&self.pair.old, old);
        let mut right = columns(&self.pair.new, new);
        let in_bag = left.iter().chain(&right).any(|columns| columns.in_bag);
        let has_exceptions = left
            .iter()
            .chain(&right)
            .any(|columns| columns.has_exceptions);
        if in_bag {
            // If numbers can be paired within tolerance at all, then also in sorted order.
            for columns in left.iter_mut().chain(&mut right) {
                columns.values.sort_unstable_by(f64::total_cmp);
            }
        }
        let width = left
            .iter()
            .chain(&right)
            .map(|columns| columns.values.len())
            .min()
            .unwrap_or(0);
        let distinct = |column: usize| {
            let sample = left.iter().take(COLUMN_SAMPLE);
            let mut bits: Vec<_> = sample
                .map(|columns| columns.values[column].to_bits())
                .collect();
            bits.sort_unstable();
            bits.dedup();
            bits.len()
        };
        // The first of equally good columns, so that both directions choose alike.
        let best = (0..width.min(32)).max_by_key(|column| (distinct(*column), width - column));
        let sort = |elements: &[Columns]| {
            let value = |columns: &Columns| best.map_or(0.0, |column| columns.values[column]);
            let mut sorted: Vec<_> = elements
                .iter()
                .enumerate()
                .map(|(at, columns)| (value(columns), at))
                .collect();
            sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            sorted
        };
        let mut scopes: Vec<u32> = match best {
            // Sorted values are of any column.
            _ if in_bag => left
                .iter()
                .chain(&right)
                .flat_map(|c| c.scopes.clone())
                .collect(),
            Some(column) => left
                .iter()
                .chain(&right)
                .map(|c| c.scopes[column])
                .collect(),
            None => Vec::new(),
        };
        scopes.sort_unstable();
        scopes.dedup();
        let numbers = |scope: &u32| *self.pair.scopes.numbers(*scope);
        let within = scopes
            .iter()
            .map(numbers)
            .reduce(|all, one| all.widest(&one));
        Sorted {
            old: sort(&left),
            new: sort(&right),
            within: within.unwrap_or_default(),
            suffices: width <= 1
                && scopes.len() <= 1
                && !in_bag
                && !has_exceptions
                && self.pair.rules.customs.is_empty(),
        }
    }

    /// The tolerant numbers of an element: members by key, elements in order.
    fn columns(&self, side: &Side<'_>, element: u32) -> Columns {
        let mut columns = Columns {
            values: Vec::new(),
            scopes: Vec::new(),
            has_exceptions: false,
            in_bag: false,
        };
        let mut open = vec![element];
        while let Some(node) = open.pop() {
            let raw = side.raw(node);
            let scope = self.pair.scopes.get(side.scope(node));
            match raw.tag {
                Tag::Integer | Tag::Lexeme if self.pair.scopes.lets_differ(side.scope(node)) => {
                    let number = side.number(node);
                    columns.has_exceptions |=
                        number.is_integer() || number.lexeme().len() > EXACT_DIGITS;
                    columns.values.push(number.as_f64());
                    columns.scopes.push(side.scope(node));
                }
                Tag::Object => {
                    let mut members: Vec<_> = side.kept(node).collect();
                    members.sort_unstable_by_key(|member| std::cmp::Reverse(side.key(*member)));
                    open.extend(members);
                }
                Tag::Array => {
                    let start = open.len();
                    open.extend(side.kept(node));
                    open[start..].reverse();
                    let loose = scope.unordered.is_some() || scope.key.is_some();
                    columns.in_bag |= loose && open.len() - start > 1;
                }
                _ => {}
            }
        }
        columns
    }

    /// Gives each old element, from the smallest, the smallest new one still free that it is close
    /// to.
    fn match_greedily(
        &mut self,
        old: &[Element],
        new: &[Element],
        sorted: &Sorted,
        matching: &mut Matching,
    ) {
        let mut free = NextFree::new(sorted.new.len());
        for (slot, (_, at_new)) in sorted.new.iter().enumerate() {
            if matching.partner_of_new[*at_new].is_some() {
                free.take(slot);
            }
        }
        for (value, at_old) in &sorted.old {
            if matching.partner_of_old[*at_old].is_some() {
                continue;
            }
            let window = sorted.window(*value, &sorted.new);
            let mut next = free.from(window.start);
            while next < window.end {
                let at_new = sorted.new[next].1;
                if !self.may_try(old[*at_old]) {
                    return;
                }
                if self.would_agree(old[*at_old], new[at_new]) {
                    matching.join(*at_old, at_new);
                    free.take(next);
                    break;
                }
                next = free.from(next + 1);
            }
        }
    }

    /// Looks for chains of re-pairings that free a partner for an old element without one.
    fn augment(
        &mut self,
        old: &[Element],
        new: &[Element],
        sorted: &Sorted,
        matching: &mut Matching,
    ) {
        let mut value_of_old = vec![0.0; old.len()];
        for (value, at) in &sorted.old {
            value_of_old[*at] = *value;
        }
        // Only a new element that has somebody near can end a chain.
        let reachable = sorted.new.iter().any(|(value, at)| {
            matching.partner_of_new[*at].is_none() && !sorted.window(*value, &sorted.old).is_empty()
        });
        if !reachable {
            return;
        }
        for start in 0..old.len() {
            if matching.partner_of_old[start].is_some() {
                continue;
            }
            let mut reached_from: Vec<Option<usize>> = vec![None; new.len()];
            let mut queue = std::collections::VecDeque::from([start]);
            let mut end = None;
            let mut unreached = NextFree::new(new.len());
            'search: while let Some(at_old) = queue.pop_front() {
                let window = sorted.window(value_of_old[at_old], &sorted.new);
                let mut slot = unreached.from(window.start);
                while slot < window.end {
                    let at_new = sorted.new[slot].1;
                    if !self.may_try(old[at_old]) {
                        return;
                    }
                    if self.would_agree(old[at_old], new[at_new]) {
                        reached_from[at_new] = Some(at_old);
                        unreached.take(slot);
                        match matching.partner_of_new[at_new] {
                            None => {
                                end = Some(at_new);
                                break 'search;
                            }
                            Some(next) => queue.push_back(next),
                        }
                    }
                    slot = unreached.from(slot + 1);
                }
            }
            while let Some(at_new) = end
                && let Some(at_old) = reached_from[at_new]
            {
                end = matching.partner_of_old[at_old];
                matching.join(at_old, at_new);
            }
        }
    }
}

struct Matching {
    partner_of_old: Vec<Option<usize>>,
    partner_of_new: Vec<Option<usize>>,
}

impl Matching {
    fn join(&mut self, old: usize, new: usize) {
        self.partner_of_old[old] = Some(new);
        self.partner_of_new[new] = Some(old);
    }

    fn old_is_complete(&self) -> bool {
        self.partner_of_old.iter().all(Option::is_some)
    }

    fn new_is_complete(&self) -> bool {
        self.partner_of_new.iter().all(Option::is_some)
    }
}

/// The next slot not taken, in nearly constant time however many are taken.
struct NextFree(Vec<usize>);

impl NextFree {
    fn new(slots: usize) -> Self {
        Self((0..=slots).collect())
    }

    fn from(&mut self, slot: usize) -> usize {
        let mut free = slot;
        while self.0[free] != free {
            free = self.0[free];
        }
        let mut at = slot;
        while self.0[at] != free {
            at = std::mem::replace(&mut self.0[at], free);
        }
        free
    }

    fn take(&mut self, slot: usize) {
        self.0[slot] = slot + 1;
    }
}
