//! Who answers, who runs beside it, and what is written down about it.

use cutover_app::execution::{BuildError, Keep, Operation, Switch};
use cutover_domain::comparison::{RecordResult, RecordedUnit, Rules, RunState, SideOutcome};
use cutover_domain::flags::{Change, Context};
use cutover_domain::{Side, Stage};
use cutover_ports::comparison::ComparisonStore;
use pollster::block_on;

use crate::fixture::{Answer, Application, Failed, SOON, answer, key};

fn answered_by(result: Result<Answer, Failed>) -> &'static str {
    result.unwrap().by
}

#[test]
fn the_flag_decides_who_answers_and_both_are_compared() {
    let application = Application::new();
    let operation = application.doubling().build(&application.cutover).unwrap();
    assert_eq!(
        answered_by(operation.run(&Context::unit("iris"), 21)),
        "old"
    );
    application.set("use_new", true);
    assert_eq!(
        answered_by(operation.run(&Context::unit("iris"), 21)),
        "new"
    );
    assert!(operation.drain(SOON).is_idle());

    let records = application.records();
    assert_eq!(records.len(), 2);
    let stages: Vec<_> = records
        .iter()
        .map(|record| (record.stage, record.authoritative))
        .collect();
    assert!(stages.contains(&(Some(Stage::Shadow), Some(Side::Old))));
    assert!(stages.contains(&(Some(Stage::Live), Some(Side::New))));
    for record in records {
        assert_eq!(record.result, RecordResult::Different);
        assert_eq!(record.judgement.differences()[0].path, "$.by");
        assert_eq!(&*record.operation, "double");
        assert!(record.old.measurements.wall.is_some());
        assert!(matches!(record.unit, Some(RecordedUnit::Pseudonym(name)) if name != "iris"));
    }
    for (implementation, outcome) in [("old", "success"), ("new", "success")] {
        let labels = [("implementation", implementation), ("outcome", outcome)];
        assert_eq!(application.count("cutover_calls_total", &labels), 2);
    }
    assert_eq!(
        application.count("cutover_comparisons_total", &[("result", "different")]),
        2
    );
    assert_eq!(
        application.count("cutover_comparison_differences_total", &[("kind", "value")]),
        2
    );
}

#[test]
fn an_asynchronous_operation_does_the_same() {
    let application = Application::new();
    let operation = Operation::<u32, Answer, Failed>::builder("double")
        .old(|input| async move { answer("old", *input * 2) })
        .new(|input| async move { answer("new", *input * 2) })
        .flag("use_new")
        .compare(Rules::new().ignore("$.by"))
        .build(&application.cutover)
        .unwrap();
    assert_eq!(
        answered_by(block_on(operation.run(&Context::unit("iris"), 21))),
        "old"
    );
    application.set("use_new", true);
    assert_eq!(
        answered_by(block_on(operation.run(&Context::unit("iris"), 21))),
        "new"
    );
    assert!(block_on(operation.drain(SOON)).is_idle());
    let records = application.records();
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!(record.result, RecordResult::Equal);
        assert_eq!(
            record.judgement.hidden()[0].hidden,
            1,
            "what a rule hid is counted"
        );
    }
}

#[test]
fn a_killed_flag_keeps_new_from_running_at_all() {
    let application = Application::new();
    let operation = application.doubling().build(&application.cutover).unwrap();
    application.change(Change::Kill {
        key: key("use_new"),
    });
    assert_eq!(answered_by(operation.run(&Context::unit("iris"), 1)), "old");
    assert!(operation.drain(SOON).is_idle());
    assert_eq!(application.records().len(), 0);
    let new = [("implementation", "new"), ("outcome", "success")];
    assert_eq!(application.count("cutover_calls_total", &new), 0);
}

#[test]
fn a_percentage_splits_the_units() {
    let application = Application::new();
    let operation = application.doubling().build(&application.cutover).unwrap();
    application.change(Change::Rollout {
        key: key("use_new"),
        percentage: "25".parse().unwrap(),
        variant: None,
    });
    let by_new = (0..400)
        .filter(|unit| {
            answered_by(operation.run(&Context::unit(&format!("unit-{unit}")), 1)) == "new"
        })
        .count();
    assert!((65..135).contains(&by_new), "{by_new} of 400");
}

#[test]
fn a_stage_says_who_runs() {
    for (stage, on, by, compared) in [
        (Stage::Off, true, "old", false),
        (Stage::DualWrite, true, "old", false),
        (Stage::Shadow, true, "old", true),
        (Stage::Live, false, "old", true),
        (Stage::Live, true, "new", true),
        (Stage::RampDown, true, "new", false),
        (Stage::Complete, true, "new", false),
    ] {
        let application = Application::new();
        let mut flag = block_on(application.flags.document()).unwrap().flags["use_new"].clone();
        flag.stage = Some(stage);
        let definition = Some(Box::new(flag));
        application.change(Change::Put {
            key: key("use_new"),
            definition,
        });
        application.set("use_new", on);
        let operation = application.doubling().build(&application.cutover).unwrap();
        assert_eq!(
            answered_by(operation.run(&Context::unit("u"), 1)),
            by,
            "{stage} {on}"
        );
        assert!(operation.drain(SOON).is_idle());
        assert_eq!(
            application.records().len(),
            usize::from(compared),
            "{stage} {on}"
        );
    }
}

