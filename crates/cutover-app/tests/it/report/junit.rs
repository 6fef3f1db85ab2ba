//! The report as JUnit XML.

use std::collections::{HashMap, HashSet};
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::process::{Command, Stdio};

use cutover_app::comparison::{Selection, Sink, read};
use cutover_app::report::JUnit;
use cutover_domain::comparison::{
    ComparisonRecord, Judgement, RecordId, RecordLimits, Rules, Run, RunId, RunKind,
};
use cutover_domain::tree::Tree;
use cutover_ports::comparison::{ComparisonStore, MemoryComparisonStore};
use cutover_testkit::comparison::{any_record, full_record, full_run, sample_record, sample_run};
use pollster::block_on;
use proptest::prelude::*;
use quick_junit::{NonSuccessKind, TestCaseStatus};
use quick_xml::events::{BytesStart, Event};

use super::{nightly, noisy, noisy_report};

fn junit(runs: &[Run], records: &[ComparisonRecord]) -> String {
    let mut junit = JUnit::new(|| Ok(Cursor::new(Vec::new())));
    runs.iter().for_each(|run| junit.run(run));
    records.iter().for_each(|record| junit.record(record));
    let mut xml = Vec::new();
    junit.finish(&mut xml).unwrap();
    String::from_utf8(xml).unwrap()
}

/// What Jenkins checks reports of JUnit 10 against, as its xunit plugin has it.
const XSD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/junit-10.xsd");

/// What the schema says of an element.
#[derive(Debug, Default)]
struct Rule {
    children: HashSet<String>,
    /// Each attribute with whether it must be there, and its type.
    attributes: HashMap<String, (bool, String)>,
    has_text: bool,
}

/// The rules of the schema by the names of elements. Of XML Schema it knows what this schema needs.
fn rules() -> HashMap<String, Rule> {
    let xsd = std::fs::read_to_string(XSD).unwrap();
    let mut reader = quick_xml::Reader::from_str(&xsd);
    reader.config_mut().expand_empty_elements = true;
    let mut rules: HashMap<String, Rule> = HashMap::new();
    let (mut depth, mut now) = (0, None);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                depth += 1;
                let tag = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                let says = |key: &str| {
                    let found = element.try_get_attribute(key).unwrap()?;
                    Some(String::from_utf8(found.value.into_owned()).unwrap())
                };
                if depth == 2 {
                    now = says("name").filter(|_| tag == "xs:element");
                    if let Some(name) = &now {
                        let rule = rules.entry(name.clone()).or_default();
                        rule.has_text = says("type").as_deref() == Some("xs:string");
                    }
                }
                let Some(rule) = now.as_ref().and_then(|name| rules.get_mut(name)) else {
                    continue;
                };
                match tag.as_str() {
                    "xs:element" => rule.children.extend(says("ref")),
                    "xs:complexType" => {
                        rule.has_text |= says("mixed").as_deref() == Some("true");
                    }
                    "xs:attribute" => {
                        let is_required = says("use").as_deref() == Some("required");
                        let kind = (is_required, says("type").unwrap());
                        rule.attributes.insert(says("name").unwrap(), kind);
                    }
                    _ => {}
                }
            }
            Event::End(_) => depth -= 1,
            Event::Eof => return rules,
            _ => {}
        }
    }
}

/// `SUREFIRE_TIME`: at most three decimals. Separators of thousands are never written.
fn is_time(text: &str) -> bool {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.chars().all(|digit| digit.is_ascii_digit());
    digits(whole) && digits(decimals) && decimals.len() <= 3
}

