use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::spelling::closest;
use super::{Definition, FlagDocument, FlagKey, SCHEMA, ValueType};

/// One thing that is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A path into the document: `$.flags.use_new_backend.rollout.variant`.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Everything that is wrong with a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem {
            path: path.into(),
            message: message.into(),
        });
    }

    pub(super) fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl FlagDocument {
    /// Checks the whole document and reports every problem with its path. O(size of the document).
    ///
    /// # Errors
    ///
    /// All problems together.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        if self.schema != SCHEMA {
            problems.add(
                "$.schema",
                format!(
                    "schema {} is not the schema {SCHEMA} that this version writes",
                    self.schema
                ),
            );
        }
        for (key, definition) in &self.flags {
            definition.check(key, &self.flags, &mut problems);
        }
        if let Some(cycle) = find_cycle(&self.flags) {
            let names: Vec<_> = cycle.iter().map(|key| key.as_str()).collect();
            problems.add(
                format!("$.flags[\"{}\"].requires", names[0]),
                format!(
                    "the flags require each other in a circle: {}",
                    names.join(" → ")
                ),
            );
        }
        problems.into_result()
    }
}

impl Definition {
    fn check(&self, key: &FlagKey, flags: &BTreeMap<FlagKey, Self>, problems: &mut Problems) {
        let path = |field: &str| format!("$.flags[\"{key}\"].{field}");
        if self.variants.is_empty() {
            problems.add(path("variants"), "a flag needs at least one variant");
        }
        for (name, value) in &self.variants {
            let here = path(&format!("variants[{name:?}]"));
            if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
                problems.add(&*here, "a variant's name has 1 to 128 printable characters");
            }
            if !value.is(self.kind) {
                problems.add(
                    &*here,
                    format!("{value} is not of the flag's type {}", self.kind),
                );
            }
            if !value.is_nested_within(MAX_DEPTH) {
                problems.add(
                    here,
                    format!(
                        "it is nested deeper than {MAX_DEPTH} levels, too deep to be read back"
                    ),
                );
            }
        }
        let known = || {
            self.variants
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut refer = |field: &str, variant: &str| {
            if !self.variants.contains_key(variant) {
                problems.add(
                    path(field),
                    format!("there is no variant {variant:?}; the flag has: {}", known()),
                );
            }
        };
        refer("default", &self.default);
        refer("off", &self.off);
        for (target, variant) in &self.overrides {
            refer(&format!("overrides[{target:?}]"), variant);
        }
        if self.percentage().is_some() {
            refer("rollout.variant", self.rollout_variant());
        }
        if self.kind == ValueType::Boolean
            && self
                .variants
                .get(&self.off)
                .and_then(super::FlagValue::as_bool)
                == Some(true)
        {
            problems.add(path("off"), "a boolean flag is false when it is off");
        }
        if let Some(by) = self
            .rollout
            .as_ref()
            .and_then(|rollout| rollout.by.as_deref())
            && by.is_empty()
        {
            problems.add(
                path("rollout.by"),
                "name the context attribute that is bucketed",
            );
        }
        for (index, required) in self.requires.iter().enumerate() {
            let here = path(&format!("requires[{index}]"));
            match flags.get(required) {
                None => problems.add(here, format!("there is no flag {required}")),
                Some(other) if other.kind != ValueType::Boolean => {
                    problems.add(here, format!("{required} is not a boolean flag"));
                }
                Some(_) => {}
            }
        }
        check_unknown(&self.unknown, &FIELDS, &path(""), problems);
        if let Some(rollout) = &self.rollout {
            check_unknown(
                &rollout.unknown,
                &ROLLOUT_FIELDS,
                &path("rollout."),
                problems,
            );
        }
    }
}

/// The fields of a definition.
const FIELDS: [&str; 13] = [
    "description",
    "owner",
    "expires",
    "type",
    "variants",
    "state",
    "off",
    "requires",
    "overrides",
    "rules",
    "rollout",
    "default",
    "stage",
];

/// The fields of a rollout.
const ROLLOUT_FIELDS: [&str; 6] = ["percentage", "variant", "split", "by", "bucketing", "salt"];

/// JSON readers stop at 128 levels, and a value stands some levels down in documents and records.
const MAX_DEPTH: usize = 64;

/// Fields of a newer minor schema are kept; one that is a known field but for a slip of the hand is
/// a problem: a misspelt `state` would bring a killed flag back to life.
fn check_unknown(
    unknown: &BTreeMap<String, serde_json::Value>,
    known: &[&str],
    path: &str,
    problems: &mut Problems,
) {
    for field in unknown.keys() {
        let here = format!("{path}{field}");
        if let Some(meant) = closest(known, field) {
            problems.add(
                here,
                format!("there is no field `{field}`; did you mean `{meant}`?"),
            );
        }
    }
}

/// A circle of `requires`, first flag repeated at the end. Depth-first without recursion, so that a
/// long chain in a hostile document cannot exhaust the stack.
fn find_cycle(flags: &BTreeMap<FlagKey, Definition>) -> Option<Vec<&FlagKey>> {
    let mut done: BTreeSet<&FlagKey> = BTreeSet::new();
    for start in flags.keys() {
        let mut path: Vec<(&FlagKey, usize)> = vec![(start, 0)];
        let mut on_path: BTreeSet<&FlagKey> = BTreeSet::from([start]);
        while let Some((key, next)) = path.last_mut() {
            let required = flags.get(*key).and_then(|flag| flag.requires.get(*next));
            *next += 1;
            match required {
                None => {
                    on_path.remove(*key);
                    done.insert(*key);
                    path.pop();
                }
                Some(required) if on_path.contains(required) => {
                    let from = path
                        .iter()
                        .position(|(key, _)| *key == required)
                        .unwrap_or(0);
                    let mut cycle: Vec<_> = path[from..].iter().map(|(key, _)| *key).collect();
                    cycle.push(required);
                    return Some(cycle);
                }
                Some(required) if !done.contains(required) => {
                    on_path.insert(required);
                    path.push((required, 0));
                }
                Some(_) => {}
            }
        }
    }
    None
}
