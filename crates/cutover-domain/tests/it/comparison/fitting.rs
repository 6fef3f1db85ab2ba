//! Records that are made to fit a store.

use cutover_domain::comparison::noise::NoiseSample;
use cutover_domain::comparison::{
    Answer, Comparison, ComparisonRecord, Counts, Difference, DifferenceKind, Judgement, RecordId,
    RecordedInput, RunId, Severity, SideOutcome, SideRecord, Undecided,
};
use cutover_domain::tree::Tree;
use proptest::collection::vec;
use proptest::prelude::*;

/// A text by what it repeats, and how often: what is tried stays readable.
type Text = (&'static str, usize);

/// What a record is made of.
#[derive(Clone, Debug)]
struct Parts {
    /// The steps of the path, the value and the kind of each difference.
    differences: Vec<(usize, Text, DifferenceKind)>,
    undecided: usize,
    texts: [Text; 6],
}

/// Most lengths are short, some are not.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0..50_usize, 1 => 1_000..20_000_usize]
}

fn text() -> impl Strategy<Value = Text> {
    // JSON writes some characters longer than they are.
    (
        prop::sample::select(&["x", "\u{1}", "\"", "é"][..]),
        length(),
    )
}

fn parts() -> impl Strategy<Value = Parts> {
    let kind = prop::sample::select(&DifferenceKind::ALL[..]);
    let texts = [text(), text(), text(), text(), text(), text()];
    (vec((length(), text(), kind), 0..15), 0..15_usize, texts).prop_map(
        |(differences, undecided, texts)| Parts {
            differences,
            undecided,
            texts,
        },
    )
}

fn record(parts: &Parts) -> ComparisonRecord {
    let texts = parts.texts.map(|(text, times)| text.repeat(times));
    let [message, stderr, what, input, excerpt, unknown] = texts;
    let mut counts = Counts::default();
    let differences = parts
        .differences
        .iter()
        .map(|&(steps, (text, times), kind)| {
            counts.add(kind);
            Difference {
                path: format!("${}", ".a[0]".repeat(steps)),
                new_path: None,
                kind,
                old: Some(Tree::string(text.repeat(times))),
                new: None,
                times: None,
                severity: Severity::Error,
            }
        });
    let differences: Vec<Difference> = differences.collect();
    let what = Undecided {
        path: "$".to_owned(),
        what,
        elements: 2,
    };
    let comparison = Comparison {
        equal: differences.is_empty() && parts.undecided == 0,
        exact: parts.undecided == 0,
        inexact: vec![what; parts.undecided],
        counts,
        differences,
        ..Comparison::same()
    };
    let mut new = SideRecord::new(SideOutcome::Panic { message });
    new.messages = Some(stderr);
    new.answer = Answer::of_bytes(excerpt.as_bytes()).with_excerpt(&excerpt, usize::MAX);
    let mut record = ComparisonRecord::new(
        RunId::new("r").unwrap(),
        RecordId::new("1").unwrap(),
        "op",
        jiff::Timestamp::UNIX_EPOCH,
        SideRecord::new(SideOutcome::Ok),
        new,
        Judgement::Compared(comparison.clone()),
    );
    record.noise = Some(NoiseSample::beside(&comparison, [&comparison]));
    record.input = Some(RecordedInput::Kept {
        value: Tree::string(&input),
        redacted: 0,
    });
    record.unknown.insert("later".to_owned(), unknown.into());
    record
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_record_fits_and_keeps_its_verdict_and_counts(
        parts in parts(),
        max_bytes in prop_oneof![30_000..100_000_usize, 100_000..400_000_usize],
    ) {
        let record = record(&parts);
        let whole = serde_json::to_string(&record).unwrap();
        let fitted = record.fitted(max_bytes).unwrap();
        let json = serde_json::to_string(&fitted).unwrap();
        prop_assert!(json.len() <= max_bytes, "{} > {max_bytes}", json.len());
        prop_assert!(serde_json::from_str::<ComparisonRecord>(&json).unwrap() == fitted);
        if whole.len() <= max_bytes {
            prop_assert!(fitted == record);
            return Ok(());
        }
        prop_assert_eq!(fitted.shortened_from, Some(whole.len() as u64));
        prop_assert_eq!(fitted.judgement.result(), record.result);
        prop_assert_eq!((fitted.result, fitted.time), (record.result, record.time));
        prop_assert_eq!(fitted.new.outcome.class(), record.new.outcome.class());
        let (kept, found) = (fitted.judgement.comparison(), record.judgement.comparison());
        let (kept, found) = (kept.unwrap(), found.unwrap());
        prop_assert_eq!(kept.counts, found.counts);
        prop_assert_eq!((kept.equal, kept.exact), (found.equal, found.exact));
        let first = kept.differences.len();
        prop_assert_eq!(kept.truncated, first < found.differences.len());
        for (kept, found) in kept.differences.iter().zip(&found.differences) {
            prop_assert!(kept.path == found.path && kept.kind == found.kind);
        }
        // Nothing is taken for noise that was not before.
        if let Some(noise) = &fitted.noise {
            prop_assert!(noise.steady.iter().all(|number| (*number as usize) < first));
        }
    }
}

#[test]
fn what_a_record_is_of_is_never_cut() {
    let side = SideRecord::new(SideOutcome::Ok);
    let mut record = ComparisonRecord::new(
        RunId::new("r").unwrap(),
        RecordId::new("1").unwrap(),
        "op",
        jiff::Timestamp::UNIX_EPOCH,
        side.clone(),
        side,
        Judgement::Failed("x".repeat(10_000)),
    );
    record.case = Some("c".repeat(1_000));
    assert_eq!(record.fitted(3_000).unwrap().case, record.case);
    assert_eq!(record.fitted(1_000), None);
}
