//! Answers that look alike to a careless hash or a careless search.

use std::fmt::Write as _;

use cutover_domain::comparison::{Comparator, Rules};
use cutover_domain::tree::Tree;

use super::{compare, lines, tree};

fn list(items: impl Iterator<Item = String>) -> Tree {
    tree(&format!("[{}]", items.collect::<Vec<_>>().join(",")))
}

fn unordered() -> Comparator {
    Rules::new().unordered_everywhere().build().unwrap()
}

#[test]
fn shapes_with_the_same_leaves_stay_apart() {
    let shapes = [
        "[]",
        "{}",
        "null",
        "\"\"",
        "0",
        "false",
        "[[]]",
        "[{}]",
        "[null]",
        "{\"a\": null}",
        "{\"a\": []}",
        "[[1], [2]]",
        "[[1, 2]]",
        "[1, 2]",
        "[1, [2]]",
        "[[1], 2]",
        "[[2, 1], []]",
        "[[], [1, 2]]",
        "[[1], [2], []]",
        "{\"a\": 1, \"b\": 2}",
        "{\"a\": 2, \"b\": 1}",
        "{\"a\": {\"b\": 1}}",
        "{\"b\": {\"a\": 1}}",
        "{\"ab\": 1}",
        "[{\"a\": 1}, {\"b\": 2}]",
        "[{\"a\": 1, \"b\": 2}]",
        "[{\"a\": 2}, {\"b\": 1}]",
        "[[\"a\", 1], [\"b\", 2]]",
        "1",
        "\"1\"",
        "[1]",
        "[\"1\"]",
        "[true]",
        "[\"true\"]",
        "[1, 1]",
        "[1, 1, 1]",
        "[[1, 1], [1]]",
        "[[1], [1, 1], []]",
        "[[1, 2], [3, 4]]",
        "[[1, 3], [2, 4]]",
        "[[1, 4], [2, 3]]",
        "[[1, 2, 3, 4], []]",
        "{\"\": 0}",
        "{\"\": \"\"}",
        "[\"a\", \"b\"]",
        "[\"ab\"]",
        "[\"\", \"ab\"]",
        "[-1]",
        "[1e-1]",
        "[10]",
    ];
    // The only two that are the same when no array has an order.
    let same = ["[[], [1, 2]]", "[[2, 1], []]"];
    for rules in [
        Rules::new(),
        Rules::new().unordered_everywhere(),
        Rules::new().unordered_everywhere().absolute(1e-9),
        Rules::new().trim("$").ignore_case("$"),
    ] {
        let ordered = rules == Rules::new() || rules == Rules::new().trim("$").ignore_case("$");
        let comparator = rules.build().unwrap();
        for (at, old) in shapes.iter().enumerate() {
            for (other, new) in shapes.iter().enumerate() {
                let alike = at == other || (!ordered && same.contains(old) && same.contains(new));
                let comparison = comparator.compare(&tree(old), &tree(new));
                assert_eq!(comparison.equal, alike, "{old} {new} {rules:?}");
                assert!(comparison.exact);
            }
        }
    }
}

