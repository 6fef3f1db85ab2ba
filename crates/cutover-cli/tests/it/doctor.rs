//! `doctor`: what it finds, what it advises, and that it changes nothing.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Answer, Home, exists};

fn check(answer: &Answer, name: &str) -> Value {
    let checks = answer.json()["checks"].clone();
    let found = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == name);
    found
        .unwrap_or_else(|| panic!("no check is called {name}\n{answer}"))
        .clone()
}

fn doctor(home: &Home) -> Answer {
    home.run(&["doctor", "--format", "json"])
}

#[test]
fn a_new_machine_is_told_how_to_begin_and_left_as_it_is() {
    let home = Home::new();
    let answer = doctor(&home);
    assert_eq!(
        (answer.code, &answer.json()["ok"]),
        (0, &Value::Bool(true)),
        "{answer}"
    );
    assert_eq!(check(&answer, "home")["status"], "warn");
    assert!(
        check(&answer, "flags")["advice"]
            .as_str()
            .unwrap()
            .contains("cutover flag init")
    );
    assert!(!exists(&home.path()));
}

#[test]
fn a_sound_store_is_well() {
    let home = Home::with_flag();
    let files = |home: &Home| {
        let entries = fs::read_dir(home.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = files(&home);
    let answer = doctor(&home);
    assert_eq!(answer.code, 0);
    for check in answer.json()["checks"].as_array().unwrap() {
        assert_eq!(check["status"], "ok", "{check}");
    }
    assert_eq!(files(&home), before, "it leaves nothing behind");
    assert!(home.done(&["doctor"]).ends_with("all is well\n"));
    assert!(home.run(&["doctor", "--format", "jsonl"]).lines().len() > 5);
}

#[test]
fn flags_of_a_newer_version_are_not_to_be_repaired() {
    let home = Home::with_flag();
    let path = home.path().join("flags.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"schema\": 1", "\"schema\": 2")).unwrap();
    let advice = check(&doctor(&home), "flags")["advice"].clone();
    let advice = advice.as_str().unwrap();
    assert!(advice.ends_with("upgrade cutover"), "{advice}");
    let refused = home.run(&["doctor", "--repair", "--yes"]);
    assert_eq!(refused.code, 2, "{refused}");
}

#[test]
fn what_is_broken_is_found_with_what_to_do() {
    let broken = |name: &str, status: &str, break_it: &dyn Fn(&Home)| {
        let home = Home::with_flag();
        break_it(&home);
        let answer = doctor(&home);
        let check = check(&answer, name);
        assert_eq!(check["status"], status, "{name}\n{answer}");
        assert!(!check["advice"].as_str().unwrap().is_empty(), "{name}");
        let failed = status == "fail";
        assert_eq!(answer.code, i32::from(failed), "{answer}");
    };
    broken("flags", "fail", &|home| {
        fs::write(home.path().join("flags.json"), "{").unwrap();
    });
    broken("home", "fail", &|home| {
        fs::remove_dir_all(home.path()).unwrap();
        fs::write(home.path(), "a file").unwrap();
    });
    broken("history", "warn", &|home| {
        let file = home.path().join("flags.history.jsonl");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}no record\n")).unwrap();
    });
    broken("history", "warn", &|home| {
        home.done(&["flag", "rollout", "f", "5", "--yes"]);
        fs::write(home.path().join("flags.history.jsonl"), "").unwrap();
    });
    broken("history", "fail", &|home| {
        let file = home.path().join("flags.history.jsonl");
        fs::remove_file(&file).unwrap();
        fs::create_dir(file).unwrap();
    });
    broken("lock", "fail", &|home| {
        let file = home.path().join("flags.lock");
        fs::remove_file(&file).unwrap();
        fs::create_dir(file).unwrap();
    });
    broken("metrics", "warn", &|home| {
        fs::create_dir(home.path().join("metrics")).unwrap();
        fs::write(home.path().join("metrics/a.json"), "{").unwrap();
    });
    broken("comparisons", "warn", &|home| {
        let file = records(home);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}garbage\n")).unwrap();
    });
    broken("comparisons", "warn", &|home| {
        fs::write(records(home).with_file_name("run.json"), "{").unwrap();
    });
    broken("comparisons", "fail", &|home| {
        let file = records(home);
        fs::remove_file(&file).unwrap();
        fs::create_dir(file).unwrap();
    });
    broken("expired", "warn", &|home| {
        home.done(&["flag", "create", "g", "--expires", "2020-01-01", "--yes"]);
    });
}

