//! Numbers, as they are written.

use arrow_buffer::i256;

/// Floats hold all numbers of so many digits.
const LONGEST: usize = 300;

/// A number as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numeral {
    /// Digits before the decimal point.
    pub(crate) whole: u32,
    /// Digits after it.
    pub(crate) fraction: u32,
    /// Whether there is a decimal point.
    point: bool,
    /// Whether all digits are written out: no power of ten, no NaN, no infinity.
    pub(crate) plain: bool,
}

impl Numeral {
    /// `-?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][+-]?[0-9]+)?` with a digit before or after the point,
    /// or the words for NaN and infinity. No number that floats do not hold (`1e400`, `1e-400`): that
    /// is a text.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let unsigned = text.strip_prefix(b"-").unwrap_or(text);
        let whole = digits(unsigned);
        if whole == 0 && is_word(unsigned) {
            return Some(Self {
                whole: 0,
                fraction: 0,
                point: false,
                plain: false,
            });
        }
        if whole > 1 && unsigned[0] == b'0' {
            return None;
        }
        let mut rest = &unsigned[whole..];
        let mut fraction = 0;
        let point = rest.first() == Some(&b'.');
        if point {
            fraction = digits(&rest[1..]);
            rest = &rest[1 + fraction..];
        }
        if whole + fraction == 0 {
            return None;
        }
        let power = matches!(rest.first(), Some(b'e' | b'E'));
        if power {
            let exponent = &rest[1..];
            let exponent = match exponent.first() {
                Some(b'+' | b'-') => &exponent[1..],
                _ => exponent,
            };
            let length = digits(exponent);
            if length == 0 {
                return None;
            }
            rest = &exponent[length..];
        }
        let is_long = power || whole + fraction > LONGEST;
        if !rest.is_empty() || (is_long && !is_held_by_floats(text)) {
            return None;
        }
        Some(Self {
            whole: u32::try_from(whole).unwrap_or(u32::MAX / 2),
            fraction: u32::try_from(fraction).unwrap_or(u32::MAX / 2),
            point,
            plain: !power,
        })
    }

    pub(crate) fn is_integer(&self) -> bool {
        !self.point && self.plain
    }
}

/// Whether a float is near the number: one past the largest would be infinite, and one below the
/// smallest nothing, as others are, too.
fn is_held_by_floats(text: &[u8]) -> bool {
    let float: Option<f64> = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok());
    let mut digits = text.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    let is_zero = !digits.any(|digit| matches!(digit, b'1'..=b'9'));
    float.is_some_and(|float| float.is_finite() && (float != 0.0 || is_zero))
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn is_word(text: &[u8]) -> bool {
    ["nan", "inf", "infinity"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}

/// A whole number of 64 bits, or `None`.
pub(crate) fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    // Negative numbers reach one further.
    let mut value = 0i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_sub(i64::from(digit))?;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

/// The float nearest to a number.
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    Numeral::of(text)?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A number times `10^scale`, where that is whole and has at most 38 digits.
pub(crate) fn decimal(text: &[u8], scale: i8) -> Option<i128> {
    let mut value = 0i128;
    for digit in scaled_digits(text, scale)? {
        value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    let fits = value < 10i128.pow(38);
    fits.then(|| if text[0] == b'-' { -value } else { value })
}

/// The same with at most 76 digits.
pub(crate) fn large_decimal(text: &[u8], scale: i8) -> Option<i256> {
    let ten = i256::from_i128(10);
    let mut value = i256::ZERO;
    for digit in scaled_digits(text, scale)? {
        value = value
            .checked_mul(ten)?
            .checked_add(i256::from_i128(i128::from(digit)))?;
    }
    Some(if text[0] == b'-' {
        value.wrapping_neg()
    } else {
        value
    })
}

/// The digits of a number without a power of ten, with `scale` of them after the point.
fn scaled_digits(text: &[u8], scale: i8) -> Option<impl Iterator<Item = u8> + '_> {
    let numeral = Numeral::of(text).filter(|numeral| numeral.plain)?;
    let scale = u32::try_from(scale).ok()?;
    let zeros = scale.checked_sub(numeral.fraction)?;
    let written = text.iter().filter(|byte| byte.is_ascii_digit());
    Some(
        written
            .map(|byte| byte - b'0')
            .chain(std::iter::repeat_n(0, zeros as usize)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_to_their_bounds() {
        for number in [0, 1, -1, 42, i64::MIN, i64::MAX] {
            assert_eq!(integer(number.to_string().as_bytes()), Some(number));
        }
        for text in [
            "",
            "-",
            "9223372036854775808",
            "-9223372036854775809",
            "1.0",
            "+1",
        ] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
        assert_eq!(integer(b"-0"), Some(0));
    }

    #[test]
    fn decimals_keep_every_digit() {
        assert_eq!(decimal(b"-1.25", 3), Some(-1250));
        assert_eq!(decimal(b".5", 1), Some(5));
        assert_eq!(decimal(b"1.25", 1), None);
        assert_eq!(decimal(b"1e2", 2), None);
        let longest = "9".repeat(38);
        assert_eq!(decimal(longest.as_bytes(), 0), Some(10i128.pow(38) - 1));
        assert_eq!(decimal(b"100000000000000000000000000000000000000", 0), None);
        let large = large_decimal("9".repeat(70).as_bytes(), 2);
        assert_eq!(
            large.map(|value| value.to_string()),
            Some("9".repeat(70) + "00")
        );
    }

    #[test]
    fn floats_are_those_of_rust() {
        for text in ["1.5", "-.5", "5.", "1e300", "-inf", "123456789.123456789"] {
            assert_eq!(float(text.as_bytes()), text.parse().ok(), "{text}");
        }
        assert!(float(b"NaN").is_some_and(f64::is_nan));
        assert_eq!(float(b"0x10"), None);
        assert_eq!(float(b"01.5"), None);
    }
}
