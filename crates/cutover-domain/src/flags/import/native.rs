//! The form of this system itself: a whole document, or `{"flags": {…}}` as it is exported.
//!
//! ```
//! use cutover_domain::flags::Definition;
//! use cutover_domain::flags::import::native;
//!
//! let flags = [("use_new_backend".parse()?, Definition::boolean())].into();
//! let text = serde_json::to_vec(&native::export(&flags))?;
//! assert_eq!(native::read(&text)?.flags, flags);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Extent, Imported, Level, NotImported, Notes, path, text};
use crate::flags::{Definition, FlagDocument, FlagKey, Problem, Problems, SCHEMA};

/// Flags as they are exported: the same text for the same flags, whatever their revision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exported<'a> {
    schema: u32,
    flags: &'a BTreeMap<FlagKey, Definition>,
}

/// The flags in the form that [`read`] takes without a loss.
#[must_use]
pub fn export(flags: &BTreeMap<FlagKey, Definition>) -> Exported<'_> {
    Exported {
        schema: SCHEMA,
        flags,
    }
}

/// What is wrong with flags of which at least one cannot be read.
fn diagnose(flags: &Map<String, Value>) -> Problems {
    FlagDocument::diagnose(&json!({
        "schema": SCHEMA,
        "revision": 0,
        "updated_at": Timestamp::UNIX_EPOCH,
        "flags": flags,
    }))
}

/// Reads the text of a document, or what [`export`] wrote. Takes little more memory than the flags
/// that are in it.
///
/// # Errors
///
/// It is no JSON; or everything that is wrong, with its path. That the flags fit together is
/// checked when they are put into a document.
pub fn read(text: &[u8]) -> Result<Imported, NotImported> {
    let mut flags = BTreeMap::new();
    let mut document = text::read_handing_over(text, &mut |place, member| {
        let Some(Ok(key)) = place.member_of("flags").map(str::parse::<FlagKey>) else {
            return member;
        };
        if let Ok(definition) = Definition::deserialize(member) {
            flags.insert(key, definition);
        }
        Value::Null
    })?;
    let said = document.get_mut("flags").and_then(Value::as_object_mut);
    if let Some(said) = said.filter(|said| said.len() == flags.len()) {
        said.clear();
        return Ok(Imported {
            flags,
            ..import(&document)?
        });
    }
    // Every problem of every flag needs all of them together.
    Ok(import(&super::read(text)?)?)
}

/// The same of a document that was read.
///
/// # Errors
///
/// Everything that is wrong, with its path.
pub fn import(document: &Value) -> Result<Imported, Problems> {
    let problem = |path: &str, message: String| {
        Problems(vec![Problem {
            path: path.to_owned(),
            message,
        }])
    };
    let Some(members) = document.as_object() else {
        let message = "a document of flags is a JSON object with a field `flags`";
        return Err(problem("$", message.to_owned()));
    };
    match members.get("schema").map(Value::as_u64) {
        None => {}
        Some(Some(schema)) if schema == u64::from(SCHEMA) => {}
        Some(_) => {
            let message = format!(
                "schema {} is not the schema {SCHEMA} that this version reads",
                members["schema"]
            );
            return Err(problem("$.schema", message));
        }
    }
    let Some(said) = members.get("flags").and_then(Value::as_object) else {
        let message = "there are no flags here; write {\"flags\": {KEY: DEFINITION}}";
        return Err(problem("$.flags", message.to_owned()));
    };
    let mut notes = Notes::default();
    for name in members.keys() {
        if ![
            "schema",
            "revision",
            "updated_at",
            "flags",
            "last",
            "digest",
        ]
        .contains(&name.as_str())
        {
            let message = "it is no part of a document of flags and is left out";
            notes.add(Level::Lost, path::member("$", name), message);
        }
    }
    let mut flags = BTreeMap::new();
    for (name, definition) in said {
        match (name.parse::<FlagKey>(), Definition::deserialize(definition)) {
            (Ok(key), Ok(definition)) => {
                flags.insert(key, definition);
            }
            // Every problem of every flag, and not only this one.
            _ => return Err(diagnose(said)),
        }
    }
    let revision = members.get("revision").and_then(Value::as_u64);
    Ok(Imported {
        flags,
        notes: notes.0,
        background: revision.map(|revision| format!("it was revision {revision} where it was")),
        extent: Extent::Whole,
    })
}
