//! The walk over both answers that finds every difference.

use super::super::difference::{Comparison, DifferenceKind, Times};
use super::super::rules::Likeness;
use super::agree::{Judge, Match, Verdict};
use super::align::align;
use super::bag::Rest;
use super::finding::Findings;
use super::paths::{PathId, Paths, Step, WHOLE};
use super::sides::{BATCH, Collection, Element, Pair};
use super::stop::Stop;
use crate::tree::Tag;

/// Something the walk has still to do, at a place.
enum Task {
    /// Compare two values that stand for each other.
    Compare(u32, u32),
    Missing(u32),
    Extra(u32),
    /// Same members, other sequence.
    Order(u32, u32),
    /// The same value, not equally often.
    Repetition(u32, u32, Times),
    /// Members that share a key which should be one member's.
    Group(Vec<Element>, Vec<Element>),
}

/// One comparison under way. Work to do is on a list, not on the stack, so depth is no matter.
pub(super) struct Walk<'p> {
    pair: &'p Pair<'p>,
    judge: Judge<'p>,
    paths: Paths,
    tasks: Vec<(Task, PathId)>,
    /// Tasks found at one place, in document order.
    found: Vec<(Task, PathId)>,
    findings: Findings<'p>,
    stop: &'p Stop<'p>,
}

/// How many of the places not looked at are named one by one.
const NAMED_WHEN_STOPPED: usize = 20;

impl<'p> Walk<'p> {
    pub(super) fn new(pair: &'p Pair<'p>, stop: &'p Stop<'p>) -> Self {
        Self {
            pair,
            stop,
            judge: Judge::new(pair, stop),
            paths: Paths::new(),
            tasks: Vec::new(),
            found: Vec::new(),
            findings: Findings::new(pair),
        }
    }

    pub(super) fn run(mut self) -> Comparison {
        if self.pair.old.is_skipped(0) && self.pair.new.is_skipped(0) {
            // Nothing is left to look at; that it differs is known already.
            self.judge.hits.push(self.pair.skip_rule(&self.pair.old, 0));
        } else {
            self.tasks.push((Task::Compare(0, 0), WHOLE));
        }
        let mut members = Vec::new();
        while let Some((task, place)) = self.tasks.pop() {
            if self.stop.step() {
                self.stop(task, place);
                break;
            }
            self.take_up(task, place, &mut members);
            self.tasks.extend(self.found.drain(..).rev());
        }
        self.findings.finish(self.judge.hidden())
    }

    fn take_up(&mut self, task: Task, place: PathId, members: &mut Vec<Match>) {
        match task {
            Task::Compare(old, new) => self.compare(old, new, place, members),
            Task::Missing(old) => {
                self.report(DifferenceKind::Missing, Some(old), None, None, place);
            }
            Task::Extra(new) => self.report(DifferenceKind::Extra, None, Some(new), None, place),
            Task::Order(old, new) => {
                self.report(DifferenceKind::Order, Some(old), Some(new), None, place);
            }
            Task::Repetition(old, new, times) => {
                let kind = DifferenceKind::Repetition;
                self.report(kind, Some(old), Some(new), Some(times), place);
            }
            Task::Group(olds, news) => {
                self.findings
                    .report_group(&olds, &news, (&self.paths, place));
            }
        }
    }

    fn compare(&mut self, old: u32, new: u32, place: PathId, members: &mut Vec<Match>) {
        let (left, right) = (self.pair.old.raw(old), self.pair.new.raw(new));
        match self.judge.custom(old, new) {
            Likeness::Same => return,
            Likeness::Different => {
                self.report(DifferenceKind::Value, Some(old), Some(new), None, place);
                return;
            }
            Likeness::ByRules => {}
        }
        if !left.is_container() || left.tag != right.tag {
            let verdict = if left.is_container() {
                Verdict::Type
            } else {
                self.judge.scalars(old, new)
            };
            match verdict {
                Verdict::Same => {}
                Verdict::Value => {
                    self.report(DifferenceKind::Value, Some(old), Some(new), None, place);
                }
                Verdict::Type => {
                    self.report(DifferenceKind::Type, Some(old), Some(new), None, place);
                }
            }
            return;
        }
        if place == WHOLE && self.judge.agree(old, new) {
            return;
        }
        if self.too_deep(old, new, place) {
            return;
        }
        if left.tag == Tag::Object {
            self.judge.members(old, new, members);
            for found in members.drain(..) {
                self.member(found, place);
            }
            return;
        }
        self.judge.note_skipped_elements(old, new);
        let (left, right) = (self.pair.old.elements(old), self.pair.new.elements(new));
        match self.pair.collection(old, new) {
            Collection::Ordered => self.ordered(&left, &right, (old, new), place),
            collection @ Collection::Unordered(_) => {
                self.unordered(&left, &right, &left, &right, collection, place);
            }
            Collection::Keyed(key) => self.keyed(key, &left, &right, place),
        }
        if std::mem::take(&mut self.judge.exhausted) {
            let elements = (left.len() + right.len()) as u64;
            let what = "effort ran out before all elements were paired; raise the effort, or name \
                        a key";
            self.note_undecided(place, what.to_owned(), elements);
        }
    }

