//! The report as JUnit XML.

use std::collections::HashSet;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use cutover_app::comparison::{Selection, Sink, read};
use cutover_app::report::JUnit;
use cutover_domain::comparison::{ComparisonRecord, Run, RunId, RunKind};
use cutover_ports::comparison::{ComparisonStore, MemoryComparisonStore};
use cutover_testkit::comparison::{any_record, full_record, full_run, sample_record, sample_run};
use pollster::block_on;
use proptest::prelude::*;
use quick_junit::{NonSuccessKind, TestCaseStatus};
use quick_xml::events::{BytesStart, Event};

use super::nightly;

fn junit(runs: &[Run], records: &[ComparisonRecord]) -> String {
    let mut junit = JUnit::new(|| Ok(Cursor::new(Vec::new())));
    runs.iter().for_each(|run| junit.run(run));
    records.iter().for_each(|record| junit.record(record));
    let mut xml = Vec::new();
    junit.finish(&mut xml).unwrap();
    String::from_utf8(xml).unwrap()
}

/// An element, what it may hold, the attributes that it must have and those that it may have.
type Rule = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

/// What the schema says that Jenkins checks reports of JUnit 10 against.
const RULES: [Rule; 8] = [
    (
        "testsuites",
        &["testsuite"],
        &[],
        &["name", "time", "tests", "failures", "errors"],
    ),
    (
        "testsuite",
        &["properties", "testcase", "system-out", "system-err"],
        &["name", "tests", "failures", "errors"],
        &[
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "url",
        ],
    ),
    ("properties", &["property"], &[], &[]),
    ("property", &[], &["name", "value"], &[]),
    (
        "testcase",
        &["skipped", "error", "failure", "system-out", "system-err"],
        &["name"],
        &["time", "classname", "group"],
    ),
    ("failure", &[], &[], &["type", "message"]),
    ("error", &[], &[], &["type", "message"]),
    ("skipped", &[], &[], &["type", "message"]),
];

/// Where the XML breaks the rules.
fn broken_rules(xml: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let forbidden = |character: char| {
        !matches!(character,
            '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
    };
    if xml.contains(forbidden) {
        problems.push("a character that XML 1.0 does not allow".to_owned());
    }
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<String> = vec![];
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                problems.extend(problem_of(&element, &name, open.last().map(String::as_str)));
                open.push(name);
            }
            Ok(Event::End(_)) => {
                open.pop();
            }
            Ok(Event::Text(text)) => {
                let says = ["failure", "error", "skipped"];
                let is_blank = text.decode().unwrap().trim().is_empty();
                if !is_blank
                    && !open
                        .last()
                        .is_some_and(|name| says.contains(&name.as_str()))
                {
                    problems.push(format!("text in {open:?}"));
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                problems.push(error.to_string());
                break;
            }
        }
    }
    problems
}

fn problem_of(element: &BytesStart<'_>, name: &str, parent: Option<&str>) -> Option<String> {
    let rule = |name| RULES.iter().find(|(known, ..)| *known == name);
    let Some((_, _, required, optional)) = rule(name) else {
        return Some(format!("there is no element {name}"));
    };
    let is_allowed = match parent {
        None => name == "testsuites",
        Some(parent) => rule(parent).is_some_and(|(_, children, ..)| children.contains(&name)),
    };
    if !is_allowed {
        return Some(format!("{name} in {parent:?}"));
    }
    let mut found = HashSet::new();
    for attribute in element.attributes() {
        let attribute = attribute.unwrap();
        let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        if !required.contains(&key.as_str()) && !optional.contains(&key.as_str()) {
            return Some(format!("{name} has {key}"));
        }
        found.insert(key);
    }
    let missing = required.iter().find(|key| !found.contains(**key));
    missing.map(|key| format!("{name} lacks {key}"))
}

/// How many passed, failed, could not be decided and were skipped, as a maintained reader of the
/// format counts them.
fn counted(xml: &str) -> [usize; 4] {
    let report = quick_junit::Report::deserialize_from_str(xml).unwrap();
    let mut counts = [0; 4];
    for suite in &report.test_suites {
        let mut of_suite = [0; 4];
        for case in &suite.test_cases {
            let place = match &case.status {
                TestCaseStatus::Success { .. } => 0,
                TestCaseStatus::NonSuccess { kind, .. } => match kind {
                    NonSuccessKind::Failure => 1,
                    NonSuccessKind::Error => 2,
                },
                TestCaseStatus::Skipped { .. } => 3,
            };
            of_suite[place] += 1;
        }
        assert_eq!(suite.tests, of_suite.iter().sum::<usize>());
        assert_eq!([suite.failures, suite.errors], [of_suite[1], of_suite[2]]);
        for (sum, count) in counts.iter_mut().zip(of_suite) {
            *sum += count;
        }
    }
    assert_eq!(report.tests, counts.iter().sum::<usize>());
    assert_eq!([report.failures, report.errors], [counts[1], counts[2]]);
    counts
}

