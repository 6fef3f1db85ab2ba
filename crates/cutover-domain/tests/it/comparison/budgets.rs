//! Past a budget the answer names what was not looked at, and is never "equal".

use std::cell::Cell;
use std::time::Duration;

use cutover_domain::comparison::{Comparison, DifferenceKind, Rules, Severity};

use super::{compare, lines, tree};

#[test]
fn past_the_depth_a_difference_is_one_and_its_place_is_named() {
    let old = r#"{"a": {"b": {"c": [1, 2]}, "x": 1}, "same": {"b": {"c": [1]}}}"#;
    let new = r#"{"a": {"b": {"c": [1, 3]}, "x": 2}, "same": {"b": {"c": [1]}}}"#;
    let at = |levels: usize| compare(Rules::new().max_depth(levels), old, new);
    let whole = at(4);
    assert_eq!(
        lines(&whole),
        ["$.a.b.c[1]: value 2 → 3", "$.a.x: value 1 → 2"]
    );
    assert!(whole.exact);
    let shallow = at(2);
    assert_eq!(
        lines(&shallow),
        [
            r#"$.a.b: value {"c":[1,2]} → {"c":[1,3]}"#,
            "$.a.x: value 1 → 2"
        ]
    );
    let named: Vec<_> = shallow
        .inexact
        .iter()
        .map(|undecided| (undecided.path.as_str(), undecided.elements))
        .collect();
    assert_eq!(named, [("$.a.b", 8)]);
    assert!(!shallow.exact && shallow.inexact[0].what.contains("raise max_depth"));
    assert_eq!(at(0).counts.value, 1);
    // What is the same below is proven to be, however deep.
    let same = compare(
        Rules::new().max_depth(1),
        r#"{"a": {"b": [1, 2.0]}}"#,
        r#"{"a": {"b": [1, 2]}}"#,
    );
    assert!(same.equal && same.exact);
}

#[test]
fn answers_larger_than_allowed_are_not_compared() {
    let rules = || Rules::new().max_bytes(100);
    let large = format!("[{}]", vec!["1"; 100].join(","));
    let comparison = compare(rules(), &large, "[1]");
    assert!(!comparison.equal && !comparison.exact);
    assert_eq!(
        (comparison.counts.total(), comparison.inexact[0].elements),
        (0, 103)
    );
    assert!(
        comparison.inexact[0].what.contains("raise max_bytes"),
        "{comparison:?}"
    );
    assert!(compare(rules(), &large, &large).equal);
    assert!(compare(rules(), "[1]", "[1.0]").equal);
}

/// Stops after having been asked that often.
fn until(rules: &Rules, old: &str, new: &str, asked: usize) -> Comparison {
    let left = Cell::new(asked);
    rules
        .build()
        .unwrap()
        .compare_until(&tree(old), &tree(new), &|| {
            let over = left.get() == 0;
            left.set(left.get().saturating_sub(1));
            over
        })
}

#[test]
fn whenever_the_time_ends_nothing_different_is_called_equal() {
    let list = |salt: usize| {
        let items: Vec<_> = (0..3_000)
            .map(|at| {
                format!(
                    r#"{{"id": {at}, "v": [{}, "{}"]}}"#,
                    at % 7,
                    (at + salt) % 5
                )
            })
            .collect();
        format!("[{}]", items.join(","))
    };
    let (old, new) = (list(0), list(1));
    for rules in [
        Rules::new(),
        Rules::new().unordered_everywhere().absolute(0.5),
        Rules::new().key("$", ["id"]),
    ] {
        let mut exact = false;
        for asked in 0.. {
            let comparison = until(&rules, &old, &new, asked);
            assert!(!comparison.equal);
            assert_eq!(comparison.exact, comparison.inexact.is_empty());
            assert!(
                comparison.inexact.len() <= 22,
                "{:?}",
                comparison.inexact.len()
            );
            if comparison.exact {
                exact = true;
                assert_eq!(
                    comparison.counts,
                    rules
                        .build()
                        .unwrap()
                        .compare(&tree(&old), &tree(&new))
                        .counts
                );
                break;
            }
        }
        assert!(exact);
    }
    let nothing = until(&Rules::new(), &old, &new, 0);
    assert_eq!(
        (nothing.counts.total(), nothing.inexact[0].path.as_str()),
        (0, "$")
    );
}

#[test]
fn a_comparator_knows_how_long_it_may_take() {
    let comparator = Rules::new()
        .max_time(Duration::from_secs(2))
        .build()
        .unwrap();
    assert_eq!(comparator.max_time(), Some(Duration::from_secs(2)));
    let negative: Rules = toml::from_str("max_time = \"-2s\"").unwrap();
    assert!(negative.build().is_err());
    let error = toml::from_str::<Rules>("max_time = \"soon\"").unwrap_err();
    assert!(error.to_string().contains("write `2s`"), "{error}");
}

#[test]
fn what_is_below_the_level_is_reported_and_does_not_make_the_answers_different() {
    let rules = || {
        Rules::new()
            .severity("$.log", Severity::Info)
            .severity("$.speed", Severity::Warning)
    };
    let (old, same) = (
        r#"{"log": 1, "speed": 1, "n": 1}"#,
        r#"{"log": 2, "speed": 2, "n": 1}"#,
    );
    assert!(!compare(rules(), old, same).equal);
    let comparison = compare(rules().fail_on(Severity::Error), old, same);
    assert!(comparison.equal && comparison.exact);
    assert_eq!(comparison.counts.of(DifferenceKind::Value), 2);
    assert_eq!(
        (comparison.by_severity.info, comparison.by_severity.warning),
        (1, 1)
    );
    assert_eq!(comparison.worst(), Some(Severity::Warning));
    assert!(!compare(rules().fail_on(Severity::Warning), old, same).equal);
    let wrong = r#"{"log": 2, "speed": 1, "n": 2}"#;
    let comparison = compare(rules().fail_on(Severity::Error).limit(0), old, wrong);
    assert!(!comparison.equal);
    assert_eq!(comparison.worst(), Some(Severity::Error));
    // What was not decided is not of any level.
    let undecided = compare(
        rules().fail_on(Severity::Error).max_depth(1),
        r#"{"log": [[1]]}"#,
        r#"{"log": [[2]]}"#,
    );
    assert!(!undecided.equal && !undecided.exact);
}