    /// Whether two values that differ lie too deep to look into.
    fn too_deep(&mut self, old: u32, new: u32, place: PathId) -> bool {
        let deepest = self.pair.rules.max_depth;
        if deepest == usize::MAX || self.paths.depth(place) < deepest {
            return false;
        }
        self.report(DifferenceKind::Value, Some(old), Some(new), None, place);
        let what = format!(
            "this differs more than {deepest} level{} deep, where was not looked for; raise max_depth",
            if deepest == 1 { "" } else { "s" }
        );
        let size = (self.pair.old.end(old) - old) + (self.pair.new.end(new) - new);
        self.note_undecided(place, what, u64::from(size));
        true
    }

    fn member(&mut self, found: Match, place: PathId) {
        let (task, key) = match found {
            (Some(old), Some(new)) => {
                if self.judge.agree(old, new) {
                    return;
                }
                (Task::Compare(old, new), self.pair.old.key(old))
            }
            (Some(old), None) => (Task::Missing(old), self.pair.old.key(old)),
            (None, Some(new)) => (Task::Extra(new), self.pair.new.key(new)),
            (None, None) => return,
        };
        let place = self.paths.add(place, Step::Member(key));
        self.found.push((task, place));
    }

    fn pair_elements(&mut self, old: Element, new: Element, place: PathId) {
        if !self.judge.agree(old.node, new.node) {
            let place = self.paths.add(place, Step::Element(old.place, new.place));
            self.found.push((Task::Compare(old.node, new.node), place));
        }
    }

    fn missing(&mut self, old: Element, place: PathId) {
        let place = self.paths.add(place, Step::Element(old.place, old.place));
        self.found.push((Task::Missing(old.node), place));
    }

    fn extra(&mut self, new: Element, place: PathId) {
        let place = self.paths.add(place, Step::Element(new.place, new.place));
        self.found.push((Task::Extra(new.node), place));
    }

    fn ordered(&mut self, left: &[Element], right: &[Element], arrays: (u32, u32), place: PathId) {
        let old: Vec<_> = left
            .iter()
            .map(|element| self.pair.old.hash(element.node))
            .collect();
        let new: Vec<_> = right
            .iter()
            .map(|element| self.pair.new.hash(element.node))
            .collect();
        if self.only_reordered(left, right, &old, &new) {
            self.found.push((Task::Order(arrays.0, arrays.1), place));
            return;
        }
        let mut alignment = align(&old, &new, &mut self.judge.effort);
        if self.pair.rules.fuzzy() && self.judge.misaligned(&alignment, left, right) {
            if self.judge.only_reordered_close(left, right) {
                self.found.push((Task::Order(arrays.0, arrays.1), place));
                return;
            }
            alignment = self.judge.align_close(left, right);
        }
        let (mut next_old, mut next_new) = (0, 0);
        for (at_old, at_new) in alignment
            .pairs
            .into_iter()
            .chain([(left.len(), right.len())])
        {
            for element in &left[next_old..at_old] {
                self.missing(*element, place);
            }
            for element in &right[next_new..at_new] {
                self.extra(*element, place);
            }
            if let (Some(old), Some(new)) = (left.get(at_old), right.get(at_new)) {
                self.pair_elements(*old, *new, place);
            }
            (next_old, next_new) = (at_old + 1, at_new + 1);
        }
        if alignment.undecided > 0 {
            let what = "the sequences differ too much to align within the effort; elements were \
                        compared by position; raise the effort, or name a key";
            self.note_undecided(place, what.to_owned(), alignment.undecided as u64);
        }
    }

    /// Whether two arrays have the same members in another sequence.
    fn only_reordered(
        &mut self,
        left: &[Element],
        right: &[Element],
        old: &[u128],
        new: &[u128],
    ) -> bool {
        let sum = |hashes: &[u128]| {
            hashes
                .iter()
                .fold(0_u128, |sum, hash| sum.wrapping_add(*hash))
        };
        if old.len() != new.len() || old == new || sum(old) != sum(new) {
            return false;
        }
        let mark = self.judge.hits.len();
        let bag = self.judge.bag(left, right);
        let same = bag.old_rest.is_empty() && bag.new_rest.is_empty();
        if !same {
            self.judge.hits.truncate(mark);
        }
        same
    }

