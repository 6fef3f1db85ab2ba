//! Redacting what a pattern matches.

use std::borrow::Cow;
use std::ops::Range;

use regex_lite::{Captures, Regex};

use super::token::{is_token, text_token};
use super::words::Words;
use super::{REDACTED, RedactAction};

/// What is looked for in texts, and what becomes of it.
#[derive(Debug)]
pub(super) struct TextRedaction {
    search: Search,
    action: RedactAction,
}

/// How it is looked for.
#[derive(Clone, Debug)]
pub(super) enum Search {
    /// A pattern, wherever it matches.
    Anywhere(Regex),
    /// A pattern that begins with `\A`, tried where one of the words begins: as whole words, if they
    /// begin like one. Takes time for the words and for what it matches, not for the whole text.
    At(&'static Words, Regex),
    /// A pattern, in texts that have one of the words.
    With(&'static Words, Regex),
    /// What a function finds, in order and apart.
    By(fn(&str) -> Vec<Range<usize>>),
}

impl Search {
    /// What has to go, in order; a range may stand in one before it.
    fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        match self {
            Self::With(words, _) if !words.are_in(text) => Vec::new(),
            Self::Anywhere(pattern) | Self::With(_, pattern) => {
                let found = pattern.captures_iter(text);
                found.flat_map(|found| taken(&found, 0)).collect()
            }
            Self::At(words, pattern) => {
                let mut ranges = Vec::new();
                let mut from = 0;
                while let Some(at) = words.find(text, from) {
                    from = at + 1;
                    if is_inside_a_word(text, at) {
                        continue;
                    }
                    if let Some(found) = pattern.captures(&text[at..]) {
                        from = at + found.get(0).map_or(1, |whole| whole.end().max(1));
                        ranges.extend(taken(&found, at));
                    }
                }
                ranges
            }
            Self::By(find) => find(text),
        }
    }
}

/// What the groups of a match have, or the whole where there are none.
fn taken(found: &Captures<'_>, offset: usize) -> Vec<Range<usize>> {
    let groups = usize::from(found.len() > 1);
    let taken = found.iter().skip(groups).flatten();
    taken
        .map(|part| part.start() + offset..part.end() + offset)
        .collect()
}

/// Whether a word goes on at a place.
fn is_inside_a_word(text: &str, at: usize) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text[..at].ends_with(is_word) && text[at..].starts_with(is_word)
}

impl TextRedaction {
    pub(super) const fn new(search: Search, action: RedactAction) -> Self {
        Self { search, action }
    }

    pub(super) fn pattern(pattern: &str, action: RedactAction) -> Result<Self, regex_lite::Error> {
        let search = Search::Anywhere(Regex::new(pattern)?);
        Ok(Self::new(search, action))
    }

    pub(super) fn apply<'t>(&self, text: Cow<'t, str>, salt: &str) -> Cow<'t, str> {
        let ranges = self.search.ranges(&text);
        if ranges.is_empty() {
            return text;
        }
        let mut done = stand_ins(&text).peekable();
        let mut kept = String::new();
        let mut copied = 0;
        for taken in ranges {
            // A group may stand in another one.
            let mut start = taken.start.max(copied);
            while start < taken.end {
                while done.next_if(|stand_in| stand_in.end <= start).is_some() {}
                // What stands for something else already is left alone.
                let end = match done.peek() {
                    Some(stand_in) if stand_in.start <= start => {
                        start = stand_in.end;
                        continue;
                    }
                    Some(stand_in) => taken.end.min(stand_in.start),
                    None => taken.end,
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
        drop(done);
        if copied == 0 {
            return text;
        }
        kept.push_str(&text[copied..]);
        Cow::Owned(kept)
    }
}

/// The end of what stands for something else at a place.
pub(super) fn stand_in_end(text: &str, at: usize) -> Option<usize> {
    let inside = text[at..].strip_prefix('[')?;
    // The longest that there is has 39 bytes.
    let bytes = inside.as_bytes();
    let end = at + bytes.iter().take(40).position(|byte| *byte == b']')? + 2;
    let whole = &text[at..end];
    (whole == REDACTED || is_token(whole)).then_some(end)
}

/// Where a text has something that stands for something else.
fn stand_ins(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('[')
        .filter_map(|(start, _)| Some(start..stand_in_end(text, start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(pattern: &str, action: RedactAction, text: &str) -> String {
        let rule = TextRedaction::pattern(pattern, action).unwrap();
        let once = rule.apply(text.into(), "salt").into_owned();
        if action != RedactAction::Drop {
            assert_eq!(rule.apply(once.as_str().into(), "salt"), once, "{pattern}");
        }
        once
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
