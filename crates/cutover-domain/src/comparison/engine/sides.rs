//! Both answers made ready: common key numbers, scopes, what is left out, and subtree hashes.
//!
//! The hash of a value is a function of what the rules let one see of it, so values that agree have
//! the same hash: members count without order, and so do elements where arrays have no order;
//! ignored places are left out; numbers that tolerance lets differ count only as numbers. The
//! reverse is never assumed: on equal hashes the values themselves are compared.

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::super::comparator::{Compiled, CustomRule};
use super::scope::{ROOT, RuleId, Scope, Scopes};
use super::stop::Stop;
use crate::tree::{Canonical, NO_KEY, Number, RawNode, Tag, Tree};

/// One answer.
pub(super) struct Side<'t> {
    pub(super) tree: &'t Tree,
    /// The common number of each of the tree's keys.
    keys: Vec<u32>,
    /// The scope of each value; empty if all are in the root's.
    scopes: Vec<u32>,
    /// What the rules leave out; empty if nothing is.
    skipped: Vec<bool>,
    hashes: Vec<u128>,
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

/// An element of an array with its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            hashes: Vec::new(),
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

    pub(super) fn hash(&self, node: u32) -> u128 {
        self.hashes[node as usize]
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

struct Hasher<'p> {
    rules: &'p Compiled,
    scopes: &'p Scopes<'p>,
    key_hashes: Vec<u128>,
}

/// Starting points that keep values of different sorts apart: digits of π.
mod seed {
    pub(super) const NULL: u128 = 0x243f_6a88_85a3_08d3_1319_8a2e_0370_7344;
    pub(super) const FALSE: u128 = 0xa409_3822_299f_31d0_082e_fa98_ec4e_6c89;
    pub(super) const TRUE: u128 = 0x4528_21e6_38d0_1377_be54_66cf_34e9_0c6c;
    pub(super) const INTEGER: u128 = 0xc0ac_29b7_c97c_50dd_3f84_d5b5_b547_0917;
    pub(super) const FRACTION: u128 = 0x9216_d5d9_8979_fb1b_d131_0ba6_98df_b5ac;
    pub(super) const STRING: u128 = 0x2ffd_72db_d01a_dfb7_b8e1_afed_6a26_7e96;
    pub(super) const ARRAY: u128 = 0xba7c_9045_f12c_7f99_24a1_9947_b391_6cf7;
    pub(super) const BAG: u128 = 0x0801_f2e2_858e_fc16_6369_20d8_7157_4e69;
    pub(super) const CUSTOM: u128 = 0x71574e69a458fea3f4933d7e0d95748f;
    pub(super) const OBJECT: u128 = 0xa458_fea3_f493_3d7e_0d95_748f_728e_b658;
}

fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64) ^ (product >> 64) as u64
}

/// Two hashes into one; their order matters. The halves go separate ways, so what is mixed in must
/// fill both.
pub(super) fn mix(left: u128, right: u128) -> u128 {
    let low = fold(
        left as u64 ^ 0x718b_cd58_8215_4aee,
        right as u64 ^ 0x7b54_a41d_c25a_59b5,
    );
    let high = fold(
        (left >> 64) as u64 ^ 0x9c30_d539_2af2_6013,
        (right >> 64) as u64 ^ 0xc5d1_b023_2860_85f0,
    );
    (u128::from(high) << 64) | u128::from(low)
}

/// A number that fills both halves.
pub(super) const fn both(value: u64) -> u128 {
    ((value as u128) << 64) | value as u128
}

/// The hash of a scalar's exact value.
pub(super) fn scalar_hash(tree: &Tree, raw: RawNode, strict: bool) -> u128 {
    match raw.tag {
        Tag::Null => seed::NULL,
        Tag::False => seed::FALSE,
        Tag::True => seed::TRUE,
        Tag::String => text_hash(tree.payload_text(raw)),
        Tag::Integer => mix(seed::INTEGER, both(raw.payload)),
        Tag::Lexeme => {
            let number = number(tree, raw);
            let hash = canonical_hash(&number.canonical());
            if strict && !number.is_integer() {
                mix(seed::FRACTION, hash)
            } else {
                hash
            }
        }
        Tag::Array => seed::ARRAY,
        Tag::Object => seed::OBJECT,
    }
}

/// The hash of a text.
pub(super) fn text_hash(text: &str) -> u128 {
    seed::STRING ^ xxh3_128(text.as_bytes())
}

