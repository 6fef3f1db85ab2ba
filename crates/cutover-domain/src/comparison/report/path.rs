//! Paths as they are written: made general, cut into steps, shortened for eyes.
//!
//! All of it takes time proportional to the path, which may have as many steps as an answer is deep.

use std::borrow::Cow;

/// A path of no more characters than this is shown whole.
const WHOLE: usize = 200;

/// So many characters of a longer one are shown of its beginning, and as many of its end.
const END: usize = 80;

/// The path with `[*]` for every index: `$.items[3].price` → `$.items[*].price`. Quoted names stay
/// as they are.
///
/// ```
/// use cutover_domain::comparison::report::generalize;
///
/// assert_eq!(generalize("$.items[3].tags[12]"), "$.items[*].tags[*]");
/// assert_eq!(generalize("$['a[3]'][0]"), "$['a[3]'][*]");
/// ```
#[must_use]
pub fn generalize(path: &str) -> String {
    let mut general = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(bracket) = rest.find('[') {
        general.push_str(&rest[..=bracket]);
        rest = &rest[bracket + 1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && rest[digits..].starts_with(']') {
            general.push('*');
            rest = &rest[digits..];
        } else if let Some(quote) = rest
            .chars()
            .next()
            .filter(|first| matches!(first, '\'' | '"'))
        {
            let end = end_of_name(rest, quote);
            general.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    general.push_str(rest);
    general
}

/// Where the quoted name that `text` begins with ends.
fn end_of_name(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return index + character.len_utf8();
        }
    }
    text.len()
}

/// The steps of a path as they are written: `$`, `.items`, `[*]`, `['a b']`. A path that is not
/// written so is a single step.
pub(super) fn steps(path: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let length = match rest.as_bytes() {
            [b'$', ..] if steps.is_empty() => 1,
            [b'.', ..] => rest[1..].find(['.', '[']).unwrap_or(rest.len() - 1) + 1,
            [b'[', quote @ (b'\'' | b'"'), ..] => {
                1 + end_of_name(&rest[1..], char::from(*quote)) + 1
            }
            [b'[', ..] => rest.find(']').map_or(rest.len() + 1, |end| end + 1),
            _ => return vec![path],
        };
        let Some((step, after)) = rest.split_at_checked(length) else {
            return vec![path];
        };
        steps.push(step);
        rest = after;
    }
    steps
}

/// The path as people read it: of one that is longer than 200 characters the beginning and the end,
/// and how many steps it has. Where a program reads it, it stays whole.
///
/// ```
/// use cutover_domain::comparison::report::brief_path;
///
/// assert_eq!(brief_path("$.items[3].price"), "$.items[3].price");
/// let deep = format!("${}.price", ".a".repeat(100_000));
/// let brief = brief_path(&deep);
/// assert!(brief.starts_with("$.a.a.a.a") && brief.ends_with(".a.a.price"));
/// assert!(brief.contains(" …(100001 steps)… "));
/// ```
#[must_use]
pub fn brief_path(path: &str) -> Cow<'_, str> {
    let start = path.char_indices().nth(END).map(|(at, _)| at);
    let end = path.char_indices().nth_back(END - 1).map(|(at, _)| at);
    match (start, end, path.char_indices().nth(WHOLE)) {
        (Some(start), Some(end), Some(_)) => {
            let (start, end) = (&path[..start], &path[end..]);
            let steps = steps(path).len().saturating_sub(1);
            Cow::Owned(format!("{start} …({steps} steps)… {end}"))
        }
        _ => Cow::Borrowed(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_indexes_are_generalized() {
        for (path, general) in [
            ("$", "$"),
            ("$.a.b", "$.a.b"),
            ("$[0]", "$[*]"),
            ("$[0][17].x[2]", "$[*][*].x[*]"),
            ("$['[0]']", "$['[0]']"),
            (r"$['it\'s [1]'][2]", r"$['it\'s [1]'][*]"),
            ("$[\"[0]\"][1]", "$[\"[0]\"][*]"),
            ("$[*]", "$[*]"),
            ("$[", "$["),
            ("$['open", "$['open"),
            ("$[12", "$[12"),
            ("$.é[3].日本", "$.é[*].日本"),
        ] {
            assert_eq!(generalize(path), general, "{path}");
        }
    }

    #[test]
    fn a_path_is_cut_into_its_steps() {
        for (path, expected) in [
            ("$", &["$"][..]),
            ("$.a.b[*].c", &["$", ".a", ".b", "[*]", ".c"]),
            ("$['a.b'][*]", &["$", "['a.b']", "[*]"]),
            (r"$['it\'s']['x']", &["$", r"['it\'s']", "['x']"]),
            ("$.*.x", &["$", ".*", ".x"]),
            ("not a path", &["not a path"]),
            ("$['open", &["$['open"]),
            ("$[", &["$["]),
            ("", &[]),
            ("$.é.日本", &["$", ".é", ".日本"]),
        ] {
            assert_eq!(steps(path), expected, "{path}");
        }
    }

    #[test]
    fn a_long_path_is_shown_by_its_ends() {
        for whole in ["", "$", "$.a[0]", &format!("$.{}", "é".repeat(198))] {
            assert_eq!(brief_path(whole), whole);
        }
        let deep = format!("${}.b", "[0].é".repeat(100_000));
        let brief = brief_path(&deep);
        let (start, end) = brief.split_once(" …(200001 steps)… ").unwrap();
        assert!(deep.starts_with(start) && deep.ends_with(end), "{brief}");
        assert_eq!([start, end].map(|text| text.chars().count()), [END; 2]);
    }
}
