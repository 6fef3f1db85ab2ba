//! What holds for all answers.

use std::cell::Cell;

use cutover_domain::comparison::{Comparison, Difference, DifferenceKind, Likeness, Rules, Times};
use cutover_domain::tree::Node;
use proptest::prelude::*;
use serde_json::Value;

use super::oracle::{Slow, apply};
use super::strategy::{fields, pair, records, shuffled, tree, value};

fn compare(rules: &Rules, old: &Value, new: &Value) -> Comparison {
    rules.build().unwrap().compare(&tree(old), &tree(new))
}

/// The rule sets that laws are checked under.
fn rule_sets() -> Vec<(&'static str, Rules)> {
    vec![
        ("none", Rules::new()),
        ("strict", Rules::new().strict()),
        ("unordered", Rules::new().unordered_everywhere()),
        (
            "unordered, tolerant",
            Rules::new().unordered_everywhere().absolute(0.5),
        ),
        (
            "ordered, tolerant",
            Rules::new().absolute(0.5).relative(0.1),
        ),
        ("keyed", Rules::new().key("$", ["id"]).key("$.a", ["a"])),
        (
            "ignoring",
            Rules::new()
                .ignore("$..a")
                .ignore("$.b[0]")
                .unordered("$..c"),
        ),
        ("only", Rules::new().only("$..b").unordered("$.a")),
        (
            "tolerant at places",
            Rules::new()
                .absolute_at("$..a", 0.5)
                .relative_at("$[*]", 0.5)
                .unordered("$..a"),
        ),
        (
            "loose texts",
            Rules::new()
                .ignore_case("$")
                .trim("$..a")
                .replace("$..b", "a+", "a")
                .key("$", ["id"])
                .unordered("$..c"),
        ),
        (
            "loose texts, unordered",
            loose_texts().unordered_everywhere(),
        ),
        (
            "own comparison",
            Rules::new()
                .compare_with("halves", "$..*", halves)
                .unordered("$.a"),
        ),
        (
            "own comparison, unordered",
            Rules::new()
                .compare_with("halves", "$..a", halves)
                .unordered_everywhere(),
        ),
        (
            "null is missing",
            Rules::new().null_equals_missing().unordered_everywhere(),
        ),
    ]
}

fn loose_texts() -> Rules {
    Rules::new().ignore_case("$").trim("$")
}

/// Numbers are the same when they are no further apart than a half.
fn halves(old: Node<'_>, new: Node<'_>) -> Likeness {
    match (old.number(), new.number()) {
        (Some(old), Some(new)) if (old.as_f64() - new.as_f64()).abs() <= 0.5 => Likeness::Same,
        _ => Likeness::ByRules,
    }
}

/// What tolerance does, as a comparison of one's own.
fn close(old: Node<'_>, new: Node<'_>) -> Likeness {
    match (old.number(), new.number()) {
        (Some(old), Some(new)) => {
            let (left, right) = (old.as_f64(), new.as_f64());
            let both_integers = old.is_integer() && new.is_integer();
            if left == right || (!both_integers && (left - right).abs() <= 0.5) {
                Likeness::Same
            } else {
                Likeness::Different
            }
        }
        _ => Likeness::ByRules,
    }
}

/// A difference with old and new in each other's place.
fn mirrored(difference: &Difference) -> Difference {
    Difference {
        path: difference
            .new_path
            .clone()
            .unwrap_or_else(|| difference.path.clone()),
        new_path: difference
            .new_path
            .as_ref()
            .map(|_| difference.path.clone()),
        kind: difference.kind.mirrored(),
        old: difference.new.clone(),
        new: difference.old.clone(),
        times: difference.times.map(|times| Times {
            old: times.new,
            new: times.old,
        }),
        severity: difference.severity,
    }
}

fn sorted(mut differences: Vec<Difference>) -> Vec<String> {
    let mut lines: Vec<_> = differences
        .drain(..)
        .map(|difference| format!("{difference} {:?}", difference.kind))
        .collect();
    lines.sort();
    lines
}

/// The differences without places: what a shuffle must not change.
fn contents(comparison: &Comparison) -> Vec<String> {
    let mut contents: Vec<_> = comparison
        .differences
        .iter()
        .map(|d| {
            let json = |tree: &Option<cutover_domain::tree::Tree>| {
                tree.as_ref().map(|tree| unordered_form(&tree.to_json()))
            };
            format!(
                "{} {:?} {:?} {:?}",
                d.kind,
                json(&d.old),
                json(&d.new),
                d.times
            )
        })
        .collect();
    contents.sort();
    contents
}

