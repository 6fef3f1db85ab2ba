//! Whether two values agree under the rules. Hashes only say where it is worth asking.

use hashbrown::HashMap;

use super::super::comparator::NUMBER_FORM;
use super::super::rules::Likeness;
use super::gap::Gap;
use super::scope::RuleId;
use super::sides::{Collection, Element, Pair};
use super::stop::Stop;
use super::text;
use super::tolerance::Numbers;
use crate::tree::{NO_KEY, Node, Tag};

/// The judge of two prepared answers: what agrees, what the rules hid on the way, and how much
/// effort is left.
pub(super) struct Judge<'p> {
    pub(super) pair: &'p Pair<'p>,
    stop: &'p Stop<'p>,
    /// Every place a rule hid, by rule. Trials that fail take theirs back.
    pub(super) hits: Vec<RuleId>,
    pub(super) effort: u64,
    /// How many values may still be looked at to tell leftovers apart: a few times all there are.
    pub(super) looks: u64,
    /// Set when effort ran out before something was decided.
    pub(super) exhausted: bool,
    refuted: Option<Refuted>,
    /// For each key, the member of the new object that has it.
    member_by_key: Vec<(u32, u32)>,
    lookup: u32,
}

/// Why the last pair that did not agree does not: a pair inside it that disagrees, and that the
/// rules allow no other partners. Pairs between the two need not be asked again, so that walking
/// down to a difference asks about each level once.
#[derive(Clone, Copy, Debug)]
struct Refuted {
    pair: (u32, u32),
    by: (u32, u32),
}

/// How two scalars compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    Value,
    Type,
}

/// What is known of a pair without the pairs inside it.
enum Inside {
    /// It agrees if they do.
    Fits,
    Differs,
}

/// A member of one or both of two objects.
pub(super) type Match = (Option<u32>, Option<u32>);

/// Beyond this many values a pair inside a larger one is not tried in the fast way again, so that
/// nesting does not multiply the work.
const RETRY_BELOW: u32 = 64;

impl<'p> Judge<'p> {
    pub(super) fn new(pair: &'p Pair<'p>, stop: &'p Stop<'p>) -> Self {
        Self {
            pair,
            stop,
            hits: Vec::new(),
            effort: pair.rules.effort,
            looks: 8 * (pair.old.tree.node_count() + pair.new.tree.node_count()) as u64,
            exhausted: false,
            refuted: None,
            member_by_key: vec![(0, 0); pair.key_names.len()],
            lookup: 0,
        }
    }

    /// Whether an old and a new value agree. What rules hid is noted only if they do.
    pub(super) fn agree(&mut self, old: u32, new: u32) -> bool {
        // What is small is looked at sooner than its hash, which lies somewhere else in memory.
        if self.pair.old.end(old) - old < RETRY_BELOW {
            let mark = self.hits.len();
            if self.agree_in_step(old, new) {
                return true;
            }
            self.hits.truncate(mark);
            return !self.hashes_differ(old, new) && self.agree_out_of_step(old, new);
        }
        !self.hashes_differ(old, new) && self.agree_as_hashes(old, new)
    }

    /// Whether two values of one hash agree.
    pub(super) fn agree_as_hashes(&mut self, old: u32, new: u32) -> bool {
        if self.is_refuted(old, new) {
            return false;
        }
        let mark = self.hits.len();
        if self.agree_in_step(old, new) {
            return true;
        }
        self.hits.truncate(mark);
        self.agree_out_of_step(old, new)
    }

    fn agree_out_of_step(&mut self, old: u32, new: u32) -> bool {
        if self.is_refuted(old, new) {
            return false;
        }
        let mark = self.hits.len();
        let agree = self.agree_anyhow(old, new);
        if !agree {
            self.hits.truncate(mark);
        }
        agree
    }

