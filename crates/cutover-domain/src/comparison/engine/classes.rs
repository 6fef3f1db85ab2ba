//! Elements of two collections grouped by a hash.

use std::slice;

use hashbrown::HashTable;

use super::sides::Element;

/// Elements grouped by hash, the groups in the order in which their hashes first appear, in old and
/// then in new.
pub(super) struct Classes {
    classes: Vec<Class>,
    /// The elements of classes that have several of a side, one class after the other.
    several_old: Vec<Element>,
    several_new: Vec<Element>,
}

/// What is looked at together lies together: most classes have one element of each side.
struct Class {
    hash: u128,
    old: Members,
    new: Members,
}

/// The elements of one side in one class.
#[derive(Clone, Copy, Debug, Default)]
struct Members {
    count: u32,
    /// Where they end among the elements of such classes, if there are several.
    end: u32,
    first: Element,
}

impl Classes {
    /// Groups elements given with their hashes. Linear.
    pub(super) fn of(
        old: impl ExactSizeIterator<Item = (u128, Element)>,
        new: impl ExactSizeIterator<Item = (u128, Element)>,
    ) -> Self {
        let capacity = old.len().max(new.len());
        let mut table: HashTable<u32> = HashTable::with_capacity(capacity);
        let mut classes: Vec<Class> = Vec::with_capacity(capacity);
        let mut class_of = |classes: &mut Vec<Class>, hash: u128| {
            let found = table.entry(
                hash as u64,
                |class| classes[*class as usize].hash == hash,
                |class| classes[*class as usize].hash as u64,
            );
            let class = *found.or_insert(classes.len() as u32).get();
            if class as usize == classes.len() {
                classes.push(Class {
                    hash,
                    old: Members::default(),
                    new: Members::default(),
                });
            }
            class
        };
        let mut classified_old = Vec::with_capacity(old.len());
        for (hash, element) in old {
            let class = class_of(&mut classes, hash);
            classes[class as usize].old.add(element);
            classified_old.push((class, element));
        }
        let mut classified_new = Vec::with_capacity(new.len());
        for (hash, element) in new {
            let class = class_of(&mut classes, hash);
            classes[class as usize].new.add(element);
            classified_new.push((class, element));
        }
        let several_old = several(&mut classes, &classified_old, |class| &mut class.old);
        let several_new = several(&mut classes, &classified_new, |class| &mut class.new);
        Self {
            classes,
            several_old,
            several_new,
        }
    }

    /// The elements of each class: those of old, those of new, each in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[Element], &[Element])> {
        self.classes.iter().map(|class| {
            (
                class.old.among(&self.several_old),
                class.new.among(&self.several_new),
            )
        })
    }
}

impl Members {
    fn add(&mut self, element: Element) {
        if self.count == 0 {
            self.first = element;
        }
        self.count += 1;
    }

    fn among<'e>(&'e self, several: &'e [Element]) -> &'e [Element] {
        match self.count {
            0 => &[],
            1 => slice::from_ref(&self.first),
            count => &several[(self.end - count) as usize..self.end as usize],
        }
    }
}

/// The elements of classes with several of them, by a counting sort.
fn several(
    classes: &mut [Class],
    classified: &[(u32, Element)],
    side: impl Fn(&mut Class) -> &mut Members,
) -> Vec<Element> {
    let mut total = 0;
    for class in &mut *classes {
        let members = side(class);
        if members.count > 1 {
            members.end = total;
            total += members.count;
        }
    }
    let mut sorted = vec![Element::default(); total as usize];
    if sorted.is_empty() {
        return sorted;
    }
    for (class, element) in classified {
        let members = side(&mut classes[*class as usize]);
        if members.count > 1 {
            sorted[members.end as usize] = *element;
            members.end += 1;
        }
    }
    sorted
}