#[test]
fn many_near_equal_records_are_told_apart() {
    // Ten thousand records that share all but one value; half of them change another.
    let record = |at: usize, state: &str| {
        format!(r#"{{"host": "h1", "zone": "z", "state": "{state}", "kind": 3, "id": "r{at}"}}"#)
    };
    let old = list((0..10_000).map(|at| record(at, "up")));
    let new = list(
        (0..10_000)
            .rev()
            .map(|at| record(at, if at % 2 == 0 { "up" } else { "down" })),
    );
    let comparison = unordered().compare(&old, &new);
    assert!(comparison.exact);
    assert_eq!(
        (comparison.counts.value, comparison.counts.total()),
        (5_000, 5_000)
    );
    assert!(
        comparison
            .differences
            .iter()
            .all(|d| d.path.ends_with(".state"))
    );
}

#[test]
fn a_rule_for_texts_does_not_make_pairing_worse() {
    // The ids that a rule takes for the same still tell who is who where they are the same.
    let id = |at: usize| format!("{at:08x}-0000-4000-8000-000000000000");
    let record = |at: usize, name: &str| {
        format!(
            r#"{{"id": "{}", "kind": {}, "name": "{name}"}}"#,
            id(at),
            at % 3
        )
    };
    let old = list((0..200).map(|at| record(at, "n")));
    let new = list(
        (0..200)
            .rev()
            .map(|at| record(at, if at % 2 == 0 { "m" } else { "n" })),
    );
    let without = unordered().compare(&old, &new);
    for rules in [
        Rules::new().uuids("$"),
        Rules::new().uuids("$[*].id"),
        Rules::new().replace("$..id", "^[0-9a-f]+", "X"),
        Rules::new().ignore_case("$").trim("$").whitespace("$"),
    ] {
        let with = rules
            .unordered_everywhere()
            .build()
            .unwrap()
            .compare(&old, &new);
        assert!(with.exact);
        assert_eq!(with.counts, without.counts);
    }
    assert_eq!((without.counts.value, without.counts.total()), (100, 100));
    // What a rule makes the same is found by it.
    let old = list(
        (0..100).map(|at| format!(r#"{{"name": "Name {at}", "kind": "k", "n": {}}}"#, at % 2)),
    );
    let new = list(
        (0..100)
            .rev()
            .map(|at| format!(r#"{{"name": "NAME {at} ", "kind": "k", "n": 7}}"#)),
    );
    let rules = Rules::new()
        .unordered_everywhere()
        .ignore_case("$")
        .trim("$");
    let comparison = rules.build().unwrap().compare(&old, &new);
    assert_eq!(
        (comparison.counts.value, comparison.counts.total()),
        (100, 100)
    );
    assert!(lines(&comparison).iter().all(|line| line.contains(".n")));
}

#[test]
fn long_shared_beginnings_cost_no_more_than_reading_them() {
    let prefix = "x".repeat(100_000);
    let texts = |mark: &str| list((0..200).map(|at| format!("\"{prefix}{at}{mark}\"")));
    let comparison = unordered().compare(&texts("a"), &texts("b"));
    assert_eq!(comparison.counts.total(), 400);
    // Arrays that differ in their last element, many times.
    let shared = (0..2_000)
        .map(|at| at.to_string())
        .collect::<Vec<_>>()
        .join(",");
    let arrays = |mark: usize| list((0..100).map(|at| format!("[{shared},{}]", at + mark)));
    let comparison = Comparator::default().compare(&arrays(0), &arrays(1_000));
    assert_eq!(
        (comparison.counts.value, comparison.counts.total()),
        (100, 100)
    );
    let comparison = unordered().compare(&arrays(0), &arrays(1_000));
    assert!(!comparison.equal && comparison.counts.total() > 0);
}

#[test]
fn a_fraction_put_in_front_does_not_shift_the_rest() {
    let rules = || Rules::new().absolute(1e-9);
    let numbers = |from: usize, noise: f64| {
        list((from..1_000).map(|at| format!("{:?}", at as f64 + 0.5 + noise)))
    };
    let comparator = rules().build().unwrap();
    let comparison = comparator.compare(&numbers(0, 0.0), &numbers(1, 1e-12));
    assert_eq!(lines(&comparison), ["$[0]: missing 0.5"]);
    assert!(comparison.exact);
    // Changed in place is changed in place.
    let mut new = (0..1_000).map(|at| f64::from(at) + 0.5).collect::<Vec<_>>();
    for at in (0..1_000).step_by(10) {
        new[at] += 5_000.0;
    }
    let new = list(new.into_iter().map(|number| format!("{number:?}")));
    let comparison = comparator.compare(&numbers(0, 0.0), &new);
    assert_eq!(
        (comparison.counts.value, comparison.counts.total()),
        (100, 100)
    );
    assert!(comparison.exact);
    // The same numbers in another sequence are that.
    let backwards = list(
        (0..1_000)
            .rev()
            .map(|at| format!("{:?}", f64::from(at) + 0.5)),
    );
    let comparison = comparator.compare(&numbers(0, 1e-12), &backwards);
    assert_eq!((comparison.counts.order, comparison.counts.total()), (1, 1));
    // So it is inside of records.
    let old = r#"[{"v": 0.5}, {"v": 1.5}, {"v": 2.5}]"#;
    let new = r#"[{"v": 1.5}, {"v": 2.5}]"#;
    assert_eq!(
        lines(&compare(rules(), old, new)),
        [r#"$[0]: missing {"v":0.5}"#]
    );
}

#[test]
fn nested_collections_without_order_are_matched_with_their_numbers() {
    // Which inner list belongs to which is only told by numbers within tolerance.
    let inner = |base: usize, noise: f64, flip: bool| {
        let mut points: Vec<_> = (0..5)
            .map(|at| {
                format!(
                    r#"{{"p": [{:?}, {:?}]}}"#,
                    (base * 10 + at) as f64 + 0.25 + noise,
                    at as f64 / 2.0 + noise
                )
            })
            .collect();
        if flip {
            points.reverse();
        }
        format!("[{}]", points.join(","))
    };
    let old = list((0..40).map(|base| inner(base, 0.0, false)));
    let new = list((0..40).rev().map(|base| inner(base, 1e-10, true)));
    let comparator = Rules::new()
        .unordered_everywhere()
        .absolute(1e-9)
        .build()
        .unwrap();
    let comparison = comparator.compare(&old, &new);
    assert!(comparison.equal && comparison.exact, "{comparison:?}");
    let mut off = String::new();
    write!(off, "{}", new.to_json().replacen("390.25", "390.26", 1)).unwrap();
    let comparison = comparator.compare(&old, &tree(&off));
    assert!(!comparison.equal);
}
