//! Rules as they are kept: written, read, and what is wrong with them.

use std::time::Duration;

use cutover_domain::comparison::{Preset, RedactAction, RedactionRules, Rules, Severity};
use cutover_domain::tree::Tree;
use proptest::prelude::*;
use proptest::sample::select;

/// Paths of all sorts, also such as no rule can use.
fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "$",
            "$.a",
            "$..b",
            "$['odd \"name\"'][0]",
            "$.a['it\\'s']"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
        any::<String>(),
    ]
}

/// What a rule is made of; not every rule uses all of it.
#[derive(Clone, Debug)]
struct Parts {
    rule: u8,
    path: String,
    texts: (String, String),
    fields: Vec<String>,
    tolerance: f64,
    number: u32,
    level: Severity,
    preset: Preset,
}

fn parts() -> impl Strategy<Value = Parts> {
    let tolerance = prop_oneof![
        any::<f64>().prop_filter("JSON has no form for it", |number| number.is_finite()),
        Just(1e-9),
        Just(0.0),
    ];
    let level = select(vec![
        Severity::Info,
        Severity::Warning,
        Severity::Error,
        Severity::Critical,
    ]);
    (
        0_u8..32,
        path(),
        (any::<String>(), any::<String>()),
        prop::collection::vec(any::<String>(), 0..5),
        tolerance,
        any::<u32>(),
        level,
        select(&Preset::ALL[..]),
    )
        .prop_map(
            |(rule, path, texts, fields, tolerance, number, level, preset)| Parts {
                rule,
                path,
                texts,
                fields,
                tolerance,
                number,
                level,
                preset,
            },
        )
}

impl Parts {
    fn add(self, rules: Rules) -> Rules {
        let path = self.path;
        match self.rule {
            0 => rules.preset(self.preset),
            1 => rules.ignore(path),
            2 => rules.only(path),
            3 => rules.unordered(path),
            4 => rules.unordered_everywhere(),
            5 => rules.trim(path),
            6 => rules.whitespace(path),
            7 => rules.ignore_case(path),
            8 => rules.nfc(path),
            9 => rules.timestamps(path),
            10 => rules.uuids(path),
            11 => rules.replace(path, self.texts.0, self.texts.1),
            12 => rules.key_or(path, self.fields, [self.texts.0]),
            13 => rules.severity(path, self.level),
            14 => rules.absolute(self.tolerance),
            15 => rules.relative(self.tolerance),
            16 => rules.absolute_at(path, self.tolerance),
            17 => rules.relative_at(path, self.tolerance),
            18 => rules.limit(self.number as usize),
            19 => rules.sample_bytes(self.number as usize),
            20 => rules.effort(self.number.into()),
            21 => rules.strict(),
            22 => rules.null_equals_missing(),
            23 => rules.redact(
                RedactionRules::new()
                    .secrets()
                    .path(path, RedactAction::Hash),
            ),
            24 => rules.redact(RedactionRules::new().text(self.texts.0, RedactAction::Mask)),
            25 => rules.tolerate_integers(),
            26 => rules.fail_on(self.level),
            27 => rules.errors_by_class(),
            28 => rules.max_depth(self.number as usize),
            29 => rules.max_bytes(self.number.into()),
            30 => rules.max_time(Duration::from_nanos(u64::from(self.number) * 7_919)),
            _ => rules.max_time(Duration::MAX),
        }
    }
}

proptest! {
    #[test]
    fn a_rules_file_is_read_back_as_it_was_written(parts in prop::collection::vec(parts(), 0..8)) {
        let rules = parts.into_iter().fold(Rules::new(), |rules, parts| parts.add(rules));
        let text = rules.to_toml();
        prop_assert_eq!(&toml::from_str::<Rules>(&text).unwrap(), &rules, "{}", text);
        let json = serde_json::to_string(&rules).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Rules>(&json).unwrap(), &rules, "{}", json);
        // What is wrong with a rule is found in a file as it is when built.
        let read = Rules::read(&Tree::from_json(&json).unwrap());
        prop_assert_eq!(read.is_ok(), rules.build().is_ok());
        if let Ok(read) = read {
            prop_assert_eq!(read, rules);
        }
    }
}

