//! Comparing two answers: every difference, and nothing that is only noise.

mod difference;
mod id;
mod judgement;
mod measure;
mod outcome;
mod record;
mod run;
mod side;

pub use difference::{
    Comparison, Counts, Difference, DifferenceKind, RuleHit, Severity, Times, Undecided,
};
pub use id::{InvalidId, MAX_ID_LENGTH, RecordId, RunId};
pub use judgement::{Judgement, RecordLimits};
pub use measure::{Deltas, Measurements, percent_change};
pub use outcome::Outcome;
pub use record::{ComparisonRecord, RecordResult, RecordedUnit, SCHEMA};
pub use run::{Coverage, Implementation, Run, RunKind, RunState, Tally};
pub use side::{Answer, SideOutcome, SideRecord, digest, excerpt};
