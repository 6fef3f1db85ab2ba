use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Bucket, FlagKey, FlagValue, Revision};
use crate::Stage;

/// Why a flag answered what it answered: OpenFeature's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// There was nothing to decide.
    Static,
    /// An override or a rule named this unit.
    TargetingMatch,
    /// The percentage decided, inside or outside.
    Split,
    /// No tier applied.
    Default,
    /// Killed, or a required flag is off.
    Disabled,
    /// Right once, but older than the caller allows.
    Stale,
    /// No answer could be found; the caller's own default stands.
    Error,
}

impl Reason {
    /// The word as it is written in OpenFeature.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Default => "DEFAULT",
            Self::Disabled => "DISABLED",
            Self::Stale => "STALE",
            Self::Error => "ERROR",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why there was no answer: OpenFeature's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ErrorCode {
    /// There is no such flag.
    #[error("FLAG_NOT_FOUND")]
    FlagNotFound,
    /// The flag is of another type than asked for.
    #[error("TYPE_MISMATCH")]
    TypeMismatch,
    /// The percentage needs a unit, and the context names none.
    #[error("TARGETING_KEY_MISSING")]
    TargetingKeyMissing,
    /// The attribute that is bucketed is not text or a whole number.
    #[error("INVALID_CONTEXT")]
    InvalidContext,
    /// The definition cannot be read.
    #[error("PARSE_ERROR")]
    ParseError,
    /// Anything else.
    #[error("GENERAL")]
    General,
}

/// The answer of a flag of any type.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evaluation<'a> {
    /// What is answered.
    pub value: &'a FlagValue,
    /// The name of the answer.
    pub variant: &'a str,
    /// Why.
    pub reason: Reason,
    /// The document that decided.
    pub revision: Revision,
    /// Where the unit fell, if the percentage was asked.
    pub bucket: Option<Bucket>,
}

/// The answer of a boolean flag: small, `Copy`, and always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// On or off; the caller's default when `error` is there.
    pub on: bool,
    /// Why.
    pub reason: Reason,
    /// Why there was no answer.
    pub error: Option<ErrorCode>,
    /// The stage of a migration flag.
    pub stage: Option<Stage>,
    /// The document that decided.
    pub revision: Revision,
    /// Where the unit fell, if the percentage was asked.
    pub bucket: Option<Bucket>,
}

impl Decision {
    /// A decision that nothing had to be asked for: for closures and tests.
    #[must_use]
    pub const fn fixed(on: bool) -> Self {
        Self {
            on,
            reason: Reason::Static,
            error: None,
            stage: None,
            revision: Revision::ZERO,
            bucket: None,
        }
    }

    /// The caller's default, because there was no answer.
    #[must_use]
    pub const fn fallback(on: bool, error: ErrorCode, revision: Revision) -> Self {
        Self {
            on,
            reason: Reason::Error,
            error: Some(error),
            stage: None,
            revision,
            bucket: None,
        }
    }
}

/// The tier that decided, top first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The kill switch.
    Killed,
    /// This required flag is off or missing.
    Requires(FlagKey),
    /// This unit or tenant is overridden.
    Override(String),
    /// This rule matches.
    Rule {
        /// Its place in the flag's list, counted from 0.
        index: usize,
        /// Its name, if it has one.
        name: Option<String>,
    },
    /// The percentage or the split.
    Rollout,
    /// Nothing above applied.
    Default,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed => f.write_str("the flag is killed"),
            Self::Requires(key) => write!(f, "it requires {key}, which is off"),
            Self::Override(target) => write!(f, "{target:?} is overridden"),
            Self::Rule { index, name } => {
                write!(f, "{} matches", rule_name(*index, name.as_deref()))
            }
            Self::Rollout => f.write_str("the rollout decides"),
            Self::Default => f.write_str("no tier above the default applies"),
        }
    }
}

/// An evaluation with how it came about, for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation<'a> {
    /// The answer, or why there is none.
    pub answer: Result<Evaluation<'a>, ErrorCode>,
    /// The tier that decided.
    pub tier: Tier,
    /// What was hashed, if a percentage or a split was asked.
    pub hash_input: Option<String>,
    /// The rules above the tier that decided, and why they did not match.
    pub unmatched: Vec<Unmatched>,
    /// How the required flag that is off came to be off.
    pub required: Option<Box<Explanation<'a>>>,
}

/// A rule that was asked and did not match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    /// Its place in the flag's list, counted from 0.
    pub index: usize,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The tests that kept it from matching: of an `all` the first that failed, of an `any` each.
    pub because: Vec<FailedTest>,
}

/// A test that did not come out as its rule needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedTest {
    /// What would have had to hold, in the language of conditions: `plan in ["pro", "team"]`.
    pub wanted: String,
    /// The attribute asked about.
    pub attribute: String,
    /// Its value in the context, as JSON; `None` when the context does not have it.
    pub found: Option<String>,
}

/// How a rule is called in texts for people, where rules count from 1.
fn rule_name(index: usize, name: Option<&str>) -> String {
    let number = index + 1;
    match name {
        Some(name) => format!("rule {number} {name:?}"),
        None => format!("rule {number}"),
    }
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rule_name(self.index, self.name.as_deref()))?;
        for (index, test) in self.because.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { "; " })?;
            test.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for FailedTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(f, "`{}` fails: {} is {found}", self.wanted, self.attribute),
            None => write!(f, "`{}` fails: there is no {}", self.wanted, self.attribute),
        }
    }
}
