//! Redacting what a pattern matches.

use std::borrow::Cow;
use std::ops::Range;

use regex_lite::Regex;

use super::token::{is_token, text_token};
use super::{REDACTED, RedactAction};

/// A pattern and what becomes of what it matches.
#[derive(Debug)]
pub(super) struct TextRedaction {
    /// Every text in which the pattern matches has one of these, in whatever case; of a pattern of
    /// which nothing is known there are none.
    needs: &'static [&'static str],
    pattern: Regex,
    action: RedactAction,
}

impl TextRedaction {
    pub(super) fn new(pattern: &str, action: RedactAction) -> Result<Self, regex_lite::Error> {
        let pattern = Regex::new(pattern)?;
        Ok(Self {
            needs: &[],
            pattern,
            action,
        })
    }

    /// Spares the search in texts that have none of these, in whatever case. Searching takes a
    /// hundred times as long as seeing that.
    pub(super) fn only_with(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    pub(super) fn apply<'t>(&self, text: Cow<'t, str>, salt: &str) -> Cow<'t, str> {
        if !self.needs.is_empty() && !has_any(&text, self.needs) {
            return text;
        }
        let mut done = stand_ins(&text).peekable();
        let mut kept = String::new();
        let mut copied = 0;
        for found in self.pattern.captures_iter(&text) {
            let groups = usize::from(found.len() > 1);
            for taken in found.iter().skip(groups).flatten() {
                // A group may stand in another one.
                let mut start = taken.start().max(copied);
                while start < taken.end() {
                    while done.next_if(|stand_in| stand_in.end <= start).is_some() {}
                    // What stands for something else already is left alone.
                    let end = match done.peek() {
                        Some(stand_in) if stand_in.start <= start => {
                            start = stand_in.end;
                            continue;
                        }
                        Some(stand_in) => taken.end().min(stand_in.start),
                        None => taken.end(),
                    };
                    kept.push_str(&text[copied..start]);
                    match self.action {
                        RedactAction::Mask => kept.push_str(REDACTED),
                        RedactAction::Hash => kept.push_str(&text_token(&text[start..end], salt)),
                        RedactAction::Drop => {}
                    }
                    (start, copied) = (end, end);
                }
            }
        }
        drop(done);
        if copied == 0 {
            return text;
        }
        kept.push_str(&text[copied..]);
        Cow::Owned(kept)
    }
}

/// Whether one of the words, which are ASCII and not empty, is in a text, in whatever case.
fn has_any(text: &str, words: &[&str]) -> bool {
    let mut begins = [false; 256];
    for word in words {
        let first = word.as_bytes()[0];
        begins[usize::from(first.to_ascii_lowercase())] = true;
        begins[usize::from(first.to_ascii_uppercase())] = true;
    }
    let bytes = text.as_bytes();
    let mut places = bytes.iter().enumerate();
    places.any(|(at, byte)| {
        begins[usize::from(*byte)]
            && words.iter().any(|word| {
                let found = bytes.get(at..at + word.len());
                found.is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
            })
    })
}

/// Where a text has something that stands for something else.
fn stand_ins(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('[').filter_map(|(start, _)| {
        let end = start + text[start..].find(']')? + 1;
        let inside = &text[start..end];
        (inside == REDACTED || is_token(inside)).then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(pattern: &str, action: RedactAction, text: &str) -> String {
        let rule = TextRedaction::new(pattern, action).unwrap();
        let once = rule.apply(text.into(), "salt").into_owned();
        if action != RedactAction::Drop {
            assert_eq!(rule.apply(once.as_str().into(), "salt"), once, "{pattern}");
        }
        once
    }

    #[test]
    fn words_are_found_in_whatever_case_and_place() {
        for (text, found) in [
            ("a PassWord", true),
            ("token", true),
            ("toke", false),
            ("", false),
            ("é pass", true),
            ("paspas", false),
        ] {
            assert_eq!(has_any(text, &["pass", "TOKEN"]), found, "{text}");
        }
    }

    #[test]
    fn what_matches_goes_and_the_rest_stays() {
        for (pattern, text, kept) in [
            ("b+", "abba", "a[redacted]a"),
            ("x", "abba", "abba"),
            ("x*", "abxa", "ab[redacted]a"),
            (
                "key=(\\w+)",
                "a key=b, key=c.",
                "a key=[redacted], key=[redacted].",
            ),
            ("(a)|(b)", "cab", "c[redacted][redacted]"),
            ("((é)+)", "caféé", "caf[redacted]"),
            ("(?s).*", "a\nb", "[redacted]"),
            (
                "[a-z]+",
                "a[redacted]bc]",
                "[redacted][redacted][redacted]]",
            ),
        ] {
            assert_eq!(redact(pattern, RedactAction::Mask, text), kept, "{pattern}");
        }
        assert_eq!(redact("b", RedactAction::Drop, "abba"), "aa");
        let hashed = redact("\\d", RedactAction::Hash, "1-1-2");
        let parts: Vec<_> = hashed.split("]-").collect();
        assert!(parts[0] == parts[1] && parts[2].trim_end_matches(']') != parts[0]);
    }
}
