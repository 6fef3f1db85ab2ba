//! Answers as trees: of two of a kind, by what they are to be read as.

use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format, text_lines};

/// How much of an answer that cannot be read is quoted.
const SAMPLE: usize = 400;

/// What an answer is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum ReadAs {
    /// By the name of a file, else as JSON where both sides are an object or array (or one a
    /// line), else as text.
    Auto,
    /// Line by line, every byte.
    Text,
    /// As a whole.
    Bytes,
    /// As a document.
    Document(Format),
}

impl ReadAs {
    /// All there are.
    pub(in super::super) fn all() -> Vec<Self> {
        let mut all = vec![Self::Auto];
        // Of an answer, text is every byte of it, whatever its encoding: that is `Text`.
        let documents = Format::ALL.into_iter();
        let documents = documents.filter(|format| *format != Format::Text);
        all.extend(documents.map(Self::Document));
        all.extend([Self::Text, Self::Bytes]);
        all
    }

    /// The name used in documents and on the command line.
    pub(in super::super) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Document(format) => format.name(),
        }
    }

    pub(in super::super) fn by_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|known| known.name() == name)
    }
}

/// Two answers of a kind, ready to be compared. What is not there is not in the answer. Both absent
/// are equal, and so may be what was seen to be the same without being read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) old: Option<Tree>,
    pub(super) new: Option<Tree>,
    /// What they were read as, in one word.
    pub(super) read_as: &'static str,
    /// One of them is not what it was to be read as, and there is only a sample of it: whatever the
    /// rules look at, the two differ.
    pub(super) broken: bool,
}

impl Read {
    pub(super) fn same(read_as: &'static str) -> Self {
        Self {
            old: None,
            new: None,
            read_as,
            broken: false,
        }
    }

    fn broken(old: Option<Tree>, new: Option<Tree>, read_as: &'static str) -> Self {
        Self {
            old,
            new,
            read_as,
            broken: true,
        }
    }

    fn both(old: Tree, new: Tree, read_as: &'static str) -> Self {
        Self {
            old: Some(old),
            new: Some(new),
            read_as,
            broken: false,
        }
    }
}

/// Reads two answers. `name` is that of a file, which may say what it holds.
pub(super) fn read_pair(
    read_as: ReadAs,
    name: Option<&str>,
    old: &[u8],
    new: &[u8],
) -> Result<Read, String> {
    match read_as {
        ReadAs::Document(format) => read_as_asked(format, name.is_none(), old, new),
        ReadAs::Auto | ReadAs::Text | ReadAs::Bytes if old == new => Ok(Read::same("bytes")),
        ReadAs::Text => Ok(as_text(old, new)),
        ReadAs::Bytes => Ok(Read::both(quoted(old), quoted(new), "bytes")),
        ReadAs::Auto => Ok(match name.and_then(Format::of_file) {
            Some(Format::Text) => as_text(old, new),
            Some(format) => as_named(format, old, new),
            None => automatically(old, new),
        }),
    }
}

/// An answer that the other side has nothing beside, for people to see.
pub(super) fn read_alone(read_as: ReadAs, name: &str, bytes: &[u8]) -> Tree {
    let format = match read_as {
        ReadAs::Document(format) => Some(format),
        ReadAs::Auto => Format::of_file(name),
        ReadAs::Text | ReadAs::Bytes => None,
    };
    format
        .and_then(|format| document(format, bytes).ok())
        .unwrap_or_else(|| quoted(bytes))
}

/// Reads in the format that was asked for. An answer that is not in it, or is nothing, differs from
/// one that is. Of two that are not in it nothing is known.
fn read_as_asked(
    format: Format,
    may_be_nothing: bool,
    old: &[u8],
    new: &[u8],
) -> Result<Read, String> {
    let part = |bytes: &[u8]| {
        if may_be_nothing && bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        document(format, bytes).map(Some)
    };
    let (old_read, new_read) = (part(old), part(new));
    let read = match (old_read, new_read) {
        (Ok(old), Ok(new)) => Read {
            old,
            new,
            read_as: format.name(),
            broken: false,
        },
        (Err(old), Err(new)) => {
            return Err(format!(
                "neither answer is {format}, as was asked for: old: {old}; new: {new}"
            ));
        }
        (Ok(read), Err(_)) => Read::broken(read, Some(sample(new)), format.name()),
        (Err(_), Ok(read)) => Read::broken(Some(sample(old)), read, format.name()),
    };
    Ok(read)
}

