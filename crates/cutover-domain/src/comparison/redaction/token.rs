//! Tokens that stand for values: equal for equal values under one salt.

use sha2::{Digest, Sha256};

use crate::tree::{Canonical, Kind, Node};

const PREFIX: &str = "[hash:";
const DIGITS: usize = 32;

/// Whether a text is a token already.
pub(super) fn is_token(text: &str) -> bool {
    text.strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|hex| {
            let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            hex.len() == DIGITS && hex.bytes().all(digit)
        })
}

/// The token of a text: that of a string of the same text.
pub(super) fn text_token(text: &str, salt: &str) -> String {
    write(&digest(salt, b's', [text.as_bytes()]))
}

/// The token of a value: 32 hex digits of SHA-256 over the salt and the value, member by member
/// in the order of their names, numbers by their value. A token stands for itself.
pub(super) fn token(node: Node<'_>, salt: &str) -> String {
    if let Some(text) = node.as_str() {
        return if is_token(text) {
            text.to_owned()
        } else {
            text_token(text, salt)
        };
    }
    // Members follow their container, so going backwards they are known before it.
    let (start, end) = (node.index(), node.tree().end(node.index()));
    let mut known = vec![[0; 32]; (end - start) as usize];
    for index in (start..end).rev() {
        let value = Node::new(node.tree(), index);
        let of = |child: Node<'_>| &known[(child.index() - start) as usize];
        known[(index - start) as usize] = match value.kind() {
            Kind::Array => digest(salt, b'a', value.items().map(&of)),
            Kind::Object => {
                let mut members: Vec<_> = value
                    .entries()
                    .map(|(name, child)| digest(salt, b'm', [name.as_bytes(), of(child)]))
                    .collect();
                members.sort_unstable();
                digest(salt, b'o', &members)
            }
            Kind::String => digest(salt, b's', [value.as_str().unwrap_or_default().as_bytes()]),
            Kind::Number => digest(salt, b'n', [number(value).as_bytes()]),
            Kind::Bool => digest(salt, b'b', [&[u8::from(value.as_bool() == Some(true))]]),
            Kind::Null => digest(salt, b'0', [&[]]),
        };
    }
    write(&known[0])
}

fn digest<P: AsRef<[u8]>>(salt: &str, kind: u8, parts: impl IntoIterator<Item = P>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((salt.len() as u64).to_be_bytes());
    hash.update(salt);
    hash.update([kind]);
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The one text of all writings of a number.
fn number(node: Node<'_>) -> String {
    let sign = |negative: bool| if negative { "-" } else { "" };
    match node.number().map(|number| number.canonical()) {
        Some(Canonical::Integer(value)) => value.to_string(),
        Some(Canonical::Short {
            negative,
            mantissa,
            exponent,
        }) => format!("{}{mantissa}e{exponent}", sign(negative)),
        Some(Canonical::Long {
            negative,
            digits,
            exponent,
        }) => format!("{}{digits}e{exponent}", sign(negative)),
        Some(Canonical::Other(text)) => text.to_owned(),
        None => String::new(),
    }
}

fn write(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(PREFIX.len() + DIGITS + 1);
    text.push_str(PREFIX);
    for byte in &digest[..DIGITS / 2] {
        for digit in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;

    fn of(json: &str) -> String {
        token(Tree::from_json(json).unwrap().root(), "salt")
    }

    #[test]
    fn equal_values_have_equal_tokens_however_they_are_written() {
        for (left, right) in [
            ("1", "1.0"),
            ("100", "1e2"),
            (
                r#"{"a":1,"b":[true,null]}"#,
                r#"{"b":[true,null],"a":1.00}"#,
            ),
            (r#""\u0061""#, r#""a""#),
        ] {
            assert_eq!(of(left), of(right), "{left} {right}");
        }
        let all = [
            "1",
            "\"1\"",
            "[1]",
            "[[1]]",
            "null",
            "false",
            "true",
            "\"\"",
            "[]",
            "{}",
            r#"{"a":1}"#,
            r#"{"a":[1]}"#,
            r#"["a",1]"#,
            "[1,2]",
            "[2,1]",
            "36893488147419103232",
        ];
        let tokens: std::collections::HashSet<_> = all.iter().map(|json| of(json)).collect();
        assert_eq!(tokens.len(), all.len());
    }

    #[test]
    fn a_token_says_what_it_is_and_stands_for_itself() {
        let token = of("\"x\"");
        assert!(is_token(&token) && !is_token("[hash:123]") && !is_token("x"));
        assert_eq!(of(&format!("\"{token}\"")), token);
        assert_ne!(text_token("x", "salt"), text_token("x", "other"));
        assert_eq!(text_token("x", "salt"), token);
    }

    #[test]
    fn depth_is_no_matter() {
        assert!(is_token(&of(&format!(
            "{}{}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        ))));
    }
}
