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

#[test]
fn what_is_configured_can_be_seen_beside_what_is_answered() {
    let live = Live::with_defaults(&defaults());
    live.with_flag("auto_fallback", false, || {
        assert!(!super::is_on(&live, "auto_fallback"));
        assert_eq!(live.document().flags["auto_fallback"].default, "on");
    });
}

/// A log that looks at flags whenever something is written to it.
struct Curious(Live);

impl tracing::Subscriber for Curious {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        let _ = self.0.flag("log_more").is_on(&Context::anonymous());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_log_may_ask_for_flags_of_which_it_is_told() {
    let live = Live::with_defaults(&defaults());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tracing::subscriber::with_default(Curious(live.clone()), || {
            live.report_trouble("no store");
            live.update(&live.document());
            tell.send(live.status().trouble).unwrap();
        });
    });
    let trouble = told.recv_timeout(cutover_testkit::wait::LONG);
    assert_eq!(trouble.expect("nothing waits for ever"), None);
}
