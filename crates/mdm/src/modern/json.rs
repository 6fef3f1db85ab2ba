//! Records of a JSON file, one at a time: a list of objects, or an object with such a list in it.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::Deserializer;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::records::{Cell, Sink};
use crate::error::DatasetError;

/// Gives every record of the file to the sink.
pub(super) fn read(path: &Path, text: impl Read, sink: &mut dyn Sink) -> Result<(), DatasetError> {
    let mut records = Records::new(path, sink);
    let mut parser = serde_json::Deserializer::from_reader(text);
    let outcome = parser
        .deserialize_any(Document(&mut records))
        .and_then(|()| parser.end());
    records.close(outcome)
}

/// Where the records go, and the first thing that went wrong with one.
struct Records<'a> {
    path: &'a Path,
    sink: &'a mut dyn Sink,
    places: HashMap<String, usize>,
    seen: bool,
    failure: Option<DatasetError>,
}

impl<'a> Records<'a> {
    fn new(path: &'a Path, sink: &'a mut dyn Sink) -> Self {
        Self {
            path,
            sink,
            places: HashMap::new(),
            seen: false,
            failure: None,
        }
    }

    fn accept(&mut self, record: &Value) -> Result<(), DatasetError> {
        let no_records = || DatasetError::NoRecords {
            path: self.path.to_owned(),
        };
        let mut members = Vec::new();
        flatten("", record.as_object().ok_or_else(no_records)?, &mut members);
        self.seen = true;

        let mut new_names = Vec::new();
        for (name, _) in &members {
            if !self.places.contains_key(name) {
                self.places.insert(name.clone(), self.places.len());
                new_names.push(name.as_str());
            }
        }
        if !new_names.is_empty() {
            self.sink.columns(&new_names)?;
        }
        let mut cells = vec![Cell::Absent; self.places.len()];
        for (name, member) in &members {
            cells[self.places[name]] = match member {
                Member::Null => Cell::Absent,
                Member::Text(text) => Cell::Text(text),
                Member::Literal(text) => Cell::Literal(text),
            };
        }
        self.sink.record(&cells)
    }

    /// What is wrong with a record goes before what the parser made of stopping there.
    fn close(self, outcome: serde_json::Result<()>) -> Result<(), DatasetError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        match outcome {
            Err(error) if !error.is_data() => Err(DatasetError::json(self.path, &error)),
            Ok(()) if self.seen => Ok(()),
            _ => Err(DatasetError::NoRecords {
                path: self.path.to_owned(),
            }),
        }
    }
}

struct Document<'r, 'a>(&'r mut Records<'a>);

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(record) = list.next_element::<Value>()? {
            if let Err(failure) = self.0.accept(&record) {
                self.0.failure = Some(failure);
                return Err(A::Error::custom("a record was refused"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self(records) = self;
        let mut found = false;
        while let Some((_, member)) = members.next_entry::<String, Box<RawValue>>()? {
            let is_list = member
                .get()
                .strip_prefix('[')
                .is_some_and(|rest| rest.trim_start().starts_with('{'));
            if is_list && !found {
                found = true;
                serde_json::Deserializer::from_str(member.get())
                    .deserialize_any(Document(&mut *records))
                    .map_err(A::Error::custom)?;
            }
        }
        Ok(())
    }
}

enum Member {
    Null,
    Text(String),
    Literal(String),
}

fn flatten(prefix: &str, record: &Map<String, Value>, members: &mut Vec<(String, Member)>) {
    for (key, value) in record {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            Value::Object(nested) => flatten(&name, nested, members),
            Value::Null => members.push((name, Member::Null)),
            Value::String(text) => members.push((name, Member::Text(text.clone()))),
            literal => members.push((name, Member::Literal(literal.to_string()))),
        }
    }
}
