//! Looking at what is in elements: their leaves, whatever the rules make of them.

use hashbrown::HashMap;

use super::agree::Judge;
use super::hashes::{both, mix, scalar_hash, text_hash};
use super::scope::Scopes;
use super::sides::{Element, Pair, Side};
use crate::tree::Tag;

/// Values looked at in each element, and once looking has cost many times the size of the answers:
/// leftovers inside leftovers at thousands of levels.
const SIGHT: usize = 8_192;
const SHORT_SIGHT: usize = 64;

/// How the elements of one side are looked at.
pub(super) struct Look<'p> {
    pub(super) side: &'p Side<'p>,
    /// What holds where, if there are rules for texts.
    scopes: Option<&'p Scopes<'p>>,
    strict: bool,
    key_hashes: &'p [u64],
    sight: usize,
}

impl<'p> Look<'p> {
    pub(super) fn at(pair: &'p Pair<'p>, side: &'p Side<'p>, sight: usize) -> Self {
        Self {
            side,
            scopes: (!pair.rules.texts.is_empty()).then_some(&pair.scopes),
            strict: pair.rules.numbers.strict,
            key_hashes: &pair.short_key_hashes,
            sight,
        }
    }

    /// Every leaf of an element as a hash of its path, without places of elements, and its exact
    /// value; with whether it is text or a number.
    pub(super) fn for_each_leaf(&self, element: u32, mut hand_on: impl FnMut(u64, bool)) {
        let side = self.side;
        let mut open: Vec<(u32, u128)> = Vec::new();
        for node in (element..side.end(element)).take(self.sight) {
            while open.last().is_some_and(|(end, _)| *end <= node) {
                open.pop();
            }
            let path = open.last().map_or(0, |(_, path)| *path);
            let path = match self.key_hashes.get(side.key(node) as usize) {
                Some(key) if node != element => mix(path, both(*key)),
                _ => mix(path, 1),
            };
            let raw = side.raw(node);
            if raw.is_container() && raw.halves().0 > 0 {
                open.push((raw.halves().1, path));
                continue;
            }
            let tells = matches!(raw.tag, Tag::Integer | Tag::Lexeme | Tag::String);
            hand_on(
                mix(path, scalar_hash(side.tree, raw, self.strict)) as u64,
                tells,
            );
            // What a rule makes of a text is a feature besides the text, so that no rule takes
            // away what tells who is who.
            if let (Tag::String, Some(scopes)) = (raw.tag, self.scopes) {
                let text = side.tree.payload_text(raw);
                if let Some(changed) = scopes.telling(side.scope(node), text) {
                    hand_on(mix(path, text_hash(&changed)) as u64, tells);
                }
            }
        }
    }
}

impl Judge<'_> {
    /// Pairs elements that rules take for the same, as many as both sides have: first those that
    /// are the same without the rules, so that what is left over is what did change, and what is
    /// counted as hidden was hidden.
    pub(super) fn pair_alike(&mut self, old: &[Element], new: &[Element]) -> Vec<(usize, usize)> {
        let count = old.len().min(new.len());
        let Some(mut partners) = self.same_content(old, new) else {
            return (0..count).map(|at| (at, at)).collect();
        };
        let mut free = vec![true; new.len()];
        for taken in partners.iter().flatten() {
            free[*taken] = false;
        }
        let mut rest = (0..new.len()).filter(|at| free[*at]);
        for left_over in partners.iter_mut().filter(|partner| partner.is_none()) {
            *left_over = rest.next();
        }
        let pairs = partners.into_iter().enumerate();
        pairs.filter_map(|(x, y)| Some((x, y?))).collect()
    }

    /// For each old element one among the new that has the same content without the rules. Nothing
    /// if there are no rules that could tell, or too much to look at.
    pub(super) fn same_content(
        &mut self,
        old: &[Element],
        new: &[Element],
    ) -> Option<Vec<Option<usize>>> {
        let hides = self.pair.old.skips() || !self.pair.rules.texts.is_empty();
        let several = old.len().max(new.len()) > 1 && old.len().min(new.len()) > 0;
        if !hides || !several || !self.may_look_at(old, new) {
            return None;
        }
        let pair = self.pair;
        let contents = |side: &Side<'_>, elements: &[Element]| {
            let look = Look {
                scopes: None,
                ..Look::at(pair, side, SIGHT)
            };
            let content = |element: &Element| {
                let mut sum = 0_u64;
                look.for_each_leaf(element.node, |leaf, _| sum = sum.wrapping_add(leaf));
                sum
            };
            elements.iter().map(content).collect::<Vec<_>>()
        };
        let mut waiting: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, content) in contents(&pair.new, new).into_iter().enumerate().rev() {
            waiting.entry(content).or_default().push(at);
        }
        let contents = contents(&pair.old, old).into_iter();
        let partner = |content| waiting.get_mut(&content).and_then(Vec::pop);
        Some(contents.map(partner).collect())
    }

    /// How many values to look at in each of these elements.
    pub(super) fn sight(&mut self, old: &[Element], new: &[Element]) -> usize {
        if self.may_look_at(old, new) {
            SIGHT
        } else {
            SHORT_SIGHT
        }
    }

    /// Whether all of these elements may be looked at once more.
    pub(super) fn may_look_at(&mut self, old: &[Element], new: &[Element]) -> bool {
        let size = |side: &Side<'_>, elements: &[Element]| -> u64 {
            elements
                .iter()
                .map(|element| u64::from(side.end(element.node) - element.node))
                .sum()
        };
        let cost = size(&self.pair.old, old) + size(&self.pair.new, new);
        let left = self.looks.checked_sub(cost);
        self.looks = left.unwrap_or(self.looks);
        left.is_some()
    }
}
