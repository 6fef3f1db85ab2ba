//! Values that stand apart from an option that takes them only behind an equals sign.

use std::ffi::OsString;

use crate::exit::Failure;
use crate::suggest::quoted_words;

/// Whether a word looks like the value of an option.
type LooksSo = fn(&str) -> bool;

/// Options that may stand alone, and what a value of them looks like.
const ALONE_OR_JOINED: &[(&str, LooksSo)] = &[
    ("--unordered", is_path),
    ("--trim", is_path),
    ("--whitespace", is_path),
    ("--ignore-case", is_path),
    ("--nfc", is_path),
    ("--timestamps", is_path),
    ("--uuids", is_path),
    ("--fail-fast", is_number),
    ("--record-inputs", is_size),
];

fn is_path(text: &str) -> bool {
    text.starts_with('$')
}

fn is_number(text: &str) -> bool {
    text.parse::<u32>().is_ok()
}

fn is_size(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

/// What to write instead, where the arguments of a command that was refused have such a value.
pub(crate) fn misplaced(arguments: &[OsString]) -> Option<Failure> {
    let words = arguments.iter().map(|word| word.to_string_lossy());
    let words: Vec<_> = words.take_while(|word| word != "--").collect();
    for pair in words.windows(2) {
        let (option, value) = (&*pair[0], &*pair[1]);
        let looks_so = ALONE_OR_JOINED
            .iter()
            .any(|(known, looks_so)| *known == option && looks_so(value));
        if looks_so {
            let value = quoted_words(&[value]);
            return Some(
                Failure::usage(format_args!(
                    "{option} takes a value only behind an equals sign, because it may stand alone"
                ))
                .hint(format_args!("write {option}={value}")),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &[&str]) -> Option<String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        misplaced(&words).map(|failure| failure.to_string())
    }

    #[test]
    fn a_value_that_stands_apart_is_joined() {
        let told_of = told(&["diff", "--unordered", "$.tags", "a", "b"]).unwrap();
        assert!(
            told_of.ends_with("; write --unordered='$.tags'"),
            "{told_of}"
        );
        let told_of = told(&["--fail-fast", "3"]).unwrap();
        assert!(told_of.ends_with("; write --fail-fast=3"), "{told_of}");
        for words in [
            &["diff", "--unordered", "a", "b"][..],
            &["--unordered=$.a"],
            &["--", "--unordered", "$.a"],
            &["--ignore", "$.a"],
        ] {
            assert_eq!(told(words), None, "{words:?}");
        }
    }
}
