//! Both answers made ready: common key numbers, scopes, what is left out, and subtree hashes.

use std::hint::black_box;

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::super::comparator::{Compiled, CustomRule};
use super::hashes::{Hasher, Hashes};
use super::scope::{Effect, ROOT, RuleId, Scope, Scopes};
use super::stop::Stop;
use crate::tree::{NO_KEY, Number, RawNode, Tag, Tree};

/// One answer.
pub(super) struct Side<'t> {
    pub(super) tree: &'t Tree,
    /// The common number of each of the tree's keys.
    keys: Vec<u32>,
    /// The scope of each value; empty if all are in the root's.
    scopes: Vec<u32>,
    /// What the rules leave out; empty if nothing is.
    pub(super) skipped: Vec<bool>,
    pub(super) hashes: Hashes,
}

/// Both answers and the rules they are compared by.
pub(super) struct Pair<'t> {
    pub(super) rules: &'t Compiled,
    pub(super) old: Side<'t>,
    pub(super) new: Side<'t>,
    pub(super) scopes: Scopes<'t>,
    pub(super) key_names: Vec<&'t str>,
    /// For each key a hash of its name.
    pub(super) short_key_hashes: Vec<u64>,
}

/// Documents of fewer values lie in the processor's caches anyway.
const WORTH_FETCHING: usize = 1 << 17;
/// How many values of an element are fetched ahead.
const FETCHED: usize = 20;
/// How many nodes a line of the cache holds.
const NODES_A_LINE: usize = 64 / size_of::<RawNode>();
/// How many elements are fetched at once.
pub(super) const BATCH: usize = 32;

/// An element of an array with its place in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) node: u32,
    pub(super) place: u32,
}

/// What sort of collection an array is, by the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collection {
    Ordered,
    Unordered(RuleId),
    Keyed(u16),
}

impl<'t> Pair<'t> {
    /// Nothing if it was told to stop.
    pub(super) fn prepare(
        rules: &'t Compiled,
        old: &'t Tree,
        new: &'t Tree,
        stop: &Stop<'_>,
    ) -> Option<Self> {
        let tolerant = rules.tolerant;
        let mut scopes = Scopes::new(rules);
        let mut key_names: Vec<&str> = names(old).collect();
        let old_keys: Vec<u32> = (0..key_names.len() as u32).collect();
        let new_keys = common_keys(new, &mut key_names);
        let scoped = tolerant || !rules.rules.is_empty();
        let mut side = |tree: &'t Tree, keys: Vec<u32>| Side {
            tree,
            scopes: if scoped {
                scopes_of(tree, &keys, &key_names, &mut scopes, tolerant)
            } else {
                Vec::new()
            },
            keys,
            skipped: Vec::new(),
            hashes: Hashes::default(),
        };
        let (mut old, mut new) = (side(old, old_keys), side(new, new_keys));
        let hasher = Hasher {
            rules,
            scopes: &scopes,
            key_hashes: key_names
                .iter()
                .map(|name| xxh3_128(name.as_bytes()))
                .collect(),
        };
        hasher.hash(&mut old, stop);
        hasher.hash(&mut new, stop);
        if stop.stopped() {
            return None;
        }
        let short_key_hashes = hasher.key_hashes.iter().map(|hash| *hash as u64).collect();
        Some(Self {
            rules,
            old,
            new,
            scopes,
            key_names,
            short_key_hashes,
        })
    }

    pub(super) fn old_scope(&self, node: u32) -> &Scope {
        self.scopes.get(self.old.scope(node))
    }

    pub(super) fn new_scope(&self, node: u32) -> &Scope {
        self.scopes.get(self.new.scope(node))
    }

    /// The caller's own comparison of two values, if there is one.
    pub(super) fn custom(&self, old: u32, new: u32) -> Option<&'t CustomRule> {
        if self.rules.customs.is_empty() {
            return None;
        }
        let number = self.old_scope(old).custom.or(self.new_scope(new).custom)?;
        self.rules.customs.get(usize::from(number))
    }

    /// What sort of collection two arrays are.
    pub(super) fn collection(&self, old: u32, new: u32) -> Collection {
        let (old, new) = (self.old_scope(old), self.new_scope(new));
        match (old.key.or(new.key), old.unordered.or(new.unordered)) {
            (Some(key), _) => Collection::Keyed(key),
            (None, Some(rule)) => Collection::Unordered(rule),
            (None, None) => Collection::Ordered,
        }
    }

    /// The rules that speak of what neither answer has, by what they do and where.
    pub(super) fn unmatched(&self) -> Vec<String> {
        let named = |rule: RuleId| self.rules.rule_name(rule).to_owned();
        let nowhere = self.scopes.unmatched().map(|rule| match rule.effect {
            Effect::Ignore(number) | Effect::Unordered(number) => named(number),
            Effect::Key(key) => named(self.rules.keys[usize::from(key)].rule),
            Effect::Text(text) => named(self.rules.texts[usize::from(text)].rule),
            Effect::Tolerance(number) => named(self.rules.tolerances[usize::from(number)].rule),
            Effect::Custom(custom) => named(self.rules.customs[usize::from(custom)].rule),
            Effect::Only => format!("only {}", rule.selector),
            Effect::Severity(severity) => format!("severity {severity} at {}", rule.selector),
        });
        let has = |field: &String| self.key_names.contains(&field.as_str());
        let keys = self.rules.keys.iter();
        let without_members = keys.filter(|key| !key.by.iter().all(has) && !key.or.iter().any(has));
        let mut unmatched: Vec<String> = nowhere
            .chain(without_members.map(|key| named(key.rule)))
            .collect();
        unmatched.sort();
        unmatched.dedup();
        unmatched
    }

    /// The rule by which a value is left out.
    pub(super) fn skip_rule(&self, side: &Side<'_>, node: u32) -> RuleId {
        let ignored = self.scopes.get(side.scope(node)).ignored();
        let null = self
            .rules
            .null_rule
            .filter(|_| side.tree.nodes[node as usize].tag == Tag::Null);
        ignored
            .or(null)
            .or(self.rules.only_rule)
            .unwrap_or_default()
    }
}

