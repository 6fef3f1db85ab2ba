//! Integers written with another radix, as the decimal ones that a tree holds.

/// The decimal text of `digits`. None if one is no digit of the radix, there is none, or the value
/// is past 128 bits.
pub(crate) fn decimal(digits: &str, radix: u32) -> Option<String> {
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    u128::from_str_radix(digits, radix)
        .ok()
        .map(|value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_radix_becomes_decimal_or_is_refused() {
        for (digits, radix, expected) in [
            ("ff", 16, Some("255")),
            ("777", 8, Some("511")),
            ("0001", 2, Some("1")),
            (
                "FFFFFFFFFFFFFFFFFFFF",
                16,
                Some("1208925819614629174706175"),
            ),
            ("", 16, None),
            ("+f", 16, None),
            ("8", 8, None),
        ] {
            assert_eq!(decimal(digits, radix).as_deref(), expected, "{digits}");
        }
        assert_eq!(decimal(&"f".repeat(33), 16), None);
    }
}
