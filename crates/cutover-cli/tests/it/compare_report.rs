//! Runs found again: `compare list`, `show` and `report`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Answer, Home};

/// A home with two runs over three cases: one with a difference, one without.
fn with_runs() -> (Home, tempfile::TempDir) {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    for (name, price) in [("a", 1), ("b", 2), ("c", 3)] {
        let json = format!("{{\"items\": [{{\"price\": {price}}}]}}\n");
        fs::write(folder.path().join(name), json).unwrap();
    }
    let cases = folder.path().to_str().unwrap();
    for (name, new, code) in [("first", "sed s/2/20/", 1), ("second", "cat", 0)] {
        let answer = home.run(&[
            "compare", "run", "--name", name, "--old", "cat", "--new", new, "--cases", cases,
        ]);
        assert_eq!(answer.code, code, "{answer}");
    }
    (home, folder)
}

fn ids(home: &Home) -> Vec<String> {
    let runs = home.json(&["compare", "list"])["runs"].clone();
    runs.as_array()
        .unwrap()
        .iter()
        .map(|run| run["id"].as_str().unwrap().to_owned())
        .collect()
}

fn said(answer: &Answer, code: i32, expected: &str) {
    assert_eq!(answer.code, code, "{answer}");
    assert!(answer.err.contains(expected), "{expected}: {answer}");
}

