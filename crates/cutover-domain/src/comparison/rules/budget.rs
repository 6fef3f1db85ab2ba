//! How much is looked at before the answer is: not decided.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Rules;

/// A time as it is written in a rules file: `2s`, `500ms`, `1m 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub(super) SignedDuration);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#}", self.0))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| {
            serde::de::Error::custom(format_args!(
                "`{text}` is not a time; write `2s` or `500ms`"
            ))
        })
    }
}

/// Budgets bound what a comparison costs and what of it is shown. Past one the answer is never
/// "equal": [`Comparison::exact`](crate::comparison::Comparison::exact) is false and
/// [`inexact`](crate::comparison::Comparison::inexact) names what was not looked at.
impl Rules {
    /// Spends at most so many steps on aligning and pairing; linear work is not counted.
    #[must_use]
    pub fn effort(mut self, steps: u64) -> Self {
        self.effort = Some(steps);
        self
    }

    /// Looks for differences at most so many levels deep; the whole answer is level 0. Values at
    /// that level are still proven to be equal, or are one difference each.
    #[must_use]
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = Some(levels);
        self
    }

    /// Does not compare answers that are not the same as written and take more memory than this
    /// together.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Stops comparing after this time. This crate knows no clock: the time is kept by who calls
    /// [`compare_until`](crate::comparison::Comparator::compare_until), as operations and the
    /// command line do.
    #[must_use]
    pub fn max_time(mut self, time: Duration) -> Self {
        let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        self.max_time = Some(Time(time));
        self
    }
}
