//! Numbers as they were written.

use std::borrow::Cow;

/// A number of a document: its text, and its machine forms where they are exact or asked for.
///
/// Two numbers are `==` when they have the same value, however they are written: `1`, `1.0` and
/// `10e-1` are equal, and no digit is lost on the way.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a>(pub(crate) Repr<'a>);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Repr<'a> {
    Integer(i64),
    Lexeme(&'a str),
}

impl<'a> Number<'a> {
    pub(crate) const fn from_integer(value: i64) -> Self {
        Self(Repr::Integer(value))
    }

    pub(crate) const fn from_lexeme(text: &'a str) -> Self {
        Self(Repr::Lexeme(text))
    }

    /// The text it was written with.
    #[must_use]
    pub fn lexeme(&self) -> Cow<'a, str> {
        match self.0 {
            Repr::Integer(value) => Cow::Owned(value.to_string()),
            Repr::Lexeme(text) => Cow::Borrowed(text),
        }
    }

    /// Whether it is written as an integer: no point, no exponent. `1.0` is not.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        match self.0 {
            Repr::Integer(_) => true,
            Repr::Lexeme(text) => is_integer_text(text),
        }
    }

    /// The value, if it is written as an integer and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Integer(value) => Some(value),
            Repr::Lexeme(text) => text.parse().ok(),
        }
    }

    /// The value, if it is written as an integer and fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Repr::Integer(value) => u64::try_from(value).ok(),
            Repr::Lexeme(text) => text.parse().ok(),
        }
    }

    /// The nearest binary fraction. Past its range that is an infinity; `NaN` stays what it is.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        match self.0 {
            // Rounding to the nearest is what is promised.
            Repr::Integer(value) => value as f64,
            Repr::Lexeme(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    pub(crate) fn canonical(&self) -> Canonical<'a> {
        match self.0 {
            Repr::Integer(value) => Canonical::Integer(value),
            Repr::Lexeme(text) => canonical_text(text),
        }
    }
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Repr::Integer(left), Repr::Integer(right)) => left == right,
            (Repr::Lexeme(left), Repr::Lexeme(right)) if left == right => true,
            _ => self.canonical() == other.canonical(),
        }
    }
}

pub(crate) fn is_integer_text(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is a number by JSON's grammar: no leading zeros, digits around the point.
pub(crate) fn is_json_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

/// The one form that all writings of a value share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Canonical<'a> {
    /// A whole number within `i64`.
    Integer(i64),
    /// `±mantissa × 10^exponent`, the mantissa without trailing zeros.
    Short {
        negative: bool,
        mantissa: u64,
        exponent: i64,
    },
    /// The same with more digits than a `u64` holds.
    Long {
        negative: bool,
        digits: String,
        exponent: i64,
    },
    /// Not a decimal number (`NaN`, `Infinity`), or its exponent is past `i64`.
    Other(&'a str),
}

/// The canonical form of a decimal text.
pub(crate) fn canonical_text(text: &str) -> Canonical<'_> {
    match plain_canonical(text) {
        Some(canonical) => canonical,
        None => parse_canonical(text).unwrap_or(Canonical::Other(text)),
    }
}

/// The usual case: few digits, no exponent.
fn plain_canonical(text: &str) -> Option<Canonical<'_>> {
    if text.len() > 18 {
        return None;
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let negative = unsigned.len() < text.len();
    let (mut mantissa, mut decimals, mut past_point) = (0_u64, 0_i64, 0_i64);
    for byte in unsigned.bytes() {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                decimals += past_point;
            }
            b'.' => past_point = 1,
            _ => return None,
        }
    }
    while decimals > 0 && mantissa.is_multiple_of(10) {
        mantissa /= 10;
        decimals -= 1;
    }
    if decimals == 0 {
        // At most eighteen digits.
        let value = mantissa.cast_signed();
        return Some(Canonical::Integer(if negative { -value } else { value }));
    }
    Some(Canonical::Short {
        negative,
        mantissa,
        exponent: -decimals,
    })
}

