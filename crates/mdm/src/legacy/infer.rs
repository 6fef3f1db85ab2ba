//! What a cell is.

use crate::profile::ColumnKind;

/// How many rows decide what a column is.
pub(super) const SAMPLE: usize = 100;

/// Whether a cell says that there is no value.
pub(super) fn is_null(cell: &str) -> bool {
    matches!(
        cell.to_lowercase().as_str(),
        "" | "na" | "n/a" | "nan" | "null" | "none" | "-"
    )
}

/// The kind that fits every cell of the sample; text when nothing fits or nothing is there.
pub(super) fn kind_of<'a>(sample: impl Iterator<Item = &'a str> + Clone) -> ColumnKind {
    let present = sample.filter(|cell| !is_null(cell));
    if present.clone().next().is_none() {
        ColumnKind::Text
    } else if present.clone().all(|cell| as_boolean(cell).is_some()) {
        ColumnKind::Boolean
    } else if present.clone().all(|cell| as_integer(cell).is_some()) {
        ColumnKind::Integer
    } else if present.clone().all(is_number) {
        ColumnKind::Float
    } else if present.clone().all(|cell| as_date(cell).is_some()) {
        ColumnKind::Date
    } else {
        ColumnKind::Text
    }
}

pub(super) fn as_boolean(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" => Some(true),
        "false" | "f" | "no" | "n" => Some(false),
        _ => None,
    }
}

pub(super) fn as_integer(cell: &str) -> Option<i64> {
    cell.parse().ok()
}

pub(super) fn as_float(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|number: &f64| number.is_finite())
}

pub(super) fn is_number(cell: &str) -> bool {
    as_float(cell).is_some()
}

/// A day, as `YYYY-MM-DD`. A time of day after it is cut off.
pub(super) fn as_date(cell: &str) -> Option<String> {
    let day = match cell.find(['T', ' ']) {
        Some(end) => &cell[..end],
        None => cell,
    };
    let separator = day.chars().find(|c| matches!(c, '-' | '/' | '.'))?;
    let parts: Vec<&str> = day.split(separator).collect();
    let [a, b, c] = parts[..] else { return None };
    let (year, month, day) = match (separator, a.len(), c.len()) {
        ('-' | '/', 4, _) => (a, b, c),
        ('/', _, 4) => (c, a, b),
        ('.', _, 4) => (c, b, a),
        _ => return None,
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    ((1..=12).contains(&month) && (1..=31).contains(&day))
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_decides() {
        let kind = |cells: &[&'static str]| kind_of(cells.iter().copied());
        assert_eq!(kind(&["1", "NA", "-2"]), ColumnKind::Integer);
        assert_eq!(kind(&["1", ".5", "1e3"]), ColumnKind::Float);
        assert_eq!(kind(&["Yes", "no", ""]), ColumnKind::Boolean);
        assert_eq!(
            kind(&["2013-01-01", "2013-01-01T06:00:00Z"]),
            ColumnKind::Date
        );
        assert_eq!(kind(&["none", "n/a"]), ColumnKind::Text);
        assert_eq!(kind(&["1", "one"]), ColumnKind::Text);
    }

    #[test]
    fn days_are_written_in_several_ways() {
        assert_eq!(as_date("3/4/2010").as_deref(), Some("2010-03-04"));
        assert_eq!(as_date("4.3.2010").as_deref(), Some("2010-03-04"));
        assert_eq!(as_date("2010/03/04 10:00").as_deref(), Some("2010-03-04"));
        assert_eq!(as_date("2010-13-04"), None);
        assert_eq!(as_date("10-03-04"), None);
        assert_eq!(as_date("1.5"), None);
    }
}