    fn unordered(
        &mut self,
        left: &[Element],
        right: &[Element],
        all_left: &[Element],
        all_right: &[Element],
        collection: Collection,
        place: PathId,
    ) {
        let mut bag = self.judge.bag(left, right);
        let (mut old_rest, mut new_rest) = (bag.old_rest, bag.new_rest);
        let mut tasks: Vec<(u32, Task, Step)> = Vec::new();
        let is_scalar = |node: u32, new: bool| {
            let side = if new { &self.pair.new } else { &self.pair.old };
            !side.raw(node).is_container()
        };
        // Scalars have nothing but themselves to be recognised by.
        let repeated = |rest: &Rest| rest.in_old > 0 && rest.in_new > 0;
        let scalars = |rest: &Rest, new: bool| is_scalar(rest.element.node, new) && repeated(rest);
        let (repeated_old, others): (Vec<_>, Vec<_>) =
            old_rest.into_iter().partition(|rest| scalars(rest, false));
        old_rest = others;
        let (repeated_new, others): (Vec<_>, Vec<_>) =
            new_rest.into_iter().partition(|rest| scalars(rest, true));
        new_rest = others;
        self.repetitions(&repeated_old, &repeated_new, left, right, &mut tasks);

        let elements = |rest: &[Rest]| rest.iter().map(|rest| rest.element).collect::<Vec<_>>();
        let paired = self.judge.pair_similar(
            &elements(&old_rest),
            &elements(&new_rest),
            all_left,
            all_right,
        );
        let (mut free_old, mut free_new) = (vec![true; old_rest.len()], vec![true; new_rest.len()]);
        let mut pairs = paired.pairs;
        for (x, y) in &pairs {
            free_old[*x] = false;
            free_new[*y] = false;
        }
        let still = |rest: &[Rest], free: &[bool]| -> Vec<usize> {
            (0..rest.len())
                .filter(|at| free[*at] && !repeated(&rest[*at]))
                .collect()
        };
        // One left on each side: for scalars, or where there was nothing else, that is a change.
        if let ([x], [y]) = (
            &still(&old_rest, &free_old)[..],
            &still(&new_rest, &free_new)[..],
        ) {
            let both_scalar = is_scalar(old_rest[*x].element.node, false)
                && is_scalar(new_rest[*y].element.node, true);
            if both_scalar || (all_left.len() == 1 && all_right.len() == 1) {
                pairs.push((*x, *y));
                free_old[*x] = false;
                free_new[*y] = false;
            }
        }
        for (x, y) in pairs {
            let (old, new) = (old_rest[x].element, new_rest[y].element);
            bag.pairs.push((old.node, new.node));
            let step = Step::Element(old.place, new.place);
            tasks.push((old.place, Task::Compare(old.node, new.node), step));
        }
        self.judge
            .note_reordered(collection, left, right, &bag.pairs);
        let rest_of = |rest: &[Rest], free: &[bool]| -> (Vec<Rest>, Vec<Rest>) {
            let left = rest
                .iter()
                .zip(free)
                .filter(|(_, free)| **free)
                .map(|(rest, _)| *rest);
            left.partition(|rest| repeated(rest))
        };
        let (repeated_old, missing) = rest_of(&old_rest, &free_old);
        let (repeated_new, extra) = rest_of(&new_rest, &free_new);
        self.repetitions(&repeated_old, &repeated_new, left, right, &mut tasks);
        tasks.extend(missing.iter().map(|Rest { element, .. }| {
            let step = Step::Element(element.place, element.place);
            (element.place, Task::Missing(element.node), step)
        }));
        tasks.sort_by_key(|(place, ..)| *place);
        tasks.extend(extra.iter().map(|Rest { element, .. }| {
            let step = Step::Element(element.place, element.place);
            (element.place, Task::Extra(element.node), step)
        }));
        for (_, task, step) in tasks {
            let place = self.paths.add(place, step);
            self.found.push((task, place));
        }
        if paired.undecided > 0 {
            let what = "these elements share only frequent values, so which became which was not \
                        decided; name a key to pair them";
            self.note_undecided(place, what.to_owned(), paired.undecided as u64);
        }
    }

    /// One task for each value that both sides have, not equally often.
    fn repetitions(
        &self,
        old: &[Rest],
        new: &[Rest],
        left: &[Element],
        right: &[Element],
        tasks: &mut Vec<(u32, Task, Step)>,
    ) {
        let mut seen = hashbrown::HashSet::new();
        let mut like = hashbrown::HashMap::new();
        let rests = old
            .iter()
            .map(|rest| (self.pair.old.hash(rest.element.node), rest))
            .chain(
                new.iter()
                    .map(|rest| (self.pair.new.hash(rest.element.node), rest)),
            );
        let rests: Vec<_> = rests.filter(|(hash, _)| seen.insert(*hash)).collect();
        if rests.is_empty() {
            return;
        }
        // The first of each side that is like it, to show and to name its place.
        for element in left {
            like.entry(self.pair.old.hash(element.node))
                .or_insert((None, None))
                .0
                .get_or_insert(*element);
        }
        for element in right {
            like.entry(self.pair.new.hash(element.node))
                .or_insert((None, None))
                .1
                .get_or_insert(*element);
        }
        for (hash, rest) in rests {
            if let Some((Some(old), Some(new))) = like.get(&hash) {
                let times = Times {
                    old: rest.in_old,
                    new: rest.in_new,
                };
                let step = Step::Element(old.place, new.place);
                tasks.push((old.place, Task::Repetition(old.node, new.node, times), step));
            }
        }
    }

