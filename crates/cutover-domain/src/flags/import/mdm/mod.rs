//! The flags file of the dataset manager: `{"flags": {…}, "history": […]}`.
//!
//! A flag is a value; a percentage stands beside it under a name without `use_`, either as a flag
//! of its own (`"rollout_percentage.new_backend": 25`) or in a nested object
//! (`"rollout_percentage": {"new_backend": 25}`). The code behind the file read only the former.
//! [`Mdm::answered`] says what that code really answered, [`Mdm::import`] what the file means here.
//!
//! ```
//! use cutover_domain::flags::import::{self, mdm::{Answered, Mdm, Nested}};
//!
//! let text = br#"{"flags": {
//!     "use_new_registrar": false, "rollout_percentage.new_registrar": 10,
//!     "page_size": 50,
//!     "ab_test_registration_percentage": 10
//! }}"#;
//! let mdm = Mdm::read(&import::read(text)?)?;
//! let imported = mdm.import(Nested::Live);
//! let keys: Vec<_> = imported.flags.keys().map(|key| key.as_str()).collect();
//! assert_eq!(keys, ["ab_test_registration", "page_size", "use_new_registrar"]);
//! // md5("u1") falls into bucket 9 of 100.
//! assert_eq!(mdm.answered("use_new_registrar", "u1"), Some(Answered::Value(true.into())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answered;
mod share;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::naming::key_of;
use super::{Extent, Imported, Level, Note, Notes, path};
use crate::Percentage;
use crate::flags::validation::MAX_DEPTH;
use crate::flags::{
    Bucketing, Definition, FlagKey, FlagValue, Problem, Problems, Rollout, ValueType,
};
pub use answered::Answered;
use share::Share;

/// What the dataset manager's file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Mdm {
    entries: BTreeMap<FlagKey, Entry>,
    notes: Vec<Note>,
    background: Option<String>,
}

/// What to make of percentages in the nested object, which the code behind the file never read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nested {
    /// What was meant: the percentage.
    #[default]
    Live,
    /// What was answered: nobody is in.
    AsAnswered,
}

/// One flag of the file.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    /// A value that is true or false, or was taken for it, and the percentage beside it.
    Switch { value: Value, share: Option<Share> },
    /// A value of another type.
    Typed(FlagValue),
    /// The share of an A/B test that gets the treatment.
    Test { name: String, share: Share },
}

/// What stands before the name of a flag with a percentage of its own.
const FLAT: &str = "rollout_percentage.";

/// The object of nested percentages.
const NESTED: &str = "rollout_percentage";

impl Mdm {
    /// Reads the file's JSON.
    ///
    /// # Errors
    ///
    /// It is not such a file: no object, or none with an object `flags`.
    pub fn read(document: &Value) -> Result<Self, Problems> {
        let problem = |path: &str, message: &str| {
            Problems(vec![Problem {
                path: path.to_owned(),
                message: message.to_owned(),
            }])
        };
        let Some(members) = document.as_object() else {
            return Err(problem(
                "$",
                "the file is a JSON object with a field `flags`",
            ));
        };
        let flags = match members.get("flags") {
            Some(Value::Object(flags)) => flags,
            Some(_) => return Err(problem("$.flags", "`flags` is an object: name → value")),
            None => {
                let message = "there are no flags here; the file has a field `flags`";
                return Err(problem("$.flags", message));
            }
        };
        let mut reader = Reader::default();
        reader.flags(flags);
        let background = reader.history(members.get("history"));
        for name in members.keys() {
            if !["flags", "history", "last_updated"].contains(&name.as_str()) {
                let here = path::member("$", name);
                reader.notes.add(
                    Level::Info,
                    here,
                    "its code never read this field; it is left out",
                );
            }
        }
        Ok(Self {
            entries: reader.entries,
            notes: reader.notes.0,
            background,
        })
    }

    /// The flags that the file means.
    #[must_use]
    pub fn import(&self, nested: Nested) -> Imported {
        let mut notes = Notes(self.notes.clone());
        let flags = self
            .entries
            .iter()
            .map(|(key, entry)| (key.clone(), entry.define(key, nested, &mut notes)))
            .collect();
        if let Some(share) = self.entries.values().find_map(Entry::share_in_force) {
            notes.add(
                Level::Warning,
                &share.path,
                "functions behind its @feature_flag decorator looked at the value alone, and ran \
                 old for everybody; here the percentage counts wherever the flag is asked",
            );
        }
        notes.0.sort_by(|a, b| a.path.cmp(&b.path));
        Imported {
            flags,
            notes: notes.0,
            background: self.background.clone(),
            extent: Extent::Answer,
        }
    }
}

impl Entry {
    /// The percentage by which some, and not all, had the flag.
    fn share_in_force(&self) -> Option<&Share> {
        match self {
            Self::Switch {
                value,
                share: Some(share),
            } if !answered::truth(value) && share.is_read && share.value.is_number() => {
                share.percentage.filter(|share| !share.is_zero())?;
                Some(share)
            }
            _ => None,
        }
    }