#[test]
fn every_comparison_is_a_test_case() {
    let (run, records) = nightly();
    let xml = junit(&[run], &records);
    assert_eq!(broken_rules(&xml), [""; 0]);
    // 4 cases that were not run, and two that were dropped for one reason, are a line each.
    assert_eq!(counted(&xml), [174, 25, 1, 2]);
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    let suite = &report.test_suites[0];
    assert_eq!(suite.name.as_str(), "dataset.profile");
    let case = |name: &str| {
        let case = suite
            .test_cases
            .iter()
            .find(|case| case.name.as_str() == name);
        case.unwrap().clone()
    };
    let TestCaseStatus::NonSuccess {
        message,
        description,
        ..
    } = case("datasets/table-010.csv").status
    else {
        panic!("it differs");
    };
    assert_eq!(message.unwrap().as_str(), "1 difference");
    assert_eq!(
        description.unwrap().as_str(),
        "$.columns[1].mean: value 11.25 → 11.75"
    );
    assert!(matches!(
        case("4 cases not run").status,
        TestCaseStatus::Skipped { .. }
    ));
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("comparison-report.xml"), xml).unwrap();
}

#[test]
fn runs_and_operations_have_suites_of_their_own() {
    let store = MemoryComparisonStore::new();
    for (id, minute) in [("first", 0), ("second", 10)] {
        let mut run = sample_run(id, minute);
        run.kind = RunKind::Operation;
        block_on(store.create_run(&run)).unwrap();
        for (number, operation) in ["a", "b", "a"].into_iter().enumerate() {
            let mut record = sample_record(&run, &format!("r{number}"), minute);
            record.operation = operation.into();
            // A case that is repeated is told apart.
            record.case = Some("same".to_owned());
            block_on(store.append(&[record])).unwrap();
        }
    }
    block_on(store.create_run(&sample_run("empty", 20))).unwrap();
    let mut junit = JUnit::new(|| Ok(Cursor::new(Vec::new())));
    assert!(block_on(read(&store, &Selection::default(), &mut junit)).unwrap());
    junit.unreadable("run-1.jsonl:3: torn".to_owned());
    let mut xml = Vec::new();
    junit.finish(&mut xml).unwrap();
    let xml = String::from_utf8(xml).unwrap();
    assert_eq!(broken_rules(&xml), [""; 0]);
    assert_eq!(counted(&xml), [6, 0, 1, 0]);
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    let suites: Vec<_> = report
        .test_suites
        .iter()
        .map(|suite| {
            let cases = suite.test_cases.iter().map(|case| case.name.as_str());
            (suite.name.as_str(), cases.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(
        suites,
        [
            ("a", vec!["same", "same [r0]"]),
            ("b", vec!["same"]),
            ("a", vec!["same", "same [r0]"]),
            ("b", vec!["same"]),
            ("unreadable", vec!["run-1.jsonl:3: torn"]),
        ]
    );
}

#[test]
fn hostile_text_stays_text() {
    let run = full_run("r", 0);
    let records: Vec<_> = (0..3)
        .map(|n| full_record(&run, &format!("f{n}"), n))
        .collect();
    let xml = junit(&[run], &records);
    assert_eq!(broken_rules(&xml), [""; 0]);
    assert!(xml.contains("&lt;script&gt;") && !xml.contains('\u{202e}'));
    assert_eq!(counted(&xml)[1], 3);
}

/// A file that is full after some bytes.
#[derive(Debug)]
struct Full(Cursor<Vec<u8>>, usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.get_ref().len() + bytes.len() > self.1 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Full {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Seek for Full {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_full_disk_is_an_error_and_no_report() {
    let (run, records) = nightly();
    for room in [0, 100, 20_000] {
        let mut junit = JUnit::new(move || Ok(Full(Cursor::new(Vec::new()), room)));
        junit.run(&run);
        records.iter().for_each(|record| junit.record(record));
        let mut xml = Vec::new();
        let error = junit.finish(&mut xml).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_records_make_a_valid_report(
        records in proptest::collection::vec(any_record(RunId::new("r").unwrap()), 0..6),
    ) {
        let xml = junit(&[], &records);
        prop_assert_eq!(broken_rules(&xml), [""; 0]);
        prop_assert_eq!(counted(&xml).iter().sum::<usize>(), records.len());
    }
}
