//! Runs found again: `compare list`, `show` and `report`.

use std::fs;

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
fn a_report_comes_in_three_forms() {
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
