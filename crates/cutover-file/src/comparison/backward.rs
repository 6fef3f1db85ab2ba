//! Reading the lines of a segment from its end to its beginning.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::layout::Segment;

const FIRST_BLOCK: usize = 64 << 10;
const LARGEST_BLOCK: usize = 4 << 20;

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins; see [`Segment`].
    pub(super) offset: u64,
    pub(super) content: Content,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    Whole(Vec<u8>),
    /// The last line has no end: it is being written, or its writer was killed.
    Incomplete(Vec<u8>),
    /// Longer than any record; its text was not kept.
    TooLong,
}

/// The lines of a segment, the last one first. Memory is bounded by the longest line allowed.
#[derive(Debug)]
pub(super) struct Backward {
    file: File,
    base: u64,
    /// Where `buffer` begins in the file.
    position: u64,
    /// What was read and not yet given out; ends behind a line's end, save for the last line.
    buffer: Vec<u8>,
    block: usize,
    longest: usize,
    /// The end of the line at hand was thrown away because it is too long.
    overlong: bool,
}

impl Backward {
    /// The lines that begin before `end` (by the segment's places).
    pub(super) fn before(segment: &Segment, end: u64, longest: usize) -> io::Result<Self> {
        let file = File::open(&segment.path)?;
        let length = file.metadata()?.len();
        Ok(Self {
            file,
            base: segment.base,
            position: end.saturating_sub(segment.base).min(length),
            buffer: Vec::new(),
            block: FIRST_BLOCK,
            longest,
            overlong: false,
        })
    }

    pub(super) fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let ended = self.buffer.last() == Some(&b'\n') && !self.overlong;
            let body = self.buffer.len() - usize::from(ended);
            if let Some(before) = self.buffer[..body].iter().rposition(|byte| *byte == b'\n') {
                return Ok(Some(self.take(before + 1, body, ended)));
            }
            if self.position == 0 {
                let nothing = self.buffer.is_empty() && !self.overlong;
                return Ok((!nothing).then(|| self.take(0, body, ended)));
            }
            if body > self.longest {
                self.overlong = true;
                self.buffer.clear();
            }
            self.read_block()?;
        }
    }

    /// Gives out what is in the buffer from `start` on.
    fn take(&mut self, start: usize, body: usize, ended: bool) -> Line {
        let offset = self.base + self.position + start as u64;
        self.block = FIRST_BLOCK;
        let overlong = std::mem::take(&mut self.overlong) || body - start > self.longest;
        if overlong {
            self.buffer.truncate(start);
            return Line {
                offset,
                content: Content::TooLong,
            };
        }
        let mut text = self.buffer.split_off(start);
        text.truncate(body - start);
        let content = if ended {
            Content::Whole(text)
        } else {
            Content::Incomplete(text)
        };
        Line { offset, content }
    }

    /// Puts the block before the buffer in front of it. Blocks grow while no line begins in them,
    /// so that a long line is not moved too often.
    fn read_block(&mut self) -> io::Result<()> {
        let size = usize::try_from(self.position)
            .unwrap_or(usize::MAX)
            .min(self.block);
        self.block = (self.block * 2).min(LARGEST_BLOCK);
        self.position -= size as u64;
        self.file.seek(SeekFrom::Start(self.position))?;
        let mut block = Vec::with_capacity(size + self.buffer.len());
        block.resize(size, 0);
        self.file.read_exact(&mut block)?;
        block.extend_from_slice(&self.buffer);
        self.buffer = block;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(text: &[u8]) -> (tempfile::NamedTempFile, Segment) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let segment = Segment {
            number: 1,
            base: 100,
            path: file.path().to_owned(),
        };
        (file, segment)
    }

    fn lines(segment: &Segment, end: u64, longest: usize) -> Vec<Line> {
        let mut backward = Backward::before(segment, end, longest).unwrap();
        std::iter::from_fn(|| backward.next_line().unwrap()).collect()
    }

    fn whole(offset: u64, text: &str) -> Line {
        Line {
            offset,
            content: Content::Whole(text.into()),
        }
    }

    #[test]
    fn lines_come_last_first_and_an_incomplete_one_says_so() {
        let (_file, segment) = segment(b"a\nbb\n\nccc");
        let incomplete = Line {
            offset: 106,
            content: Content::Incomplete("ccc".into()),
        };
        let rest = [whole(105, ""), whole(102, "bb"), whole(100, "a")];
        let all = lines(&segment, u64::MAX, 10);
        assert_eq!(all[0], incomplete);
        assert_eq!(all[1..], rest);
        assert_eq!(lines(&segment, 106, 10), rest);
        assert_eq!(lines(&segment, 102, 10), [whole(100, "a")]);
        assert_eq!(lines(&segment, 100, 10), []);
        assert_eq!(lines(&segment, 3, 10), [], "what was cut off is not there");
    }

    #[test]
    fn a_line_longer_than_memory_allows_is_passed_over() {
        let long = "x".repeat(3 * LARGEST_BLOCK);
        let (_file, segment) = segment(format!("a\n{long}\nb\n").as_bytes());
        let too_long = Line {
            offset: 102,
            content: Content::TooLong,
        };
        let last = 102 + 3 * LARGEST_BLOCK as u64 + 1;
        assert_eq!(
            lines(&segment, u64::MAX, 1000),
            [whole(last, "b"), too_long, whole(100, "a")]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn backward_is_forward_reversed(
            lengths in proptest::collection::vec(prop_oneof![8 => 0..5_usize, 1 => Just(70_000)], 0..20),
            torn in "[a-z]{0,3}",
        ) {
            let texts: Vec<String> = lengths.iter().map(|length| "x".repeat(*length)).collect();
            let mut file = texts.join("\n");
            if !texts.is_empty() {
                file.push('\n');
            }
            file.push_str(&torn);
            let (_file, segment) = segment(file.as_bytes());
            let mut found: Vec<String> = lines(&segment, u64::MAX, 100_000)
                .into_iter()
                .map(|line| match line.content {
                    Content::Whole(text) | Content::Incomplete(text) => {
                        let start = usize::try_from(line.offset - 100).unwrap();
                        assert!(file.as_bytes()[start..].starts_with(&text));
                        String::from_utf8(text).unwrap()
                    }
                    Content::TooLong => panic!("no line is too long"),
                })
                .collect();
            found.reverse();
            let mut expected = texts;
            if !torn.is_empty() {
                expected.push(torn);
            }
            prop_assert_eq!(found, expected);
        }
    }
}
