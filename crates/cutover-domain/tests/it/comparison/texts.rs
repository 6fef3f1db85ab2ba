//! What the rules for texts and the tolerances of places do.

use cutover_domain::comparison::Rules;

use super::{compare, hidden, lines};

#[test]
fn each_rule_for_texts_hides_what_it_says_and_is_counted() {
    let uuids = (
        "550e8400-e29b-41d4-a716-446655440000",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    );
    for (rules, old, new, rule) in [
        (Rules::new().trim("$"), " a", "a\t", "trim everywhere"),
        (Rules::new().trim("$.v"), "a ", "a", "trim $.v"),
        (
            Rules::new().whitespace("$"),
            "a  b",
            " a b",
            "whitespace everywhere",
        ),
        (
            Rules::new().ignore_case("$..v"),
            "Ann",
            "ANN",
            "ignore_case $..v",
        ),
        (
            Rules::new().timestamps("$.v"),
            "2024-05-01T12:00:00Z",
            "2024-05-01 13:00:00+01:00",
            "timestamps $.v",
        ),
        (
            Rules::new().uuids("$"),
            uuids.0,
            uuids.1,
            "uuids everywhere",
        ),
        (
            Rules::new().replace("$", "[0-9]+ ms", "_"),
            "took 3 ms",
            "took 14 ms",
            "replace /[0-9]+ ms/_/ everywhere",
        ),
        (
            Rules::new().replace("$.v", "^(.).*", "$1"),
            "abc",
            "axyz",
            "replace /^(.).*/$1/ $.v",
        ),
    ] {
        let put =
            |value: &str, at: &str| serde_json::json!({at: value, "other": [value]}).to_string();
        let elsewhere = serde_json::json!({"v": new, "other": [old]}).to_string();
        assert!(!compare(Rules::new(), &put(old, "v"), &elsewhere).equal);
        let comparison = compare(rules.clone(), &put(old, "v"), &elsewhere);
        assert!(
            comparison.equal && comparison.exact,
            "{rule}: {comparison:?}"
        );
        assert_eq!(hidden(&comparison), [(rule, 1)]);
        // Where the rule does not hold, and for other texts, nothing is hidden.
        let everywhere = rule.ends_with("everywhere");
        let comparison = compare(rules.clone(), &put(old, "v"), &put(new, "v"));
        assert_eq!(comparison.equal, everywhere, "{rule}");
        let comparison = compare(rules, &put("x", "v"), &put("y", "v"));
        assert_eq!(
            (comparison.counts.value, comparison.hidden.len()),
            (2, 0),
            "{rule}"
        );
    }
}

#[cfg(feature = "unicode")]
#[test]
fn how_accents_are_encoded_may_be_no_difference() {
    let (composed, decomposed) = ("[\"caf\u{e9}\"]", "[\"cafe\u{301}\"]");
    assert!(!compare(Rules::new(), composed, decomposed).equal);
    let comparison = compare(Rules::new().nfc("$"), composed, decomposed);
    assert!(comparison.equal);
    assert_eq!(hidden(&comparison), [("nfc everywhere", 1)]);
    assert!(
        compare(
            Rules::new().nfc("$").ignore_case("$"),
            "[\"CAFE\u{301}\"]",
            composed
        )
        .equal
    );
}

#[test]
fn only_rules_that_were_needed_are_counted() {
    let all = || {
        Rules::new()
            .trim("$")
            .ignore_case("$")
            .replace("$", "-", "_")
    };
    for (old, new, expected) in [
        (" a", "a", &[("trim everywhere", 1)][..]),
        (
            " a",
            "A",
            &[("trim everywhere", 1), ("ignore_case everywhere", 1)],
        ),
        (
            " a",
            "A ",
            &[("trim everywhere", 1), ("ignore_case everywhere", 1)],
        ),
        ("-a ", "_a ", &[("replace /-/_/ everywhere", 1)]),
        ("b-A", "b-a", &[("ignore_case everywhere", 1)]),
    ] {
        let json = |text: &str| serde_json::json!([text]).to_string();
        let comparison = compare(all(), &json(old), &json(new));
        assert_eq!(hidden(&comparison), expected, "{old:?} {new:?}");
    }
    // Either of two would do: the last is counted, not both, and not neither.
    let twice = Rules::new().trim("$").whitespace("$");
    assert_eq!(
        hidden(&compare(twice, "[\" a\"]", "[\"a\"]")),
        [("trim everywhere", 1)]
    );
}

