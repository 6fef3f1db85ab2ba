//! Which row of old has which key, and which keys are not unique.

use std::collections::HashMap;

use hashbrown::HashTable;

use crate::fingerprint::Fingerprint;

/// A row by its place in a table, from 0.
pub(crate) type Row = u32;

/// The most rows a table can have.
pub(crate) const MOST_ROWS: u64 = Row::MAX as u64 - 2;

/// Whom a row of new was found to belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Partner {
    /// This row of old.
    Row(Row),
    /// Nobody: the key is only in new.
    None,
    /// More than one row has the key, in one of the tables.
    Group,
}

/// [`Partner`] in four bytes.
const NONE: Row = Row::MAX;
const GROUP: Row = Row::MAX - 1;

/// The rows of a key that is not unique.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) old: u64,
    pub(crate) new: u64,
    /// The sum of the fingerprints of whole rows of old less those of new, modulo 2^128: zero
    /// where they are the same rows.
    pub(crate) balance: Fingerprint,
}

/// Keys by fingerprint: 16 bytes for each row of old, 5 to 10 for its place in the table, 4 for
/// its partner; and 4 for each row of new.
#[derive(Default)]
pub(crate) struct KeyIndex {
    /// Of each row of old.
    prints: Vec<Fingerprint>,
    /// The first row of old with each key.
    rows: HashTable<Row>,
    /// For each row of old, the first row of new with its key.
    partners: Vec<Row>,
    /// For each row of new.
    of_new: Vec<Row>,
    /// The first row of new with each key that is not in old.
    only_new: HashTable<(Fingerprint, Row)>,
    groups: HashMap<Fingerprint, Group>,
    /// The row of old that the next row of new most likely belongs to.
    next: usize,
}

/// The part of a fingerprint that places it in a table. Fingerprints are hashes already.
fn place(print: &Fingerprint) -> u64 {
    *print as u64
}

impl KeyIndex {
    /// The next rows of old.
    pub(crate) fn add_old(&mut self, prints: &[Fingerprint]) {
        let Self {
            prints: known,
            rows,
            groups,
            ..
        } = self;
        for print in prints {
            let row = known.len() as Row;
            known.push(*print);
            let entry = rows.entry(
                place(print),
                |other| known[*other as usize] == *print,
                |other| place(&known[*other as usize]),
            );
            match entry {
                hashbrown::hash_table::Entry::Vacant(vacant) => {
                    vacant.insert(row);
                }
                hashbrown::hash_table::Entry::Occupied(_) => {
                    let group = groups.entry(*print).or_insert(Group {
                        old: 1,
                        ..Group::default()
                    });
                    group.old += 1;
                }
            }
        }
    }

    /// The next rows of new, after all of old.
    pub(crate) fn add_new(&mut self, prints: &[Fingerprint]) {
        self.partners.resize(self.prints.len(), NONE);
        for print in prints {
            let row = self.of_new.len() as Row;
            let partner = self.partner(print, row);
            self.of_new.push(partner);
        }
    }

    fn partner(&mut self, print: &Fingerprint, row: Row) -> Row {
        if let Some(group) = self.groups.get_mut(print) {
            group.new += 1;
            return GROUP;
        }
        let Some(old) = self.find_old(print) else {
            return self.add_only_new(print, row);
        };
        let first = &mut self.partners[old];
        if *first == NONE {
            *first = row;
            return old as Row;
        }
        // The second row of new with this key: the first one is not its partner after all.
        self.of_new[*first as usize] = GROUP;
        self.groups.insert(
            *print,
            Group {
                old: 1,
                new: 2,
                balance: 0,
            },
        );
        GROUP
    }

    fn find_old(&mut self, print: &Fingerprint) -> Option<usize> {
        // Tables mostly have the same order: the row after the last one found is tried first.
        if self.prints.get(self.next) != Some(print) {
            let found = self
                .rows
                .find(place(print), |row| self.prints[*row as usize] == *print);
            self.next = *found? as usize;
        }
        let found = self.next;
        self.next += 1;
        Some(found)
    }