fn names(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.keys.iter().map(|span| tree.slice(*span))
}

/// The common numbers of the keys of the new tree; names that are new are added.
fn common_keys<'t>(new: &'t Tree, key_names: &mut Vec<&'t str>) -> Vec<u32> {
    if names(new).eq(key_names.iter().copied()) {
        return (0..key_names.len() as u32).collect();
    }
    let known: HashMap<&str, u32> = key_names
        .iter()
        .enumerate()
        .map(|(id, name)| (*name, id as u32))
        .collect();
    names(new)
        .map(|name| {
            known.get(name).copied().unwrap_or_else(|| {
                key_names.push(name);
                (key_names.len() - 1) as u32
            })
        })
        .collect()
}

struct Open {
    end: u32,
    scope: u32,
    /// The next element and how many there are, in an array.
    element: Option<(usize, usize)>,
}

/// The scope of each value, in one pass. Below a place that no path leads on from, nothing is asked.
fn scopes_of(
    tree: &Tree,
    keys: &[u32],
    key_names: &[&str],
    scopes: &mut Scopes<'_>,
    tolerant: bool,
) -> Vec<u32> {
    if scopes.get(ROOT).is_final() {
        return Vec::new();
    }
    let mut found = Vec::with_capacity(tree.nodes.len());
    let mut open: Vec<Open> = Vec::new();
    let mut index = 0;
    while let Some(raw) = tree.nodes.get(index as usize) {
        while open.last().is_some_and(|container| container.end <= index) {
            open.pop();
        }
        let scope = match open.last_mut() {
            None => ROOT,
            Some(Open {
                scope,
                element: Some((next, len)),
                ..
            }) => {
                *next += 1;
                scopes.element(*scope, *next - 1, *len)
            }
            Some(Open {
                scope,
                element: None,
                ..
            }) => {
                let key = keys[raw.key as usize];
                scopes.member(*scope, key, key_names[key as usize])
            }
        };
        let end = tree.end(index);
        if scopes.get(scope).is_final() {
            found.resize(end as usize, scope);
            index = end;
            continue;
        }
        found.push(scope);
        index += 1;
        match raw.tag {
            Tag::Array | Tag::Object => {
                let element = (raw.tag == Tag::Array).then_some((0, raw.halves().0 as usize));
                open.push(Open {
                    end,
                    scope,
                    element,
                });
            }
            Tag::Lexeme if tolerant && !number(tree, *raw).is_integer() => {
                scopes.note_fraction(scope);
            }
            _ => {}
        }
    }
    found
}

