//! Reports: what they count, and what people and programs read.

mod junit;
mod markdown;

use std::path::Path;
use std::time::Duration;

use cutover_app::comparison::{Selection, report};
use cutover_app::report::{html, json, markdown as render_markdown, text};
use cutover_domain::comparison::noise::NoiseSample;
use cutover_domain::comparison::report::{Report, ReportBuilder, Verdict};
use cutover_domain::comparison::{
    Comparator, ComparisonRecord, DifferenceKind, Implementation, Judgement, RecordId,
    RecordLimits, RecordResult, Rules, Run, RunId, RunKind, RunState, SideOutcome, SideRecord,
};
use cutover_domain::tree::Tree;
use cutover_ports::comparison::{ComparisonStore, MemoryComparisonStore};
use cutover_testkit::comparison::{
    any_record, at_minute, full_record, full_run, sample_record, sample_run,
};
use cutover_testkit::json_schema::problems;
use pollster::block_on;
use proptest::prelude::*;

/// What two profilers of data sets answer, with differences as real ones have them.
fn record(run: &Run, comparator: &Comparator, number: u64) -> ComparisonRecord {
    let mean = 10.0 + number as f64 / 8.0;
    let old = format!(
        r#"{{"rows": {number}, "encoding": "utf-8", "columns": [
            {{"name": "id", "type": "integer"}}, {{"name": "price", "mean": {mean}}}]}}"#
    );
    let mut new = old.clone();
    if number.is_multiple_of(10) {
        new = new.replace(
            &format!("\"mean\": {mean}"),
            &format!("\"mean\": {}", mean + 0.5),
        );
    }
    if number.is_multiple_of(25) {
        new = new.replace("\"type\": \"integer\"", "\"type\": \"number\"");
    }
    if number.is_multiple_of(40) {
        new = new.replace(
            &format!("\"rows\": {number}"),
            &format!("\"rows\": {}", number + 1),
        );
    }
    if number == 42 {
        new = new.replace("\"encoding\": \"utf-8\",", "");
    }
    let parse = |json: &str| Tree::from_json(json).unwrap();
    let judgement = match number {
        77 => Judgement::Failed("the comparator's budget is 0".to_owned()),
        _ => {
            let found = comparator.compare(&parse(&old), &parse(&new));
            Judgement::of(found, &RecordLimits::default())
        }
    };
    let side = |wall: u64, memory: u64, queries: u64| {
        let mut side = SideRecord::new(SideOutcome::Exit { code: 0 });
        side.measurements.wall = Some(Duration::from_micros(wall));
        side.measurements.cpu_user = Some(Duration::from_micros(wall / 2));
        side.measurements.peak_memory = Some(memory);
        side.measurements
            .counters
            .insert("queries".to_owned(), queries);
        side
    };
    // A tail as real times have it, without chance.
    let wave = (number * 7919) % 101;
    let old_wall = 9_000 + wave * wave * 9 + number * 13;
    let mut old = side(old_wall, 48 << 20, 14);
    let mut new = side(old_wall * 6 / 10 + (number * 104_729) % 997, 31 << 20, 2);
    old.version = Some("1.9.4".to_owned());
    new.version = Some("2.0.0-rc.1".to_owned());
    if number == 13 {
        new.outcome = SideOutcome::Timeout {
            after: Some(Duration::from_secs(30)),
        };
    }
    let mut record = ComparisonRecord::new(
        run.id.clone(),
        RecordId::new(format!("case-{number:04}")).unwrap(),
        "dataset.profile",
        at_minute(i64::try_from(number).unwrap()),
        old,
        new,
        judgement,
    );
    record.case = Some(format!("datasets/table-{number:03}.csv"));
    record
}