    fn define(&self, key: &FlagKey, nested: Nested, notes: &mut Notes) -> Definition {
        match self {
            Self::Switch { value, share } => {
                let on = answered::truth(value);
                let rollout = share.as_ref().map(|share| Rollout {
                    percentage: share.of_switch(key, on, nested, notes),
                    bucketing: Bucketing::Md5Unsalted,
                    ..Rollout::default()
                });
                Definition {
                    default: if on { "on" } else { "off" }.to_owned(),
                    rollout,
                    ..Definition::boolean()
                }
            }
            Self::Typed(value) => {
                let kind = kind_of(value);
                let zero = kind.zero();
                let here = path::member("$.flags", key.as_str());
                notes.add(
                    Level::Info,
                    here,
                    format!("a flag of type {kind}; killed, it answers {}", zero.0),
                );
                let mut variants = BTreeMap::from([("off".to_owned(), zero.clone())]);
                let mut default = "off";
                if *value != zero {
                    variants.insert("value".to_owned(), value.clone());
                    default = "value";
                }
                Definition {
                    default: default.to_owned(),
                    ..Definition::with_variants(kind, variants, "off")
                }
            }
            Self::Test { name, share } => {
                let share_now = share.percentage.unwrap_or(Percentage::ZERO);
                notes.add(
                    Level::Info,
                    &share.path,
                    format!(
                        "the traffic of the A/B test {name:?} becomes the flag {key}: on is the \
                         treatment, for the same {share_now} %; its code read it once in the life \
                         of a process, here a change counts at once"
                    ),
                );
                Definition {
                    rollout: Some(Rollout {
                        percentage: Some(share_now),
                        bucketing: Bucketing::Md5,
                        salt: Some(name.clone()),
                        ..Rollout::default()
                    }),
                    ..Definition::boolean()
                }
            }
        }
    }
}

fn kind_of(value: &FlagValue) -> ValueType {
    [ValueType::String, ValueType::Integer, ValueType::Number]
        .into_iter()
        .find(|kind| value.is(*kind))
        .unwrap_or(ValueType::Json)
}

/// A file in the reading.
#[derive(Default)]
struct Reader {
    entries: BTreeMap<FlagKey, Entry>,
    notes: Notes,
}

impl Reader {
    fn flags(&mut self, flags: &Map<String, Value>) {
        let mut shares = self.shares(flags);
        let mut flags_proper: Vec<(&str, &Value)> = Vec::new();
        let mut tests: Vec<(&str, &str, &Value)> = Vec::new();
        for (name, value) in flags {
            let test = name
                .strip_prefix("ab_test_")
                .and_then(|rest| rest.strip_suffix("_percentage"));
            match test {
                Some(test) if !test.is_empty() => tests.push((name, test, value)),
                _ if name == NESTED || name.starts_with(FLAT) => {}
                _ => flags_proper.push((name, value)),
            }
        }
        let mut taken = BTreeSet::new();
        // Who has the name already keeps it before those that would have to be renamed.
        flags_proper.sort_by_key(|(name, _)| name.parse::<FlagKey>().is_err());
        for (name, value) in flags_proper {
            let stem = name.replace("use_", "");
            let share = shares.get(&stem).cloned();
            taken.insert(stem);
            self.flag(name, value, share);
        }
        shares.retain(|stem, _| !taken.contains(stem));
        for (stem, share) in shares {
            self.share_without_flag(&stem, share);
        }
        for (name, test, value) in tests {
            self.test(name, test, value);
        }
    }

    /// All percentages by the name under which the code looked for them.
    fn shares(&mut self, flags: &Map<String, Value>) -> BTreeMap<String, Share> {
        let mut shares = BTreeMap::new();
        let flat = flags
            .iter()
            .filter_map(|(name, value)| Some((name, name.strip_prefix(FLAT)?, value)));
        for (name, stem, value) in flat {
            let here = path::member("$.flags", name);
            let share = Share::read(value, here, true, &mut self.notes);
            shares.insert(stem.to_owned(), share);
        }
        let here = path::member("$.flags", NESTED);
        match flags.get(NESTED) {
            Some(Value::Object(nested)) => {
                for (stem, value) in nested {
                    let here = path::member(&here, stem);
                    if shares.contains_key(stem) {
                        let message = format!(
                            "it decided nothing, because its code read \"{FLAT}{stem}\"; it is \
                             left out"
                        );
                        self.notes.add(Level::Info, here, message);
                    } else {
                        let share = Share::read(value, here, false, &mut self.notes);
                        shares.insert(stem.clone(), share);
                    }
                }
            }
            Some(_) => {
                let message = "it is no object of percentages, and its code never read it; it is \
                               left out";
                self.notes.add(Level::Warning, here, message);
            }
            None => {}
        }
        shares
    }

