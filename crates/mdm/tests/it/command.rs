//! The `mdm` command, as another program sees it.

use std::process::{Command, Output};

use crate::data;

fn mdm(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mdm"))
        .args(arguments)
        .output()
        .unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn profile_writes_json_and_nothing_else() {
    let file = data("penguins-raw.csv");
    let file = file.to_str().unwrap();
    for implementation in ["legacy", "modern", "modern-1"] {
        let answer = json(&mdm(&["profile", file, "--implementation", implementation]));
        assert_eq!(answer["rows"], 344);
        assert_eq!(answer["columns"]["Date Egg"]["kind"], "date");
        assert_eq!(answer["columns"]["Sex"]["missing"], 11);
    }
    assert_eq!(
        json(&mdm(&["profile", file])),
        json(&mdm(&["profile", file, "--implementation=modern"]))
    );
}

#[test]
fn a_registered_dataset_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("catalog.db");
    let database = database.to_str().unwrap();
    let file = data("penguins.json");
    let file = file.to_str().unwrap();
    assert_eq!(
        json(&mdm(&["register", file, "--database", database]))["name"],
        "penguins"
    );
    let again = mdm(&["register", file, "--database", database]);
    assert_eq!(again.status.code(), Some(1));
    assert!(again.stdout.is_empty());
    let named = ["register", file, "--database", database, "--name", "birds"];
    assert_eq!(json(&mdm(&named))["rows"], 344);
    let listed = json(&mdm(&["list", "--database", database]));
    assert_eq!(listed[0]["name"], "birds");
    assert_eq!(listed[1]["name"], "penguins");
}

#[test]
fn exit_statuses_tell_refusal_from_usage_and_trouble() {
    for (arguments, status) in [
        (&["profile", "no/such.csv"][..], 1),
        (&["profile"], 2),
        (&["profile", "x.csv", "y.csv"], 2),
        (&["profile", "x.csv", "--implementation", "newest"], 2),
        (&["profile", "x.csv", "--colour", "red"], 2),
        (&["profile", "x.csv", "--implementation"], 2),
        (&["paint"], 2),
        (&[], 2),
        (&["list"], 2),
        (&["list", "--database", "no/such/folder/catalog.db"], 3),
        (&["--help"], 0),
        (&["profile", "--help"], 0),
    ] {
        let output = mdm(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert_eq!(output.stderr.is_empty(), status == 0, "{arguments:?}");
    }
}
