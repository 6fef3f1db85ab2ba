//! How far two numbers lie apart: in binary fractions where they are sure, else in decimals.
//!
//! `1.01` and `1.00` are 0.01 apart. As binary fractions they are not: 0.010000000000000009 is what
//! they leave, and 9007199254740993.0 and 9007199254740992.0 are one number. So a binary fraction
//! decides only where its rounding cannot matter.

use std::cmp::Ordering;

use crate::tree::{Canonical, Number, canonical_text};

/// Two numbers that are not the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap<'a> {
    numbers: [Number<'a>; 2],
    /// Roughly how far they are apart.
    apart: f64,
    /// Roughly the larger of both, without its sign.
    larger: f64,
}

impl<'a> Gap<'a> {
    pub(super) fn between(left: Number<'a>, right: Number<'a>) -> Self {
        let (x, y) = (left.as_f64(), right.as_f64());
        let larger = x.abs().max(y.abs());
        Self {
            numbers: [left, right],
            apart: (x - y).abs(),
            larger,
        }
    }

    /// Whether `|a − b| ≤ bound`, the bound being the decimal number that it is written as.
    pub(super) fn is_within(&self, bound: f64) -> bool {
        sure(self.apart, self.larger, bound)
            .unwrap_or_else(|| self.in_decimals(|_| Decimal::written(bound)))
    }

    /// Whether `|a − b| ≤ share · max(|a|, |b|)`.
    pub(super) fn is_share(&self, share: f64) -> bool {
        sure(self.apart, self.larger, self.larger * share).unwrap_or_else(|| {
            self.in_decimals(|larger| Some(larger.times(&Decimal::written(share)?)))
        })
    }

    /// Whether they are no further apart than a bound, given the larger of both. Linear in their
    /// digits.
    fn in_decimals(&self, bound: impl FnOnce(&Decimal) -> Option<Decimal>) -> bool {
        let [left, right] = self.numbers.map(|number| Decimal::of(&number.canonical()));
        let (Some(left), Some(right)) = (left, right) else {
            return false;
        };
        let (larger, smaller) = match left.compare_size(&right) {
            Ordering::Less => (right, left),
            _ => (left, right),
        };
        bound(&larger).is_some_and(|bound| larger.minus(&smaller).is_at_most(&bound))
    }
}

/// Whether numbers are within a bound, where rounding cannot matter: that of both numbers, of what
/// they are apart, and of the bound.
fn sure(apart: f64, larger: f64, bound: f64) -> Option<bool> {
    let unsure = (larger + bound) * (4.0 * f64::EPSILON) + f64::MIN_POSITIVE;
    if apart + unsure < bound {
        Some(true)
    } else if apart - unsure > bound && larger.is_finite() {
        Some(false)
    } else {
        None
    }
}

/// Whether `|a − b| ≤ max(absolute, relative · max(|a|, |b|))`, each number being the shortest decimal
/// that is read as it: 1.01 and 1.0 are within 0.01, which their binary fractions are not. False for
/// what is not finite.
///
/// ```
/// use cutover_domain::comparison::are_close;
///
/// assert!(1.01 - 1.0 > 0.01);
/// assert!(are_close(1.01, 1.0, 0.01, 0.0));
/// assert!(!are_close(1.01, 0.99, 0.01, 0.0));
/// ```
#[must_use]
pub fn are_close(a: f64, b: f64, absolute: f64, relative: f64) -> bool {
    let (apart, larger) = ((a - b).abs(), a.abs().max(b.abs()));
    if !apart.is_finite() {
        return false;
    }
    let exactly = |within: &dyn Fn(Gap<'_>) -> bool| {
        let (a, b) = (a.to_string(), b.to_string());
        within(Gap::between(
            Number::from_lexeme(&a),
            Number::from_lexeme(&b),
        ))
    };
    sure(apart, larger, absolute).unwrap_or_else(|| exactly(&|gap| gap.is_within(absolute)))
        || sure(apart, larger, relative * larger)
            .unwrap_or_else(|| exactly(&|gap| gap.is_share(relative)))
}

/// A decimal number of any size: `±0.d₁d₂d₃… × 10^point`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// From the first that is not zero to the last that is not; none for zero.
    digits: Vec<u8>,
    point: i64,
}

