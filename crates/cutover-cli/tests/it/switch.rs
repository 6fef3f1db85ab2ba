//! `flag kill --all` and `flag restore --all`: off for everybody, and the way back.

use serde_json::json;

use crate::harness::Home;

#[test]
fn kill_all_is_one_revision_and_undo_takes_it_back() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mdm", "--yes"]);
    let before = home.json(&["flag", "list"])["flags"].clone();
    let killed = home.run(&["flag", "kill", "--all", "--yes"]);
    assert!(
        killed.err.contains("next: cutover flag restore --all\n"),
        "{killed}"
    );
    let again = home.run(&["flag", "kill", "--all", "--dry-run"]);
    assert!(!again.err.contains("warning"), "it is as wished: {again}");
    let flags = home.json(&["flag", "list"]);
    assert_eq!(flags["revision"], 2);
    assert!(
        flags["flags"]
            .as_array()
            .unwrap()
            .iter()
            .all(|flag| flag["state"] == "killed")
    );
    home.done(&["flag", "undo", "--to", "1", "--yes"]);
    assert_eq!(home.json(&["flag", "list"])["flags"], before);
}

#[test]
fn restore_all_is_one_revision_and_touches_what_is_killed_alone() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mdm", "--yes"]);
    home.done(&["flag", "rollout", "use_new_backend", "25", "--yes"]);
    home.done(&["flag", "override", "use_new_backend", "acme", "on", "--yes"]);
    let before = home.json(&["flag", "list"])["flags"].clone();
    for key in ["use_new_backend", "use_new_config"] {
        let killed = home.done(&["flag", "kill", key, "--yes"]);
        let once = match key {
            "use_new_backend" => "once restored: 1 override, else off, 25 % on\n",
            _ => "once restored: off, 0 % on\n",
        };
        assert!(killed.contains(once), "{killed}");
    }
    let restore = ["flag", "restore", "--all", "--reason", "it is over"];
    let tried = home.run(&[&restore[..], &["--dry-run"]].concat());
    assert!(tried.out.contains("killed → 1 override, else off, 25 % on"));
    assert_eq!(home.run(&restore).code, 6, "it asks");
    let stale = home.run(&[&restore[..], &["--yes", "--expect", "2"]].concat());
    assert_eq!(stale.code, 7, "{stale}");
    let done = home.run(&[&restore[..], &["--yes"]].concat());
    assert!(
        done.err.contains("back: cutover flag undo --to 5"),
        "{done}"
    );
    assert_eq!(home.json(&["flag", "list"])["flags"], before);
    let record = &home.json(&["flag", "history", "-n", "1"])["history"][0];
    let told = (&record["revision"], &record["reason"]);
    assert_eq!(told, (&json!(6), &json!("it is over")));
    assert_eq!(record["changes"].as_array().unwrap().len(), 2);
    // Again: there is nothing to do, and no revision for it.
    let again = home.run(&[&restore[..], &["--yes"]].concat());
    assert_eq!(again.code, 0, "{again}");
    assert!(again.out.contains("nothing is different"), "{again}");
    assert_eq!(home.json(&["flag", "list"])["revision"], 6);
    for wrong in [
        &["flag", "restore", "--yes"][..],
        &["flag", "restore", "use_new_backend", "--all", "--yes"],
    ] {
        assert_eq!(home.run(wrong).code, 2);
    }
}
