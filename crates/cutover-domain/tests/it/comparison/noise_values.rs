//! Values that old never gives, at places where it differs from itself: they are no noise.

use cutover_domain::comparison::noise::{Noise, NoiseClass, NoiseLearner, NoiseSample};
use cutover_domain::comparison::{
    Comparator, ComparisonRecord, Judgement, RecordId, RecordLimits, RecordResult, RunId,
    SideOutcome, SideRecord,
};
use cutover_domain::tree::Tree;
use jiff::Timestamp;

/// How a program is asked: so many cases, each so often, and old so many times more.
#[derive(Clone, Copy, Debug)]
struct Plan {
    cases: usize,
    repeats: usize,
    again: usize,
}

const PLAN: Plan = Plan {
    cases: 40,
    repeats: 3,
    again: 2,
};

/// Which run of a program it is, and what is drawn in it.
#[derive(Clone, Copy, Debug)]
struct Run {
    case: usize,
    seed: u64,
}

impl Run {
    /// A number below `end` that looks drawn.
    fn draw(self, place: u64, end: u64) -> u64 {
        let seed = [self.case as u64, self.seed, place].map(u64::to_le_bytes);
        xxhash_rust::xxh3::xxh3_64(seed.as_flattened()) % end
    }

    /// True in so many of a hundred runs.
    fn once_in(self, place: u64, percent: u64) -> bool {
        self.draw(place, 100) < percent
    }
}

/// The records of a plan, and what was learned from them.
fn compared(
    plan: Plan,
    round: u64,
    old: impl Fn(Run) -> String,
    new: impl Fn(Run) -> String,
) -> (Vec<ComparisonRecord>, Noise) {
    let tree = |json: String| Tree::from_json(&json).unwrap();
    let compare = |old: &Tree, new: &Tree| Comparator::default().compare(old, new);
    let mut records = Vec::new();
    let mut learner = NoiseLearner::new();
    for case in 0..plan.cases {
        for repeat in 0..plan.repeats {
            let run = |number: usize| Run {
                case,
                seed: round * 1_000 + (repeat * 20 + number) as u64,
            };
            let first = tree(old(run(0)));
            let again: Vec<_> = (1..=plan.again)
                .map(|number| compare(&first, &tree(old(run(number)))))
                .collect();
            let new = compare(&first, &tree(new(run(19))));
            let side = SideRecord::new(SideOutcome::Ok);
            let mut record = ComparisonRecord::new(
                RunId::new("r").unwrap(),
                RecordId::new(format!("{case}-{repeat}")).unwrap(),
                "op",
                Timestamp::UNIX_EPOCH,
                side.clone(),
                side,
                Judgement::of(new.clone(), &RecordLimits::default()),
            );
            record.case = Some(format!("c{case}"));
            record.noise = Some(NoiseSample::beside(&new, &again));
            learner.record(&record);
            records.push(record);
        }
    }
    (records, learner.learned())
}

/// The cases that differ, but for noise.
fn differing(records: &[ComparisonRecord], noise: &Noise) -> Vec<String> {
    let differ = records
        .iter()
        .filter(|record| noise.read(record).result == RecordResult::Different);
    let mut cases: Vec<String> = differ.filter_map(|record| record.case.clone()).collect();
    cases.dedup();
    cases
}

/// Old's program, and new's, which is wrong in case 7; so often (of twenty rounds) case 7 is found,
/// and so often another one.
fn found(plan: Plan, old: fn(Run) -> String, wrong: fn(Run) -> String) -> [usize; 2] {
    let mut counts = [0; 2];
    for round in 0..20 {
        let new = |run: Run| match run.case {
            7 => wrong(run),
            _ => old(run),
        };
        let (records, noise) = compared(plan, round, old, new);
        let cases = differing(&records, &noise);
        counts[0] += usize::from(cases.iter().any(|case| case == "c7"));
        counts[1] += usize::from(cases.iter().any(|case| case != "c7"));
        totals_are_those_of_the_readings(&records, &noise);
    }
    counts
}

