//! What other tools are known to get wrong.

use std::fmt::Write as _;
use std::sync::mpsc;
use std::time::Duration;

use cutover_domain::comparison::{Comparator, Likeness, Rules, Severity};
use cutover_domain::tree::{Node, Tree};

use super::{compare, hidden, lines, tree};

/// Runs on a thread with a small stack and fails, instead of hanging, if it takes far too long.
fn bounded<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(move || done.send(work()))
        .unwrap();
    result
        .recv_timeout(Duration::from_secs(60))
        .expect("an answer in well under a minute")
}

fn unordered() -> Comparator {
    Rules::new().unordered_everywhere().build().unwrap()
}

fn array(items: impl Iterator<Item = String>) -> Tree {
    let mut json = "[".to_owned();
    for (at, item) in items.enumerate() {
        let comma = if at == 0 { "" } else { "," };
        write!(json, "{comma}{item}").unwrap();
    }
    json.push(']');
    tree(&json)
}

#[test]
fn repetition_is_a_difference_without_order_too() {
    let comparison = compare(Rules::new().unordered_everywhere(), "[1,1,2]", "[1,2,2]");
    assert!(!comparison.equal);
    assert_eq!(
        lines(&comparison),
        [
            "$[0]: repetition 1: 2 → 1 times",
            "$[2] (new: $[1]): repetition 2: 1 → 2 times",
        ]
    );
}

#[test]
fn ten_reordered_rows_within_tolerance_are_equal() {
    let row =
        |at: i32, noise: f64| format!("{{\"id\": {at}, \"x\": {:?}}}", f64::from(at) + 0.1 + noise);
    let old = array((0..10).map(|at| row(at, 0.0)));
    let new = array((0..10).rev().map(|at| row(at, 1e-12)));
    let comparator = Rules::new()
        .unordered_everywhere()
        .absolute(1e-9)
        .build()
        .unwrap();
    let comparison = comparator.compare(&old, &new);
    assert!(comparison.equal && comparison.exact, "{comparison:?}");
    assert_eq!(
        hidden(&comparison),
        [("absolute 1e-9", 10), ("unordered everywhere", 1)]
    );
    assert!(!unordered().compare(&old, &new).equal);
}

#[test]
fn closeness_is_not_transitive_and_no_pair_is_stolen() {
    // 0.0–1.0 and 1.0–2.0 are close, 0.0–2.0 is not: pairing the two 1.0 first would strand the rest.
    let rules = Rules::new().unordered_everywhere().absolute(1.0);
    assert!(compare(rules.clone(), "[0.0, 1.0]", "[1.0, 2.0]").equal);
    assert!(!compare(rules.clone(), "[0.0, 1.0]", "[1.5, 2.5]").equal);
    let old = r#"[{"x": 0.5, "y": 0.5}, {"x": 0.5, "y": 1.5}]"#;
    let new = r#"[{"x": 0.5, "y": 1.25}, {"x": 0.5, "y": 0.25}]"#;
    assert!(compare(rules, old, new).equal);
}

#[test]
fn integers_beyond_53_bits_stay_apart() {
    for (old, new) in [
        ("9007199254740993", "9007199254740992"),
        ("36893488147419103232", "36893488147419103233"),
        ("-9223372036854775809", "-9223372036854775810"),
        ("9007199254740993.0", "9007199254740992.0"),
        ("0.12345678901234567890", "0.12345678901234567891"),
    ] {
        for rules in [
            Rules::new(),
            Rules::new().unordered_everywhere(),
            Rules::new().relative(1e-12),
        ] {
            let exact = !old.contains('.');
            let tolerant = rules != Rules::new() && rules != Rules::new().unordered_everywhere();
            let comparison = compare(rules, &format!("[{old}]"), &format!("[{new}]"));
            if exact || !tolerant {
                assert_eq!(lines(&comparison), [format!("$[0]: value {old} → {new}")]);
            }
        }
    }
    let neighbours = Rules::new().absolute(0.5).tolerate_integers();
    assert!(!compare(neighbours, "9007199254740993", "9007199254740992").equal);
    let two_apart = Rules::new().absolute(2.0).tolerate_integers();
    assert!(compare(two_apart, "9007199254740993", "9007199254740991").equal);
}

