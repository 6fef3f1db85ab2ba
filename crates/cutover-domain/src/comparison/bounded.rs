//! A map that holds the entries with the smallest hashes and no more than a number of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Which entries stay does not depend on the order in which they came: the `limit` smallest keys of
/// all there were. An entry that is among them at the end was among them all the time, so it has
/// missed nothing.
#[derive(Clone, Debug)]
pub(super) struct Bounded<V> {
    entries: BTreeMap<u128, V>,
    limit: usize,
}

/// What became of a request for an entry.
pub(super) enum Room<'a, V> {
    /// Here it is; for it another one had to go, if there is one.
    Here(&'a mut V, Option<V>),
    /// There is no room for it.
    Full,
}

impl<V> Bounded<V> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            limit,
        }
    }

    /// The entry of a hash, made if it is not there.
    pub(super) fn entry(&mut self, hash: u128, make: impl FnOnce() -> V) -> Room<'_, V> {
        let mut gone = None;
        if !self.entries.contains_key(&hash) && self.entries.len() >= self.limit {
            if self
                .entries
                .last_key_value()
                .is_none_or(|(last, _)| *last < hash)
            {
                return Room::Full;
            }
            gone = self.entries.pop_last().map(|(_, value)| value);
        }
        match self.entries.entry(hash) {
            Entry::Occupied(entry) => Room::Here(entry.into_mut(), gone),
            Entry::Vacant(entry) => Room::Here(entry.insert(make()), gone),
        }
    }

    pub(super) fn get(&self, hash: u128) -> Option<&V> {
        self.entries.get(&hash)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u128, &V)> {
        self.entries.iter().map(|(hash, value)| (*hash, value))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values()
    }
}
