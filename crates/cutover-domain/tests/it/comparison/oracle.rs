//! Slow and plain: what the engine is checked against.

use std::collections::BTreeMap;

use cutover_domain::comparison::{Difference, DifferenceKind};
use serde_json::{Map, Value};

/// The rules the oracle knows, for all places alike.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slow {
    pub(super) unordered: bool,
    pub(super) tolerance: f64,
    /// Texts are the same but for case and the space around them.
    pub(super) loose_texts: bool,
}

impl Slow {
    pub(super) fn tolerant(unordered: bool, tolerance: f64) -> Self {
        Self {
            unordered,
            tolerance,
            ..Self::default()
        }
    }

    /// Whether two values agree. Unordered arrays are matched by trying every partner.
    pub(super) fn agree(&self, old: &Value, new: &Value) -> bool {
        match (old, new) {
            (Value::Number(old), Value::Number(new)) => {
                let (left, right) = (old.as_f64().unwrap(), new.as_f64().unwrap());
                let both_integers = old.is_i64() && new.is_i64();
                left == right || (!both_integers && (left - right).abs() <= self.tolerance)
            }
            (Value::String(old), Value::String(new)) if self.loose_texts => {
                old.trim().to_lowercase() == new.trim().to_lowercase()
            }
            (Value::Object(old), Value::Object(new)) => {
                old.len() == new.len()
                    && old.iter().all(|(key, value)| {
                        new.get(key).is_some_and(|other| self.agree(value, other))
                    })
            }
            (Value::Array(old), Value::Array(new)) if self.unordered => {
                old.len() == new.len() && self.matching(old, new, &mut vec![false; new.len()])
            }
            (Value::Array(old), Value::Array(new)) => {
                old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.agree(old, new))
            }
            (old, new) => old == new,
        }
    }

    fn matching(&self, old: &[Value], new: &[Value], taken: &mut [bool]) -> bool {
        let Some((first, rest)) = old.split_first() else {
            return true;
        };
        for at in 0..new.len() {
            if !taken[at] && self.agree(first, &new[at]) {
                taken[at] = true;
                if self.matching(rest, new, taken) {
                    return true;
                }
                taken[at] = false;
            }
        }
        false
    }

    /// The fewest elements to put in or take out to make new of old: the textbook table.
    pub(super) fn edits(&self, old: &[Value], new: &[Value]) -> usize {
        let mut row: Vec<usize> = (0..=new.len()).collect();
        for (x, left) in old.iter().enumerate() {
            let mut diagonal = std::mem::replace(&mut row[0], x + 1);
            for (y, right) in new.iter().enumerate() {
                let kept = if self.agree(left, right) {
                    diagonal
                } else {
                    usize::MAX
                };
                diagonal = row[y + 1];
                row[y + 1] = kept.min(row[y] + 1).min(row[y + 1] + 1);
            }
        }
        row[new.len()]
    }
}

/// The differences below one value of old, by their next step.
#[derive(Default)]
struct Changes {
    here: Option<Value>,
    missing: bool,
    /// Members and elements that old has, by name or index.
    below: BTreeMap<String, Changes>,
    /// What only new has, by name or index in new.
    extra: BTreeMap<String, Value>,
}

/// Makes new out of old by the differences of an ordered comparison.
pub(super) fn apply(old: &Value, differences: &[Difference]) -> Value {
    let mut changes = Changes::default();
    for difference in differences {
        let mut steps = steps(&difference.path);
        let new = difference
            .new
            .as_ref()
            .map(|tree| serde_json::from_str(&tree.to_json()).unwrap());
        if difference.kind == DifferenceKind::Extra {
            let last = steps.pop().unwrap();
            place(&mut changes, &steps).extra.insert(last, new.unwrap());
            continue;
        }
        let changed = place(&mut changes, &steps);
        match difference.kind {
            DifferenceKind::Missing => changed.missing = true,
            DifferenceKind::Value | DifferenceKind::Type | DifferenceKind::Order => {
                changed.here = new;
            }
            kind => panic!("an ordered comparison has no {kind}"),
        }
    }
    changed(old, changes).unwrap()
}

fn place<'c>(changes: &'c mut Changes, steps: &[String]) -> &'c mut Changes {
    steps.iter().fold(changes, |at, step| {
        at.below.entry(step.clone()).or_default()
    })
}

/// The steps of a path of plain names and indexes: `$.a[3].b`.
fn steps(path: &str) -> Vec<String> {
    path.trim_start_matches('$')
        .split(['.', '['])
        .filter(|step| !step.is_empty())
        .map(|step| step.trim_end_matches(']').to_owned())
        .collect()
}

fn changed(old: &Value, mut changes: Changes) -> Option<Value> {
    if changes.missing {
        return None;
    }
    if let Some(new) = changes.here {
        return Some(new);
    }
    Some(match old {
        Value::Object(members) => {
            let mut new: Map<_, _> = members
                .iter()
                .filter_map(|(key, value)| {
                    let below = changes.below.remove(key).unwrap_or_default();
                    Some((key.clone(), changed(value, below)?))
                })
                .collect();
            new.extend(changes.extra);
            Value::from(new)
        }
        Value::Array(items) => {
            let mut new: Vec<_> = items
                .iter()
                .enumerate()
                .filter_map(|(at, value)| {
                    let below = changes.below.remove(&at.to_string()).unwrap_or_default();
                    changed(value, below)
                })
                .collect();
            let mut extra: Vec<_> = changes
                .extra
                .into_iter()
                .map(|(at, value)| (at.parse().unwrap(), value))
                .collect();
            extra.sort_by_key(|(at, _): &(usize, Value)| *at);
            for (at, value) in extra {
                new.insert(at, value);
            }
            Value::from(new)
        }
        leaf => leaf.clone(),
    })
}
