//! What an operation keeps of its calls where it is asked to: inputs, redacted, off the caller's
//! path.

use std::sync::Arc;

use cutover_app::comparison::{ChangedInputs, replay};
use cutover_app::execution::{BlockingOperation, Operation, Recording, Switch};
use cutover_domain::comparison::{RecordedInput, RedactAction, RedactionRules, Rules};
use cutover_domain::flags::Context;
use cutover_ports::comparison::RecordQuery;
use pollster::block_on;
use serde::{Serialize, Serializer};

use crate::fixture::{Answer, Application, Failed, SOON, answer};

/// The inputs of all records as JSON, the newest first.
fn inputs(application: &Application) -> Vec<Option<String>> {
    let records = application.records();
    let input = |input: &RecordedInput| input.value().map(ToString::to_string);
    let inputs = records.iter().map(|record| record.input.as_ref());
    inputs.map(|found| found.and_then(input)).collect()
}

fn some(json: &str) -> Option<String> {
    Some(json.to_owned())
}

#[test]
fn inputs_are_kept_only_where_they_are_asked_for_and_run_again() {
    let application = Application::new();
    application.create("record");
    let recorded = Recording::inputs().when(Switch::flag("record"));
    for recording in [None, Some(recorded)] {
        let operation = application.doubling();
        let operation = match recording {
            None => operation,
            Some(recording) => operation.record(recording),
        };
        let operation = operation.build(&application.cutover).unwrap();
        operation.run(&Context::unit("u"), 7).unwrap();
        assert!(operation.drain(SOON).is_idle());
    }
    assert_eq!(inputs(&application), [None, None], "the flag is off");
    application.set("record", true);
    let operation = application
        .doubling()
        .record(Recording::inputs().when(Switch::flag("record")));
    let operation = operation.build(&application.cutover).unwrap();
    for input in [21, 22] {
        operation.run(&Context::unit("u"), input).unwrap();
    }
    assert!(operation.drain(SOON).is_idle());
    let mut kept = inputs(&application);
    kept.sort();
    assert_eq!(kept, [None, None, some("21"), some("22")]);
    assert!(application.records()[0].input_digest.is_some());

    let mut seen = Vec::new();
    let again = |input: u32, _: &_| seen.push(input);
    let all = RecordQuery::of_operation("double");
    let replayed = block_on(replay(
        &*application.comparisons,
        &all,
        ChangedInputs::LeaveOut,
        again,
    ))
    .unwrap();
    assert_eq!((replayed.replayed, replayed.without_input), (2, 2));
    seen.sort_unstable();
    assert_eq!(seen, [21, 22]);
}

/// An input with a secret, and one that cannot be written down.
#[derive(Clone)]
enum Request {
    Login {
        name: &'static str,
        password: &'static str,
    },
    Broken,
    Panics,
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Login { name, password } => {
                [("name", name), ("password", password)].serialize(serializer)
            }
            Self::Broken => Err(serde::ser::Error::custom("no words for m4rk3r")),
            Self::Panics => panic!("no words at all"),
        }
    }
}

#[test]
fn what_must_not_be_kept_is_kept_neither_of_inputs_nor_of_answers() {
    let application = Application::new();
    let operation = BlockingOperation::<Request, String, Failed>::builder("login")
        .old(|_| Ok("welcome m4rk3r".to_owned()))
        .new(|_| Ok("hello m4rk3r".to_owned()))
        .flag("use_new")
        .compare(Rules::new().redact(RedactionRules::new().text("m4rk3r", RedactAction::Mask)))
        .record(
            Recording::inputs().redact(RedactionRules::new().path("$[1][1]", RedactAction::Mask)),
        )
        .build(&application.cutover)
        .unwrap();
    let login = Request::Login {
        name: "m4rk3r",
        password: "hunter2",
    };
    for request in [login, Request::Broken, Request::Panics] {
        assert!(operation.run(&Context::unit("u"), request).is_ok());
        assert!(operation.drain(SOON).is_idle());
    }
    let stored = serde_json::to_string(&application.records()).unwrap();
    for secret in ["m4rk3r", "hunter2"] {
        assert!(!stored.contains(secret), "{stored}");
    }
    let input = |index: usize| application.records()[index].input.clone().unwrap();
    assert_eq!(
        input(2).value().unwrap().to_json(),
        r#"[["name","[redacted]"],["password","[redacted]"]]"#
    );
    assert!(input(2).is_changed());
    for (index, why) in [(1, "no words for [redacted]"), (0, "no words at all")] {
        let RecordedInput::Failed(told) = input(index) else {
            panic!("{:?}", input(index))
        };
        assert!(told.contains(why), "{told}");
    }
    assert_eq!(application.records().len(), 3, "the comparisons are there");
}

#[test]
fn an_input_that_is_too_large_is_not_cut() {
    let application = Application::new();
    let operation = application
        .doubling()
        .record(Recording::inputs().max_bytes(2))
        .build(&application.cutover)
        .unwrap();
    operation.run(&Context::unit("u"), 123).unwrap();
    assert!(operation.drain(SOON).is_idle());
    let expected = RecordedInput::TooLarge { bytes: 3, limit: 2 };
    assert_eq!(application.records()[0].input, Some(expected));
}

#[test]
fn the_input_of_a_call_that_old_had_to_answer_is_kept_too() {
    let application = Application::new();
    application.set("use_new", true);
    let blocking = BlockingOperation::<u32, Answer, Failed>::builder("double")
        .old(|input: &u32| answer("old", input * 2))
        .new(|_| Err(Failed::Broken))
        .flag("use_new")
        .record(Recording::inputs())
        .build(&application.cutover)
        .unwrap();
    blocking.run(&Context::unit("u"), 5).unwrap();
    assert!(blocking.drain(SOON).is_idle());
    let asynchronous = Operation::<u32, Answer, Failed>::builder("double")
        .old(|input: Arc<u32>| async move { answer("old", *input * 2) })
        .new(|_: Arc<u32>| async { Err(Failed::Broken) })
        .flag("use_new")
        .record(Recording::inputs())
        .build(&application.cutover)
        .unwrap();
    block_on(asynchronous.run(&Context::unit("u"), 6)).unwrap();
    assert!(block_on(asynchronous.drain(SOON)).is_idle());
    let mut kept = inputs(&application);
    kept.sort();
    assert_eq!(kept, [some("5"), some("6")]);
}

#[test]
fn asynchronous_operations_record_as_well() {
    let application = Application::new();
    let operation = Operation::<u32, Answer, Failed>::builder("double")
        .old(|input: Arc<u32>| async move { answer("old", *input * 2) })
        .new(|input: Arc<u32>| async move { answer("new", *input * 2) })
        .flag("use_new")
        .record(Recording::inputs())
        .build(&application.cutover)
        .unwrap();
    block_on(operation.run(&Context::unit("u"), 9)).unwrap();
    assert!(block_on(operation.drain(SOON)).is_idle());
    assert_eq!(inputs(&application), [some("9")]);
}
