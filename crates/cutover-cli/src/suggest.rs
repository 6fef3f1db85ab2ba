//! "Did you mean …?", and commands that can be run as they are printed.
//!
//! ```
//! use cutover_cli::suggest::{closest, command};
//!
//! assert_eq!(command(&["flag", "get", "two words"]), "cutover flag get 'two words'");
//! let keys = ["use_new_backend", "use_new_config"];
//! assert_eq!(closest("use_new_bakend", keys), Some("use_new_backend"));
//! assert_eq!(closest("something_else", keys), None);
//! ```

use std::ffi::OsStr;
use std::sync::OnceLock;

/// What stands behind `cutover` in every suggested command: the options of this run that say
/// where things are. A fact about the process like its arguments, so it is kept like them; a
/// suggestion that drops them would change another document than the one it speaks of.
static CARRIED: OnceLock<String> = OnceLock::new();

/// Has every suggested command carry these options. The first call counts.
pub(crate) fn carry(options: &[(&str, Option<&OsStr>)]) {
    let mut text = String::new();
    for (name, value) in options {
        let Some(value) = value else { continue };
        // A value that looks like an option is none when it is joined to its name.
        let dashed = value.as_encoded_bytes().starts_with(b"-");
        text.push_str(&format!(" {name}{}", if dashed { '=' } else { ' ' }));
        text.push_str(&quoted(value));
    }
    let _ = CARRIED.set(text);
}

/// The command with these words, as a POSIX shell takes it, with the global options of this run.
#[must_use]
pub fn command(words: &[&str]) -> String {
    let carried = CARRIED.get().map_or("", String::as_str);
    format!("cutover{carried} {}", quoted_words(words))
}

/// A text of an adapter, which knows no options, with those of this run in the commands that it
/// advises.
pub(crate) fn carrying(text: &str) -> String {
    match CARRIED.get() {
        Some(carried) if !carried.is_empty() => {
            text.replace("`cutover ", &format!("`cutover{carried} "))
        }
        _ => text.to_owned(),
    }
}

/// Words as a POSIX shell takes them.
pub(crate) fn quoted_words<W: AsRef<str>>(words: &[W]) -> String {
    let quoted = |word: &W| quoted(OsStr::new(word.as_ref()));
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// One word of a shell. What could steer a terminal is written in octal, which needs `$'…'`.
fn quoted(word: &OsStr) -> String {
    if let Some(text) = word.to_str()
        && crate::output::printable(text) == text
        && let Ok(quoted) = shlex::try_quote(text)
    {
        return quoted.into_owned();
    }
    let mut text = String::from("$'");
    for byte in word.as_encoded_bytes() {
        match byte {
            b'\'' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text.push('\'');
    text
}

/// The candidate that `typed` was most likely meant to be; `None` when nothing is near.
///
/// A candidate is near when at most a third of its letters are wrong, or when it only adds
/// something to what was typed.
pub fn closest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = typed.to_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let distance = strsim::damerau_levenshtein(&folded, &candidate.to_lowercase());
            let letters = candidate.chars().count().max(folded.chars().count());
            let part = folded.len() >= 3 && candidate.to_lowercase().contains(&folded);
            (distance * 3 <= letters || part).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggested_command_is_one_that_a_shell_takes_as_it_was_meant() {
        for word in [
            "",
            "plain",
            "two words; rm -rf x",
            "it's",
            "$HOME `x` \"y\"",
            "Žluťoučký",
        ] {
            let text = command(&["flag", word]);
            assert_eq!(
                shlex::split(&text).unwrap(),
                ["cutover", "flag", word],
                "{text}"
            );
        }
        for (word, expected) in [
            ("a\nb", r"$'a\012b'"),
            ("\u{1b}[31m'\\", r"$'\033[31m\'\\'"),
            ("\u{202e}x", r"$'\342\200\256x'"),
        ] {
            assert_eq!(command(&[word]), format!("cutover {expected}"));
        }
    }

    #[test]
    fn the_nearest_name_is_suggested_and_only_when_it_is_near() {
        let keys = ["new_pipeline", "batch_loading", "alert_manager"];
        for (typed, expected) in [
            ("new_pipelin", Some("new_pipeline")),
            ("NEW_PIPELINE", Some("new_pipeline")),
            ("new-pipeline", Some("new_pipeline")),
            ("alert", Some("alert_manager")),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(closest(typed, keys), expected, "{typed}");
        }
    }
}
