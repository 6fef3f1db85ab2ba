//! Whatever a rules file says: rules, or an error that says what is wrong; and rules that were
//! accepted compare without panicking.

use cutover_domain::comparison::Rules;
use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format};
use proptest::prelude::*;

/// Reads rules as the command line does, and uses them.
fn try_rules(text: &str) -> Result<(), String> {
    let document = Document::new(text.as_bytes()).format(Format::Toml).read();
    let rules = Rules::read(&document.map_err(|error| error.to_string())?);
    let rules = rules.map_err(|error| error.to_string())?;
    let comparator = rules.build().map_err(|error| error.to_string())?;
    let old = Tree::from_json(
        r#"{"a": [{"id": 1, "b": "x  Y"}, {"id": 2}, 1.5], "b": {"c": null}, "": "2024-01-01"}"#,
    );
    let new = Tree::from_json(
        r#"{"a": [1.6, {"id": 2, "b": []}, {"id": 1, "b": "X y"}], "b": {}, "": "2024-01-02"}"#,
    );
    let (old, new) = (old.unwrap(), new.unwrap());
    let comparison = comparator.compare(&old, &new);
    assert!(comparator.compare(&old, &old).equal, "{text}");
    assert_eq!(comparison.equal, comparison.counts.total() == 0, "{text}");
    Ok(())
}

/// Something for a value: often what an entry takes, often not.
fn value() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        "\\$([.][a-c*]|\\[\\*\\]|\\[[0-9]{1,3}\\]|\\[-?[0-9]?:[0-9]?:?-?[0-9]?\\]|[.][.][a-c]|\\['[a-c\\\\]'\\]){0,6}",
        "[$.\\[\\]*'?@()a-c0-9:,-]{0,20}",
        any::<String>(),
    ];
    let text = path.prop_map(|text| serde_json::to_string(&text).unwrap());
    let leaf = prop_oneof![
        6 => text,
        1 => prop::sample::select(vec![
            "true", "false", "0", "-1", "1e-9", "nan", "inf", "18446744073709551615", "1e999",
            "[]", "{}", "\"mdm\"", "\"critical\"", "\"secrets\"", "\"hash\"", "1979-05-27",
            "\"(a+)+$\"", "\"(?:(?:a{1000}){1000}){1000}\"", "\"[\"", "\"$..*..*..*\"",
        ]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let key = prop::sample::select(vec![
            "path",
            "by",
            "or",
            "level",
            "absolute",
            "relative",
            "integers",
            "strict",
            "names",
            "text",
            "pattern",
            "action",
            "with",
            "trim",
            "ignore_case",
            "nfc",
            "uuids",
            "replace",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::btree_map(key, inner, 0..4).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(key, value)| format!("{key} = {value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_rules_make_it_panic(
        entries in prop::collection::btree_map(
            prop::sample::select(vec![
                "preset", "ignore", "only", "unordered", "keys", "numbers", "strings",
                "null_equals_missing", "severities", "limit", "sample_bytes", "effort", "redact",
                "strings.replace", "strings.trim", "numbers.at", "unknown",
            ]),
            value(),
            0..5,
        ),
    ) {
        let lines = entries.into_iter().map(|(key, value)| format!("{key} = {value}"));
        if let Err(error) = try_rules(&lines.collect::<Vec<_>>().join("\n")) {
            prop_assert!(!error.is_empty());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let _ = try_rules(&text);
    }
}

#[test]
fn paths_may_be_long_deep_and_many() {
    let quoted = |text: &str| format!("{text:?}");
    for path in [
        format!("${}", "[*]".repeat(10_000)),
        format!("${}", "..a".repeat(1_000)),
        format!("${}", "..*".repeat(200)),
        format!("$['{}']", "x".repeat(1_000_000)),
        format!("${}", ".a".repeat(100_000)),
        format!("$[{}]", "9".repeat(10_000)),
    ] {
        if let Err(error) = try_rules(&format!("ignore = [{}]", quoted(&path))) {
            assert!(!error.is_empty());
        }
    }
    let many: Vec<String> = (0..10_000)
        .map(|n| quoted(&format!("$.a[{n}].b")))
        .collect();
    try_rules(&format!("ignore = [{}]", many.join(", "))).unwrap();
}
