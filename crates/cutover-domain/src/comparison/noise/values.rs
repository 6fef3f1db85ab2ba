//! What sort of values part at a place: enough to suggest a rule, without keeping any of them.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::comparison::side::is_default;
use crate::comparison::{Difference, round};
use crate::tree::{Node, Tree};

/// Two instants further apart than this are not two readings of one clock.
const NEAR: f64 = 86_400.0;

/// Two values that part, by what they look like. Counts only: no value is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Values {
    /// Pairs of values looked at.
    #[serde(skip_serializing_if = "is_default")]
    pub seen: u64,
    /// Of them, both instants, at most a day apart.
    #[serde(skip_serializing_if = "is_default")]
    pub timestamps: u64,
    /// Of them, both UUIDs.
    #[serde(skip_serializing_if = "is_default")]
    pub uuids: u64,
    /// Of them, both numbers, not both integers.
    #[serde(skip_serializing_if = "is_default")]
    pub floats: u64,
    /// Of them, among values that are the same on both sides in another sequence.
    #[serde(skip_serializing_if = "is_default")]
    pub shuffled: u64,
    /// The furthest that two instants are apart, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub widest_seconds: Option<f64>,
    /// The furthest that two numbers are apart, as a share of the larger one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub widest_relative: Option<f64>,
}

impl Values {
    /// The values that part in these differences of one place in one comparison.
    pub(super) fn of<'a>(differences: impl IntoIterator<Item = &'a Difference>) -> Self {
        let mut values = Self::default();
        // How much oftener old has a value than new.
        let mut balance: HashMap<String, i64> = HashMap::new();
        for difference in differences {
            if let (Some(old), Some(new)) = (&difference.old, &difference.new)
                // What was redacted, or cut to a sample, looks the same and tells nothing.
                && old != new
            {
                values.see(old, new);
                *balance.entry(old.to_json()).or_default() += 1;
                *balance.entry(new.to_json()).or_default() -= 1;
            }
        }
        if values.seen > 1 && balance.values().all(|more| *more == 0) {
            values.shuffled = values.seen;
        }
        values
    }

    fn see(&mut self, old: &Tree, new: &Tree) {
        self.seen += 1;
        let (old, new) = (old.root(), new.root());
        if let Some(apart) = seconds_apart(old, new).filter(|apart| *apart <= NEAR) {
            self.timestamps += 1;
            self.widest_seconds = widest(self.widest_seconds, round(apart));
        } else if [old, new]
            .iter()
            .all(|node| node.as_str().is_some_and(is_uuid))
        {
            self.uuids += 1;
        } else if let Some(apart) = relative(old, new) {
            self.floats += 1;
            self.widest_relative = widest(self.widest_relative, round(apart));
        }
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.seen = self.seen.saturating_add(other.seen);
        self.timestamps = self.timestamps.saturating_add(other.timestamps);
        self.uuids = self.uuids.saturating_add(other.uuids);
        self.floats = self.floats.saturating_add(other.floats);
        self.shuffled = self.shuffled.saturating_add(other.shuffled);
        self.widest_seconds = widest(self.widest_seconds, other.widest_seconds);
        self.widest_relative = widest(self.widest_relative, other.widest_relative);
    }
}

fn widest(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::max)
}

/// How far two instants are apart; `None` where not both are instants.
fn seconds_apart(old: Node<'_>, new: Node<'_>) -> Option<f64> {
    match (old.as_str(), new.as_str()) {
        (Some(old), Some(new)) => {
            let apart = instant(old)?.duration_since(instant(new)?);
            Some(apart.as_secs_f64().abs())
        }
        _ => {
            let (old, new) = (old.number()?.as_i64()?, new.number()?.as_i64()?);
            let unit = unit_since_1970(old).filter(|unit| unit_since_1970(new) == Some(*unit))?;
            Some(old.abs_diff(new) as f64 / unit)
        }
    }
}