fn totals_are_those_of_the_readings(records: &[ComparisonRecord], noise: &Noise) {
    let readings: Vec<_> = records.iter().map(|record| noise.read(record)).collect();
    let hidden: u64 = readings.iter().map(|reading| reading.hidden).sum();
    assert_eq!(noise.hidden_differences, hidden);
    let some = readings.iter().filter(|reading| reading.hidden > 0).count();
    assert_eq!(noise.hidden_records, some as u64);
    let equal = records.iter().zip(&readings).filter(|(record, reading)| {
        record.result == RecordResult::Different && reading.result == RecordResult::Equal
    });
    assert_eq!(noise.equal, equal.count() as u64);
    let by_path: u64 = noise.paths.iter().map(|path| path.hidden_differences).sum();
    assert_eq!(noise.hidden_differences, by_path);
    for record in records {
        let by_place = noise.read_places(record);
        let hidden: u64 = by_place.iter().map(|place| place.hidden).sum();
        assert_eq!(noise.read(record).hidden, hidden);
    }
}

#[test]
fn a_value_that_old_never_gave_anywhere_counts() {
    let flaky = |run: Run| format!(r#"{{"x": {}}}"#, 1 + u64::from(run.once_in(0, 10)));
    let coin = |run: Run| format!(r#"{{"x": {}}}"#, 1 + run.draw(0, 2));
    let five = |_: Run| r#"{"x": 5}"#.to_owned();
    for old in [flaky, coin] {
        for repeats in [1, 3] {
            let [case_7, others] = found(Plan { repeats, ..PLAN }, old, five);
            assert!(case_7 == 20 && others <= 9, "{repeats}: {case_7} {others}");
        }
    }
    let (records, noise) = compared(PLAN, 0, flaky, |run| match run.case {
        7 => five(run),
        _ => flaky(run),
    });
    let path = &noise.paths[0];
    assert_eq!((path.class, path.foreign), (NoiseClass::Undecided, 2));
    assert!(
        path.why.ends_with(
            "; new gave 1 value that old never gave, and it counts; in 1 case new always gave what \
             old never did, and that counts"
        ),
        "{}",
        path.why
    );
    assert!(noise.suggestions.is_empty());
    let foreign = records.iter().filter(|record| {
        let mut differences = record.judgement.differences().iter();
        differences.any(|difference| noise.is_foreign(record, difference))
    });
    let cases: Vec<_> = foreign
        .filter_map(|record| record.case.as_deref())
        .collect();
    assert_eq!(cases, ["c7"; 3]);
}

#[test]
fn what_old_does_in_other_cases_now_and_then_is_no_noise_where_new_always_does_it() {
    let flaky = |run: Run| format!(r#"{{"x": {}}}"#, 1 + u64::from(run.once_in(0, 10)));
    let always = |_: Run| r#"{"x": 2}"#.to_owned();
    // Where old happens to do so twice in that case, it is not shown.
    let [case_7, others] = found(PLAN, flaky, always);
    assert!(case_7 >= 12 && others <= 2, "{case_7} {others}");
}

#[test]
fn a_member_that_is_wrong_is_found_among_members_that_are_drawn() {
    let drawn = |run: Run| {
        let members = (0..3 + run.draw(0, 4)).map(|place| run.draw(place + 1, 1 << 40).to_string());
        format!("[{}]", members.collect::<Vec<_>>().join(","))
    };
    let bad = |run: Run| {
        let members = (0..3 + run.draw(0, 4)).map(|place| run.draw(place + 1, 1 << 40).to_string());
        format!("[{},\"BAD\"]", members.collect::<Vec<_>>().join(","))
    };
    let [case_7, others] = found(PLAN, drawn, bad);
    assert!(case_7 == 20 && others <= 3, "{case_7} {others}");
}

#[test]
fn a_part_of_a_text_is_not_covered_by_another_part() {
    let old = |run: Run| format!("\"{} total=5\"", run.draw(0, 1 << 40));
    let wrong = |run: Run| format!("\"{} total=6\"", run.draw(0, 1 << 40));
    let [case_7, others] = found(PLAN, old, wrong);
    assert_eq!([case_7, others], [20, 0]);
    // In every case.
    let (records, noise) = compared(PLAN, 0, old, wrong);
    assert_eq!(differing(&records, &noise).len(), 40);
    let path = &noise.paths[0];
    assert_eq!((path.class, path.parted), (NoiseClass::Real, 120));
    assert!(
        path.why
            .contains("120 texts of new differ also in a part that was the same"),
        "{}",
        path.why
    );
    let request = |run: Run| {
        format!(
            r#"{{"s": "req {:x} done with {} rows"}}"#,
            run.draw(0, 1 << 60),
            run.case
        )
    };
    let zero = |run: Run| {
        format!(
            r#"{{"s": "req {:x} done with 0 rows"}}"#,
            run.draw(0, 1 << 60)
        )
    };
    assert_eq!(found(PLAN, request, zero), [20, 0]);
}

#[test]
fn a_word_for_a_random_value_is_found_when_it_comes_again() {
    let id = |run: Run| format!(r#"{{"id": "{:x}"}}"#, run.draw(0, 1 << 60));
    let once = Plan { repeats: 1, ..PLAN };
    let (records, noise) = compared(once, 0, id, |run| match run.case {
        7 | 9 => r#"{"id": "ERROR"}"#.to_owned(),
        _ => id(run),
    });
    assert_eq!(differing(&records, &noise), ["c7", "c9"]);
}

/// In how many of forty rounds a value or a part of the same program on both sides counts.
fn alarms(plan: Plan, answer: fn(Run) -> String) -> usize {
    let counts = |round: u64| {
        let (records, noise) = compared(plan, round, answer, answer);
        totals_are_those_of_the_readings(&records, &noise);
        (noise.paths.iter()).any(|path| path.foreign > 0 || path.parted > 0)
    };
    (0..40).filter(|round| counts(*round)).count()
}

#[test]
fn the_same_program_on_both_sides_gives_few_values_of_its_own() {
    let stamp: fn(Run) -> String = |run| {
        format!(
            r#""2026-01-01T00:00:{:02}.{:06}Z""#,
            run.draw(0, 60),
            run.draw(1, 1_000_000)
        )
    };
    let line: fn(Run) -> String = |run| {
        format!(
            r#"["{:02}:{:02} took {} ms, id {:x}", "done"]"#,
            10 + run.case / 30,
            run.case * 2 % 60,
            run.draw(0, 30),
            run.draw(1, 1 << 40)
        )
    };
    let coin: fn(Run) -> String = |run| run.draw(0, 2).to_string();
    let seldom: fn(Run) -> String = |run| u64::from(run.once_in(0, 5)).to_string();
    let dice: fn(Run) -> String = |run| run.draw(0, 6).to_string();
    let queue: fn(Run) -> String = |run| {
        (0..8)
            .map(|place| run.draw(place, 3))
            .sum::<u64>()
            .to_string()
    };
    let shuffled: fn(Run) -> String = |run| {
        let mut words = ["a", "b", "c", "d", "e"];
        for place in (1..words.len()).rev() {
            let other = run.draw(place as u64, place as u64 + 1);
            words.swap(place, usize::try_from(other).unwrap());
        }
        format!("{words:?}")
    };
    for (name, answer, most) in [
        ("stamp", stamp, 0),
        ("line", line, 5),
        ("coin", coin, 6),
        ("seldom", seldom, 3),
        ("dice", dice, 13),
        ("queue", queue, 13),
        ("shuffled", shuffled, 3),
    ] {
        for (repeats, again) in [(1, 3), (3, 1), (3, 2)] {
            let plan = Plan {
                cases: 25,
                repeats,
                again,
            };
            let found = alarms(plan, answer);
            assert!(found <= most, "{name} {plan:?}: {found} of 40");
        }
    }
}