    fn hashes_differ(&self, old: u32, new: u32) -> bool {
        let hashes = (
            self.pair.old.hash_if_kept(old),
            self.pair.new.hash_if_kept(new),
        );
        matches!(hashes, (Some(old), Some(new)) if old != new)
    }

    fn is_refuted(&self, old: u32, new: u32) -> bool {
        self.refuted.is_some_and(|Refuted { pair, by }| {
            old >= pair.0
                && new >= pair.1
                && (old..self.pair.old.end(old)).contains(&by.0)
                && (new..self.pair.new.end(new)).contains(&by.1)
        })
    }

    /// Spends effort; false when there is none left.
    pub(super) fn spend(&mut self, steps: u64) -> bool {
        match self.effort.checked_sub(steps) {
            Some(left) if !self.stop.step() => {
                self.effort = left;
                true
            }
            _ => {
                self.exhausted = true;
                false
            }
        }
    }

    /// What the caller's own comparison says of two values; what it hid is noted.
    pub(super) fn custom(&mut self, old: u32, new: u32) -> Likeness {
        let pair = self.pair;
        let Some(custom) = pair.custom(old, new) else {
            return Likeness::ByRules;
        };
        let (left, right) = (Node::new(pair.old.tree, old), Node::new(pair.new.tree, new));
        let likeness = (custom.compare)(left, right);
        if likeness == Likeness::Same && !self.written_the_same(old, new) {
            self.hits.push(custom.rule);
        }
        likeness
    }

    /// The fast way: both subtrees side by side, members and elements in the same sequence. True
    /// means they agree; false means nothing.
    fn agree_in_step(&mut self, old: u32, new: u32) -> bool {
        let pair = self.pair;
        let (mut at_old, mut at_new) = (old, new);
        let (end_old, end_new) = (pair.old.end(old), pair.new.end(new));
        let skips = pair.old.skips();
        while at_old < end_old && at_new < end_new {
            if at_old != old && pair.old.key(at_old) != pair.new.key(at_new) {
                return false;
            }
            if skips {
                match (pair.old.is_skipped(at_old), pair.new.is_skipped(at_new)) {
                    (false, false) => {}
                    (true, true) => {
                        self.note_skipped(at_old, at_new);
                        (at_old, at_new) = (pair.old.end(at_old), pair.new.end(at_new));
                        continue;
                    }
                    _ => return false,
                }
            }
            match self.custom(at_old, at_new) {
                Likeness::Same => {
                    (at_old, at_new) = (pair.old.end(at_old), pair.new.end(at_new));
                    continue;
                }
                Likeness::Different => return false,
                Likeness::ByRules => {}
            }
            let (left, right) = (pair.old.raw(at_old), pair.new.raw(at_new));
            let same = if left.is_container() {
                left.tag == right.tag && left.halves().0 == right.halves().0
            } else {
                !right.is_container() && self.scalars(at_old, at_new) == Verdict::Same
            };
            if !same {
                return false;
            }
            at_old += 1;
            at_new += 1;
        }
        at_old == end_old && at_new == end_new
    }

    /// The general way: members by key, elements of unordered arrays by hash.
    fn agree_anyhow(&mut self, old: u32, new: u32) -> bool {
        let mut open = vec![(old, new)];
        let mut members = Vec::new();
        while let Some(next) = open.pop() {
            match self.look_inside(next, &mut open, &mut members) {
                Inside::Fits => {}
                Inside::Differs => {
                    if next != (old, new) && !self.exhausted {
                        self.refuted = Some(Refuted {
                            pair: (old, new),
                            by: next,
                        });
                    }
                    return false;
                }
            }
        }
        true
    }

