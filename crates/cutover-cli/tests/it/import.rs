//! `cutover flag import`: what is shown, what is changed, what is refused.

use serde_json::{Value, json};

use crate::harness::Home;

/// A file as the dataset manager writes it.
fn feature_flags() -> String {
    let file = json!({
        "flags": {
            "use_new_backend": false,
            "use_new_registrar": false,
            "use_new_features": true,
            "enable_comparison_tests": true,
            "enable_performance_tracking": true,
            "page_size": 50,
            "rollout_percentage": {"new_backend": 25, "new_features": 10},
            "rollout_percentage.new_registrar": 10,
            "ab_test_registration_percentage": 10
        },
        "history": [
            {
                "timestamp": "2025-07-08T09:14:03.482911",
                "flag": "rollout_percentage.new_registrar",
                "old_value": 5,
                "new_value": 10
            }
        ],
        "last_updated": "2025-07-08T09:14:03.483004"
    });
    serde_json::to_string_pretty(&file).unwrap()
}

fn units(count: usize) -> String {
    (1..=count)
        .map(|number| format!("dataset-{number}\n"))
        .collect()
}

fn revision(home: &Home) -> Value {
    home.json(&["flag", "list"])["revision"].clone()
}

#[test]
fn an_import_is_shown_for_every_unit_before_anything_changes() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mdm", "--yes"]);
    home.done(&["flag", "kill", "use_new_registrar", "--yes"]);
    let file = home.file("feature_flags.json", feature_flags());
    let units = home.file("units.txt", units(40));
    let import = ["flag", "import", &file, "--from", "mdm"];
    let told = [
        [&import[..], &["--units", &units]].concat(),
        [&import[..], &["--yes", "--actor", "ada"]].concat(),
        vec!["flag", "list"],
        [&import[..], &["--yes"]].concat(),
    ]
    .map(|arguments| home.told(&arguments));
    insta::assert_snapshot!(told.join("\n"));
    let record = &home.json(&["flag", "history", "-n", "1"])["history"][0];
    assert_eq!(
        record["reason"].as_str().unwrap().replace(&file, "FILE"),
        "imported from FILE (mdm); its history had 1 change, the last on \
         2025-07-08T09:14:03.482911: rollout_percentage.new_registrar 5 → 10"
    );
}

#[test]
fn json_names_everybody_who_changes_sides() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mdm", "--yes"]);
    let file = home.file("feature_flags.json", feature_flags());
    let units = home.file("units.txt", units(1000));
    let arguments = ["flag", "import", &file, "--from", "mdm", "--units", &units];
    let json = home.json(&arguments);
    assert_eq!(json["dry_run"], true);
    assert_eq!(json["revision"], 1);
    assert_eq!(json["from"], "mdm");
    assert_eq!(json["unchanged"], 2);
    assert_eq!(json["changes"].as_array().unwrap().len(), 5);
    assert_eq!(json["units"]["count"], 1000);
    let flag = |key: &str| {
        let flags = json["units"]["flags"].as_array().unwrap();
        flags
            .iter()
            .find(|flag| flag["key"] == key)
            .unwrap()
            .clone()
    };
    // Nested: its code answered nobody. Flat: the same ones as before.
    let backend = flag("use_new_backend");
    let moved = backend["moved_from_answered"].as_u64().unwrap();
    assert_eq!(backend["answered"], json!({"off": 1000}));
    assert_eq!(backend["after"]["on"], moved);
    assert!((200..300).contains(&moved), "{backend}");
    let registrar = flag("use_new_registrar");
    assert_eq!(registrar["answered"], registrar["after"]);
    assert_eq!(registrar["moved_from_answered"], 0);
    assert_eq!(registrar["moved_from_before"], registrar["after"]["on"]);
    // A flag that the store did not have moved nobody away from what it answered.
    assert_eq!(flag("page_size")["before"], json!({}));
    assert_eq!(flag("page_size")["moved_from_before"], 0);
    let moved = json["units"]["moved"].as_array().unwrap();
    let counted = ["use_new_backend", "use_new_features", "use_new_registrar"]
        .map(|key| flag(key)["moved_from_before"].as_u64().unwrap());
    assert_eq!(moved.len() as u64, counted.iter().sum::<u64>());
    assert_eq!(moved[0]["key"], "use_new_backend");
    assert_eq!(moved[0]["answered"], false);
    assert_eq!(moved[0]["before"], false);
    assert_eq!(moved[0]["after"], true);
    assert_eq!(moved[0]["reason"], "SPLIT");

    let lines = home
        .run(&[&arguments[..], &["--format", "jsonl"]].concat())
        .lines();
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert_eq!(of("change"), 5);
    assert_eq!(of("unit"), moved.len());
    assert_eq!(of("flag"), 7);
    assert_eq!(of("note"), json["notes"].as_array().unwrap().len());
    assert_eq!(lines.last().unwrap()["kind"], "import");
    assert_eq!(lines.last().unwrap()["changed"], 5);
}