/// The file with the records of a run, which is made.
fn records(home: &Home) -> PathBuf {
    let cases = home.file("cases.jsonl", "1\n");
    home.done(&[
        "compare", "run", "--old", "cat", "--new", "cat", "--cases", &cases,
    ]);
    let runs = fs::read_dir(home.path().join("comparisons/runs")).unwrap();
    let run = runs.last().unwrap().unwrap().path();
    run.join("records-000001.jsonl")
}

#[test]
fn a_record_that_cannot_be_read_is_counted_and_the_first_is_named() {
    let home = Home::with_flag();
    let file = records(&home);
    assert_eq!(
        check(&doctor(&home), "comparisons")["message"],
        "1 run with 1 record"
    );
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}garbage\n\0\n")).unwrap();
    let message = check(&doctor(&home), "comparisons")["message"].clone();
    let message = message.as_str().unwrap();
    assert!(
        message.starts_with("1 record, and 2 more cannot be read; the first is "),
        "{message}"
    );
    assert!(
        message.contains(&format!("{}:", file.display())),
        "{message}"
    );
}

#[test]
fn a_lock_that_is_held_is_seen() {
    let home = Home::with_flag();
    let lock = fs::File::create(home.path().join("flags.lock")).unwrap();
    lock.lock().unwrap();
    let answer = doctor(&home);
    assert_eq!(check(&answer, "lock")["status"], "warn");
    drop(lock);
    assert_eq!(check(&doctor(&home), "lock")["status"], "ok");
}

#[cfg(unix)]
#[test]
fn a_store_that_everybody_may_change_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with_flag();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let check = check(&doctor(&home), "permissions");
    assert_eq!(check["status"], "warn");
    assert!(
        check["advice"].as_str().unwrap().starts_with("chmod o-w "),
        "{check}"
    );
}

#[test]
fn flags_that_cannot_be_read_are_brought_back() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "5", "--yes"]);
    let before = home.json(&["flag", "get", "f"]);
    let file = home.path().join("flags.json");
    for garbage in [
        Some(""),
        Some("{\"schema\": 1, \"fla"),
        Some("garbage"),
        None,
    ] {
        match garbage {
            Some(garbage) => fs::write(&file, garbage).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let asked = home.run(&["doctor", "--repair"]);
        assert_eq!(asked.code, 6, "{asked}");
        let shown = home.run(&["doctor", "--repair", "--dry-run"]);
        assert_eq!(shown.code, 1, "nothing is repaired yet\n{shown}");
        let repaired = home.run(&["doctor", "--repair", "--yes", "--format", "json"]);
        assert_eq!(
            (repaired.code, &check(&repaired, "repair")["status"]),
            (0, &"ok".into())
        );
        assert_eq!(home.json(&["flag", "get", "f"]), before, "{garbage:?}");
    }
    let kept = fs::read(home.path().join("flags.json.broken-3")).unwrap();
    assert_eq!(kept, b"garbage", "what was there is kept");
    let sound = home.run(&["doctor", "--repair", "--format", "json"]);
    assert_eq!(
        check(&sound, "repair")["message"],
        "there is nothing to repair"
    );
}

#[test]
fn an_edit_by_hand_is_told() {
    let home = Home::with_flag();
    let file = home.path().join("flags.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("\"enabled\"", "\"killed\"", 1)).unwrap();
    let flags = check(&doctor(&home), "flags");
    assert_eq!(
        flags["message"],
        "1 flag at revision 2, edited by hand since the last change"
    );
}

