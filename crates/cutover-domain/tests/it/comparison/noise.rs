//! What holds of noise, whatever old and new answer.

use cutover_domain::comparison::noise::{Hides, Noise, NoiseClass, NoiseLearner, NoiseSample};
use cutover_domain::comparison::{
    Comparator, Comparison, ComparisonRecord, DifferenceKind, Judgement, RecordId, RecordLimits,
    RecordResult, Rules, RunId, SideOutcome, SideRecord,
};
use cutover_domain::tree::Tree;
use jiff::Timestamp;
use proptest::prelude::*;

/// The answers to one input, each field one of a few numbers.
#[derive(Clone, Debug)]
struct Case {
    old: Vec<u8>,
    again: Vec<Vec<u8>>,
    new: Vec<u8>,
    form: Form,
}

/// Which version of the program has stored it.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// One that knew places only.
    Old,
    /// This one.
    New,
}

const FIELDS: usize = 4;

/// Some fields are steady, some vary in old, some vary in new only.
fn case() -> impl Strategy<Value = Case> {
    let answer = || proptest::collection::vec(0..3_u8, FIELDS);
    (
        answer(),
        proptest::collection::vec(answer(), 0..4),
        answer(),
        prop_oneof![Just(Form::Old), Just(Form::New)],
    )
        .prop_map(|(old, again, new, form)| {
            let settle = |answer: Vec<u8>, steady: [bool; FIELDS]| {
                let fields = answer.iter().zip(&old).zip(steady);
                fields
                    .map(|((varied, old), steady)| if steady { *old } else { *varied })
                    .collect()
            };
            Case {
                again: again
                    .into_iter()
                    .map(|answer| settle(answer, [true, false, false, true]))
                    .collect(),
                new: settle(new, [true, true, false, false]),
                old,
                form,
            }
        })
}

