//! Names of other systems as keys of this one.

use super::{Level, Notes};
use crate::flags::FlagKey;

/// The key of a flag that is called `name` elsewhere. A name that is no key here is written in
/// another way and noted as lost: whoever asks by the old name finds nothing.
pub(super) fn key_of(name: &str, path: &str, notes: &mut Notes) -> Option<FlagKey> {
    let error = match name.parse() {
        Ok(key) => return Some(key),
        Err(error) => error,
    };
    match rewritten(name).parse::<FlagKey>() {
        Ok(key) => {
            let message = format!(
                "{error}. It becomes {key}, and code that asks by the old name finds nothing"
            );
            notes.add(Level::Lost, path, message);
            Some(key)
        }
        Err(_) => {
            notes.add(Level::Lost, path, error.to_string());
            None
        }
    }
}

/// `useNewBackend` and `Use New Backend` as `use_new_backend`.
fn rewritten(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut before = None;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            if before.is_some_and(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) {
                key.push('_');
            }
            key.push(letter.to_ascii_lowercase());
        } else if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-') {
            key.push(letter);
        } else {
            key.push('_');
        }
        before = Some(letter);
    }
    let start = key.find(|c: char| c.is_ascii_alphanumeric());
    key.split_off(start.unwrap_or(key.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_keys_that_people_recognise() {
        for (name, expected) in [
            ("use_new_backend", "use_new_backend"),
            ("useNewBackend", "use_new_backend"),
            ("UseNewBackend2Beta", "use_new_backend2_beta"),
            ("HTTPServer", "httpserver"),
            ("Use New Backend!", "use_new_backend_"),
            ("_private", "private"),
            ("żółw", "w"),
            ("", ""),
            ("日本", ""),
        ] {
            assert_eq!(rewritten(name), expected, "{name}");
        }
    }
}