/// How far apart two decimals are.
enum Apart {
    Exactly(Decimal),
    /// One is too small to be written out beside the other: the size of the other, and a little less
    /// or more.
    Nearly(Decimal, Ordering),
}

/// Decimals whose first and last digit lie further apart are not written out.
const WIDEST: i64 = 10_000;

impl Decimal {
    fn new(negative: bool, digits: Vec<u8>, exponent: i64) -> Self {
        let point = exponent.saturating_add(digits.len() as i64);
        let first = digits.iter().take_while(|digit| **digit == 0).count();
        let last = digits.iter().rev().take_while(|digit| **digit == 0).count();
        if first == digits.len() {
            return Self {
                negative: false,
                digits: Vec::new(),
                point: i64::MIN,
            };
        }
        Self {
            negative,
            point: point.saturating_sub(first as i64),
            digits: digits[first..digits.len() - last].to_vec(),
        }
    }

    /// Nothing for what is no decimal number.
    fn of(number: &Canonical<'_>) -> Option<Self> {
        let digits = |text: &str| text.bytes().map(|byte| byte - b'0').collect();
        match number {
            Canonical::Integer(value) => Some(Self::new(
                *value < 0,
                digits(&value.unsigned_abs().to_string()),
                0,
            )),
            Canonical::Short {
                negative,
                mantissa,
                exponent,
            } => Some(Self::new(
                *negative,
                digits(&mantissa.to_string()),
                *exponent,
            )),
            Canonical::Long {
                negative,
                digits: text,
                exponent,
            } => Some(Self::new(*negative, digits(text), *exponent)),
            Canonical::Other(_) => None,
        }
    }