#[test]
fn what_its_code_really_answered_can_be_kept() {
    let home = Home::new();
    let file = home.file("feature_flags.json", feature_flags());
    let units = home.file("units.txt", units(1000));
    let json = home.json(&[
        "flag",
        "import",
        &file,
        "--from",
        "mdm",
        "--as-answered",
        "--units",
        &units,
    ]);
    for flag in json["units"]["flags"].as_array().unwrap() {
        assert_eq!(flag["moved_from_answered"], 0, "{flag}");
    }
    assert_eq!(json["units"]["moved"], json!([]));
}

#[test]
fn without_yes_nothing_changes_and_with_it_one_revision_is_made() {
    let home = Home::new();
    let file = home.file("feature_flags.json", feature_flags());
    let import = ["flag", "import", &file, "--from", "mdm"];
    assert_eq!(home.run(&import).code, 0);
    assert_eq!(
        home.run(&[&import[..], &["--yes", "--dry-run"]].concat())
            .code,
        0
    );
    assert_eq!(revision(&home), 0);
    let stale = home.run(&[&import[..], &["--yes", "--expect", "3"]].concat());
    assert_eq!(stale.code, 7, "{stale}");
    let json = home.json(&[&import[..], &["--yes", "--reason", "moving house"]].concat());
    assert_eq!(
        (&json["dry_run"], &json["revision"]),
        (&json!(false), &json!(1))
    );
    let record = &home.json(&["flag", "history"])["history"][0];
    assert_eq!(record["reason"], "moving house");
    assert_eq!(record["changes"].as_array().unwrap().len(), 7);
    // Again: nothing differs, nothing is recorded.
    assert_eq!(home.run(&[&import[..], &["--yes"]].concat()).code, 0);
    assert_eq!(revision(&home), 1);
}