#[test]
fn a_history_that_was_lost_is_told() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "5", "--yes"]);
    fs::remove_file(home.path().join("flags.history.jsonl")).unwrap();
    let history = check(&doctor(&home), "history");
    assert_eq!(
        history["message"],
        "the history starts at revision 2: what came before was compacted or lost"
    );
    assert_eq!(history["status"], "warn");
}

#[test]
fn a_repair_that_cannot_help_does_not_advise_itself() {
    let home = Home::with_flag();
    let path = |name: &str| home.path().join(name);
    fs::write(path("flags.json"), "{").unwrap();
    fs::remove_file(path("flags.json.good")).unwrap();
    fs::write(path("flags.history.jsonl"), "").unwrap();
    let flags = check(&doctor(&home), "flags");
    let advice = flags["advice"].as_str().unwrap();
    assert!(
        advice.contains("backup") && !advice.contains("--repair"),
        "{advice}"
    );
    fs::write(path("flags.history.jsonl"), "garbage\n").unwrap();
    fs::write(path("flags.json.good"), "garbage\n").unwrap();
    let listed = home.run(&["flag", "list"]);
    assert!(listed.err.contains("restore it from a backup"), "{listed}");
    assert!(!listed.err.contains("--repair"), "{listed}");
    let answer = home.run(&["doctor", "--repair", "--yes"]);
    assert_ne!(answer.code, 0, "{answer}");
    let text = answer.to_string();
    assert!(text.contains("neither a good copy nor a history"), "{text}");
    assert!(text.contains("restore a backup"), "{text}");
    let said = text.split("cannot be repaired").last().unwrap();
    assert!(!said.contains("--repair"), "{text}");
    assert!(!exists(&path("flags.json.broken-1")));
}

#[test]
fn a_folder_in_the_place_of_the_flags_is_moved_away_before_the_repair() {
    let home = Home::with_flag();
    let path = |name: &str| home.path().join(name);
    fs::remove_file(path("flags.json")).unwrap();
    fs::create_dir(path("flags.json")).unwrap();
    let flags = check(&doctor(&home), "flags");
    assert_eq!(
        flags["advice"],
        "move it away, then: cutover doctor --repair"
    );
    fs::remove_dir(path("flags.json")).unwrap();
    home.done(&["doctor", "--repair", "--yes"]);
    home.done(&["flag", "get", "f"]);
}

#[test]
fn a_kill_that_an_edit_of_an_old_copy_took_back_is_told_while_it_is_the_newest() {
    let home = Home::with_flag();
    home.done(&["flag", "rollout", "f", "5", "--yes"]);
    let file = home.path().join("flags.json");
    let opened = fs::read_to_string(&file).unwrap();
    home.done(&["flag", "kill", "f", "--yes"]);
    fs::write(
        &file,
        opened.replace("\"percentage\": 5", "\"percentage\": 6"),
    )
    .unwrap();
    let edit = check(&doctor(&home), "edit");
    assert_eq!(edit["status"], "warn");
    let told = "revision 4 was made by hand on an older copy of the flags, and takes back \
                revision 3";
    assert_eq!(edit["message"], told);
    for arguments in [&["flag", "list"][..], &["flag", "status", "f"]] {
        let answer = home.run(arguments);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.err.contains(told), "{answer}");
    }
    let history = home.done(&["flag", "history"]);
    assert!(
        history.contains("it was based on revision 2 and takes back revision 3"),
        "{history}"
    );
    home.done(&["flag", "kill", "f", "--yes"]);
    assert!(!home.done(&["doctor"]).contains("takes back"));
    assert!(!home.run(&["flag", "list"]).err.contains("takes back"));
}

#[test]
fn fields_that_mean_nothing_are_told() {
    let home = Home::with_flag();
    let file = home.path().join("flags.json");
    let text = fs::read_to_string(&file).unwrap();
    let with = r#""team": "web", "x-ticket": 7, "off": "off""#;
    fs::write(&file, text.replacen(r#""off": "off""#, with, 1)).unwrap();
    let fields = check(&doctor(&home), "fields");
    assert_eq!(fields["status"], "warn");
    assert_eq!(
        fields["message"],
        r#"these mean nothing here: $.flags["f"].team"#
    );
}
