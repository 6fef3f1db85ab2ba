//! Back to old in a hurry: `flag rollback` and `flag kill --all`.

use serde_json::json;

use crate::harness::Home;

/// Flags of every sort: a migration, one that is complete, one that everybody has, one that some
/// have, one that nobody has.
fn flags() -> Home {
    let home = Home::new();
    for arguments in [
        &["create", "migration", "--stage", "shadow"][..],
        &[
            "create",
            "complete",
            "--stage",
            "complete",
            "--default",
            "on",
        ],
        &["create", "everybody", "--default", "on"],
        &["create", "some", "--by", "tenant"],
        &["rollout", "some", "50"],
        &["create", "ruled"],
        &[
            "rule",
            "add",
            "ruled",
            "--when",
            "tenant == \"acme\"",
            "--serve",
            "on",
        ],
        &["create", "nobody"],
        &["override", "everybody", "unit-7", "on"],
    ] {
        home.done(&[&["flag"], arguments, &["--yes"]].concat());
    }
    home
}

fn answer(home: &Home, key: &str, who: &[&str]) -> serde_json::Value {
    home.json(&[&["flag", "eval", key], who].concat())["value"].clone()
}

#[test]
fn a_tenant_goes_back_to_old_in_one_revision_and_nobody_else_does() {
    let home = flags();
    let told = [
        &["flag", "rollback", "--tenant", "acme", "--dry-run"][..],
        &["flag", "rollback", "--tenant", "acme", "--yes"],
        &["flag", "rollback", "--tenant", "acme", "--yes"],
        &["flag", "rollback", "--tenant", "acme", "complete", "--yes"],
        &["flag", "rollback", "--tenant", "acme", "--force", "--yes"],
        &["flag", "rollback", "--unit", "u1", "everbody", "--yes"],
        &["flag", "rollback", "--unit", "u1", "nobody", "--yes"],
        &["flag", "rollback", "--tenant", "", "--yes"],
        &["flag", "rollback", "--yes"],
    ]
    .map(|arguments| home.told(arguments));
    insta::assert_snapshot!(told.join("\n"));
    for key in [
        "migration",
        "complete",
        "everybody",
        "some",
        "ruled",
        "nobody",
    ] {
        let who = ["--tenant", "acme", "--unit", "u9"];
        assert_eq!(answer(&home, key, &who), false, "{key}");
    }
    assert_eq!(answer(&home, "everybody", &["--tenant", "other"]), true);
}

#[test]
fn a_flag_that_chooses_no_side_is_rolled_back_by_name_alone() {
    let home = Home::with_flag();
    home.done(&["flag", "set", "f", "on", "--yes"]);
    let size = ["flag", "create", "page_size", "--type", "integer"];
    home.done(&[&size[..], &["--variant", "off=20", "--yes"]].concat());
    home.done(&["flag", "set", "page_size", "50", "--yes"]);
    let told = [
        &["flag", "rollback", "--tenant", "acme", "--yes"][..],
        &["flag", "rollback", "--tenant", "acme", "--yes"],
        &["flag", "rollback", "--tenant", "acme", "page_size", "--yes"],
    ]
    .map(|arguments| home.told(arguments));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn nothing_but_a_yes_is_asked_for() {
    let home = flags();
    let answer = home.run(&["flag", "rollback", "--tenant", "acme"]);
    assert_eq!(answer.code, 6, "{answer}");
    assert!(answer.err.contains("--yes"), "{answer}");
    let answer = home.run(&[
        "flag", "rollback", "--tenant", "acme", "--yes", "--expect", "1",
    ]);
    assert_eq!(answer.code, 7, "{answer}");
}

#[test]
fn a_kill_of_all_says_what_it_leaves_out() {
    let home = flags();
    let killed = home.run(&["flag", "kill", "--all", "--yes"]);
    assert_eq!(killed.code, 0, "{killed}");
    assert!(
        killed.err.contains("left out") && killed.err.contains("old is stale: complete"),
        "{killed}"
    );
    let state = |key: &str| home.json(&["flag", "get", key])["flag"]["state"].clone();
    assert_eq!(
        (state("everybody"), state("complete")),
        (json!("killed"), json!("enabled"))
    );
    home.done(&["flag", "kill", "--all", "--force", "--yes"]);
    assert_eq!(state("complete"), "killed");
    let other = Home::new();
    other.done(&["flag", "create", "f", "--stage", "complete", "--yes"]);
    let refused = other.run(&["flag", "kill", "--all", "--yes"]);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.err.contains("--force"), "{refused}");
}

#[test]
fn a_kill_of_all_reaches_flags_that_are_made_meanwhile() {
    let home = Home::with_flag();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let home = &home;
            scope.spawn(move || home.done(&["flag", "create", &format!("f{number}"), "--yes"]));
        }
        home.done(&["flag", "kill", "--all", "--yes"]);
    });
    let history = home.json(&["flag", "history", "-n", "100"])["history"].clone();
    let records = history.as_array().unwrap();
    let is_kill = |record: &&serde_json::Value| record["changes"][0]["after"]["state"] == "killed";
    let kill = records.iter().find(is_kill).unwrap();
    let there_before = kill["revision"].as_u64().unwrap() - 1;
    let killed = kill["changes"].as_array().unwrap().len() as u64;
    assert_eq!(
        killed, there_before,
        "every flag that was there when it happened"
    );
}
