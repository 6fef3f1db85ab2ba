//! Comparisons kept and found again: in files and in a database, by what differs, within limits.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::Home;

/// Three runs over three cases: of prices, of names, and one without a difference.
fn compared(home: &Home) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, price) in [("a", 1), ("b", 2), ("c", 3)] {
        let json = format!("{{\"items\": [{{\"price\": {price}, \"name\": \"n{price}\"}}]}}\n");
        fs::write(folder.path().join(name), json).unwrap();
    }
    let cases = folder.path().to_str().unwrap();
    for (name, new) in [
        ("prices", "sed 's/: 2/: 20/; s/: 3/: \"3\"/'"),
        ("names", "sed 's/n1/m1/'"),
        ("same", "cat"),
    ] {
        home.run(&[
            "compare",
            "run",
            "--name",
            name,
            "--old",
            "cat",
            "--new",
            new,
            "--cases",
            cases,
            "--in-order",
        ]);
    }
    folder
}

fn run_of(home: &Home, name: &str) -> String {
    let list = home.json(&["compare", "list", "--name", name]);
    let runs = list["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1, "{list}");
    runs[0]["id"].as_str().unwrap().to_owned()
}

/// The cases that `compare show` finds in a run.
fn found(home: &Home, run: &str, filter: &[&str]) -> Vec<String> {
    let shown = home.json(&[&["compare", "show", run], filter].concat());
    let records = shown["records"].as_array().unwrap();
    records
        .iter()
        .map(|record| record["case"].as_str().unwrap().to_owned())
        .collect()
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn comparisons_are_in_the_store_that_is_chosen_and_found_by_what_differs() {
    for home in [Home::new(), Home::with_database()] {
        let _folder = compared(&home);
        let prices = run_of(&home, "prices");
        for (filter, expected) in [
            (&["--path", "$.items[*].price"][..], &["c", "b"][..]),
            (&["--path", "$.items"], &["c", "b"]),
            (&["--path", "$..name"], &[]),
            (&["--kind", "type"], &["c"]),
            (&["--path", "$..price", "--kind", "value"], &["b"]),
            (&["--severity", "critical"], &[]),
            (&["--result", "equal"], &["a"]),
            (&["--result", "different", "--limit", "1"], &["c"]),
            (
                &["--operation", "prices", "--result", "different"],
                &["c", "b"],
            ),
            (&["--operation", "other"], &[]),
            (&["--since", "1h", "--result", "equal"], &["a"]),
            (&["--until", "1h"], &[]),
        ] {
            assert_eq!(found(&home, &prices, filter), expected, "{filter:?}");
        }
        let names = run_of(&home, "names");
        assert_eq!(found(&home, &names, &["--path", "$.items[0].name"]), ["a"]);
        let text = home.done(&["compare", "show", &prices, "--path", "$..price"]);
        for part in [
            "different  c",
            "$.items[0].price: type 3 → \"3\"",
            "2 records",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let wrong = home.run(&["compare", "show", &prices, "--path", "price"]);
        assert_eq!(wrong.code, 2, "{wrong}");
        assert!(wrong.err.contains("a path starts with `$`"), "{wrong}");
    }
    let home = Home::with_database();
    let _folder = compared(&home);
    assert_eq!(entries(&home.path()), [""; 0], "nothing is kept beside it");
    let staging = home.json(&["--environment", "staging", "compare", "list"]);
    assert_eq!(staging["runs"].as_array().unwrap().len(), 0);
}

#[test]
fn runs_are_listed_by_name_kind_and_time() {
    let home = Home::new();
    let _folder = compared(&home);
    let names = |filter: &[&str]| -> Vec<Value> {
        let list = home.json(&[&["compare", "list"], filter].concat());
        let runs = list["runs"].as_array().unwrap();
        runs.iter().map(|run| run["name"].clone()).collect()
    };
    assert_eq!(names(&["--kind", "commands"]), ["same", "names", "prices"]);
    assert_eq!(names(&["--kind", "operation"]), [""; 0]);
    assert_eq!(names(&["--operation", "prices"]), [""; 0]);
    assert_eq!(names(&["--since", "1d", "--name", "names"]), ["names"]);
    assert_eq!(names(&["--since", "2100-01-01"]), [""; 0]);
    let text = home.done(&["compare", "list", "--kind", "operation"]);
    assert_eq!(text, "there is no such run\n");
}

#[test]
fn old_records_are_removed_within_limits_and_only_when_that_is_confirmed() {
    for home in [Home::new(), Home::with_database()] {
        let _folder = compared(&home);
        let prune = |arguments: &[&str]| home.run(&[&["compare", "prune"], arguments].concat());
        let none = prune(&[]);
        assert_eq!(none.code, 2, "{none}");
        assert!(none.err.contains("--max-age"), "{none}");
        let asked = prune(&["--max-records", "4"]);
        assert_eq!(asked.code, 6, "{asked}");

        let told = prune(&["--max-records", "4", "--dry-run", "--format", "json"]).json();
        assert_eq!(
            (&told["records"], &told["dry_run"]),
            (&5.into(), &true.into())
        );
        let done = prune(&["--max-records", "4", "--yes", "--format", "json"]).json();
        assert_eq!(
            (&done["records"], &done["dry_run"]),
            (&5.into(), &false.into())
        );
        assert_eq!(done["bytes"], told["bytes"]);
        assert_eq!(found(&home, &run_of(&home, "prices"), &[]), [""; 0]);
        assert_eq!(found(&home, &run_of(&home, "same"), &[]), ["a", "b", "c"]);

        let again = prune(&["--max-records", "4", "--max-age", "30d"]);
        assert_eq!(again.code, 0, "{again}");
        assert_eq!(again.out, "everything is within the limits\n");
        let bytes = prune(&["--max-bytes", "0", "--yes"]);
        assert!(bytes.out.starts_with("removed 4 records ("), "{bytes}");
        assert_eq!(found(&home, &run_of(&home, "same"), &[]), [""; 0]);
    }
}

#[test]
fn doctor_counts_runs_and_tells_of_those_that_lie_elsewhere() {
    let files = Home::new();
    let _folder = compared(&files);
    let told = |home: &Home, arguments: &[&str]| -> Vec<(String, String)> {
        let answer = home.run(&[arguments, &["doctor", "--format", "json"]].concat());
        let checks = answer.json()["checks"].clone();
        let checks = checks.as_array().unwrap().iter();
        checks
            .filter(|check| check["name"] == "comparisons")
            .map(|check| {
                let text = |field: &str| check[field].as_str().unwrap().to_owned();
                (text("status"), text("message"))
            })
            .collect()
    };
    assert_eq!(told(&files, &[]), [("ok".to_owned(), "3 runs".to_owned())]);
    let address = format!("sqlite:{}", files.database().display());
    let elsewhere = &told(&files, &["--store", &address])[..];
    let [(status, message)] = elsewhere else {
        panic!("{elsewhere:?}")
    };
    assert_eq!(status, "warn");
    assert!(message.starts_with("3 runs more in "), "{message}");
    let run = files
        .path()
        .join("comparisons/runs")
        .join(run_of(&files, "same"));
    fs::write(run.join("run.json"), "{").unwrap();
    let damaged = &told(&files, &[])[0];
    assert_eq!(damaged.0, "warn");
    assert!(
        damaged.1.starts_with("2 runs, and 1 header cannot be read"),
        "{}",
        damaged.1
    );
    assert_eq!(told(&Home::new(), &[]), []);
}
