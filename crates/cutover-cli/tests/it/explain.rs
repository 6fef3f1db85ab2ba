//! How an answer came about: `flag explain`, and what `flag status` and `flag eval` say of rules.

use serde_json::json;

use crate::harness::Home;

/// A flag with every tier, and one that requires it.
fn flags() -> Home {
    let home = Home::new();
    for arguments in [
        &[
            "create",
            "editor",
            "--by",
            "tenant",
            "--owner",
            "web",
            "--expires",
            "2100-01-31",
        ][..],
        &["rollout", "editor", "50"],
        &["override", "editor", "u7", "on"],
        &[
            "rule",
            "add",
            "editor",
            "--when",
            "plan in [\"pro\"] and version >= 1.4.0",
            "--serve",
            "on",
            "--name",
            "beta",
        ],
        &[
            "rule",
            "add",
            "editor",
            "--when",
            "groups contains \"staff\"",
            "--split",
            "on=1,off=3",
            "--bucketing",
            "md5",
        ],
        &[
            "create",
            "part",
            "--requires",
            "editor",
            "--default",
            "on",
            "--stage",
            "shadow",
        ],
    ] {
        home.done(&[&["flag"], arguments, &["--yes"]].concat());
    }
    home
}

#[test]
fn every_tier_says_what_it_said() {
    let home = flags();
    let told = [
        &[
            "editor", "--unit", "u1", "--tenant", "acme", "--attr", "plan=pro",
        ][..],
        &[
            "editor",
            "--unit",
            "u1",
            "--attr",
            "plan=pro",
            "--attr",
            "version=1.5.0",
        ],
        &[
            "editor",
            "--unit",
            "u1",
            "--attr",
            "groups=[\"x\", \"staff\"]",
        ],
        &["editor", "--unit", "u7"],
        &["editor"],
        &["part", "--unit", "u1", "--tenant", "other"],
        &["part", "--unit", "u7"],
        &["edtor"],
    ]
    .map(|arguments| home.told(&[&["flag", "explain"], arguments].concat()));
    insta::assert_snapshot!(told.join("\n"));
    home.done(&["flag", "kill", "editor", "--yes"]);
    let killed = home.done(&["flag", "explain", "editor"]);
    assert!(
        killed.contains("killed       yes") && killed.matches("not asked").count() == 5,
        "{killed}"
    );
}

#[test]
fn programs_get_the_tests_that_failed_and_what_was_hashed() {
    let home = flags();
    let explained = home.json(&[
        "flag",
        "explain",
        "part",
        "--unit",
        "u1",
        "--tenant",
        "other",
        "--attr",
        "plan=free",
    ]);
    assert_eq!(
        (&explained["tier"], &explained["reason"]),
        (&json!("requires"), &json!("DISABLED"))
    );
    assert_eq!(
        explained["asked"],
        json!({"unit": "u1", "tenant": "other", "plan": "free"})
    );
    assert_eq!(
        explained["tiers"]["requires"],
        json!([{"key": "editor", "on": false}])
    );
    let required = &explained["required"];
    assert_eq!(
        (&required["key"], &required["tier"]),
        (&json!("editor"), &json!("rollout"))
    );
    assert_eq!(
        required["hash_input"],
        "xxh3_64(\"other\", seed = xxh3_64(\"editor\"))"
    );
    assert_eq!(
        (&required["bucket"], &required["buckets"]),
        (&json!(62678), &json!(100_000))
    );
    assert_eq!(
        required["tiers"]["rules"][0],
        json!({
            "number": 1, "name": "beta", "condition": "plan in [\"pro\"] and version >= 1.4.0",
            "outcome": "unmatched",
            "because": [{"wanted": "plan in [\"pro\"]", "attribute": "plan", "found": "\"free\""}],
        })
    );
}

#[test]
fn status_shows_all_that_is_set_and_whether_it_depends_on_who_asks() {
    let home = flags();
    let told = [
        &["flag", "status"][..],
        &["flag", "status", "editor"],
        &[
            "flag",
            "status",
            "editor",
            "--unit",
            "u1",
            "--attr",
            "groups=[\"staff\"]",
        ],
        &["flag", "status", "part", "--unit", "u7"],
        &["flag", "list"],
    ]
    .map(|arguments| home.told(arguments));
    insta::assert_snapshot!(told.join("\n"));
    let configured = home.json(&["flag", "status", "editor"])["flag"]["configured"].clone();
    for (field, value) in [
        ("type", json!("boolean")),
        ("owner", json!("web")),
        ("expires", json!("2100-01-31")),
        ("overrides", json!(1)),
        ("variants", json!({"on": true, "off": false})),
    ] {
        assert_eq!(configured[field], value, "{field}");
    }
    assert_eq!(
        configured["rules"][1]["split"][1],
        json!({"variant": "off", "weight": 3})
    );
    assert_eq!(
        configured["rules"][0]["condition"],
        "plan in [\"pro\"] and version >= 1.4.0"
    );
}

#[test]
fn a_rollout_that_decides_nothing_does_not_depend_on_who_asks() {
    let home = Home::with_flag();
    for (arguments, effective) in [
        (&["rollout", "f", "0"][..], Some("off")),
        (&["rollout", "f", "100"], Some("on")),
        (&["rollout", "f", "5"], None),
        (&["rollout", "f", "5", "--variant", "off"], Some("off")),
        (&["rollout", "f", "--split", "on=1,off=0"], Some("on")),
        (&["rollout", "f", "--split", "on=1,off=1"], None),
        (
            &[
                "rule",
                "add",
                "f",
                "--when",
                "beta exists",
                "--serve",
                "off",
            ],
            None,
        ),
        (&["set", "f", "on"], None),
        (&["rule", "set", "f", "1", "--serve", "on"], Some("on")),
        (&["kill", "f"], Some("off")),
    ] {
        home.done(&[&["flag"], arguments, &["--yes"]].concat());
        let status = home.json(&["flag", "status", "f"])["flag"].clone();
        assert_eq!(
            status["effective"]["variant"],
            json!(effective),
            "{arguments:?}\n{status}"
        );
        assert_eq!(
            status["effective"].is_null(),
            effective.is_none(),
            "{arguments:?}\n{status}"
        );
    }
}

#[test]
fn a_bucket_is_numbered_by_the_formula_of_what_decided() {
    let home = flags();
    let bucket =
        |who: &[&str]| home.json(&[&["flag", "eval", "editor"], who].concat())["bucket"].clone();
    assert_eq!(
        bucket(&["--unit", "u1", "--tenant", "other"]),
        62678,
        "xxh3, of 100,000"
    );
    let of_rule = bucket(&["--unit", "u1", "--attr", "groups=[\"staff\"]"]);
    assert!(of_rule.as_u64().unwrap() < 100, "md5, of 100: {of_rule}");
    for answer in [
        home.run(&["flag", "eval", "editor", "--unit", "u1"]),
        home.run(&["flag", "explain", "editor", "--unit", "u1"]),
    ] {
        assert_eq!(answer.code, 1, "{answer}");
        assert!(answer.err.contains("--tenant TENANT"), "{answer}");
    }
}
