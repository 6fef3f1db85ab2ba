//! The parts of a text that may differ by themselves.

use xxhash_rust::xxh3::xxh3_64;

/// A longer text is one value.
const MOST: usize = 256;

/// A text as words with something between them: figures with their points, colons and hyphens
/// (`15:04:05.1`, `2026-01-02`) are one word.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    /// What stands between the words, and how many of them there are.
    shape: u64,
    words: Box<[u32]>,
}

impl Words {
    /// The words of a text that has two of them or more.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut words = Vec::new();
        let mut between = String::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let end = word_end(rest);
            if end == 0 {
                between.push(next);
                rest = &rest[next.len_utf8()..];
                continue;
            }
            words.push(xxh3_64(&rest.as_bytes()[..end]) as u32);
            between.push('\0');
            rest = &rest[end..];
            if words.len() > MOST {
                return None;
            }
        }
        (words.len() > 1).then(|| Self {
            shape: xxh3_64(between.as_bytes()),
            words: words.into(),
        })
    }

    /// The bits of the texts that have a word for themselves where all others have one and the same;
    /// none where texts are not of one shape.
    pub(super) fn odd(texts: &[(u64, &Self)]) -> u64 {
        let Some((_, first)) = texts.first() else {
            return 0;
        };
        if texts.iter().any(|(_, text)| text.shape != first.shape) {
            return 0;
        }
        let mut odd = 0;
        for place in 0..first.words.len() {
            let word = |text: &Self| text.words.get(place).copied();
            let differ = |from: Option<u32>| {
                let others = texts.iter().filter(move |(_, text)| word(text) != from);
                others.map(|(bit, _)| *bit)
            };
            let from_first: Vec<u64> = differ(word(first)).collect();
            match from_first.as_slice() {
                [] => {}
                [alone] => odd |= alone,
                [..] if from_first.len() + 1 == texts.len() => {
                    let second = texts.get(1).and_then(|(_, text)| word(text));
                    let from_second: Vec<u64> = differ(second).collect();
                    if let [alone] = from_second.as_slice() {
                        odd |= alone;
                    }
                }
                _ => {}
            }
        }
        odd
    }
}

/// Where the word ends that a text begins with; 0 where it begins with none.
fn word_end(text: &str) -> usize {
    let mut end = 0;
    let mut is_after_digit = false;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let is_joint = is_after_digit
            && matches!(character, '.' | ':' | '-' | '+' | ',')
            && (characters.peek()).is_some_and(|(_, next)| next.is_ascii_digit());
        if !(character.is_alphanumeric() || character == '_' || is_joint) {
            break;
        }
        is_after_digit = character.is_ascii_digit();
        end = at + character.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(texts: &[&str]) -> u64 {
        let words: Vec<Words> = texts.iter().map(|text| Words::of(text).unwrap()).collect();
        let texts: Vec<(u64, &Words)> = (0..).map(|at| 1 << at).zip(&words).collect();
        Words::odd(&texts)
    }

    #[test]
    fn a_word_that_is_the_same_in_all_texts_but_one_is_odd_there() {
        assert_eq!(odd(&["7 total=6", "8 total=5", "9 total=5"]), 0b001);
        assert_eq!(odd(&["7 total=5", "8 total=6", "9 total=5"]), 0b010);
        assert_eq!(odd(&["a 1 x", "b 1 y", "c 2 x"]), 0b110);
        assert_eq!(odd(&["7 total=5", "8 total=5", "9 total=5"]), 0);
        // Two of four are not one.
        assert_eq!(odd(&["7 a", "8 a", "9 b", "1 b"]), 0);
        // Not of one shape.
        assert_eq!(odd(&["7 total=6", "8 total: 5", "9 total=5"]), 0);
    }

    #[test]
    fn instants_and_figures_are_one_word() {
        for (text, words) in [
            ("2026-01-02T15:04:05.123+01:00 ok", 2),
            ("at 15:04:05, 1,234.5 rows", 4),
            ("a-b c_d", 3),
            ("größe=5", 2),
        ] {
            assert_eq!(Words::of(text).unwrap().words.len(), words, "{text}");
        }
        assert_eq!(Words::of("one"), None);
        assert_eq!(Words::of("… — !"), None);
        assert_eq!(Words::of(&"a ".repeat(1_000)), None);
    }
}