#[test]
fn flags_that_the_file_does_not_name_go_only_on_request() {
    let home = Home::with_flag();
    let file = home.file("flags.json", r#"{"flags": {}}"#);
    let import = ["flag", "import", &file, "--from", "native", "--yes"];
    home.done(&import);
    assert_eq!(revision(&home), 1);
    let units = home.file("units.txt", "a\nb\n");
    let pruned = home.json(&[&import[..], &["--prune", "--units", &units]].concat());
    assert_eq!(pruned["changes"][0]["after"], Value::Null);
    assert_eq!(pruned["units"]["flags"][0]["moved_from_before"], 2);
    assert_eq!(home.json(&["flag", "list"])["flags"], json!([]));
}

#[test]
fn what_has_no_equivalent_is_refused_unless_a_loss_is_accepted() {
    let home = Home::new();
    let file = home.file(
        "feature_flags.json",
        r#"{"flags": {"useNewBackend": true, "日本": true, "use_x": false}}"#,
    );
    let import = ["flag", "import", &file, "--from", "mdm"];
    insta::assert_snapshot!(home.told(&import));
    let refused = home.run(&[&import[..], &["--yes"]].concat());
    assert_eq!((refused.code, revision(&home)), (1, json!(0)), "{refused}");
    home.done(&[&import[..], &["--lossy", "--yes"]].concat());
    let list = home.json(&["flag", "list"]);
    let keys: Vec<_> = list["flags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["key"])
        .collect();
    assert_eq!(keys, ["use_new_backend", "use_x"]);
}

#[test]
fn a_file_that_cannot_be_read_is_refused_with_its_place() {
    let home = Home::new();
    for (text, from, code, place) in [
        (&b""[..], "mdm", 3, "f.json:1:1: the document is empty"),
        (b"{\"flags\": {\"a\": tru", "mdm", 3, "f.json:1:19: the document ends too early"),
        (b"{\"flags\": {\"a\": 1,\n \"a\": 2}}", "native", 3, "f.json:2:4: the key \"a\" stands twice"),
        (b"{\"flags\": {\"\xFF\": 1}}", "mdm", 3, "f.json:1:"),
        (b"[]", "mdm", 1, "$: the file is a JSON object"),
        (b"{}", "native", 1, "$.flags: there are no flags here"),
        (b"{\"flags\": {\"a\": 7}}", "native", 1, "$.flags[\"a\"]"),
        (
            b"{\"flags\": {\"a\": {\"variants\": {\"x\": true}, \"off\": \"x\", \"default\": \"y\"}}}",
            "native",
            1,
            "$.flags[\"a\"].default: there is no variant \"y\"",
        ),
        (b"A=1\nB\n", "env", 3, "line 2: there is no `=`"),
        (b"A=1\nB=\xFF\n", "env", 3, "f.json:2: the line is not UTF-8"),
        (b"FEATURE_A=maybe\n", "env", 1, "1 thing has no equivalent here"),
    ] {
        let file = home.file("f.json", text);
        let answer = home.run(&["flag", "import", &file, "--from", from, "--yes"]);
        assert_eq!(answer.code, code, "{answer}");
        assert!(answer.err.contains(place), "{place}\n{answer}");
        assert_eq!(revision(&home), 0);
    }
    let missing = home.run(&["flag", "import", "nowhere.json", "--from", "native"]);
    assert_eq!(missing.code, 3, "{missing}");
    assert!(
        missing.err.contains("cannot open nowhere.json"),
        "{missing}"
    );
    let file = home.file("f.json", feature_flags());
    for arguments in [
        &["--from", "mdm", "--scheme", "feature"][..],
        &["--from", "native", "--as-answered"],
        &["--from", "env", "--prune"],
        &["--from", "env", "--prefix", "x"],
        &["--from", "yaml"],
        &[],
    ] {
        let answer = home.run(&[&["flag", "import", &file], arguments].concat());
        assert_eq!(answer.code, 2, "{arguments:?}\n{answer}");
    }
    assert_eq!(home.run(&["flag", "import", "--from", "mdm"]).code, 2);
    assert_eq!(
        home.run(&["flag", "import", "-", "--from", "mdm", "--units", "-"])
            .code,
        2
    );
}

#[test]
fn variables_become_flags() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mspbyte", "--yes"]);
    let file = home.file(
        ".env",
        "# the last step\nFEATURE_NEW_PIPELINE=true\nFEATURE_NEW_PIPELINE_ROLLOUT=25\n\
         FEATURE_ALERT_MANAGER=false\nFEATURE_SOMETHING_ELSE=true\nMETRICS_PORT=9090\n",
    );
    let units = home.file("tenants.txt", "acme\nglobex\ninitech\numbrella\nhooli\n");
    let import = ["flag", "import", &file, "--from", "env"];
    insta::assert_snapshot!(home.told(&[&import[..], &["--units", &units]].concat()));
    home.done(&[&import[..], &["--yes"]].concat());
    let pipeline = &home.json(&["flag", "get", "new_pipeline"])["flag"];
    assert_eq!(pipeline["rollout"]["percentage"], 25);
    // The tenant is what is bucketed, as before.
    assert_eq!(pipeline["rollout"]["by"], "tenant");
    // And without a file, the variables of the process.
    let answer = home
        .command(&[
            "flag", "import", "--from", "env", "--scheme", "mdm", "--yes",
        ])
        .env("MDM_REFACTORING_USE_NEW_BACKEND", "false")
        .env("MDM_REFACTORING_BACKEND_ROLLOUT_PERCENTAGE", "30")
        .output()
        .unwrap();
    assert!(answer.status.success());
    let backend = &home.json(&["flag", "get", "use_new_backend"])["flag"];
    assert_eq!(backend["rollout"]["percentage"], 30);
    assert_eq!(backend["rollout"]["bucketing"], "md5-unsalted");
}

#[test]
fn a_variable_that_is_there_twice_is_told() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mspbyte", "--yes"]);
    let text = "FEATURE_NEW_PIPELINE=true\n\nFEATURE_NEW_PIPELINE=false\n";
    let file = home.file(".env", text);
    let answer = home.run(&["flag", "import", &file, "--from", "env", "--dry-run"]);
    let told = format!("{}{}", answer.out, answer.err);
    let note = "line 3: FEATURE_NEW_PIPELINE is on line 1, too; the last one counts";
    assert!(told.contains(note), "{answer}");
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mspbyte", "--yes"]);
    home.done(&["flag", "override", "new_pipeline", "acme", "on", "--yes"]);
    home.done(&["flag", "rollout", "new_pipeline", "12.5", "--yes"]);
    let exported = home.done(&["flag", "export"]);
    let other = Home::new();
    let answer = other.feed(
        &["flag", "import", "-", "--from", "native", "--yes"],
        exported.as_bytes(),
    );
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(other.done(&["flag", "export"]), exported);
    assert_eq!(
        other.json(&["flag", "list"])["flags"],
        home.json(&["flag", "list"])["flags"]
    );
    // The whole document, as the store keeps it, is read as well.
    let document = home.path().join("flags.json");
    if let Ok(text) = std::fs::read(document) {
        let third = Home::new();
        let answer = third.feed(&["flag", "import", "-", "--from", "native", "--yes"], &text);
        assert_eq!(answer.code, 0, "{answer}");
        assert_eq!(third.done(&["flag", "export"]), exported);
    }
}

