//! `cutover flag stale`: what has served its time, and the code that still names it.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::harness::Home;

/// A home with a flag of every kind.
fn home() -> Home {
    let home = Home::new();
    let on = |fields: serde_json::Value| {
        let mut flag = json!({
            "variants": {"on": true, "off": false}, "off": "off", "default": "on"
        });
        for (name, value) in fields.as_object().unwrap() {
            flag[name] = value.clone();
        }
        flag
    };
    let flags = json!({"flags": {
        "use_new": on(json!({"expires": "2026-01-31", "owner": "ada"})),
        "use_new_backend": on(json!({"expires": "2026-02-01"})),
        "batch_loading": on(json!({"stage": "complete"})),
        "ramp": on(json!({"default": "off", "rollout": {"percentage": 5}})),
        "steady": on(json!({})),
    }});
    let file = home.file("flags.json", flags.to_string());
    home.done(&["flag", "import", &file, "--from", "native", "--yes"]);
    home
}

/// A tree of code beside the home.
fn code(home: &Home) -> String {
    let root = home.file("code", "");
    fs::remove_file(&root).unwrap();
    for (name, text) in [
        (
            "src/lib.rs",
            "fn a() {\n    if flags.is_on(\"use_new\") { b() }\n    let x = use_new_backend;\n}\n",
        ),
        (
            "src/deep/er/app.py",
            "if flags.use_new:\n\tpass  # batch_loading, use_new\n",
        ),
        (
            ".github/workflows/ci.yml",
            "env:\n  FEATURE_USE_NEW: true\n",
        ),
        (".gitignore", "/target\n*.log\n"),
        ("target/generated.rs", "use_new\n"),
        ("trace.log", "use_new\n"),
        (".git/config", "use_new\n"),
        ("image.bin", "\u{0}use_new\n"),
        ("odd.txt", "\u{1b}[31m use_new\n"),
    ] {
        let path = Path::new(&root).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

#[test]
fn flags_past_their_time_are_listed_with_the_lines_that_name_them() {
    let home = home();
    let root = code(&home);
    let arguments = ["flag", "stale", "--at", "2026-02-01", "--code", &root];
    // The day on which it was told to the store is today.
    let today = jiff_today(&home);
    insta::assert_snapshot!(home.told(&arguments).replace(&today, "TODAY"));
}

/// The day of the store's last change.
fn jiff_today(home: &Home) -> String {
    let list = home.json(&["flag", "list"]);
    list["updated_at"].as_str().unwrap()[..10].to_owned()
}

#[test]
fn a_program_is_told_the_same() {
    let home = home();
    let root = code(&home);
    let answer = home.run(&[
        "flag",
        "stale",
        "--at",
        "2026-02-02",
        "--code",
        &root,
        "--format",
        "json",
    ]);
    assert_eq!(answer.code, 1, "{answer}");
    let json = answer.json();
    let keys: Vec<_> = json["stale"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["key"])
        .collect();
    assert_eq!(keys, ["batch_loading", "use_new", "use_new_backend"]);
    assert_eq!(json["count"], 5);
    assert_eq!(json["stale"][0]["reasons"][0]["kind"], "complete");
    assert!(json["stale"][0]["reasons"][0]["since"].is_string());
    assert_eq!(json["stale"][1]["owner"], "ada");
    assert_eq!(
        json["stale"][1]["reasons"],
        json!([{"kind": "expired", "expires": "2026-01-31"}])
    );
    assert_eq!(json["stale"][1]["code"].as_array().unwrap().len(), 5);
    assert_eq!(json["stale"][2]["code"][0]["line"], 3);
    let lines = home.run(&["flag", "stale", "--at", "2026-02-02", "--format", "jsonl"]);
    assert_eq!((lines.code, lines.lines().len()), (1, 3));
}

#[test]
fn nothing_stale_is_a_yes() {
    let home = Home::with_flag();
    let answer = home.run(&["flag", "stale", "--at", "2026-02-01"]);
    assert_eq!(
        (answer.code, answer.out.as_str()),
        (0, "none of 1 flag is stale on 2026-02-01\n")
    );
    assert_eq!(Home::new().run(&["flag", "stale"]).code, 0);
}

#[test]
fn what_answers_everybody_the_same_for_long_is_stale_on_request() {
    let home = home();
    let keys = |arguments: &[&str]| {
        let answer = home.run(&[&["flag", "stale", "--format", "json"], arguments].concat());
        let stale = answer.json()["stale"].clone();
        let keys: Vec<_> = stale
            .as_array()
            .unwrap()
            .iter()
            .map(|flag| flag["key"].as_str().unwrap().to_owned())
            .collect();
        keys
    };
    assert_eq!(keys(&["--at", "2025-01-01"]), ["batch_loading"]);
    assert_eq!(
        keys(&["--at", "2025-01-01", "--untouched-for", "90d"]),
        ["batch_loading"]
    );
    let later = keys(&["--at", "2200-01-01", "--untouched-for", "90d"]);
    assert_eq!(
        later,
        ["batch_loading", "steady", "use_new", "use_new_backend"]
    );
}

#[test]
fn a_tree_with_traps_is_searched_to_its_end() {
    let home = home();
    let root = code(&home);
    let huge = fs::File::create(Path::new(&root).join("dump.sql")).unwrap();
    huge.set_len(17 << 20).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&root, Path::new(&root).join("src/circle")).unwrap();
        std::os::unix::fs::symlink("nowhere", Path::new(&root).join("src/dangling")).unwrap();
    }
    let long = format!("{} use_new {}", "x ".repeat(100_000), "y ".repeat(100_000));
    fs::write(Path::new(&root).join("min.js"), long).unwrap();
    let answer = home.run(&[
        "flag",
        "stale",
        "--at",
        "2026-02-01",
        "--code",
        &root,
        "--code",
        &root,
        "--format",
        "json",
    ]);
    assert_eq!(answer.code, 1, "{answer}");
    let json = answer.json();
    let code = json["stale"][1]["code"].as_array().unwrap();
    assert_eq!(code.len(), 6);
    assert!(
        code.iter()
            .all(|line| line["text"].as_str().unwrap().len() < 200)
    );
    assert_eq!(json["skipped"].as_array().unwrap().len(), 1);
    assert!(answer.err.contains("dump.sql: it has 17 MiB"), "{answer}");
    // The store that the flags come from is no code.
    let everything = Path::new(&root).parent().unwrap().display().to_string();
    let answer = home.run(&["flag", "stale", "--code", &everything, "--format", "json"]);
    let json = answer.json();
    let file = |line: &serde_json::Value| {
        let file = line["file"].as_str().unwrap();
        file.starts_with(&home.path().display().to_string())
    };
    let code = json["stale"].as_array().unwrap().iter();
    assert!(
        !code
            .flat_map(|flag| flag["code"].as_array().unwrap())
            .any(file),
        "{answer}"
    );
    let nowhere = home.run(&["flag", "stale", "--code", "nowhere"]);
    assert_eq!(nowhere.code, 3, "{nowhere}");
    assert!(nowhere.err.contains("cannot read nowhere"), "{nowhere}");
    for arguments in [["--at", "soon"], ["--untouched-for", "90"]] {
        assert_eq!(
            home.run(&[&["flag", "stale"][..], &arguments].concat())
                .code,
            2
        );
    }
}

#[test]
fn code_that_is_not_there_is_trouble_also_while_no_flag_is_stale() {
    let home = Home::with_flag();
    let answer = home.run(&["flag", "stale", "--code", "nosuch"]);
    assert_eq!(answer.code, 3, "{answer}");
    assert!(answer.err.contains("cannot read nosuch"), "{answer}");
}