#[test]
fn rules_for_texts_hold_in_collections_without_order_and_in_keys() {
    let old = r#"{"tags": ["Red", "blue "], "rows": [{"id": "A1", "n": 1}, {"id": "b2", "n": 2}]}"#;
    let new = r#"{"tags": ["blue", "red"], "rows": [{"id": "B2", "n": 2}, {"id": "a1", "n": 3}]}"#;
    let rules = Rules::new()
        .unordered("$.tags")
        .key("$.rows", ["id"])
        .ignore_case("$")
        .trim("$");
    assert_eq!(
        lines(&compare(rules, old, new)),
        ["$.rows[0].n (new: $.rows[1].n): value 1 → 3"]
    );
}

#[test]
fn a_rule_for_texts_does_not_make_keys_ambiguous() {
    // Two keys that only their case tells apart are still two.
    let old = r#"[{"id": "aQ", "n": 1}, {"id": "Aq", "n": 2}, {"id": "x", "n": 3}]"#;
    let new = r#"[{"id": "Aq", "n": 2}, {"id": "X", "n": 4}, {"id": "aQ", "n": 5}]"#;
    let rules = Rules::new().key("$", ["id"]).ignore_case("$");
    assert_eq!(
        lines(&compare(rules, old, new)),
        [
            "$[0].n (new: $[2].n): value 1 → 5",
            "$[2].n (new: $[1].n): value 3 → 4",
        ]
    );
}

#[test]
fn tolerance_holds_where_it_is_given() {
    let rules = || {
        Rules::new()
            .absolute_at("$.prices", 0.01)
            .relative_at("$.rows[*].weight", 0.1)
            .absolute_at("$.prices.exact", 0.0)
    };
    let old = r#"{"prices": {"a": 1.0, "list": [2.5], "exact": 1.0}, "rows": [{"weight": 100.0, "n": 1.0}], "n": 1.0}"#;
    let new = r#"{"prices": {"a": 1.005, "list": [2.495], "exact": 1.001}, "rows": [{"weight": 109.5, "n": 1.001}], "n": 1.001}"#;
    let comparison = compare(rules(), old, new);
    assert_eq!(
        lines(&comparison),
        [
            "$.prices.exact: value 1.0 → 1.001",
            "$.rows[0].n: value 1.0 → 1.001",
            "$.n: value 1.0 → 1.001",
        ]
    );
    assert_eq!(
        hidden(&comparison),
        [
            ("absolute 0.01 at $.prices", 2),
            ("relative 0.1 at $.rows[*].weight", 1)
        ]
    );
    // A place keeps what the rule for it does not speak of.
    let comparison = compare(
        rules().absolute(0.5).relative(0.001),
        r#"{"prices": {"a": 1000.0, "b": 1.0}}"#,
        r#"{"prices": {"a": 1000.5, "b": 1.4}}"#,
    );
    assert_eq!(lines(&comparison), ["$.prices.b: value 1.0 → 1.4"]);
    assert_eq!(hidden(&comparison), [("absolute 0.5, relative 0.001", 1)]);
}

#[test]
fn tolerances_of_places_hold_without_order_too() {
    let rules = || {
        Rules::new()
            .unordered_everywhere()
            .absolute_at("$[*].x", 1.0)
            .absolute_at("$[*].y", 0.1)
    };
    let old = r#"[{"x": 1.5, "y": 0.05}, {"x": 2.5, "y": 5.05}, {"x": 3.5, "y": 0.55}]"#;
    let new = r#"[{"x": 3.0, "y": 0.5}, {"x": 2.25, "y": 5.1}, {"x": 1.75, "y": 0.1}]"#;
    assert!(compare(rules(), old, new).equal);
    assert!(!compare(rules(), old, &new.replace("5.1", "5.3")).equal);
}
