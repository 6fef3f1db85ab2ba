//! Old is asked once more, off the caller's path, and what it differs in from itself is learned.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cutover_app::comparison::{Selection, report};
use cutover_app::execution::{BlockingOperation, Builder, Candidate, Keep, Operation, Switch};
use cutover_domain::Percentage;
use cutover_domain::comparison::RecordResult;
use cutover_domain::comparison::noise::{NoiseClass, NoiseSample};
use cutover_domain::comparison::report::Verdict;
use cutover_domain::flags::Context;
use jiff::Timestamp;
use pollster::block_on;

use crate::fixture::{Answer, Application, Failed, Gate, SOON, answer};

type Blocking =
    Builder<u32, Answer, Failed, cutover_app::execution::BlockingSide<u32, Answer, Failed>>;

/// Old answers 1, 2, 3, … and new 1000, 1001, …, so every pair differs in `$.value`.
fn counting() -> Blocking {
    let (asked, answered) = (AtomicU32::new(0), AtomicU32::new(1_000));
    BlockingOperation::builder("double")
        .old(move |_: &u32| answer("x", asked.fetch_add(1, Ordering::SeqCst) + 1))
        .new(move |_: &u32| answer("x", answered.fetch_add(1, Ordering::SeqCst)))
        .flag("use_new")
}

fn run_once(application: &Application, operation: Blocking) {
    let operation = operation.build(&application.cutover).unwrap();
    operation.run(&Context::unit("u"), 7).unwrap();
    assert!(operation.drain(SOON).is_idle());
}

fn noise(application: &Application) -> Option<NoiseSample> {
    application.records()[0].noise.clone()
}

fn noise_comparisons(application: &Application, result: &str) -> u64 {
    application.count("cutover_noise_comparisons_total", &[("result", result)])
}

#[test]
fn old_is_asked_again_for_the_share_and_not_otherwise() {
    let application = Application::new();
    run_once(&application, counting());
    assert_eq!(noise(&application), None, "by default old is asked once");

    let application = Application::new();
    run_once(&application, counting().noise(Percentage::FULL));
    let sample = noise(&application).unwrap();
    assert_eq!((sample.pairs, sample.failed), (1, 0));
    assert_eq!(sample.findings[0].path, "$.value");

    let application = Application::new();
    let operation = counting()
        .noise("25".parse().unwrap())
        .build(&application.cutover)
        .unwrap();
    for _ in 0..200 {
        operation.run(&Context::unit("one"), 7).unwrap();
        operation.drain(SOON);
    }
    let again = application
        .records()
        .iter()
        .filter(|record| record.noise.is_some())
        .count();
    assert!((20..80).contains(&again), "{again} of one unit's 200 calls");
}

#[test]
fn a_switch_turns_it_off() {
    let application = Application::new();
    let noisy = || {
        counting()
            .noise(Percentage::FULL)
            .noise_when(Switch::flag("learn_noise"))
    };
    run_once(&application, noisy());
    assert_eq!(noise(&application), None, "the flag is not there");

    let application = Application::new();
    application.create("learn_noise");
    application.set("learn_noise", true);
    run_once(&application, noisy());
    assert_eq!(noise(&application).unwrap().pairs, 1);
}

#[test]
fn asking_again_is_no_call_and_dilutes_no_share() {
    let application = Application::new();
    run_once(&application, counting().noise(Percentage::FULL));
    let calls = |implementation| {
        application.count(
            "cutover_calls_total",
            &[("implementation", implementation), ("outcome", "success")],
        )
    };
    assert_eq!((calls("old"), calls("new")), (1, 1));
    let compared = |result| application.count("cutover_comparisons_total", &[("result", result)]);
    assert_eq!((compared("equal"), compared("different")), (0, 1));
    assert_eq!(noise_comparisons(&application, "different"), 1);
}

