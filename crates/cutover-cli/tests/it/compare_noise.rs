//! `compare run --noise`: what varies in one place or case covers nothing elsewhere, and a judgement
//! stands whatever becomes of the records.

use serde_json::Value;

use crate::workbench::{Bench, counts, text};

/// Cases 01 to so many, each a line with its number.
fn cases(number: u32) -> Bench {
    Bench::with_cases((1..=number).map(|case| (format!("{case:02}"), format!("{case}\n"))))
}

/// A program that reads the number of its case into `n`.
fn program(bench: &Bench, name: &str, script: &str) -> String {
    let script = bench.file(name, &format!("read n\n{script}\n"));
    format!("sh {}", script.display())
}

const DRAWN: &str = "$(od -An -N6 -tu4 /dev/urandom | tr -d ' \\n')";

#[cfg(unix)]
#[test]
fn a_row_that_never_varies_is_not_covered_by_its_neighbours() {
    let bench = cases(10);
    let rows = |fifth| {
        format!(
            "echo \"{{\\\"rows\\\": [{{\\\"v\\\": \\\"{DRAWN}\\\"}}, {{\\\"v\\\": 4}}, {{\\\"v\\\": {fifth}}}]}}\""
        )
    };
    let old = program(&bench, "old.sh", &rows(5));
    let new = program(&bench, "new.sh", &rows(7));
    let (exit, summary) = bench.run(&old, &new, &["--noise", "2"]);
    assert_eq!((exit, counts(&summary)), (1, [10, 0, 10, 0]), "{summary}");
    assert_eq!(summary["noise"]["hidden_differences"], 10);
    let shown = text(&bench.cutover(&["compare", "show", "latest", "01"]).stdout);
    assert!(
        shown.contains("old was the same here in all 3 of its runs"),
        "{shown}"
    );
    // The report says the same, and shows the row that is wrong.
    let report = text(&bench.cutover(&["compare", "report", "latest"]).stdout);
    assert!(
        report.contains("10 of 10 comparisons differ") && report.contains("5 → 7"),
        "{report}"
    );
    // No rule is suggested that would hide it, and that is said.
    let rules = text(&bench.cutover(&["compare", "rules", "latest"]).stdout);
    assert!(!rules.contains("ignore ="), "{rules}");
    assert!(
        rules.contains("# $.rows[*].v (value): a rule would hide differences that count; old"),
        "{rules}"
    );

    // The same program on both sides.
    let (exit, summary) = bench.run(&old, &old, &["--noise", "2"]);
    assert_eq!((exit, counts(&summary)), (0, [10, 0, 0, 0]), "{summary}");
    let report = text(&bench.cutover(&["compare", "report", "latest"]).stdout);
    assert!(
        report.contains("all 10 comparisons are equal except for noise at 1 place"),
        "{report}"
    );
}

#[cfg(unix)]
#[test]
fn a_case_that_never_varies_is_not_covered_by_others() {
    let bench = cases(20);
    let script = |twelfth| {
        format!(
            "case $n in 12) echo '{{\"v\": {twelfth}}}';; *[13579]) echo \"{{\\\"v\\\": \\\"{DRAWN}\\\"}}\";; \
             *) echo '{{\"v\": 3}}';; esac"
        )
    };
    let old = program(&bench, "old.sh", &script(3));
    let new = program(&bench, "new.sh", &script(4));
    let (exit, summary) = bench.run(&old, &new, &["--noise", "3"]);
    assert_eq!((exit, counts(&summary)), (1, [20, 9, 1, 0]), "{summary}");
    assert_eq!(summary["noise"]["cases"], 10);
    let shown = text(&bench.cutover(&["compare", "show", "latest"]).stdout);
    assert!(shown.contains("different     12"), "{shown}");
    let list = bench.json(&["compare", "list"]);
    let run = &list["runs"][0];
    assert_eq!(
        (&run["equal"], &run["different"], &run["by_noise"]),
        (&9.into(), &1.into(), &10.into())
    );
}

#[cfg(unix)]
#[test]
fn noise_is_learned_from_more_differences_than_are_kept() {
    let bench = cases(3);
    let old = program(
        &bench,
        "old.sh",
        "echo '['; od -An -v -w4 -N1200 -tu4 /dev/urandom | sed 's/.*/{\"v\": \"&\"},/'; echo '0]'",
    );
    let (exit, summary) = bench.run(&old, &old, &["--noise", "2"]);
    assert_eq!((exit, counts(&summary)), (0, [3, 0, 0, 0]), "{summary}");
    assert_eq!(summary["noise"]["hidden_differences"], 900);
    let rules = text(&bench.cutover(&["compare", "rules", "latest"]).stdout);
    assert!(rules.contains("$[*].v"), "{rules}");
}

