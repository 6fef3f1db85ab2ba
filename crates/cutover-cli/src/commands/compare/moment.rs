//! A moment as people write it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::exit::{Exit, Failure};

/// `24h` (so long before `now`), `2026-01-31` (its beginning, UTC), `2026-01-31T12:00:00Z`.
pub(super) fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let ago = text.parse::<SignedDuration>().ok();
    let ago = ago.filter(|ago| !ago.is_negative());
    let date = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
    ago.and_then(|ago| now.checked_sub(ago).ok())
        .or_else(|| text.parse().ok())
        .or_else(|| date().map(|start| start.timestamp()))
        .ok_or_else(|| {
            Failure::new(Exit::Usage, format_args!("`{text}` is no time")).hint(
                "write how long ago (24h, 90m), a date (2026-01-31) or a time \
                 (2026-01-31T12:00:00Z)",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_so_long_ago() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("24h", "2026-01-30T12:00:00Z"),
            ("1h 30m", "2026-01-31T10:30:00Z"),
            ("2026-01-02", "2026-01-02T00:00:00Z"),
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z"),
        ] {
            let expected: Timestamp = expected.parse().unwrap();
            assert_eq!(moment(text, now).ok(), Some(expected), "{text}");
        }
        for text in ["", "soon", "-3h", "2026-13-01", "9999999999h"] {
            assert!(moment(text, now).is_err(), "{text}");
        }
    }
}
