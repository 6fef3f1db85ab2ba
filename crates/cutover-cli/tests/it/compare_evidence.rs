//! `compare run --noise` and `--at-most`: what is only noise, and whether new is frugal enough.

use serde_json::{Value, json};

use crate::workbench::{Bench, counts, text};

/// Cases 00 to 11. A program answers with the time, an id and words in an order of their own, as
/// many do, and with the case twice.
fn noisy() -> (Bench, String) {
    let bench =
        Bench::with_cases((0..12).map(|case| (format!("{case:02}"), format!("{case:02}\n"))));
    let script = bench.file(
        "answer.sh",
        "read x\n\
         words=$(printf '\"%s\"\\n' a b c d e f | shuf | paste -sd,)\n\
         printf '{\"at\": \"%s\", \"id\": \"%s\", \"words\": [%s], \"case\": \"%s\", \"double\": %s}\\n' \
         \"$(date +%N)\" \"$(cat /proc/sys/kernel/random/uuid)\" \"$words\" $x $((2 * (1$x - 100)))\n",
    );
    let old = format!("sh {}", script.display());
    (bench, old)
}

#[cfg(target_os = "linux")]
#[test]
fn what_old_does_by_itself_is_no_difference_and_is_counted() {
    let (bench, old) = noisy();
    let (exit, summary) = bench.run(&old, &old, &["--jobs", "2"]);
    assert_eq!((exit, counts(&summary)), (1, [12, 0, 12, 0]));

    let output = bench.cutover(&[
        "compare", "run", "--old", &old, "--new", &old, "--cases", "cases", "--noise", "2",
        "--format", "json",
    ]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("12 of 12 cases different only where old differs from itself"),
        "{said}"
    );
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counts(&summary), [12, 0, 0, 0]);
    assert_eq!(summary["noise"]["self_pairs"], 24);
    assert_eq!(summary["noise"]["cases"], 12);
    assert_eq!(summary["noise"]["differences"], 0);
    assert!(summary["noise"]["hidden_differences"].as_u64().unwrap() >= 24);

    // A real difference is not hidden by it.
    let new = format!("sh -c '{old} | sed s/\\\"double\\\":.14/\\\"double\\\":15/'");
    let (exit, summary) = bench.run(&old, &new, &["--noise", "2"]);
    assert_eq!((exit, counts(&summary)), (1, [12, 0, 1, 0]), "{summary}");
    assert_eq!(summary["noise"]["cases"], 11);
    // Shown later it is the same, in words too.
    let shown = bench.json(&["compare", "show", "latest"]);
    assert_eq!(counts(&shown), [12, 0, 1, 0]);
    let shown = text(&bench.cutover(&["compare", "show", "latest"]).stdout);
    assert!(
        shown.contains("1 different, 11 different by noise alone"),
        "{shown}"
    );
    assert!(shown.contains("noise") && shown.contains("$.at"), "{shown}");
    assert!(shown.contains("different     07"), "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn suggested_rules_take_the_noise_away_and_nothing_else() {
    let (bench, old) = noisy();
    bench.run(&old, &old, &["--noise", "1"]);
    let rules = bench.cutover(&["compare", "rules", "latest"]);
    assert_eq!(rules.status.code(), Some(0));
    bench.file("rules.toml", &text(&rules.stdout));
    let (exit, summary) = bench.run(&old, &old, &["--rules", "rules.toml"]);
    assert_eq!(
        (exit, counts(&summary)),
        (0, [12, 12, 0, 0]),
        "{}",
        text(&rules.stdout)
    );
    let new = format!("sh -c '{old} | sed s/\\\"double\\\":.14/\\\"double\\\":15/'");
    let (exit, summary) = bench.run(&old, &new, &["--rules", "rules.toml"]);
    assert_eq!((exit, counts(&summary)), (1, [12, 11, 1, 0]));

    // Where old was not asked again there is nothing to suggest.
    let refused = bench.cutover(&["compare", "rules", "latest"]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(
        text(&refused.stderr).contains("--noise"),
        "{}",
        text(&refused.stderr)
    );
    bench.run("cat", "cat", &["--noise", "1"]);
    let none = text(&bench.cutover(&["compare", "rules", "latest"]).stdout);
    assert!(none.contains("there is no noise"), "{none}");
}

/// A program that says it made so many queries.
fn queries(count: u64) -> String {
    format!(
        "sh -c 'echo \"{{\\\"cutover\\\":{{\\\"counters\\\":{{\\\"queries\\\":{count}}}}}}}\" >&2'"
    )
}

#[test]
fn a_limit_is_kept_broken_or_not_decided() {
    let bench = Bench::with_cases((0..20).map(|case| (format!("{case:02}"), String::new())));
    let (old, new) = (queries(1400), queries(24));
    for (limit, exit, answer) in [
        ("counters.queries=0.5", 0, "pass"),
        ("counters.queries=-98%", 0, "pass"),
        ("counters.queries:p50=0.01", 1, "fail"),
        ("counters.queries:p95=0.5", 4, "insufficient"),
        ("counters.rows=1", 4, "insufficient"),
    ] {
        let (found, summary) = bench.run(&old, &new, &["--at-most", limit]);
        assert_eq!(
            (found, &summary["performance"][0]["answer"]),
            (exit, &json!(answer)),
            "{limit}"
        );
        assert_eq!(counts(&summary), [20, 20, 0, 0]);
    }
    let (exit, summary) = bench.run(
        &old,
        &new,
        &[
            "--at-most",
            "counters.queries=0.5",
            "--at-most",
            "counters.queries:p95=0.5",
            "--jobs",
            "2",
        ],
    );
    assert_eq!(exit, 4);
    let verdicts = &summary["performance"];
    assert_eq!(verdicts[0]["ratio"], 0.017_142_857_1);
    assert_eq!(
        (&verdicts[1]["pairs"], &verdicts[1]["needed"]),
        (&json!(20), &json!(180))
    );
    assert_eq!(summary["figures"]["counters"]["queries"]["old"], 28000);
    let shown = text(&bench.cutover(&["compare", "show", "latest"]).stdout);
    assert!(shown.contains("counters.queries mean × 0.017"), "{shown}");
    assert!(shown.contains("about 180 more pairs needed"), "{shown}");
    assert!(shown.contains("measured with 2 pairs at once"), "{shown}");
    // A difference comes first.
    let (exit, _) = bench.run(&old, "echo other", &["--at-most", "counters.queries=0.5"]);
    assert_eq!(exit, 1);
    let refused = bench.cutover(&[
        "compare",
        "run",
        "--old",
        "true",
        "--new",
        "true",
        "--cases",
        "cases",
        "--at-most",
        "speed=1",
    ]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("none of wall"),
        "{}",
        text(&refused.stderr)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_held_against_a_limit() {
    let bench = Bench::with_cases((0..20).map(|case| (format!("{case:02}"), String::new())));
    // Reads so much into one block of memory.
    let holds =
        |megabytes: u32| format!("dd if=/dev/zero of=/dev/null count=1 bs={megabytes}000000");
    let limit = ["--at-most", "peak_memory=+20%"];
    assert_eq!(bench.run(&holds(30), &holds(60), &limit).0, 1);
    assert_eq!(bench.run(&holds(60), &holds(30), &limit).0, 0);
}

/// A run that is stored can be held against other limits than it was made with.
#[test]
fn a_stored_run_is_judged_by_other_limits() {
    let bench = Bench::with_cases((0..20).map(|case| (format!("{case:02}"), String::new())));
    let (old, new) = (queries(1400), queries(24));
    let (exit, _) = bench.run(&old, &new, &["--at-most", "counters.queries=0.01"]);
    assert_eq!(exit, 1);
    let report = |more: &[&str]| {
        let mut arguments = vec!["compare", "report", "latest", "--to", "json"];
        arguments.extend(more);
        let output = bench.cutover(&arguments);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let metrics = report["operations"][0]["performance"].as_array().unwrap();
        let of_queries = metrics
            .iter()
            .find(|one| one["metric"] == "counters.queries");
        let limit = of_queries.unwrap()["verdicts"][0]["at_most"].as_f64();
        (
            output.status.code().unwrap(),
            limit.unwrap(),
            text(&output.stderr),
        )
    };
    // Its own limit is shown, and decides where an answer is asked for.
    let (exit, limit, _) = report(&[]);
    assert_eq!((exit, limit), (0, 0.01));
    assert_eq!(report(&["--check"]).0, 1);
    for (limit, exit, shown) in [
        ("counters.queries=0.5", 0, 0.5),
        ("counters.queries=-99%", 1, 0.01),
        ("counters.queries:p95=0.5", 4, 1.0),
    ] {
        let (found, at_most, _) = report(&["--at-most", limit]);
        assert_eq!((found, at_most), (exit, shown), "{limit}");
    }
    let (exit, _, said) = report(&["--at-most", "counters.rows=1"]);
    assert_eq!(exit, 4);
    assert!(
        said.contains("nothing was measured on both sides of counters.rows"),
        "{said}"
    );
}

/// Every form says what became of each limit, of each run, also when records are gone.
#[test]
fn a_report_holds_each_run_against_its_own_limits() {
    let bench = Bench::with_cases((0..20).map(|case| (format!("{case:02}"), String::new())));
    let (old, new) = (queries(1400), queries(24));
    let run = |limits: &[&str]| {
        let limits: Vec<&str> = limits
            .iter()
            .flat_map(|limit| ["--at-most", *limit])
            .collect();
        let (_, summary) = bench.run(&old, &new, &limits);
        summary["id"].as_str().unwrap().to_owned()
    };
    let kept = run(&["counters.queries=0.5"]);
    let broken = run(&["counters.queries=0.01", "counters.queries:p95=0.5"]);
    let report = |arguments: &[&str]| {
        let output = bench.cutover(&[&["compare", "report"], arguments].concat());
        (output.status.code().unwrap(), text(&output.stdout))
    };
    assert_eq!(report(&[&kept, "--check"]).0, 0);
    assert_eq!(report(&[&broken, "--check"]).0, 1);
    assert_eq!(report(&[&kept, &broken, "--check"]).0, 1);
    assert_eq!(report(&["--all", "--check"]).0, 1);

    let json: Value = serde_json::from_str(&report(&[&kept, &broken, "--to", "json"]).1).unwrap();
    let limits = json["limits"].as_array().unwrap();
    let answers: Vec<_> = limits
        .iter()
        .map(|limit| {
            (
                limit["run"] == json!(kept),
                limit["answer"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        answers,
        [(false, "fail"), (false, "insufficient"), (true, "pass")]
    );
    for form in ["text", "md", "html", "junit"] {
        let (_, said) = report(&[&broken, "--to", form]);
        for part in ["× 0.017", "about 180 more pairs needed"] {
            assert!(said.contains(part), "{form}: {part}: {said}");
        }
    }
    let (_, junit) = report(&[&broken, "--to", "junit"]);
    assert!(
        junit.contains(
            r#"<testsuite name="limits of performance" tests="2" failures="1" errors="1""#
        ),
        "{junit}"
    );
    assert!(
        junit.contains(r#"<testcase name="counters.queries:p95=0.5""#),
        "{junit}"
    );
    let (_, junit) = report(&[
        &broken,
        "--to",
        "junit",
        "--at-most",
        "counters.queries=0.5",
    ]);
    assert!(
        junit.contains(
            r#"<testsuite name="limits of performance" tests="1" failures="0" errors="0""#
        ),
        "{junit}"
    );
    // What cannot be judged says why.
    let unknown = ["--at-most", "counters.rows=1"];
    for form in ["text", "md", "html", "junit"] {
        let (exit, said) = report(&[&[broken.as_str(), "--to", form], &unknown[..]].concat());
        assert_eq!(exit, 4);
        assert!(
            said.contains("no side reports it, but queries"),
            "{form}: {said}"
        );
    }

    // The judgement stands when records are gone, and the table says of what it is.
    let pruned = bench.cutover(&["compare", "prune", "--max-records", "3", "--yes"]);
    assert_eq!(pruned.status.code(), Some(0));
    let (exit, said) = report(&[&broken, "--check"]);
    assert_eq!(exit, 1, "{said}");
    assert!(
        said.contains("broken  counters.queries mean × 0.017"),
        "{said}"
    );
    assert!(
        said.contains(
            "the figures are of the 3 records that are left; the limits were judged when"
        ),
        "{said}"
    );
}
