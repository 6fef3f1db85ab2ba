//! What each rule does, on small answers.

use cutover_domain::comparison::{Preset, Rules, Severity};

use super::{compare, hidden, lines};

#[test]
fn without_rules_everything_counts() {
    let old = r#"{"a": 1, "b": [1, 2], "c": {"d": "x"}, "e": null, "odd name": true}"#;
    let new = r#"{"e": 0, "c": {"d": "y", "f": 1}, "b": [2, 1], "odd name": false}"#;
    let comparison = compare(Rules::new(), old, new);
    assert_eq!(
        lines(&comparison),
        [
            "$.a: missing 1",
            "$.b: order [1,2] → [2,1]",
            r#"$.c.d: value "x" → "y""#,
            "$.c.f: extra 1",
            "$.e: type null → 0",
            "$['odd name']: value true → false",
        ]
    );
    assert!(comparison.hidden.is_empty());
}

#[test]
fn members_have_no_order_and_numbers_one_value() {
    let comparison = compare(
        Rules::new(),
        r#"{"a": 1, "b": 2.50}"#,
        r#"{"b": 25e-1, "a": 1.0}"#,
    );
    assert!(comparison.equal);
    assert_eq!(hidden(&comparison), [("1 equals 1.0", 1)]);
    let strict = compare(Rules::new().strict(), "[1, 2.5]", "[1.0, 2.50]");
    assert_eq!(lines(&strict), ["$[0]: type 1 → 1.0"]);
}

#[test]
fn elements_put_in_or_taken_out_do_not_shift_the_rest() {
    let old = r#"[{"n": "a"}, {"n": "b"}, {"n": "c"}, {"n": "d"}]"#;
    let new = r#"[{"n": "x"}, {"n": "a"}, {"n": "b", "m": 1}, {"n": "d"}]"#;
    assert_eq!(
        lines(&compare(Rules::new(), old, new)),
        [
            r#"$[0]: extra {"n":"x"}"#,
            "$[1].m (new: $[2].m): extra 1",
            r#"$[2]: missing {"n":"c"}"#,
        ]
    );
}

#[test]
fn what_is_ignored_is_counted() {
    let old = r#"{"at": 1, "rows": [{"etag": "a", "v": 1}, {"etag": "b", "v": 2}], "log": [1, 2]}"#;
    let new = r#"{"at": 2, "rows": [{"etag": "c", "v": 1}, {"v": 3}], "log": [9]}"#;
    let rules = Rules::new()
        .ignore("$.at")
        .ignore("$..etag")
        .ignore("$.log[*]");
    let comparison = compare(rules, old, new);
    assert_eq!(lines(&comparison), ["$.rows[1].v: value 2 → 3"]);
    assert_eq!(
        hidden(&comparison),
        [
            ("ignore $.at", 1),
            ("ignore $..etag", 2),
            ("ignore $.log[*]", 2)
        ]
    );
    let everything = compare(Rules::new().ignore("$"), "1", "2");
    assert!(everything.equal);
    assert_eq!(hidden(&everything), [("ignore $", 1)]);
}

