//! Subtree hashes.
//!
//! The hash of a value is a function of what the rules let one see of it, so values that agree have
//! the same hash: members count without order, and so do elements where arrays have no order;
//! ignored places are left out; numbers that tolerance lets differ count only as numbers. The
//! reverse is never assumed: on equal hashes the values themselves are compared.

use xxhash_rust::xxh3::xxh3_128;

use super::super::comparator::Compiled;
use super::scope::{Effect, Scope, Scopes};
use super::sides::{Side, number};
use super::stop::Stop;
use crate::tree::{Canonical, NO_KEY, RawNode, Tag, Tree};

/// The hashes of containers, of elements and of the whole answer, by node. Scalar members, most of
/// what records are made of, have none: the memory is what large documents are slow by.
///
/// Filled from the last node to the first.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    words: Vec<Word>,
    /// The last node's first.
    values: Vec<u128>,
}

/// 64 nodes: which of them have a hash, and how many after them do.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    kept: u64,
    after: u32,
}

impl Hashes {
    fn for_nodes(count: usize) -> Self {
        Self {
            words: vec![Word::default(); count.div_ceil(64)],
            values: Vec::new(),
        }
    }

    /// The hash of a node that has one.
    pub(super) fn get(&self, node: u32) -> u128 {
        let Word { kept, after } = self.words[node as usize / 64];
        let above = kept >> (node % 64) >> 1;
        self.values[after as usize + above.count_ones() as usize]
    }

    /// Keeps the hash of a node before all that have one.
    fn keep(&mut self, node: u32, hash: u128) {
        let word = &mut self.words[node as usize / 64];
        if word.kept == 0 {
            word.after = self.values.len() as u32;
        }
        word.kept |= 1 << (node % 64);
        self.values.push(hash);
    }
}

pub(super) struct Hasher<'p> {
    pub(super) rules: &'p Compiled,
    pub(super) scopes: &'p Scopes<'p>,
    pub(super) key_hashes: Vec<u128>,
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
    /// before their container. Linear.
    pub(super) fn hash(&self, side: &mut Side<'_>, stop: &Stop<'_>) {
        let count = side.tree.nodes.len();
        let skips = self.rules.only_rule.is_some()
            || self.rules.null_rule.is_some()
            || self
                .rules
                .rules
                .iter()
                .any(|rule| matches!(rule.effect, Effect::Ignore(_)));
        side.skipped = if skips {
            vec![false; count]
        } else {
            Vec::new()
        };
        side.hashes = Hashes::for_nodes(count);
        for index in (0..count as u32).rev() {
            if stop.step() {
                return;
            }
            let raw = side.raw(index);
            if raw.is_container() || raw.key == NO_KEY {
                let hash = self.hash_of(side, index, raw);
                side.hashes.keep(index, hash);
            }
            if skips && self.is_skipped(side, index, raw) {
                side.skipped[index as usize] = true;
            }
        }
    }

    /// The hash of a value, those inside it being known.
    fn hash_of(&self, side: &Side<'_>, index: u32, raw: RawNode) -> u128 {
        let scope = self.scopes.get(side.scope(index));
        if scope.custom.is_some() {
            // What the caller's own comparison lets differ must not count.
            return seed::CUSTOM;
        }
        match raw.tag {
            Tag::Array | Tag::Object => self.container_hash(side, index, raw, scope),
            Tag::String => {
                let text = side.tree.payload_text(raw);
                text_hash(&self.scopes.normal(side.scope(index), text))
            }
            Tag::Integer | Tag::Lexeme if self.may_differ(side, index) => {
                let strict = self.rules.numbers.strict;
                if strict && !number(side.tree, raw).is_integer() {
                    seed::FRACTION
                } else {
                    seed::INTEGER
                }
            }
            _ => scalar_hash(side.tree, raw, self.rules.numbers.strict),
        }
    }

    /// Whether tolerance lets a number differ, so that its value must not count.
    fn may_differ(&self, side: &Side<'_>, index: u32) -> bool {
        self.rules.tolerant && self.scopes.lets_differ(side.scope(index))
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
                let raw = side.raw(child);
                let hash = if raw.is_container() {
                    side.hash(child)
                } else {
                    self.hash_of(side, child, raw)
                };
                counted(mix(key, hash))
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

    fn is_skipped(&self, side: &Side<'_>, index: u32, raw: RawNode) -> bool {
        let scope = self.scopes.get(side.scope(index));
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
