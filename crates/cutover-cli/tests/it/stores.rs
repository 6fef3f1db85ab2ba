//! The same commands over another store: flags in a database.

use std::fs;

use serde_json::Value;

use crate::harness::{Answer, Home, exists};

/// One of everything that can be asked or done, with what goes wrong in between.
const STORY: &[&[&str]] = &[
    &["flag", "list"],
    &["flag", "history"],
    &["flag", "init", "--preset", "mspbyte", "--yes"],
    &["flag", "init", "--preset", "mspbyte", "--yes"],
    &["flag", "list"],
    &[
        "flag",
        "create",
        "size",
        "--type",
        "integer",
        "--variant",
        "off=20",
        "--variant",
        "big=50",
        "--yes",
    ],
    &[
        "flag",
        "rollout",
        "new_pipeline",
        "12.5",
        "--yes",
        "--reason",
        "canary",
    ],
    &["flag", "rollout", "new_pipeline", "25"],
    &["flag", "rollout", "new_pipeline", "25", "--dry-run"],
    &[
        "flag",
        "rollout",
        "new_pipeline",
        "25",
        "--yes",
        "--expect",
        "1",
    ],
    &["flag", "rollout", "new_pipeline", "101", "--yes"],
    &["flag", "rollout", "new_pipelin", "5", "--yes"],
    &["flag", "override", "new_pipeline", "acme", "on", "--yes"],
    &["flag", "set", "size", "big", "--yes"],
    &["flag", "get", "size"],
    &["flag", "status", "new_pipeline", "--tenant", "acme"],
    &["flag", "status"],
    &["flag", "eval", "new_pipeline", "--unit", "dataset-17"],
    &["flag", "kill", "new_pipeline", "--yes"],
    &["flag", "undo", "new_pipeline", "--yes"],
    &["flag", "undo", "--to", "1", "--yes"],
    &["flag", "undo", "--to", "99", "--yes"],
    &["flag", "kill", "--all", "--yes"],
    &["flag", "history"],
    &["flag", "history", "new_pipeline", "-n", "2"],
    &["flag", "history", "nobody"],
    &[
        "flag", "watch", "--since", "2", "--count", "3", "--format", "jsonl",
    ],
    &["--environment", "staging", "flag", "list"],
    &["--environment", "staging", "flag", "create", "f", "--yes"],
    &["--environment", "staging", "flag", "list"],
    &["flag", "get", "f"],
];

/// What was answered, without what differs from run to run.
fn told(home: &Home, arguments: &[&str]) -> (i32, Vec<Value>, String) {
    let has_format = arguments.contains(&"--format");
    let json: &[&str] = if has_format {
        &[]
    } else {
        &["--format", "json"]
    };
    let answer = home.run(&[arguments, json].concat());
    let parse = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        forget_times(&mut value);
        value
    };
    let values = match has_format {
        true => answer.out.lines().map(parse).collect(),
        false if answer.out.is_empty() => Vec::new(),
        false => vec![parse(&answer.out)],
    };
    (answer.code, values, answer.err)
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "time" | "updated_at" => *member = Value::Null,
                    _ => forget_times(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}

#[test]
fn every_flag_command_answers_the_same_over_files_and_over_a_database() {
    let files = Home::new();
    let database = Home::with_database();
    for arguments in STORY {
        let expected = told(&files, arguments);
        let mut answered = told(&database, arguments);
        for (home, text) in [(&files, &expected.2), (&database, &answered.2)] {
            assert!(!text.contains("panicked"), "{:?}\n{text}", home.path());
        }
        // Where the flags are is all that may differ.
        let address = format!("sqlite:{}", database.database().display());
        let home = format!("file:{}", files.path().display());
        answered.2 = answered.2.replace(&address, &home);
        let made = format!("made the database {}\n", database.database().display());
        answered.2 = answered.2.replace(&made, "");
        assert_eq!(answered, expected, "{arguments:?}");
    }
    assert!(!exists(&database.path()), "nothing was made in the home");
    let folder = database.database();
    let names: Vec<_> = fs::read_dir(folder.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["flags.db"], "each run closes what it opened");
}

fn check(answer: &Answer, name: &str) -> Value {
    let json = answer.json();
    let mut checks = json["checks"].as_array().unwrap().iter();
    let found = checks.find(|check| check["name"] == name);
    found
        .unwrap_or_else(|| panic!("no check is called {name}\n{answer}"))
        .clone()
}

fn doctor(home: &Home) -> Answer {
    home.run(&["doctor", "--format", "json"])
}

/// A database with the flag `f`, at revision 2.
fn sound() -> Home {
    let home = Home::with_database();
    home.done(&["flag", "create", "f", "--yes"]);
    home.done(&["flag", "rollout", "f", "5", "--yes"]);
    home
}

