//! Flag definitions of flagd: <https://flagd.dev/reference/flag-definitions>.
//!
//! Targeting becomes rules in the order in which it decides. What a rule cannot say (arithmetic,
//! time, text inside text) is lost, and so is who exactly gets what of a `fractional`: flagd buckets
//! by murmur3. Three things that both do in their own way are told apart so that the answers are the
//! same: an attribute that is absent counts as 0 in comparisons there, a `var` may have a default,
//! and `^` and `~` compare whole versions.
//!
//! ```
//! use cutover_domain::flags::import::{self, flagd};
//!
//! let text = br#"{"flags": {"new_checkout": {
//!     "state": "ENABLED",
//!     "variants": {"on": true, "off": false},
//!     "defaultVariant": "off",
//!     "targeting": {"if": [
//!         {"and": [
//!             {"in": [{"var": "plan"}, ["pro", "team"]]},
//!             {"sem_ver": [{"var": "version"}, "^", "2.1.0"]}
//!         ]},
//!         "on",
//!         null
//!     ]}
//! }}}"#;
//! let imported = flagd::import(&import::read(text)?)?;
//! let rules = &imported.flags["new_checkout"].rules;
//! assert_eq!(
//!     rules[0].when.to_string(),
//!     r#"plan in ["pro", "team"] and version >= 2.0.0-0 and version < 3.0.0-0"#
//! );
//! assert_eq!(imported.lost().count(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod condition;
mod fraction;
mod logic;
mod operand;
mod targeting;
mod test;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::naming::key_of;
use super::{Extent, Imported, Level, Notes, path};
use crate::flags::validation::MAX_DEPTH;
use crate::flags::{Definition, FlagKey, FlagValue, Problem, Problems, State, ValueType};
use targeting::Targeting;

/// Reads flag definitions: `flags` as an object or as a list, `$evaluators` and metadata.
///
/// # Errors
///
/// It is no such document: no object, or none with `flags`.
pub fn import(document: &Value) -> Result<Imported, Problems> {
    let problem = |path: &str, message: &str| {
        Problems(vec![Problem {
            path: path.to_owned(),
            message: message.to_owned(),
        }])
    };
    let Some(members) = document.as_object() else {
        return Err(problem(
            "$",
            "flag definitions are a JSON object with a field `flags`",
        ));
    };
    let nobody = Map::new();
    let evaluators = match members.get("$evaluators") {
        None => &nobody,
        Some(Value::Object(evaluators)) => evaluators,
        Some(_) => {
            let message = "`$evaluators` is an object: name → targeting";
            return Err(problem("$.$evaluators", message));
        }
    };
    let mut reader = Reader {
        evaluators,
        flags: BTreeMap::new(),
        notes: Notes::default(),
    };
    match members.get("flags") {
        Some(Value::Object(flags)) => {
            for (name, flag) in flags {
                reader.flag(name, flag, &path::member("$.flags", name));
            }
        }
        Some(Value::Array(flags)) => {
            for (index, flag) in flags.iter().enumerate() {
                let here = path::item("$.flags", index);
                match flag.get("key").and_then(Value::as_str) {
                    Some(name) => reader.flag(name, flag, &here),
                    None => reader.lose(&here, "a flag in a list has its name in `key`"),
                }
            }
        }
        _ => {
            let message = "there are no flags here; write {\"flags\": {KEY: DEFINITION}}";
            return Err(problem("$.flags", message));
        }
    }
    for name in members.keys() {
        if !["flags", "$evaluators", "$schema"].contains(&name.as_str()) {
            let message = "it decides nothing and is left out";
            let here = path::member("$", name);
            reader.notes.add(Level::Warning, here, message);
        }
    }
    Ok(Imported {
        flags: reader.flags,
        notes: reader.notes.0,
        background: None,
        extent: Extent::Targeting,
    })
}

/// Definitions in the reading.
struct Reader<'a> {
    evaluators: &'a Map<String, Value>,
    flags: BTreeMap<FlagKey, Definition>,
    notes: Notes,
}