#[test]
fn the_run_says_how_many_differ_by_noise_alone() {
    let application = Application::new();
    let operation = counting().noise(Percentage::FULL);
    let operation = operation.build(&application.cutover).unwrap();
    for _ in 0..20 {
        operation.run(&Context::unit("u"), 7).unwrap();
        operation.drain(SOON);
    }
    drop(operation);
    let run = &application.runs()[0];
    assert_eq!((run.tally.different, run.tally.by_noise), (20, 20));
}

#[test]
fn where_new_answers_the_candidate_is_asked_again() {
    let application = Application::new();
    application.set("use_new", true);
    run_once(&application, counting().noise(Percentage::FULL));
    assert_eq!(noise(&application).unwrap().findings[0].path, "$.value");
}

#[test]
fn a_quiet_pair_is_kept_too() {
    let application = Application::new();
    let operation = application
        .doubling()
        .compare(ignoring_who())
        .keep(Keep::Differences);
    run_once(&application, operation.noise(Percentage::FULL));
    let record = &application.records()[0];
    assert_eq!(record.result, RecordResult::Equal);
    assert_eq!(
        record.noise,
        Some(NoiseSample {
            pairs: 1,
            equal: 1,
            by_value: true,
            ..NoiseSample::default()
        })
    );
}

fn ignoring_who() -> cutover_domain::comparison::Rules {
    cutover_domain::comparison::Rules::new().ignore("$.by")
}

/// Old answers well the first time and does something else the second time.
fn second(then: impl Fn() -> Result<Answer, Failed> + Send + Sync + 'static) -> Blocking {
    let asked = AtomicU32::new(0);
    BlockingOperation::builder("double")
        .old(move |_: &u32| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => answer("x", 1),
            _ => then(),
        })
        .new(|_: &u32| answer("x", 1))
        .flag("use_new")
        .noise(Percentage::FULL)
}

#[test]
fn an_old_that_errs_or_panics_the_second_time() {
    for (then, class) in [
        (
            Box::new(|| Err(Failed::Broken))
                as Box<dyn Fn() -> Result<Answer, Failed> + Send + Sync>,
            "err",
        ),
        (Box::new(|| panic!("the second time")), "panic"),
    ] {
        let application = Application::new();
        run_once(&application, second(then));
        let sample = noise(&application).unwrap();
        assert_eq!(sample.findings[0].kind.word(), "outcome", "{class}");
        assert_eq!(application.records()[0].result, RecordResult::Equal);
    }
}

#[test]
fn an_old_that_is_too_slow_the_second_time_is_no_pair() {
    let application = Application::new();
    let operation =
        second(|| answer("x", 2)).candidate(Candidate::background().timeout(Duration::ZERO));
    run_once(&application, operation);
    assert_eq!(
        noise(&application),
        Some(NoiseSample {
            failed: 1,
            ..NoiseSample::default()
        })
    );
    assert_eq!(noise_comparisons(&application, "failed"), 1);
}

#[test]
fn an_old_that_hangs_the_second_time_holds_up_nobody_and_hides_no_comparison() {
    let application = Application::new();
    let (gate, open) = Gate::closed();
    let held = gate.clone();
    let operation = second(move || {
        held.pass();
        answer("x", 2)
    })
    .candidate(Candidate::background().concurrency(1).queue(0))
    .build(&application.cutover)
    .unwrap();
    assert_eq!(operation.run(&Context::unit("u"), 7), answer("x", 1));
    let compared = || application.count("cutover_comparisons_total", &[("result", "equal")]);
    while compared() == 0 {
        assert!(
            !operation.drain(Duration::from_millis(1)).is_idle(),
            "it hangs"
        );
    }
    assert_eq!(gate.passed(), 0, "it is counted while it hangs");
    drop(open);
    assert!(operation.drain(SOON).is_idle());
    assert_eq!((gate.passed(), compared()), (1, 1));
    assert_eq!(noise(&application).unwrap().pairs, 1);
}

