//! Which rows of a batch.

use arrow_buffer::NullBuffer;

/// A bit for each row of a batch, 64 in a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mask {
    words: Vec<u64>,
    rows: usize,
}

impl Mask {
    pub(crate) fn none(rows: usize) -> Self {
        Self {
            words: vec![0; rows.div_ceil(64)],
            rows,
        }
    }

    /// Where `differ` says so.
    pub(crate) fn from_fn(rows: usize, mut differ: impl FnMut(usize) -> bool) -> Self {
        let mut mask = Self::none(rows);
        for row in 0..rows {
            mask.words[row / 64] |= u64::from(differ(row)) << (row % 64);
        }
        mask
    }

    /// Where two slices of one length are not equal.
    pub(crate) fn of_unequal<T: Copy + PartialEq>(old: &[T], new: &[T]) -> Self {
        let mut words = Vec::with_capacity(old.len().div_ceil(64));
        for (old, new) in old.chunks(64).zip(new.chunks(64)) {
            // Most blocks are equal: seen in one pass that the compiler turns into vectors.
            let any = old
                .iter()
                .zip(new)
                .fold(false, |any, (old, new)| any | (old != new));
            let mut word = 0;
            if any {
                for (at, (old, new)) in old.iter().zip(new).enumerate() {
                    word |= u64::from(old != new) << at;
                }
            }
            words.push(word);
        }
        Self {
            words,
            rows: old.len(),
        }
    }

    /// Takes nulls into account: null equals null and nothing else.
    pub(crate) fn with_nulls(&mut self, old: Option<&NullBuffer>, new: Option<&NullBuffer>) {
        match (old, new) {
            (None, None) => {}
            (Some(nulls), None) | (None, Some(nulls)) => {
                let valid = nulls.inner().bit_chunks();
                for (word, valid) in self.words.iter_mut().zip(valid.iter_padded()) {
                    *word = (*word & valid) | !valid;
                }
            }
            (Some(old), Some(new)) => {
                let old = old.inner().bit_chunks();
                let new = new.inner().bit_chunks();
                let valid = old.iter_padded().zip(new.iter_padded());
                for (word, (old, new)) in self.words.iter_mut().zip(valid) {
                    *word = (*word & old & new) | (old ^ new);
                }
            }
        }
        self.trim();
    }

    /// Bits behind the last row are never set.
    fn trim(&mut self) {
        let rest = self.rows % 64;
        if let Some(last) = self.words.last_mut().filter(|_| rest != 0) {
            *last &= (1 << rest) - 1;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    pub(crate) fn clear(&mut self, row: usize) {
        self.words[row / 64] &= !(1 << (row % 64));
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn count(&self) -> u64 {
        self.words
            .iter()
            .map(|word| u64::from(word.count_ones()))
            .sum()
    }

    pub(crate) fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    /// The rows whose bit is set, in order.
    pub(crate) fn ones(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                (left != 0).then(|| {
                    left &= left - 1;
                    at * 64 + bit
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unequal_rows_are_found_wherever_they_are() {
        for length in [0, 1, 63, 64, 65, 200] {
            let old: Vec<i64> = (0..length).collect();
            for at in 0..old.len() {
                let mut new = old.clone();
                new[at] = -1;
                let mask = Mask::of_unequal(&old, &new);
                assert_eq!(mask.ones().collect::<Vec<_>>(), [at]);
                assert_eq!((mask.count(), mask.rows()), (1, old.len()));
            }
        }
    }

    #[test]
    fn null_equals_null_alone() {
        let old = NullBuffer::from(vec![true, false, false, true]);
        let new = NullBuffer::from(vec![true, true, false, false]);
        let cases: [(Option<&NullBuffer>, Option<&NullBuffer>, &[usize]); 4] = [
            (None, None, &[0, 2]),
            (Some(&old), Some(&new), &[0, 1, 3]),
            (Some(&old), None, &[0, 1, 2]),
            (None, Some(&new), &[0, 2, 3]),
        ];
        for (old, new, expected) in cases {
            let mut mask = Mask::from_fn(4, |row| row == 0 || row == 2);
            mask.with_nulls(old, new);
            assert_eq!(mask.ones().collect::<Vec<_>>(), expected);
        }
    }
}
