//! Elements of two collections grouped by a hash.

use super::sides::Element;

/// Elements grouped by hash, the groups in the order in which their hashes first appear, in old and
/// then in new.
pub(super) struct Classes {
    old: Vec<Element>,
    new: Vec<Element>,
    /// How many of each side are in each class.
    sizes: Vec<(u32, u32)>,
}

/// An element with its hash and its place among those of old, then those of new.
#[derive(Clone, Copy)]
struct Hashed {
    hash: u128,
    place: u32,
    element: Element,
}

impl Classes {
    /// Groups elements given with their hashes. O(n log n), by sorting: a table would be hit all
    /// over, and large ones do not fit into the processor's caches.
    pub(super) fn of(
        old: impl ExactSizeIterator<Item = (u128, Element)>,
        new: impl ExactSizeIterator<Item = (u128, Element)>,
    ) -> Self {
        let (count_old, count_new) = (old.len(), new.len());
        let mut all: Vec<Hashed> = Vec::with_capacity(count_old + count_new);
        all.extend(
            (0..)
                .zip(old.chain(new))
                .map(|(place, (hash, element))| Hashed {
                    hash,
                    place,
                    element,
                }),
        );
        all.sort_unstable_by_key(|hashed| (hashed.hash, hashed.place));
        let mut classes: Vec<(u32, &[Hashed])> = all
            .chunk_by(|one, next| one.hash == next.hash)
            .map(|class| (class[0].place, class))
            .collect();
        classes.sort_unstable_by_key(|(first, _)| *first);
        let mut found = Self {
            old: Vec::with_capacity(count_old),
            new: Vec::with_capacity(count_new),
            sizes: Vec::with_capacity(classes.len()),
        };
        for (_, class) in classes {
            let of_old = class.partition_point(|hashed| (hashed.place as usize) < count_old);
            let (olds, news) = class.split_at(of_old);
            found.old.extend(olds.iter().map(|hashed| hashed.element));
            found.new.extend(news.iter().map(|hashed| hashed.element));
            found.sizes.push((olds.len() as u32, news.len() as u32));
        }
        found
    }

    /// The elements of each class: those of old, those of new, each in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[Element], &[Element])> {
        let (mut old, mut new) = (self.old.as_slice(), self.new.as_slice());
        self.sizes.iter().map(move |(in_old, in_new)| {
            let (olds, news);
            (olds, old) = old.split_at(*in_old as usize);
            (news, new) = new.split_at(*in_new as usize);
            (olds, news)
        })
    }
}
