//! `--overlay`: variables of the environment over the stored flags, and what masks what.

use serde_json::{Value, json};

use crate::harness::{Answer, Home};

/// A run under these variables.
fn under(home: &Home, variables: &[(&str, &str)], arguments: &[&str]) -> Answer {
    let mut command = home.command(arguments);
    command.envs(variables.iter().copied());
    command.output().unwrap().into()
}

/// The same as people see it.
fn told(home: &Home, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let set: Vec<_> = variables
        .iter()
        .map(|(name, value)| format!("{name}={value} "))
        .collect();
    let answer = under(home, variables, arguments);
    format!(
        "$ {}cutover {}\n{answer}",
        set.concat(),
        arguments.join(" ")
    )
}

/// The JSON answer of a run that must work.
fn json(home: &Home, variables: &[(&str, &str)], arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    let answer = under(home, variables, &arguments);
    assert_eq!(answer.code, 0, "{arguments:?}\n{answer}");
    answer.json()
}

/// `new_pipeline` at 25 %.
fn home() -> Home {
    let home = Home::new();
    home.done(&["flag", "create", "new_pipeline", "--yes"]);
    home.done(&["flag", "rollout", "new_pipeline", "25", "--yes"]);
    home
}

const OFF: &[(&str, &str)] = &[("FEATURE_NEW_PIPELINE", "false")];
const ON: &[(&str, &str)] = &[("FEATURE_NEW_PIPELINE", "true")];

