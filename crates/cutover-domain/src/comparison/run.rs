//! A run: the header that groups records, and its tally.
//!
//! `cutover compare run` makes one run per invocation, an operation one per process.
//!
//! ```
//! use cutover_domain::comparison::{RecordResult, Run, RunId, RunKind, RunState};
//!
//! let started = "2026-01-01T00:00:00Z".parse()?;
//! let mut run = Run::new(RunId::new("nightly-1")?, "nightly", RunKind::Commands, started);
//! run.expected_cases = Some(3);
//!
//! run.tally.count(RecordResult::Equal);
//! run.tally.count(RecordResult::Different);
//! run.tally.drop_one("queue-full");
//! run.end(RunState::Complete, "2026-01-01T00:00:09Z".parse()?);
//!
//! assert_eq!(run.tally.made(), 2);
//! assert_eq!(run.coverage().share(), Some(2.0 / 3.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::RunId;
use super::performance::Answer;
use super::record::{RecordResult, SCHEMA, read_schema};
use super::side::is_default;

/// A run that was not heard of for so long may be dead. A living one writes its header every few
/// seconds, but a single case may keep it busy, and an operation may have no calls.
const SILENCE: SignedDuration = SignedDuration::from_mins(2);

/// What a run compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// Two commands over a set of cases.
    Commands,
    /// The two implementations of an operation, inside a running program.
    Operation,
}

impl fmt::Display for RunKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Commands => "commands",
            Self::Operation => "operation",
        })
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// It goes on, or its process died without a word: `process` says which, where it is known and
    /// on the same system; else `updated` says when it was last heard of.
    Running,
    /// It did all it had to do.
    Complete,
    /// It was stopped before that. `finished` says when; it is absent where its process died.
    Interrupted,
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Interrupted => "interrupted",
        })
    }
}

/// One of the two implementations, as a person would name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Implementation {
    /// A command line, or the name of a function.
    pub description: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Implementation {
    /// An implementation of unknown version.
    #[must_use]
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            version: None,
        }
    }
}

/// A process that makes a run, as its system knows it.
///
/// The domain only keeps it: whoever reads the run on the same system can ask whether it is there
/// still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunProcess {
    /// Within what the id means this process: one start of one system, one space of ids.
    pub system: String,
    /// Its id there.
    pub id: u32,
    /// When it started, as its system counts: an id is used again.
    pub started: u64,
}

/// How many comparisons ended how, and how many were not made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Proven equal.
    pub equal: u64,
    /// Different.
    pub different: u64,
    /// Of the different ones, those that differ by [noise](super::noise) alone. Of a run of commands
    /// it is known when it has ended, of an operation by what was learned so far.
    #[serde(skip_serializing_if = "is_default")]
    pub by_noise: u64,
    /// No difference found, but the budget ended before everything was looked at.
    pub inexact: u64,
    /// The comparison itself failed.
    pub failed: u64,
    /// Not made although meant to be, by reason: `queue-full`, `timeout`, `shutdown`, …
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped: BTreeMap<String, u64>,
    /// Not made because the sample left them out.
    pub sampled_out: u64,
}

impl Tally {
    /// Counts one comparison made.
    pub fn count(&mut self, result: RecordResult) {
        let counter = match result {
            RecordResult::Equal => &mut self.equal,
            RecordResult::Different => &mut self.different,
            RecordResult::Inexact => &mut self.inexact,
            RecordResult::Failed => &mut self.failed,
        };
        *counter = counter.saturating_add(1);
    }

    /// Counts one that was meant to be made and was not.
    pub fn drop_one(&mut self, reason: &str) {
        match self.dropped.get_mut(reason) {
            Some(count) => *count = count.saturating_add(1),
            None => {
                self.dropped.insert(reason.to_owned(), 1);
            }
        }
    }

