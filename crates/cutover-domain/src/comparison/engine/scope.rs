//! Which rules hold where: path rules as an automaton that walks along.
//!
//! A scope is a state of that automaton: how far each path has got, and what holds here. Scopes are
//! made as a document reaches them and shared by both sides, so a member costs one table look-up
//! however many rules there are.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::super::comparator::Compiled;
use super::super::difference::Severity;
use super::selector::Selector;
use super::text;
use super::tolerance::Numbers;

/// The number of a rule among those whose hits are counted.
pub(in crate::comparison) type RuleId = u16;

/// What a path rule does where it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::comparison) enum Effect {
    Ignore(RuleId),
    Only,
    Unordered(RuleId),
    /// The number of the collection's key.
    Key(u16),
    Severity(Severity),
    /// The number of the rule for texts.
    Text(u16),
    /// The number of the tolerance.
    Tolerance(u16),
    /// The number of the caller's own comparison.
    Custom(u16),
}

/// One path and what it does.
#[derive(Clone, Debug)]
pub(in crate::comparison) struct PathRule {
    pub(in crate::comparison) selector: Selector,
    pub(in crate::comparison) effect: Effect,
}

/// How far a path has got: so many of its segments are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Progress {
    rule: u16,
    matched: u16,
}

/// What holds for a value and everything inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Inherited {
    ignored: Option<RuleId>,
    selected: bool,
    severity: Severity,
    /// The numbers of what holds for texts and for numbers.
    texts: u32,
    numbers: u32,
}

/// The scope a value lies in, and its key if it is a member: what tells shapes apart.
type Place = (u32, Option<u32>);

/// What a scope is known by: its place if shapes are told apart, the state of the paths, and what
/// it inherits.
type ScopeName = (Option<Place>, Box<[Progress]>, Inherited);

/// What holds at one kind of place.
#[derive(Debug)]
pub(super) struct Scope {
    inherited: Inherited,
    /// The rule by which the array here has no order.
    pub(super) unordered: Option<RuleId>,
    /// The key of the collection here.
    pub(super) key: Option<u16>,
    /// The caller's own comparison of what stands here.
    pub(super) custom: Option<u16>,
    /// Whether something selected may lie below.
    pub(super) leads_to_selected: bool,
    /// Whether either side has a number here that is not written as an integer.
    pub(super) has_fraction: bool,
    is_final: bool,
    progress: Box<[Progress]>,
    looks_at_index: bool,
    /// Where each member's key stands in the sequence.
    members: HashMap<u32, usize>,
    /// Members in the order first met, with their scopes. Records repeat it, so the next one is
    /// nearly always known.
    sequence: Vec<(u32, u32)>,
    next_in_sequence: usize,
    element: Option<u32>,
}

impl Scope {
    pub(super) fn ignored(&self) -> Option<RuleId> {
        self.inherited.ignored
    }

    pub(super) fn selected(&self) -> bool {
        self.inherited.selected
    }

    /// Whether everything below has this scope too.
    pub(super) fn is_final(&self) -> bool {
        self.is_final
    }

    pub(super) fn severity(&self) -> Severity {
        self.inherited.severity
    }
}

/// The automaton, as far as it was needed.
#[derive(Debug)]
pub(super) struct Scopes<'r> {
    compiled: &'r Compiled,
    rules: &'r [PathRule],
    /// Whether places of different shape must not share a scope: where numbers may differ.
    by_shape: bool,
    all: Vec<Scope>,
    interned: HashMap<ScopeName, u32>,
    /// The rules for texts that hold together somewhere; those that hold everywhere first.
    texts: Vec<Vec<u16>>,
    /// What holds for numbers somewhere; what holds everywhere first.
    numbers: Vec<Numbers>,
    /// Which of `texts` and `numbers` another effect leads to.
    joined: HashMap<(u32, Effect), u32>,
}

/// The scope of the whole answer.
pub(super) const ROOT: u32 = 0;

