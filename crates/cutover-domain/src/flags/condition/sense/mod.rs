//! Whether a condition can ever hold, as far as that can be told without trying everything.
//!
//! What is reported never holds for an attribute of one value. For a list, whose elements may pass
//! different tests, `contains` asks for several elements, and is therefore never reported.

mod attribute;
mod range;

use std::collections::HashMap;

use self::attribute::Tests;
use super::{Condition, fingerprint};

/// Why the condition can never hold; `None` when it may. Linear in its size but for long lists of
/// values, which are tried a bounded number of times.
pub(crate) fn never(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Any(inner) => match inner.split_first() {
            None => Some("an `any` of nothing never holds".to_owned()),
            Some((first, others)) => {
                let why = never(first)?;
                let impossible = others.iter().all(|condition| never(condition).is_some());
                impossible.then_some(why)
            }
        },
        Condition::Not(inner) => always(inner).then(|| format!("`{inner}` always holds")),
        Condition::All(inner) => inner
            .iter()
            .find_map(never)
            .or_else(|| contradiction(condition)),
        Condition::Test { .. } => contradiction(condition),
    }
}

/// Whether the condition holds for everybody, as far as that can be told.
pub(crate) fn always(condition: &Condition) -> bool {
    match condition {
        Condition::All(inner) => inner.iter().all(always),
        Condition::Any(inner) => {
            inner.iter().any(always) || opposites(&parts(condition, false)).is_some()
        }
        Condition::Not(inner) => never(inner).is_some(),
        Condition::Test { .. } => false,
    }
}

/// A part of a conjunction: what holds, or, with `false`, what does not.
type Part<'a> = (&'a Condition, bool);

/// Everything that has to hold so that the condition is as `wanted`, taken apart as far as that
/// leads to a conjunction.
fn parts(condition: &Condition, wanted: bool) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut open = vec![(condition, wanted)];
    while let Some((condition, wanted)) = open.pop() {
        match (condition, wanted) {
            (Condition::All(inner), true) | (Condition::Any(inner), false) => {
                open.extend(inner.iter().rev().map(|inner| (inner, wanted)));
            }
            (Condition::Not(inner), wanted) => open.push((inner, !wanted)),
            part => found.push(part),
        }
    }
    found
}

/// Why the parts of a conjunction exclude each other.
fn contradiction(condition: &Condition) -> Option<String> {
    if are_unrelated(condition) {
        return None;
    }
    let parts = parts(condition, true);
    if let Some(opposite) = opposites(&parts) {
        return Some(format!("it wants `{opposite}` and its opposite"));
    }
    let mut tests: Vec<_> = parts.into_iter().filter_map(attribute::test).collect();
    tests.sort_by_key(|test| test.attribute);
    tests
        .chunk_by(|left, right| left.attribute == right.attribute)
        .find_map(|tests| Tests(tests).contradiction())
}

/// Whether these are a few tests of as many attributes, which cannot exclude each other: what most
/// rules are, told apart without memory.
fn are_unrelated(condition: &Condition) -> bool {
    let tests = match condition {
        Condition::All(inner) if inner.len() <= 8 => inner,
        single => std::slice::from_ref(single),
    };
    tests.iter().enumerate().all(|(index, test)| {
        attribute::free_name(test).is_some_and(|name| {
            let mut earlier = tests[..index].iter();
            !earlier.any(|earlier| attribute::free_name(earlier) == Some(name))
        })
    })
}

/// A condition that is among the parts as it is and negated.
fn opposites<'a>(parts: &[Part<'a>]) -> Option<&'a Condition> {
    let negated = parts.iter().filter(|(_, wanted)| !wanted).count();
    if negated == 0 || negated == parts.len() {
        return None;
    }
    let maker = fingerprint::Maker::default();
    let negated: HashMap<u64, &Condition> = parts
        .iter()
        .filter(|(_, wanted)| !wanted)
        .map(|(condition, _)| (maker.of(condition), *condition))
        .collect();
    parts
        .iter()
        .filter(|(_, wanted)| *wanted)
        .map(|(condition, _)| *condition)
        .find(|condition| {
            let same = negated.get(&maker.of(condition));
            same.is_some_and(|negated| negated == condition)
        })
}

#[cfg(test)]
mod tests;