#[test]
fn excluding_a_path_does_not_make_pairing_worse() {
    // The ids tell who is who, also when they are not to be compared.
    let old = array((0..40).map(|at| {
        format!(
            r#"{{"id": "r{at}", "a": {}, "b": {}, "c": "x"}}"#,
            at % 3,
            at % 5
        )
    }));
    let new = array((0..40).rev().map(|at| {
        format!(
            r#"{{"id": "r{at}", "a": {}, "b": {}, "c": "y"}}"#,
            at % 3,
            at % 5
        )
    }));
    let with = unordered().compare(&old, &new);
    let without = Rules::new()
        .unordered_everywhere()
        .ignore("$[*].id")
        .build()
        .unwrap()
        .compare(&old, &new);
    assert_eq!((with.counts.value, with.counts.total()), (40, 40));
    assert_eq!((without.counts.value, without.counts.total()), (40, 40));
    assert!(
        lines(&without)
            .iter()
            .all(|line| line.contains(".c") && line.contains("value"))
    );
    assert_eq!(lines(&with), lines(&without));
}

#[test]
fn four_hundred_records_half_changed() {
    let record = |at: usize, name: &str| {
        format!(
            r#"{{"id": {at}, "name": "{name}{at}", "kind": "k{}", "price": {}.5}}"#,
            at % 7,
            at * 3
        )
    };
    let old = array((0..400).map(|at| record(at, "n")));
    let new = array(
        (0..400)
            .rev()
            .map(|at| record(at, if at % 2 == 0 { "n" } else { "m" })),
    );
    let comparison = unordered().compare(&old, &new);
    assert!(comparison.exact);
    assert_eq!(
        (comparison.counts.value, comparison.counts.total()),
        (200, 200)
    );
    assert!(lines(&comparison).iter().all(|line| line.contains(".name")));
    assert_eq!(comparison.differences[0].path, "$[1].name");
    assert_eq!(
        comparison.differences[0].new_path.as_deref(),
        Some("$[398].name")
    );
}

#[test]
fn a_hundred_thousand_equal_leaves() {
    let unordered = || Rules::new().unordered_everywhere();
    for (rules, leaf, other, count) in [
        (Rules::new(), "0", "1", 100_000),
        (unordered(), "0", "1", 100_000),
        (unordered().absolute(1e-9), "0.0", "9.5", 10_000),
        (
            unordered().absolute(1e-9).tolerate_integers(),
            "0",
            "9",
            10_000,
        ),
        (unordered(), "\"a\"", "null", 10_000),
        (
            unordered().absolute(1e-9),
            "[0.5, 1.5]",
            "[0.5, 1.75]",
            10_000,
        ),
        (unordered(), "{}", "{\"a\":1}", 10_000),
        (Rules::new(), "[0]", "[]", 10_000),
    ] {
        let old = array((0..count).map(|_| leaf.to_owned()));
        let last = |at: usize| if at == count - 1 { other } else { leaf };
        let new = array((0..count).map(|at| last(at).to_owned()));
        let shorter = array((10..count).map(|_| leaf.to_owned()));
        let comparator = rules.build().unwrap();
        let (changed, cut) = bounded(move || {
            (
                comparator.compare(&old, &new),
                comparator.compare(&old, &shorter),
            )
        });
        assert!(
            !changed.equal && changed.exact,
            "{leaf} {rules:?} {changed:?}"
        );
        assert!(
            changed.counts.total() <= 2,
            "{leaf} {rules:?} {:?}",
            changed.counts
        );
        assert!(!cut.equal && cut.exact, "{leaf} {rules:?}");
        assert!(
            (1..=10).contains(&cut.counts.total()),
            "{leaf} {rules:?} {:?}",
            cut.counts
        );
    }
}

#[test]
fn low_entropy_records_half_changed() {
    // Two hundred thousand records of eight contents: nothing tells them apart.
    let record = |at: usize, flip: usize| {
        format!(
            r#"{{"a": {}, "b": {}, "c": {}}}"#,
            at % 2,
            at / 2 % 2,
            (at / 4 + flip) % 2
        )
    };
    let old = array((0..100_000).map(|at| record(at, 0)));
    let new = array((0..100_000).map(|at| record(at, usize::from(at % 16 < 4))));
    let comparison = bounded(move || unordered().compare(&old, &new));
    assert!(!comparison.equal);
    assert!(comparison.counts.repetition > 0, "{:?}", comparison.counts);
}

