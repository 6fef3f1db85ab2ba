//! Long values on one line.

/// At most `width` letters of a text, the middle left out.
///
/// ```
/// use cutover_domain::comparison::report::shorten;
///
/// assert_eq!(shorten("abcdefghijk", 11), "abcdefghijk");
/// assert_eq!(shorten("abcdefghijk", 10), "abcdef…ijk");
/// ```
#[must_use]
pub fn shorten(text: &str, width: usize) -> String {
    let letters = text.chars().count();
    if letters <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let tail = kept / 3;
    let head: String = text.chars().take(kept - tail).collect();
    let end: String = text.chars().skip(letters - tail).collect();
    format!("{head}…{end}")
}

/// At most `width` letters of each of two texts that differ; if they begin alike for so long that
/// the difference would be left out, what lies around it.
///
/// ```
/// use cutover_domain::comparison::report::shorten_apart;
///
/// let digits = "0123456789".repeat(9);
/// let [old, new] = shorten_apart(&format!("{digits}a"), &format!("{digits}b"), 10);
/// assert_eq!((&*old, &*new), ("…789a", "…789b"));
/// ```
#[must_use]
pub fn shorten_apart(old: &str, new: &str, width: usize) -> [String; 2] {
    let alike = old
        .chars()
        .zip(new.chars())
        .take_while(|(old, new)| old == new);
    let alike = alike.count();
    let start = alike.saturating_sub(width / 3);
    [old, new].map(|text| {
        let letters = text.chars().count();
        if alike < width / 2 || letters <= width || old == new {
            return shorten(text, width);
        }
        let room = width.saturating_sub(2);
        let shown: String = text.chars().skip(start).take(room).collect();
        let rest = if start + room < letters { "…" } else { "" };
        format!("…{shown}{rest}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_loses_its_middle() {
        assert_eq!(shorten("äöüäöüäöü", 4), "äö…ü");
        assert_eq!(shorten("abc", 0), "…");
    }

    #[test]
    fn long_values_are_shown_where_they_differ() {
        let same = "x".repeat(200);
        let [old, new] = ["1", "2"].map(|digit| format!("{same}{digit}{same}"));
        let [old, new] = shorten_apart(&old, &new, 40);
        assert_eq!(old, format!("…{}1{}…", "x".repeat(13), "x".repeat(24)));
        assert_eq!(new, old.replace('1', "2"));
        assert_eq!(
            shorten_apart("short", &same, 40),
            ["short".to_owned(), shorten(&same, 40)]
        );
        let twice = shorten_apart(&same, &same, 40);
        assert_eq!(twice, [shorten(&same, 40), shorten(&same, 40)]);
    }
}