    /// Decides one pair, up to the pairs inside it that have to agree, which are added to `open`.
    fn look_inside(
        &mut self,
        (old, new): (u32, u32),
        open: &mut Vec<(u32, u32)>,
        members: &mut Vec<Match>,
    ) -> Inside {
        let pair = self.pair;
        match self.custom(old, new) {
            Likeness::Same => return Inside::Fits,
            Likeness::Different => return Inside::Differs,
            Likeness::ByRules => {}
        }
        let (left, right) = (pair.old.raw(old), pair.new.raw(new));
        if self.hashes_differ(old, new) || left.is_container() && left.tag != right.tag {
            return Inside::Differs;
        }
        if !left.is_container() {
            let same = self.scalars(old, new) == Verdict::Same;
            return if same { Inside::Fits } else { Inside::Differs };
        }
        if pair.old.end(old) - old < RETRY_BELOW {
            let mark = self.hits.len();
            if self.agree_in_step(old, new) {
                return Inside::Fits;
            }
            self.hits.truncate(mark);
        }
        if left.tag == Tag::Array {
            return self.look_inside_array(old, new, open);
        }
        self.members(old, new, members);
        for found in members.drain(..) {
            let (Some(left), Some(right)) = found else {
                return Inside::Differs;
            };
            open.push((left, right));
        }
        Inside::Fits
    }

    fn look_inside_array(&mut self, old: u32, new: u32, open: &mut Vec<(u32, u32)>) -> Inside {
        let pair = self.pair;
        self.note_skipped_elements(old, new);
        let (left, right) = (pair.old.elements(old), pair.new.elements(new));
        if left.len() != right.len() {
            return Inside::Differs;
        }
        let collection = pair.collection(old, new);
        if collection == Collection::Ordered {
            open.extend(
                left.iter()
                    .zip(&right)
                    .map(|(old, new)| (old.node, new.node)),
            );
            return Inside::Fits;
        }
        let by_hash = |elements: &[Element], hash: &dyn Fn(u32) -> u128| {
            let mut sorted: Vec<_> = elements
                .iter()
                .map(|element| (hash(element.node), *element))
                .collect();
            sorted.sort_unstable_by_key(|(hash, element)| (*hash, element.node));
            sorted
        };
        let sorted_old = by_hash(&left, &|node| pair.old.hash(node));
        let sorted_new = by_hash(&right, &|node| pair.new.hash(node));
        let hashes =
            |sorted: &[(u128, Element)]| sorted.iter().map(|(hash, _)| *hash).collect::<Vec<_>>();
        if hashes(&sorted_old) != hashes(&sorted_new) {
            return Inside::Differs;
        }
        let mut pairs = Vec::with_capacity(left.len());
        let mut start = 0;
        for chunk in sorted_old.chunk_by(|one, next| one.0 == next.0) {
            let partners = &sorted_new[start..start + chunk.len()];
            start += chunk.len();
            if let ([(_, old)], [(_, new)]) = (chunk, partners) {
                pairs.push((old.node, new.node));
                open.push((old.node, new.node));
                continue;
            }
            let of =
                |sorted: &[(u128, Element)]| sorted.iter().map(|(_, e)| *e).collect::<Vec<_>>();
            let (olds, news) = (of(chunk), of(partners));
            if !pair.rules.fuzzy() {
                let alike = self.pair_alike(&olds, &news).into_iter();
                pairs.extend(alike.map(|(x, y)| (olds[x].node, news[y].node)));
                open.extend_from_slice(&pairs[pairs.len() - chunk.len()..]);
                continue;
            }
            // Hashes leave tolerant numbers out, so who goes with whom has to be found. Elements of
            // one hash have one size, so this nests no deeper than a size can be halved.
            for (old, partner) in olds.iter().zip(self.match_close(&olds, &news)) {
                let Some(at) = partner else {
                    return Inside::Differs;
                };
                pairs.push((old.node, news[at].node));
            }
        }
        pairs.sort_unstable();
        self.note_reordered(collection, &left, &right, &pairs);
        Inside::Fits
    }

