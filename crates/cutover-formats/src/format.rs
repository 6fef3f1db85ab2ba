//! Which format a document is in.

use std::fmt;
use std::path::Path;

use cutover_domain::tree::Tree;

/// A format that documents are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One JSON value (RFC 8259).
    Json,
    /// One JSON value a line, read as an array of them.
    JsonLines,
    /// YAML 1.2 by its core schema. Several documents are read as an array of them.
    Yaml,
    /// TOML 1.1. Dates and times are read as their text.
    Toml,
    /// Plain text, read as an array of its lines; see [`text_lines`](crate::text_lines).
    Text,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 5] = [
        Self::Json,
        Self::JsonLines,
        Self::Yaml,
        Self::Toml,
        Self::Text,
    ];

    /// Its name on the command line and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Text => "text",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format a file's name stands for: `.json`; `.jsonl`, `.ndjson`; `.yaml`, `.yml`;
    /// `.toml`; `.txt`, `.log`, `.md`, `.ini`, `.html` and other texts.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" | "jsonlines" => Some(Self::JsonLines),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "txt" | "text" | "log" | "out" | "md" | "markdown" | "rst" | "adoc" | "tex" | "ini"
            | "cfg" | "conf" | "properties" | "env" | "html" | "htm" | "xml" | "svg" | "css"
            | "sql" | "sh" | "diff" | "patch" => Some(Self::Text),
            _ => None,
        }
    }

    /// The format of a document: by its name, else by its content. None if it is neither.
    ///
    /// Content is JSON Lines if its first line is a whole JSON value and another line follows that
    /// starts one; it is JSON if its first line is a value or starts an object or array, and YAML
    /// if it starts with `---` or `%YAML`. Nothing else is guessed: what looks like TOML or YAML
    /// may as well be a text.
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
        if starts_yaml(content) {
            return Some(Self::Yaml);
        }
        let (first, rest) = match content.iter().position(|byte| *byte == b'\n') {
            Some(end) => content.split_at(end),
            None => (content, &[][..]),
        };
        let is_value = std::str::from_utf8(first)
            .is_ok_and(|line| Tree::from_json(line.trim_ascii_end()).is_ok());
        match content.first()? {
            _ if is_value && starts_value(rest.trim_ascii_start()) => Some(Self::JsonLines),
            _ if is_value => Some(Self::Json),
            b'[' if is_header(first) => None,
            b'{' | b'[' => Some(Self::Json),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether content says that it is YAML.
fn starts_yaml(content: &[u8]) -> bool {
    content.starts_with(b"%YAML ")
        || content
            .strip_prefix(b"---")
            .is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

/// Whether a line is `[words]`, as in TOML and its relatives, which may be JSON as well.
fn is_header(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    line.starts_with(b"[") && line.ends_with(b"]")
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
            (Some("a.what"), b"[1,\n2]", Some(Format::Json)),
            (Some("a.txt"), b"[1,\n2]", Some(Format::Text)),
            (Some("a.yml"), b"[1,\n2]", Some(Format::Yaml)),
            (Some("Cargo.TOML"), b"", Some(Format::Toml)),
            (Some(".env"), b"A=1", None),
            (None, b"---\na: 1\n", Some(Format::Yaml)),
            (None, b"%YAML 1.2\n---\n", Some(Format::Yaml)),
            (None, b"----\nheading", None),
            (None, b"2024-01-31 12:00 started\n", None),
            (None, b"-1", Some(Format::Json)),
            (None, b"[package]\nname = 1\n", None),
            (None, b"[[1]]\n[[2]]", Some(Format::JsonLines)),
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
