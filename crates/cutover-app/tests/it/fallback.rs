//! Old answers when new cannot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use cutover_app::execution::{BlockingOperation, Operation};
use cutover_domain::comparison::SideOutcome;
use cutover_domain::flags::Context;

use crate::fixture::{Answer, Application, Failed, SOON, answer};

/// New, live, and failing as its input says: 0 by an error, 1 by an error that is the right
/// answer, 2 by panic.
fn failing(application: &Application) -> BlockingOperation<u32, Answer, Failed> {
    application.set("use_new", true);
    BlockingOperation::builder("double")
        .old(|_: &u32| answer("old", 7))
        .new(|input: &u32| match input {
            0 => Err(Failed::Broken),
            1 => Err(Failed::NotFound),
            _ => panic!("new panics"),
        })
        .flag("use_new")
        .fall_back_on(|error| *error != Failed::NotFound)
        .build(&application.cutover)
        .unwrap()
}

#[test]
fn old_answers_when_new_errs_or_panics() {
    let application = Application::new();
    let operation = failing(&application);
    for input in [0, 2] {
        assert_eq!(operation.run(&Context::unit("u"), input), answer("old", 7));
    }
    assert_eq!(
        (
            application.fallbacks("error"),
            application.fallbacks("panic")
        ),
        (1, 1)
    );
    assert!(operation.drain(SOON).is_idle());
    let records = application.records();
    assert_eq!(
        records.len(),
        2,
        "what new did is compared with what old answered"
    );
    for record in records {
        assert_eq!(record.old.outcome, SideOutcome::Ok);
        assert!(!record.new.outcome.is_ok());
    }
    let old = [("implementation", "old"), ("outcome", "success")];
    assert_eq!(
        application.count("cutover_calls_total", &old),
        2,
        "old ran once for each call"
    );
}

#[test]
fn some_errors_are_the_right_answer() {
    let application = Application::new();
    let operation = failing(&application);
    assert_eq!(operation.run(&Context::unit("u"), 1), Err(Failed::NotFound));
    assert_eq!(application.fallbacks("error"), 0);
}

#[test]
fn the_flag_auto_fallback_turns_it_off() {
    let application = Application::new();
    let operation = failing(&application);
    application.create("auto_fallback");
    assert_eq!(operation.run(&Context::unit("u"), 0), Err(Failed::Broken));
    let panicked =
        catch_unwind(AssertUnwindSafe(|| operation.run(&Context::unit("u"), 2))).unwrap_err();
    assert_eq!(panicked.downcast_ref::<&str>(), Some(&"new panics"));
    assert_eq!(
        application.fallbacks("error") + application.fallbacks("panic"),
        0
    );
    application.set("auto_fallback", true);
    assert_eq!(operation.run(&Context::unit("u"), 0), answer("old", 7));
}

#[test]
fn old_answers_when_new_exceeds_its_deadline() {
    let application = Application::new();
    application.set("use_new", true);
    let operation = Operation::<u32, Answer, Failed>::builder("double")
        .old(|_| async { answer("old", 7) })
        .new(|_| std::future::pending::<Result<Answer, Failed>>())
        .flag("use_new")
        .deadline(Duration::from_millis(1))
        .build(&application.cutover)
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let answered = runtime.block_on(operation.run(&Context::unit("u"), 7));
    assert_eq!(answered, answer("old", 7));
    assert_eq!(application.fallbacks("timeout"), 1);
}
