//! One comparison as it is stored: who asked, how each side ended and what it used, what differed.
//!
//! ```
//! use cutover_domain::comparison::{
//!     Comparison, ComparisonRecord, Judgement, RecordId, RecordLimits, RecordResult, RecordedUnit,
//!     RunId, SideOutcome, SideRecord,
//! };
//!
//! let mut record = ComparisonRecord::new(
//!     RunId::new("nightly-1")?,
//!     RecordId::new("case-0001")?,
//!     "dataset.profile",
//!     "2026-01-01T00:00:00Z".parse()?,
//!     SideRecord::new(SideOutcome::Ok),
//!     SideRecord::new(SideOutcome::Ok),
//!     Judgement::of(Comparison::same(), &RecordLimits::default()),
//! );
//! record.unit = Some(RecordedUnit::pseudonym("customer-17", "a secret of this installation"));
//!
//! assert_eq!(record.result, RecordResult::Equal);
//! let line = serde_json::to_string(&record)?;
//! assert!(!line.contains("customer-17"));
//! assert_eq!(serde_json::from_str::<ComparisonRecord>(&line)?, record);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};
use sha2::{Digest, Sha256};

use super::measure::nanoseconds;
use super::noise::NoiseSample;
use super::side::is_default;
use super::{Deltas, Judgement, RecordId, RecordedInput, RunId, SideRecord};
use crate::{Side, Stage};

/// The major version of the stored shapes of runs and records. A newer one is refused; fields
/// added by a newer minor version are kept.
pub const SCHEMA: u32 = 1;

/// Reads the `schema` field, and refuses a document of another major version.
pub(super) fn read_schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        SCHEMA => Ok(SCHEMA),
        newer if newer > SCHEMA => Err(de::Error::custom(format_args!(
            "schema {newer} was written by a newer cutover, and this one reads schema {SCHEMA}: \
             update cutover to read it"
        ))),
        other => Err(de::Error::custom(format_args!(
            "there is no schema {other}; this cutover reads schema {SCHEMA}"
        ))),
    }
}

/// How a comparison ended, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordResult {
    /// Proven equal.
    Equal,
    /// At least one difference.
    Different,
    /// No difference found, but the budget ended before everything was looked at: not proven.
    Inexact,
    /// The comparison itself failed.
    Failed,
}

impl RecordResult {
    /// All results.
    pub const ALL: [Self; 4] = [Self::Equal, Self::Different, Self::Inexact, Self::Failed];

    /// The name used in documents and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Different => "different",
            Self::Inexact => "inexact",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for RecordResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whose call was compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedUnit {
    /// A stand-in for the unit's id: equal for equal units under one salt.
    Pseudonym(String),
    /// The id itself, where that is allowed.
    Raw(String),
}

impl RecordedUnit {
    /// The stand-in for `unit`: 32 hex digits of SHA-256 over the salt's length, the salt and the
    /// unit.
    ///
    /// Whoever knows the salt can find a unit by trying ids, so the salt should be a secret of
    /// the installation; with an empty one the stand-in only keeps ids out of casual sight.
    #[must_use]
    pub fn pseudonym(unit: &str, salt: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update((salt.len() as u64).to_be_bytes());
        hash.update(salt);
        hash.update(unit);
        let hex = hash.finalize()[..16]
            .iter()
            .fold(String::with_capacity(32), |hex, byte| {
                format!("{hex}{byte:02x}")
            });
        Self::Pseudonym(hex)
    }

    /// The text to show: the stand-in or the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pseudonym(text) | Self::Raw(text) => text,
        }
    }
}

/// One comparison. Made once, never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRecord {
    /// The major version of this shape, [`SCHEMA`].
    #[serde(deserialize_with = "read_schema")]
    pub schema: u32,
    /// Unique in its run.
    pub id: RecordId,
    /// The run it belongs to.
    pub run: RunId,
    /// What was compared.
    pub operation: Arc<str>,
    /// How it ended; follows from `judgement`.
    pub result: RecordResult,
    /// When the call was made.
    pub time: Timestamp,
    /// The case, in a run over a set of cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Whose call it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<RecordedUnit>,
    /// The revision of the flags that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag_revision: Option<u64>,
    /// The stage that the call ran at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Whose answer the caller got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authoritative: Option<Side>,
    /// A digest of the input; see [`digest`](super::digest).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_digest: Option<String>,
    /// The input, where inputs are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<RecordedInput>,
    /// The implementation being replaced.
    pub old: SideRecord,
    /// Its replacement.
    pub new: SideRecord,
    /// The change from old to new in per cent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deltas: Deltas,
    /// What was found.
    pub judgement: Judgement,
    /// How long comparing took.
    #[serde(
        rename = "comparing_ns",
        default,
        with = "nanoseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub comparing: Option<Duration>,
    /// What old, asked again, was found to differ in from its own answer; absent where it was not
    /// asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseSample>,
    /// How many bytes of JSON it had before it was made to fit a store; see
    /// [`fitted`](Self::fitted). Absent where nothing was left out for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortened_from: Option<u64>,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

impl ComparisonRecord {
    /// A record of two sides and what was found; result and deltas follow from them.
    #[must_use]
    pub fn new(
        run: RunId,
        id: RecordId,
        operation: impl Into<Arc<str>>,
        time: Timestamp,
        old: SideRecord,
        new: SideRecord,
        judgement: Judgement,
    ) -> Self {
        Self {
            schema: SCHEMA,
            id,
            run,
            operation: operation.into(),
            result: judgement.result(),
            time,
            case: None,
            unit: None,
            flag_revision: None,
            stage: None,
            authoritative: None,
            input_digest: None,
            input: None,
            deltas: Deltas::between(&old.measurements, &new.measurements),
            old,
            new,
            judgement,
            comparing: None,
            noise: None,
            shortened_from: None,
            unknown: BTreeMap::new(),
        }
    }

    /// One side's part.
    #[must_use]
    pub fn side(&self, side: Side) -> &SideRecord {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }

    /// The case's name, or else the record's id: what a person would look it up by.
    #[must_use]
    pub fn label(&self) -> &str {
        self.case.as_deref().unwrap_or_else(|| self.id.as_str())
    }
}
