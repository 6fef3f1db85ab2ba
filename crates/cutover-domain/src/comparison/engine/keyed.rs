//! Collections whose members are paired by key fields.

use super::agree::Judge;
use super::classes::Classes;
use super::hashes::{both, mix, scalar_hash, text_hash};
use super::sides::{Element, Side};
use crate::tree::{NO_KEY, RawNode, Tag};

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

/// What of a key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Its values.
    Exact,
    /// What the rules for texts leave of them.
    Normal,
}

impl Judge<'_> {
    /// Pairs the members of two collections by key; those without a partner by what the rules for
    /// texts leave of the key, then by the looser fields, if there are any. Near-linear.
    pub(super) fn keyed(&self, key: u16, old: &[Element], new: &[Element]) -> Keyed {
        let spec = &self.pair.rules.keys[usize::from(key)];
        let mut keyed = self.by_fields(&spec.by, Form::Exact, old, new);
        // Exact keys first: a rule for texts must not take two members for one that are told apart
        // without it.
        for (fields, form) in [
            (&spec.by, Form::Normal),
            (&spec.or, Form::Exact),
            (&spec.or, Form::Normal),
        ] {
            let pointless = fields.is_empty()
                || (form == Form::Normal && self.pair.rules.texts.is_empty())
                || keyed.missing.is_empty()
                || keyed.extra.is_empty();
            if !pointless {
                self.pair_rest(&mut keyed, fields, form);
            }
        }
        keyed.pairs.sort_unstable_by_key(|pair| pair.0.node);
        keyed.missing.sort_unstable_by_key(|element| element.node);
        keyed.extra.sort_unstable_by_key(|element| element.node);
        keyed
    }

    fn pair_rest(&self, keyed: &mut Keyed, fields: &[String], form: Form) {
        let missing = std::mem::take(&mut keyed.missing);
        let extra = std::mem::take(&mut keyed.extra);
        let looser = self.by_fields(fields, form, &missing, &extra);
        keyed.pairs.extend(looser.pairs);
        keyed.missing = looser.missing;
        keyed.extra = looser.extra;
        // Several members share the fields: which became which is not known.
        for (olds, news) in looser.groups {
            keyed.missing.extend(olds);
            keyed.extra.extend(news);
        }
        keyed.missing.extend(looser.old_unkeyed);
        keyed.extra.extend(looser.new_unkeyed);
    }

    fn by_fields(&self, fields: &[String], form: Form, old: &[Element], new: &[Element]) -> Keyed {
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
        let mut keyed = Keyed::default();
        let with_key = |side: &Side<'_>, elements: &[Element], without: &mut Vec<Element>| {
            let mut found = Vec::with_capacity(elements.len());
            for element in elements {
                match self.key_of(side, element.node, &fields, form) {
                    Some(key) => found.push((key, *element)),
                    None => without.push(*element),
                }
            }
            found
        };
        let olds = with_key(&pair.old, old, &mut keyed.old_unkeyed);
        let news = with_key(&pair.new, new, &mut keyed.new_unkeyed);
        let classes = Classes::of(olds.into_iter(), news.into_iter());
        for class in classes.iter() {
            match class {
                ([old], [new]) => keyed.pairs.push((*old, *new)),
                ([old], []) => keyed.missing.push(*old),
                ([], [new]) => keyed.extra.push(*new),
                (olds, news) => keyed.groups.push((olds.to_vec(), news.to_vec())),
            }
        }
        keyed.groups.sort_unstable_by_key(|(olds, news)| {
            (olds.first().map(|e| e.node), news.first().map(|e| e.node))
        });
        keyed
    }

    /// A hash of the key fields' values; nothing if a field is absent or null, or the member
    /// is no object.
    fn key_of(&self, side: &Side<'_>, member: u32, fields: &[u32], form: Form) -> Option<u128> {
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
            let scalar_hash = |node: u32, raw: RawNode| match (form, raw.tag) {
                (Form::Normal, Tag::String) => {
                    let text = side.tree.payload_text(raw);
                    text_hash(&self.pair.scopes.normal(side.scope(node), text))
                }
                _ => scalar_hash(side.tree, raw, self.pair.rules.numbers.strict),
            };
            let hash = if raw.is_container() {
                (value..side.end(value)).fold(1, |sum, node| {
                    let raw = side.raw(node);
                    let name = self.pair.short_key_hashes.get(side.key(node) as usize);
                    let name = name.copied().unwrap_or(0);
                    let len = if raw.is_container() {
                        raw.halves().0
                    } else {
                        0
                    };
                    mix(
                        mix(sum, both(name ^ u64::from(len))),
                        scalar_hash(node, raw),
                    )
                })
            } else {
                scalar_hash(value, raw)
            };
            found = mix(found, hash);
        }
        Some(found)
    }
}