    fn flag(&mut self, name: &str, value: &Value, share: Option<Share>) {
        let here = path::member("$.flags", name);
        let Some(key) = self.key(name, &here) else {
            return;
        };
        let entry = match value {
            Value::Bool(_) => Entry::Switch {
                value: value.clone(),
                share,
            },
            Value::Null => {
                let message = "null counted as off; it becomes a boolean flag that is off";
                self.notes.add(Level::Warning, here, message);
                Entry::Switch {
                    value: Value::Null,
                    share,
                }
            }
            _ if share.is_some() => {
                let truth = if answered::truth(value) { "on" } else { "off" };
                let message = format!(
                    "{value} counted as {truth} wherever a percentage was asked for; it becomes a \
                     boolean flag"
                );
                self.notes.add(Level::Warning, here, message);
                Entry::Switch {
                    value: value.clone(),
                    share,
                }
            }
            _ => {
                if let Value::String(text) = value
                    && ["off", "no", "none", "false", "0", "disabled"]
                        .contains(&text.to_ascii_lowercase().as_str())
                {
                    let message = format!(
                        "the text {text:?} counted as on, like every text; it becomes a flag of \
                         type string, which is no switch"
                    );
                    self.notes.add(Level::Warning, &here, message);
                }
                let value_here = FlagValue(value.clone());
                if !value_here.is_nested_within(MAX_DEPTH) {
                    let message =
                        format!("it is nested deeper than {MAX_DEPTH} levels, too deep to be kept");
                    self.notes.add(Level::Lost, here, message);
                    return;
                }
                if value.get("variants").is_some() {
                    let message = "an object with variants: is this a file of another system?";
                    self.notes.add(Level::Warning, &here, message);
                }
                if is_rounded(value) {
                    let message = format!("{value} may be rounded: it is past 2^53");
                    self.notes.add(Level::Warning, &here, message);
                }
                Entry::Typed(value_here)
            }
        };
        self.entries.insert(key, entry);
    }

    fn share_without_flag(&mut self, stem: &str, share: Share) {
        let here = share.path.clone();
        if stem.contains("use_") {
            let message = "it decided nothing: its code looked for the name without `use_`; it is \
                           left out";
            self.notes.add(Level::Warning, here, message);
            return;
        }
        let name = format!("use_{stem}");
        let Some(key) = self.key(&name, &here) else {
            return;
        };
        let message = format!("there is no flag {name} beside it; it becomes one, which is off");
        self.notes.add(Level::Warning, here, message);
        let entry = Entry::Switch {
            value: Value::Bool(false),
            share: Some(share),
        };
        self.entries.insert(key, entry);
    }

    fn test(&mut self, name: &str, test: &str, value: &Value) {
        let here = path::member("$.flags", name);
        let Some(key) = self.key(&format!("ab_test_{test}"), &here) else {
            return;
        };
        let share = Share::read(value, here, true, &mut self.notes);
        let entry = Entry::Test {
            name: test.to_owned(),
            share,
        };
        self.entries.insert(key, entry);
    }

    /// The name as a key that is still free.
    fn key(&mut self, name: &str, here: &str) -> Option<FlagKey> {
        let key = key_of(name, here, &mut self.notes)?;
        if self.entries.contains_key(&key) {
            let message = format!("it would become the flag {key}, which is there already");
            self.notes.add(Level::Lost, here, message);
            return None;
        }
        Some(key)
    }

    /// What the history says of its last change. The records themselves have no revision, no actor
    /// and no time zone; making those up would be a history of something that was not.
    fn history(&mut self, history: Option<&Value>) -> Option<String> {
        let here = "$.history";
        let records = match history? {
            Value::Array(records) => records,
            _ => {
                let message = "it is no list of changes; it is left out";
                self.notes.add(Level::Warning, here, message);
                return None;
            }
        };
        let last = records.last()?;
        let changes = match records.len() {
            1 => "1 change".to_owned(),
            many => format!("{many} changes"),
        };
        self.notes.add(
            Level::Info,
            here,
            format!(
                "what it tells ({changes}) stays where it is: it names nobody who did it, and no \
                 time zone; its last change is told in the reason of the import"
            ),
        );
        let text = |field: &str| match last.get(field) {
            Some(Value::String(text)) => excerpt(text),
            Some(other) => excerpt(&other.to_string()),
            None => "?".to_owned(),
        };
        Some(format!(
            "its history had {changes}, the last on {}: {} {} → {}",
            text("timestamp"),
            text("flag"),
            text("old_value"),
            text("new_value")
        ))
    }
}

/// Whether a number was too large to be read exactly, if it was written as a whole one.
fn is_rounded(value: &Value) -> bool {
    /// 2^53: from here on, not every whole number is a 64-bit binary fraction.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .is_some_and(|number| number.fract() == 0.0 && number.abs() >= EXACT),
        _ => false,
    }
}

/// The beginning of a text, for a sentence.
fn excerpt(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
