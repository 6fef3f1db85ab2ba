//! What a single cell means, by strict grammars.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// The meaning of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    Missing,
    Boolean,
    Integer(i64),
    Float(f64),
    Date(Date),
    /// With its place in time: local times are ordered as if they were UTC.
    DateTime(Timestamp),
    Text,
}

/// Reads a cell without spaces around it.
///
/// Digits with a zero in front are a code and not a number (`00501`, `00E5`), and a day that no
/// calendar has is not a date. `None` and `-` are values: in real data they are categories.
pub(super) fn meaning_of(cell: &str) -> Meaning {
    let Some(&first) = cell.as_bytes().first() else {
        return Meaning::Missing;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(cell)
            .or_else(|| date(cell).map(Meaning::Date))
            .or_else(|| date_time(cell).map(Meaning::DateTime))
            .unwrap_or(Meaning::Text),
        b'n' | b'N' | b'#' if is_missing(cell) => Meaning::Missing,
        b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'n' | b'N' if boolean(cell).is_some() => {
            Meaning::Boolean
        }
        _ => Meaning::Text,
    }
}

fn is_missing(cell: &str) -> bool {
    matches!(
        cell,
        "NA" | "N/A" | "#N/A" | "n/a" | "NaN" | "nan" | "NULL" | "null"
    )
}

/// Yes or no, in words.
pub(super) fn boolean(cell: &str) -> Option<bool> {
    let is = |word: &str| cell.eq_ignore_ascii_case(word);
    if is("true") || is("yes") {
        Some(true)
    } else if is("false") || is("no") {
        Some(false)
    } else {
        None
    }
}

fn number(cell: &str) -> Option<Meaning> {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let mantissa = digits.split(['e', 'E']).next().unwrap_or(digits);
    let whole = mantissa.split('.').next().unwrap_or(mantissa);
    let code = whole.len() > 1 && whole.starts_with('0');
    let plain = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if code || !plain {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Whole numbers past 64 bits keep their order of magnitude only.
        return cell
            .parse()
            .map(Meaning::Integer)
            .ok()
            .or_else(|| float(cell));
    }
    float(cell)
}

fn float(cell: &str) -> Option<Meaning> {
    cell.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .map(Meaning::Float)
}

fn date(cell: &str) -> Option<Date> {
    let bytes = cell.as_bytes();
    if bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-' {
        return cell.parse().ok();
    }
    if (8..=10).contains(&bytes.len()) && bytes.iter().filter(|&&byte| byte == b'/').count() == 2 {
        return Date::strptime("%m/%d/%Y", cell)
            .or_else(|_| Date::strptime("%Y/%m/%d", cell))
            .ok();
    }
    None
}

fn date_time(cell: &str) -> Option<Timestamp> {
    let bytes = cell.as_bytes();
    if bytes.len() < 16 || bytes[4] != b'-' || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    cell.parse::<Timestamp>()
        .or_else(|_| {
            cell.parse::<DateTime>()?
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map(|at| at.timestamp())
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_mean_what_they_say() {
        let date = |y, m, d| Meaning::Date(Date::new(y, m, d).unwrap());
        for (cell, meaning) in [
            ("", Meaning::Missing),
            ("NA", Meaning::Missing),
            ("#N/A", Meaning::Missing),
            ("None", Meaning::Text),
            ("-", Meaning::Text),
            ("0", Meaning::Integer(0)),
            ("-17", Meaning::Integer(-17)),
            ("+3", Meaning::Integer(3)),
            ("007", Meaning::Text),
            ("00E5", Meaning::Text),
            ("0.50", Meaning::Float(0.5)),
            (".097", Meaning::Float(0.097)),
            ("-.5e-3", Meaning::Float(-0.0005)),
            ("1e999", Meaning::Text),
            ("99999999999999999999", Meaning::Float(1e20)),
            ("inf", Meaning::Text),
            ("1-2", Meaning::Text),
            ("Yes", Meaning::Boolean),
            ("y", Meaning::Text),
            ("FALSE", Meaning::Boolean),
            ("2013-02-28", date(2013, 2, 28)),
            ("2013-02-29", Meaning::Text),
            ("3/4/2010", date(2010, 3, 4)),
            (
                "2013-01-01T06:00:00Z",
                Meaning::DateTime("2013-01-01T06:00:00Z".parse().unwrap()),
            ),
            (
                "2013-01-01 06:00:00",
                Meaning::DateTime("2013-01-01T06:00:00Z".parse().unwrap()),
            ),
            ("日本", Meaning::Text),
        ] {
            assert_eq!(meaning_of(cell), meaning, "{cell:?}");
        }
    }
}