fn answer(fields: &[u8]) -> Tree {
    let members: Vec<String> = fields
        .iter()
        .enumerate()
        .map(|(field, value)| format!(r#""f{field}": [{value}]"#))
        .collect();
    Tree::from_json(&format!("{{{}}}", members.join(","))).unwrap()
}

fn compare(old: &[u8], new: &[u8]) -> Comparison {
    Comparator::default().compare(&answer(old), &answer(new))
}

impl Case {
    fn sample(&self) -> Option<NoiseSample> {
        let again: Vec<Comparison> = self
            .again
            .iter()
            .map(|again| compare(&self.old, again))
            .collect();
        let new = compare(&self.old, &self.new);
        (!again.is_empty()).then(|| match self.form {
            Form::Old => NoiseSample::of(&again),
            Form::New => NoiseSample::beside(&new, &again),
        })
    }

    fn record(&self, number: usize) -> ComparisonRecord {
        let side = SideRecord::new(SideOutcome::Ok);
        let mut record = ComparisonRecord::new(
            RunId::new("r").unwrap(),
            RecordId::new(format!("{number}")).unwrap(),
            "op",
            Timestamp::UNIX_EPOCH,
            side.clone(),
            side,
            Judgement::of(compare(&self.old, &self.new), &RecordLimits::default()),
        );
        record.noise = self.sample();
        record
    }
}

fn learn<'a>(cases: impl IntoIterator<Item = &'a Case>) -> NoiseLearner {
    let mut learner = NoiseLearner::new();
    for (number, case) in cases.into_iter().enumerate() {
        learner.record(&case.record(number));
    }
    learner
}

fn class(noise: &Noise, field: usize) -> NoiseClass {
    noise.class(&format!("$.f{field}[*]"), DifferenceKind::Value)
}

proptest! {
    #[test]
    fn learning_in_parts_and_in_any_order_is_learning_at_once(
        cases in proptest::collection::vec(case(), 0..25),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = learn(&cases).learned();
        let backward = learn(cases.iter().rev()).learned();
        prop_assert_eq!(&whole, &backward);
        let (left, right) = cases.split_at(if cases.is_empty() { 0 } else { cut.index(cases.len()) });
        let mut merged = learn(left);
        merged.merge(&learn(right));
        prop_assert_eq!(&whole, &merged.learned());
        let mut other_way = learn(right);
        other_way.merge(&learn(left));
        prop_assert_eq!(&whole, &other_way.learned());
    }

    #[test]
    fn what_old_never_differs_in_is_never_hidden(cases in proptest::collection::vec(case(), 1..25)) {
        let noise = learn(&cases).learned();
        // Field 3 varies in new only, field 0 nowhere.
        prop_assert_eq!(class(&noise, 3), NoiseClass::Real);
        for (number, case) in cases.iter().enumerate() {
            let record = case.record(number);
            let reading = noise.read(&record);
            if case.old[3] != case.new[3] {
                prop_assert_eq!(reading.result, RecordResult::Different);
            }
        }
    }

    #[test]
    fn more_noise_of_old_makes_no_path_more_real(
        cases in proptest::collection::vec(case(), 1..25),
        which in any::<prop::sample::Index>(),
        pair in any::<prop::sample::Index>(),
    ) {
        let before = learn(&cases).learned();
        let mut noisier = cases.clone();
        let case = &mut noisier[which.index(cases.len())];
        prop_assume!(!case.again.is_empty());
        // One pair of old and old that agreed in a field now parts in it.
        let pair = pair.index(case.again.len());
        prop_assume!(case.again[pair][1] == case.old[1]);
        case.again[pair][1] = case.old[1] + 1;
        let after = learn(&noisier).learned();
        for field in 0..FIELDS {
            prop_assert!(
                class(&after, field) <= class(&before, field),
                "f{}: {} → {}", field, class(&before, field), class(&after, field)
            );
        }
    }

    #[test]
    fn what_is_counted_as_hidden_is_what_readings_hide(cases in proptest::collection::vec(case(), 0..25)) {
        let noise = learn(&cases).learned();
        let readings: Vec<_> = cases.iter().enumerate()
            .map(|(number, case)| (case.record(number), noise.read(&case.record(number))))
            .collect();
        let hidden: u64 = readings.iter().map(|(_, reading)| reading.hidden).sum();
        prop_assert_eq!(noise.hidden_differences, hidden);
        let records = readings.iter().filter(|(_, reading)| reading.hidden > 0).count() as u64;
        prop_assert_eq!(noise.hidden_records, records);
        let equal = readings.iter().filter(|(record, reading)| {
            record.result == RecordResult::Different && reading.result == RecordResult::Equal
        });
        prop_assert_eq!(noise.equal, equal.count() as u64);
        let by_path: u64 = noise.paths.iter().map(|path| path.hidden_differences).sum();
        prop_assert_eq!(noise.hidden_differences, by_path);
    }

    #[test]
    fn a_sample_survives_being_stored(case in case()) {
        if let Some(sample) = case.sample() {
            let json = serde_json::to_string(&sample).unwrap();
            prop_assert_eq!(serde_json::from_str::<NoiseSample>(&json).unwrap(), sample);
        }
    }
}

/// So many cases; each answer is made by a function of its side, the case and the try.
fn learned(
    cases: usize,
    pairs: usize,
    old: impl Fn(usize, usize) -> String,
    new: impl Fn(usize) -> String,
) -> Noise {
    let tree = |json: String| Tree::from_json(&json).unwrap();
    let compare = |old: String, new: String| Comparator::default().compare(&tree(old), &tree(new));
    let mut learner = NoiseLearner::new();
    for case in 0..cases {
        let again: Vec<_> = (1..=pairs)
            .map(|again| compare(old(case, 0), old(case, again)))
            .collect();
        let new = compare(old(case, 0), new(case));
        learner.add(Some(&NoiseSample::beside(&new, &again)), &new);
    }
    learner.learned()
}

fn value(path: &str, noise: &Noise) -> NoiseClass {
    noise.class(path, DifferenceKind::Value)
}

#[test]
fn one_pair_that_parts_is_no_pattern() {
    let noise = learned(1, 1, |_, again| again.to_string(), |_| "9".to_owned());
    assert_eq!(value("$", &noise), NoiseClass::Undecided);
    assert!(
        noise.paths[0].why.contains("more pairs"),
        "{}",
        noise.paths[0].why
    );
    let noise = learned(1, 3, |_, again| again.to_string(), |_| "9".to_owned());
    assert_eq!(value("$", &noise), NoiseClass::Noise);
    assert_eq!((noise.equal, noise.hidden_differences), (1, 1));
}

#[test]
fn new_differing_more_often_is_real_although_old_is_noisy() {
    // Old parts from itself in one case of ten, new in every second one.
    let old =
        |case: usize, again: usize| usize::from(case.is_multiple_of(10) && again == 1).to_string();
    let noise = learned(100, 1, old, |case| usize::from(case % 2 == 0).to_string());
    assert_eq!(value("$", &noise), NoiseClass::Real);
    assert!(noise.paths[0].q.unwrap() < 1e-6);
    // As often as old: noise.
    let noise = learned(100, 1, old, |case| usize::from(case % 10 == 5).to_string());
    assert_eq!(value("$", &noise), NoiseClass::Noise);
    assert_eq!(noise.equal, 10);
}

#[test]
fn values_that_look_otherwise_are_not_covered_by_old_s_timestamps() {
    let at = |second: usize| format!(r#"{{"at": "2026-01-01T00:00:{second:02}Z"}}"#);
    let old = |case: usize, again: usize| at(case + again);
    let noise = learned(20, 2, old, |case| at(case + 5));
    assert_eq!(value("$.at", &noise), NoiseClass::Noise);
    for wrong in ["1970-01-01T00:00:00Z", "never"] {
        let noise = learned(20, 2, old, |_| format!(r#"{{"at": "{wrong}"}}"#));
        assert_eq!(value("$.at", &noise), NoiseClass::Undecided, "{wrong}");
        assert!(noise.paths[0].why.contains("look otherwise"));
        assert_eq!(noise.equal, 0);
    }
}

#[test]
fn a_quiet_record_is_not_covered_by_the_noise_of_the_others() {
    // Old never answers twice the same but in case 7, where new is wrong.
    let old = |case: usize, again: usize| {
        if case == 7 {
            "0".to_owned()
        } else {
            again.to_string()
        }
    };
    let noise = learned(30, 3, old, |_| "99".to_owned());
    assert_eq!(value("$", &noise), NoiseClass::Real);
    assert_eq!(noise.paths[0].hides, Hides::Varied);
    assert_eq!((noise.equal, noise.hidden_differences), (29, 29));
    assert!(noise.suggestions.is_empty(), "a rule would hide case 7");
}

/// A number that looks drawn, below `end`.
fn drawn(seed: u64, end: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64(&seed.to_le_bytes()) % end
}

/// A number that is another one in every run.
fn draw(case: usize, run: usize, place: usize, end: u64) -> u64 {
    drawn((case * 1_000_003 + run * 1_009 + place) as u64, end)
}

#[test]
fn a_member_that_never_varies_is_not_covered_by_its_neighbours() {
    // The first three rows are drawn; row 5 is wrong in new.
    let rows = |case: usize, run: usize, fifth: u64| {
        let drawn = (0..3).map(|row| draw(case, run, row, 1_000_000_000));
        let rows: Vec<String> = drawn
            .chain([3, 4, fifth, 6, 7])
            .map(|v| format!(r#"{{"v": {v}}}"#))
            .collect();
        format!(r#"{{"rows": [{}]}}"#, rows.join(","))
    };
    let old = |case: usize, run: usize| rows(case, run, 5);
    let noise = learned(10, 2, old, |case| rows(case, 9, 7));
    assert_eq!((noise.equal, noise.hidden_differences), (0, 30));
    let path = &noise.paths[0];
    assert_eq!(
        (path.class, path.hides, path.alone),
        (NoiseClass::Real, Hides::Varied, 10)
    );
    assert!(
        path.why
            .contains("10 values of new differ that were the same"),
        "{}",
        path.why
    );
    // The same program on both sides.
    let noise = learned(10, 2, old, |case| rows(case, 9, 5));
    assert_eq!(
        (noise.equal, value("$.rows[*].v", &noise)),
        (10, NoiseClass::Noise)
    );
}

#[test]
fn a_case_that_never_varies_is_not_covered_by_other_cases() {
    let answer = |case: usize, run: usize| match case % 2 {
        0 => "3".to_owned(),
        _ => draw(case, run, 0, 1_000_000_000).to_string(),
    };
    let new = |case: usize| match case {
        12 => "4".to_owned(),
        _ => answer(case, 9),
    };
    let noise = learned(20, 3, answer, new);
    // Ten cases are noise; case 12 is a difference.
    assert_eq!((noise.equal, noise.paths[0].alone), (10, 1));
    assert_eq!(learned(20, 3, answer, |case| answer(case, 9)).equal, 10);
}

#[test]
fn one_flaky_case_covers_no_other() {
    // Case 1 answers 9 in half of its runs; new has case 2 wrong.
    for noisy_runs in 1..=3 {
        let old = |case: usize, run: usize| match (case, run) {
            (1, run) if (1..=noisy_runs).contains(&run) => "9",
            _ => "3",
        };
        let new = |case: usize| if case == 2 { "4" } else { "3" };
        let noise = learned(
            10,
            3,
            |case, run| old(case, run).to_owned(),
            |case| new(case).to_owned(),
        );
        assert_eq!(
            (noise.equal, noise.hidden_differences),
            (0, 0),
            "{noisy_runs}"
        );
    }
}

/// In how many of two hundred runs of the same program against itself something counts.
fn false_alarms(cases: usize, pairs: usize, answer: impl Fn(usize, usize) -> String) -> usize {
    let run = |round: usize| {
        let shifted = |case: usize, run: usize| answer(case + round * 10_000, run);
        let noise = learned(cases, pairs, shifted, |case| shifted(case, 99));
        // What is not noise is a difference that somebody looks at for nothing.
        noise
            .paths
            .iter()
            .any(|path| path.records > 0 && path.hides != Hides::All)
            || noise.equal < noise.hidden_records
    };
    (0..200).filter(|round| run(*round)).count()
}

#[test]
fn the_same_program_on_both_sides_raises_no_alarm() {
    let stamps = |case: usize, run: usize| {
        format!(
            r#"{{"at": "2026-01-01T00:00:{:02}.{:09}Z", "id": "6f9619ff-8b86-d011-b42d-{:012x}"}}"#,
            draw(case, run, 1, 60),
            draw(case, run, 2, 1_000_000_000),
            draw(case, run, 3, 1 << 40),
        )
    };
    assert_eq!(false_alarms(10, 2, stamps), 0);
    let shuffled = |case: usize, run: usize| {
        let mut words = ["a", "b", "c", "d", "e", "f"];
        for place in (1..words.len()).rev() {
            let other = draw(case, run, place, place as u64 + 1);
            words.swap(place, usize::try_from(other).unwrap());
        }
        format!("{words:?}")
    };
    assert_eq!(false_alarms(10, 2, shuffled), 0);
    // A list that is longer in one run than in another.
    let longer = |case: usize, run: usize| {
        let length = 1 + draw(case, run, 0, 5);
        format!("{:?}", (0..length).collect::<Vec<_>>())
    };
    let found = false_alarms(20, 3, longer);
    assert!(found <= 10, "{found} of 200");
    // Members that are seldom another: with enough of them it is seen that old is at odds.
    let seldom = |case: usize, run: usize| {
        let member = |place| {
            let is_odd = draw(case, run, place, 50) == 0;
            format!(r#"{{"id": {place}, "odd": {is_odd}}}"#)
        };
        let members: Vec<String> = (0..20).map(member).collect();
        format!("[{}]", members.join(","))
    };
    // Members in which only new is another are looked at besides the place: two chances of 5 %.
    let found = false_alarms(30, 3, seldom);
    assert!(found <= 30, "{found} of 200");
    let dice = |case: usize, run: usize| draw(case, run, 0, 6).to_string();
    let found = false_alarms(40, 3, dice);
    assert!(found <= 20, "{found} of 200");
}

#[test]
fn more_differences_than_are_known_hide_nothing() {
    let list = |from: usize| {
        let numbers: Vec<String> = (from..from + 2_000)
            .map(|number| number.to_string())
            .collect();
        format!("[{}]", numbers.join(","))
    };
    let noise = learned(3, 2, |_, again| list(again * 10_000), |_| list(70_000));
    assert_eq!(
        (noise.incomplete, noise.equal, noise.hidden_differences),
        (3, 0, 0)
    );
}

#[test]
fn records_that_keep_a_few_of_many_differences_are_still_read() {
    let compare = |old: usize, new: usize| {
        let list = |at: usize| {
            let items: Vec<String> = (0..200)
                .map(|item| format!(r#"{{"id": {item}, "at": {at}}}"#))
                .collect();
            Tree::from_json(&format!("[{}]", items.join(","))).unwrap()
        };
        Comparator::default().compare(&list(old), &list(new))
    };
    let side = SideRecord::new(SideOutcome::Ok);
    let mut learner = NoiseLearner::new();
    let mut record = ComparisonRecord::new(
        RunId::new("r").unwrap(),
        RecordId::new("1").unwrap(),
        "op",
        Timestamp::UNIX_EPOCH,
        side.clone(),
        side,
        Judgement::of(compare(1, 4), &RecordLimits::default()),
    );
    let again = [compare(1, 2), compare(1, 3)];
    record.noise = Some(NoiseSample::beside(&compare(1, 4), &again));
    learner.record(&record);
    assert_eq!(record.judgement.differences().len(), 50);
    assert_eq!(learner.learned().hidden_differences, 200);
    assert_eq!(learner.learned().read(&record).result, RecordResult::Equal);
}

#[test]
fn what_is_held_is_bounded_and_the_rest_is_counted() {
    let mut learner = NoiseLearner::new();
    for case in 0..200_usize {
        let answer = |value: usize| {
            let members: Vec<String> = (0..60)
                .map(|key| format!(r#""k{case}-{key}": {value}"#))
                .collect();
            Tree::from_json(&format!("{{{}}}", members.join(","))).unwrap()
        };
        let compare = |old, new| Comparator::default().compare(&answer(old), &answer(new));
        let new = compare(1, 3);
        learner.add(Some(&NoiseSample::beside(&new, &[compare(1, 2)])), &new);
    }
    let noise = learner.learned();
    assert_eq!(noise.paths.len(), 4_096);
    assert_eq!(noise.unlearned, 2 * (200 * 60 - 4_096));
}

#[test]
fn suggested_rules_take_the_noise_away_and_nothing_else() {
    let old = |case: usize, again: usize| {
        let (first, second) = if again.is_multiple_of(2) {
            ("1", "2")
        } else {
            ("2", "1")
        };
        format!(
            r#"{{
                "at": "2026-01-01T00:00:{:02}.5Z",
                "request": "6f9619ff-8b86-d011-b42d-{:012x}",
                "items": [{{"id": {first}}}, {{"id": {second}}}],
                "tags": ["a{first}", "a{second}"],
                "sum": {},
                "steady": 1
            }}"#,
            case + again,
            case * 100 + again,
            1.0 + again as f64 * 1.7e-12,
        )
    };
    let noise = learned(10, 3, old, |case| {
        old(case, 5).replace(r#""steady": 1"#, r#""steady": 2"#)
    });
    let file = noise.rules_file().unwrap();
    insta::assert_snapshot!(file);
    let read: Rules = toml::from_str(&file).unwrap();
    assert_eq!(read, noise.rules());
    let comparator = read.build().unwrap();
    let tree = |json: String| Tree::from_json(&json).unwrap();
    let compared = comparator.compare(
        &tree(old(1, 0)),
        &tree(old(4, 3).replace(r#""steady": 1"#, r#""steady": 2"#)),
    );
    let paths: Vec<_> = compared
        .differences
        .iter()
        .map(|found| found.path.as_str())
        .collect();
    assert_eq!(paths, ["$.steady"]);
}