#[test]
fn runs_are_listed_newest_first() {
    let (home, _folder) = with_runs();
    let list = home.json(&["compare", "list"]);
    let names: Vec<_> = list["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["name"])
        .collect();
    assert_eq!(names, ["second", "first"]);
    let first = &list["runs"][1];
    assert_eq!(
        (&first["equal"], &first["different"], &first["state"]),
        (&2.into(), &1.into(), &"complete".into())
    );
    assert_eq!(
        home.json(&["compare", "list", "-n", "1"])["runs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let lines = home.run(&["compare", "list", "--format", "jsonl"]).lines();
    assert_eq!(lines.len(), 2);
    let table = home.done(&["compare", "list"]);
    assert!(
        table.contains("second") && table.contains(&ids(&home)[0]),
        "{table}"
    );
    assert!(
        Home::new()
            .done(&["compare", "list"])
            .contains("cutover compare run")
    );
}

#[test]
fn a_run_is_found_by_any_beginning_that_means_only_it() {
    let (home, _folder) = with_runs();
    let ids = ids(&home);
    let name = |reference: &str| home.json(&["compare", "show", reference])["name"].clone();
    assert_eq!(name(&ids[1]), "first");
    assert_eq!(name("latest"), "second");
    let common = ids[0]
        .bytes()
        .zip(ids[1].bytes())
        .take_while(|(one, other)| one == other)
        .count();
    assert_eq!(name(&ids[1][..=common]), "first");

    said(
        &home.run(&["compare", "show", &ids[0][..1]]),
        1,
        "write more of it",
    );
    said(
        &home.run(&["compare", "show", "zzz"]),
        1,
        "cutover compare list",
    );
    said(&home.run(&["compare", "show", ""]), 1, "no run");
    said(&home.run(&["compare", "show", "../../etc"]), 1, "no run");
    said(
        &Home::new().run(&["compare", "show", "latest"]),
        1,
        "no run yet",
    );
}

#[test]
fn a_case_is_shown_with_all_that_is_known() {
    let (home, _folder) = with_runs();
    let first = &ids(&home)[1];
    let shown = home.done(&["compare", "show", first, "b"]);
    assert!(
        shown.contains("~ $.items[0].price  2 → 20  value"),
        "{shown}"
    );
    assert!(
        shown.contains("wall time") && shown.contains("peak memory"),
        "{shown}"
    );
    let record = &home.json(&["compare", "show", first, "b"])["records"][0];
    assert_eq!(record["case"], "b");
    assert!(
        record["input_digest"]
            .as_str()
            .unwrap()
            .starts_with("xxh3:")
    );
    said(
        &home.run(&["compare", "show", first, "bb"]),
        1,
        "has no case `bb`",
    );
    let summary = home.done(&["compare", "show", first]);
    assert!(
        summary.contains("different     b") && summary.contains("3 cases: 2 equal, 1 different"),
        "{summary}"
    );
}

#[test]
fn a_report_comes_in_five_forms() {
    let (home, folder) = with_runs();
    let first = &ids(&home)[1];
    let text = home.done(&["compare", "report", first, "--to", "text"]);
    assert!(text.contains("$.items[*].price"), "{text}");
    let json = home.json(&["compare", "report", first, "--to", "json"]);
    assert_eq!(json["totals"]["comparisons"], 3);
    assert_eq!(json, {
        let mut same = home.json(&["compare", "report", first]);
        same["generated"] = json["generated"].clone();
        same
    });
    let file = folder.path().join("report.html");
    let path = file.to_str().unwrap();
    assert_eq!(
        home.done(&["compare", "report", first, "--to", "html", "-o", path]),
        ""
    );
    let page = fs::read_to_string(&file).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("$.items[*].price"));
    assert!(
        !page.contains("<script") && !page.contains("src=\"http"),
        "one page, nothing else"
    );

    // The name of the file says which form.
    for (name, beginning) in [
        ("report.htm", "<!DOCTYPE html>"),
        ("report.json", "{\n  \"schema\": 1"),
        ("report.md", "## `first`: different"),
        ("report.XML", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
        ("report.txt", "Comparison report of "),
        ("report", "Comparison report of "),
    ] {
        let file = folder.path().join(name);
        // What is there is replaced as a whole.
        fs::write(&file, "x".repeat(1 << 20)).unwrap();
        home.done(&["compare", "report", first, "-o", file.to_str().unwrap()]);
        let written = fs::read_to_string(&file).unwrap();
        assert!(written.starts_with(beginning), "{name}: {written}");
        assert!(written.len() < 1 << 20);
    }
    // What no form is written as is refused, unless it is said what it is to hold.
    let pdf = folder.path().join("report.pdf");
    let pdf = pdf.to_str().unwrap();
    let refused = home.run(&["compare", "report", first, "-o", pdf]);
    said(
        &refused,
        2,
        "no report as .pdf: there is .txt, .json, .html, .md and .xml",
    );
    assert!(fs::metadata(pdf).is_err());
    home.done(&["compare", "report", first, "--to", "text", "-o", pdf]);
    assert!(
        fs::read_to_string(pdf)
            .unwrap()
            .starts_with("Comparison report")
    );

    let junit = home.done(&["compare", "report", first, "--to", "junit"]);
    assert!(
        junit.contains(r#"tests="3" failures="1" errors="0""#),
        "{junit}"
    );

    // A run is recorded under its name, as an operation is.
    let over_all = home.json(&["compare", "report", "--operation", "first", "--to", "json"]);
    assert_eq!(over_all["totals"]["comparisons"], 3);
    said(
        &home.run(&["compare", "report", "--operation", "nothing"]),
        1,
        "nothing was recorded",
    );
    said(&home.run(&["compare", "report"]), 2, "--operation");
    let nowhere = folder.path().join("no/such/folder/report.html");
    let answer = home.run(&["compare", "report", first, "-o", nowhere.to_str().unwrap()]);
    said(&answer, 3, "report.html");
}

#[test]
fn a_report_covers_several_runs() {
    let (home, _folder) = with_runs();
    let ids = ids(&home);
    let made = |args: &[&str]| {
        let answer = home.json(&[&["compare", "report", "--to", "json"], args].concat());
        let runs = answer["runs"].as_array().unwrap().len();
        (runs, answer["totals"]["comparisons"].as_u64().unwrap())
    };
    assert_eq!(made(&[&ids[0], &ids[1]]), (2, 6));
    assert_eq!(
        made(&[&ids[0], "latest", &ids[0]]),
        (1, 3),
        "named twice, counted once"
    );
    assert_eq!(made(&["--all"]), (2, 6));
    assert_eq!(made(&["--since", "1h"]), (2, 6));
    assert_eq!(
        made(&["--since", "2020-01-01", "--operation", "first"]).1,
        3
    );
    assert_eq!(made(&[&ids[0], &ids[1], "--operation", "second"]).1, 3);
    for (args, code, expected) in [
        (&["--since", "2999-01-01"][..], 1, "no run started since"),
        (&["--since", "soon"], 2, "is no time"),
        (&["--all", "--since", "1h"], 2, "cannot be used with"),
        (&[], 2, "--operation"),
    ] {
        let answer = home.run(&[&["compare", "report"], args].concat());
        said(&answer, code, expected);
    }
    said(
        &Home::new().run(&["compare", "report", "--all"]),
        1,
        "no run yet",
    );
}

#[test]
fn a_report_is_a_check_where_that_is_asked_for() {
    let (home, folder) = with_runs();
    let ids = ids(&home);
    for (run, form, code) in [
        (&ids[1], "text", 1),
        (&ids[1], "junit", 1),
        (&ids[0], "junit", 0),
        (&ids[0], "md", 0),
    ] {
        let answer = home.run(&["compare", "report", run, "--to", form, "--check"]);
        assert_eq!(answer.code, code, "{answer}");
        assert!(!answer.out.is_empty(), "it is written in any case");
    }
    // What is not there is neither equal nor different.
    said(
        &home.run(&["compare", "report", "nosuch", "--check"]),
        2,
        "there is no run",
    );
    said(
        &home.run(&["compare", "report", "nosuch"]),
        1,
        "there is no run",
    );
    let nothing = ["compare", "report", "--since", "2999-01-01", "--check"];
    said(&home.run(&nothing), 4, "no run started since");
    let resumed = [
        "compare", "run", "--old", "cat", "--new", "cat", "--cases", ".", "--resume", "nosuch",
    ];
    said(&home.run(&resumed), 2, "there is no run");
    let cases = folder.path().to_str().unwrap();
    // Neither side answers in time: nothing is known, which is not the same as equal.
    let answer = home.run(&[
        "compare",
        "run",
        "--old",
        "sleep 9",
        "--new",
        "sleep 9",
        "--cases",
        cases,
        "--timeout",
        "100ms",
    ]);
    assert_eq!(answer.code, 3, "{answer}");
    let answer = home.run(&["compare", "report", "latest", "--check"]);
    assert_eq!(answer.code, 4, "{answer}");
}

/// The file with the header of a run.
fn header_of(folder: &Path, id: &str) -> Option<PathBuf> {
    fs::read_dir(folder).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return header_of(&path, id);
        }
        let is_header = path.ends_with("run.json") && path.to_string_lossy().contains(id);
        is_header.then_some(path)
    })
}

#[test]
fn a_run_that_died_without_a_word_is_not_said_to_be_running() {
    let (home, _folder) = with_runs();
    let id = &ids(&home)[0];
    let header = header_of(&home.path(), id).unwrap();
    let mut run: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&header).unwrap()).unwrap();
    run["state"] = "running".into();
    run["updated"] = run["started"].clone();
    run.as_object_mut().unwrap().remove("finished");
    fs::write(&header, run.to_string()).unwrap();
    assert_eq!(home.json(&["compare", "list"])["runs"][0]["silent"], false);

    run["started"] = "2026-01-01T00:00:00Z".into();
    run["updated"] = "2026-01-01T00:05:00Z".into();
    fs::write(&header, run.to_string()).unwrap();
    let list = home.json(&["compare", "list"]);
    let run = list["runs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|run| run["id"] == **id);
    let run = run.unwrap();
    assert_eq!(
        (&run["state"], &run["silent"]),
        (&"running".into(), &true.into())
    );
    let table = home.done(&["compare", "list"]);
    assert!(
        table.contains("running?, last heard of 2026-01-01T00:05:00Z"),
        "{table}"
    );
    let report = home.done(&["compare", "report", id]);
    assert!(report.contains("running?"), "{report}");
}
