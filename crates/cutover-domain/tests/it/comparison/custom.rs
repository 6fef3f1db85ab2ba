//! Comparisons of the caller's own.

use cutover_domain::comparison::{Likeness, Rules};
use cutover_domain::tree::Node;

use super::{compare, hidden, lines};

/// Numbers are the same by their remainder; what is no number is left to the rules.
fn modulo(by: i64) -> impl Fn(Node<'_>, Node<'_>) -> Likeness + Send + Sync + 'static {
    move |old, new| {
        let number = |node: Node<'_>| node.number().and_then(|number| number.as_i64());
        match (number(old), number(new)) {
            (Some(old), Some(new)) if old % by == new % by => Likeness::Same,
            (Some(_), Some(_)) => Likeness::Different,
            _ => Likeness::ByRules,
        }
    }
}

#[test]
fn it_decides_where_it_is_asked_and_is_counted() {
    let rules = || Rules::new().compare_with("modulo 10", "$..v", modulo(10));
    let old = r#"{"v": 3, "w": 3, "list": [{"v": 12}, {"v": "x"}, {"v": 7}]}"#;
    let new = r#"{"v": 13, "w": 13, "list": [{"v": 2}, {"v": "y"}, {"v": 7}]}"#;
    let comparison = compare(rules(), old, new);
    assert_eq!(
        lines(&comparison),
        ["$.w: value 3 → 13", r#"$.list[1].v: value "x" → "y""#]
    );
    assert_eq!(hidden(&comparison), [("modulo 10 $..v", 2)]);
    assert_eq!(
        lines(&compare(rules(), r#"{"v": 1}"#, r#"{"v": 2}"#)),
        ["$.v: value 1 → 2"]
    );
}

#[test]
fn it_may_speak_for_a_whole_container_or_for_everything() {
    let as_sets = |old: Node<'_>, new: Node<'_>| {
        let set = |node: Node<'_>| {
            let mut items: Vec<_> = node.items().map(Node::to_json).collect();
            items.sort();
            items.dedup();
            items
        };
        if set(old) == set(new) {
            Likeness::Same
        } else {
            Likeness::Different
        }
    };
    let rules = Rules::new().compare_with("set", "$.tags", as_sets);
    let comparison = compare(
        rules.clone(),
        r#"{"tags": [1, 2, 2], "n": 1}"#,
        r#"{"tags": [2, 1], "n": 2}"#,
    );
    assert_eq!(lines(&comparison), ["$.n: value 1 → 2"]);
    assert_eq!(
        lines(&compare(rules, r#"{"tags": [1]}"#, r#"{"tags": [3]}"#)),
        ["$.tags: value [1] → [3]"]
    );
    let everywhere = Rules::new()
        .compare_with("modulo 10", "$", modulo(10))
        .compare_with("modulo 10", "$..*", modulo(10));
    let comparison = compare(
        everywhere.clone(),
        "[1, [2, {\"a\": 3}]]",
        "[11, [22, {\"a\": 4}]]",
    );
    assert_eq!(lines(&comparison), ["$[1][1].a: value 3 → 4"]);
    assert!(compare(everywhere, "1", "21").equal);
}

#[test]
fn without_order_what_it_takes_for_the_same_is_found() {
    let rules = || {
        Rules::new()
            .unordered_everywhere()
            .compare_with("modulo 10", "$[*].v", modulo(10))
    };
    let old = r#"[{"v": 1}, {"v": 2}, {"v": 3}, {"id": "a", "v": 4}]"#;
    let new = r#"[{"id": "a", "v": 14}, {"v": 33}, {"v": 21}, {"v": 12}]"#;
    let comparison = compare(rules(), old, new);
    assert!(comparison.equal && comparison.exact, "{comparison:?}");
    assert_eq!(
        hidden(&comparison),
        [("unordered everywhere", 1), ("modulo 10 $[*].v", 4)]
    );
    let other = new.replace("33", "34");
    let comparison = compare(rules(), old, &other);
    assert!(!comparison.equal);
    assert_eq!(comparison.counts.total(), 2);
}

#[test]
fn many_candidates_without_order_are_tried_within_the_effort() {
    // Nothing but the comparison itself tells these apart.
    let list = |numbers: &mut dyn Iterator<Item = i64>| {
        let items: Vec<_> = numbers.map(|n| format!(r#"{{"v": {n}}}"#)).collect();
        format!("[{}]", items.join(","))
    };
    let rules = || {
        Rules::new()
            .unordered_everywhere()
            .compare_with("modulo", "$[*].v", modulo(1_000))
    };
    let old = list(&mut (0..1_000));
    let new = list(&mut (0..1_000).rev().map(|n| n + 1_000));
    let comparison = compare(rules(), &old, &new);
    assert!(comparison.equal && comparison.exact);
    let hasty = compare(rules().effort(1_000), &old, &new);
    assert!(!hasty.equal && !hasty.exact && !hasty.inexact.is_empty());
}

#[test]
fn rules_with_it_compare_and_print_without_it() {
    let rules = Rules::new()
        .compare_with("mine", "$.a", modulo(2))
        .ignore("$.b");
    assert_eq!(rules.clone(), rules);
    assert_ne!(
        rules,
        Rules::new()
            .compare_with("mine", "$.a", modulo(2))
            .ignore("$.b")
    );
    assert!(format!("{rules:?}").contains("mine"));
    assert_eq!(rules.to_toml(), "ignore = [\"$.b\"]\n");
}