    /// How many were made.
    #[must_use]
    pub fn made(&self) -> u64 {
        [self.equal, self.different, self.inexact, self.failed]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// Adds another tally to this one.
    pub fn merge(&mut self, other: &Self) {
        let add = |into: &mut u64, count: u64| *into = into.saturating_add(count);
        add(&mut self.equal, other.equal);
        add(&mut self.different, other.different);
        add(&mut self.by_noise, other.by_noise);
        add(&mut self.inexact, other.inexact);
        add(&mut self.failed, other.failed);
        add(&mut self.sampled_out, other.sampled_out);
        for (reason, count) in &other.dropped {
            add(self.dropped.entry(reason.clone()).or_default(), *count);
        }
    }
}

/// How much of what there was to compare was compared. A pass share means little without it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Coverage {
    /// Comparisons made.
    pub made: u64,
    /// Not made although meant to be, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Left out by the sample.
    pub sampled_out: u64,
    /// Cases of a run that nothing is known about: it ended before them, or has not come to them.
    pub not_run: u64,
}

impl Coverage {
    /// Everything there was to compare.
    #[must_use]
    pub fn population(&self) -> u64 {
        self.dropped
            .values()
            .chain([&self.made, &self.sampled_out, &self.not_run])
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The part of it that was compared, 0 to 1; absent when there was nothing.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        match self.population() {
            0 => None,
            population => Some(self.made as f64 / population as f64),
        }
    }

    /// Adds another coverage to this one.
    pub fn merge(&mut self, other: &Self) {
        self.made = self.made.saturating_add(other.made);
        self.sampled_out = self.sampled_out.saturating_add(other.sampled_out);
        self.not_run = self.not_run.saturating_add(other.not_run);
        for (reason, count) in &other.dropped {
            let sum = self.dropped.entry(reason.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
}

/// What a run of commands came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunJudgement {
    /// Cases that were compared, once or more.
    pub cases: u64,
    /// Cases proven equal.
    pub equal: u64,
    /// Cases that differ, and not by noise alone.
    pub different: u64,
    /// Cases that differ by noise alone.
    pub by_noise: u64,
    /// Cases that could not be compared, or not to the end.
    pub errors: u64,
    /// The limits that were set, with what became of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<JudgedLimit>,
}

/// A limit that was set, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedLimit {
    /// The limit as it is written: `wall:mean=1.05`.
    pub limit: String,
    /// Whether new keeps it.
    pub answer: Answer,
    /// The same with its numbers, for people.
    pub said: String,
}

/// The header of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The major version of this shape, [`SCHEMA`].
    #[serde(deserialize_with = "read_schema")]
    pub schema: u32,
    /// Unique in a store.
    pub id: RunId,
    /// What people call it; need not be unique.
    pub name: String,
    /// What it compares.
    pub kind: RunKind,
    /// Where it stands.
    pub state: RunState,
    /// When it began.
    pub started: Timestamp,
    /// When this header was last made.
    pub updated: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// The process that makes it, while it goes on and where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<RunProcess>,
    /// The implementation being replaced.
    #[serde(default)]
    pub old: Implementation,
    /// Its replacement.
    #[serde(default)]
    pub new: Implementation,
    /// The options it was started with, as the program that started it writes them.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub options: serde_json::Value,
    /// How many comparisons it is to make, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_cases: Option<u64>,
    /// What it counted so far. Records that retention removed are still counted here.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tally: Tally,
    /// How it was judged when it ended. It stands also when records are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<RunJudgement>,
    /// Fields of a newer minor schema, kept on rewrite.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

impl Run {
    /// A run that starts now.
    #[must_use]
    pub fn new(id: RunId, name: impl Into<String>, kind: RunKind, started: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            id,
            name: name.into(),
            kind,
            state: RunState::Running,
            started,
            updated: started,
            finished: None,
            process: None,
            old: Implementation::default(),
            new: Implementation::default(),
            options: serde_json::Value::Null,
            expected_cases: None,
            tally: Tally::default(),
            judged: None,
            unknown: BTreeMap::new(),
        }
    }