impl Reader<'_> {
    fn lose(&mut self, path: &str, message: impl Into<String>) {
        self.notes.add(Level::Lost, path, message);
    }

    fn flag(&mut self, name: &str, flag: &Value, here: &str) {
        let Some(key) = key_of(name, here, &mut self.notes) else {
            return;
        };
        if self.flags.contains_key(&key) {
            self.lose(
                here,
                format!("there is a flag {key} already; this one is left out"),
            );
            return;
        }
        let Some(flag) = flag.as_object() else {
            self.lose(here, "a flag is an object; it is left out");
            return;
        };
        let Some(mut definition) = self.variants(flag, here) else {
            return;
        };
        self.default(flag, &mut definition, here);
        self.state(flag, &mut definition, here);
        if let Some(targeting) = flag.get("targeting") {
            let here = path::member(here, "targeting");
            let compiled = Targeting::new(name, self.evaluators, &definition, &mut self.notes)
                .compile(targeting, &here);
            definition.rules = compiled.rules.into();
            definition.rollout = compiled.rollout;
        }
        self.metadata(flag, &mut definition, here);
        for field in flag.keys() {
            const KNOWN: [&str; 6] = [
                "key",
                "state",
                "variants",
                "defaultVariant",
                "targeting",
                "metadata",
            ];
            if !KNOWN.contains(&field.as_str()) {
                self.lose(
                    &path::member(here, field),
                    "nothing is known about this field",
                );
            }
        }
        self.flags.insert(key, definition);
    }

    /// A flag with the variants, as yet answering the first of them.
    fn variants(&mut self, flag: &Map<String, Value>, here: &str) -> Option<Definition> {
        let here = path::member(here, "variants");
        let variants = match flag.get("variants") {
            Some(Value::Object(variants)) if !variants.is_empty() => variants,
            _ => {
                self.lose(&here, "a flag needs variants; this one is left out");
                return None;
            }
        };
        let kind = kind_of(variants.values());
        let mut known = BTreeMap::new();
        for (name, value) in variants {
            let here = path::member(&here, name);
            let value = FlagValue(value.clone());
            if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
                self.lose(&here, "a variant's name has 1 to 128 printable characters");
                return None;
            }
            if !value.is_nested_within(MAX_DEPTH) {
                let message =
                    format!("it is nested deeper than {MAX_DEPTH} levels, too deep to be kept");
                self.lose(&here, message);
                return None;
            }
            known.insert(name.clone(), value);
        }
        if kind == ValueType::Json && known.values().any(|value| !value.0.is_object()) {
            let message = "the values are of several types; it becomes a flag of type json";
            self.notes.add(Level::Warning, &here, message);
        }
        let first = known.keys().next().cloned()?;
        Some(Definition::with_variants(kind, known, &first))
    }

    /// The default, and what it answers while it is off.
    fn default(&mut self, flag: &Map<String, Value>, definition: &mut Definition, here: &str) {
        let here = path::member(here, "defaultVariant");
        let said = match flag.get("defaultVariant") {
            None | Some(Value::Null) => {
                let message = "without one, flagd leaves the answer to whoever asks; here \
                               everybody gets what a kill would answer";
                self.lose(&here, message);
                None
            }
            Some(Value::String(name)) if definition.variants.contains_key(name) => {
                Some(name.clone())
            }
            Some(other) => {
                let message = format!("there is no variant {other}; flagd refuses this flag");
                self.lose(&here, message);
                None
            }
        };
        definition.off = if definition.kind == ValueType::Boolean {
            off_of(definition)
        } else {
            said.clone().unwrap_or_else(|| definition.off.clone())
        };
        definition.default = said.unwrap_or_else(|| definition.off.clone());
    }

    fn state(&mut self, flag: &Map<String, Value>, definition: &mut Definition, here: &str) {
        let here = path::member(here, "state");
        match flag.get("state").map(Value::as_str) {
            None | Some(Some("ENABLED")) => {}
            Some(Some("DISABLED")) => {
                definition.state = State::Killed;
                let message = format!(
                    "while it is disabled, flagd leaves the answer to whoever asks; here it is \
                     killed and answers {:?}",
                    definition.off
                );
                self.notes.add(Level::Warning, here, message);
            }
            Some(_) => {
                let message = "the state is ENABLED or DISABLED; it is taken for ENABLED";
                self.lose(&here, message);
            }
        }
    }

    /// Metadata has no say in an answer: three names mean the same here, the rest is left out.
    fn metadata(&mut self, flag: &Map<String, Value>, definition: &mut Definition, here: &str) {
        let here = path::member(here, "metadata");
        let Some(metadata) = flag.get("metadata").and_then(Value::as_object) else {
            return;
        };
        for (name, value) in metadata {
            let here = path::member(&here, name);
            let text = value.as_str().map(str::to_owned);
            let expires = text.as_deref().and_then(|text| text.parse().ok());
            match (name.as_str(), text) {
                ("description", Some(text)) => definition.description = Some(text),
                ("owner", Some(text)) => definition.owner = Some(text),
                ("expires", _) if expires.is_some() => definition.expires = expires,
                _ => {
                    let message = "it decides nothing and is left out";
                    self.notes.add(Level::Warning, here, message);
                }
            }
        }
    }
}

/// The type of all these values together.
fn kind_of<'a>(values: impl Iterator<Item = &'a Value> + Clone) -> ValueType {
    let all = |kind| {
        let mut values = values.clone();
        values.all(|value| FlagValue(value.clone()).is(kind))
    };
    [
        ValueType::Boolean,
        ValueType::String,
        ValueType::Integer,
        ValueType::Number,
    ]
    .into_iter()
    .find(|kind| all(*kind))
    .unwrap_or(ValueType::Json)
}

/// The variant of a boolean flag that is false; one is made where none is.
fn off_of(definition: &mut Definition) -> String {
    if let Some(name) = definition.variant_for(&false.into()) {
        return name.to_owned();
    }
    let name = std::iter::once("off".to_owned())
        .chain((2_u64..).map(|number| format!("off-{number}")))
        .find(|name| !definition.variants.contains_key(name))
        .unwrap_or_default();
    definition.variants.insert(name.clone(), false.into());
    name
}
