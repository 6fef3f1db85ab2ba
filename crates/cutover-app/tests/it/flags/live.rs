//! Live flags: what is in force, and what is known of it.

use cutover_app::flags::{Live, Request, Source};
use cutover_domain::flags::{Context, ErrorCode, FlagValue, Revision};
use cutover_ports::flags::Decide;
use pollster::block_on;

use super::{defaults, service, set};

#[test]
fn embedded_defaults_hold_until_a_store_is_read() {
    let mut defaults = defaults();
    defaults.revision = Revision::new(99);
    let live = Live::with_defaults(&defaults);
    let status = live.status();
    assert_eq!((status.source, status.refreshed), (Source::Defaults, None));
    assert!(
        live.decide("auto_fallback", &Context::anonymous(), false)
            .on
    );
    let stored = block_on(service().document()).unwrap();
    assert!(
        live.update(&stored),
        "the store wins over defaults of any revision"
    );
    let status = live.status();
    assert_eq!(status.source, Source::Store);
    assert!(status.refreshed.is_some());
}

#[test]
fn an_older_document_does_not_replace_a_newer_one_unless_told_to() {
    let service = service();
    let live = Live::new();
    let first = block_on(service.document()).unwrap();
    block_on(service.apply(&Request::by("me").change(set("use_new_backend", true)))).unwrap();
    live.update(&block_on(service.document()).unwrap());
    assert!(!live.update(&first));
    assert_eq!(live.status().revision, Revision::new(2));
    live.reset(&first);
    assert_eq!(live.status().revision, Revision::new(1));
}

#[test]
fn trouble_keeps_the_last_good_state_and_is_visible() {
    let live = Live::new();
    live.update(&block_on(service().document()).unwrap());
    live.report_trouble("flags.json:1:1: it is empty");
    assert!(
        live.decide("auto_fallback", &Context::anonymous(), false)
            .on
    );
    let first = live.status().trouble.unwrap();
    assert!(first.text.contains("flags.json:1:1"));
    live.report_trouble("flags.json:2:1: expected a value");
    let second = live.status().trouble.unwrap();
    assert!(second.text.contains("flags.json:2:1"));
    assert_eq!(second.since, first.since, "it is the same trouble");
    live.update(&block_on(service().document()).unwrap());
    assert_eq!(live.status().trouble, None);
}

#[test]
fn values_of_other_types_come_with_the_callers_default() {
    let live = Live::new();
    let default = FlagValue("blue".into());
    assert_eq!(
        live.value("colour", &Context::anonymous(), default.clone()),
        default
    );
    let decision = live.decide("colour", &Context::anonymous(), true);
    assert_eq!(
        (decision.on, decision.error),
        (true, Some(ErrorCode::FlagNotFound))
    );
    let handle: &dyn Decide = &live.flag("colour").with_default(true);
    assert!(handle.decide(&Context::anonymous()).on);
}