/// The number a node of tag `Integer` or `Lexeme` is.
pub(super) fn number(tree: &Tree, raw: RawNode) -> Number<'_> {
    if raw.tag == Tag::Integer {
        Number::from_integer(raw.payload.cast_signed())
    } else {
        Number::from_lexeme(tree.payload_text(raw))
    }
}

impl<'t> Side<'t> {
    pub(super) fn raw(&self, node: u32) -> RawNode {
        self.tree.nodes[node as usize]
    }

    pub(super) fn end(&self, node: u32) -> u32 {
        self.tree.end(node)
    }

    /// The hash of an element, or of the whole answer.
    pub(super) fn hash(&self, node: u32) -> u128 {
        self.hashes.get(node)
    }

    /// The hash of a value, unless it is a scalar member of an object: comparing those costs no more.
    pub(super) fn hash_if_kept(&self, node: u32) -> Option<u128> {
        let raw = self.raw(node);
        (raw.is_container() || raw.key == NO_KEY).then(|| self.hashes.get(node))
    }

    pub(super) fn scope(&self, node: u32) -> u32 {
        self.scopes.get(node as usize).copied().unwrap_or(ROOT)
    }

    /// The common number of the node's key; `NO_KEY` for an element.
    pub(super) fn key(&self, node: u32) -> u32 {
        self.keys
            .get(self.raw(node).key as usize)
            .copied()
            .unwrap_or(NO_KEY)
    }

    pub(super) fn number(&self, node: u32) -> Number<'t> {
        number(self.tree, self.raw(node))
    }

    pub(super) fn skips(&self) -> bool {
        !self.skipped.is_empty()
    }

    pub(super) fn is_skipped(&self, node: u32) -> bool {
        self.skipped.get(node as usize).copied().unwrap_or(false)
    }

    /// Reads the beginnings of elements that are soon to be looked at. They may lie anywhere in a
    /// large document: so the processor waits for all of them at once, not for one after the other.
    pub(super) fn fetch(&self, elements: impl Iterator<Item = u32> + Clone) {
        let nodes = &self.tree.nodes;
        if nodes.len() < WORTH_FETCHING {
            return;
        }
        let beginning = |element: u32| nodes.iter().skip(element as usize).take(FETCHED);
        let mut read = 0;
        for element in elements.clone() {
            for raw in beginning(element).step_by(NODES_A_LINE) {
                read ^= raw.payload;
            }
        }
        for raw in elements.flat_map(beginning) {
            if raw.tag == Tag::String {
                let text = self.tree.payload_text(*raw);
                read ^= u64::from(text.as_bytes().first().copied().unwrap_or_default());
            }
        }
        black_box(read);
    }

    /// All members or elements, in order.
    pub(super) fn children(&self, container: u32) -> impl Iterator<Item = u32> {
        let raw = self.raw(container);
        let end = if raw.is_container() {
            raw.halves().1
        } else {
            0
        };
        let mut next = container + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = next;
                next = self.end(next);
                child
            })
        })
    }

    /// The members or elements that the rules leave in.
    pub(super) fn kept(&self, container: u32) -> impl Iterator<Item = u32> {
        self.children(container)
            .filter(|child| !self.is_skipped(*child))
    }

    /// The elements that the rules leave in, with their places among all.
    pub(super) fn elements(&self, array: u32) -> Vec<Element> {
        (0..)
            .zip(self.children(array))
            .filter(|(_, node)| !self.is_skipped(*node))
            .map(|(place, node)| Element { node, place })
            .collect()
    }
}