#[test]
fn people_are_told_what_masks_what() {
    let home = home();
    let feature = ["--overlay", "feature"];
    let told = [
        (OFF, &["flag", "status", "new_pipeline"][..]),
        (OFF, &["flag", "status"]),
        (OFF, &["flag", "list"]),
        (OFF, &["flag", "get", "new_pipeline"]),
        (OFF, &["flag", "eval", "new_pipeline", "--unit", "iris"]),
        (OFF, &["flag", "rollout", "new_pipeline", "50", "--yes"]),
        (ON, &["flag", "kill", "new_pipeline", "--yes"]),
        (ON, &["flag", "status", "new_pipeline"]),
        (OFF, &["flag", "restore", "new_pipeline", "--yes"]),
        (OFF, &["flag", "set", "new_pipeline", "true", "--dry-run"]),
        (ON, &["flag", "set", "new_pipeline", "true", "--yes"]),
        (OFF, &["flag", "undo", "new_pipeline", "--yes"]),
    ]
    .map(|(variables, arguments)| told(&home, variables, &[&feature[..], arguments].concat()));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_import_tells_which_variables_hide_what_it_brings() {
    let home = home();
    home.done(&["flag", "create", "other", "--yes"]);
    let exported = home.done(&["flag", "export"]);
    home.done(&["flag", "undo", "--to", "1", "--yes"]);
    let file = home.file("flags.json", exported);
    let import = [
        "--overlay",
        "feature",
        "flag",
        "import",
        &file,
        "--from",
        "native",
    ];
    let masked = "new_pipeline: stored 25 %, but FEATURE_NEW_PIPELINE=false";
    for yes in [None, Some("--yes")] {
        let arguments: Vec<_> = import.iter().copied().chain(yes).collect();
        let answer = under(&home, OFF, &arguments);
        assert_eq!(answer.code, 0, "{answer}");
        assert_eq!(answer.out.matches(masked).count(), 1, "{answer}");
        let warnings = json(&home, OFF, &arguments)["warnings"].clone();
        let told = warnings.as_array().unwrap();
        // The second time it is all there already, and nothing is changed.
        assert_eq!(told.len(), usize::from(yes.is_none()), "{warnings}");
    }
}

#[test]
fn without_the_option_no_variable_counts() {
    let home = home();
    for arguments in [
        &["flag", "status"][..],
        &["flag", "list"],
        &["flag", "get", "new_pipeline"],
        &["flag", "eval", "new_pipeline", "--unit", "iris"],
        &["flag", "rollout", "new_pipeline", "25", "--dry-run"],
    ] {
        let plain = home.run(arguments);
        let answer = under(&home, OFF, arguments);
        // The doctor tells the time.
        let timeless = |out: &str| -> Vec<_> {
            let lines = out.lines().filter(|line| !line.contains(" clock "));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(
            (timeless(&answer.out), answer.err),
            (timeless(&plain.out), plain.err),
            "{arguments:?}"
        );
    }
    assert!(!under(&home, OFF, &["doctor"]).out.contains("variables"));
}

#[test]
fn every_row_of_both_schemes_and_both_modes() {
    let stored = ["FEATURE_USE_NEW_X", "FEATURE_USE_NEW_X_ROLLOUT"];
    let mdm = [
        "MDM_REFACTORING_USE_NEW_X",
        "MDM_REFACTORING_X_ROLLOUT_PERCENTAGE",
    ];
    let home = Home::new();
    home.done(&["flag", "create", "use_new_x", "--yes"]);
    home.done(&["flag", "rollout", "use_new_x", "0.001", "--yes"]);
    for (overlay, names, switch, share, value, reason) in [
        ("feature", stored, Some("true"), None, true, "SPLIT"),
        ("feature", stored, Some("true"), Some("0"), false, "SPLIT"),
        ("feature", stored, None, Some("100"), true, "SPLIT"),
        (
            "feature",
            stored,
            Some("false"),
            Some("100"),
            false,
            "DISABLED",
        ),
        ("feature", stored, Some("false"), None, false, "DISABLED"),
        (
            "feature:initial",
            stored,
            Some("true"),
            None,
            false,
            "SPLIT",
        ),
        ("mdm", mdm, Some("true"), None, true, "SPLIT"),
        ("mdm", mdm, Some("yes"), Some("0"), true, "SPLIT"),
        ("mdm", mdm, Some("false"), Some("100"), true, "SPLIT"),
        ("mdm", mdm, Some("0"), None, false, "SPLIT"),
        ("mdm", mdm, None, Some("100"), true, "SPLIT"),
        ("mdm:initial", mdm, Some("true"), None, false, "SPLIT"),
    ] {
        let set = names.into_iter().zip([switch, share]);
        let variables: Vec<_> = set
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let eval = [
            "--overlay",
            overlay,
            "flag",
            "eval",
            "use_new_x",
            "--unit",
            "u",
        ];
        let answer = json(&home, &variables, &eval);
        assert_eq!(answer["value"], value, "{overlay} {variables:?}\n{answer}");
        assert_eq!(
            answer["reason"], reason,
            "{overlay} {variables:?}\n{answer}"
        );
        let is_masked = overlay.ends_with("initial") || !answer["masked_by"].is_null();
        let as_stored = share == Some("0") && !value;
        assert!(is_masked || as_stored, "{overlay} {variables:?}\n{answer}");
    }
}

#[test]
fn programs_are_told_what_masks_what() {
    let home = home();
    let masked = json!({
        "source": "FEATURE_NEW_PIPELINE=false",
        "effect": "killed",
        "stored": "25 %",
    });
    let read = |arguments: &[&str]| {
        let arguments = [&["--overlay", "feature"], arguments].concat();
        json(&home, OFF, &arguments)
    };
    let status = &read(&["flag", "status", "new_pipeline"])["flag"];
    assert_eq!(status["masked_by"], masked);
    assert_eq!(status["configured"]["state"], "enabled", "as it is stored");
    assert_eq!(status["configured"]["percentage"], 25);
    assert_eq!(status["effective"]["reason"], "DISABLED");
    assert_eq!(read(&["flag", "status"])["flags"][0]["masked_by"], masked);
    let list = &read(&["flag", "list"])["flags"][0];
    assert_eq!(
        (&list["masked_by"], &list["state"]),
        (&masked, &json!("killed"))
    );
    let get = &read(&["flag", "get", "new_pipeline"])["flag"];
    assert_eq!(
        (&get["masked_by"], &get["state"]),
        (&masked, &json!("enabled"))
    );
    let rollout = read(&["flag", "rollout", "new_pipeline", "25", "--yes"]);
    assert_eq!(rollout["flag"]["masked_by"], masked);
    let split = [("FEATURE_NEW_PIPELINE_ROLLOUT", "12.5")];
    let arguments = ["flag", "status", "new_pipeline", "--overlay", "feature"];
    let status = &json(&home, &split, &arguments)["flag"];
    assert_eq!(status["masked_by"]["effect"], json!({"rollout": 12.5}));
    let same = [("FEATURE_NEW_PIPELINE_ROLLOUT", "25")];
    assert!(
        json(&home, &same, &arguments)["flag"]
            .get("masked_by")
            .is_none()
    );
}

#[test]
fn what_cannot_be_followed_is_named_and_the_stored_flag_answers() {
    let home = home();
    home.done(&["flag", "create", "new-pipeline", "--yes"]);
    home.done(&["flag", "create", "x", "--yes"]);
    let variables = [
        ("FEATURE_NEW_PIPELINE", "false"),
        ("FEATURE_X", "1"),
        ("FEATURE_X_ROLLOUT", "101"),
        ("FEATURE_XX", "a secret"),
    ];
    let feature = ["--overlay", "feature"];
    let told = [
        &["flag", "eval", "new_pipeline", "--unit", "iris"][..],
        &["flag", "list"],
    ]
    .map(|arguments| told(&home, &variables, &[&feature[..], arguments].concat()));
    insta::assert_snapshot!(told.join("\n"));
    let doctor = under(
        &home,
        &variables,
        &["--overlay", "feature", "doctor", "--format", "json"],
    );
    assert_eq!(doctor.code, 1, "{doctor}");
    let checks = doctor.json()["checks"].clone();
    let check = |name| {
        checks
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["name"] == name)
            .cloned()
    };
    let found = check("variables").unwrap();
    assert_eq!(found["status"], "fail");
    let message = found["message"].as_str().unwrap();
    assert_eq!(message.lines().count(), 5, "{message}");
    let sound = under(
        &home,
        &[("FEATURE_X", "true")],
        &["--overlay", "feature", "doctor"],
    );
    assert!(sound.out.contains("variables"), "{sound}");
    assert_eq!(sound.code, 0, "{sound}");
}

#[test]
fn initially_variables_supply_what_is_not_stored() {
    let home = home();
    let variables = [
        ("FEATURE_NEW_PIPELINE", "false"),
        ("FEATURE_LATER_ROLLOUT", "25"),
    ];
    let initial = ["--overlay", "feature:initial"];
    let told = [
        &["flag", "list"][..],
        &["flag", "status", "new_pipeline"],
        &["flag", "status", "later", "--unit", "iris"],
        &["flag", "rollout", "later", "50", "--yes"],
        &["flag", "create", "later", "--yes"],
        &["flag", "status", "later"],
    ]
    .map(|arguments| told(&home, &variables, &[&initial[..], arguments].concat()));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn the_option_can_come_from_the_environment_and_be_taken_back() {
    let home = home();
    let eval = ["flag", "eval", "new_pipeline", "--unit", "iris"];
    let by_variable = [OFF[0], ("CUTOVER_OVERLAY", "feature")];
    assert_eq!(json(&home, &by_variable, &eval)["reason"], "DISABLED");
    let none = [&["--overlay", "none"][..], &eval].concat();
    assert_eq!(json(&home, &by_variable, &none)["reason"], "SPLIT");
    let other = [
        ("SHOP_NEW_PIPELINE", "false"),
        ("CUTOVER_OVERLAY", "feature:SHOP_"),
    ];
    assert_eq!(json(&home, &other, &eval)["reason"], "DISABLED");
    for (variables, option, expected) in [
        (
            &[("CUTOVER_OVERLAY", "env")][..],
            &[][..],
            "error: CUTOVER_OVERLAY: `env` is not a scheme",
        ),
        (
            &[],
            &["--overlay", "feature:always"],
            "`always` is not a mode",
        ),
        (&[], &["--overlay", "feature:A-B"], "cannot begin the names"),
    ] {
        let answer = under(&home, variables, &[option, &eval].concat());
        assert_eq!(answer.code, 2, "{answer}");
        assert!(answer.err.contains(expected), "{answer}");
    }
}

#[test]
fn suggested_commands_carry_the_option() {
    let home = home();
    let option = ["--overlay", "feature:initial:SHOP_"];
    let answer = under(
        &home,
        &[],
        &[&option[..], &["flag", "kill", "new_pipeline", "--yes"]].concat(),
    );
    let expected = "cutover --overlay feature:initial:SHOP_ flag restore new_pipeline";
    assert!(answer.err.contains(expected), "{answer}");
}

#[test]
fn a_value_cannot_steer_the_terminal() {
    let home = home();
    let variables = [
        ("FEATURE_NEW_PIPELINE", "\u{1b}[2J"),
        ("FEATURE_\u{1b}[2J", "true"),
    ];
    for arguments in [&["flag", "status"][..], &["doctor"], &["flag", "list"]] {
        let answer = under(
            &home,
            &variables,
            &[&["--overlay", "feature"], arguments].concat(),
        );
        assert!(
            !answer.out.contains('\u{1b}') && !answer.err.contains('\u{1b}'),
            "{answer}"
        );
    }
}

#[test]
fn a_variable_is_the_reason_only_where_it_decides() {
    let home = home();
    home.done(&["flag", "override", "new_pipeline", "iris", "off", "--yes"]);
    let eval = |unit: &str| {
        let asked = [
            "--overlay",
            "feature",
            "flag",
            "eval",
            "new_pipeline",
            "--unit",
            unit,
        ];
        json(&home, ON, &asked)
    };
    let overridden = eval("iris");
    assert_eq!(overridden["value"], false);
    assert!(overridden.get("masked_by").is_none(), "{overridden}");
    let other = eval("ivy");
    assert_eq!(other["value"], true);
    assert_eq!(other["masked_by"]["source"], "FEATURE_NEW_PIPELINE=true");
    home.done(&["flag", "kill", "new_pipeline", "--yes"]);
    assert!(eval("ivy").get("masked_by").is_none());
}