#[test]
fn a_rules_file_is_made_to_be_read() {
    let rules = Rules::new()
        .preset(Preset::Mdm)
        .ignore("$..etag")
        .ignore("$.at")
        .ignore("$.host")
        .ignore("$['odd name']")
        .key_or("$.alerts", ["entity", "type"], ["entity"])
        .absolute(1e-9)
        .absolute_at("$.prices", 0.01)
        .trim("$")
        .timestamps("$..created_at")
        .replace("$..url", r"^https?://[^/]+\.example", "")
        .severity("$.log", Severity::Info)
        .fail_on(Severity::Warning)
        .max_time(Duration::from_millis(1_500));
    assert_eq!(
        rules.to_toml(),
        r#"preset = "mdm"
ignore = [
    "$..etag",
    "$.at",
    "$.host",
    "$['odd name']",
]
fail_on = "warning"
max_time = "1s 500ms"

[[keys]]
path = "$.alerts"
by = ["entity", "type"]
or = ["entity"]

[numbers]
absolute = 1e-9

[[numbers.at]]
path = "$.prices"
absolute = 0.01

[strings]
trim = true
timestamps = ["$..created_at"]

[[strings.replace]]
path = "$..url"
pattern = '^https?://[^/]+\.example'
with = ""

[[severities]]
path = "$.log"
level = "info"
"#
    );
    assert_eq!(Rules::new().to_toml(), "");
    assert_eq!(serde_json::to_string(&Rules::new()).unwrap(), "{}");
    let everywhere = toml::from_str::<Rules>("unordered = true").unwrap();
    assert_eq!(everywhere, Rules::new().unordered_everywhere());
}

#[test]
fn every_problem_of_a_file_is_named_with_its_entry() {
    let file = r#"{
        "limits": 3,
        "limit": "many",
        "ignore": ["$.a", "b", 7],
        "unordered": "yes",
        "preset": "lenent",
        "numbers": {"absolut": 1, "relative": -1, "at": [{"path": "$.x"}, {"pth": "$.y", "absolute": 1}]},
        "strings": {"trim": [true], "tirm": true, "replace": [{"pattern": "("}]},
        "keys": [{"path": "$.c", "by": []}, {"by": ["x"]}],
        "severities": [{"path": "$.d", "level": "fatal"}],
        "redo": {"a": 1, "b": {"c": 2}}
    }"#;
    let error = Rules::read(&Tree::from_json(file).unwrap()).unwrap_err();
    let found: Vec<_> = error
        .problems
        .iter()
        .map(|problem| {
            let entry = problem.entry.as_deref().unwrap_or_default();
            format!("{entry} | {}", problem.message)
        })
        .collect();
    let expected = [
        "limits | there is no entry `limits`; did you mean `limit`?",
        "limit | limit: invalid type: string \"many\", expected usize",
        "ignore[1] | ignore: `b` is not a path: a path starts with `$`",
        "ignore[2] | ignore[2]: invalid type: integer `7`, expected a string",
        "unordered | unordered: invalid type: string \"yes\", expected `true` for everywhere, or a list of paths",
        "preset | preset: unknown variant `lenent`, expected one of `strict`, `lenient`",
        "numbers.absolut | there is no entry `absolut`; did you mean `absolute`?",
        "numbers.relative | relative -1.0: a tolerance is a number from 0 and below 1",
        "numbers.at[0] | numbers at $.x: say which tolerance: absolute, relative or integers",
        "numbers.at[1].pth | there is no entry `pth`; did you mean `path`?",
        "strings.trim[0] | strings.trim[0]: invalid type: boolean `true`, expected a string",
        "strings.tirm | there is no entry `tirm`; did you mean `trim`?",
        "strings.replace[0] | replace: `(` is not a regular expression: ",
        "keys[0] | key $.c: name at least one field",
        "keys[1] | keys[1]: missing field `path`",
        "severities[0] | severities[0]: unknown variant `fatal`, expected one of `info`",
        "redo | there is no entry `redo`; there are preset, ignore, ",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    let list = Rules::read(&Tree::from_json("[]").unwrap()).unwrap_err();
    assert_eq!(
        list.problems[0].message,
        "rules are a table of entries, not a array"
    );
}