#[test]
fn switches_are_asked_on_every_call_also_for_one_tenant() {
    let application = Application::new();
    application.create("enable_comparison_tests");
    let operation = application
        .doubling()
        .compare_when(Switch::flag("enable_comparison_tests"))
        .measure_time_when(Switch::OFF)
        .build(&application.cutover)
        .unwrap();
    let ask = |tenant| {
        operation
            .run(&Context::unit("u").with_tenant(tenant), 1)
            .unwrap()
    };
    ask("acme");
    application.change(Change::Override {
        key: key("enable_comparison_tests"),
        target: "acme".to_owned(),
        variant: Some("on".to_owned()),
    });
    ask("acme");
    ask("other");
    assert!(operation.drain(SOON).is_idle());
    let records = application.records();
    assert_eq!(records.len(), 1);
    assert_eq!(
        records[0].old.measurements.wall, None,
        "not measured is absent"
    );
}

#[test]
fn the_sample_takes_the_same_units_every_time_and_counts_the_others() {
    let application = Application::new();
    let operation = application
        .doubling()
        .sample("30".parse().unwrap())
        .build(&application.cutover)
        .unwrap();
    for _ in 0..2 {
        for unit in 0..100 {
            operation
                .run(&Context::unit(&format!("unit-{unit}")), unit)
                .unwrap();
        }
        assert!(operation.drain(SOON).is_idle());
    }
    let mut units: Vec<_> = application
        .records()
        .into_iter()
        .map(|record| record.unit.unwrap())
        .collect();
    let compared = units.len();
    units.sort_by(|left, right| left.as_str().cmp(right.as_str()));
    units.dedup();
    assert_eq!(units.len() * 2, compared, "every sampled unit twice");
    assert!((15..45).contains(&units.len()), "{}", units.len());
    assert_eq!(application.dropped("sampled_out"), 200 - compared as u64);
    let run = block_on(application.comparisons.runs(&Default::default())).unwrap();
    assert_eq!(run.items[0].state, RunState::Running);
    let coverage = run.items[0].coverage();
    assert_eq!(coverage.made, compared as u64);
    assert_eq!(coverage.sampled_out, 200 - compared as u64);
}

#[test]
fn a_run_is_complete_when_its_operation_is_gone() {
    let application = Application::new();
    let operation = application.doubling().build(&application.cutover).unwrap();
    operation.run(&Context::unit("u"), 1).unwrap();
    assert!(operation.drain(SOON).is_idle());
    let run = &application.records()[0].run;
    let state = || {
        block_on(application.comparisons.run(run))
            .unwrap()
            .unwrap()
            .state
    };
    assert_eq!(state(), RunState::Running);
    drop(operation);
    assert_eq!(state(), RunState::Complete);
}

#[test]
fn what_is_equal_can_be_counted_without_being_kept() {
    let application = Application::new();
    let operation = application
        .doubling()
        .compare(Rules::new().ignore("$.by"))
        .keep(Keep::Differences)
        .build(&application.cutover)
        .unwrap();
    operation.run(&Context::unit("u"), 1).unwrap();
    assert!(operation.drain(SOON).is_idle());
    assert_eq!(application.records().len(), 0);
    assert_eq!(
        application.count("cutover_comparisons_total", &[("result", "equal")]),
        1
    );
}

#[test]
fn an_incomplete_operation_says_what_is_missing() {
    let application = Application::new();
    let message = |result: Result<_, BuildError>| match result {
        Ok(_) => panic!("it is incomplete"),
        Err(error) => error.to_string(),
    };
    let builder =
        || cutover_app::execution::BlockingOperation::<u32, Answer, Failed>::builder("double");
    let old = || builder().old(|n: &u32| answer("old", *n));
    let both = || old().new(|n: &u32| answer("new", *n));
    for (result, expected) in [
        (
            builder().flag("use_new").build(&application.cutover),
            "old implementation is missing",
        ),
        (
            old().flag("use_new").build(&application.cutover),
            "new implementation is missing",
        ),
        (both().build(&application.cutover), "nothing decides"),
        (
            both()
                .flag("use_new")
                .compare(Rules::new().ignore("items["))
                .build(&application.cutover),
            "items[",
        ),
    ] {
        let message = message(result);
        assert!(
            message.contains("double") && message.contains(expected),
            "{message}"
        );
    }
}

#[test]
fn errors_are_answers() {
    let application = Application::new();
    let operation =
        cutover_app::execution::BlockingOperation::<u32, Answer, Failed>::builder("double")
            .old(|n: &u32| {
                if *n == 0 {
                    Err(Failed::NotFound)
                } else {
                    answer("same", 1)
                }
            })
            .new(|n: &u32| {
                if *n < 2 {
                    Err(Failed::NotFound)
                } else {
                    answer("same", 1)
                }
            })
            .flag("use_new")
            .build(&application.cutover)
            .unwrap();
    for n in 0..3 {
        let _ = operation.run(&Context::unit("u"), n);
    }
    assert!(operation.drain(SOON).is_idle());
    let records = application.records();
    let results = |result| {
        records
            .iter()
            .filter(|record| record.result == result)
            .count()
    };
    assert_eq!(
        (
            results(RecordResult::Equal),
            results(RecordResult::Different)
        ),
        (2, 1)
    );
    let different = records
        .iter()
        .find(|record| record.result == RecordResult::Different)
        .unwrap();
    assert_eq!(different.old.outcome, SideOutcome::Ok);
    let SideOutcome::Error { class, .. } = &different.new.outcome else {
        panic!("{:?}", different.new.outcome)
    };
    assert_eq!(class, "NotFound");
}
