//! Dates and times, as ISO 8601 and most databases write them.

use arrow_schema::TimeUnit;

const DAY: i64 = 86_400;

/// Days since 1970-01-01 of `2026-11-26`.
pub(crate) fn date(text: &[u8]) -> Option<i32> {
    let (year, rest) = (two(text, 0)? * 100 + two(text, 2)?, &text[4..]);
    if rest.len() != 6 || rest[0] != b'-' || rest[3] != b'-' {
        return None;
    }
    let (month, day) = (two(rest, 1)?, two(rest, 4)?);
    let days = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days)
        .contains(&day)
        .then(|| days_since_1970(year, month, day))
}

/// Howard Hinnant's `days_from_civil`, for years from 0.
fn days_since_1970(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// A date with a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant {
    /// Local seconds since 1970-01-01 00:00:00.
    seconds: i64,
    nanoseconds: u32,
    /// How many digits the fraction of a second has.
    pub(crate) digits: u8,
    /// Seconds east of UTC, where it says.
    pub(crate) offset: Option<i64>,
}

impl Instant {
    /// `2026-11-26T10:00:00.123456789+01:00`: `T` or a space, seconds, any part of a fraction up
    /// to nine digits, and a zone, if any, as `Z`, `+01:00`, `+0100` or `+01`.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let (day, rest) = text.split_at_checked(10)?;
        let days = date(day)?;
        if !matches!(rest.first(), Some(b'T' | b't' | b' ')) || rest.len() < 9 {
            return None;
        }
        let (hour, minute, second) = (two(rest, 1)?, two(rest, 4)?, two(rest, 7)?);
        if rest[3] != b':' || rest[6] != b':' || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut rest = &rest[9..];
        let (mut nanoseconds, mut digits) = (0, 0);
        if let Some(fraction) = rest.strip_prefix(b".") {
            while let Some(digit) = fraction
                .get(usize::from(digits))
                .filter(|byte| byte.is_ascii_digit())
            {
                digits += 1;
                if digits > 9 {
                    return None;
                }
                nanoseconds = nanoseconds * 10 + u32::from(digit - b'0');
            }
            if digits == 0 {
                return None;
            }
            nanoseconds *= 10u32.pow(9 - u32::from(digits));
            rest = &fraction[usize::from(digits)..];
        }
        let time = i64::from(hour * 3600 + minute * 60 + second);
        Some(Self {
            seconds: i64::from(days) * DAY + time,
            nanoseconds,
            digits,
            offset: offset(rest)?,
        })
    }
}

/// Seconds east of UTC; `Some(None)` where nothing is said.
#[expect(
    clippy::option_option,
    reason = "the outer one is whether it could be read"
)]
fn offset(text: &[u8]) -> Option<Option<i64>> {
    let sign = match text {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(0)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hours, minutes) = match text.len() {
        3 => (two(text, 1)?, 0),
        5 => (two(text, 1)?, two(text, 3)?),
        6 if text[3] == b':' => (two(text, 1)?, two(text, 4)?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then(|| Some(sign * i64::from(hours * 3600 + minutes * 60)))
}

/// Ticks of `unit` since 1970, in UTC where `zoned`; `None` where the text is no such time, has a
/// zone that is not expected or none where one is, or lies past what the unit can count.
pub(crate) fn timestamp(text: &[u8], unit: TimeUnit, zoned: bool) -> Option<i64> {
    let instant = Instant::of(text)?;
    if instant.offset.is_some() != zoned {
        return None;
    }
    let seconds = instant.seconds - instant.offset.unwrap_or(0);
    let (per_second, part) = match unit {
        TimeUnit::Second => (1, 0),
        TimeUnit::Millisecond => (1_000, instant.nanoseconds / 1_000_000),
        TimeUnit::Microsecond => (1_000_000, instant.nanoseconds / 1_000),
        TimeUnit::Nanosecond => (1_000_000_000, instant.nanoseconds),
    };
    seconds
        .checked_mul(per_second)?
        .checked_add(i64::from(part))
}

/// The number of two digits at `at`.
fn two(text: &[u8], at: usize) -> Option<i32> {
    let digit = |at: usize| {
        let byte = text.get(at)?;
        byte.is_ascii_digit().then(|| i32::from(byte - b'0'))
    };
    Some(digit(at)? * 10 + digit(at + 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (text, days) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2000-02-29", Some(11_016)),
            ("2100-02-29", None),
            ("0001-01-01", Some(-719_162)),
            ("9999-12-31", Some(2_932_896)),
            ("2026-13-01", None),
            ("2026-1-1", None),
            ("2026-01-01x", None),
        ] {
            assert_eq!(date(text.as_bytes()), days, "{text}");
        }
    }

    #[test]
    fn one_instant_has_many_spellings() {
        let micros = |text: &str, zoned| timestamp(text.as_bytes(), TimeUnit::Microsecond, zoned);
        let expected = Some(1_795_687_200_500_000);
        for text in [
            "2026-11-26T10:00:00.5Z",
            "2026-11-26 10:00:00.500+00:00",
            "2026-11-26T12:00:00.500000+0200",
            "2026-11-26t08:00:00.5-02",
        ] {
            assert_eq!(micros(text, true), expected, "{text}");
        }
        assert_eq!(micros("2026-11-26T10:00:00.5", false), expected);
        for text in [
            "2026-11-26T10:00:00.5",
            "2026-11-26T24:00:00Z",
            "2026-11-26T10:00Z",
            "2026-11-26T10:00:00.Z",
            "2026-11-26T10:00:00.1234567890Z",
            "2026-11-26T10:00:00+1:00",
        ] {
            assert_eq!(micros(text, true), None, "{text}");
        }
        let far = timestamp(b"2300-01-01T00:00:00", TimeUnit::Nanosecond, false);
        assert_eq!(far, None);
    }
}
