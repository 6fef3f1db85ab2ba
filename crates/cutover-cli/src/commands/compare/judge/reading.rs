//! Answers as trees: of two of a kind, by what they are to be read as.

#[cfg(feature = "tables")]
use std::path::Path;
#[cfg(feature = "tables")]
use std::sync::Arc;

use cutover_domain::comparison::DifferenceKind;
use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format, text_lines};

#[cfg(feature = "tables")]
use super::table::{TableType, Trouble};
use super::wanted::Pairing;
#[cfg(feature = "tables")]
use crate::commands::table_kind::TableKind;

/// How much of an answer that cannot be read is quoted.
const SAMPLE: usize = 400;

/// What an answer is read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum ReadAs {
    /// By the name of a file, else as JSON where both sides are an object or array (or one a
    /// line), else as text.
    Auto,
    /// As a whole.
    Bytes,
    /// As a document.
    Document(Format),
    /// As rows and columns.
    #[cfg(feature = "tables")]
    Table(Arc<TableType>),
}

impl ReadAs {
    /// All there are.
    pub(in super::super) fn all() -> Vec<Self> {
        let mut all = vec![Self::Auto];
        all.extend(Format::ALL.map(Self::Document));
        #[cfg(feature = "tables")]
        all.extend(
            [
                TableKind::Csv,
                TableKind::Tsv,
                TableKind::Parquet,
                TableKind::Arrow,
                TableKind::Sqlite,
            ]
            .map(|kind| Self::Table(Arc::new(TableType::new(kind)))),
        );
        all.push(Self::Bytes);
        all
    }

    /// The name used in documents and on the command line.
    pub(in super::super) fn name(&self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Bytes => "bytes",
            Self::Document(format) => format.name(),
            #[cfg(feature = "tables")]
            Self::Table(table) => table.kind.name(),
        }
    }

    pub(in super::super) fn by_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|known| known.name() == name)
    }

    /// Takes an option of this type; whether there is one of this name.
    pub(super) fn set(&mut self, word: &str, value: Option<&str>) -> Result<bool, String> {
        match self {
            #[cfg(feature = "tables")]
            Self::Table(table) => Arc::make_mut(table).set(word, value),
            _ => {
                // Only tables have any.
                let _ = (word, value);
                Ok(false)
            }
        }
    }

    /// Whether only files are so.
    pub(super) fn is_file(&self) -> bool {
        match self {
            #[cfg(feature = "tables")]
            Self::Table(table) => !table.is_text(),
            _ => false,
        }
    }

    /// Whether it is several tables.
    pub(super) fn is_whole_database(&self) -> bool {
        match self {
            #[cfg(feature = "tables")]
            Self::Table(table) => table.is_whole_database(),
            _ => false,
        }
    }

    /// As what table a file of this name is read, where it is one.
    #[cfg(feature = "tables")]
    pub(super) fn table(&self, name: &str) -> Option<Arc<TableType>> {
        match self {
            Self::Table(table) => Some(Arc::clone(table)),
            Self::Auto => TableKind::of_file(Path::new(name))
                // Lines of JSON are documents unless something else is said.
                .filter(|kind| *kind != TableKind::JsonLines)
                .map(|kind| Arc::new(TableType::new(kind))),
            Self::Bytes | Self::Document(_) => None,
        }
    }
}

/// Two answers of a kind, ready to be compared. What is not there is not in the answer. Both absent
/// are equal, and so may be what was seen to be the same without being read.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) old: Option<Tree>,
    pub(super) new: Option<Tree>,
    /// What they were read as, in one word.
    pub(super) read_as: &'static str,
    /// One of them is not what it was to be read as, and there is only a sample of it: whatever the
    /// rules look at, the two differ.
    pub(super) broken: bool,
    /// One of them was to be a document, or looks like one, and cannot be read as that.
    pub(super) unread: bool,
    /// Columns of a table that part as a whole, and are not in its rows.
    pub(super) columns: Vec<ColumnApart>,
    /// The columns of a table that both sides have.
    pub(super) names: Option<Vec<String>>,
    /// How elements in it find each other.
    pub(super) known: Vec<Known>,
}