    /// The shortest decimal that is read as this binary fraction.
    fn written(value: f64) -> Option<Self> {
        Self::of(&canonical_text(&value.to_string()))
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Without the signs.
    fn compare_size(&self, other: &Self) -> Ordering {
        (self.point, &self.digits).cmp(&(other.point, &other.digits))
    }

    /// How far a smaller one is apart from this.
    fn minus(&self, smaller: &Self) -> Apart {
        let same_sign = self.negative == smaller.negative;
        if smaller.is_zero() {
            return Apart::Exactly(self.clone());
        }
        let last = |decimal: &Self| decimal.point.saturating_sub(decimal.digits.len() as i64);
        let lowest = last(self).min(last(smaller));
        let width = self.point.saturating_sub(lowest);
        let written = (self.digits.len() + smaller.digits.len()) as i64;
        if width > WIDEST.saturating_add(written) {
            let size = Self {
                negative: false,
                ..self.clone()
            };
            let off = if same_sign {
                Ordering::Less
            } else {
                Ordering::Greater
            };
            return Apart::Nearly(size, off);
        }
        // One digit more, for what a sum carries.
        let spread = |decimal: &Self| {
            let mut digits = vec![0_i8; width as usize + 1];
            let start = (self.point - decimal.point) as usize + 1;
            for (slot, digit) in digits[start..].iter_mut().zip(&decimal.digits) {
                *slot = digit.cast_signed();
            }
            digits
        };
        let (mut result, other) = (spread(self), spread(smaller));
        let mut carry = 0;
        for (digit, other) in result.iter_mut().zip(&other).rev() {
            let sum = if same_sign {
                *digit - other
            } else {
                *digit + other
            } + carry;
            carry = sum.div_euclid(10);
            *digit = sum.rem_euclid(10);
        }
        let digits = result.into_iter().map(i8::cast_unsigned).collect();
        Apart::Exactly(Self::new(false, digits, lowest))
    }

    /// The product of the sizes.
    fn times(&self, other: &Self) -> Self {
        let mut product = vec![0_u32; self.digits.len() + other.digits.len()];
        for (at, digit) in self.digits.iter().enumerate() {
            for (by, factor) in other.digits.iter().enumerate() {
                product[at + by + 1] += u32::from(*digit) * u32::from(*factor);
            }
        }
        let mut carry = 0;
        for digit in product.iter_mut().rev() {
            let sum = *digit + carry;
            (*digit, carry) = (sum % 10, sum / 10);
        }
        let exponent = self
            .point
            .saturating_add(other.point)
            .saturating_sub(product.len() as i64);
        Self::new(
            false,
            product.into_iter().map(|digit| digit as u8).collect(),
            exponent,
        )
    }
}

impl Apart {
    fn is_at_most(&self, bound: &Decimal) -> bool {
        match self {
            Self::Exactly(apart) => apart.compare_size(bound).is_le(),
            Self::Nearly(size, off) => size.compare_size(bound).then(*off).is_le(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gap<'a>(left: &'a str, right: &'a str) -> Gap<'a> {
        Gap::between(Number::from_lexeme(left), Number::from_lexeme(right))
    }

    #[test]
    fn what_is_written_decides_and_not_what_a_binary_fraction_makes_of_it() {
        for (left, right, bound, within) in [
            ("1.01", "1.00", 0.01, true),
            ("1.01", "0.99", 0.01, false),
            ("0.3", "0.1", 0.2, true),
            ("-0.1", "0.2", 0.3, true),
            ("-0.1", "0.2", 0.299, false),
            ("9007199254740993.0", "9007199254740992.0", 0.5, false),
            ("9007199254740993.0", "9007199254740992.0", 1.0, true),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567891",
                0.5,
                false,
            ),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567891",
                1.0,
                true,
            ),
            ("0.1", "0.1000000000000000000001", 1e-25, false),
            ("0.1", "0.1000000000000000000001", 1e-22, true),
            ("5e-324", "0", 1e-323, true),
            ("1e400", "1.0e401", 1e300, false),
            ("1e-400", "0", 1e-300, true),
            ("1e99999999999", "1", 1e300, false),
            ("1", "1e-99999999999", 1.0, true),
            ("1", "-1e-99999999999", 1.0, false),
            ("0", "1e-99999999999", 1e-300, true),
            ("1e99999999999999999999", "1", 1e300, false),
            ("NaN", "1", 1e300, false),
        ] {
            assert_eq!(
                gap(left, right).is_within(bound),
                within,
                "{left} {right} {bound}"
            );
            assert_eq!(
                gap(right, left).is_within(bound),
                within,
                "{right} {left} {bound}"
            );
        }
        for (left, right, share, within) in [
            ("100", "99", 0.01, true),
            ("100", "98.99", 0.01, false),
            ("1.1", "1", 0.1, true),
            ("1e400", "0.99e400", 0.01, true),
            ("1e400", "0.98e400", 0.01, false),
            ("1e-400", "0.99e-400", 0.01, true),
            ("1", "-1", 1.999, false),
            ("1", "-1", 2.0, true),
            ("0", "1", 0.5, false),
            ("1e99999999999", "1", 0.5, false),
            ("1e99999999999", "1", 1.0, true),
        ] {
            assert_eq!(
                gap(left, right).is_share(share),
                within,
                "{left} {right} {share}"
            );
            assert_eq!(
                gap(right, left).is_share(share),
                within,
                "{right} {left} {share}"
            );
        }
    }

    proptest! {
        /// Hundredths are integers that were given a point.
        #[test]
        fn hundredths_are_as_far_apart_as_their_integers(
            left in -1_000_000_i64..1_000_000, right in -1_000_000_i64..1_000_000, near in -3_i64..3,
        ) {
            let written = |hundredths: i64| {
                let sign = if hundredths < 0 { "-" } else { "" };
                let size = hundredths.unsigned_abs();
                format!("{sign}{}.{:02}", size / 100, size % 100)
            };
            let apart = left.abs_diff(right);
            let bound = apart.saturating_add_signed(near);
            let (one, other) = (written(left), written(right));
            let limit: f64 = written(bound as i64).parse().unwrap();
            prop_assert_eq!(gap(&one, &other).is_within(limit), apart <= bound);
        }

        /// A share of a thousandth of thousands is a whole number.
        #[test]
        fn shares_are_exact(larger in 1_i64..100_000, apart in 0_i64..200_000, near in -2_i64..2) {
            let right = larger * 1000;
            prop_assume!(apart <= right);
            let left = right - apart;
            let share = (larger + near).max(0);
            // `share` hundredths of a percent of `right` are `share · larger · 1000 / 10⁴`.
            let limit: f64 = format!("{}e-4", share).parse().unwrap();
            let (one, other) = (left.to_string(), right.to_string());
            let within = i128::from(apart) * 10_000 <= i128::from(share) * i128::from(right);
            prop_assert_eq!(gap(&one, &other).is_share(limit), within);
        }
    }
}
