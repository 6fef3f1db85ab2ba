//! Nothing about a candidate changes or delays the caller's answer.
//!
//! Where something hangs, it hangs until the test lets it go, which is after the caller has been
//! answered: a caller who had to wait would wait for ever.

use std::sync::Arc;
use std::time::Duration;

use cutover_app::execution::{BlockingOperation, Candidate, Operation};
use cutover_domain::comparison::{RecordResult, SideOutcome};
use cutover_domain::flags::Context;
use pollster::block_on;
use serde::{Serialize, Serializer};

use crate::fixture::{Answer, Application, BrokenStore, Failed, Fault, Gate, SOON, answer};

/// What an answer does when it is serialised, which is the first thing a comparison does.
#[derive(Clone)]
enum Fragile {
    Sound,
    Panics,
    Hangs(Gate),
}

impl Serialize for Fragile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sound => {}
            Self::Panics => panic!("the comparison panics"),
            Self::Hangs(gate) => gate.pass(),
        }
        serializer.serialize_u8(1)
    }
}

fn blocking(
    application: &Application,
    new: impl Fn(&u32) -> Result<Answer, Failed> + Send + Sync + 'static,
) -> BlockingOperation<u32, Answer, Failed> {
    BlockingOperation::builder("double")
        .old(|_: &u32| answer("old", 7))
        .new(new)
        .flag("use_new")
        .candidate(Candidate::background().concurrency(1).queue(1))
        .build(&application.cutover)
        .unwrap()
}

fn run(operation: &BlockingOperation<u32, Answer, Failed>) {
    assert_eq!(operation.run(&Context::unit("u"), 7), answer("old", 7));
}

#[test]
fn a_candidate_that_errs() {
    let application = Application::new();
    let operation = blocking(&application, |_| Err(Failed::Broken));
    run(&operation);
    assert!(operation.drain(SOON).is_idle());
    assert_eq!(application.records()[0].result, RecordResult::Different);
}

#[test]
fn a_candidate_that_panics() {
    let application = Application::new();
    let operation = blocking(&application, |_| panic!("the candidate panics"));
    run(&operation);
    assert!(operation.drain(SOON).is_idle());
    let record = &application.records()[0];
    assert_eq!(record.result, RecordResult::Different);
    assert_eq!(
        record.new.outcome,
        SideOutcome::Panic {
            message: "the candidate panics".to_owned()
        }
    );
}

#[test]
fn a_candidate_that_hangs_and_those_behind_it() {
    let application = Application::new();
    let (gate, open) = Gate::closed();
    let held = gate.clone();
    let operation = BlockingOperation::<u32, Answer, Failed>::builder("double")
        .old(|_: &u32| answer("old", 7))
        .new(move |_: &u32| {
            held.pass();
            answer("old", 7)
        })
        .flag("use_new")
        .candidate(
            Candidate::background()
                .timeout(Duration::ZERO)
                .concurrency(1)
                .queue(1),
        )
        .build(&application.cutover)
        .unwrap();
    for _ in 0..5 {
        run(&operation);
    }
    let left = operation.drain(Duration::from_millis(1));
    assert!(!left.is_idle(), "one hangs");
    assert_eq!(gate.passed(), 0);
    assert_eq!(
        application.dropped("queue_full") + application.dropped("stuck"),
        3,
        "one runs, one waits, three are dropped and counted"
    );
    drop(open);
    assert!(operation.drain(SOON).is_idle());
    assert_eq!(application.records().len(), 2);
    assert!(
        application
            .records()
            .iter()
            .all(|record| matches!(record.new.outcome, SideOutcome::Timeout { .. }))
    );
}

#[test]
fn an_asynchronous_candidate_that_blocks_its_thread() {
    let application = Application::new();
    let (gate, open) = Gate::closed();
    let operation = Operation::<u32, Answer, Failed>::builder("double")
        .old(|_| async { answer("old", 7) })
        .new(move |_| {
            let gate = gate.clone();
            async move {
                gate.pass();
                answer("old", 7)
            }
        })
        .flag("use_new")
        .candidate(Candidate::background().concurrency(1).queue(1))
        .build(&application.cutover)
        .unwrap();
    for _ in 0..5 {
        assert_eq!(
            block_on(operation.run(&Context::unit("u"), 7)),
            answer("old", 7)
        );
    }
    assert!(!block_on(operation.drain(Duration::from_millis(1))).is_idle());
    drop(open);
    assert!(block_on(operation.drain(SOON)).is_idle());
    assert_eq!(application.records().len(), 2);
}

