//! Which flags a line of code names.

use std::collections::HashMap;

use cutover_domain::flags::FlagKey;
use cutover_env::{EnvConfig, Scheme};

/// Finds keys, and the variables of flags, as whole words in lines of any language.
///
/// A word has letters, digits and `_`. Keys with `-` and `.` inside are found too, the longest
/// first; a word with `-` before or behind it belongs to a longer word, so that the flag `use_new`
/// is named neither by `use_new_backend` nor by `use_new-backend`, but by `flags.use_new.get()`.
pub(super) struct Names<'a> {
    /// By the first word of a name: all names that begin with it, the longest first.
    by_word: HashMap<Vec<u8>, Vec<(Vec<u8>, &'a FlagKey)>>,
}

impl<'a> Names<'a> {
    pub(super) fn new(keys: &[&'a FlagKey]) -> Self {
        let schemes = [Scheme::Feature, Scheme::Mdm].map(|scheme| EnvConfig::new(scheme).naming());
        let mut by_word = HashMap::<Vec<u8>, Vec<(Vec<u8>, &FlagKey)>>::new();
        for key in keys {
            let variables = schemes
                .iter()
                .flat_map(|naming| [naming.switch(key), naming.share(key)]);
            for name in variables.chain([key.as_str().to_owned()]) {
                let name = name.into_bytes();
                let end = name.iter().position(|byte| !is_word(*byte));
                let word = name[..end.unwrap_or(name.len())].to_vec();
                by_word.entry(word).or_default().push((name, key));
            }
        }
        for names in by_word.values_mut() {
            names.sort_by(|(one, _), (other, _)| (other.len(), one).cmp(&(one.len(), other)));
        }
        Self { by_word }
    }

    /// Calls `each` with every flag that is named, once for every time.
    pub(super) fn find(&self, line: &[u8], mut each: impl FnMut(&'a FlagKey)) {
        let mut at = 0;
        while at < line.len() {
            if !is_word(line[at]) {
                at += 1;
                continue;
            }
            let length = line[at..].iter().take_while(|byte| is_word(**byte)).count();
            let end = at + length;
            let joined = at > 1 && line[at - 1] == b'-' && is_word(line[at - 2]);
            let names = self.by_word.get(&line[at..end]).filter(|_| !joined);
            let found = names
                .into_iter()
                .flatten()
                .find(|(name, _)| line[at..].starts_with(name) && ends(line, at + name.len()));
            at = match found {
                Some((name, key)) => {
                    each(key);
                    at + name.len()
                }
                None => end,
            };
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a name that ends before `at` ends there.
fn ends(line: &[u8], at: usize) -> bool {
    let is_word_at = |at: usize| line.get(at).is_some_and(|byte| is_word(*byte));
    let goes_on = line.get(at) == Some(&b'-') && is_word_at(at + 1);
    !is_word_at(at) && !goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keys: &[&str], line: &str) -> Vec<String> {
        let keys: Vec<FlagKey> = keys.iter().map(|key| key.parse().unwrap()).collect();
        let keys: Vec<_> = keys.iter().collect();
        let mut found = Vec::new();
        Names::new(&keys).find(line.as_bytes(), |key| found.push(key.to_string()));
        found
    }

    #[test]
    fn a_flag_is_named_by_its_whole_key() {
        for (line, count) in [
            ("flags.is_on(\"use_new\")", 1),
            ("if flags.use_new.get() || use_new:", 2),
            ("use_new", 1),
            ("--use_new=true", 1),
            ("a - use_new - b", 1),
            ("żuse_new", 1),
            ("use_new_backend", 0),
            ("reuse_new", 0),
            ("use_new2", 0),
            ("use_new-backend", 0),
            ("x-use_new", 0),
            ("USE_NEW", 0),
            ("", 0),
        ] {
            assert_eq!(found(&["use_new"], line).len(), count, "{line}");
        }
    }

    #[test]
    fn the_longest_key_is_the_one_that_is_named() {
        let keys = ["pay", "pay.card", "pay.card-eu", "pay-later"];
        for (line, expected) in [
            ("pay", &["pay"][..]),
            ("\"pay.card\"", &["pay.card"]),
            ("pay.card.get()", &["pay.card"]),
            ("pay.cards", &["pay"]),
            ("pay.card-eu pay-later", &["pay.card-eu", "pay-later"]),
            ("pay.card-us", &["pay"]),
            ("pay-later-on", &[]),
        ] {
            assert_eq!(found(&keys, line), expected, "{line}");
        }
    }

    #[test]
    fn a_flag_is_named_by_its_variables() {
        let keys = ["use_new_backend", "new.pipe-line"];
        for (line, expected) in [
            ("FEATURE_NEW_PIPE_LINE=true", &["new.pipe-line"][..]),
            ("FEATURE_NEW_PIPE_LINE_ROLLOUT: 25", &["new.pipe-line"]),
            ("$FEATURE_USE_NEW_BACKEND", &["use_new_backend"]),
            (
                "MDM_REFACTORING_BACKEND_ROLLOUT_PERCENTAGE=5",
                &["use_new_backend"],
            ),
            ("FEATURE_NEW_PIPE", &[]),
            ("MY_FEATURE_NEW_PIPE_LINE", &[]),
        ] {
            assert_eq!(found(&keys, line), expected, "{line}");
        }
    }
}