#[test]
fn low_entropy_leftovers_are_paired_or_named() {
    // Half of twenty thousand records change in one of few values: many look alike.
    let record =
        |at: usize, mark: &str| format!(r#"{{"n": {}, "m": "{mark}{}"}}"#, at % 97, at % 3);
    let old = array((0..20_000).map(|at| record(at, "x")));
    let new = array((0..20_000).map(|at| record(at, if at % 2 == 0 { "x" } else { "y" })));
    let comparison = bounded(move || unordered().compare(&old, &new));
    assert!(!comparison.equal);
    assert!(comparison.exact || !comparison.inexact.is_empty());
    let expected =
        comparison.counts.value + comparison.counts.missing + comparison.counts.repetition;
    assert!(expected > 0, "{:?}", comparison.counts);
}

#[test]
fn sequences_with_nothing_in_common_or_everything_moved() {
    let forward = array((0..50_000).map(|at| at.to_string()));
    let backward = array((0..50_000).rev().map(|at| at.to_string()));
    let other = array((100_000..150_000).map(|at| at.to_string()));
    let rotated = array((1..50_000).chain([77_777]).map(|at| at.to_string()));
    let (a, b) = (forward.clone(), backward);
    let comparison = bounded(move || Comparator::default().compare(&a, &b));
    assert_eq!((comparison.counts.order, comparison.counts.total()), (1, 1));
    let a = forward.clone();
    let comparison = bounded(move || Comparator::default().compare(&a, &other));
    assert_eq!(
        (comparison.counts.value, comparison.counts.total()),
        (50_000, 50_000)
    );
    let comparison = bounded(move || Comparator::default().compare(&forward, &rotated));
    assert_eq!(
        lines(&comparison),
        ["$[0]: missing 0", "$[49999]: extra 77777"]
    );
}

#[test]
fn a_thousand_levels_under_every_rule() {
    let rules = [
        Rules::new(),
        Rules::new().unordered_everywhere(),
        Rules::new().unordered_everywhere().absolute(1e-9),
        Rules::new().ignore("$..zzz").null_equals_missing(),
        Rules::new().key("$..*", ["a"]).unordered("$..*"),
    ];
    for (open, close) in [
        ("[", "]"),
        ("{\"a\":", "}"),
        ("[0.5,", "]"),
        ("[1,{\"a\":", "}]"),
    ] {
        for rules in &rules {
            finds_the_leaf(1_000, open, close, rules);
        }
    }
}

#[test]
fn ten_thousand_levels() {
    let unordered = Rules::new().unordered_everywhere();
    finds_the_leaf(10_000, "[", "]", &unordered);
    finds_the_leaf(10_000, "{\"a\":", "}", &Rules::new());
    finds_the_leaf(10_000, "[0.5,", "]", &Rules::new());
    finds_the_leaf(5_000, "[0.5,", "]", &unordered.absolute(1e-9));
}

#[test]
fn a_hundred_thousand_levels() {
    let own = |_: Node<'_>, _: Node<'_>| Likeness::ByRules;
    for (open, close, rules) in [
        ("[", "]", Rules::new()),
        ("[", "]", Rules::new().unordered_everywhere()),
        ("{\"a\":", "}", Rules::new().ignore("$..zzz")),
        ("[0.5,", "]", Rules::new().absolute(1e-9)),
        ("[\"A \",", "]", Rules::new().trim("$").ignore_case("$..*")),
        ("[1,", "]", Rules::new().compare_with("own", "$..*", own)),
    ] {
        finds_the_leaf(100_000, open, close, &rules);
    }
}

/// Compares two documents that differ in the innermost value, and two that do not.
fn finds_the_leaf(levels: usize, open: &str, close: &str, rules: &Rules) {
    let deep = |leaf: &str| {
        tree(&format!(
            "{}{leaf}{}",
            open.repeat(levels),
            close.repeat(levels)
        ))
    };
    let (old, new, same) = (deep("7.5"), deep("8.5"), deep("7.5"));
    let comparator = rules.clone().limit(2).build().unwrap();
    let (changed, unchanged) = bounded(move || {
        (
            comparator.compare(&old, &new),
            comparator.compare(&old, &same),
        )
    });
    assert!(unchanged.equal);
    assert!(!changed.equal && changed.exact, "{levels} {open} {rules:?}");
    let total = changed.counts.total();
    assert!(
        (1..=2).contains(&total),
        "{levels} {open} {rules:?} {total}"
    );
}

#[test]
fn deep_and_shuffled_at_every_level() {
    let nested = |levels: usize, flip: bool| {
        (0..levels).fold("7".to_owned(), |inside, level| {
            if flip {
                format!("[{inside},{level}]")
            } else {
                format!("[{level},{inside}]")
            }
        })
    };
    let (old, new) = (tree(&nested(3_000, false)), tree(&nested(3_000, true)));
    let comparison = bounded(move || unordered().compare(&old, &new));
    assert!(comparison.equal && comparison.exact);
    assert_eq!(hidden(&comparison)[0].0, "unordered everywhere");
}

#[test]
fn duplicate_keys_of_a_collection_are_a_group_and_never_a_pair() {
    let rules = || Rules::new().key("$", ["id"]);
    let old = r#"[{"id": 1, "n": 1}, {"id": 1, "n": 2}, {"id": 2, "n": 5}]"#;
    let new = r#"[{"id": 2, "n": 6}, {"id": 1, "n": 2}, {"id": 1, "n": 3}]"#;
    assert_eq!(
        lines(&compare(rules(), old, new)),
        [
            r#"$[0] (new: $[1]): repetition [{"id":1,"n":1},{"id":1,"n":2}]: 2 → 2 times"#,
            "$[2].n (new: $[0].n): value 5 → 6",
        ]
    );
    let reordered = r#"[{"id": 1, "n": 2}, {"id": 2, "n": 5}, {"id": 1, "n": 1}]"#;
    assert!(compare(rules(), old, reordered).equal);
    let only_new = compare(
        rules(),
        r#"[{"id": 2, "n": 5}]"#,
        r#"[{"id":1},{"id":1},{"id":2,"n":5}]"#,
    );
    assert_eq!(
        lines(&only_new),
        [r#"$[0]: repetition [{"id":1},{"id":1}]"#]
    );
    assert_eq!(
        only_new.differences[0]
            .times
            .map(|times| (times.old, times.new)),
        Some((0, 2))
    );
}

#[test]
fn a_removed_and_an_added_record_are_not_taken_for_a_change() {
    let record = |at: usize| {
        format!(
            r#"{{"id": {at}, "name": "n{at}", "kind": "k{}", "on": true}}"#,
            at % 3
        )
    };
    let old = array((0..1000).map(record));
    let new = array((1..1001).map(record));
    for rules in [
        Rules::new().unordered_everywhere(),
        Rules::new(),
        Rules::new().key("$", ["id"]),
    ] {
        let comparison = rules.build().unwrap().compare(&old, &new);
        assert_eq!(
            (comparison.counts.missing, comparison.counts.extra),
            (1, 1),
            "{rules:?}"
        );
        assert_eq!(comparison.counts.total(), 2);
    }
}

#[test]
fn a_record_that_keeps_only_its_id_is_still_found() {
    let record = |at: usize, salt: usize| {
        let v = at + salt;
        format!(r#"{{"id": "r{at}", "a": {v}, "b": "{v}", "c": [{v}], "d": true}}"#)
    };
    let old = array((0..500).map(|at| record(at, 0)));
    let new = array(
        (0..500)
            .rev()
            .map(|at| record(at, if at == 250 { 100_000 } else { 0 })),
    );
    let comparison = unordered().compare(&old, &new);
    let old_place = |line: &String| line.starts_with("$[250].") && line.contains("(new: $[249].");
    assert!(
        lines(&comparison).iter().all(old_place),
        "{:?}",
        lines(&comparison)
    );
    assert!(comparison.counts.value >= 2);
}

#[test]
fn rules_that_speak_of_what_neither_answer_has_are_named() {
    let rules = Rules::new()
        .ignore("$.items[*].at")
        .ignore("$.itmes[*].at")
        .only("$.items")
        .only("$.total")
        .only("$.totla")
        .key("$.items", ["id"])
        .key("$.items", ["ID"])
        .severity("$.nowhere", Severity::Info)
        .build()
        .unwrap();
    let old = Tree::from_json(r#"{"items": [{"id": 1, "at": 1}], "total": 1}"#).unwrap();
    let new = Tree::from_json(r#"{"items": [{"id": 1, "at": 2}], "total": 2}"#).unwrap();
    let unmatched = rules.compare(&old, &new).unmatched.unwrap();
    assert_eq!(
        unmatched,
        [
            "ignore $.itmes[*].at",
            "key ID for $.items",
            "only $.totla",
            "severity info at $.nowhere",
        ]
    );
}

#[test]
fn an_answer_as_deep_as_it_is_wide_keeps_no_more_paths_than_memory_holds() {
    let (deep, wide) = (20_000, 2_000);
    let answer = |leaf: &str| {
        let inside = vec![leaf; wide].join(",");
        tree(&format!(
            "{}[{inside}]{}",
            r#"{"a":"#.repeat(deep),
            "}".repeat(deep)
        ))
    };
    let comparator = Rules::new().limit(usize::MAX).build().unwrap();
    let comparison = comparator.compare(&answer("1"), &answer("2"));
    assert_eq!(comparison.counts.total(), wide as u64);
    assert!(comparison.truncated && !comparison.differences.is_empty());
    let paths = comparison.differences.iter().map(|found| found.path.len());
    assert!(paths.sum::<usize>() < 17 << 20);
}