fn nightly() -> (Run, Vec<ComparisonRecord>) {
    let mut run = Run::new(
        RunId::new("0199-nightly").unwrap(),
        "dataset profiles, legacy against modern",
        RunKind::Commands,
        at_minute(0),
    );
    run.old = Implementation::new("python3 legacy/profile.py --json {}");
    run.new = Implementation {
        description: "profile {}".to_owned(),
        version: Some("2.0.0-rc.1".into()),
    };
    run.expected_cases = Some(206);
    let comparator = Rules::new().ignore("$.rows").build().unwrap();
    let records: Vec<_> = (1..=200)
        .map(|number| record(&run, &comparator, number))
        .collect();
    records
        .iter()
        .for_each(|record| run.tally.count(record.result));
    run.tally.drop_one("timeout");
    run.tally.drop_one("timeout");
    run.end(RunState::Interrupted, at_minute(201));
    (run, records)
}

fn report_of(runs: &[Run], records: &[ComparisonRecord]) -> Report {
    let mut builder = ReportBuilder::new();
    records.iter().for_each(|record| builder.record(record));
    runs.iter().for_each(|run| builder.run(run));
    builder.finish(at_minute(300))
}

fn nightly_report() -> Report {
    let (run, records) = nightly();
    report_of(&[run], &records)
}

/// Old answers another time whenever it is asked; new does so as well, and nothing else differs.
fn noisy() -> (Run, Vec<ComparisonRecord>) {
    let run = sample_run("noisy", 0);
    let compare = Comparator::default();
    let answer = |second: u64| {
        Tree::from_json(&format!(
            r#"{{"at": "2026-01-01T00:00:{second:02}Z", "sum": 7}}"#
        ))
        .unwrap()
    };
    let records: Vec<_> = (0..12)
        .map(|case| {
            let [old, again, new] = [case, case + 20, case + 40].map(answer);
            let mut record = sample_record(&run, &format!("r{case}"), case as i64);
            let found = compare.compare(&old, &new);
            record.judgement = Judgement::of(found, &RecordLimits::default());
            record.result = record.judgement.result();
            record.noise = Some(NoiseSample::of(&[compare.compare(&old, &again)]));
            record
        })
        .collect();
    (run, records)
}

fn noisy_report() -> Report {
    let (run, records) = noisy();
    report_of(&[run], &records)
}

#[test]
fn noise_is_named_and_does_not_count() {
    let report = noisy_report();
    assert_eq!(report.verdict, Verdict::Equal);
    assert_eq!(report.totals.different, 12);
    for page in [
        html(&report),
        text(&report, None),
        render_markdown(&report).replace("noise does", "Noise does"),
    ] {
        assert!(page.contains("Noise") && page.contains("$.at"), "{page}");
        let says = page.contains("ll 12 comparisons are equal except for noise at 1 place");
        assert!(says, "{page}");
    }
    assert!(render_markdown(&report).starts_with("## `sample`: equal"));
    assert!(html(&report).contains("Rules that would take it away"));
}

