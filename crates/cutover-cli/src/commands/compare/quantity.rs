//! Durations and sizes as people write them.

use std::time::Duration;

use jiff::SignedDuration;

/// A duration longer than nothing: `30s`, `500ms`, `2m`, `1h 30m`.
pub(in crate::commands) fn duration(text: &str) -> Result<Duration, String> {
    const WANTED: &str = "a time is a number with a unit, for example 500ms, 30s or 2m";
    if text.trim().parse::<f64>().is_ok() {
        return Err(format!("the unit is missing; {WANTED}"));
    }
    let signed: SignedDuration = text.parse().map_err(|_| WANTED.to_owned())?;
    match Duration::try_from(signed) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(format!("it must be longer than nothing; {WANTED}")),
    }
}

/// An age: as a duration, and in days and weeks, `30d`, `2w`.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let plain = |unit: char, seconds: u64| {
        let number: u64 = text.trim().strip_suffix(unit)?.trim().parse().ok()?;
        let seconds = number.checked_mul(seconds)?;
        (seconds > 0).then(|| Duration::from_secs(seconds))
    };
    const DAY: u64 = 24 * 60 * 60;
    match plain('d', DAY).or_else(|| plain('w', 7 * DAY)) {
        Some(age) => Ok(age),
        None => duration(text).map_err(|error| format!("{error}, or 30d")),
    }
}

/// As [`size`], and nothing: `0`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    if text.trim() == "0" {
        return Ok(0);
    }
    size(text).map(|size| size as u64)
}

/// A size in bytes: `65536`, `64KiB`, `10MB`, `1G`.
pub(in crate::commands) fn size(text: &str) -> Result<usize, String> {
    const WANTED: &str = "a size is a whole number of bytes, KiB, MiB, GiB, kB, MB or GB";
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale: usize = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "k" | "kib" => 1 << 10,
        "mb" => 1_000_000,
        "m" | "mib" => 1 << 20,
        "gb" => 1_000_000_000,
        "g" | "gib" => 1 << 30,
        _ => return Err(WANTED.to_owned()),
    };
    number
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(scale))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| WANTED.to_owned())
}

/// A duration for eyes, with three digits that matter.
pub(super) fn show_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let (value, unit) = if seconds >= 120.0 {
        (seconds / 60.0, "min")
    } else if seconds >= 1.0 {
        (seconds, "s")
    } else if seconds >= 1e-3 {
        (seconds * 1e3, "ms")
    } else {
        (seconds * 1e6, "µs")
    };
    format!("{} {unit}", three_digits(value))
}

/// A size for eyes.
pub(super) fn show_size(bytes: u64) -> String {
    let value = bytes as f64;
    for (scale, unit) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if value >= f64::from(scale) {
            return format!("{} {unit}", three_digits(value / f64::from(scale)));
        }
    }
    format!("{bytes} B")
}

fn three_digits(value: f64) -> String {
    let decimals = match value {
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_a_unit() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for text in ["", "30", "0.5", "0s", "-3s", "soon", "3 fortnights"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_age_may_be_in_days() {
        const DAY: u64 = 24 * 60 * 60;
        for (text, seconds) in [("30d", 30 * DAY), ("2 w", 14 * DAY), ("12h", DAY / 2)] {
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["0d", "d", "-1d", "30", "99999999999999999999d"] {
            assert!(age(text).is_err(), "{text}");
        }
        assert_eq!((bytes("0"), bytes("1k")), (Ok(0), Ok(1024)));
    }

    #[test]
    fn a_size_has_a_unit_or_is_bytes() {
        for (text, bytes) in [
            ("1", 1),
            ("64KiB", 65_536),
            ("64 k", 65_536),
            ("10MB", 10_000_000),
            ("1G", 1 << 30),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "0", "-1", "1.5M", "many", "1TB", "99999999999999999999"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn figures_have_three_digits() {
        let micros = |count| show_duration(Duration::from_micros(count));
        assert_eq!(micros(7), "7.00 µs");
        assert_eq!(micros(1_234), "1.23 ms");
        assert_eq!(micros(99_960), "100 ms");
        assert_eq!(micros(12_340_000), "12.3 s");
        assert_eq!(micros(600_000_000), "10.0 min");
        assert_eq!(show_size(512), "512 B");
        assert_eq!(show_size(200 << 20), "200 MiB");
        assert_eq!(show_size(1536), "1.50 KiB");
    }
}
