//! Words that are looked for before anything that takes longer.

/// Words that are ASCII and not empty, known in whatever case. Seeing that none of them is in a text
/// takes a hundredth of the time of a regular expression.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    words: &'static [&'static str],
    /// By the first byte: whether a word begins with it.
    begins: [bool; 256],
}

impl Words {
    pub(super) const fn new(words: &'static [&'static str]) -> Self {
        let mut begins = [false; 256];
        let mut at = 0;
        while at < words.len() {
            let first = words[at].as_bytes()[0];
            begins[first.to_ascii_lowercase() as usize] = true;
            begins[first.to_ascii_uppercase() as usize] = true;
            at += 1;
        }
        Self { words, begins }
    }

    /// Where the first of them begins, from a place on.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<usize> {
        let bytes = text.as_bytes();
        let begins = |byte: &u8| self.begins[usize::from(*byte)];
        let mut at = from;
        loop {
            at += bytes.get(at..)?.iter().position(begins)?;
            let is_here = |word: &&str| {
                let found = bytes.get(at..at + word.len());
                found.is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
            };
            if self.words.iter().any(is_here) {
                return Some(at);
            }
            at += 1;
        }
    }

    pub(super) fn are_in(&self, text: &str) -> bool {
        self.find(text, 0).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_whatever_case_and_place() {
        let words = Words::new(&["pass", "TOKEN"]);
        for (text, found) in [
            ("a PassWord", Some(2)),
            ("token", Some(0)),
            ("toke", None),
            ("", None),
            ("é pass", Some(3)),
            ("paspas", None),
        ] {
            assert_eq!(words.find(text, 0), found, "{text}");
        }
        assert_eq!(words.find("pass a pass", 1), Some(7));
        assert_eq!(words.find("pass", 4), None);
    }
}