fn canonical_hash(canonical: &Canonical<'_>) -> u128 {
    let text = |text: &str| xxh3_128(text.as_bytes());
    match canonical {
        Canonical::Integer(value) => mix(seed::INTEGER, both(value.cast_unsigned())),
        Canonical::Short {
            negative,
            mantissa,
            exponent,
        } => mix(
            mix(
                seed::FRACTION ^ u128::from(*negative),
                both(exponent.cast_unsigned()),
            ),
            both(*mantissa),
        ),
        Canonical::Long {
            negative,
            digits,
            exponent,
        } => mix(
            mix(
                seed::FRACTION ^ u128::from(*negative),
                both(exponent.cast_unsigned()),
            ),
            text(digits),
        ),
        Canonical::Other(other) => mix(seed::FRACTION, text(other)),
    }
}

impl Hasher<'_> {
    /// Fills in hashes and what is left out, from the last value to the first, so that members come
    /// before their container.
    fn hash(&self, side: &mut Side<'_>, stop: &Stop<'_>) {
        let count = side.tree.nodes.len();
        let skips = self.rules.only_rule.is_some()
            || self.rules.null_rule.is_some()
            || self
                .rules
                .rules
                .iter()
                .any(|rule| matches!(rule.effect, super::scope::Effect::Ignore(_)));
        side.skipped = if skips {
            vec![false; count]
        } else {
            Vec::new()
        };
        side.hashes = vec![0; count];
        for index in (0..count as u32).rev() {
            let raw = side.raw(index);
            let scope = self.scopes.get(side.scope(index));
            if stop.step() {
                return;
            }
            let hash = if scope.custom.is_some() {
                // What the caller's own comparison lets differ must not count.
                seed::CUSTOM
            } else if raw.is_container() {
                self.container_hash(side, index, raw, scope)
            } else if raw.tag == Tag::String {
                text_hash(
                    &self
                        .scopes
                        .normal(side.scope(index), side.tree.payload_text(raw)),
                )
            } else if self.may_differ(side, index, raw) {
                let number = number(side.tree, raw);
                let strict_fraction = self.rules.numbers.strict && !number.is_integer();
                if strict_fraction {
                    seed::FRACTION
                } else {
                    seed::INTEGER
                }
            } else {
                scalar_hash(side.tree, raw, self.rules.numbers.strict)
            };
            side.hashes[index as usize] = hash;
            if skips && self.is_skipped(side, index, raw, scope) {
                side.skipped[index as usize] = true;
            }
        }
    }

    /// Whether tolerance lets a number differ, so that its value must not count.
    fn may_differ(&self, side: &Side<'_>, index: u32, raw: RawNode) -> bool {
        self.rules.tolerant
            && matches!(raw.tag, Tag::Integer | Tag::Lexeme)
            && self.scopes.lets_differ(side.scope(index))
    }

    fn container_hash(&self, side: &Side<'_>, index: u32, raw: RawNode, scope: &Scope) -> u128 {
        let mut count = 0_u128;
        let mut counted = |hash: u128| {
            count += 1;
            hash
        };
        let (seed, sum) = if raw.tag == Tag::Object {
            let members = side.kept(index).map(|child| {
                let key = self.key_hashes[side.key(child) as usize];
                counted(mix(key, side.hash(child)))
            });
            (seed::OBJECT, members.fold(0, u128::wrapping_add))
        } else if scope.unordered.is_some() || scope.key.is_some() {
            let elements = side
                .kept(index)
                .map(|child| counted(mix(seed::BAG, side.hash(child))));
            (seed::BAG, elements.fold(0, u128::wrapping_add))
        } else {
            let elements = side.kept(index).map(|child| counted(side.hash(child)));
            (seed::ARRAY, elements.fold(seed::ARRAY, mix))
        };
        mix(seed.wrapping_add(count), sum)
    }

    fn is_skipped(&self, side: &Side<'_>, index: u32, raw: RawNode, scope: &Scope) -> bool {
        if scope.ignored().is_some() {
            return true;
        }
        if self.rules.null_rule.is_some() && raw.tag == Tag::Null && raw.key != NO_KEY {
            return true;
        }
        if scope.selected() {
            return false;
        }
        // On the way to something selected: only what is selected inside counts.
        !(raw.is_container() && scope.leads_to_selected && side.kept(index).next().is_some())
    }
}