/// Reads in the format that a file's name promises, where at least one side keeps the promise.
fn as_named(format: Format, old: &[u8], new: &[u8]) -> Read {
    match (document(format, old), document(format, new)) {
        (Ok(old), Ok(new)) => Read::both(old, new, format.name()),
        (Ok(read), Err(_)) => Read::broken(Some(read), Some(sample(new)), format.name()),
        (Err(_), Ok(read)) => Read::broken(Some(sample(old)), Some(read), format.name()),
        (Err(_), Err(_)) => as_text(old, new),
    }
}

/// What is shown of an answer that cannot be read.
fn sample(bytes: &[u8]) -> Tree {
    quoted(bytes).excerpt(SAMPLE)
}

/// What a record quotes an answer from: the document it is, else its lines. Nothing where it is
/// neither what it was to be read as nor text.
pub(super) fn quotable(read_as: ReadAs, bytes: &[u8]) -> Option<Tree> {
    let structured = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    match read_as {
        ReadAs::Document(format) => document(format, bytes).ok(),
        ReadAs::Auto if structured => document(Format::Json, bytes)
            .or_else(|_| document(Format::JsonLines, bytes))
            .ok(),
        ReadAs::Auto | ReadAs::Text => Some(lines(bytes)),
        ReadAs::Bytes => None,
    }
}

/// Objects and arrays only: that two programs write `1` and `1.0` must not pass for equal because
/// both happen to be JSON.
fn automatically(old: &[u8], new: &[u8]) -> Read {
    let structured = |bytes: &[u8]| matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    let json = |format: Format| match (document(format, old), document(format, new)) {
        (Ok(old), Ok(new)) => Some(Read::both(old, new, format.name())),
        _ => None,
    };
    let all_structured = |bytes: &[u8]| {
        bytes
            .split(|byte| *byte == b'\n')
            .all(|line| line.trim_ascii().is_empty() || structured(line))
    };
    if !(structured(old) && structured(new)) {
        return as_text(old, new);
    }
    let lines = || {
        (all_structured(old) && all_structured(new))
            .then(|| json(Format::JsonLines))
            .flatten()
    };
    json(Format::Json)
        .or_else(lines)
        .unwrap_or_else(|| as_text(old, new))
}

fn document(format: Format, bytes: &[u8]) -> Result<Tree, String> {
    Document::new(bytes)
        .format(format)
        .read()
        .map_err(|error| error.to_string())
}

fn as_text(old: &[u8], new: &[u8]) -> Read {
    Read::both(lines(old), lines(new), "text")
}

fn lines(bytes: &[u8]) -> Tree {
    text_lines(bytes).unwrap_or_else(|_| quoted(bytes))
}