#[cfg(unix)]
#[test]
fn a_judgement_stands_when_records_are_gone() {
    let bench = cases(10);
    let script = format!("echo \"{{\\\"v\\\": \\\"{DRAWN}\\\"}}\"");
    let old = program(&bench, "old.sh", &script);
    let (exit, before) = bench.run(&old, &old, &["--noise", "2"]);
    assert_eq!((exit, counts(&before)), (0, [10, 0, 0, 0]), "{before}");
    for left in ["2", "0"] {
        let pruned = bench.cutover(&["compare", "prune", "--max-records", left, "--yes"]);
        assert_eq!(pruned.status.code(), Some(0), "{}", text(&pruned.stderr));
        let shown = bench.json(&["compare", "show", "latest"]);
        assert_eq!(counts(&shown), [10, 0, 0, 0], "{shown}");
        assert!(
            shown["records_kept"].as_u64() <= left.parse().ok(),
            "{shown}"
        );
        let list: Value = bench.json(&["compare", "list"]);
        assert_eq!(list["runs"][0]["by_noise"], 10);
        let report = bench.cutover(&["compare", "report", "latest", "--check"]);
        let said = text(&report.stdout);
        assert_eq!(report.status.code(), Some(0), "{said}");
        assert!(said.contains("equal except for noise"), "{said}");
    }
    let shown = text(&bench.cutover(&["compare", "show", "latest"]).stdout);
    assert!(shown.contains("of 10 records are kept"), "{shown}");
    assert!(shown.contains("10 different by noise alone"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_value_that_old_never_gives_is_not_covered_by_those_it_gives() {
    let bench = cases(20);
    let coin = "$(od -An -N1 -tu1 /dev/urandom | awk '{print 1 + $1 % 2}')";
    let old = program(&bench, "old.sh", &format!("echo \"{{\\\"x\\\": {coin}}}\""));
    let new = program(
        &bench,
        "new.sh",
        &format!("case $n in 7) echo '{{\"x\": 5}}';; *) echo \"{{\\\"x\\\": {coin}}}\";; esac"),
    );
    let (exit, summary) = bench.run(&old, &new, &["--noise", "3"]);
    assert_eq!(exit, 1, "{summary}");
    let why = summary["noise"]["places"][0]["why"].as_str().unwrap();
    // By chance new may differ so often that nothing is hidden at all.
    let of_values = "new gave 1 value that old never gave, and it counts";
    assert!(
        why.contains(of_values) || why.ends_with("new differs more often"),
        "{why}"
    );
    let shown = text(&bench.cutover(&["compare", "show", "latest", "07"]).stdout);
    assert!(
        shown.contains("old differs from itself here, and never gives this")
            || shown.contains("old was the same here in all 4 of its runs"),
        "{shown}"
    );
    let rules = text(&bench.cutover(&["compare", "rules", "latest"]).stdout);
    assert!(!rules.contains("ignore ="), "{rules}");
    assert!(rules.contains("# $.x (value): "), "{rules}");
    let check = bench.cutover(&["compare", "report", "latest", "--check"]);
    assert_eq!(check.status.code(), Some(1), "{}", text(&check.stdout));
}

#[cfg(unix)]
#[test]
fn a_part_of_a_line_is_not_covered_by_another_part() {
    let bench = cases(10);
    let line = |total| format!("echo \"{DRAWN} total={total}\"; echo fixed");
    let old = program(&bench, "old.sh", &line(5));
    let new = program(&bench, "new.sh", &line(6));
    let (exit, summary) = bench.run(&old, &new, &["--noise", "2"]);
    assert_eq!((exit, counts(&summary)), (1, [10, 0, 10, 0]), "{summary}");
    let why = summary["noise"]["places"][0]["why"].as_str().unwrap();
    assert!(
        why.ends_with(
            "10 texts of new differ also in a part that was the same in all runs of old, and count"
        ),
        "{why}"
    );
    let (exit, summary) = bench.run(&old, &old, &["--noise", "2"]);
    assert_eq!((exit, counts(&summary)), (0, [10, 0, 0, 0]), "{summary}");
}

#[cfg(unix)]
#[test]
fn that_nothing_was_learned_is_said() {
    let bench = cases(3);
    let deep = |value| {
        format!(
            "printf '%0600d' 0 | sed 's/0/{{\"a\":/g'; echo \"{value}\"; printf '%0600d' 0 | sed 's/0/}}/g'"
        )
    };
    let old = program(&bench, "old.sh", &deep(DRAWN));
    let (exit, _) = bench.run(&old, &old, &["--noise", "2", "--as", "json"]);
    assert_eq!(exit, 1);
    let shown = text(&bench.cutover(&["compare", "show", "latest"]).stdout);
    assert!(
        shown.contains("or longer paths, so that nothing is taken for noise: 3 pairs"),
        "{shown}"
    );
    let rules = bench.cutover(&["compare", "rules", "latest"]);
    assert_eq!(rules.status.code(), Some(4));
    let said = text(&rules.stderr);
    assert!(
        said.contains("nothing was learned from old with itself"),
        "{said}"
    );
}
