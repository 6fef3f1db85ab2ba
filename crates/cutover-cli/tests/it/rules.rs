//! Rules, splits and variants: how they are typed, told and refused.

use serde_json::{Value, json};

use crate::harness::{Home, f};

fn rules(home: &Home) -> Value {
    f(home)["rules"].clone()
}

fn add(home: &Home, more: &[&str]) -> String {
    home.done(&[&["flag", "rule", "add", "f", "--yes"], more].concat())
}

#[test]
fn rules_are_added_asked_in_order_moved_changed_and_removed() {
    let home = Home::with_flag();
    let told = [
        &["flag", "rule", "list", "f"][..],
        &[
            "flag",
            "rule",
            "add",
            "f",
            "--when",
            "plan in [\"pro\", \"team\"] and not email ends_with \"@test.example\"",
            "--serve",
            "on",
            "--name",
            "beta customers",
            "--yes",
        ],
        &[
            "flag",
            "rule",
            "add",
            "f",
            "--when",
            "country == \"PL\"",
            "--split",
            "on=10,off=90",
            "--by",
            "tenant",
            "--at",
            "1",
            "--yes",
        ],
        &["flag", "rule", "list", "f"],
        &[
            "flag",
            "rule",
            "move",
            "f",
            "beta customers",
            "--to",
            "1",
            "--yes",
        ],
        &[
            "flag",
            "rule",
            "set",
            "f",
            "2",
            "--split",
            "on=1,off=1",
            "--yes",
        ],
        &[
            "flag",
            "rule",
            "set",
            "f",
            "2",
            "--serve",
            "true",
            "--name",
            "poles",
            "--dry-run",
        ],
        &["flag", "get", "f"],
        &["flag", "rule", "remove", "f", "beta customers", "--yes"],
        &["flag", "list"],
        &["flag", "undo", "f", "--yes"],
    ]
    .map(|arguments| home.told(arguments));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_condition_is_the_same_in_every_form() {
    let home = Home::with_flag();
    let json = r#"{"all": [{"attribute": "plan", "equals": "pro"}, {"attribute": "seats", "at_least": 10}]}"#;
    let expression = "plan == \"pro\" and seats >= 10";
    let file = |name: &str, text: &str| {
        let path = home.path().with_file_name(name);
        std::fs::write(&path, format!("\n{text}\n")).unwrap();
        path.display().to_string()
    };
    add(&home, &["--serve", "on", "--when", expression]);
    let expected = rules(&home);
    for (option, value) in [
        ("--when-json", json.to_owned()),
        ("--when-file", file("who.json", json)),
        ("--when-file", file("who", expression)),
        ("--when-file", "-".to_owned()),
    ] {
        home.done(&["flag", "rule", "remove", "f", "1", "--yes"]);
        let arguments = [
            "flag", "rule", "add", "f", "--serve", "on", option, &value, "--yes",
        ];
        let answer = home.feed(&arguments, json.as_bytes());
        assert_eq!(answer.code, 0, "{answer}");
        assert_eq!(rules(&home), expected, "{option} {value}");
    }
    let listed = home.json(&["flag", "rule", "list", "f"])["rules"][0].clone();
    assert_eq!(
        (&listed["number"], &listed["condition"]),
        (&json!(1), &json!(expression))
    );
    assert_eq!(listed["when"], expected[0]["when"]);
    let lines = home
        .run(&["flag", "rule", "list", "f", "--format", "jsonl"])
        .lines();
    assert_eq!(lines.len(), 1);
}

#[test]
fn what_is_no_rule_is_refused_with_its_place_and_what_is_right() {
    let home = Home::with_flag();
    add(
        &home,
        &[
            "--when",
            "plan == \"pro\"",
            "--serve",
            "on",
            "--name",
            "professionals",
        ],
    );
    let when = ["--when", "beta exists"];
    for (arguments, code, expected) in [
        (&["add", "f", "--serve", "on"][..], 2, "whom it is about"),
        (&["add", "f", when[0], when[1]], 2, "what those get"),
        (
            &["add", "f", when[0], when[1], "--serve", "onn"],
            2,
            "did you mean on?",
        ),
        (
            &[
                "add", "f", when[0], when[1], "--serve", "on", "--split", "on=1",
            ],
            2,
            "cannot be used with",
        ),
        (
            &["add", "f", when[0], when[1], "--split", "on=1,blue=1"],
            2,
            "no variant blue",
        ),
        (
            &["add", "f", when[0], when[1], "--split", "on"],
            2,
            "VARIANT=WEIGHT",
        ),
        (
            &["add", "f", when[0], when[1], "--split", "on=0"],
            2,
            "weight",
        ),
        (
            &[
                "add", "f", when[0], when[1], "--serve", "on", "--by", "tenant",
            ],
            2,
            "--split",
        ),
        (
            &["add", "f", when[0], when[1], "--serve", "on", "--at", "3"],
            2,
            "1 to 2",
        ),
        (
            &["add", "f", when[0], when[1], "--serve", "on", "--name", "7"],
            2,
            "number",
        ),
        (
            &[
                "add",
                "f",
                when[0],
                when[1],
                "--serve",
                "on",
                "--name",
                "professionals",
            ],
            2,
            "professionals",
        ),
        (
            &["add", "f", "--when", "plan = \"pro\"", "--serve", "on"],
            2,
            "column 6",
        ),
        (
            &[
                "add",
                "f",
                "--when",
                "plan start_with \"p\"",
                "--serve",
                "on",
            ],
            2,
            "starts_with",
        ),
        (
            &[
                "add",
                "f",
                "--when-json",
                "{\"attribute\": \"plan\", \"equal\": 1}",
                "--serve",
                "on",
            ],
            2,
            "equals",
        ),
        (
            &["add", "f", "--when-file", "/nowhere", "--serve", "on"],
            3,
            "/nowhere",
        ),
        (
            &["add", "ff", when[0], when[1], "--serve", "on"],
            1,
            "no flag ff",
        ),
        (&["set", "f", "1"], 2, "nothing is said"),
        (
            &["set", "f", "profesionals", "--serve", "off"],
            1,
            "did you mean \"professionals\"?",
        ),
        (&["set", "f", "1", "--by", "tenant"], 2, "--split"),
        (&["remove", "f", "2"], 1, "has 1 to 1"),
        (&["move", "f", "1", "--to", "2"], 2, "1 to 1"),
        (&["move", "f", "1"], 2, "--to"),
    ] {
        let answer = home.run(&[&["flag", "rule"], arguments, &["--yes"]].concat());
        assert_eq!(answer.code, code, "{arguments:?}\n{answer}");
        assert!(
            answer.err.contains(expected),
            "{arguments:?}: {expected}\n{answer}"
        );
    }
    assert_eq!(
        home.json(&["flag", "list"])["revision"],
        2,
        "nothing was changed"
    );
}

#[test]
fn a_rollout_is_a_percentage_or_a_split_and_either_can_be_taken_back() {
    let home = Home::new();
    home.done(&[
        "flag",
        "create",
        "f",
        "--type",
        "integer",
        "--variant",
        "off=20",
        "--variant",
        "big=50",
        "--variant",
        "huge=500",
        "--bucketing",
        "md5",
        "--yes",
    ]);
    let told = [
        &["flag", "rollout", "f", "--split", "big=1,500=7", "--yes"][..],
        &["flag", "list"],
        &["flag", "rollout", "f", "5", "--variant", "50", "--yes"],
        &["flag", "rollout", "f", "5", "--split", "big=1", "--yes"],
        &["flag", "rollout", "f", "--yes"],
        &["flag", "rollout", "f", "--split", "big=1,bigg=2", "--yes"],
        &["flag", "set", "f", "off", "--yes"],
    ]
    .map(|arguments| home.told(arguments));
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(
        f(&home)["rollout"],
        json!({"bucketing": "md5"}),
        "people keep their buckets"
    );
}

#[test]
fn a_variant_is_removed_when_nothing_answers_with_it() {
    let home = Home::with_flag();
    home.done(&["flag", "override", "f", "acme", "on", "--yes"]);
    add(&home, &["--when", "beta exists", "--split", "on=1,off=1"]);
    let told = [
        &["flag", "variant", "list", "f"][..],
        &["flag", "variant", "remove", "f", "on", "--yes"],
        &["flag", "variant", "set", "f", "new=true", "--yes"],
        &["flag", "variant", "remove", "f", "nwe", "--yes"],
        &["flag", "variant", "remove", "f", "new", "--yes"],
        &["flag", "variant", "set", "f", "new=1", "--yes"],
        &["flag", "variant", "set", "f", "new", "--yes"],
    ]
    .map(|arguments| home.told(arguments));
    insta::assert_snapshot!(told.join("\n"));

    home.done(&["flag", "set", "size", "50", "--create", "--yes"]);
    let answer = home.run(&["flag", "variant", "set", "size", "value=60", "--dry-run"]);
    assert!(
        answer.out.contains("size: default 50 (value) → 60 (value)"),
        "{answer}"
    );
    assert!(
        answer.err.contains("answers with value now: default"),
        "{answer}"
    );
}

#[test]
fn two_people_who_change_one_rule_do_not_undo_each_other() {
    let home = Home::with_flag();
    add(
        &home,
        &["--when", "beta exists", "--serve", "off", "--name", "rule"],
    );
    let changes = [
        &["--serve", "on"][..],
        &["--when", "plan == \"pro\""],
        &["--name", "other"],
    ];
    std::thread::scope(|scope| {
        for change in changes {
            let home = &home;
            scope.spawn(move || {
                home.done(&[&["flag", "rule", "set", "f", "1", "--yes"], change].concat());
            });
        }
    });
    let expected = json!([{
        "name": "other", "when": {"attribute": "plan", "equals": "pro"}, "variant": "on"
    }]);
    assert_eq!(rules(&home), expected);
}

#[test]
fn a_version_that_is_a_number_is_told() {
    let home = Home::with_flag();
    let add = |when: &str| {
        let arguments = [
            "flag", "rule", "add", "f", "--serve", "on", "--yes", "--when", when,
        ];
        home.run(&arguments)
    };
    let answer = add("plan == \"pro\" and not app_version >= 1.4");
    assert_eq!(answer.code, 0, "{answer}");
    let told = "`app_version >= 1.4` compares numbers; a semantic version has three parts";
    assert!(answer.err.contains(told), "{answer}");
    assert!(!add("app_version >= 1.4.1").err.contains("compares numbers"));
}
