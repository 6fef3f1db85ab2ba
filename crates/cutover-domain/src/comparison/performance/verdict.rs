use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Performance, Statistic};
use crate::comparison::round;
use crate::comparison::side::is_default;

/// More pairs than this are no plan.
const MOST_NEEDED: f64 = 1e9;

/// Ratios as near as this, as logarithms, are the same: 21 of 20 is no more than 5 % more.
const SAME: f64 = 1e-9;

/// What the measurements say about a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// New keeps the limit.
    Pass,
    /// New does not.
    Fail,
    /// The measurements do not say.
    Insufficient,
}

impl Answer {
    /// The word for messages and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Insufficient => "insufficient",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One statistic held against one limit. Ratios are of new to old: 0.5 is half.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// What was compared.
    pub statistic: Statistic,
    /// The ratio that is allowed.
    pub at_most: f64,
    /// Whether new keeps it.
    pub answer: Answer,
    /// The ratio found; absent when there are too few pairs, or nothing in old to be a part of.
    pub ratio: Option<f64>,
    /// It is not below this, at 95 %; absent as the ratio is.
    pub low: Option<f64>,
    /// It is not above this, at 95 %; absent where there is no bound.
    pub high: Option<f64>,
    /// Pairs it rests on.
    pub pairs: u64,
    /// Pairs left out because a value is negative or no number.
    pub unusable: u64,
    /// About how many independent pairs these are worth: neighbours that resemble each other tell
    /// less.
    pub independent: u64,
    /// About how many more pairs would decide, if they are like these: the interval shrinks with
    /// the root of their number. Absent when the answer is there, and when no number of pairs is
    /// likely to give one, because the ratio found is the limit.
    pub needed: Option<u64>,
    /// Nobody has set this limit: it is the usual one, and nothing is broken by being above it.
    #[serde(skip_serializing_if = "is_default")]
    pub usual: bool,
}

impl Performance {
    /// Holds a statistic against a limit: 1.05 is "at most 5 % more than old", 1.0 "not more", 0.8
    /// "at least a fifth less". Identical values keep a limit of 1.0.
    #[must_use]
    pub fn judge(&self, statistic: Statistic, at_most: f64) -> Verdict {
        let mut verdict = Verdict {
            statistic,
            at_most,
            answer: Answer::Insufficient,
            ratio: None,
            low: None,
            high: None,
            pairs: self.pairs,
            unusable: self.unusable,
            independent: self.independent,
            needed: None,
            usual: false,
        };
        let Some(estimate) = self.estimates[statistic as usize] else {
            verdict.needed = Some(statistic.least_pairs().saturating_sub(self.pairs));
            return verdict;
        };
        let limit = at_most.ln();
        verdict.ratio = round(estimate.ratio.exp());
        verdict.low = round(estimate.low.exp());
        verdict.high = round(estimate.high.exp());
        if estimate.high <= limit + SAME {
            verdict.answer = Answer::Pass;
        } else if estimate.low > limit + SAME {
            verdict.answer = Answer::Fail;
        } else {
            let reach = if estimate.ratio <= limit {
                estimate.high - estimate.ratio
            } else {
                estimate.ratio - estimate.low
            };
            let times = reach / (limit - estimate.ratio).abs();
            let needed = self.pairs as f64 * (times * times - 1.0);
            verdict.needed = (needed <= MOST_NEEDED).then(|| needed.ceil().max(1.0) as u64);
        }
        verdict
    }
}

impl fmt::Display for Verdict {
    /// One line: `mean × 0.93 [0.90, 0.96] of at most × 1.05: pass`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.statistic.word())?;
        if let Some(ratio) = self.ratio {
            write!(f, " × {ratio:.3}")?;
        }
        if let (Some(low), Some(high)) = (self.low, self.high) {
            write!(f, " [{low:.3}, {high:.3}]")?;
        }
        write!(f, " of at most × {}: {}", self.at_most, self.answer)?;
        match (self.answer, self.needed) {
            (Answer::Insufficient, Some(needed)) => {
                let pairs = if needed == 1 { "pair" } else { "pairs" };
                write!(f, ", about {needed} more {pairs} needed")
            }
            (Answer::Insufficient, None) => f.write_str(", and more pairs will hardly decide"),
            _ => Ok(()),
        }
    }
}