impl<'r> Scopes<'r> {
    pub(super) fn new(compiled: &'r Compiled) -> Self {
        let rules = &compiled.rules;
        let mut scopes = Self {
            compiled,
            rules,
            by_shape: compiled.tolerant,
            all: Vec::new(),
            interned: HashMap::new(),
            texts: vec![compiled.texts_everywhere.clone()],
            numbers: vec![compiled.numbers],
            joined: HashMap::new(),
        };
        let progress = (0..rules.len() as u16)
            .map(|rule| Progress { rule, matched: 0 })
            .collect();
        let only = rules.iter().any(|rule| rule.effect == Effect::Only);
        let outside = Inherited {
            ignored: None,
            selected: !only,
            severity: Severity::default(),
            texts: 0,
            numbers: 0,
        };
        scopes.intern(None, progress, outside);
        scopes
    }

    pub(super) fn get(&self, scope: u32) -> &Scope {
        &self.all[scope as usize]
    }

    /// The rules for texts that hold in a scope, in the order in which they are applied.
    pub(super) fn texts(&self, scope: u32) -> &[u16] {
        &self.texts[self.get(scope).inherited.texts as usize]
    }

    /// What holds for numbers in a scope.
    pub(super) fn numbers(&self, scope: u32) -> &Numbers {
        &self.numbers[self.get(scope).inherited.numbers as usize]
    }

