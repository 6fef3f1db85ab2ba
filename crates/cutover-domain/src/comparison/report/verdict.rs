//! What a report says in one word.

use std::fmt;

use serde::Serialize;

use super::{ReportedCoverage, Totals};

/// What a report says in one word.
///
/// ```
/// use cutover_domain::comparison::report::{ReportBuilder, Verdict};
///
/// let nothing = ReportBuilder::new().finish("2026-01-01T00:00:00Z".parse()?);
/// assert_eq!(nothing.verdict, Verdict::Unproven);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All that was to be compared was compared, and is proven equal. What a sample left out was
    /// not to be compared.
    Equal,
    /// There is a difference.
    Different,
    /// No difference is known, but something was not compared, not to its end, or cannot be read;
    /// or there was nothing at all.
    Unproven,
}

impl Verdict {
    pub(super) fn of(totals: &Totals, coverage: &ReportedCoverage, unreadable: usize) -> Self {
        let dropped = coverage.dropped.values().any(|count| *count > 0);
        let whole = !dropped && coverage.not_run == 0 && unreadable == 0;
        match totals {
            Totals { different: 1.., .. } => Self::Different,
            Totals {
                comparisons: 1..,
                equal,
                ..
            } if *equal == totals.comparisons && whole => Self::Equal,
            _ => Self::Unproven,
        }
    }

    /// The word for messages and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Different => "different",
            Self::Unproven => "unproven",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_is_said_only_of_everything() {
        let totals = |equal, different, inexact, failed| Totals {
            comparisons: equal + different + inexact + failed,
            equal,
            different,
            inexact,
            failed,
            ..Totals::default()
        };
        let whole = ReportedCoverage::default();
        let not_run = ReportedCoverage {
            not_run: 1,
            ..ReportedCoverage::default()
        };
        let dropped = ReportedCoverage {
            dropped: [("timeout".to_owned(), 1)].into(),
            ..ReportedCoverage::default()
        };
        let sampled = ReportedCoverage {
            sampled_out: 9,
            ..ReportedCoverage::default()
        };
        for (totals, coverage, unreadable, verdict) in [
            (totals(3, 0, 0, 0), &whole, 0, Verdict::Equal),
            (totals(3, 0, 0, 0), &sampled, 0, Verdict::Equal),
            (totals(3, 0, 0, 0), &not_run, 0, Verdict::Unproven),
            (totals(3, 0, 0, 0), &dropped, 0, Verdict::Unproven),
            (totals(3, 0, 0, 0), &whole, 1, Verdict::Unproven),
            (totals(3, 0, 1, 0), &whole, 0, Verdict::Unproven),
            (totals(3, 0, 0, 1), &whole, 0, Verdict::Unproven),
            (totals(0, 0, 0, 0), &whole, 0, Verdict::Unproven),
            (totals(0, 1, 1, 1), &not_run, 1, Verdict::Different),
        ] {
            assert_eq!(Verdict::of(&totals, coverage, unreadable), verdict);
        }
    }
}
