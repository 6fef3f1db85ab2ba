//! A slow judge of small tables, which knows rows as lists of values and nothing of columns,
//! batches or fingerprints.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use cutover_table::Tolerance;
use proptest::prelude::*;

use crate::tables::batch;

/// A row: a key, a whole number, a float, a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) key: Option<i64>,
    pub(crate) count: Option<i64>,
    pub(crate) price: Option<f64>,
    pub(crate) name: Option<&'static str>,
}

/// Rows of few different values, so that they meet; floats lie about a tolerance of 0.1 apart.
pub(crate) fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let prices = [
        0.0,
        -0.0,
        0.06,
        0.12,
        0.18,
        1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    let names = [
        "",
        "a",
        "a longer name, past its view",
        "a longer name, past its vieW",
    ];
    let row = (
        proptest::option::weighted(0.9, -2..6i64),
        proptest::option::weighted(0.8, 0..3i64),
        proptest::option::weighted(0.8, proptest::sample::select(prices.to_vec())),
        proptest::option::weighted(0.8, proptest::sample::select(names.to_vec())),
    );
    let row = row.prop_map(|(key, count, price, name)| Row {
        key,
        count,
        price,
        name,
    });
    proptest::collection::vec(row, 0..most)
}

pub(crate) const TOLERANCE: Tolerance = Tolerance::absolute(0.1);

pub(crate) fn as_batch(rows: &[Row]) -> RecordBatch {
    let keys: Int64Array = rows.iter().map(|row| row.key).collect();
    let counts: Int64Array = rows.iter().map(|row| row.count).collect();
    let prices: Float64Array = rows.iter().map(|row| row.price).collect();
    let names: StringArray = rows.iter().map(|row| row.name).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("key", Arc::new(keys)),
        ("count", Arc::new(counts)),
        ("price", Arc::new(prices)),
        ("name", Arc::new(names)),
    ];
    batch(columns)
}

fn close(old: Option<f64>, new: Option<f64>) -> bool {
    match (old, new) {
        (None, None) => true,
        (Some(old), Some(new)) => {
            old == new || (old.is_nan() && new.is_nan()) || (old - new).abs() <= 0.1
        }
        _ => false,
    }
}

/// Which of count, price and name differ.
fn differs(old: &Row, new: &Row) -> [bool; 3] {
    [
        old.count != new.count,
        !close(old.price, new.price),
        old.name != new.name,
    ]
}

/// The very same row, as far as anybody can see.
fn same(old: &Row, new: &Row) -> bool {
    let bits = |price: Option<f64>| {
        price.map(|price| {
            if price.is_nan() {
                f64::NAN.to_bits()
            } else {
                (price + 0.0).to_bits()
            }
        })
    };
    (old.key, old.count, old.name) == (new.key, new.count, new.name)
        && bits(old.price) == bits(new.price)
}

/// What a judge counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) equal: u64,
    pub(crate) different: u64,
    pub(crate) only_old: u64,
    pub(crate) only_new: u64,
    pub(crate) groups: u64,
    pub(crate) different_groups: u64,
    /// Of count, price and name.
    pub(crate) columns: [u64; 3],
}

impl Verdict {
    fn pair(&mut self, old: &Row, new: &Row) {
        let differs = differs(old, new);
        if differs.contains(&true) {
            self.different += 1;
        } else {
            self.equal += 1;
        }
        for (count, differs) in self.columns.iter_mut().zip(differs) {
            *count += u64::from(differs);
        }
    }

    /// Whether the tables are the same to whoever counts like this.
    pub(crate) fn is_equal(&self) -> bool {
        self.different + self.only_old + self.only_new + self.different_groups == 0
    }
}

pub(crate) fn by_key(old: &[Row], new: &[Row]) -> Verdict {
    let mut keys: BTreeMap<Option<i64>, (Vec<&Row>, Vec<&Row>)> = BTreeMap::new();
    for row in old {
        keys.entry(row.key).or_default().0.push(row);
    }
    for row in new {
        keys.entry(row.key).or_default().1.push(row);
    }
    let mut verdict = Verdict::default();
    for (old, mut new) in keys.into_values() {
        match (&old[..], &new[..]) {
            ([old], [new]) => verdict.pair(old, new),
            ([_], []) => verdict.only_old += 1,
            ([], [_]) => verdict.only_new += 1,
            _ => {
                verdict.groups += 1;
                let all_met = old.iter().all(|old| {
                    let met = new.iter().position(|new| same(old, new));
                    met.map(|at| new.remove(at)).is_some()
                });
                verdict.different_groups += u64::from(!all_met || !new.is_empty());
            }
        }
    }
    verdict
}

/// Without the key, which is ignored there.
pub(crate) fn by_order(old: &[Row], new: &[Row]) -> Verdict {
    let mut verdict = Verdict {
        only_old: old.len().saturating_sub(new.len()) as u64,
        only_new: new.len().saturating_sub(old.len()) as u64,
        ..Verdict::default()
    };
    for (old, new) in old.iter().zip(new) {
        verdict.pair(old, new);
    }
    verdict
}

/// How many can have a partner at the most, by augmenting paths over all pairs.
pub(crate) fn most_pairs<T>(old: &[T], new: &[T], close: impl Fn(&T, &T) -> bool) -> u64 {
    fn find(
        at: usize,
        friends: &[Vec<usize>],
        taken: &mut [Option<usize>],
        seen: &mut [bool],
    ) -> bool {
        friends[at].iter().any(|other| {
            if std::mem::replace(&mut seen[*other], true) {
                return false;
            }
            let free = taken[*other].is_none_or(|holder| find(holder, friends, taken, seen));
            if free {
                taken[*other] = Some(at);
            }
            free
        })
    }
    let friends = old.iter().map(|old| {
        let near = (0..new.len()).filter(|at| close(old, &new[*at]));
        near.collect::<Vec<usize>>()
    });
    let friends: Vec<Vec<usize>> = friends.collect();
    let mut taken: Vec<Option<usize>> = vec![None; new.len()];
    let matched =
        (0..old.len()).filter(|at| find(*at, &friends, &mut taken, &mut vec![false; new.len()]));
    matched.count() as u64
}

pub(crate) fn as_bag(old: &[Row], new: &[Row]) -> Verdict {
    let close = |old: &Row, new: &Row| old.key == new.key && !differs(old, new).contains(&true);
    let matched = most_pairs(old, new, close);
    Verdict {
        equal: matched,
        only_old: old.len() as u64 - matched,
        only_new: new.len() as u64 - matched,
        ..Verdict::default()
    }
}
