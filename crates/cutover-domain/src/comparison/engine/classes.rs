//! Elements of two collections grouped by a hash.

use hashbrown::HashTable;

use super::sides::Element;

/// Elements grouped by hash, the groups in the order in which their hashes first appear, in old and
/// then in new.
pub(super) struct Classes {
    old: Vec<Element>,
    new: Vec<Element>,
    /// How many of each side are in each class.
    sizes: Vec<(usize, usize)>,
}

impl Classes {
    /// Groups elements given with their hashes. Linear.
    pub(super) fn of(
        old: impl ExactSizeIterator<Item = (u128, Element)>,
        new: impl ExactSizeIterator<Item = (u128, Element)>,
    ) -> Self {
        let capacity = old.len().max(new.len());
        let mut table: HashTable<u32> = HashTable::with_capacity(capacity);
        let mut hashes: Vec<u128> = Vec::with_capacity(capacity);
        let mut sizes: Vec<(usize, usize)> = Vec::with_capacity(capacity);
        let mut class_of = |hash: u128| {
            let found = table.entry(
                hash as u64,
                |class| hashes[*class as usize] == hash,
                |class| hashes[*class as usize] as u64,
            );
            let class = *found.or_insert(hashes.len() as u32).get();
            if class as usize == hashes.len() {
                hashes.push(hash);
            }
            class
        };
        let mut classified_old = Vec::with_capacity(old.len());
        for (hash, element) in old {
            let class = class_of(hash);
            sizes.resize(sizes.len().max(class as usize + 1), (0, 0));
            sizes[class as usize].0 += 1;
            classified_old.push((class, element));
        }
        let mut classified_new = Vec::with_capacity(new.len());
        for (hash, element) in new {
            let class = class_of(hash);
            sizes.resize(sizes.len().max(class as usize + 1), (0, 0));
            sizes[class as usize].1 += 1;
            classified_new.push((class, element));
        }
        Self {
            old: sorted_by_class(&classified_old, sizes.iter().map(|size| size.0)),
            new: sorted_by_class(&classified_new, sizes.iter().map(|size| size.1)),
            sizes,
        }
    }

    /// The elements of each class: those of old, those of new, each in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[Element], &[Element])> {
        let (mut from_old, mut from_new) = (0, 0);
        self.sizes.iter().map(move |(old, new)| {
            let class = (
                &self.old[from_old..from_old + old],
                &self.new[from_new..from_new + new],
            );
            from_old += old;
            from_new += new;
            class
        })
    }
}

/// A counting sort.
fn sorted_by_class(
    elements: &[(u32, Element)],
    sizes: impl Iterator<Item = usize>,
) -> Vec<Element> {
    let mut next: Vec<usize> = sizes
        .scan(0, |start, size| {
            *start += size;
            Some(*start - size)
        })
        .collect();
    let mut sorted = vec![Element { node: 0, place: 0 }; elements.len()];
    for (class, element) in elements {
        let slot = &mut next[*class as usize];
        sorted[*slot] = *element;
        *slot += 1;
    }
    sorted
}