#[test]
fn only_looks_where_it_is_told() {
    let old = r#"{"a": {"b": 1, "c": 1}, "d": [{"b": 1, "x": 1}, {"x": 2}], "e": 1}"#;
    let new = r#"{"a": {"b": 2, "c": 2}, "d": [{"b": 1, "x": 9}, {"b": 7}], "e": 2}"#;
    let comparison = compare(Rules::new().only("$.a.b").only("$.d[*].b"), old, new);
    assert_eq!(
        lines(&comparison),
        ["$.a.b: value 1 → 2", r#"$.d[1]: extra {"b":7}"#,]
    );
    assert_eq!(comparison.hidden[0].rule, "only $.a.b, $.d[*].b");
    assert!(comparison.hidden[0].hidden >= 3);
}

#[test]
fn null_may_equal_missing() {
    let (old, new) = (
        r#"{"a": null, "b": 1, "c": [null]}"#,
        r#"{"b": 1, "c": [null]}"#,
    );
    assert_eq!(
        lines(&compare(Rules::new(), old, new)),
        ["$.a: missing null"]
    );
    let comparison = compare(Rules::new().null_equals_missing(), old, new);
    assert!(comparison.equal);
    assert_eq!(hidden(&comparison), [("null equals missing", 1)]);
    let rules = Rules::new().null_equals_missing();
    assert_eq!(
        lines(&compare(rules, r#"{"a": null}"#, r#"{"a": 3}"#)),
        ["$.a: extra 3"]
    );
}

#[test]
fn tolerance_is_symmetric_and_spares_integers() {
    for (rules, old, new, equal) in [
        (Rules::new().absolute(0.1), "1.0", "1.05", true),
        (Rules::new().absolute(0.1), "1.0", "1.2", false),
        (Rules::new().relative(0.1), "100.0", "110.5", true),
        (Rules::new().relative(0.1), "110.5", "100.0", true),
        (Rules::new().relative(0.1), "100.0", "112.0", false),
        (Rules::new().relative(0.1), "-1.0", "1.0", false),
        (Rules::new().absolute(2.0), "1", "2", false),
        (Rules::new().absolute(2.0), "1", "2.0", true),
        (
            Rules::new().absolute(2.0).tolerate_integers(),
            "1",
            "2",
            true,
        ),
        (Rules::new().absolute(2.0).strict(), "1", "1.0", false),
        (Rules::new().absolute(2.0).strict(), "1.5", "1.0", true),
        (Rules::new().absolute(1e300), "1e400", "2e400", false),
        (Rules::new().relative(0.5), "1e400", "10e399", true),
    ] {
        for wrap in ["", "$.a"] {
            let put = |n: &str| {
                if wrap.is_empty() {
                    n.to_owned()
                } else {
                    format!("{{\"a\":[{n}]}}")
                }
            };
            let comparison = compare(rules.clone().unordered("$.a"), &put(old), &put(new));
            assert_eq!(
                comparison.equal, equal,
                "{rules:?} {old} {new} {comparison:?}"
            );
        }
    }
}

#[test]
fn not_a_number_is_itself_and_nothing_else() {
    use cutover_domain::tree::Tree;
    let tree = |value: f64| Tree::from_serialize(&[value]).unwrap();
    let comparator = Rules::new()
        .absolute(1.0)
        .unordered_everywhere()
        .build()
        .unwrap();
    assert!(comparator.compare(&tree(f64::NAN), &tree(f64::NAN)).equal);
    assert!(!comparator.compare(&tree(f64::NAN), &tree(0.0)).equal);
    assert!(
        !comparator
            .compare(&tree(f64::INFINITY), &tree(f64::NEG_INFINITY))
            .equal
    );
    assert!(!comparator.compare(&tree(f64::INFINITY), &tree(1e308)).equal);
}

#[test]
fn without_order_what_is_alike_is_paired() {
    let old = r#"{"tags": ["a", "b", "c"], "rows": [{"id": 1, "v": 1}, {"id": 2, "v": 2}, {"id": 3, "v": 3}]}"#;
    let new = r#"{"tags": ["c", "a", "x"], "rows": [{"id": 3, "v": 3}, {"id": 2, "v": 9}, {"id": 4, "v": 4}]}"#;
    let rules = Rules::new().unordered("$.tags").unordered("$.rows");
    let comparison = compare(rules, old, new);
    assert_eq!(
        lines(&comparison),
        [
            r#"$.tags[1] (new: $.tags[2]): value "b" → "x""#,
            r#"$.rows[0]: missing {"id":1,"v":1}"#,
            "$.rows[1].v: value 2 → 9",
            r#"$.rows[2]: extra {"id":4,"v":4}"#,
        ]
    );
    assert_eq!(
        hidden(&comparison),
        [("unordered $.tags", 1), ("unordered $.rows", 1)]
    );
}

#[test]
fn a_keyed_collection_is_paired_by_all_its_fields() {
    let old = r#"[{"p": 1, "c": 1, "v": "a"}, {"p": 1, "c": 2, "v": "b"}, {"x": 1}, {"p": 2, "c": null}]"#;
    let new =
        r#"[{"p": 1, "c": 2, "v": "b"}, {"p": 1.0, "c": 1, "v": "z"}, {"p": 3, "c": 3}, {"x": 1}]"#;
    let comparison = compare(Rules::new().key("$", ["p", "c"]), old, new);
    assert_eq!(
        lines(&comparison),
        [
            r#"$[0].v (new: $[1].v): value "a" → "z""#,
            r#"$[2]: extra {"p":3,"c":3}"#,
            r#"$[3]: missing {"p":2,"c":null}"#,
        ]
    );
}

#[test]
fn the_pipeline_preset_pairs_as_the_pipeline_does() {
    let old = r#"{
        "entities": [{"external_id": "e1", "name": "A"}, {"external_id": "e2", "name": "B"}],
        "relations": [{"parent": "e1", "child": "e2", "type": "owns", "w": 1}],
        "alerts": [{"entity": "e1", "type": "cpu", "severity": "low"}, {"entity": "e2", "type": "disk", "severity": "low"}]
    }"#;
    let new = r#"{
        "entities": [{"external_id": "e2", "name": "B2"}, {"external_id": "e3", "name": "C"}],
        "relations": [{"parent": "e1", "child": "e2", "type": "owns", "w": 2}],
        "alerts": [{"entity": "e2", "type": "disk", "severity": "low"}, {"entity": "e1", "type": "cpu", "severity": "high"}]
    }"#;
    let comparison = compare(Rules::new().preset(Preset::Pipeline), old, new);
    let found: Vec<_> = comparison
        .differences
        .iter()
        .map(|difference| (difference.to_string(), difference.severity))
        .collect();
    let expected = [
        (
            r#"$.entities[0]: missing {"external_id":"e1","name":"A"}"#,
            Severity::Critical,
        ),
        (
            r#"$.entities[1].name (new: $.entities[0].name): value "B" → "B2""#,
            Severity::Critical,
        ),
        (
            r#"$.entities[1]: extra {"external_id":"e3","name":"C"}"#,
            Severity::Critical,
        ),
        ("$.relations[0].w: value 1 → 2", Severity::Error),
        (
            r#"$.alerts[0].severity (new: $.alerts[1].severity): value "low" → "high""#,
            Severity::Warning,
        ),
    ];
    assert_eq!(
        found,
        expected.map(|(line, severity)| (line.to_owned(), severity))
    );
    assert_eq!(comparison.worst(), Some(Severity::Critical));
}

#[test]
fn a_later_severity_overrides_an_earlier_one() {
    let rules = Rules::new()
        .severity("$.a", Severity::Info)
        .severity("$.a.b", Severity::Critical)
        .severity("$..c", Severity::Warning);
    let comparison = compare(
        rules,
        r#"{"a": {"b": 1, "c": 1, "d": 1}, "e": 1}"#,
        r#"{"a": {"b": 2, "c": 2, "d": 2}, "e": 2}"#,
    );
    let severities: Vec<_> = comparison.differences.iter().map(|d| d.severity).collect();
    assert_eq!(
        severities,
        [
            Severity::Critical,
            Severity::Warning,
            Severity::Info,
            Severity::Error
        ]
    );
}

#[test]
fn samples_are_bounded_and_counts_are_not() {
    let long = "x".repeat(10_000);
    let old = format!("[{}]", vec!["1"; 500].join(","));
    let new = format!("[{}]", vec![format!("\"{long}\""); 500].join(","));
    let comparison = compare(Rules::new().limit(10).sample_bytes(100), &old, &new);
    assert_eq!(
        (comparison.counts.kind, comparison.differences.len()),
        (500, 10)
    );
    assert!(comparison.truncated);
    assert!(serde_json::to_string(&comparison).unwrap().len() < 5_000);
}

#[test]
fn samples_of_two_long_numbers_show_the_digits_that_part_and_one_that_fits_stays_a_number() {
    let ones = "1".repeat(5_000);
    let samples = |old: &str, new: &str| {
        let comparison = compare(Rules::new().sample_bytes(100), old, new);
        let found = &comparison.differences[0];
        [&found.old, &found.new].map(|side| side.as_ref().unwrap().to_json())
    };
    let shown = |digit| format!("\"(+4960 bytes) …{}{digit}\"", "1".repeat(40));
    assert_eq!(
        samples(&format!("{ones}1"), &format!("{ones}2")),
        ["1", "2"].map(shown)
    );
    let [short, long] = samples("1", &ones);
    assert_eq!(short, "1");
    assert!(long.ends_with("… (+4902 bytes)\""), "{long}");
}
