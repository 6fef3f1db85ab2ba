//! Comparing two answers.
mod id;
mod judgement;
mod kind;
mod measure;
mod record;
mod run;
mod side;

pub use kind::{DifferenceKind, Severity};

pub use id::{InvalidId, MAX_ID_LENGTH, RecordId, RunId};
pub use judgement::{Judgement, RecordLimits, RecordedDifference, RecordedRule, RecordedValue};
pub use measure::{Deltas, Measurements, percent_change};
pub use record::{ComparisonRecord, RecordResult, RecordedUnit, SCHEMA};
pub use run::{Coverage, Implementation, Run, RunKind, RunState, Tally};
pub use side::{Answer, Side, SideOutcome, SideRecord, digest, excerpt};
