//! Comparing two answers: every difference, and nothing that is only noise.

mod difference;
mod outcome;

pub use difference::{
    Comparison, Counts, Difference, DifferenceKind, RuleHit, Severity, Times, Undecided,
};
pub use outcome::Outcome;
