//! Reading a whole document.

use cutover_domain::tree::{JsonLimits, Tree, TreeBuilder};

use crate::error::{Problem, ReadError};
use crate::format::Format;
use crate::lines::LineTexts;
use crate::plain::text_lines;
use crate::text::{Text, decode};

/// A document to read: its bytes, and what is known about them.
///
/// ```
/// use cutover_formats::{Document, Format};
///
/// let tree = Document::new(b"[1, 2.50]").named("old.json").read()?;
/// assert_eq!(tree.to_json(), "[1,2.50]");
///
/// let error = Document::new(b"[1, 2").format(Format::Json).read().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 1, column 6: the document ends inside an array that starts at line 1, column 1; \
///      it seems to be cut off"
/// );
/// # Ok::<(), cutover_formats::ReadError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    bytes: &'a [u8],
    name: Option<&'a str>,
    format: Option<Format>,
    limits: JsonLimits,
}

impl<'a> Document<'a> {
    /// A document of which nothing is known.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            name: None,
            format: None,
            limits: JsonLimits::default(),
        }
    }

    /// Gives it a name, for messages and to tell its format by.
    #[must_use]
    pub fn named(self, name: &'a str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// Says which format it is in.
    #[must_use]
    pub fn format(self, format: Format) -> Self {
        Self {
            format: Some(format),
            ..self
        }
    }

    /// Refuses documents nested deeper than this. Without it that is 100,000 levels.
    #[must_use]
    pub fn depth(self, levels: usize) -> Self {
        Self {
            limits: JsonLimits { depth: levels },
            ..self
        }
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`ReadError`] with the document's name, line, column and byte, and what to do about it.
    pub fn read(&self) -> Result<Tree, ReadError> {
        self.try_read().map_err(|error| error.named(self.name))
    }

    fn try_read(&self) -> Result<Tree, ReadError> {
        let text = decode(self.bytes)?;
        let format = self
            .format
            .or_else(|| Format::detect(self.name, self.bytes));
        match format {
            Some(Format::Json) => self.read_json(&text),
            Some(Format::JsonLines) => self.read_lines(&text),
            Some(Format::Yaml) => self.read_yaml(&text),
            Some(Format::Toml) => self.read_toml(&text),
            // A byte-order mark is text like any other, so that one is not hidden.
            Some(Format::Text) => {
                text_lines(self.bytes).map_err(|error| ReadError::whole(Problem::Size(error)))
            }
            // Reading nothing as JSON says that there is nothing.
            None if text.text.trim_ascii().is_empty() => self.read_json(&text),
            None => {
                let names = Format::ALL.map(Format::name).join(", ");
                Err(ReadError::whole(Problem::UnknownFormat(names)))
            }
        }
    }

    fn read_json(&self, text: &Text<'_>) -> Result<Tree, ReadError> {
        Tree::from_json_within(text.text, self.limits)
            .map_err(|error| ReadError::json(error.moved(0, text.skipped)))
    }

    #[cfg(feature = "yaml")]
    fn read_yaml(&self, text: &Text<'_>) -> Result<Tree, ReadError> {
        crate::yaml::read(text, self.limits.depth)
    }

    #[cfg(not(feature = "yaml"))]
    fn read_yaml(&self, _text: &Text<'_>) -> Result<Tree, ReadError> {
        Err(ReadError::whole(Problem::NotBuilt(Format::Yaml)))
    }

    #[cfg(feature = "toml")]
    fn read_toml(&self, text: &Text<'_>) -> Result<Tree, ReadError> {
        crate::toml::read(text, self.limits.depth)
    }

    #[cfg(not(feature = "toml"))]
    fn read_toml(&self, _text: &Text<'_>) -> Result<Tree, ReadError> {
        Err(ReadError::whole(Problem::NotBuilt(Format::Toml)))
    }

    fn read_lines(&self, text: &Text<'_>) -> Result<Tree, ReadError> {
        let length = text.text.len();
        let mut builder = TreeBuilder::with_capacity(length / 16 + 1, length / 2);
        builder.begin_array();
        for line in LineTexts::new(text.text, text.skipped) {
            builder
                .json(line.text, self.limits)
                .map_err(|error| ReadError::json(error.moved(line.before, line.offset)))?;
        }
        builder.end_array();
        builder
            .finish()
            .map_err(|error| ReadError::whole(Problem::Size(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &str, bytes: &[u8]) -> ReadError {
        Document::new(bytes).named(name).read().unwrap_err()
    }

    #[test]
    fn errors_name_file_line_column_and_byte() {
        for (name, bytes, position, message) in [
            (
                "a.json",
                &b""[..],
                Some((1, 1, 0)),
                "a.json:1:1: the document is empty",
            ),
            (
                "a.json",
                b"\xEF\xBB\xBF",
                Some((1, 1, 3)),
                "a.json:1:1: the document is empty",
            ),
            (
                "a.json",
                b"\xEF\xBB\xBF[1,\n x]",
                Some((2, 2, 8)),
                "a.json:2:2: found `x` where",
            ),
            (
                "a.json",
                b"[\"\xC3\xA9\xFF\"]",
                Some((1, 4, 4)),
                "a.json:1:4: byte 0xFF is not UTF-8",
            ),
            (
                "a.json",
                b"[1] \n[2]",
                Some((2, 1, 5)),
                "a.json:2:1: found `[` after the end",
            ),
            (
                "a.json",
                b"[1, 2",
                Some((1, 6, 5)),
                "a.json:1:6: the document ends inside an array",
            ),
            (
                "a.json",
                b"\xFF\xFE[\0",
                None,
                "a.json: the document is encoded in UTF-16, little",
            ),
            (
                "a.what",
                b"hello",
                None,
                "a.what: its format is not known from its name or content",
            ),
            (
                "a",
                b" \n ",
                Some((2, 2, 3)),
                "a:2:2: the document is empty",
            ),
            (
                "a.jsonl",
                b"1\r\n\r\n{\"a\": 1",
                Some((3, 8, 12)),
                "a.jsonl:3:8: the document ends",
            ),
            (
                "a.jsonl",
                b"1\n2 3\n",
                Some((2, 3, 4)),
                "a.jsonl:2:3: found `3` after the end",
            ),
            (
                "a.jsonl",
                b"{}\n{\"k\":1,\"k\":2}",
                Some((2, 8, 10)),
                "a.jsonl:2:8: the key `k` stands twice in one object, first at line 2, column 2",
            ),
        ] {
            let error = error(name, bytes);
            let at = error.position.map(|at| (at.line, at.column, at.offset));
            assert_eq!(at, position, "{error}");
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }

    #[test]
    fn json_lines_are_an_array() {
        for (bytes, json) in [
            (&b""[..], "[]"),
            (b"\n\n", "[]"),
            (b"1", "[1]"),
            (
                b"\xEF\xBB\xBF{\"a\":[]}\r\n\r\n \"x\" \n",
                r#"[{"a":[]},"x"]"#,
            ),
        ] {
            let tree = Document::new(bytes)
                .format(Format::JsonLines)
                .read()
                .unwrap();
            assert_eq!(tree.to_json(), json);
        }
    }

    #[test]
    fn depth_is_bounded_by_choice() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(Document::new(deep.as_bytes()).read().is_ok());
        let error = Document::new(deep.as_bytes())
            .depth(128)
            .read()
            .unwrap_err();
        assert!(
            error.to_string().contains("nested deeper than 128 levels"),
            "{error}"
        );
    }
}