fn parse_canonical(text: &str) -> Option<Canonical<'_>> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (digits, written_exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], unsigned[at + 1..].parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty()
        || !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let mut exponent = written_exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let (mut mantissa, mut significant, mut pending_zeros) = (0_u64, 0_u32, 0_u32);
    let mut long: Option<String> = None;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if byte == b'0' {
            // Zeros count only once a digit follows them.
            pending_zeros += u32::from(significant > 0);
            continue;
        }
        let digit = u64::from(byte - b'0');
        if significant + pending_zeros + 1 > 19 && long.is_none() {
            long = Some(mantissa.to_string());
        }
        match &mut long {
            Some(digits) => {
                digits.extend(std::iter::repeat_n('0', pending_zeros as usize));
                digits.push(char::from(byte));
            }
            None => mantissa = mantissa * 10_u64.pow(pending_zeros + 1) + digit,
        }
        significant += pending_zeros + 1;
        pending_zeros = 0;
    }
    if significant == 0 {
        return Some(Canonical::Integer(0));
    }
    exponent = exponent.checked_add(i64::from(pending_zeros))?;
    if let Some(digits) = long {
        // Nineteen digits and more may still be a whole number within `i64`.
        let whole = (exponent == 0)
            .then(|| digits.parse::<i128>().ok())
            .flatten();
        if let Some(value) = whole.map(|value| if negative { -value } else { value })
            && let Ok(value) = i64::try_from(value)
        {
            return Some(Canonical::Integer(value));
        }
        return Some(Canonical::Long {
            negative,
            digits,
            exponent,
        });
    }
    if (0..=18).contains(&exponent) {
        let value = i128::from(mantissa) * 10_i128.pow(u32::try_from(exponent).ok()?);
        if let Ok(value) = i64::try_from(if negative { -value } else { value }) {
            return Some(Canonical::Integer(value));
        }
    }
    Some(Canonical::Short {
        negative,
        mantissa,
        exponent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        Number(Repr::Lexeme(left)) == Number(Repr::Lexeme(right))
    }

    #[test]
    fn equal_values_have_one_form() {
        for (left, right) in [
            ("1", "1.0"),
            ("1", "10e-1"),
            ("100", "1E+2"),
            ("-0", "0.000e9"),
            ("0.1", "1e-1"),
            ("0.10", "0.1"),
            ("9223372036854775807", "9223372036854775807.0"),
            ("-9223372036854775808", "-9.223372036854775808e18"),
            ("36893488147419103232", "36893488147419103232.000"),
            ("1e400", "10e399"),
            ("0.1234567890123456789012", "1234567890123456789012e-22"),
            ("10000000000000000000000", "1e22"),
        ] {
            assert!(same(left, right), "{left} = {right}");
            assert!(same(right, left), "{right} = {left}");
        }
    }

    #[test]
    fn close_values_stay_apart() {
        for (left, right) in [
            ("9007199254740993", "9007199254740992"),
            ("9007199254740993.0", "9007199254740992.0"),
            ("36893488147419103232", "36893488147419103233"),
            ("0.1", "0.1000000000000000055511151231257827"),
            ("1", "-1"),
            ("1e400", "1e401"),
            ("1e99999999999999999999", "1e99999999999999999998"),
            ("1001", "101"),
            ("NaN", "0"),
        ] {
            assert!(!same(left, right), "{left} ≠ {right}");
        }
    }

    #[test]
    fn machine_forms_are_exact_or_absent() {
        let number = |text| Number(Repr::Lexeme(text));
        assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
        assert_eq!(number("18446744073709551616").as_u64(), None);
        assert_eq!(number("1.0").as_i64(), None);
        assert!(!number("1.0").is_integer());
        assert!(number("18446744073709551616").is_integer());
        assert!((number("2.5").as_f64() - 2.5).abs() < f64::EPSILON);
    }
}
