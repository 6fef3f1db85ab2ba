use serde::{Deserialize, Serialize};

/// How two answers part at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// Another value of the same type.
    Value,
    /// Another type.
    Type,
    /// In old only.
    Missing,
    /// In new only.
    Extra,
    /// The same members in another sequence.
    Order,
    /// The same members, but not as often.
    Repetition,
    /// One side failed, or they failed in different ways.
    Outcome,
}

/// How much a difference matters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// To be looked at.
    Warning,
    /// Wrong.
    #[default]
    Error,
    /// Must stop a rollout.
    Critical,
}
