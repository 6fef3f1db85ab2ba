//! `flag edit` with an editor that is a script.
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::ask::at_a_terminal_with;
use crate::harness::{Answer, Home, f};

/// An editor that runs `script` with the file as `$1`; what it writes is not the answer.
fn editor(home: &Home, script: &str) -> String {
    let path = home.path().with_file_name("an editor");
    let script = format!("#!/bin/sh\nset -e\necho drawing a screen\n{script}\n");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    format!("'{}'", path.display())
}

fn edit(home: &Home, script: &str, arguments: &[&str]) -> Answer {
    let arguments = [&["flag", "edit"], arguments].concat();
    let mut command = home.command(&arguments);
    command
        .env("VISUAL", editor(home, script))
        .env("EDITOR", "false");
    command
        .env("PATH", "/usr/bin:/bin")
        .env("TMPDIR", drafts(home));
    command.output().unwrap().into()
}

/// Where drafts are made, one folder a home.
fn drafts(home: &Home) -> PathBuf {
    let path = home.path().with_file_name("drafts");
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The drafts that were left.
fn left(home: &Home) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(drafts(home)).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

const ON: &str = r#"sed -i 's/"default": "off"/"default": "on"/' "$1""#;

#[test]
fn no_editor_is_opened_where_nobody_sits() {
    let answer = Home::with_flag().run(&["flag", "edit", "f", "--yes"]);
    assert_eq!(answer.code, 2, "{answer}");
    assert!(answer.err.contains("VISUAL or EDITOR"), "{answer}");
}

#[test]
fn what_is_written_in_the_editor_becomes_a_revision() {
    let home = Home::with_flag();
    home.done(&["flag", "create", "g", "--yes"]);
    let answer = edit(&home, ON, &["f", "--yes", "--reason", "by hand"]);
    assert_eq!(answer.code, 0, "{answer}");
    let expected = "f: default off → on\n  $.flags[\"f\"].default: \"off\" → \"on\"\n\
                    f answers on\nrevision 3\n";
    assert_eq!(answer.out, expected);
    assert!(answer.err.contains("drawing a screen"), "{answer}");
    let history = home.json(&["flag", "history", "-n", "1"])["history"][0].clone();
    assert_eq!(history["reason"], "by hand");
    let answer = edit(
        &home,
        "cat > \"$1\" <<< '{\"flags\": {}}' || true",
        &["--yes", "--dry-run"],
    );
    assert_eq!(home.json(&["flag", "list"])["revision"], 3, "{answer}");
    let answer = edit(
        &home,
        "echo '{\"flags\": {}}' > \"$1\"",
        &["--yes", "--format", "json"],
    );
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(
        answer.json()["changes"].as_array().unwrap().len(),
        2,
        "both were taken out"
    );
    let answer = edit(&home, "echo '{\"flags\": {}}' > \"$1\"", &["--yes"]);
    assert!(answer.out.contains("nothing is different"), "{answer}");
}

#[test]
fn closing_the_editor_without_a_change_changes_nothing() {
    let home = Home::with_flag();
    for script in [":", ": > \"$1\"", "echo >> \"$1\"", "rm \"$1\""] {
        let answer = edit(&home, script, &["f", "--yes"]);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(
            answer.err.contains("nothing was changed in the editor"),
            "{answer}"
        );
    }
    let aborted = edit(&home, "exit 3", &["f", "--yes"]);
    assert_eq!(aborted.code, 3, "{aborted}");
    assert_eq!(home.json(&["flag", "list"])["revision"], 1);
    assert_eq!(left(&home), Vec::<PathBuf>::new());
}

#[test]
fn what_is_refused_is_kept_in_a_file_that_is_named_and_can_be_applied() {
    let home = Home::with_flag();
    for (script, code, expected) in [
        (
            r#"sed -i 's/"default": "off"/"default": "blue"/' "$1""#,
            1,
            "$.flags[\"f\"].default",
        ),
        (r#"sed -i 's/"f":/"f"/' "$1""#, 3, ".json:3:"),
        (r#"sed -i 's/"f":/"g":/' "$1""#, 1, "about f alone"),
        (r#"echo '{"flags": {}}' > "$1""#, 1, "flag delete f"),
        (
            r#"sed -i 's/"flags"/"flagz": 1, "flags"/' "$1""#,
            1,
            "flagz",
        ),
        (&format!("{ON}; exit 1"), 3, "ended with"),
        (&format!("{ON}; printf '\\377' >> \"$1\""), 3, "UTF-8"),
    ] {
        let answer = edit(&home, script, &["f", "--yes"]);
        assert_eq!(answer.code, code, "{script}\n{answer}");
        assert!(answer.err.contains(expected), "{script}\n{answer}");
        let [kept] = &left(&home)[..] else {
            panic!("{script}\n{answer}")
        };
        assert!(
            answer.err.contains(&format!("kept in {}", kept.display())),
            "{script}\n{answer}"
        );
        std::fs::remove_file(kept).unwrap();
    }
    assert_eq!(home.json(&["flag", "list"])["revision"], 1);
    let tried = edit(&home, ON, &["f", "--dry-run"]);
    assert!(
        tried.out.contains("default off → on") && tried.err.contains("kept in"),
        "{tried}"
    );
    let kept = left(&home);
    home.done(&["flag", "apply", "-f", kept[0].to_str().unwrap(), "--yes"]);
    assert_eq!(f(&home)["default"], "on");
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_overwritten() {
    let home = Home::with_flag();
    home.done(&["flag", "create", "g", "--yes"]);
    let cutover = env!("CARGO_BIN_EXE_cutover");
    let meanwhile = |what: &str| format!("{cutover} flag {what} --yes >&2\n{ON}");
    let answer = edit(&home, &meanwhile("kill f"), &["f", "--yes"]);
    assert_eq!(answer.code, 7, "{answer}");
    assert_eq!(left(&home).len(), 1, "{answer}");
    assert_eq!(
        (f(&home)["state"].clone(), f(&home)["default"].clone()),
        (json!("killed"), json!("off"))
    );
    let another = edit(&home, &meanwhile("kill g"), &["f", "--yes"]);
    assert_eq!(another.code, 0, "another flag is no matter\n{another}");
    assert_eq!(f(&home)["default"], "on");
    assert_eq!(home.json(&["flag", "get", "g"])["flag"]["state"], "killed");
    let all = edit(&home, &meanwhile("restore g"), &["--yes"]);
    assert_eq!(all.code, 7, "{all}");
}

#[test]
fn where_nobody_can_be_asked_no_editor_is_opened() {
    let home = Home::with_flag();
    let answer = edit(&home, "touch \"$1.opened\"", &["f"]);
    assert_eq!(answer.code, 6, "{answer}");
    assert_eq!(left(&home), Vec::<PathBuf>::new());
    let mut command = home.command(&["flag", "edit", "f", "--yes"]);
    let answer = Answer::from(command.env("EDITOR", "/nowhere/editor").output().unwrap());
    assert_eq!(answer.code, 3, "{answer}");
    assert!(
        answer.err.contains("/nowhere/editor") && answer.err.contains("VISUAL"),
        "{answer}"
    );
    let mut command = home.command(&["flag", "edit", "f", "--yes"]);
    let answer = Answer::from(command.env("EDITOR", "vi '").output().unwrap());
    assert_eq!(answer.code, 2, "{answer}");
}

#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_a_mistake_can_be_mended() {
    let home = Home::with_flag();
    // The first time it makes a mistake, the second time it mends it.
    let script = r#"if grep -q blue "$1"; then sed -i 's/"blue"/"on"/' "$1"
        else sed -i 's/"default": "off"/"default": "blue"/' "$1"; fi"#;
    let visual = [
        ("VISUAL", editor(&home, script)),
        ("PATH", "/usr/bin:/bin".to_owned()),
    ];
    let answer = at_a_terminal_with(&home, &["flag", "edit", "f"], "y\ny\n", &visual);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(f(&home)["default"], Value::from("on"));
    let script = r#"echo '{"flags": {"f": {}}}' > "$1""#;
    let visual = [
        ("VISUAL", editor(&home, script)),
        ("TMPDIR", drafts(&home).display().to_string()),
    ];
    let answer = at_a_terminal_with(&home, &["flag", "edit", "f"], "n\n", &visual);
    assert_eq!(answer.code, 1, "{answer}");
    assert_eq!(left(&home).len(), 1, "what was written is not thrown away");
    let visual = [
        (
            "VISUAL",
            editor(
                &home,
                r#"sed -i 's/"on"$/"off"/; s/"default": "on"/"default": "off"/' "$1""#,
            ),
        ),
        visual[1].clone(),
    ];
    let answer = at_a_terminal_with(&home, &["flag", "edit", "f"], "n\n", &visual);
    assert_eq!(answer.code, 6, "{answer}");
    assert_eq!(
        left(&home).len(),
        2,
        "a change that is not wanted after all is kept, too"
    );
}
