//! How comparisons ended in the course of time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Totals;
use crate::comparison::RecordResult;

/// At most so many steps.
const STEPS: i64 = 64;

const DAY: i64 = 86_400_000;

/// Widths of a step in milliseconds, each a multiple of the one before, so that steps can be put
/// together; after the last they double.
const WIDTHS: [i64; 16] = [
    1, 5, 10, 50, 100, 500, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000,
    43_200_000, DAY,
];

/// How the comparisons of some time ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineStep {
    /// From this time on.
    pub from: Timestamp,
    /// Up to, but not including, this time.
    pub to: Timestamp,
    /// How they ended.
    pub totals: Totals,
}

/// Counts into steps, the narrowest for which there are few enough. The outcome does not depend on
/// the order of what is added.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    width: usize,
    found: BTreeMap<i64, Totals>,
}

impl Timeline {
    pub(super) fn add(&mut self, time: Timestamp, result: RecordResult) {
        let step = time.as_millisecond().div_euclid(width(self.width));
        self.found.entry(step).or_default().count(result);
        while self.steps() > STEPS {
            self.widen();
        }
    }

    fn steps(&self) -> i64 {
        match (self.found.first_key_value(), self.found.last_key_value()) {
            (Some((first, _)), Some((last, _))) => last - first + 1,
            _ => 0,
        }
    }

    fn widen(&mut self) {
        let factor = width(self.width + 1) / width(self.width);
        self.width += 1;
        for (step, totals) in std::mem::take(&mut self.found) {
            let wider = self.found.entry(step.div_euclid(factor)).or_default();
            wider.merge(&totals);
        }
    }

    /// Every step from the first to the last, those without a comparison as well.
    pub(super) fn finish(self) -> Vec<TimelineStep> {
        let Some((&first, _)) = self.found.first_key_value() else {
            return Vec::new();
        };
        let width = width(self.width);
        let at = |step: i64| {
            Timestamp::from_millisecond(step.saturating_mul(width)).unwrap_or(if step < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            })
        };
        (first..first + self.steps())
            .map(|step| TimelineStep {
                from: at(step),
                to: at(step + 1),
                totals: self.found.get(&step).copied().unwrap_or_default(),
            })
            .collect()
    }
}

fn width(index: usize) -> i64 {
    match WIDTHS.get(index) {
        Some(width) => *width,
        None => DAY << (index + 1 - WIDTHS.len()).min(30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of_times(times: impl IntoIterator<Item = Timestamp>) -> Vec<TimelineStep> {
        let mut timeline = Timeline::default();
        for time in times {
            timeline.add(time, RecordResult::Equal);
        }
        timeline.finish()
    }

    fn timeline(times: &[i64]) -> Vec<TimelineStep> {
        of_times(
            times
                .iter()
                .map(|time| Timestamp::from_millisecond(*time).unwrap()),
        )
    }

    #[test]
    fn each_width_is_a_multiple_of_the_one_before() {
        for index in 1..WIDTHS.len() + 10 {
            assert_eq!(width(index) % width(index - 1), 0, "{index}");
            assert!(width(index) > width(index - 1));
        }
    }

    #[test]
    fn an_hour_is_cut_into_minutes() {
        let times: Vec<i64> = (0..3600).map(|second| second * 1000).collect();
        let steps = timeline(&times);
        assert_eq!(steps.len(), 60);
        assert!(steps.iter().all(|step| step.totals.equal == 60));
        assert!(timeline(&[]).is_empty());
        assert_eq!(timeline(&[5]).len(), 1);
    }

    #[test]
    fn all_of_time_fits() {
        let steps = of_times([Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX]);
        assert!(steps.len() as i64 <= STEPS);
        assert_eq!(steps.iter().map(|step| step.totals.equal).sum::<u64>(), 3);
    }

    proptest! {
        #[test]
        fn every_comparison_is_in_the_step_of_its_time(
            times in proptest::collection::vec(-1_000_000_000_000_i64..4_000_000_000_000, 1..40),
            near in proptest::collection::vec(0_i64..100_000, 0..40),
        ) {
            let times: Vec<i64> = times.into_iter().take(near.len() % 3).chain(near).collect();
            let steps = timeline(&times);
            prop_assert!(steps.len() as i64 <= STEPS);
            prop_assert!(steps.windows(2).all(|pair| pair[0].to == pair[1].from));
            for step in &steps {
                let inside = times.iter().filter(|time| {
                    (step.from.as_millisecond()..step.to.as_millisecond()).contains(time)
                });
                prop_assert_eq!(step.totals.equal, inside.count() as u64);
            }
            let mut backward = times;
            backward.reverse();
            prop_assert_eq!(timeline(&backward), steps);
        }
    }
}
