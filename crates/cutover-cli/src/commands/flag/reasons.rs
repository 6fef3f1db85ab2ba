//! Why a flag answers what it answers, in words, and what about it deserves a warning.

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Definition, ErrorCode, Explanation, FlagDocument, FlagKey, State, Tier,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::change::{coarse, idle_rollout, is_off_for_all};
use super::describe::answers;
use crate::output::printable;

/// Whether the answer differs between units and nothing was said about who asks.
pub(super) fn depends(
    document: &FlagDocument,
    definition: &Definition,
    explanation: &Explanation<'_>,
    anybody: bool,
) -> bool {
    let split = |key: &FlagKey| {
        document.flags.get(key).is_some_and(|flag| {
            flag.state == State::Enabled && flag.percentage().is_some_and(is_part)
        })
    };
    anybody
        && match (&explanation.answer, &explanation.tier) {
            (Err(ErrorCode::TargetingKeyMissing), _) => true,
            (_, Tier::Requires(required)) => split(required) && !is_off_for_all(definition),
            _ => false,
        }
}

fn is_part(share: Percentage) -> bool {
    !share.is_zero() && !share.is_full()
}

pub(super) fn why(
    document: &FlagDocument,
    definition: &Definition,
    explanation: &Explanation<'_>,
    anybody: bool,
) -> String {
    let rollout = definition.rollout.as_ref();
    let by = rollout
        .and_then(|rollout| rollout.by.as_deref())
        .unwrap_or("unit");
    let share = definition.percentage().unwrap_or_default();
    let unknown = if anybody {
        String::new()
    } else {
        format!("no {} is named; ", printable(by))
    };
    let except = match definition.overrides.len() {
        0 => "",
        _ if anybody => "; units and tenants with an override get theirs",
        _ => "",
    };
    let bucket = explanation.answer.ok().and_then(|answer| answer.bucket);
    match (&explanation.tier, &explanation.answer) {
        (Tier::Killed, _) => {
            format!(
                "it is killed: everybody gets {}",
                printable(&definition.off)
            )
        }
        (Tier::Requires(required), _) if is_off_for_all(definition) => format!(
            "its default is {} and nothing stands above it; it also requires {required}",
            printable(&definition.default)
        ),
        (Tier::Requires(required), _) => {
            let set = document
                .flags
                .get(required)
                .map_or("not there".to_owned(), answers);
            format!("it requires {required}, which is set to: {set}")
        }
        (Tier::Override(target), _) => format!("{} is overridden", printable(target)),
        (tier @ Tier::Rule { .. }, _) => tier.to_string(),
        (Tier::Rollout, Err(ErrorCode::TargetingKeyMissing)) => format!(
            "{unknown}{share} % by {} get {}, the others {}{except}",
            printable(by),
            printable(definition.rollout_variant()),
            printable(&definition.default)
        ),
        (Tier::Rollout, Err(_)) => {
            format!(
                "the attribute {} must be text or a whole number",
                printable(by)
            )
        }
        (Tier::Rollout, Ok(_)) => match bucket {
            Some(bucket) => {
                let at = Percentage::from_thousandths(bucket.thousandths()).unwrap_or_default();
                let side = if bucket.is_in(share) {
                    "inside"
                } else {
                    "outside"
                };
                format!("its bucket lies at {at} %, {side} the rollout of {share} %")
            }
            None => format!("the rollout is at {share} %{except}"),
        },
        (Tier::Default, _) => format!("nothing stands above the default{except}"),
    }
}

pub(super) fn warnings(key: &FlagKey, definition: &Definition, now: Timestamp) -> Vec<String> {
    let coarse = coarse(definition).filter(|_| definition.state == State::Enabled);
    let idle = idle_rollout(key, definition);
    let mut warnings: Vec<_> = coarse.into_iter().chain(idle).collect();
    let today = now.to_zoned(TimeZone::UTC).date();
    if let Some(expires) = definition.expires.filter(|expires| *expires < today) {
        warnings.push(format!(
            "it expired on {expires}: take it out of the code, so that nothing asks for it"
        ));
    }
    warnings
}