/// An instant with an offset, or without one, which is then taken as UTC.
fn instant(text: &str) -> Option<Timestamp> {
    // Shorter texts (`20`, `12:30`) parse as parts of an instant and are more likely something else.
    if !(16..=64).contains(&text.len()) {
        return None;
    }
    text.parse().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// How many of its units a second has, if the number looks like a time since 1970 in seconds,
/// milliseconds, microseconds or nanoseconds: between 2001 and 2100.
fn unit_since_1970(number: i64) -> Option<f64> {
    [1_i64, 1_000, 1_000_000, 1_000_000_000]
        .into_iter()
        .find(|unit| (1_000_000_000..=4_102_444_800).contains(&(number / unit)))
        .map(|unit| unit as f64)
}

/// `8-4-4-4-12` hex digits.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// How far two numbers are apart, as a share of the larger one; `None` for two integers.
fn relative(old: Node<'_>, new: Node<'_>) -> Option<f64> {
    let (old, new) = (old.number()?, new.number()?);
    if old.is_integer() && new.is_integer() {
        return None;
    }
    let (old, new) = (old.as_f64(), new.as_f64());
    let apart = (old - new).abs() / old.abs().max(new.abs());
    apart.is_finite().then_some(apart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::Comparator;

    fn seen(old: &str, new: &str) -> Values {
        let tree = |json| Tree::from_json(json).unwrap();
        Values::of(
            &Comparator::default()
                .compare(&tree(old), &tree(new))
                .differences,
        )
    }

    #[test]
    fn values_are_told_by_their_looks() {
        for (old, new, what) in [
            (
                r#""2026-01-01T00:00:00Z""#,
                r#""2026-01-01T00:00:01+00:00""#,
                "timestamps 1",
            ),
            (
                r#""2026-01-01 00:00:00.5""#,
                r#""2026-01-01 00:00:00""#,
                "timestamps 0.5",
            ),
            (
                r#""2026-01-01T00:00:00Z""#,
                r#""2025-01-01T00:00:00Z""#,
                "other",
            ),
            ("1767225600", "1767225601", "timestamps 1"),
            ("1767225600123", "1767225600124", "timestamps 0.001"),
            ("1767225600", "1767225600124", "other"),
            ("17", "18", "other"),
            (
                r#""6f9619ff-8b86-d011-b42d-00cf4fc964ff""#,
                r#""6F9619FF-8B86-D011-B42D-00CF4FC964FE""#,
                "uuids",
            ),
            ("1.0", "1.5", "floats 0.333333333"),
            ("1", "1.5", "floats 0.333333333"),
            (r#""1.0""#, "1.5", "other"),
            (r#""a""#, r#""b""#, "other"),
        ] {
            let values = seen(old, new);
            let told = match values {
                Values {
                    timestamps: 1,
                    widest_seconds: Some(apart),
                    ..
                } => format!("timestamps {apart}"),
                Values { uuids: 1, .. } => "uuids".to_owned(),
                Values {
                    floats: 1,
                    widest_relative: Some(apart),
                    ..
                } => format!("floats {apart}"),
                _ => "other".to_owned(),
            };
            assert_eq!((told.as_str(), values.seen), (what, 1), "{old} {new}");
        }
    }

    #[test]
    fn the_same_values_in_another_sequence_are_shuffled() {
        let differences = |old: &str, new: &str| {
            let tree = |json| Tree::from_json(json).unwrap();
            let compared = Comparator::default().compare(&tree(old), &tree(new));
            compared.differences
        };
        let ids = differences(
            r#"[{"id": 1, "x": 7}, {"id": 2, "x": 8}]"#,
            r#"[{"id": 2, "x": 9}, {"id": 1, "x": 8}]"#,
        );
        let at = |field: &str| {
            let found: Vec<_> = ids
                .iter()
                .filter(|found| found.path.ends_with(field))
                .collect();
            Values::of(found)
        };
        assert_eq!((at(".id").seen, at(".id").shuffled), (2, 2));
        assert_eq!(at(".x").shuffled, 0);
    }
}