    /// Notes that a rule hid a sequence that is not the same.
    pub(super) fn note_reordered(
        &mut self,
        collection: Collection,
        old: &[Element],
        new: &[Element],
        pairs: &[(u32, u32)],
    ) {
        let rule = match collection {
            Collection::Ordered => return,
            Collection::Unordered(rule) => rule,
            Collection::Keyed(key) => self.pair.rules.keys[usize::from(key)].rule,
        };
        let mut in_old_order: Vec<_> = pairs.to_vec();
        in_old_order.sort_unstable();
        let reordered = !in_old_order.is_sorted_by_key(|(_, node)| *node);
        // Equal elements that only changed places with each other are in the same sequence.
        let visible = reordered
            && old.iter().zip(new).any(|(left, right)| {
                self.pair.old.hash(left.node) != self.pair.new.hash(right.node)
            });
        if visible {
            self.hits.push(rule);
        }
    }

    /// How two values compare of which at least one is no container.
    pub(super) fn scalars(&mut self, old: u32, new: u32) -> Verdict {
        let pair = self.pair;
        let (left, right) = (pair.old.raw(old), pair.new.raw(new));
        let same = |same: bool| if same { Verdict::Same } else { Verdict::Value };
        match (left.tag, right.tag) {
            (Tag::String, Tag::String) => same(self.texts(old, new)),
            (Tag::Integer, Tag::Integer) if left.payload == right.payload => Verdict::Same,
            (Tag::Integer | Tag::Lexeme, Tag::Integer | Tag::Lexeme) => self.numbers(old, new),
            (Tag::Null, Tag::Null) => Verdict::Same,
            (Tag::True | Tag::False, Tag::True | Tag::False) => same(left.tag == right.tag),
            _ => Verdict::Type,
        }
    }

    fn texts(&mut self, old: u32, new: u32) -> bool {
        let pair = self.pair;
        let left = pair.old.tree.payload_text(pair.old.raw(old));
        let right = pair.new.tree.payload_text(pair.new.raw(new));
        if left == right {
            return true;
        }
        let rules = &pair.rules.texts;
        if rules.is_empty() {
            return false;
        }
        let in_old = pair.scopes.texts(pair.old.scope(old));
        let in_new = pair.scopes.texts(pair.new.scope(new));
        if text::normal(rules, in_old, left) != text::normal(rules, in_new, right) {
            return false;
        }
        text::needed(rules, (in_old, left), (in_new, right), |rule| {
            self.hits.push(rule);
        });
        true
    }

    fn numbers(&mut self, old: u32, new: u32) -> Verdict {
        let pair = self.pair;
        let (left, right) = (pair.old.number(old), pair.new.number(new));
        let both_integers = left.is_integer() && right.is_integer();
        if pair.rules.numbers.strict && left.is_integer() != right.is_integer() {
            return Verdict::Type;
        }
        if left == right {
            if left.is_integer() != right.is_integer() {
                self.hits.push(NUMBER_FORM);
            }
            return Verdict::Same;
        }
        if !pair.rules.tolerant {
            return Verdict::Value;
        }
        let gap = Gap::between(left, right);
        let rule = |numbers: &Numbers| {
            let concerned = numbers.tolerant() && (numbers.integers || !both_integers);
            concerned.then(|| numbers.rule_for(&gap)).flatten()
        };
        let in_old = pair.scopes.numbers(pair.old.scope(old));
        let in_new = pair.scopes.numbers(pair.new.scope(new));
        match rule(in_old).or_else(|| rule(in_new)) {
            Some(rule) => {
                self.hits.push(rule);
                Verdict::Same
            }
            None => Verdict::Value,
        }
    }