#[test]
fn targeting_of_flagd_becomes_rules() {
    let home = Home::new();
    let file = home.file(
        "shop.flagd.json",
        json!({
            "$schema": "https://flagd.dev/schema/v0/flags.json",
            "$evaluators": {"staff": {"ends_with": [{"var": "email"}, "@shop.example"]}},
            "flags": {
                "new_checkout": {
                    "state": "ENABLED",
                    "variants": {"on": true, "off": false},
                    "defaultVariant": "off",
                    "targeting": {"if": [
                        {"$ref": "staff"}, "on",
                        {"and": [
                            {"in": [{"var": "plan"}, ["pro", "team"]]},
                            {"sem_ver": [{"var": "version"}, "^", "2.1.0"]}
                        ]},
                        {"fractional": [["on", 10], ["off", 90]]},
                        null
                    ]}
                },
                "page_size": {
                    "state": "ENABLED",
                    "variants": {"small": 20, "big": 50},
                    "defaultVariant": "small",
                    "targeting": {"if": [{"==": [{"%": [{"var": "id"}, 2]}, 0]}, "big"]}
                }
            }
        })
        .to_string(),
    );
    let import = ["flag", "import", &file, "--from", "flagd"];
    insta::assert_snapshot!(home.told(&import));
    home.done(&[&import[..], &["--lossy", "--yes"]].concat());
    let eval = |attributes: &[&str]| {
        let asked = ["flag", "eval", "new_checkout", "--unit", "u1"];
        home.json(&[&asked[..], attributes].concat())["variant"].clone()
    };
    assert_eq!(eval(&["--attr", "email=ada@shop.example"]), "on");
    assert_eq!(eval(&["--attr", "plan=free"]), "off");
    let units = home.file("units.txt", units(1000));
    let lines = home.run(&[
        "flag",
        "eval",
        "new_checkout",
        "--units",
        &units,
        "--attr",
        "plan=pro",
        "--attr",
        "version=2.9.0",
    ]);
    let on = lines
        .lines()
        .iter()
        .filter(|line| line["variant"] == "on")
        .count();
    assert!((60..140).contains(&on), "{on} of 1000 are a tenth");
}