/// What is to be looked at comes first, and the shares at the top are of what counts.
#[test]
fn noise_stands_behind_what_is_real() {
    let (run, mut records) = noisy();
    let compare = Comparator::default();
    let [old, new] = [r#"{"sum": 7}"#, r#"{"sum": 8}"#].map(|text| Tree::from_json(text).unwrap());
    for record in &mut records[..2] {
        let found = compare.compare(&old, &new);
        record.judgement = Judgement::of(found, &RecordLimits::default());
    }
    let report = report_of(&[run], &records);
    let first = &report.operations[0].clusters[0];
    assert_eq!((first.path.as_str(), first.records), ("$.sum", 2));
    assert_eq!((report.totals.different, report.totals.by_noise), (12, 10));
    for page in [html(&report), text(&report, None), render_markdown(&report)] {
        let (real, noise) = (page.find("$.sum").unwrap(), page.find("$.at").unwrap());
        assert!(real < noise, "{page}");
        assert!(
            page.contains("83.33 %") && page.contains("2 of 12"),
            "{page}"
        );
    }
    assert!(html(&report).contains("Equal but for noise"));
}

/// A record with more differences than are known by place is said to hide nothing.
#[test]
fn what_noise_could_not_be_looked_for_in_is_said() {
    let (run, mut records) = noisy();
    let Judgement::Compared(comparison) = &mut records[0].judgement else {
        panic!("it was compared");
    };
    for _ in 0..200 {
        comparison.counts.add(DifferenceKind::Value);
    }
    let report = report_of(&[run], &records);
    assert_eq!(report.verdict, Verdict::Different);
    let says = "1 record has more differences than are known by place, or longer paths: nothing of it is taken for noise";
    for page in [html(&report), text(&report, None), render_markdown(&report)] {
        assert!(page.contains(says), "{page}");
    }
}

#[test]
fn performance_is_judged_in_every_form() {
    let report = nightly_report();
    for page in [html(&report), text(&report, None), render_markdown(&report)] {
        assert!(page.contains("Performance"), "{page}");
        // Nobody has set these limits.
        assert!(page.contains("within"), "{page}");
        assert!(!page.contains("limits of performance"), "{page}");
    }
}

#[test]
fn text_reads_well() {
    insta::assert_snapshot!(text(&nightly_report(), None));
}

#[test]
fn no_line_of_a_table_is_wider_than_the_terminal() {
    let text = text(&nightly_report(), Some(80));
    let tables: Vec<&str> = text.lines().filter(|line| line.starts_with("  ")).collect();
    assert!(tables.iter().any(|line| line.ends_with('…')), "{text}");
    let titled = tables
        .iter()
        .filter(|line| !line.contains("record by record"));
    for line in titled.filter(|line| !line.contains("÷")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn an_empty_report_says_so() {
    insta::assert_snapshot!(text(&ReportBuilder::new().finish(at_minute(0)), None), @r"
    Comparison report of 2026-01-01T00:00:00Z

    Result
      verdict      unproven: nothing was compared
      pass share   nothing was compared
      coverage     –
      comparisons  0 equal, 0 different, 0 inexact, 0 failed
    ");
}

#[test]
fn the_figures_add_up() {
    let report = nightly_report();
    let totals = &report.totals;
    assert_eq!(totals.comparisons, 200);
    assert_eq!(
        (totals.different, totals.failed, totals.inexact),
        (25, 1, 0)
    );
    assert_eq!(report.pass.share, Some(174.0 / 200.0));
    assert_eq!(report.coverage.made, 200);
    assert_eq!(report.coverage.not_run, 4);
    assert_eq!(report.coverage.share, Some(200.0 / 206.0));

    let operation = &report.operations[0];
    let clusters: Vec<_> = operation
        .clusters
        .iter()
        .map(|cluster| (cluster.path.as_str(), cluster.kind.word(), cluster.records))
        .collect();
    assert_eq!(
        clusters,
        [
            ("$.columns[*].mean", "value", 20),
            ("$.columns[*].type", "value", 8),
            ("$.encoding", "missing", 1),
        ]
    );
    assert_eq!(report.verdict, Verdict::Different);
    assert_eq!(report.runs[0].totals, report.totals);
    assert_eq!(report.runs[0].coverage, report.coverage.share);
    let steps = report.timeline.iter();
    assert_eq!(steps.map(|step| step.totals.comparisons).sum::<u64>(), 200);
    let ratios = report.wall_ratios.as_ref().unwrap();
    assert_eq!((ratios.records, ratios.points.len()), (200, 101));
    assert_eq!(report.new.outcomes["timeout"], 1);
    assert_eq!(report.old.outcomes["ok"], 200);
    let counted: u64 = report
        .wall_distribution
        .iter()
        .map(|bucket| bucket.old)
        .sum();
    assert_eq!(counted, 200);
    assert_eq!(
        report.change.counters["queries"].percent.map(f64::round),
        Some(-86.0)
    );
    assert!(
        report
            .slowest
            .is_sorted_by(|left, right| left.longest() >= right.longest())
    );
}

#[test]
fn a_tally_that_knows_more_than_the_records_counts() {
    // A run that keeps records of differences only.
    let mut run = sample_run("r", 0);
    run.kind = RunKind::Operation;
    run.name = "sample.read".to_owned();
    run.tally.equal = 990;
    run.tally.different = 10;
    run.tally.sampled_out = 9000;
    let records: Vec<_> = (0..10)
        .map(|number| {
            let mut record = sample_record(&run, &format!("r{number}"), number);
            record.result = RecordResult::Different;
            record
        })
        .collect();
    let report = report_of(&[run.clone()], &records);
    assert_eq!(report.pass.share, Some(0.99), "not 0 of 10");
    assert_eq!(report.operations[0].totals.comparisons, 1000);
    assert_eq!(report.coverage.without_record, 990);
    assert_eq!(report.coverage.share, Some(0.1));

    // A difference that the header does not know of yet is not lost in what it does know.
    let mut behind = run.clone();
    behind.tally.different = 0;
    let report = report_of(&[behind], &records[..1]);
    assert_eq!((report.totals.equal, report.totals.different), (990, 1));
    assert_eq!(report.coverage.made, 991);

    // None of it differs: there is no record at all.
    run.tally.different = 0;
    let report = report_of(&[run.clone()], &[]);
    assert_eq!(report.pass.share, Some(1.0));
    assert_eq!(report.operations[0].operation, "sample.read");

    // A run that goes on, whose header is behind its records.
    run.tally = cutover_domain::comparison::Tally::default();
    let report = report_of(&[run], &records);
    assert_eq!((report.totals.comparisons, report.coverage.made), (10, 10));
}

#[test]
fn a_report_out_of_a_store_has_the_run_or_all_runs_of_the_operation() {
    let store = MemoryComparisonStore::new();
    let (run, records) = nightly();
    block_on(store.create_run(&run)).unwrap();
    block_on(store.append(&records)).unwrap();
    let mut other = sample_run("production", 5);
    other.kind = RunKind::Operation;
    other.name = "dataset.profile".to_owned();
    other.tally.equal = 50;
    other.tally.sampled_out = 50;
    block_on(store.create_run(&other)).unwrap();

    let make = |selection: Selection| block_on(report(&store, &selection, at_minute(300)));
    let of_run = make(Selection::of_run(run.id)).unwrap().unwrap();
    assert_eq!(of_run, nightly_report());
    let of_operation = make(Selection::of_operation("dataset.profile"))
        .unwrap()
        .unwrap();
    assert_eq!(of_operation.totals.comparisons, 250);
    assert_eq!(of_operation.coverage.sampled_out, 50);
    assert_eq!(make(Selection::of_operation("unknown")).unwrap(), None);
    assert_eq!(
        make(Selection::of_run(RunId::new("unknown").unwrap())).unwrap(),
        None
    );
}

fn hostile_report() -> Report {
    let run = full_run("r", 0);
    let records: Vec<_> = (0..3)
        .map(|n| full_record(&run, &format!("f{n}"), n))
        .collect();
    let mut report = report_of(&[run], &records);
    report
        .unreadable
        .push("</style><script>alert(1)</script>\u{1b}[2J".to_owned());
    report
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let report = hostile_report();
    let page = html(&report);
    assert!(page.contains("&lt;script&gt;"));
    assert_eq!(
        report.totals.different, 3,
        "none of the differences is lost"
    );
    let text = text(&report, None);
    for output in [&page, &text] {
        let control = |character: char| character.is_control() && character != '\n';
        assert!(
            !output.contains(control),
            "control characters are made visible"
        );
        assert!(!output.contains(['\u{202e}', '\u{2028}']));
    }
    assert_eq!(page.matches("<style").count(), 1);
    for forbidden in [
        "<script",
        "javascript:",
        " onload",
        " style=",
        "http://",
        "https://",
        "@import",
        "url(",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

/// Every element that is opened is closed, in order: a page from which nothing has broken out.
#[test]
fn the_page_is_well_formed() {
    const VOID: [&str; 2] = ["meta", "link"];
    for report in [
        nightly_report(),
        noisy_report(),
        hostile_report(),
        ReportBuilder::new().finish(at_minute(0)),
    ] {
        let page = html(&report);
        let (head, rest) = page.split_once("<style>").unwrap();
        let (_, body) = rest.split_once("</style>").unwrap();
        let mut open: Vec<&str> = Vec::new();
        for piece in [head, body]
            .into_iter()
            .flat_map(|part| part.split('<').skip(1))
        {
            let (tag, _) = piece.split_once('>').expect("a tag ends");
            let name = tag.split([' ', '>']).next().unwrap();
            if let Some(closed) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed), "…<{piece}");
            } else if name != "!DOCTYPE" && !VOID.contains(&name) {
                open.push(name);
            }
        }
        assert_eq!(open, [""; 0]);
        for id in ["result-title", "mismatches-title", "hidden-title"] {
            assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
    }
}

#[test]
fn the_page_shows_the_figures_of_the_json() {
    let report = nightly_report();
    let page = html(&report);
    let json: serde_json::Value = serde_json::from_str(&json(&report).unwrap()).unwrap();
    // For eyes: the tests of the whole product take a picture of it.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("comparison-report.html"), &page).unwrap();
    std::fs::write(folder.join("comparison-report.json"), json.to_string()).unwrap();
    std::fs::write(folder.join("noisy-report.html"), html(&noisy_report())).unwrap();
    std::fs::write(folder.join("hostile-report.html"), html(&hostile_report())).unwrap();
    // Every figure says where the JSON has it.
    let figures = page.split("<data data-of=\"").skip(1);
    let mut checked = 0;
    for figure in figures {
        let (of, rest) = figure.split_once('"').unwrap();
        if of.is_empty() {
            continue;
        }
        let value: f64 = rest.split('"').nth(1).unwrap().parse().unwrap();
        assert_eq!(json.pointer(of).unwrap().as_f64(), Some(value), "{of}");
        checked += 1;
    }
    assert!(checked >= 10, "{checked} figures");
    assert_eq!(json["totals"]["different"], 25);
    assert_eq!(json["pass"]["share"], 0.87);
    assert!(page.contains("87.00 %") && page.contains("97.09 %"));
    for cluster in json["operations"][0]["clusters"].as_array().unwrap() {
        assert!(page.contains(cluster["path"].as_str().unwrap()));
    }
}

/// The published schema describes every field there is, and asks for no other.
#[test]
fn the_json_schema_describes_the_report() {
    for report in [
        nightly_report(),
        noisy_report(),
        hostile_report(),
        ReportBuilder::new().finish(at_minute(0)),
    ] {
        assert_eq!(described(&report), [""; 0]);
    }
}

/// Whatever the records hold, the published schema describes the report on them.
fn described(report: &Report) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/schema/comparison-report.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    // Numbers past the range of a double are JSON, but not for this reader.
    let json = json(report).unwrap().replace("1e400", "1e40");
    problems(&schema, &serde_json::from_str(&json).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_report_does_not_depend_on_the_order_of_records(
        records in proptest::collection::vec(any_record(RunId::new("r").unwrap()), 0..12)
            .prop_map(|mut records| {
                for (index, record) in records.iter_mut().enumerate() {
                    record.id = RecordId::new(format!("{}-{index}", record.id)).unwrap();
                }
                records
            }),
        seed in any::<u64>(),
    ) {
        let mut shuffled: Vec<_> = records.iter().cloned().enumerate().collect();
        shuffled.sort_by_key(|(index, _)| (*index as u64 + 1).wrapping_mul(seed | 1));
        let shuffled: Vec<_> = shuffled.into_iter().map(|(_, record)| record).collect();
        prop_assert_eq!(report_of(&[], &records), report_of(&[], &shuffled));
    }

    #[test]
    fn any_report_renders(
        records in proptest::collection::vec(any_record(RunId::new("r").unwrap()), 0..6),
    ) {
        let report = report_of(&[], &records);
        let totals = &report.totals;
        let sum = totals.equal + totals.different + totals.inexact + totals.failed;
        prop_assert_eq!(sum, records.len() as u64);
        prop_assert!(html(&report).ends_with("</html>"));
        prop_assert!(text(&report, None).starts_with("Comparison report"));
        prop_assert!(markdown::is_whole(&render_markdown(&report)));
        prop_assert_eq!(described(&report), [""; 0]);
    }
}
