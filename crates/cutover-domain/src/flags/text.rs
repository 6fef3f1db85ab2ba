/// Whether two texts are equal. Those as short as the names and values of attributes are compared in
/// place: calling `memcmp` for them is most of what a rule would cost.
#[inline]
pub(super) fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    left.len() == right.len()
        && match left.len() {
            0 => true,
            1 => left[0] == right[0],
            2..=3 => ends::<2>(left) == ends::<2>(right),
            4..=7 => ends::<4>(left) == ends::<4>(right),
            8..=16 => ends::<8>(left) == ends::<8>(right),
            _ => left == right,
        }
}

/// The first and the last `N` bytes: everything, of a text of `N` to `2 N`.
#[inline]
fn ends<const N: usize>(text: &[u8]) -> (Option<&[u8; N]>, Option<&[u8; N]>) {
    (text.first_chunk(), text.last_chunk())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_other_byte_anywhere_is_seen_at_every_length() {
        for length in 0..40 {
            let text = "x".repeat(length);
            assert!(same(&text, &text.clone()));
            assert!(!same(&text, &format!("{text}x")));
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "y");
                assert!(!same(&text, &other), "{length} bytes, the one at {at}");
            }
        }
    }
}