    /// The members of two objects by key: those of old in its order, then what only new has.
    /// Members the rules leave out are not among them; where they differ, that is noted.
    pub(super) fn members(&mut self, old: u32, new: u32, found: &mut Vec<Match>) {
        let pair = self.pair;
        found.clear();
        let in_step = pair.old.raw(old).halves().0 == pair.new.raw(new).halves().0
            && pair
                .old
                .children(old)
                .zip(pair.new.children(new))
                .all(|(left, right)| pair.old.key(left) == pair.new.key(right));
        if in_step {
            for (left, right) in pair.old.children(old).zip(pair.new.children(new)) {
                self.member(Some(left), Some(right), found);
            }
            return;
        }
        // A fresh number for each look-up saves clearing the table.
        self.lookup = self.lookup.wrapping_add(1);
        if self.lookup == 0 {
            self.member_by_key.fill((0, 0));
            self.lookup = 1;
        }
        for right in pair.new.children(new) {
            let key = pair.new.key(right);
            if key != NO_KEY {
                self.member_by_key[key as usize] = (self.lookup, right);
            }
        }
        for left in pair.old.children(old) {
            let slot = &mut self.member_by_key[pair.old.key(left) as usize];
            let right = (slot.0 == self.lookup).then_some(slot.1);
            slot.0 = 0;
            self.member(Some(left), right, found);
        }
        for right in pair.new.children(new) {
            if self.member_by_key[pair.new.key(right) as usize].0 == self.lookup {
                self.member(None, Some(right), found);
            }
        }
    }

    fn member(&mut self, old: Option<u32>, new: Option<u32>, found: &mut Vec<Match>) {
        let pair = self.pair;
        let kept_old = old.filter(|node| !pair.old.is_skipped(*node));
        let kept_new = new.filter(|node| !pair.new.is_skipped(*node));
        if kept_old.is_some() || kept_new.is_some() {
            found.push((kept_old, kept_new));
            return;
        }
        match (old, new) {
            (Some(old), Some(new)) => self.note_skipped(old, new),
            (Some(old), None) => self.hits.push(pair.skip_rule(&pair.old, old)),
            (None, Some(new)) => self.hits.push(pair.skip_rule(&pair.new, new)),
            (None, None) => {}
        }
    }

    /// Notes a hit if two values that are left out are not the same.
    fn note_skipped(&mut self, old: u32, new: u32) {
        if !self.written_the_same(old, new) {
            self.hits.push(self.pair.skip_rule(&self.pair.old, old));
        }
    }

    /// Whether two values are the same without any rule.
    fn written_the_same(&self, old: u32, new: u32) -> bool {
        let pair = self.pair;
        let (end_old, end_new) = (pair.old.end(old), pair.new.end(new));
        end_old - old == end_new - new
            && (old..end_old).zip(new..end_new).all(|(at_old, at_new)| {
                let (left, right) = (pair.old.raw(at_old), pair.new.raw(at_new));
                let same_key = at_old == old || pair.old.key(at_old) == pair.new.key(at_new);
                same_key
                    && left.tag == right.tag
                    && match left.tag {
                        Tag::String | Tag::Lexeme => {
                            pair.old.tree.payload_text(left) == pair.new.tree.payload_text(right)
                        }
                        Tag::Array | Tag::Object => left.halves().0 == right.halves().0,
                        _ => left.payload == right.payload,
                    }
            })
    }

    /// Notes where elements that are left out are not the same, place by place.
    pub(super) fn note_skipped_elements(&mut self, old: u32, new: u32) {
        let pair = self.pair;
        if !pair.old.skips() {
            return;
        }
        let mut left = pair
            .old
            .children(old)
            .filter(|node| pair.old.is_skipped(*node));
        let mut right = pair
            .new
            .children(new)
            .filter(|node| pair.new.is_skipped(*node));
        loop {
            match (left.next(), right.next()) {
                (Some(old), Some(new)) => self.note_skipped(old, new),
                (Some(old), None) => self.hits.push(pair.skip_rule(&pair.old, old)),
                (None, Some(new)) => self.hits.push(pair.skip_rule(&pair.new, new)),
                (None, None) => return,
            }
        }
    }

    /// How often each rule hid something.
    pub(super) fn hidden(&self) -> Vec<(RuleId, u64)> {
        let mut counts: HashMap<RuleId, u64> = HashMap::new();
        for rule in &self.hits {
            *counts.entry(*rule).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable();
        counts
    }
}
