//! The variables of an environment over live flags.

use cutover_app::flags::{Keys, Live};
use cutover_domain::flags::{Context, Naming, Overlay, OverlayMode, Reason, Variable};

use super::{change, defaults, is_on, listen, live_service, next, set};

fn overlay(name: &str, switch: bool) -> Overlay {
    let naming = Naming {
        prefix: "FEATURE_".to_owned(),
        share_suffix: "_ROLLOUT".to_owned(),
        stripped: String::new(),
        off_kills: true,
    };
    let variable = Variable {
        written: format!("{name}={switch}"),
        switch: Ok(switch),
        share: Err("it is not a percentage".to_owned()),
    };
    Overlay::new(naming, OverlayMode::Override).with_variable(name, variable)
}

#[test]
fn an_overlay_masks_what_is_stored_now_and_later_and_says_so() {
    let (live, service) = live_service();
    live.set_overlay(overlay("FEATURE_USE_NEW_BACKEND", false));
    let (_subscription, told) = listen(&live, Keys::All);
    for value in [true, false, true] {
        change(&service, "me", set("use_new_backend", value));
        let decision = live.decide("use_new_backend", &Context::anonymous(), true);
        assert_eq!((decision.on, decision.reason), (false, Reason::Disabled));
        assert_eq!(live.status().overlay.masks.len(), 1);
    }
    let after = next(&told).after.unwrap();
    assert_eq!(after.default, "on", "callbacks are told what is stored");
    live.set_overlay(Overlay::default());
    assert!(is_on(&live, "use_new_backend"));
    assert_eq!(live.status().overlay, Default::default());
}

#[test]
fn what_cannot_be_followed_is_told_and_the_layer_below_stays() {
    let naming = Naming {
        prefix: "FEATURE_".to_owned(),
        share_suffix: "_ROLLOUT".to_owned(),
        stripped: String::new(),
        off_kills: true,
    };
    let bad = Variable {
        written: "FEATURE_AUTO_FALLBACK=perhaps".to_owned(),
        switch: Err("it is not a switch".to_owned()),
        share: Err("it is not a percentage".to_owned()),
    };
    let unknown = Variable {
        written: "FEATURE_NOWHERE=true".to_owned(),
        switch: Ok(true),
        share: Err("it is not a percentage".to_owned()),
    };
    let overlay = Overlay::new(naming, OverlayMode::Override)
        .with_variable("FEATURE_AUTO_FALLBACK", bad)
        .with_variable("FEATURE_NOWHERE", unknown);
    let live = Live::with_defaults(&defaults()).with_overlay(overlay);
    assert!(is_on(&live, "auto_fallback"));
    let told = live.status().overlay;
    assert!(told.problems[0].contains("FEATURE_AUTO_FALLBACK=perhaps"));
    assert!(told.warnings[0].contains("FEATURE_NOWHERE"));
}

#[test]
fn what_a_test_forces_lies_over_the_overlay() {
    let live =
        Live::with_defaults(&defaults()).with_overlay(overlay("FEATURE_AUTO_FALLBACK", false));
    assert!(!is_on(&live, "auto_fallback"));
    live.with_flag("auto_fallback", true, || {
        assert!(is_on(&live, "auto_fallback"))
    });
    assert!(!is_on(&live, "auto_fallback"));
}
