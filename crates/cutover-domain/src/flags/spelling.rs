use std::borrow::Borrow;

/// The known word that is closest to `word`, if any is close: one slip in three letters.
pub(super) fn closest<'a, W: Borrow<str> + Ord>(
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

/// Levenshtein distance over bytes. O(n·m), with words of at most some hundred bytes.
fn distance(left: &str, right: &str) -> usize {
    let right = right.as_bytes();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_another_word_is_not() {
        let fields = ["state", "stage", "overrides"];
        assert_eq!(closest(&fields, "overides"), Some(&"overrides"));
        assert_eq!(closest(&fields, "stat"), Some(&"state"));
        assert_eq!(closest(&fields, "rules"), None);
        assert_eq!(closest(&[""; 0], "rules"), None);
    }
}
