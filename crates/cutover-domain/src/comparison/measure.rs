//! What one side used, and the change from old to new in per cent.
//!
//! Everything is optional. What was not measured is absent, never 0, and a change against 0 is
//! absent as well.
//!
//! ```
//! use std::time::Duration;
//! use cutover_domain::comparison::{Deltas, Measurements};
//!
//! let old = Measurements { wall: Some(Duration::from_millis(200)), ..Default::default() };
//! let new = Measurements { wall: Some(Duration::from_millis(150)), ..Default::default() };
//!
//! let deltas = Deltas::between(&old, &new);
//! assert_eq!(deltas.wall, Some(-25.0));
//! assert_eq!(deltas.peak_memory, None);
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one side used to answer once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measurements {
    /// Time from call to answer.
    #[serde(
        rename = "wall_ns",
        with = "nanoseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub wall: Option<Duration>,
    /// Processor time in user mode.
    #[serde(
        rename = "cpu_user_ns",
        with = "nanoseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub cpu_user: Option<Duration>,
    /// Processor time in the kernel.
    #[serde(
        rename = "cpu_system_ns",
        with = "nanoseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub cpu_system: Option<Duration>,
    /// Most memory held at one time, in bytes.
    #[serde(rename = "peak_memory_bytes", skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// Memory asked for in all, in bytes.
    #[serde(rename = "allocated_bytes", skip_serializing_if = "Option::is_none")]
    pub allocated: Option<u64>,
    /// Whatever else the side counts: queries, requests, rows read.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counters: BTreeMap<String, u64>,
}

impl Measurements {
    /// Processor time in all; absent when neither part was measured.
    #[must_use]
    pub fn cpu(&self) -> Option<Duration> {
        match (self.cpu_user, self.cpu_system) {
            (None, None) => None,
            (user, system) => Some(
                user.unwrap_or_default()
                    .saturating_add(system.unwrap_or_default()),
            ),
        }
    }
}

/// The change from old to new in per cent: −50 is half, +100 is double.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deltas {
    /// Of the time from call to answer.
    #[serde(rename = "wall_percent", skip_serializing_if = "Option::is_none")]
    pub wall: Option<f64>,
    /// Of processor time, user and kernel together.
    #[serde(rename = "cpu_percent", skip_serializing_if = "Option::is_none")]
    pub cpu: Option<f64>,
    /// Of peak memory.
    #[serde(
        rename = "peak_memory_percent",
        skip_serializing_if = "Option::is_none"
    )]
    pub peak_memory: Option<f64>,
    /// Of memory asked for.
    #[serde(rename = "allocated_percent", skip_serializing_if = "Option::is_none")]
    pub allocated: Option<f64>,
    /// Of each counter that both sides report.
    #[serde(
        rename = "counters_percent",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub counters: BTreeMap<String, f64>,
}

impl Deltas {
    /// The change from `old` to `new` of everything that both measured.
    #[must_use]
    pub fn between(old: &Measurements, new: &Measurements) -> Self {
        let time = |old: Option<Duration>, new: Option<Duration>| {
            percent_change(old?.as_nanos() as f64, new?.as_nanos() as f64)
        };
        let bytes = |old: Option<u64>, new: Option<u64>| percent_change(old? as f64, new? as f64);
        Self {
            wall: time(old.wall, new.wall),
            cpu: time(old.cpu(), new.cpu()),
            peak_memory: bytes(old.peak_memory, new.peak_memory),
            allocated: bytes(old.allocated, new.allocated),
            counters: old
                .counters
                .iter()
                .filter_map(|(name, old)| {
                    let new = new.counters.get(name)?;
                    Some((name.clone(), percent_change(*old as f64, *new as f64)?))
                })
                .collect(),
        }
    }

    /// Whether nothing could be compared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The change from `old` to `new` in per cent, rounded to nine significant digits; absent when
/// `old` is 0, because there is no honest number for it.
///
/// The rounding keeps the figure the same through every JSON reader.
#[must_use]
pub fn percent_change(old: f64, new: f64) -> Option<f64> {
    let change = (new - old) / old * 100.0;
    if old == 0.0 { None } else { round(change) }
}

/// The value with nine significant digits; absent when it is no number.
pub(crate) fn round(value: f64) -> Option<f64> {
    if value.is_finite() {
        format!("{value:.8e}").parse().ok()
    } else {
        None
    }
}

/// Durations as whole nanoseconds; what is longer than 584 years is written as that.
pub(crate) mod nanoseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            None => serializer.serialize_none(),
            Some(duration) => {
                serializer.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
            }
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_relative_to_old_and_absent_against_zero() {
        for (old, new, change) in [
            (1400.0, 24.0, Some(-98.285_714_3)),
            (100.0, 100.0, Some(0.0)),
            (50.0, 100.0, Some(100.0)),
            (100.0, 0.0, Some(-100.0)),
            (0.0, 100.0, None),
            (0.0, 0.0, None),
            (f64::MIN_POSITIVE, f64::MAX, None),
        ] {
            assert_eq!(percent_change(old, new), change, "{old} → {new}");
        }
    }

    #[test]
    fn what_was_not_measured_is_absent_in_json_too() {
        let json = serde_json::to_string(&Measurements::default()).unwrap();
        assert_eq!(json, "{}");
        let deltas = Deltas::between(&Measurements::default(), &Measurements::default());
        assert!(deltas.is_empty());
        assert_eq!(serde_json::to_string(&deltas).unwrap(), "{}");
    }

    #[test]
    fn only_counters_of_both_sides_have_a_change() {
        let counters = |pairs: &[(&str, u64)]| Measurements {
            counters: pairs
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
            ..Measurements::default()
        };
        let old = counters(&[("queries", 100), ("rows", 0), ("retries", 3)]);
        let new = counters(&[("queries", 25), ("rows", 10)]);
        let deltas = Deltas::between(&old, &new);
        assert_eq!(
            deltas.counters.into_iter().collect::<Vec<_>>(),
            [("queries".to_owned(), -75.0)]
        );
    }

    #[test]
    fn processor_time_is_the_sum_of_what_is_known() {
        let seconds = |count| Some(Duration::from_secs(count));
        for (user, system, cpu) in [
            (None, None, None),
            (seconds(1), None, seconds(1)),
            (seconds(1), seconds(2), seconds(3)),
        ] {
            let measured = Measurements {
                cpu_user: user,
                cpu_system: system,
                ..Measurements::default()
            };
            assert_eq!(measured.cpu(), cpu);
        }
    }
}
