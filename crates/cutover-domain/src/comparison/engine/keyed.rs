//! Collections whose members are paired by key fields.

use hashbrown::HashMap;

use super::agree::Judge;
use super::sides::{Element, Side, mix, scalar_hash};
use crate::tree::{NO_KEY, Tag};

/// The members of two keyed collections, paired.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    /// The only member with its key on each side.
    pub(super) pairs: Vec<(Element, Element)>,
    pub(super) missing: Vec<Element>,
    pub(super) extra: Vec<Element>,
    /// Members of one key of which a side has several. They are never paired.
    pub(super) groups: Vec<(Vec<Element>, Vec<Element>)>,
    /// Members without the key fields.
    pub(super) old_unkeyed: Vec<Element>,
    pub(super) new_unkeyed: Vec<Element>,
}

#[derive(Default)]
struct Members {
    old: Vec<Element>,
    new: Vec<Element>,
}

impl Judge<'_> {
    /// Pairs the members of two collections by key; those without a partner by the looser fields,
    /// if there are any. Near-linear.
    pub(super) fn keyed(&self, key: u16, old: &[Element], new: &[Element]) -> Keyed {
        let spec = &self.pair.rules.keys[usize::from(key)];
        let mut keyed = self.by_fields(&spec.by, old, new);
        if !spec.or.is_empty() && !keyed.missing.is_empty() && !keyed.extra.is_empty() {
            let missing = std::mem::take(&mut keyed.missing);
            let extra = std::mem::take(&mut keyed.extra);
            let looser = self.by_fields(&spec.or, &missing, &extra);
            keyed.pairs.extend(looser.pairs);
            keyed.missing = looser.missing;
            keyed.extra = looser.extra;
            // Several members share the looser fields: which became which is not known.
            for (olds, news) in looser.groups {
                keyed.missing.extend(olds);
                keyed.extra.extend(news);
            }
            keyed.missing.extend(looser.old_unkeyed);
            keyed.extra.extend(looser.new_unkeyed);
        }
        keyed.pairs.sort_unstable_by_key(|pair| pair.0.node);
        keyed.missing.sort_unstable_by_key(|element| element.node);
        keyed.extra.sort_unstable_by_key(|element| element.node);
        keyed
    }

    fn by_fields(&self, fields: &[String], old: &[Element], new: &[Element]) -> Keyed {
        let pair = self.pair;
        let fields: Vec<u32> = fields
            .iter()
            .map(|field| {
                pair.key_names
                    .iter()
                    .position(|name| name == field)
                    .map_or(NO_KEY, |at| at as u32)
            })
            .collect();
        let mut by_key: HashMap<u128, Members> = HashMap::with_capacity(old.len());
        let mut keyed = Keyed::default();
        for element in old {
            match self.key_of(&pair.old, element.node, &fields) {
                Some(key) => by_key.entry(key).or_default().old.push(*element),
                None => keyed.old_unkeyed.push(*element),
            }
        }
        for element in new {
            match self.key_of(&pair.new, element.node, &fields) {
                Some(key) => by_key.entry(key).or_default().new.push(*element),
                None => keyed.new_unkeyed.push(*element),
            }
        }
        for members in by_key.into_values() {
            match (members.old.as_slice(), members.new.as_slice()) {
                ([old], [new]) => keyed.pairs.push((*old, *new)),
                ([old], []) => keyed.missing.push(*old),
                ([], [new]) => keyed.extra.push(*new),
                _ => keyed.groups.push((members.old, members.new)),
            }
        }
        keyed.groups.sort_unstable_by_key(|(olds, news)| {
            (olds.first().map(|e| e.node), news.first().map(|e| e.node))
        });
        keyed
    }

    /// A hash of the key fields' exact values; nothing if a field is absent or null, or the member
    /// is no object.
    fn key_of(&self, side: &Side<'_>, member: u32, fields: &[u32]) -> Option<u128> {
        if side.raw(member).tag != Tag::Object {
            return None;
        }
        let mut found: u128 = 0;
        for field in fields {
            let value = side
                .children(member)
                .find(|child| side.key(*child) == *field)?;
            let raw = side.raw(value);
            if raw.tag == Tag::Null {
                return None;
            }
            let strict = self.pair.rules.numbers.strict;
            let hash = if raw.is_container() {
                (value..side.end(value)).fold(1, |sum, node| {
                    let raw = side.raw(node);
                    let name = self.pair.short_key_hashes.get(side.key(node) as usize);
                    let name = u128::from(name.copied().unwrap_or(0));
                    let len = if raw.is_container() {
                        u128::from(raw.halves().0)
                    } else {
                        0
                    };
                    mix(mix(sum, name ^ len), scalar_hash(side.tree, raw, strict))
                })
            } else {
                scalar_hash(side.tree, raw, strict)
            };
            found = mix(found, hash);
        }
        Some(found)
    }
}
