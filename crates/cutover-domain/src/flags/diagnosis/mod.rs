//! What is wrong with a document that somebody wrote by hand: all of it, not only the first slip at
//! which reading stops.

mod condition;
mod definition;
mod shape;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use self::shape::Reader;
use super::validation::{self, Place};
use super::{Definition, FlagDocument, FlagKey, Problem, Problems, Revision, SCHEMA};

impl FlagDocument {
    /// Every problem of a document as JSON, each with its path: what cannot be read, in every flag,
    /// rule and field; and of the rest of them, what [`FlagDocument::validate`] says.
    ///
    /// There is none exactly where the value can be read and the document is valid. Of a newer
    /// schema only that is said.
    ///
    /// ```
    /// use cutover_domain::flags::FlagDocument;
    ///
    /// let by_hand = serde_json::json!({
    ///     "schema": 1, "revision": 7, "updated_at": "2026-01-01T00:00:00Z",
    ///     "flags": {
    ///         "a": {"variants": {"on": true, "off": false}, "off": "off", "default": "on",
    ///               "overrides": {"acme": "of"}, "rollout": {"percentage": 120, "by": 7}},
    ///         "b": {"variants": {"on": true, "off": false}, "off": "off", "default": "onn"},
    ///     }
    /// });
    /// let problems = FlagDocument::diagnose(&by_hand);
    /// let paths: Vec<_> = problems.0.iter().map(|problem| problem.path.as_str()).collect();
    /// assert_eq!(paths, [
    ///     r#"$.flags["a"].rollout.percentage"#,
    ///     r#"$.flags["a"].rollout.by"#,
    ///     r#"$.flags["a"].overrides["acme"]"#,
    ///     r#"$.flags["b"].default"#,
    /// ]);
    /// ```
    #[must_use]
    pub fn diagnose(value: &Value) -> Problems {
        if let Some(schema) = newer_schema(value) {
            let mut problems = Problems::default();
            problems.add(Place::ROOT.field("schema"), validation::newer(schema));
            return problems;
        }
        let mut reader = Reader::default();
        let Some(members) = reader.object(value, &Place::ROOT) else {
            return reader.problems;
        };
        let schema = reader.required::<u32>(members, "schema", &Place::ROOT);
        reader.required::<Revision>(members, "revision", &Place::ROOT);
        reader.required::<Timestamp>(members, "updated_at", &Place::ROOT);
        let flags = reader.needed(members, "flags", &Place::ROOT);
        let mut flags = flags.map_or_else(Flags::default, |flags| reader.flags(flags));
        let document = Self {
            schema: schema.unwrap_or(SCHEMA),
            flags: std::mem::take(&mut flags.read),
            ..Self::empty(Timestamp::UNIX_EPOCH)
        };
        let mut problems = reader.problems;
        // A slip is found by both.
        let found = document.problems(&flags.unread).0;
        let new = |problem: &Problem| !problems.0.contains(problem);
        let found: Vec<_> = found.into_iter().filter(new).collect();
        problems.0.extend(found);
        problems
    }
}

fn newer_schema(value: &Value) -> Option<u64> {
    let schema = value.get("schema")?.as_u64()?;
    (schema > u64::from(SCHEMA)).then_some(schema)
}

/// The flags of a document that is only partly readable.
#[derive(Default)]
struct Flags {
    read: BTreeMap<FlagKey, Definition>,
    /// Those that are there and cannot be read.
    unread: BTreeSet<FlagKey>,
}

impl Reader {
    fn flags(&mut self, value: &Value) -> Flags {
        let mut flags = Flags::default();
        let place = Place::ROOT.field("flags");
        let Some(members) = self.object(value, &place) else {
            return flags;
        };
        for (name, value) in members {
            let place = place.key(name);
            let key = match name.parse::<FlagKey>() {
                Ok(key) => Some(key),
                Err(invalid) => {
                    self.problems.add(place, invalid.to_string());
                    None
                }
            };
            let mut reader = Self::default();
            let readable = reader.definition(value, &place);
            let read = readable.and_then(|fields| {
                let is_whole = reader.problems.0.is_empty();
                let read = Definition::deserialize(Value::Object(fields));
                // Of what is left of a flag, only what was found already can be in the way.
                read.map_err(|error| is_whole.then(|| reader.say(&error, &place)))
                    .ok()
            });
            match (key, read) {
                (Some(key), Some(definition)) => {
                    flags.read.insert(key, definition);
                }
                (Some(key), None) => {
                    flags.unread.insert(key);
                }
                (None, _) => {}
            }
            self.adopt(reader);
        }
        flags
    }
}