#[test]
fn an_old_that_never_returns_the_second_time_loses_no_record() {
    let application = Application::new();
    let (gate, open) = Gate::closed();
    let held = gate.clone();
    let operation = second(move || {
        held.pass();
        answer("x", 2)
    })
    .candidate(Candidate::background().timeout(Duration::from_millis(1)))
    .build(&application.cutover)
    .unwrap();
    assert_eq!(operation.run(&Context::unit("u"), 7), answer("x", 1));
    let given_up = NoiseSample {
        failed: 1,
        ..NoiseSample::default()
    };
    while application.records().is_empty() {
        assert!(
            !operation.drain(Duration::from_millis(1)).is_idle(),
            "it hangs"
        );
    }
    assert_eq!(gate.passed(), 0, "it is kept while old hangs");
    assert_eq!(noise(&application), Some(given_up.clone()));
    drop(open);
    assert!(operation.drain(SOON).is_idle());
    let records = application.records();
    assert_eq!((gate.passed(), records.len()), (1, 1), "once");
    assert_eq!(noise(&application), Some(given_up));
    assert_eq!(noise_comparisons(&application, "failed"), 1);
}

#[test]
fn asynchronous_operations_do_the_same() {
    let application = Application::new();
    let asked = Arc::new(AtomicU32::new(0));
    let operation = Operation::<u32, Answer, Failed>::builder("double")
        .old(move |_| {
            let asked = Arc::clone(&asked);
            async move { answer("x", asked.fetch_add(1, Ordering::SeqCst) + 1) }
        })
        .new(|_| async { answer("x", 0) })
        .flag("use_new")
        .noise(Percentage::FULL)
        .build(&application.cutover)
        .unwrap();
    block_on(async {
        assert_eq!(operation.run(&Context::unit("u"), 7).await, answer("x", 1));
        assert!(operation.drain(SOON).await.is_idle());
    });
    assert_eq!(noise(&application).unwrap().findings[0].path, "$.value");
    let calls = [("implementation", "old"), ("outcome", "success")];
    assert_eq!(application.count("cutover_calls_total", &calls), 1);
}

#[test]
fn an_asynchronous_old_that_never_ends_the_second_time_is_given_up() {
    let application = Application::new();
    let asked = Arc::new(AtomicU32::new(0));
    let operation = Operation::<u32, Answer, Failed>::builder("double")
        .old(move |_| {
            let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if !first {
                    std::future::pending::<()>().await;
                }
                answer("x", 1)
            }
        })
        .new(|_| async { answer("x", 1) })
        .flag("use_new")
        .candidate(Candidate::background().timeout(Duration::from_millis(50)))
        .noise(Percentage::FULL)
        .build(&application.cutover)
        .unwrap();
    block_on(async {
        assert_eq!(operation.run(&Context::unit("u"), 7).await, answer("x", 1));
        assert!(operation.drain(SOON).await.is_idle());
    });
    let record = &application.records()[0];
    assert_eq!(record.result, RecordResult::Equal);
    assert_eq!(record.noise.as_ref().unwrap().failed, 1);
}

#[test]
fn a_report_takes_the_noise_out_and_says_what_it_hid() {
    let application = Application::new();
    let operation = counting()
        .noise(Percentage::FULL)
        .build(&application.cutover)
        .unwrap();
    for _ in 0..10 {
        operation.run(&Context::unit("u"), 7).unwrap();
        assert!(operation.drain(SOON).is_idle());
    }
    let of = Selection::of_operation("double");
    let report = block_on(report(
        &*application.comparisons,
        &of,
        Timestamp::UNIX_EPOCH,
    ))
    .unwrap()
    .unwrap();
    assert_eq!(report.totals.different, 10, "as they were judged");
    let noise = report.noise.unwrap();
    assert_eq!(
        (
            noise.totals.equal,
            noise.hidden_differences,
            noise.self_pairs
        ),
        (10, 10, 10)
    );
    assert_eq!(report.verdict, Verdict::Equal);
    assert_eq!(
        report.operations[0].clusters[0].noise,
        Some(NoiseClass::Noise)
    );
}
