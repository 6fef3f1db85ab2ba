//! Which format a document is in.

use std::fmt;
use std::path::Path;

/// A format that documents are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One JSON value (RFC 8259).
    Json,
    /// One JSON value a line, read as an array of them.
    JsonLines,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Json, Self::JsonLines];

    /// Its name on the command line and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format a file's name stands for: `.json`; `.jsonl`, `.ndjson`.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" | "jsonlines" => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// The format of a document: by its name, else by its content. None if it is neither.
    ///
    /// Content is JSON Lines if its first line is a whole JSON value and another line follows that
    /// starts one; it is JSON if it starts like a value.
    #[must_use]
    pub fn detect(name: Option<&str>, content: &[u8]) -> Option<Self> {
        name.and_then(Self::of_file)
            .or_else(|| Self::of_content(content))
    }

    fn of_content(content: &[u8]) -> Option<Self> {
        let content = content
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(content)
            .trim_ascii_start();
        if !starts_value(content) {
            return None;
        }
        let (first, rest) = match content.iter().position(|byte| *byte == b'\n') {
            Some(end) => content.split_at(end),
            None => (content, &[][..]),
        };
        let whole_line = starts_value(rest.trim_ascii_start())
            && std::str::from_utf8(first)
                .is_ok_and(|line| cutover_domain::tree::Tree::from_json(line).is_ok());
        Some(if whole_line {
            Self::JsonLines
        } else {
            Self::Json
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether content starts as a JSON value does.
fn starts_value(content: &[u8]) -> bool {
    match content.first() {
        Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9') => true,
        Some(_) => ["true", "false", "null"].iter().any(|word| {
            content.starts_with(word.as_bytes())
                && !content
                    .get(word.len())
                    .is_some_and(u8::is_ascii_alphanumeric)
        }),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_decides_before_the_content_does() {
        for (name, content, format) in [
            (Some("a.json"), &b"{}\n{}"[..], Some(Format::Json)),
            (Some("dir.d/A.NDJSON"), b"", Some(Format::JsonLines)),
            (Some("a.jsonl"), b"", Some(Format::JsonLines)),
            (Some("a.txt"), b"[1,\n2]", Some(Format::Json)),
            (None, b"\xEF\xBB\xBF {\"a\":\n1}", Some(Format::Json)),
            (None, b"{\"a\": 1}\n\n{\"a\": 2}\n", Some(Format::JsonLines)),
            (None, b"1\n2\n", Some(Format::JsonLines)),
            (None, b"{\"a\": 1}\n", Some(Format::Json)),
            (None, b"null", Some(Format::Json)),
            (None, b"nullable: 1", None),
            (None, b"hello", None),
            (None, b" \n", None),
        ] {
            assert_eq!(
                Format::detect(name, content),
                format,
                "{name:?} {content:?}"
            );
        }
        for format in Format::ALL {
            assert_eq!(Format::by_name(format.name()), Some(format));
        }
    }
}
