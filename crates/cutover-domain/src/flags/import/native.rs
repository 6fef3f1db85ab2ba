//! The form of this system itself: a whole document, or `{"flags": {…}}` as it is exported.
//!
//! ```
//! use cutover_domain::flags::import::{self, native};
//! use cutover_domain::flags::{Definition, FlagDocument};
//!
//! let flags = [("use_new_backend".parse()?, Definition::boolean())].into();
//! let text = serde_json::to_vec(&native::export(&flags))?;
//! assert_eq!(native::import(&import::read(&text)?)?.flags, flags);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extent, Imported, Level, Notes, path};
use crate::flags::{Definition, FlagKey, Problem, Problems, SCHEMA};

/// Flags as they are exported: the same text for the same flags, whatever their revision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exported<'a> {
    schema: u32,
    flags: &'a BTreeMap<FlagKey, Definition>,
}

/// The flags in the form that [`import()`] reads without a loss.
#[must_use]
pub fn export(flags: &BTreeMap<FlagKey, Definition>) -> Exported<'_> {
    Exported {
        schema: SCHEMA,
        flags,
    }
}

/// Reads a document, or what [`export`] wrote.
///
/// # Errors
///
/// Everything that is wrong, with its path. That the flags fit together is checked when they are
/// put into a document.
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
    let mut problems = Vec::new();
    for (name, definition) in said {
        let here = format!("$.flags[{name:?}]");
        let mut fail = |message: String| {
            problems.push(Problem {
                path: here.clone(),
                message,
            });
        };
        let key = match name.parse::<FlagKey>() {
            Ok(key) => key,
            Err(error) => {
                fail(error.to_string());
                continue;
            }
        };
        match Definition::deserialize(definition) {
            Ok(definition) => {
                flags.insert(key, definition);
            }
            Err(error) => fail(error.to_string()),
        }
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let revision = members.get("revision").and_then(Value::as_u64);
    Ok(Imported {
        flags,
        notes: notes.0,
        background: revision.map(|revision| format!("it was revision {revision} where it was")),
        extent: Extent::Whole,
    })
}