/// A column that only one table has, or that has another type in each.
#[derive(Debug)]
pub(super) struct ColumnApart {
    /// The table of a database.
    pub(super) table: Option<String>,
    pub(super) name: String,
    pub(super) kind: DifferenceKind,
    /// Its type in old.
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

/// How the elements of a collection in an answer find each other.
#[derive(Debug)]
pub(super) struct Known {
    /// The member that is the collection; none where the answer is it.
    pub(super) below: Option<String>,
    pub(super) by: Pairing,
    /// A rule says better.
    pub(super) unless_said: bool,
}

impl Read {
    pub(super) fn same(read_as: &'static str) -> Self {
        Self {
            read_as,
            ..Self::default()
        }
    }

    fn broken(old: Option<Tree>, new: Option<Tree>, read_as: &'static str) -> Self {
        Self {
            old,
            new,
            read_as,
            broken: true,
            unread: true,
            ..Self::default()
        }
    }

    fn both(old: Tree, new: Tree, read_as: &'static str) -> Self {
        Self {
            old: Some(old),
            new: Some(new),
            read_as,
            ..Self::default()
        }
    }

    /// The same, with its elements finding each other as it was asked for.
    ///
    /// # Errors
    ///
    /// It is a table without the columns of the key.
    pub(super) fn paired(mut self, pairing: &Pairing) -> Result<Self, String> {
        if *pairing == Pairing::ByRules || self.broken {
            return Ok(self);
        }
        if let (Pairing::Key(key), Some(names)) = (pairing, &self.names)
            && let Some(missing) = key.iter().find(|column| !names.contains(column))
        {
            return Err(format!(
                "there is no column `{missing}` in both tables, by which their rows are to be known; \
                 both have {}",
                names.join(", ")
            ));
        }
        self.known.push(Known {
            below: None,
            by: pairing.clone(),
            unless_said: false,
        });
        Ok(self)
    }
}

/// Reads two answers. `name` is that of a file, which may say what it holds.
pub(super) fn read_pair(
    read_as: &ReadAs,
    name: Option<&str>,
    old: &[u8],
    new: &[u8],
) -> Result<Read, String> {
    match read_as {
        ReadAs::Auto | ReadAs::Bytes | ReadAs::Document(Format::Text) if old == new => {
            Ok(Read::same("bytes"))
        }
        ReadAs::Document(Format::Text) => Ok(as_text(old, new)),
        ReadAs::Document(format) => read_as_asked(*format, name.is_none(), old, new),
        #[cfg(feature = "tables")]
        ReadAs::Table(table) => read_texts(table, old, new),
        ReadAs::Bytes => Ok(Read::both(quoted(old), quoted(new), "bytes")),
        ReadAs::Auto => Ok(match name.and_then(Format::of_file) {
            Some(Format::Text) => as_text(old, new),
            Some(format) => as_named(format, old, new),
            None => automatically(old, new),
        }),
    }
}

/// An answer that the other side has nothing beside, for people to see; and whether it was to be a
/// document and is none.
pub(super) fn read_alone(read_as: &ReadAs, name: &str, bytes: &[u8]) -> (Tree, bool) {
    let format = match read_as {
        ReadAs::Document(format) => Some(*format),
        ReadAs::Auto => Format::of_file(name),
        _ => None,
    };
    let read = format.map(|format| document(format, bytes));
    let is_unread = matches!(read, Some(Err(_))) || (read.is_none() && structured(bytes));
    let tree = read.and_then(Result::ok);
    (tree.unwrap_or_else(|| quoted(bytes)), is_unread)
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
            ..Read::same(format.name())
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

/// Reads tables that are texts. Nothing at all differs from a table.
#[cfg(feature = "tables")]
fn read_texts(table: &TableType, old: &[u8], new: &[u8]) -> Result<Read, String> {
    let memory = bounded(old).max(bounded(new));
    let alone = |text: &[u8]| table.text_alone(text, memory);
    let is_nothing = |text: &[u8]| text.trim_ascii().is_empty();
    let kind = table.kind.name();
    match (is_nothing(old), is_nothing(new)) {
        (true, true) => Ok(Read::same(kind)),
        (false, true) => Ok(Read {
            old: Some(alone(old).unwrap_or_else(|| quoted(old))),
            ..Read::same(kind)
        }),
        (true, false) => Ok(Read {
            new: Some(alone(new).unwrap_or_else(|| quoted(new))),
            ..Read::same(kind)
        }),
        (false, false) => table
            .texts(old, new, memory)
            .map_err(|trouble| match trouble {
                Trouble::Neither(why) | Trouble::Other(why) => why,
            }),
    }
}

/// What the rows of a text may take in memory: what was held of it is bounded already.
#[cfg(feature = "tables")]
fn bounded(text: &[u8]) -> u64 {
    (text.len() as u64).saturating_mul(64).max(1 << 20)
}

/// Reads in the format that a file's name promises, where at least one side keeps the promise.
fn as_named(format: Format, old: &[u8], new: &[u8]) -> Read {
    match (document(format, old), document(format, new)) {
        (Ok(old), Ok(new)) => Read::both(old, new, format.name()),
        (Ok(read), Err(_)) => Read::broken(Some(read), Some(sample(new)), format.name()),
        (Err(_), Ok(read)) => Read::broken(Some(sample(old)), Some(read), format.name()),
        (Err(_), Err(_)) => unread_as_text(old, new),
    }
}

/// What is shown of an answer that cannot be read.
fn sample(bytes: &[u8]) -> Tree {
    quoted(bytes).excerpt(SAMPLE)
}

/// What a record quotes an answer from: the document it is, else its lines. Nothing where it is
/// neither what it was to be read as nor text.
pub(super) fn quotable(read_as: &ReadAs, bytes: &[u8]) -> Option<Tree> {
    match read_as {
        ReadAs::Document(Format::Text) => Some(lines(bytes)),
        ReadAs::Document(format) => document(*format, bytes).ok(),
        #[cfg(feature = "tables")]
        ReadAs::Table(table) => table.text_alone(bytes, bounded(bytes)),
        ReadAs::Auto if structured(bytes) => document(Format::Json, bytes)
            .or_else(|_| document(Format::JsonLines, bytes))
            .ok(),
        ReadAs::Auto => Some(lines(bytes)),
        ReadAs::Bytes => None,
    }
}

/// Objects and arrays only: that two programs write `1` and `1.0` must not pass for equal because
/// both happen to be JSON.
fn automatically(old: &[u8], new: &[u8]) -> Read {
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
        let is_either = structured(old) || structured(new);
        return if is_either {
            unread_as_text(old, new)
        } else {
            as_text(old, new)
        };
    }
    let lines = || {
        (all_structured(old) && all_structured(new))
            .then(|| json(Format::JsonLines))
            .flatten()
    };
    json(Format::Json)
        .or_else(lines)
        .unwrap_or_else(|| unread_as_text(old, new))
}

/// Whether it begins as an object or an array does.
fn structured(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
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

/// As text for want of something better.
fn unread_as_text(old: &[u8], new: &[u8]) -> Read {
    Read {
        unread: true,
        ..as_text(old, new)
    }
}

/// The lines; what is too large for that as one string.
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

    const TEXT: ReadAs = ReadAs::Document(Format::Text);

    /// Whether the answers are equal, and how they were read.
    fn compared(
        read_as: ReadAs,
        name: Option<&str>,
        old: &[u8],
        new: &[u8],
    ) -> Result<(bool, &'static str), String> {
        let read = read_pair(&read_as, name, old, new)?;
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
            let found = compared(TEXT, None, old, new);
            assert_eq!(found, Ok((false, "text")), "{old:?} {new:?}");
            let found = compared(TEXT, None, old, old);
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
            compared(lines.clone(), None, b"1\n2\n", b"1.0\n2"),
            Ok((true, "jsonl"))
        );
        // Of a file, nothing is no document.
        assert!(compared(lines, Some("x"), b"", b"1").is_ok());
        let json = ReadAs::Document(Format::Json);
        assert!(compared(json.clone(), Some("x"), b"", b"").is_err());
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