    fn add_only_new(&mut self, print: &Fingerprint, row: Row) -> Row {
        let entry = self.only_new.entry(
            place(print),
            |(other, _)| other == print,
            |(other, _)| place(other),
        );
        match entry {
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                vacant.insert((*print, row));
                NONE
            }
            hashbrown::hash_table::Entry::Occupied(first) => {
                self.of_new[first.get().1 as usize] = GROUP;
                self.groups.insert(
                    *print,
                    Group {
                        old: 0,
                        new: 2,
                        balance: 0,
                    },
                );
                GROUP
            }
        }
    }

    /// Whom each row of new from `row` on belongs to.
    pub(crate) fn partners_of(
        &self,
        row: usize,
        rows: usize,
    ) -> impl Iterator<Item = Partner> + '_ {
        self.of_new[row..row + rows]
            .iter()
            .map(|partner| match *partner {
                NONE => Partner::None,
                GROUP => Partner::Group,
                row => Partner::Row(row),
            })
    }

    /// Whether a row of old has no partner and is in no group.
    pub(crate) fn is_only_old(&self, row: usize) -> bool {
        self.partners
            .get(row)
            .is_none_or(|partner| *partner == NONE)
            && !self.in_group(row)
    }

    /// Whether a row of old has a key that is not unique.
    pub(crate) fn in_group(&self, row: usize) -> bool {
        !self.groups.is_empty() && self.groups.contains_key(&self.prints[row])
    }

    /// The fingerprint of the key of a row of old.
    pub(crate) fn print(&self, row: usize) -> Fingerprint {
        self.prints[row]
    }

    pub(crate) fn groups(&self) -> &HashMap<Fingerprint, Group> {
        &self.groups
    }

    pub(crate) fn group_mut(&mut self, print: Fingerprint) -> Option<&mut Group> {
        self.groups.get_mut(&print)
    }

    pub(crate) fn new_rows(&self) -> usize {
        self.of_new.len()
    }

    /// Bytes allocated.
    pub(crate) fn bytes(&self) -> u64 {
        let rows = self.prints.capacity() * size_of::<Fingerprint>()
            + (self.partners.capacity() + self.of_new.capacity()) * size_of::<Row>();
        // An entry of a map: key, value and a byte of control.
        let group = size_of::<(Fingerprint, Group)>() + 1;
        (rows
            + self.rows.allocation_size()
            + self.only_new.allocation_size()
            + self.groups.capacity() * 8 / 7 * group) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partners(old: &[u128], new: &[u128]) -> (Vec<Partner>, KeyIndex) {
        let mut index = KeyIndex::default();
        index.add_old(old);
        index.add_new(new);
        let partners = index.partners_of(0, new.len()).collect();
        (partners, index)
    }

    #[test]
    fn rows_find_the_row_with_their_key_in_any_order() {
        let (found, index) = partners(&[10, 20, 30], &[30, 40, 10]);
        let expected = [Partner::Row(2), Partner::None, Partner::Row(0)];
        assert_eq!(found, expected);
        let only: Vec<usize> = (0..3).filter(|row| index.is_only_old(*row)).collect();
        assert_eq!(only, [1]);
    }

    #[test]
    fn a_key_that_is_not_unique_pairs_nobody_however_it_was_met() {
        for (old, new) in [
            (vec![1, 1], vec![1]),
            (vec![1], vec![1, 1]),
            (vec![], vec![1, 1]),
            (vec![1, 1], vec![]),
            (vec![1], vec![1, 2, 1, 1]),
        ] {
            let (found, index) = partners(&old, &new);
            for (partner, key) in found.iter().zip(&new) {
                assert_eq!(*partner == Partner::Group, *key == 1, "{old:?} {new:?}");
            }
            let group = index.groups()[&1];
            let count = |keys: &[u128]| keys.iter().filter(|key| **key == 1).count() as u64;
            assert_eq!((group.old, group.new), (count(&old), count(&new)));
            assert!((0..old.len()).all(|row| !index.is_only_old(row)));
        }
    }
}
