//! Where something stands in a document, as people write it: `$.flags.use_new_backend.rollout`.

use std::fmt::Write;

/// How much of one name is shown.
const SHOWN: usize = 128;

/// The place of the member `name` below `parent`.
pub(super) fn member(parent: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut path = parent.to_owned();
    if !name.is_empty() && name.len() <= SHOWN && name.chars().all(plain) {
        path.push('.');
        path.push_str(name);
    } else {
        let shown: String = name.chars().take(SHOWN).collect();
        let more = if shown.len() < name.len() { "…" } else { "" };
        // Writing to a text cannot fail.
        let _ = write!(path, "[{:?}]", shown + more);
    }
    path
}

/// The place of the item `index` below `parent`.
pub(super) fn item(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_be_misread_is_quoted() {
        for (name, expected) in [
            ("use_new_backend", "$.use_new_backend"),
            ("$ref", "$.$ref"),
            ("rollout_percentage.x", "$[\"rollout_percentage.x\"]"),
            ("", "$[\"\"]"),
            ("a\u{1b}\"b", "$[\"a\\u{1b}\\\"b\"]"),
        ] {
            assert_eq!(member("$", name), expected);
        }
        assert!(member("$", &"x".repeat(1_000_000)).len() < 200);
        assert_eq!(item("$.in", 3), "$.in[3]");
    }
}