/// Where the XML breaks the rules of the schema; `xmllint` is asked, too, where there is one.
fn broken_rules(xml: &str) -> Vec<String> {
    let rules = rules();
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
                let parent = open.last().map(String::as_str);
                problems.extend(problem_of(&rules, &element, &name, parent));
                open.push(name);
            }
            Ok(Event::End(_)) => {
                open.pop();
            }
            Ok(Event::Text(text)) => {
                let rule = open.last().and_then(|name| rules.get(name));
                let may_say = rule.is_some_and(|rule| rule.has_text);
                if !may_say && !text.decode().unwrap().trim().is_empty() {
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
    problems.extend(said_by_xmllint(xml));
    problems
}

fn problem_of(
    rules: &HashMap<String, Rule>,
    element: &BytesStart<'_>,
    name: &str,
    parent: Option<&str>,
) -> Option<String> {
    let Some(rule) = rules.get(name) else {
        return Some(format!("there is no element {name}"));
    };
    let is_allowed = match parent {
        None => name == "testsuites",
        Some(parent) => rules[parent].children.contains(name),
    };
    if !is_allowed {
        return Some(format!("{name} in {parent:?}"));
    }
    let mut missing: HashSet<&str> = rule
        .attributes
        .iter()
        .filter(|(_, (is_required, _))| *is_required)
        .map(|(key, _)| key.as_str())
        .collect();
    for attribute in element.attributes() {
        let attribute = attribute.unwrap();
        let key = std::str::from_utf8(attribute.key.as_ref()).unwrap();
        let Some((_, kind)) = rule.attributes.get(key) else {
            return Some(format!("{name} has {key}"));
        };
        let value = std::str::from_utf8(&attribute.value).unwrap();
        if kind == "SUREFIRE_TIME" && !is_time(value) {
            return Some(format!("{name} has {key}=\"{value}\", which is no {kind}"));
        }
        missing.remove(key);
    }
    let first = missing.into_iter().min();
    first.map(|key| format!("{name} lacks {key}"))
}

/// What a validator says where one is installed; the rules above do not need it.
fn said_by_xmllint(xml: &str) -> Option<String> {
    let mut lint = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema", XSD, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    lint.stdin.take()?.write_all(xml.as_bytes()).unwrap();
    let output = lint.wait_with_output().unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_rules_are_those_of_the_schema() {
    let suite = "<testsuite name='a' tests='1' failures='0' errors='0' time='0.120'>";
    let good = format!("<testsuites>{suite}<testcase name='b'/></testsuite></testsuites>");
    assert_eq!(broken_rules(&good), [""; 0]);
    for (was, is, problem) in [
        ("name='b'", "", "testcase lacks name"),
        ("name='b'", "name='b' id='1'", "testcase has id"),
        ("0.120", "0.1201", "no SUREFIRE_TIME"),
        (
            "<testcase name='b'/>",
            "<case/>",
            "there is no element case",
        ),
        ("<testcase name='b'/>", "<failure/>", "failure in"),
        ("<testcase name='b'/>", "text", "text in"),
    ] {
        let found = broken_rules(&good.replace(was, is));
        assert!(
            found.iter().any(|found| found.contains(problem)),
            "{found:?}"
        );
    }
}

#[test]
fn what_differs_by_noise_alone_passes_and_says_so() {
    let (run, records) = noisy();
    let report = noisy_report();
    let with = |junit: JUnit<Cursor<Vec<u8>>>| {
        let mut junit = junit;
        junit.run(&run);
        records.iter().for_each(|record| junit.record(record));
        let mut xml = Vec::new();
        junit.finish(&mut xml).unwrap();
        String::from_utf8(xml).unwrap()
    };
    let new = || JUnit::new(|| Ok(Cursor::new(Vec::new())));
    assert_eq!(counted(&with(new())), [0, 12, 0, 0]);
    let xml = with(new().but_for_noise(&report));
    assert_eq!(broken_rules(&xml), [""; 0]);
    assert_eq!(counted(&xml), [12, 0, 0, 0]);
    assert!(
        xml.contains(r#"<property name="passed_but_for_noise" value="12"/>"#),
        "{xml}"
    );
    let says = "<system-out>1 difference at places where old differs from itself as often";
    assert_eq!(xml.matches(says).count(), 12, "{xml}");
    assert!(xml.contains("$.at: value"), "{xml}");
}

#[test]
fn what_a_rule_hides_passes_and_says_so() {
    let (run, mut records) = nightly();
    records.truncate(1);
    let rules = Rules::new().ignore("$.at");
    let tree = |text| Tree::from_json(text).unwrap();
    let found = rules
        .build()
        .unwrap()
        .compare(&tree(r#"{"at": 1}"#), &tree(r#"{"at": 2}"#));
    records[0].judgement = Judgement::of(found, &RecordLimits::default());
    records[0].result = records[0].judgement.result();
    let xml = junit(&[run], &records);
    assert_eq!(broken_rules(&xml), [""; 0]);
    let says = "<system-out>hidden by ignore $.at: 1 difference</system-out>";
    assert!(xml.contains(says), "{xml}");
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

#[test]
fn many_records_are_a_file_of_bounded_size_that_says_how_many_more_there_are() {
    let run = sample_run("many", 0);
    let size = |records: u32| {
        let mut junit = JUnit::new(|| Ok(Cursor::new(Vec::new())));
        junit.run(&run);
        let (equal, mut different) = (sample_record(&run, "r", 0), sample_record(&run, "r", 0));
        different.judgement = Judgement::Failed("no".to_owned());
        different.result = different.judgement.result();
        for number in 0..records {
            for (kind, record) in [("equal", &equal), ("failed", &different)] {
                let mut record = record.clone();
                record.id = RecordId::new(format!("{kind}-{number:06}")).unwrap();
                record.result = record.judgement.result();
                junit.record(&record);
            }
        }
        let mut xml = Vec::new();
        junit.finish(&mut xml).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        assert_eq!(broken_rules(&xml), [""; 0]);
        (xml.len(), counted(&xml), xml)
    };
    let (length, counts, xml) = size(10_500);
    assert_eq!(counts, [10_001, 0, 10_001, 0]);
    assert!(xml.contains("\"and 500 more cases that ended as equal\""));
    assert!(xml.contains("\"and 500 more cases that ended as failed\""));
    assert!(xml.contains(r#"<property name="left_out" value="1000"/>"#));
    let (longer, more, _) = size(12_000);
    assert_eq!(counts, more);
    assert!(longer < length + 100, "{longer} {length}");
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
