//! A snapshot that is older than allowed.

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Bucketing, Context, Decision, Definition, ErrorCode, Interner, Reason, Snapshot, State,
};

use super::{document, on, requiring, rolled_out, rule, ruled};

#[test]
fn a_stale_snapshot_answers_the_same_with_another_reason_and_errors_stay_errors() {
    let half = Percentage::from_percent(50).unwrap();
    let killed = Definition {
        state: State::Killed,
        ..on()
    };
    let overridden = Definition {
        overrides: [("acme".to_owned(), "on".to_owned())].into(),
        ..Definition::boolean()
    };
    let flags = document([
        ("static", on()),
        ("killed", killed),
        ("xxh3", rolled_out(half, Bucketing::Xxh3)),
        ("md5", rolled_out(half, Bucketing::Md5)),
        ("all", rolled_out(Percentage::FULL, Bucketing::Xxh3)),
        ("overridden", overridden),
        ("bound", requiring(&["xxh3"], on())),
        ("off", requiring(&["killed"], on())),
        ("ruled", ruled([rule("tenant == \"acme\"")])),
    ]);
    let mut interner = Interner::default();
    let fresh = Snapshot::compile(&flags, &mut interner);
    let stale = Snapshot::compile(&flags, &mut interner).into_stale();
    let nowhere = interner.slot("nowhere");
    let slots = flags.flags.keys().map(|key| interner.slot(key.as_str()));
    let mut stale_answers = 0;
    for slot in slots.chain([nowhere]).collect::<Vec<_>>() {
        for context in [
            Context::anonymous(),
            Context::unit("iris"),
            Context::unit("wine").with_tenant("acme"),
        ] {
            let (before, after) = (
                fresh.decide(slot, &context, true),
                stale.decide(slot, &context, true),
            );
            let reason = match before.error {
                Some(_) => Reason::Error,
                None => Reason::Stale,
            };
            assert_eq!(after, Decision { reason, ..before });
            stale_answers += u32::from(reason == Reason::Stale);

            let mut explained = stale.explain(slot, &context);
            let same = fresh.explain(slot, &context);
            if let (Ok(after), Ok(before)) = (&mut explained.answer, &same.answer) {
                assert_eq!(
                    std::mem::replace(&mut after.reason, before.reason),
                    Reason::Stale
                );
            }
            assert_eq!(explained.answer, same.answer);
            assert_eq!(explained.tier, same.tier);
        }
    }
    assert_eq!(
        stale_answers, 25,
        "all but the missing flag and two without a unit"
    );
    assert_eq!(
        stale.evaluate(nowhere, &Context::anonymous()),
        Err(ErrorCode::FlagNotFound)
    );
}