/// Changes the stored flags as a person with an SQL shell would; their history stays.
fn edit_by_hand(home: &Home) {
    let mut bytes = fs::read(home.database()).unwrap();
    let field = b"\"updated_at\":\"2";
    let places: Vec<_> = (0..bytes.len() - field.len())
        .filter(|start| bytes[*start..].starts_with(field))
        .collect();
    assert!(!places.is_empty(), "the flags are in the file");
    for place in places {
        bytes[place + field.len() - 1] = b'1';
    }
    fs::write(home.database(), bytes).unwrap();
}

#[test]
fn doctor_is_content_with_a_sound_database_and_with_none() {
    let nothing = Home::with_database();
    let answer = doctor(&nothing);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(check(&answer, "database")["status"], "warn");
    assert!(!exists(&nothing.database()));
    let home = sound();
    let answer = doctor(&home);
    assert_eq!(answer.code, 0, "{answer}");
    for check in answer.json()["checks"].as_array().unwrap() {
        assert_eq!(check["status"], "ok", "{check}");
    }
    for (name, expected) in [
        ("database", "1 environment, tables of version 1002"),
        ("flags", "1 flag at revision 2"),
        ("history", "revisions 1 to 2"),
        ("lock", "free"),
    ] {
        let message = check(&answer, name)["message"].as_str().unwrap().to_owned();
        assert!(message.contains(expected), "{name}: {message}");
    }
    assert!(home.done(&["doctor"]).ends_with("all is well\n"));
}

#[test]
fn doctor_tells_what_is_wrong_with_a_database_and_what_to_do() {
    type Break = fn(&Home);
    let broken: [(&str, &str, &str, Break); 5] = [
        ("database", "fail", "not an SQLite database", |home| {
            fs::write(
                home.database(),
                "no database at all, but some text".repeat(100),
            )
            .unwrap();
        }),
        ("database", "fail", "the file is empty", |home| {
            fs::write(home.database(), "").unwrap();
        }),
        ("database", "fail", "not a file", |home| {
            fs::remove_file(home.database()).unwrap();
            fs::create_dir(home.database()).unwrap();
        }),
        ("integrity", "fail", "SQLite finds", |home| {
            // A page gets another kind: the last one that is not needed to open the database.
            let sound = fs::read(home.database()).unwrap();
            for page in (1..sound.len() / 4096).rev() {
                let mut bytes = sound.clone();
                bytes[page * 4096] = 99;
                fs::write(home.database(), bytes).unwrap();
                if doctor(home).out.contains("SQLite finds") {
                    return;
                }
            }
        }),
        ("flags", "fail", "checksum", edit_by_hand),
    ];
    for (name, status, expected, break_it) in broken {
        let home = sound();
        break_it(&home);
        let answer = doctor(&home);
        let check = check(&answer, name);
        assert_eq!(check["status"], status, "{answer}");
        assert!(
            check["message"].as_str().unwrap().contains(expected),
            "{check}"
        );
        assert!(!check["advice"].as_str().unwrap().is_empty(), "{check}");
        assert_eq!(answer.code, 1, "{answer}");
        let listed = home.run(&["flag", "list"]);
        if name != "integrity" {
            assert_eq!(listed.code, 3, "{listed}");
            let change = home.run(&["flag", "kill", "f", "--yes"]);
            assert_eq!(change.code, 3, "{change}");
            assert!(change.err.contains("flags.db"), "{change}");
        }
    }
}

#[test]
fn flags_that_were_edited_by_hand_are_brought_back_by_doctor() {
    let home = sound();
    let before = home.json(&["flag", "get", "f"]);
    edit_by_hand(&home);
    let advice = check(&doctor(&home), "flags")["advice"].to_string();
    assert!(advice.contains("doctor --repair"), "{advice}");
    let asked = home.run(&["doctor", "--repair"]);
    assert_eq!(asked.code, 6, "{asked}");
    let shown = home.run(&["doctor", "--repair", "--dry-run"]);
    assert_eq!(shown.code, 1, "nothing is repaired yet\n{shown}");
    let repaired = home.run(&["doctor", "--repair", "--yes", "--format", "json"]);
    assert_eq!(repaired.code, 0, "{repaired}");
    let message = check(&repaired, "repair")["message"].to_string();
    assert!(
        message.contains("revision 2 is back, from the history"),
        "{message}"
    );
    assert!(
        message.contains("row 1 of the table flag_broken"),
        "{message}"
    );
    assert_eq!(home.json(&["flag", "get", "f"]), before);
    let again = home.run(&["doctor", "--repair", "--format", "json"]);
    assert_eq!(
        check(&again, "repair")["message"],
        "there is nothing to repair"
    );
}
