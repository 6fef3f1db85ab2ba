//! JSON Lines: one value a line.

use cutover_domain::tree::{JsonLimits, Tree};

use crate::error::ReadError;
use crate::text::decode;

/// One value of a JSON Lines document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its line, from 1.
    pub number: usize,
    /// Its value.
    pub value: Tree,
}

/// The values of a JSON Lines document, one after the other; empty lines are skipped.
///
/// A line that cannot be read is an error of its own, and the next one is read as if nothing had
/// happened: the caller decides whether one bad line spoils the document.
///
/// ```
/// let lines: Vec<_> = cutover_formats::json_lines(b"1\n\n{oops\n[2]\n")?.collect();
/// assert_eq!(lines[0].as_ref().unwrap().value.to_json(), "1");
/// assert!(lines[1].as_ref().unwrap_err().to_string().starts_with("line 3, column 2: "));
/// assert_eq!(lines[2].as_ref().unwrap().number, 4);
/// # Ok::<(), cutover_formats::ReadError>(())
/// ```
///
/// # Errors
///
/// [`ReadError`] if the document is not UTF-8.
pub fn json_lines(bytes: &[u8]) -> Result<Lines<'_>, ReadError> {
    let text = decode(bytes)?;
    Ok(Lines::new(text.text, text.skipped, JsonLimits::default()))
}

/// See [`json_lines`].
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    texts: LineTexts<'a>,
    limits: JsonLimits,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str, skipped: usize, limits: JsonLimits) -> Self {
        Self {
            texts: LineTexts::new(text, skipped),
            limits,
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Line, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.texts.next()?;
        let read = Tree::from_json_within(line.text, self.limits);
        Some(match read {
            Ok(value) => Ok(Line {
                number: line.before + 1,
                value,
            }),
            Err(error) => Err(ReadError::json(error.moved(line.before, line.offset))),
        })
    }
}

/// The lines that hold something.
#[derive(Clone, Debug)]
pub(crate) struct LineTexts<'a> {
    rest: &'a str,
    before: usize,
    offset: usize,
}

pub(crate) struct LineText<'a> {
    pub(crate) text: &'a str,
    /// Lines before it.
    pub(crate) before: usize,
    /// Bytes before it.
    pub(crate) offset: usize,
}

impl<'a> LineTexts<'a> {
    pub(crate) fn new(text: &'a str, skipped: usize) -> Self {
        Self {
            rest: text,
            before: 0,
            offset: skipped,
        }
    }
}

impl<'a> Iterator for LineTexts<'a> {
    type Item = LineText<'a>;

    fn next(&mut self) -> Option<LineText<'a>> {
        while !self.rest.is_empty() {
            let length = self.rest.find('\n').map_or(self.rest.len(), |end| end + 1);
            let (line, rest) = self.rest.split_at(length);
            let found = LineText {
                text: line.trim_end_matches(['\n', '\r']),
                before: self.before,
                offset: self.offset,
            };
            self.rest = rest;
            self.before += 1;
            self.offset += length;
            if !found.text.trim_ascii().is_empty() {
                return Some(found);
            }
        }
        None
    }
}
