//! The driver itself: it finds what it is there to find.
#![allow(clippy::unwrap_used, reason = "a test fails by panic")]

use std::path::Path;
use std::process::{Command, Output};

fn driver(words: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_store-driver");
    Command::new(program).args(words).output().unwrap()
}

fn said(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(said).unwrap()
}

/// An address of each kind in a directory.
fn addresses(dir: &Path) -> [String; 2] {
    let dir = dir.display();
    [
        format!("file:{dir}/flags"),
        format!("sqlite:{dir}/flags.db"),
    ]
}

#[test]
fn what_is_written_is_in_the_history() {
    let dir = tempfile::tempdir().unwrap();
    for address in addresses(dir.path()) {
        assert!(driver(&["init", &address, "--flags", "3"]).status.success());
        let written = driver(&["write", &address, "--actor", "a", "--count", "2"]);
        assert_eq!(said(&written).lines().count(), 2);
        let history = said(&driver(&["history", &address]));
        let last = r#"{"actor":"a","reason":"1","revision":3}"#;
        assert_eq!(history.lines().last(), Some(last), "{history}");
    }
}

#[test]
fn a_mixed_revision_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let [address, _] = addresses(dir.path());
    driver(&["init", &address, "--flags", "3"]);
    driver(&["write", &address, "--actor", "a", "--count", "1"]);
    assert!(
        driver(&["read", &address, "--seconds", "0"])
            .status
            .success()
    );
    let document = dir.path().join("flags/flags.json");
    let text = std::fs::read_to_string(&document).unwrap();
    let mixed = text.replacen("\"owner\": \"2\"", "\"owner\": \"3\"", 1);
    std::fs::write(&document, mixed).unwrap();
    let found = driver(&["read", &address, "--seconds", "0"]);
    assert!(!found.status.success());
    assert!(
        said(&found).contains("revision 3 is mixed"),
        "{}",
        said(&found)
    );
}

#[test]
fn a_mistake_is_named() {
    for (words, expected) in [
        (&["read", "postgres:x"][..], "file:DIR or sqlite:FILE"),
        (&["write", "file:x", "--count"], "an option and its value"),
        (&["write", "file:x", "--count", "1"], "--actor NAME"),
        (&["read", "file:x", "--seconds", "x"], "--seconds x"),
        (
            &["read", "file:/nowhere/at/all", "--seconds", "0"],
            "begin with `init`",
        ),
        (&["jump", "file:x"], "no command `jump`"),
    ] {
        let output = driver(words);
        assert!(!output.status.success(), "{words:?}");
        assert!(
            said(&output).contains(expected),
            "{words:?}: {}",
            said(&output)
        );
    }
}
