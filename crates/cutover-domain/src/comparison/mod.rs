//! Comparing two answers: every difference, and a count of what the rules hid.
//!
//! [`Rules`] say what counts, [`Comparator`] compares, [`Comparison`] is what comes out. An answer
//! is a [`Tree`](crate::tree::Tree), or an [`Outcome`] where it may be an error.
//!
//! ```
//! use cutover_domain::comparison::Rules;
//! use cutover_domain::tree::Tree;
//!
//! let comparator = Rules::new().key("$.items", ["id"]).relative(1e-9).build()?;
//! let old = Tree::from_json(r#"{"items": [{"id": 1, "sum": 0.1}, {"id": 2, "sum": 5.0}]}"#)?;
//! let new = Tree::from_json(r#"{"items": [{"id": 3, "sum": 7.0}, {"id": 1, "sum": 0.10000000000000002}]}"#)?;
//!
//! let comparison = comparator.compare(&old, &new);
//! let lines: Vec<_> = comparison.differences.iter().map(ToString::to_string).collect();
//! assert_eq!(lines, [
//!     r#"$.items[1]: missing {"id":2,"sum":5.0}"#,
//!     r#"$.items[0]: extra {"id":3,"sum":7.0}"#,
//! ]);
//! assert_eq!(comparison.hidden[0].rule, "relative 1e-9");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//!
//! Both trees are hashed from the leaves up so that values which agree under the rules have the same
//! hash, whatever order the rules take away. Equal hashes are where values are compared; what agrees
//! is done with. The rest is aligned (arrays), paired by key, or paired by what few others share
//! (arrays without order), and walked. All of it is loops over flat arrays, so neither size nor
//! depth of an answer is a danger; what could grow faster than the input draws on a fixed effort,
//! and what that leaves open is named, never assumed to be equal.

mod bounded;
mod comparator;
mod difference;
mod engine;
mod filter;
mod fitting;
mod id;
mod input;
mod judgement;
mod measure;
pub mod noise;
mod outcome;
pub mod performance;
mod place;
mod preset;
mod record;
mod redaction;
pub mod report;
mod rules;
mod run;
mod side;

pub use comparator::Comparator;
pub use difference::{
    Comparison, Counts, Difference, DifferenceKind, RuleHit, Severity, SeverityCounts, Times,
    Undecided,
};
pub use engine::are_close;
pub use filter::{DifferenceFilter, InvalidPath, PathPattern};
pub use id::{InvalidId, MAX_ID_LENGTH, RecordId, RunId};
pub use input::RecordedInput;
pub use judgement::{Judgement, RecordLimits};
pub(crate) use measure::round;
pub use measure::{Deltas, Measurements, percent_change};
pub use outcome::Outcome;
pub use place::Place;
pub use preset::Preset;
pub use record::{ComparisonRecord, RecordResult, RecordedUnit, SCHEMA};
pub use redaction::{REDACTED, RedactAction, Redacted, Redaction, RedactionError, RedactionRules};
pub use rules::{Likeness, RuleProblem, Rules, RulesError};
pub use run::{
    Coverage, Implementation, JudgedLimit, Run, RunJudgement, RunKind, RunProcess, RunState, Tally,
};
pub use side::{Answer, Digester, SideOutcome, SideRecord, digest, excerpt};
