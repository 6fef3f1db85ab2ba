//! Answers to compare, made at random.

use cutover_domain::tree::Tree;
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Small values with few distinct leaves, so that equal parts, repetitions and near misses happen.
pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_i64..5).prop_map(Value::from),
        (0_i64..5).prop_map(|n| Value::from(n as f64 / 2.0)),
        "[a-c]{0,2}".prop_map(Value::from),
        "[abA ]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|map| Value::from(Map::from_iter(map))),
        ]
    })
}

/// An answer and a changed copy of it, or an unrelated one.
pub(super) fn pair() -> impl Strategy<Value = (Value, Value)> {
    let changed = (
        value(),
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        value(),
    )
        .prop_map(|(old, places, piece)| {
            let mut new = old.clone();
            for place in places {
                let count = count(&new);
                replace(&mut new, place.index(count), &piece);
            }
            (old, new)
        });
    prop_oneof![3 => changed, 1 => (value(), value())]
}

/// A list of records that share fields, and a copy with some changed, removed, added, moved.
pub(super) fn records() -> impl Strategy<Value = (Value, Value)> {
    let record = (0_u8..12, 0_u8..4, "[a-c]", prop::option::of(0_u8..3)).prop_map(
        |(id, kind, name, extra)| {
            serde_json::json!({"id": id, "kind": kind, "name": name, "extra": extra})
        },
    );
    let list = prop::collection::vec(record.clone(), 0..8);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, record), 0..4);
    (list, edits).prop_map(|(old, edits)| {
        let mut new = old.clone();
        for (place, edit, record) in edits {
            let at = place.index(new.len() + 1);
            match edit {
                0 if at < new.len() => {
                    new.remove(at);
                }
                1 if at < new.len() => new[at]["kind"] = record["kind"].clone(),
                2 if at < new.len() => new.swap(at, 0),
                _ => new.insert(at, record),
            }
        }
        (Value::from(old), Value::from(new))
    })
}

/// Two documents of nested fields, with a collection of unique ids and a list of words.
pub(super) fn fields() -> impl Strategy<Value = (Value, Value)> {
    let leaf = prop_oneof![
        (0_u8..3).prop_map(Value::from),
        "[aA ]{0,2}".prop_map(Value::from),
        (0_u8..6).prop_map(|n| Value::from(f64::from(n) / 4.0)),
    ];
    let tree = leaf.prop_recursive(3, 20, 4, |inner| {
        prop::collection::btree_map("[a-d]", inner, 0..4)
            .prop_map(|map| Value::from(Map::from_iter(map)))
    });
    let rows = prop::collection::btree_map(0_u8..6, (tree.clone(), 0_u8..3), 0..5);
    let tags = prop::collection::btree_set("[a-f]", 0..5);
    let document = (tree, rows, tags).prop_map(|(tree, rows, tags)| {
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(id, (inner, v))| serde_json::json!({"id": id, "inner": inner, "v": v}))
            .collect();
        serde_json::json!({"a": tree, "rows": rows, "tags": tags})
    });
    (document.clone(), document)
}

/// A shuffle of every array in a value, decided by a seed.
pub(super) fn shuffled(value: &Value, seed: u64) -> Value {
    let mut state = seed | 1;
    shuffle(value, &mut || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

fn shuffle(value: &Value, random: &mut impl FnMut() -> u64) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(|item| shuffle(item, random)).collect();
            for at in (1..items.len()).rev() {
                items.swap(at, random() as usize % (at + 1));
            }
            Value::from(items)
        }
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (key.clone(), shuffle(member, random)))
            .collect(),
        leaf => leaf.clone(),
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts a piece in place of the value with that number in reading order.
fn replace(value: &mut Value, number: usize, piece: &Value) -> usize {
    if number == 0 {
        *value = piece.clone();
        return usize::MAX;
    }
    let children: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    };
    let mut left = number - 1;
    for child in children {
        let size = count(child);
        if left < size {
            return replace(child, left, piece);
        }
        left -= size;
    }
    left
}

pub(super) fn tree(value: &Value) -> Tree {
    Tree::from_serialize(value).unwrap()
}
