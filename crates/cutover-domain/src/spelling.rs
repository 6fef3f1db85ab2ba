//! The word that was probably meant.

use std::borrow::Borrow;

/// The known word that is closest to `word`, if any is close: one slip in three letters.
pub(crate) fn closest<'a, W: Borrow<str> + Ord>(
    known: impl IntoIterator<Item = &'a W>,
    word: &str,
) -> Option<&'a W> {
    known
        .into_iter()
        .map(|known| (distance(known.borrow(), word), known))
        .min()
        .filter(|(distance, _)| *distance <= (word.len() / 3).max(1))
        .map(|(_, known)| known)
}

/// Edit distance over bytes, where two neighbours that changed places are one slip (optimal string
/// alignment). O(n·m), with words of at most some hundred bytes.
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut least = (last[j] + usize::from(a != b))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_another_word_is_not() {
        let fields = ["state", "stage", "overrides"];
        assert_eq!(closest(&fields, "overides"), Some(&"overrides"));
        assert_eq!(closest(&fields, "stat"), Some(&"state"));
        assert_eq!(closest(&["trim"], "tirm"), Some(&"trim"));
        assert_eq!(closest(&["trim"], "mirt"), None);
        assert_eq!(closest(&fields, "rules"), None);
        assert_eq!(closest(&[""; 0], "rules"), None);
    }
}