/// A value with its arrays sorted and its numbers written alike, to compare what is shown of it.
fn unordered_form(json: &str) -> String {
    fn sort(value: &mut Value) {
        match value {
            Value::Array(items) => {
                items.iter_mut().for_each(sort);
                items.sort_by_key(ToString::to_string);
            }
            Value::Object(members) => members.values_mut().for_each(sort),
            Value::Number(number) => *value = Value::from(number.as_f64()),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(json).unwrap();
    sort(&mut value);
    value.to_string()
}

proptest! {
    #[test]
    fn an_answer_agrees_with_itself(value in value()) {
        for (name, rules) in rule_sets() {
            let comparison = compare(&rules, &value, &value);
            prop_assert!(comparison.equal && comparison.exact, "{}: {:?}", name, comparison);
            prop_assert!(comparison.differences.is_empty() && comparison.hidden.is_empty());
        }
    }

    #[test]
    fn differences_mirror((old, new) in prop_oneof![pair(), records()]) {
        for (name, rules) in rule_sets() {
            let there = compare(&rules, &old, &new);
            let back = compare(&rules, &new, &old);
            prop_assert_eq!(there.equal, back.equal);
            prop_assert_eq!(there.counts.missing, back.counts.extra, "{}", name);
            prop_assert_eq!(there.counts.total(), back.counts.total(), "{}", name);
            let back: Vec<_> = back.differences.iter().map(mirrored).collect();
            prop_assert_eq!(sorted(there.differences), sorted(back), "{}", name);
        }
    }

    #[test]
    fn applying_the_differences_to_old_gives_new((old, new) in prop_oneof![pair(), records()]) {
        let rules = Rules::new().strict().limit(usize::MAX).sample_bytes(usize::MAX);
        let comparison = compare(&rules, &old, &new);
        prop_assert_eq!(apply(&old, &comparison.differences), new, "{:?}", comparison.differences);
    }

    #[test]
    fn order_does_not_matter_where_there_is_none(
        (old, new) in prop_oneof![pair(), records()],
        seed in any::<u64>(),
        tolerant in any::<bool>(),
    ) {
        let rules = Rules::new().unordered_everywhere();
        let rules = if tolerant { rules.absolute(0.5) } else { rules };
        let plain = compare(&rules, &old, &new);
        for (old, new) in [
            (shuffled(&old, seed), new.clone()),
            (old.clone(), shuffled(&new, seed)),
            (shuffled(&old, seed), shuffled(&new, !seed)),
        ] {
            let comparison = compare(&rules, &old, &new);
            prop_assert_eq!(comparison.equal, plain.equal);
            if !tolerant {
                // Being close is not transitive: which of several close partners is taken may
                // depend on the order, how many find one does not.
                prop_assert_eq!(contents(&comparison), contents(&plain));
            }
        }
    }

    /// Where it is given who stands for whom. A sequence is aligned by what is left of its
    /// elements, so there another alignment may be found, and what it counts is not comparable.
    #[test]
    fn ignoring_never_adds_a_difference(
        (old, new) in fields(),
        path in prop_oneof![Just("$..a"), Just("$.b"), Just("$..v"), Just("$.*.c"), Just("$..id")],
        unordered in any::<bool>(),
    ) {
        let rules = Rules::new().key("$.rows", ["id"]);
        let rules = if unordered { rules.unordered("$.tags") } else { rules };
        let all = compare(&rules, &old, &new);
        let fewer = compare(&rules.ignore(path), &old, &new);
        prop_assert!(fewer.counts.total() <= all.counts.total(), "{:?} → {:?}", all, fewer);
        prop_assert!(!all.equal || fewer.equal);
    }

    #[test]
    fn what_agrees_still_agrees_when_less_is_looked_at(
        (old, new) in prop_oneof![pair(), records()],
        seed in any::<u64>(),
        path in prop_oneof![Just("$..a"), Just("$.b"), Just("$[*].kind"), Just("$..*.c")],
    ) {
        let rules = Rules::new().unordered_everywhere();
        for new in [new, shuffled(&old, seed)] {
            let equal = compare(&rules, &old, &new).equal;
            prop_assert!(!equal || compare(&rules.clone().ignore(path), &old, &new).equal);
        }
    }

    #[test]
    fn equal_means_equal_by_the_oracle((old, new) in prop_oneof![pair(), records()], seed in any::<u64>()) {
        for new in [new.clone(), shuffled(&old, seed), shuffled(&new, seed)] {
            for (unordered, tolerance) in [(false, 0.0), (true, 0.0), (false, 0.5), (true, 0.5)] {
                let rules = if unordered { Rules::new().unordered_everywhere() } else { Rules::new() };
                let rules = rules.absolute(tolerance);
                let comparison = compare(&rules, &old, &new);
                prop_assert_eq!(
                    comparison.equal,
                    Slow::tolerant(unordered, tolerance).agree(&old, &new),
                    "unordered {}, tolerance {}: {:?}", unordered, tolerance, comparison
                );
            }
        }
    }

    #[test]
    fn equal_means_equal_by_the_oracle_with_loose_texts((old, new) in prop_oneof![pair(), records()], seed in any::<u64>()) {
        for new in [new.clone(), shuffled(&old, seed), shuffled(&new, seed)] {
            for unordered in [false, true] {
                let slow = Slow { unordered, tolerance: 0.5, loose_texts: true };
                let rules = loose_texts().absolute(0.5);
                let rules = if unordered { rules.unordered_everywhere() } else { rules };
                prop_assert_eq!(compare(&rules, &old, &new).equal, slow.agree(&old, &new));
            }
        }
    }

    /// An own comparison that does what tolerance does finds what tolerance finds.
    #[test]
    fn equal_means_equal_by_the_oracle_with_an_own_comparison((old, new) in prop_oneof![pair(), records()], seed in any::<u64>()) {
        let whole = Rules::new().compare_with("close", "$", close).compare_with("close", "$..*", close);
        for new in [new.clone(), shuffled(&old, seed), shuffled(&new, seed)] {
            for unordered in [false, true] {
                let rules = if unordered { whole.clone().unordered_everywhere() } else { whole.clone() };
                let comparison = compare(&rules, &old, &new);
                let slow = Slow::tolerant(unordered, 0.5);
                prop_assert_eq!(comparison.equal, slow.agree(&old, &new), "{:?}", comparison);
            }
        }
    }

    #[test]
    fn fractions_in_order_are_aligned_as_well_as_they_can_be(
        old in prop::collection::vec(0_u8..8, 0..9),
        new in prop::collection::vec(0_u8..8, 0..9),
    ) {
        let list = |numbers: &[u8]| -> Vec<Value> {
            numbers.iter().map(|n| Value::from(f64::from(*n) / 2.0 + 0.25)).collect()
        };
        let (old, new) = (list(&old), list(&new));
        let rules = Rules::new().absolute(0.5);
        let comparison = compare(&rules, &Value::from(old.clone()), &Value::from(new.clone()));
        let counts = comparison.counts;
        let slow = Slow::tolerant(false, 0.5);
        if counts.order > 0 {
            prop_assert!(Slow::tolerant(true, 0.5).agree(&old.into(), &new.into()));
        } else {
            // A change is one element taken out and one put in. What changed in place may be left
            // there even if, closeness not being transitive, others could be shifted to fit.
            prop_assert!(comparison.exact);
            let edits = counts.missing + counts.extra + 2 * counts.value;
            let changed: Vec<_> =
                old.iter().zip(&new).filter(|(old, new)| !slow.agree(old, new)).collect();
            let in_place = old.len() == new.len()
                && counts.value == changed.len() as u64
                && changed.iter().all(|(old, _)| changed.iter().all(|(_, new)| !slow.agree(old, new)));
            prop_assert!(
                edits == slow.edits(&old, &new) as u64 || in_place,
                "{} {:?}", slow.edits(&old, &new), comparison
            );
        }
    }

    /// Where it is given who stands for whom, as for ignoring.
    #[test]
    fn a_rule_for_texts_or_numbers_never_adds_a_difference(
        (old, new) in fields(), rule in 0_u8..7, unordered in any::<bool>(),
    ) {
        let rules = Rules::new().key("$.rows", ["id"]);
        let rules = if unordered { rules.unordered("$.tags") } else { rules };
        let all = compare(&rules, &old, &new);
        let looser = match rule {
            0 => rules.trim("$"),
            1 => rules.ignore_case("$..a"),
            2 => rules.whitespace("$"),
            3 => rules.replace("$", "a", ""),
            4 => rules.absolute(0.25),
            5 => rules.absolute_at("$.rows", 0.5),
            _ => rules.null_equals_missing(),
        };
        let fewer = compare(&looser, &old, &new);
        prop_assert!(fewer.counts.total() <= all.counts.total(), "{:?} → {:?}", all, fewer);
        prop_assert!(!all.equal || fewer.equal);
    }

    #[test]
    fn past_a_budget_nothing_different_is_called_equal(
        (old, new) in prop_oneof![pair(), records()],
        levels in 0_usize..4,
        bytes in 0_u64..400,
        asked in 0_usize..3,
    ) {
        let whole = compare(&Rules::new(), &old, &new);
        let left = Cell::new(asked);
        let stop = || left.replace(left.get().saturating_sub(1)) == 0;
        for hasty in [
            compare(&Rules::new().max_depth(levels), &old, &new),
            compare(&Rules::new().max_bytes(bytes), &old, &new),
            Rules::new().build().unwrap().compare_until(&tree(&old), &tree(&new), &stop),
        ] {
            prop_assert!(whole.equal || !hasty.equal);
            prop_assert_eq!(hasty.exact, hasty.inexact.is_empty());
            prop_assert!(hasty.equal == whole.equal || !hasty.exact);
            prop_assert!(hasty.counts.total() <= whole.counts.total());
        }
    }

    #[test]
    fn numbers_without_order_are_matched_as_well_as_they_can_be(
        old in prop::collection::vec(0_u8..12, 0..7),
        steps in prop::collection::vec(-3_i8..=3, 7),
        seed in any::<u64>(),
    ) {
        let float = |n: f64| Value::from(n / 2.0);
        let new: Vec<_> =
            old.iter().zip(&steps).map(|(n, step)| float(f64::from(*n) + f64::from(*step))).collect();
        let new = shuffled(&Value::from(new), seed);
        let old = Value::from(old.into_iter().map(|n| float(f64::from(n))).collect::<Vec<_>>());
        let rules = Rules::new().unordered_everywhere().absolute(1.0);
        prop_assert_eq!(compare(&rules, &old, &new).equal, Slow::tolerant(true, 1.0).agree(&old, &new));
    }

    #[test]
    fn points_without_order_are_matched_as_well_as_they_can_be(
        old in prop::collection::vec((0_u8..6, 0_u8..6), 0..6),
        steps in prop::collection::vec((-1_i8..=1, -1_i8..=1), 6),
        seed in any::<u64>(),
    ) {
        let point = |x: f64, y: f64| serde_json::json!({"x": x / 2.0, "y": y / 2.0});
        let new: Vec<_> = old.iter().zip(&steps).map(|((x, y), (dx, dy))| {
            point(f64::from(*x) + f64::from(*dx), f64::from(*y) + f64::from(*dy))
        }).collect();
        let new = shuffled(&Value::from(new), seed);
        let old = Value::from(
            old.into_iter().map(|(x, y)| point(f64::from(x), f64::from(y))).collect::<Vec<_>>(),
        );
        let rules = Rules::new().unordered_everywhere().absolute(0.5);
        prop_assert_eq!(compare(&rules, &old, &new).equal, Slow::tolerant(true, 0.5).agree(&old, &new));
    }

    #[test]
    fn the_limit_bounds_what_is_kept_and_nothing_else((old, new) in pair(), limit in 0_usize..4) {
        let all = compare(&Rules::new(), &old, &new);
        let some = compare(&Rules::new().limit(limit), &old, &new);
        prop_assert_eq!(some.counts, all.counts);
        prop_assert_eq!(&some.differences[..], &all.differences[..limit.min(all.differences.len())]);
        prop_assert_eq!(some.truncated, all.differences.len() > limit);
    }

    #[test]
    fn whatever_little_effort_is_left_nothing_different_is_called_equal(
        (old, new) in prop_oneof![pair(), records()], effort in 0_u64..20,
    ) {
        for rules in [
            Rules::new(),
            Rules::new().unordered_everywhere().absolute(0.5),
        ] {
            let whole = compare(&rules, &old, &new);
            let hasty = compare(&rules.effort(effort), &old, &new);
            prop_assert!(whole.equal || !hasty.equal);
            prop_assert!(hasty.equal == whole.equal || !hasty.exact);
        }
    }

    #[test]
    fn a_comparison_survives_storage((old, new) in pair()) {
        let mut comparison = compare(&Rules::new().unordered_everywhere().ignore("$.a"), &old, &new);
        comparison.unmatched = None;
        let json = serde_json::to_string(&comparison).unwrap();
        prop_assert_eq!(serde_json::from_str::<Comparison>(&json).unwrap(), comparison);
    }
}

#[test]
fn every_kind_of_difference_is_found_by_some_law() {
    // The laws would hold for an engine that finds nothing: this one does find.
    let old = serde_json::json!({"v": 1, "t": 1, "m": 1, "o": [1, 2], "l": [1, 1, 2]});
    let new = serde_json::json!({"v": 2, "t": "1", "e": 1, "o": [2, 1], "l": [1, 2, 2]});
    let comparison = compare(&Rules::new().unordered("$.l"), &old, &new);
    for kind in DifferenceKind::ALL
        .into_iter()
        .filter(|kind| *kind != DifferenceKind::Outcome)
    {
        assert!(comparison.counts.of(kind) > 0, "{kind}");
    }
}