    fn keyed(&mut self, key: u16, left: &[Element], right: &[Element], place: PathId) {
        let keyed = self.judge.keyed(key, left, right);
        let nodes: Vec<_> = keyed
            .pairs
            .iter()
            .map(|(old, new)| (old.node, new.node))
            .collect();
        self.judge
            .note_reordered(Collection::Keyed(key), left, right, &nodes);
        let mut missing = keyed.missing.into_iter().peekable();
        let mut groups = keyed.groups.into_iter().peekable();
        let before = |element: Option<&Element>, limit: u32| {
            element.is_some_and(|element| element.node < limit)
        };
        for (at, pair) in (0..).zip(keyed.pairs.into_iter().map(Some).chain([None])) {
            if at % BATCH == 0 {
                let news = nodes.iter().skip(at).take(BATCH);
                self.pair.new.fetch(news.map(|(_, new)| *new));
            }
            let limit = pair.map_or(u32::MAX, |(old, _)| old.node);
            while before(missing.peek(), limit) {
                if let Some(element) = missing.next() {
                    self.missing(element, place);
                }
            }
            while groups
                .peek()
                .is_some_and(|(olds, _)| before(olds.first(), limit) || olds.is_empty())
            {
                if let Some((olds, news)) = groups.next() {
                    self.group(olds, news, place);
                }
            }
            if let Some((old, new)) = pair {
                self.pair_elements(old, new, place);
            }
        }
        for element in keyed.extra {
            self.extra(element, place);
        }
        if !keyed.old_unkeyed.is_empty() || !keyed.new_unkeyed.is_empty() {
            let (old, new) = (&keyed.old_unkeyed, &keyed.new_unkeyed);
            self.unordered(old, new, old, new, Collection::Keyed(key), place);
        }
    }

    /// Members of one key: equal as a whole, or one difference.
    fn group(&mut self, olds: Vec<Element>, news: Vec<Element>, place: PathId) {
        let mark = self.judge.hits.len();
        let bag = self.judge.bag(&olds, &news);
        if bag.old_rest.is_empty() && bag.new_rest.is_empty() {
            return;
        }
        self.judge.hits.truncate(mark);
        let (old, new) = (olds.first(), news.first());
        let Some(first) = old.or(new) else { return };
        let step = Step::Element(old.unwrap_or(first).place, new.unwrap_or(first).place);
        let place = self.paths.add(place, step);
        self.found.push((Task::Group(olds, news), place));
    }

    fn report(
        &mut self,
        kind: DifferenceKind,
        old: Option<u32>,
        new: Option<u32>,
        times: Option<Times>,
        place: PathId,
    ) {
        self.findings
            .report(kind, old, new, times, (&self.paths, place));
    }

    fn note_undecided(&mut self, place: PathId, what: String, elements: u64) {
        self.findings
            .note_undecided((&self.paths, place), what, elements);
    }

    /// What is still to be done when there is no time left: what is known to differ is reported,
    /// what was not looked into is named.
    fn stop(&mut self, task: Task, place: PathId) {
        let mut left = vec![(task, place)];
        left.extend(self.tasks.drain(..).rev());
        let mut unseen = Vec::new();
        for (task, place) in left {
            match task {
                Task::Compare(old, new) => unseen.push((old, new, place)),
                other => self.take_up(other, place, &mut Vec::new()),
            }
        }
        let size = |(old, new, _): &(u32, u32, PathId)| {
            let (left, right) = (self.pair.old.end(*old) - old, self.pair.new.end(*new) - new);
            u64::from(left) + u64::from(right)
        };
        let sizes: Vec<u64> = unseen.iter().map(size).collect();
        for ((_, _, place), size) in unseen.iter().zip(&sizes).take(NAMED_WHEN_STOPPED) {
            let what = "the time ended before this was looked at; raise max_time";
            self.note_undecided(*place, what.to_owned(), *size);
        }
        if let Some(rest @ [_, ..]) = sizes.get(NAMED_WHEN_STOPPED..) {
            let what = format!(
                "the time ended before {} more places were looked at; raise max_time",
                rest.len()
            );
            self.note_undecided(WHOLE, what, rest.iter().sum());
        }
    }
}
