//! Exact percentages.
//!
//! ```
//! use cutover_domain::Percentage;
//!
//! let share: Percentage = "12.5".parse()?;
//! assert_eq!(share.thousandths(), 12_500);
//! assert_eq!(share.to_string(), "12.5");
//! assert!("100.001".parse::<Percentage>().is_err());
//! # Ok::<(), cutover_domain::percentage::ParsePercentageError>(())
//! ```

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A share between 0 % and 100 %, kept as a whole number of thousandths of a percent.
///
/// It is read from decimal text, never through a binary fraction, so `12.345` is exactly 12,345
/// thousandths and a fourth decimal is an error instead of a silent rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percentage(u32);

impl Percentage {
    /// Nobody.
    pub const ZERO: Self = Self(0);
    /// Everybody.
    pub const FULL: Self = Self(100_000);

    /// A percentage from thousandths of a percent; `None` past 100,000.
    #[must_use]
    pub const fn from_thousandths(thousandths: u32) -> Option<Self> {
        if thousandths <= 100_000 {
            Some(Self(thousandths))
        } else {
            None
        }
    }

    /// A percentage from whole percents; `None` past 100.
    #[must_use]
    pub const fn from_percent(percent: u32) -> Option<Self> {
        if percent <= 100 {
            Some(Self(percent * 1000))
        } else {
            None
        }
    }

    /// Thousandths of a percent, `0..=100_000`.
    #[must_use]
    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// The share as a fraction, `0.0..=1.0`, for display and statistics.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / 100_000.0
    }

    /// Whether nobody is in.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether everybody is in.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.0 == 100_000
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        if rest == 0 {
            return f.pad(&whole.to_string());
        }
        let decimals = format!("{rest:03}");
        f.pad(&format!("{whole}.{}", decimals.trim_end_matches('0')))
    }
}

/// Why a text is not a percentage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a percentage: {problem}")]
pub struct ParsePercentageError {
    text: String,
    problem: &'static str,
}

impl FromStr for Percentage {
    type Err = ParsePercentageError;

    /// Reads `0` to `100` with up to three decimals; a trailing `%` is allowed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |problem| ParsePercentageError {
            text: text.to_owned(),
            problem,
        };
        let number = text.trim();
        let number = number.strip_suffix('%').unwrap_or(number).trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) || number.ends_with('.') {
            return Err(fail(
                "write a plain decimal number from 0 to 100, for example 12.5",
            ));
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > 3 {
            return Err(fail("it has more than three decimals"));
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > 3 {
            return Err(fail("it is above 100"));
        }
        let value = |part: &str| {
            part.bytes()
                .fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'))
        };
        let scale = [1000, 100, 10, 1][decimals.len()];
        Self::from_thousandths(value(whole) * 1000 + value(decimals) * scale)
            .ok_or_else(|| fail("it is above 100"))
    }
}

impl Serialize for Percentage {
    /// A decimal number: `25`, `12.5`, `0.001`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            serializer.serialize_u32(self.0 / 1000)
        } else {
            serializer.serialize_f64(f64::from(self.0) / 1000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Percentage {
    /// Accepts a decimal number or its text. A number written with at most three decimals has a
    /// shortest decimal form equal to what was written, so nothing is rounded on the way.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PercentageVisitor;

        impl Visitor<'_> for PercentageVisitor {
            type Value = Percentage;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a percentage from 0 to 100 with up to three decimals")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Percentage, E> {
                value.to_string().parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Percentage, E> {
                value.to_string().parse().map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Percentage, E> {
                value.to_string().parse().map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Percentage, E> {
                value.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(PercentageVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_is_exact() {
        for (text, thousandths) in [
            ("0", 0),
            ("0.001", 1),
            ("12.5", 12_500),
            ("012.500", 12_500),
            ("33.333", 33_333),
            ("99.999", 99_999),
            ("100", 100_000),
            ("100.000", 100_000),
            ("25%", 25_000),
        ] {
            assert_eq!(
                text.parse::<Percentage>().unwrap().thousandths(),
                thousandths,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_percentage_is_refused() {
        for text in [
            "",
            "-1",
            "100.001",
            "101",
            "1e1",
            "1.2345",
            ".5",
            "5.",
            "NaN",
            "١",
            "1 0",
            "9999999999999999",
        ] {
            assert!(text.parse::<Percentage>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_thousandth_survives_text_and_json() {
        for thousandths in 0..=100_000 {
            let percentage = Percentage(thousandths);
            assert_eq!(percentage.to_string().parse(), Ok(percentage));
            let json = serde_json::to_string(&percentage).unwrap();
            assert_eq!(
                serde_json::from_str::<Percentage>(&json).unwrap(),
                percentage,
                "{json}"
            );
        }
    }
}
