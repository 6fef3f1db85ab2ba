//! Reading the text of a source: JSON, and nothing that two readers could read differently.

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::path;

/// Why a text is no JSON document, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}, at {path}: {message}")]
pub struct Unreadable {
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// How far reading got: the path of what was being read.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

/// Reads a JSON document. A key that stands twice in one object is an error, because which of the
/// two counts depends on who reads it.
///
/// ```
/// use cutover_domain::flags::import;
///
/// let error = import::read(b"{\"flags\": {\"a\": true,\n \"a\": false}}").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 2, column 4, at $.flags.a: the key \"a\" stands twice in one object; \
///      remove or rename one"
/// );
/// ```
///
/// # Errors
///
/// The text is empty, cut off, no JSON, or nested deeper than 128 levels.
pub fn read(text: &[u8]) -> Result<Value, Unreadable> {
    read_handing_over(text, &mut |_, member| member)
}

/// The same. Every member of an object is handed over once it is read, and what comes back stands
/// in its place: read, a large document takes twenty times the space of its text, so that whoever
/// makes something else of its parts does so one after the other.
pub(super) fn read_handing_over(
    text: &[u8],
    hand_over: &mut dyn FnMut(&Place, Value) -> Value,
) -> Result<Value, Unreadable> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut place = Place::default();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let strict = Strict {
        place: &mut place,
        hand_over,
    };
    let read = strict
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let message = if text.trim_ascii().is_empty() {
            "the document is empty".to_owned()
        } else if error.is_eof() {
            "the document ends too early; it seems to be cut off".to_owned()
        } else {
            without_position(&error)
        };
        Unreadable {
            line: error.line().max(1),
            column: error.column().max(1),
            path: place.path(),
            message,
        }
    })
}

/// What serde_json says, without the position that it puts behind.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&position) {
        Some(message) => message.to_owned(),
        None => text,
    }
}

/// Where the reader stands. After an error it stays where the error is.
#[derive(Default)]
pub(super) struct Place(Vec<Step>);

enum Step {
    Member(String),
    Item(usize),
}

impl Place {
    /// The name of the member that stands here, where it is one of the document's member `parent`.
    pub(super) fn member_of(&self, parent: &str) -> Option<&str> {
        match &self.0[..] {
            [Step::Member(first), Step::Member(name)] if first == parent => Some(name),
            _ => None,
        }
    }

    fn path(&self) -> String {
        self.0
            .iter()
            .fold("$".to_owned(), |parent, step| match step {
                Step::Member(name) => path::member(&parent, name),
                Step::Item(index) => path::item(&parent, *index),
            })
    }
}

struct Strict<'a> {
    place: &'a mut Place,
    hand_over: &'a mut dyn FnMut(&Place, Value) -> Value,
}

impl Strict<'_> {
    /// For what stands inside.
    fn inside(&mut self) -> Strict<'_> {
        Strict {
            place: self.place,
            hand_over: self.hand_over,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        loop {
            self.place.0.push(Step::Item(read.len()));
            match items.next_element_seed(self.inside())? {
                Some(item) => read.push(item),
                None => break,
            }
            self.place.0.pop();
        }
        self.place.0.pop();
        Ok(read.into())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if read.contains_key(&name) {
                let shown: String = name.chars().take(128).collect();
                self.place.0.push(Step::Member(name));
                return Err(de::Error::custom(format_args!(
                    "the key {shown:?} stands twice in one object; remove or rename one"
                )));
            }
            self.place.0.push(Step::Member(name));
            let member = members.next_value_seed(self.inside())?;
            let member = (self.hand_over)(self.place, member);
            if let Some(Step::Member(name)) = self.place.0.pop() {
                read.insert(name, member);
            }
        }
        Ok(read.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_document_is_refused_with_its_place() {
        for (text, expected) in [
            ("", "line 1, column 1, at $: the document is empty"),
            (" \n ", "line 2, column 1, at $: the document is empty"),
            (
                "{\"flags\": {\"a\": tr",
                "line 1, column 18, at $.flags.a: the document ends too early; it seems to be cut \
                 off",
            ),
            (
                "{\"flags\": [1, {\"b\": NaN}]}",
                "line 1, column 21, at $.flags[1].b: expected value",
            ),
            ("{} {}", "line 1, column 4, at $: trailing characters"),
            (
                "{\"a\": 1,\n \"a\": 1}",
                "line 2, column 4, at $.a: the key \"a\" stands twice in one object; remove or \
                 rename one",
            ),
            (
                "[1, 1e999]",
                "line 1, column 9, at $[1]: number out of range",
            ),
            (
                "use_new_backend = true",
                "line 1, column 1, at $: expected value",
            ),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err().to_string(), expected);
        }
        let error = read(b"[\"\xFF\"]").unwrap_err();
        assert_eq!((error.line, error.path.as_str()), (1, "$[0]"));
        let deep = "[".repeat(100_000);
        assert!(
            read(deep.as_bytes())
                .unwrap_err()
                .message
                .contains("recursion")
        );
    }

    #[test]
    fn a_document_is_read_as_it_is_written() {
        let text = "\u{feff}{\"a\": [true, null, -1, 18446744073709551615, 1.5, \"é\"], \"b\": {}}";
        assert_eq!(
            read(text.as_bytes()).unwrap().to_string(),
            "{\"a\":[true,null,-1,18446744073709551615,1.5,\"é\"],\"b\":{}}"
        );
    }
}