    /// The text that stands for all that are the same as this one in a scope.
    pub(super) fn normal<'t>(&self, scope: u32, text: &'t str) -> Cow<'t, str> {
        if self.compiled.texts.is_empty() {
            return Cow::Borrowed(text);
        }
        text::normal(&self.compiled.texts, self.texts(scope), text)
    }

    /// What rules make of a text in a scope, if they change it and it still tells who is who.
    pub(super) fn telling(&self, scope: u32, text: &str) -> Option<String> {
        match text::telling(&self.compiled.texts, self.texts(scope), text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(changed) => Some(changed),
        }
    }

    /// Whether numbers in a scope may differ, so that their values must not count.
    pub(super) fn lets_differ(&self, scope: u32) -> bool {
        let numbers = self.numbers(scope);
        numbers.tolerant() && (numbers.integers || self.get(scope).has_fraction)
    }

    pub(super) fn note_fraction(&mut self, scope: u32) {
        self.all[scope as usize].has_fraction = true;
    }

    /// The scope of a member, by the key's number and name.
    pub(super) fn member(&mut self, scope: u32, key: u32, name: &str) -> u32 {
        let from = &mut self.all[scope as usize];
        if let Some((expected, next)) = from.sequence.get(from.next_in_sequence)
            && *expected == key
        {
            from.next_in_sequence += 1;
            return *next;
        }
        if let Some(place) = from.members.get(&key) {
            from.next_in_sequence = place + 1;
            return from.sequence[*place].1;
        }
        let next = self.step(scope, Some(key), |rules, progress| {
            rules[usize::from(progress.rule)].selector.segments()[usize::from(progress.matched)]
                .takes_member(name)
        });
        let from = &mut self.all[scope as usize];
        from.members.insert(key, from.sequence.len());
        from.sequence.push((key, next));
        from.next_in_sequence = from.sequence.len();
        next
    }

    /// The scope of an element of an array of that length.
    pub(super) fn element(&mut self, scope: u32, index: usize, len: usize) -> u32 {
        let from = &self.all[scope as usize];
        if let Some(next) = from.element {
            return next;
        }
        let looks_at_index = from.looks_at_index;
        let next = self.step(scope, None, |rules, progress| {
            rules[usize::from(progress.rule)].selector.segments()[usize::from(progress.matched)]
                .takes_element(index, len)
        });
        if !looks_at_index {
            self.all[scope as usize].element = Some(next);
        }
        next
    }

    fn step(
        &mut self,
        scope: u32,
        key: Option<u32>,
        takes: impl Fn(&[PathRule], Progress) -> bool,
    ) -> u32 {
        let from = &self.all[scope as usize];
        let mut reached = Vec::new();
        for progress in &from.progress {
            let segments = self.rules[usize::from(progress.rule)].selector.segments();
            let Some(segment) = segments.get(usize::from(progress.matched)) else {
                continue;
            };
            if segment.descendant {
                reached.push(*progress);
            }
            if takes(self.rules, *progress) {
                reached.push(Progress {
                    rule: progress.rule,
                    matched: progress.matched + 1,
                });
            }
        }
        reached.sort_unstable();
        reached.dedup();
        let inherited = from.inherited;
        let place = if self.by_shape {
            Some((scope, key))
        } else {
            None
        };
        self.intern(place, reached.into(), inherited)
    }

    fn intern(
        &mut self,
        place: Option<Place>,
        progress: Box<[Progress]>,
        mut inherited: Inherited,
    ) -> u32 {
        let rules = self.rules;
        let arrived = |progress: &Progress| {
            let rule = &rules[usize::from(progress.rule)];
            (rule.selector.segments().len() == usize::from(progress.matched)).then_some(rule.effect)
        };
        let (mut unordered, mut key, mut custom) = (self.compiled.everywhere, None, None);
        // In the order the rules were given: of two severities or keys the later one holds.
        for effect in progress.iter().filter_map(arrived) {
            match effect {
                Effect::Ignore(rule) => inherited.ignored = inherited.ignored.or(Some(rule)),
                Effect::Only => inherited.selected = true,
                Effect::Unordered(rule) => unordered = Some(rule),
                Effect::Key(number) => key = Some(number),
                Effect::Custom(number) => custom = Some(number),
                Effect::Severity(severity) => inherited.severity = severity,
                Effect::Text(number) => inherited.texts = self.with_text(inherited.texts, number),
                Effect::Tolerance(number) => {
                    inherited.numbers = self.with_tolerance(inherited.numbers, number);
                }
            }
        }
        // Places that no rule tells apart may share a scope, unless their shape matters.
        let name = (place, progress, inherited);
        if let Some(scope) = self.interned.get(&name) {
            return *scope;
        }
        let next_segments = name.1.iter().filter_map(|progress| {
            let rule = &self.rules[usize::from(progress.rule)];
            let segment = rule
                .selector
                .segments()
                .get(usize::from(progress.matched))?;
            Some((segment, rule.effect))
        });
        let (mut looks_at_index, mut leads_to_selected) = (false, false);
        let mut is_final = !self.by_shape;
        for (segment, effect) in next_segments {
            looks_at_index |= segment.looks_at_index();
            leads_to_selected |= effect == Effect::Only;
            is_final = false;
        }
        let scope = self.all.len() as u32;
        self.all.push(Scope {
            inherited,
            unordered,
            key,
            custom,
            leads_to_selected,
            has_fraction: false,
            // What holds here alone does not hold below.
            is_final: is_final
                && key.is_none()
                && custom.is_none()
                && unordered == self.compiled.everywhere,
            progress: name.1.clone(),
            looks_at_index,
            members: HashMap::new(),
            sequence: Vec::new(),
            next_in_sequence: 0,
            element: None,
        });
        self.interned.insert(name, scope);
        scope
    }

    /// The rules whose path led nowhere. Linear in the number of scopes.
    pub(super) fn unmatched(&self) -> impl Iterator<Item = &'r PathRule> {
        let mut matched = vec![false; self.rules.len()];
        for progress in self.all.iter().flat_map(|scope| &scope.progress) {
            let rule = usize::from(progress.rule);
            let length = self.rules[rule].selector.segments().len();
            matched[rule] |= length == usize::from(progress.matched);
        }
        let rules = self.rules.iter().zip(matched);
        rules.filter_map(|(rule, matched)| (!matched).then_some(rule))
    }

    fn with_text(&mut self, from: u32, number: u16) -> u32 {
        let held = &self.texts[from as usize];
        let Err(place) = held.binary_search(&number) else {
            return from;
        };
        let next = self.texts.len() as u32;
        let to = *self
            .joined
            .entry((from, Effect::Text(number)))
            .or_insert(next);
        if to == next {
            let mut joined = held.clone();
            joined.insert(place, number);
            self.texts.push(joined);
        }
        to
    }

    fn with_tolerance(&mut self, from: u32, number: u16) -> u32 {
        let held = self.numbers[from as usize];
        let joined = held.with(&self.compiled.tolerances[usize::from(number)]);
        if joined == held {
            return from;
        }
        let next = self.numbers.len() as u32;
        let to = *self
            .joined
            .entry((from, Effect::Tolerance(number)))
            .or_insert(next);
        if to == next {
            self.numbers.push(joined);
        }
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: &str, effect: Effect) -> PathRule {
        PathRule {
            selector: path.parse().unwrap(),
            effect,
        }
    }

    fn compiled(rules: Vec<PathRule>, tolerant: bool) -> Compiled {
        Compiled {
            rules,
            tolerant,
            ..Compiled::default()
        }
    }

    /// Follows a path like `a.3.b`.
    fn walk(scopes: &mut Scopes<'_>, path: &str) -> u32 {
        path.split('.')
            .filter(|step| !step.is_empty())
            .fold(ROOT, |scope, step| match step.parse() {
                Ok(index) => scopes.element(scope, index, 10),
                Err(_) => {
                    let key = step
                        .bytes()
                        .fold(7_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
                    scopes.member(scope, key, step)
                }
            })
    }

    #[test]
    fn rules_hold_where_their_paths_lead() {
        let rules = vec![
            rule("$..etag", Effect::Ignore(0)),
            rule("$.items[*].at", Effect::Ignore(1)),
            rule("$.items[-1]", Effect::Severity(Severity::Critical)),
            rule("$.items", Effect::Unordered(2)),
        ];
        let compiled = compiled(rules, false);
        let mut scopes = Scopes::new(&compiled);
        let mut at = |path: &str| {
            let scope = walk(&mut scopes, path);
            let scope = scopes.get(scope);
            (scope.ignored(), scope.unordered, scope.severity())
        };
        for _ in 0..2 {
            assert_eq!(at(""), (None, None, Severity::Error));
            assert_eq!(at("items"), (None, Some(2), Severity::Error));
            assert_eq!(at("items.3.at"), (Some(1), None, Severity::Error));
            assert_eq!(at("items.3.at.deeper"), (Some(1), None, Severity::Error));
            assert_eq!(at("items.9.price"), (None, None, Severity::Critical));
            assert_eq!(at("other.etag"), (Some(0), None, Severity::Error));
            assert_eq!(at("etag"), (Some(0), None, Severity::Error));
        }
    }

    #[test]
    fn only_selects_what_it_names_and_knows_the_way() {
        let compiled = compiled(vec![rule("$.a..b", Effect::Only)], false);
        let mut scopes = Scopes::new(&compiled);
        let mut at = |path: &str| {
            let scope = walk(&mut scopes, path);
            (
                scopes.get(scope).selected(),
                scopes.get(scope).leads_to_selected,
            )
        };
        assert_eq!(at(""), (false, true));
        assert_eq!(at("c"), (false, false));
        assert_eq!(at("a.x.y"), (false, true));
        assert_eq!(at("a.x.b"), (true, true));
        assert_eq!(at("a.x.b.z"), (true, true));
    }

    #[test]
    fn shapes_are_told_apart_only_when_they_matter() {
        let without = Compiled::default();
        let mut shared = Scopes::new(&without);
        assert_eq!(walk(&mut shared, "a.b"), walk(&mut shared, "c"));
        let tolerant = compiled(Vec::new(), true);
        let mut shaped = Scopes::new(&tolerant);
        assert_ne!(walk(&mut shaped, "a.b"), walk(&mut shaped, "c"));
        assert_eq!(walk(&mut shaped, "a.1.b"), walk(&mut shaped, "a.2.b"));
    }
}
