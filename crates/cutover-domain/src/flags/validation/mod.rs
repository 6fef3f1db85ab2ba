//! What a document must be so that it is kept: every problem of the whole document, with its place.

mod circle;
mod condition;
mod definition;
mod place;
mod reach;
mod rule;

use std::collections::{BTreeSet, HashMap};
use std::fmt;

pub(super) use self::definition::{FIELDS, MAX_DEPTH, ROLLOUT_FIELDS};
pub(super) use self::place::Place;
pub(super) use self::rule::{RULE_FIELDS, WEIGHT_FIELDS};
use super::{FlagDocument, FlagKey, SCHEMA};

/// One thing that is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A path into the document: `$.flags["use_new_backend"].rules[0].when.all[1].matches`.
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
    pub(super) fn add(&mut self, place: impl fmt::Display, message: impl Into<String>) {
        self.0.push(Problem {
            path: place.to_string(),
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
        self.problems(&BTreeSet::new()).into_result()
    }

    /// The same, where some flags are known to be there and could not be read.
    pub(super) fn problems(&self, unread: &BTreeSet<FlagKey>) -> Problems {
        let mut checker = Checker {
            problems: Problems::default(),
            patterns: HashMap::new(),
            unread,
        };
        let schema = Place::ROOT.field("schema");
        if self.schema > SCHEMA {
            checker.problems.add(schema, newer(self.schema.into()));
            return checker.problems;
        }
        if self.schema != SCHEMA {
            checker.problems.add(
                schema,
                format!(
                    "schema {} is not the schema {SCHEMA} that this version writes",
                    self.schema
                ),
            );
        }
        for (key, definition) in &self.flags {
            checker.definition(key, definition, &self.flags);
        }
        circle::check(&self.flags, &Place::ROOT, &mut checker.problems);
        reach::check(&self.flags, &Place::ROOT, &mut checker.problems);
        checker.problems
    }
}

/// What is said of a document whose shape nobody here can know.
pub(super) fn newer(schema: u64) -> String {
    format!(
        "a newer version wrote this with schema {schema}, and this version knows schemas up to \
         {SCHEMA}: upgrade cutover to read it"
    )
}

/// Collects the problems of one document.
struct Checker<'a> {
    problems: Problems,
    /// Flags that are there and could not be read.
    unread: &'a BTreeSet<FlagKey>,
    /// Why a pattern is none, so that the same one is compiled once.
    patterns: HashMap<&'a str, Option<String>>,
}

/// Whether people can read a name in one line.
fn is_printable_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && !name.chars().any(char::is_control)
}