    /// Ends the run, or takes it up again with [`RunState::Running`].
    pub fn end(&mut self, state: RunState, now: Timestamp) {
        self.state = state;
        self.updated = now;
        self.finished = (state != RunState::Running).then_some(now);
        self.process = self.process.take().filter(|_| state == RunState::Running);
    }

    /// Whether it says that it is running and was not heard of for two minutes or longer: then its
    /// process may have died without a word, or only has nothing to compare. Nobody can know from
    /// here.
    ///
    /// ```
    /// use cutover_domain::comparison::{Run, RunId, RunKind};
    ///
    /// let run = Run::new(RunId::new("r")?, "nightly", RunKind::Commands, "2026-01-01T00:00Z".parse()?);
    /// assert!(!run.is_silent("2026-01-01T00:01Z".parse()?));
    /// assert!(run.is_silent("2026-01-01T09:00Z".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_silent(&self, now: Timestamp) -> bool {
        self.state == RunState::Running && now.duration_since(self.updated) >= SILENCE
    }

    /// How much of what there was to compare was compared.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage {
            made: self.tally.made(),
            dropped: self.tally.dropped.clone(),
            sampled_out: self.tally.sampled_out,
            not_run: 0,
        };
        let known = coverage.population();
        coverage.not_run = self.expected_cases.unwrap_or(0).saturating_sub(known);
        coverage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run::new(
            RunId::new("r-1").unwrap(),
            "nightly",
            RunKind::Commands,
            "2026-01-01T00:00:00Z".parse().unwrap(),
        )
    }

    #[test]
    fn coverage_accounts_for_every_case_once() {
        let mut run = run();
        run.expected_cases = Some(10);
        run.tally.count(RecordResult::Equal);
        run.tally.count(RecordResult::Failed);
        run.tally.drop_one("timeout");
        run.tally.drop_one("timeout");
        run.tally.sampled_out = 1;
        let coverage = run.coverage();
        assert_eq!(
            (coverage.made, coverage.not_run, coverage.population()),
            (2, 5, 10)
        );
        assert_eq!(coverage.share(), Some(0.2));
    }

    #[test]
    fn more_than_expected_is_no_negative_remainder() {
        let mut run = run();
        run.expected_cases = Some(1);
        run.tally.equal = 5;
        assert_eq!(run.coverage().not_run, 0);
        assert_eq!(run.coverage().share(), Some(1.0));
    }

    #[test]
    fn nothing_to_compare_has_no_share() {
        assert_eq!(Coverage::default().share(), None);
    }

    #[test]
    fn merging_tallies_is_adding_their_counts() {
        let mut left = Tally {
            equal: 1,
            sampled_out: u64::MAX,
            ..Tally::default()
        };
        left.drop_one("timeout");
        let mut right = Tally {
            equal: 2,
            different: 3,
            sampled_out: 1,
            ..Tally::default()
        };
        right.drop_one("timeout");
        right.drop_one("shutdown");
        left.merge(&right);
        assert_eq!(
            (left.equal, left.different, left.sampled_out),
            (3, 3, u64::MAX)
        );
        assert_eq!(
            left.dropped,
            BTreeMap::from([("shutdown".into(), 1), ("timeout".into(), 2)])
        );
    }

    #[test]
    fn a_run_taken_up_again_has_no_end() {
        let mut run = run();
        run.process = Some(RunProcess {
            system: "linux".to_owned(),
            id: 7,
            started: 1,
        });
        let later = "2026-01-02T00:00:00Z".parse().unwrap();
        run.end(RunState::Interrupted, later);
        assert_eq!((run.finished, &run.process), (Some(later), &None));
        run.end(RunState::Running, later);
        assert_eq!(run.finished, None);
    }

    #[test]
    fn unknown_fields_survive_and_a_newer_major_schema_is_refused() {
        let mut json = serde_json::to_value(run()).unwrap();
        json["added_later"] = serde_json::json!({"deep": [1, 2]});
        let read: Run = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), json);

        json["schema"] = 2.into();
        let message = serde_json::from_value::<Run>(json).unwrap_err().to_string();
        assert!(message.contains("update cutover"), "{message}");
    }
}
