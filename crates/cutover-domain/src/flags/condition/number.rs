use std::cmp::Ordering;

use crate::flags::Attribute;

/// A number of a condition or an attribute, compared by its exact value: a whole number of 64 bits
/// is never rounded to compare it with a fraction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Integer(i64),
    Float(f64),
}

/// 2^63: the first whole number above all of 64 bits.
const ABOVE: f64 = 9_223_372_036_854_775_808.0;

impl Number {
    pub(crate) fn of_attribute(attribute: Attribute<'_>) -> Option<Self> {
        match attribute {
            Attribute::Integer(number) => Some(Self::Integer(number)),
            Attribute::Number(number) => Some(Self::Float(number)),
            Attribute::Text(_) | Attribute::Boolean(_) | Attribute::List(_) => None,
        }
    }

    /// The order of the values; `None` where one is not a number.
    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(&right)),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(&right),
            (Self::Integer(left), Self::Float(right)) => compare_mixed(left, right),
            (Self::Float(left), Self::Integer(right)) => {
                compare_mixed(right, left).map(Ordering::reverse)
            }
        }
    }

    /// The same for equal values alone: whether it is whole, and its bits.
    pub(crate) fn identity(self) -> (bool, u64) {
        match self {
            Self::Integer(number) => (true, number.cast_unsigned()),
            Self::Float(number) => match whole(number) {
                Some(number) => (true, number.cast_unsigned()),
                None => (false, number.to_bits()),
            },
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range has been looked at, and the fraction is gone"
)]
fn whole(number: f64) -> Option<i64> {
    (number.trunc() == number && (-ABOVE..ABOVE).contains(&number)).then_some(number as i64)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range has been looked at, and the fraction is compared by itself"
)]
fn compare_mixed(left: i64, right: f64) -> Option<Ordering> {
    if right.is_nan() {
        None
    } else if right >= ABOVE {
        Some(Ordering::Less)
    } else if right < -ABOVE {
        Some(Ordering::Greater)
    } else {
        let whole = right.trunc();
        let by_whole = left.cmp(&(whole as i64));
        Some(by_whole.then_with(|| whole.total_cmp(&right)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_not_rounded_to_be_compared() {
        let compare = |left, right| Number::Integer(left).compare(Number::Float(right));
        assert_eq!(
            compare(9_007_199_254_740_993, 9_007_199_254_740_992.0),
            Some(Ordering::Greater)
        );
        assert_eq!(compare(i64::MAX, ABOVE), Some(Ordering::Less));
        assert_eq!(compare(i64::MIN, -ABOVE), Some(Ordering::Equal));
        assert_eq!(
            compare(i64::MIN, f64::NEG_INFINITY),
            Some(Ordering::Greater)
        );
        for (left, right, order) in [
            (1, 1.0, Ordering::Equal),
            (0, -0.0, Ordering::Equal),
            (1, 1.5, Ordering::Less),
            (-1, -1.5, Ordering::Greater),
            (-2, -1.5, Ordering::Less),
            (0, 0.5, Ordering::Less),
            (0, -0.5, Ordering::Greater),
        ] {
            assert_eq!(compare(left, right), Some(order), "{left} {right}");
            let back = Number::Float(right).compare(Number::Integer(left));
            assert_eq!(back, Some(order.reverse()), "{right} {left}");
            let equal = Number::Integer(left).identity() == Number::Float(right).identity();
            assert_eq!(equal, order.is_eq(), "{left} {right}");
        }
        assert_eq!(compare(1, f64::NAN), None);
    }
}
