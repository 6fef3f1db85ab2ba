//! Figures for eyes.

/// A duration in the unit that shows three digits of it.
pub(super) fn seconds(value: f64) -> String {
    let (scale, unit) = match value.abs() {
        size if size >= 1.0 || size == 0.0 => (1.0, "s"),
        size if size >= 1e-3 => (1e3, "ms"),
        size if size >= 1e-6 => (1e6, "µs"),
        _ => (1e9, "ns"),
    };
    format!("{} {unit}", number(value * scale))
}

/// A number with three digits, or all digits of a whole one.
pub(super) fn number(value: f64) -> String {
    let whole_digits = value.abs().max(1.0).log10().floor() as usize + 1;
    let text = format!("{value:.*}", 3_usize.saturating_sub(whole_digits));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A change in percent, with its sign.
pub(super) fn percent(value: f64) -> String {
    format!("{value:+.1} %")
}

/// `-` for what is not there: it is not 0.
pub(super) fn or_dash(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_in_their_unit() {
        for (value, text) in [
            (0.0, "0 s"),
            (1e-9, "1 ns"),
            (0.000_012_34, "12.3 µs"),
            (0.0005, "500 µs"),
            (0.25, "250 ms"),
            (1.5, "1.5 s"),
            (3600.0, "3600 s"),
        ] {
            assert_eq!(seconds(value), text);
        }
    }

    #[test]
    fn whole_numbers_keep_all_digits() {
        assert_eq!(number(1_767_268_800.0), "1767268800");
        assert_eq!(
            (number(0.125), number(12.5), number(-3.0)),
            ("0.12".into(), "12.5".into(), "-3".into())
        );
        assert_eq!(or_dash(None, number), "-");
    }
}