/// As one string.
fn quoted(bytes: &[u8]) -> Tree {
    match std::str::from_utf8(bytes) {
        Ok(text) => Tree::string(text),
        Err(_) => Tree::string(bytes.escape_ascii().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::Rules;

    use super::*;

    /// Whether the answers are equal, and how they were read.
    fn compared(
        read_as: ReadAs,
        name: Option<&str>,
        old: &[u8],
        new: &[u8],
    ) -> Result<(bool, &'static str), String> {
        let read = read_pair(read_as, name, old, new)?;
        let equal = match (&read.old, &read.new) {
            _ if read.broken => false,
            (None, None) => true,
            (Some(old), Some(new)) => Rules::new().build().unwrap().compare(old, new).equal,
            _ => false,
        };
        Ok((equal, read.read_as))
    }

    #[test]
    fn answers_are_read_as_json_only_when_both_are_structured() {
        for (old, new, expected) in [
            ("{\"a\": 1}", "{ \"a\":1.0 }\n", (true, "json")),
            ("[1]", "[2]", (false, "json")),
            ("1", "1.0", (false, "text")),
            ("\"a\"", "\"\\u0061\"", (false, "text")),
            (
                "{\"a\":1}\n{\"a\":2}\n",
                "{\"a\": 1}\n{\"a\": 2}",
                (true, "jsonl"),
            ),
            ("{\"a\":1}", "{\"a\":1", (false, "text")),
            ("{\"a\":1,\"a\":2}", "{\"a\":2}", (false, "text")),
            ("same", "same", (true, "bytes")),
            ("", "x", (false, "text")),
        ] {
            let found = compared(ReadAs::Auto, None, old.as_bytes(), new.as_bytes());
            assert_eq!(found, Ok(expected), "{old} {new}");
        }
    }

    #[test]
    fn of_text_and_bytes_every_byte_counts() {
        for (old, new) in [
            (&b"a\n"[..], &b"a"[..]),
            (b"a\n", b"a\r\n"),
            (b"\xff", b"\\xff"),
            (b"\xff", b"\xfe"),
            (b"", b"\n"),
            (b"\xff", b"{\"bytes\":\"\\\\xff\"}"),
        ] {
            let found = compared(ReadAs::Text, None, old, new);
            assert_eq!(found, Ok((false, "text")), "{old:?} {new:?}");
            let found = compared(ReadAs::Text, None, old, old);
            assert_eq!(found, Ok((true, "bytes")), "{old:?}");
        }
    }

    #[test]
    fn a_format_that_was_asked_for_is_held_to() {
        let json =
            |old: &[u8], new: &[u8]| compared(ReadAs::Document(Format::Json), None, old, new);
        assert_eq!(json(b"1", b"1.0"), Ok((true, "json")));
        assert_eq!(json(b"1", b"oops"), Ok((false, "json")));
        assert_eq!(json(b"", b"\n"), Ok((true, "json")));
        assert_eq!(json(b"", b"null"), Ok((false, "json")));
        assert_eq!(json(b"[1]", b""), Ok((false, "json")));
        assert_eq!(json(b"abc", b"\"abc\""), Ok((false, "json")));
        let error = json(b"oops", b"oops").unwrap_err();
        assert!(
            error.contains("old: ") && error.contains("new: "),
            "{error}"
        );
        let lines = ReadAs::Document(Format::JsonLines);
        assert_eq!(
            compared(lines, None, b"1\n2\n", b"1.0\n2"),
            Ok((true, "jsonl"))
        );
        // Of a file, nothing is no document.
        assert!(compared(lines, Some("x"), b"", b"1").is_ok());
        let json = ReadAs::Document(Format::Json);
        assert!(compared(json, Some("x"), b"", b"").is_err());
        assert_eq!(compared(json, Some("x"), b"", b"null"), Ok((false, "json")));
    }

    #[test]
    fn a_name_promises_a_format_and_its_content_may_break_it() {
        let auto = |old: &[u8], new: &[u8]| compared(ReadAs::Auto, Some("x.json"), old, new);
        assert_eq!(auto(b"1", b"1.0"), Ok((true, "json")));
        assert_eq!(auto(b"{", b"{ "), Ok((false, "text")));
        assert_eq!(auto(b"{", b"{"), Ok((true, "bytes")));
        assert_eq!(auto(b"abc", b"\"abc\""), Ok((false, "json")));
        assert_eq!(auto(b"", b"[]"), Ok((false, "json")));
    }

    #[test]
    fn every_way_to_read_has_a_name_of_its_own() {
        for read_as in ReadAs::all() {
            assert_eq!(ReadAs::by_name(read_as.name()), Some(read_as));
        }
        assert_eq!(ReadAs::by_name("nothing"), None);
    }
}
