//! Test data made from a seed: the same on every machine.

use std::fmt::Write;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A reproducible random order.
#[derive(Clone, Copy, Debug)]
pub struct Shuffle(pub u64);

impl Shuffle {
    /// The numbers below `count`, in the order of this seed.
    #[must_use]
    pub fn order(self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|index| xxh3_64_with_seed(&index.to_le_bytes(), self.0));
        order
    }
}

/// A JSON list of records `{id, name, price, tags, address: {…}}`, in `order`. Records for which
/// `changed` says yes have another price.
#[must_use]
pub fn records(order: &[usize], changed: impl Fn(usize) -> bool) -> String {
    let mut text = String::with_capacity(order.len() * 160);
    text.push('[');
    for (position, &id) in order.iter().enumerate() {
        let separator = if position == 0 { "\n" } else { ",\n" };
        let price = id * 3 + usize::from(changed(id));
        let (street, tag) = (id % 977, id % 7);
        write!(
            text,
            "{separator}{{\"id\": {id}, \"name\": \"dataset {id}\", \"price\": {price}.25, \
             \"tags\": [\"t{tag}\", \"all\"], \"address\": {{\"street\": \"Road {street}\", \
             \"open\": {}, \"note\": null}}}}",
            id % 2 == 0,
        )
        .expect("a string can be written");
    }
    text.push_str("\n]\n");
    text
}