#[test]
fn an_asynchronous_candidate_that_never_answers_is_dropped_at_its_timeout() {
    let application = Application::new();
    let operation = Operation::<u32, Answer, Failed>::builder("double")
        .old(|_| async { answer("old", 7) })
        .new(|_| std::future::pending::<Result<Answer, Failed>>())
        .flag("use_new")
        .candidate(Candidate::background().timeout(Duration::from_millis(1)))
        .build(&application.cutover)
        .unwrap();
    assert_eq!(
        block_on(operation.run(&Context::unit("u"), 7)),
        answer("old", 7)
    );
    assert!(block_on(operation.drain(SOON)).is_idle());
    assert!(matches!(
        application.records()[0].new.outcome,
        SideOutcome::Timeout { .. }
    ));
}

#[test]
fn an_asynchronous_candidate_that_panics_before_and_within_its_future() {
    let application = Application::new();
    let operation = Operation::<u32, Answer, Failed>::builder("double")
        .old(|_| async { answer("old", 7) })
        .new(|input: Arc<u32>| {
            assert_ne!(*input, 1, "before");
            async move {
                assert_ne!(*input, 2, "within");
                answer("old", 7)
            }
        })
        .flag("use_new")
        .build(&application.cutover)
        .unwrap();
    for input in [1, 2] {
        assert_eq!(
            block_on(operation.run(&Context::unit("u"), input)),
            answer("old", 7)
        );
    }
    assert!(block_on(operation.drain(SOON)).is_idle());
    let records = application.records();
    assert_eq!(records.len(), 2);
    for record in records {
        assert!(matches!(record.new.outcome, SideOutcome::Panic { .. }));
    }
}

fn fragile(application: &Application, answer: Fragile) -> BlockingOperation<u32, Fragile, Failed> {
    BlockingOperation::builder("double")
        .old(move |_: &u32| Ok(answer.clone()))
        .new(|_: &u32| Ok(Fragile::Sound))
        .flag("use_new")
        .candidate(Candidate::background().concurrency(1).queue(1))
        .build(&application.cutover)
        .unwrap()
}

#[test]
fn a_comparison_that_panics() {
    let application = Application::new();
    let operation = fragile(&application, Fragile::Panics);
    assert!(operation.run(&Context::unit("u"), 7).is_ok());
    assert!(operation.drain(SOON).is_idle());
    let record = &application.records()[0];
    assert_eq!(record.result, RecordResult::Failed);
    assert!(
        record
            .judgement
            .error()
            .unwrap()
            .contains("the comparison panics")
    );
}

#[test]
fn a_comparison_that_hangs() {
    let application = Application::new();
    let (gate, open) = Gate::closed();
    let operation = fragile(&application, Fragile::Hangs(gate));
    for _ in 0..5 {
        assert!(operation.run(&Context::unit("u"), 7).is_ok());
    }
    assert_eq!(application.dropped("queue_full"), 3);
    drop(open);
    assert!(operation.drain(SOON).is_idle());
    assert_eq!(application.records().len(), 2);
}

fn over(fault: Fault) -> (Application, BlockingOperation<u32, Answer, Failed>) {
    let application = Application::with_store(Arc::new(BrokenStore(fault)), Arc::default());
    let operation = blocking(&application, |_| answer("old", 7));
    (application, operation)
}

#[test]
fn a_store_that_fails() {
    let (application, operation) = over(Fault::Fails);
    run(&operation);
    assert!(operation.drain(SOON).is_idle());
    assert_eq!(application.dropped("store"), 1);
}

#[test]
fn a_store_that_panics() {
    let (application, operation) = over(Fault::Panics);
    run(&operation);
    run(&operation);
    assert!(operation.drain(SOON).is_idle());
    assert_eq!(application.dropped("store"), 2);
}

#[test]
fn a_store_that_hangs() {
    let (gate, open) = Gate::closed();
    let (application, operation) = over(Fault::Hangs(gate));
    for _ in 0..5 {
        run(&operation);
    }
    assert_eq!(application.dropped("queue_full"), 3);
    drop(open);
    assert!(operation.drain(SOON).is_idle());
}

#[test]
fn an_asynchronous_operation_over_a_store_that_panics_or_hangs() {
    let (gate, open) = Gate::closed();
    for fault in [Fault::Panics, Fault::Hangs(gate)] {
        let application = Application::with_store(Arc::new(BrokenStore(fault)), Arc::default());
        let operation = Operation::<u32, Answer, Failed>::builder("double")
            .old(|_| async { answer("old", 7) })
            .new(|_| async { answer("old", 7) })
            .flag("use_new")
            .build(&application.cutover)
            .unwrap();
        for _ in 0..5 {
            assert_eq!(
                block_on(operation.run(&Context::unit("u"), 7)),
                answer("old", 7)
            );
        }
    }
    drop(open);
}
