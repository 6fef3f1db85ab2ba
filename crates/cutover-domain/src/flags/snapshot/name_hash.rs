use std::hash::{BuildHasher, Hasher};

/// What is found by a name: of a flag, a unit, a tenant. Names are short, so that most of what a
/// general hash costs is its beginning and its end.
pub(super) type ByName<K, V> = hashbrown::HashMap<K, V, NameHash>;

/// Hashes names: two words of eight bytes are multiplied at a time, and the halves of the product
/// folded together (as in wyhash and foldhash).
#[derive(Clone, Copy, Debug)]
pub(super) struct NameHash {
    /// Not known outside of the process, so that nobody can choose names that collide.
    seed: u64,
}

impl Default for NameHash {
    fn default() -> Self {
        let seed = hashbrown::DefaultHashBuilder::default().hash_one(0);
        Self { seed }
    }
}

impl BuildHasher for NameHash {
    type Hasher = NameHasher;

    #[inline]
    fn build_hasher(&self) -> NameHasher {
        NameHasher(self.seed)
    }
}

/// Takes one text, and nothing else.
pub(super) struct NameHasher(u64);

/// An arbitrary number: the beginning of the fractional part of π.
const FOLD: u64 = 0x243f_6a88_85a3_08d3;

impl Hasher for NameHasher {
    #[inline(always)]
    fn write(&mut self, name: &[u8]) {
        // Its length tells a name from one that is longer by bytes that are there already.
        let mut hash = self.0 ^ name.len() as u64;
        let mut rest = name;
        while rest.len() > 16
            && let Some((words, after)) = rest.split_first_chunk::<16>()
        {
            hash = fold(hash, word(&words[..8]), word(&words[8..]));
            rest = after;
        }
        // The last two words may lie over one another, or over what was read before.
        let (first, last) = if let (Some(first), Some(last)) =
            (rest.first_chunk::<8>(), rest.last_chunk::<8>())
        {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>())
        {
            (
                u32::from_le_bytes(*first).into(),
                u32::from_le_bytes(*last).into(),
            )
        } else {
            let byte = |index: usize| u64::from(rest.get(index).copied().unwrap_or_default());
            (byte(0) | byte(1) << 8, byte(2))
        };
        self.0 = fold(hash, first, last);
    }

    /// What `str` writes behind its text tells nothing of a single one.
    #[inline(always)]
    fn write_u8(&mut self, _: u8) {}

    #[inline(always)]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |word| u64::from_le_bytes(*word))
}

#[inline(always)]
fn fold(hash: u64, first: u64, last: u64) -> u64 {
    let product = u128::from(hash ^ first) * u128::from(FOLD ^ last);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_that_differ_in_one_place_have_other_hashes() {
        let hash = NameHash::default();
        for length in 1..=70 {
            let name = "a".repeat(length);
            let mut others = HashSet::from([hash.hash_one(name.as_str())]);
            for place in 0..length {
                let mut other = name.clone();
                other.replace_range(place..=place, "b");
                others.insert(hash.hash_one(other.as_str()));
            }
            others.insert(hash.hash_one("a".repeat(length + 1).as_str()));
            assert_eq!(others.len(), length + 2, "{length}");
        }
    }

    #[test]
    fn numbered_names_fall_evenly_into_the_places_of_a_table() {
        let hash = NameHash {
            seed: 0x9e37_79b9_7f4a_7c15,
        };
        for shape in ["f", "flag_", "customer-of-the-north-", "acme/"] {
            let mut places = [0_u32; 256];
            let mut marks = [0_u32; 128];
            for number in 0..25_600 {
                let hash = hash.hash_one(format!("{shape}{number}").as_str());
                places[hash as usize % 256] += 1;
                marks[(hash >> 57) as usize] += 1;
            }
            // A hundred each, and two hundred: ten standard errors.
            assert!(
                places.iter().all(|count| (1..200).contains(count)),
                "{places:?}"
            );
            assert!(
                marks.iter().all(|count| (60..340).contains(count)),
                "{marks:?}"
            );
        }
    }
}
