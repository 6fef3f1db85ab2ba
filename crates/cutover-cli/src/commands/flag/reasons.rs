//! Why a flag answers what it answers, in words, and what about it deserves a warning.

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Bucket, Definition, ErrorCode, Explanation, FlagDocument, FlagKey, Rule, State, Tier,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::consequences::{coarse, idle_rollout};
use super::describe::{answer, answers};
use super::outcomes::{is_off_for_all, is_same, only_outcome};
use super::rule_words::{called, given};
use super::split;
use super::subject::counted_by;
use crate::output::printable;

/// Whether the answer differs between those who may ask, and nothing was said about who asks.
/// Overrides do not count: they are for a few, and told of beside the answer.
pub(super) fn depends(
    document: &FlagDocument,
    definition: &Definition,
    explanation: &Explanation<'_>,
    anybody: bool,
) -> bool {
    if !anybody || definition.state == State::Killed {
        return false;
    }
    let differs = |flag: &Definition| flag.state == State::Enabled && only_outcome(flag).is_none();
    let outcome = only_outcome(definition);
    if outcome.is_some_and(|outcome| is_same(definition, outcome, &definition.off)) {
        // Whether what it requires is on decides nothing.
        return false;
    }
    let required = |key: &FlagKey| document.flags.get(key);
    match &explanation.tier {
        Tier::Requires(off) => required(off).is_some_and(differs),
        _ => outcome.is_none() || definition.requires.iter().filter_map(required).any(differs),
    }
}

pub(super) fn why(
    document: &FlagDocument,
    definition: &Definition,
    explanation: &Explanation<'_>,
    anybody: bool,
) -> String {
    let by = printable(counted_by(definition, &explanation.tier).unwrap_or("unit"));
    let bucket = explanation.answer.ok().and_then(|answer| answer.bucket);
    match (&explanation.tier, &explanation.answer) {
        (Tier::Killed, _) => {
            let off = printable(&definition.off);
            format!("it is killed: everybody gets {off}")
        }
        (Tier::Requires(required), _) if is_off_for_all(definition) => format!(
            "its default is {} and nothing stands above it; it also requires {required}",
            printable(&definition.default)
        ),
        (Tier::Requires(required), _) => {
            let set = document.flags.get(required);
            let set = set.map_or("not there".to_owned(), answers);
            format!("it requires {required}, which is set to: {set}")
        }
        (Tier::Override(target), _) => format!("{} is overridden", printable(target)),
        (_, Ok(_) | Err(ErrorCode::TargetingKeyMissing)) if anybody => for_anybody(definition),
        (_, Err(error)) if *error != ErrorCode::TargetingKeyMissing => {
            format!("the attribute {by} must be text or a whole number")
        }
        (Tier::Rule { index, name }, _) => {
            let rule = called(*index, name.as_deref());
            match definition.rules.get(*index).zip(bucket) {
                Some((split, bucket)) => {
                    format!("{rule} matches; {}", in_split(definition, split, bucket))
                }
                None if explanation.answer.is_err() => {
                    format!("{rule} matches, but its split is by {by}, and none is named")
                }
                None => format!("{rule} matches"),
            }
        }
        (Tier::Rollout, Err(_)) => format!("no {by} is named; {}", below_rules(definition)),
        (Tier::Rollout, Ok(_)) => match bucket {
            Some(bucket) => no_rule(definition) + &in_rollout(definition, bucket),
            None => no_rule(definition) + &below_rules(definition),
        },
        (Tier::Default, _) => no_rule(definition) + "nothing stands above the default",
    }
}

fn no_rule(definition: &Definition) -> String {
    match definition.rules.len() {
        0 => String::new(),
        1 => "its rule does not match; ".to_owned(),
        many => format!("none of its {many} rules matches; "),
    }
}

/// How answers are found for those of whom nothing is known.
fn for_anybody(definition: &Definition) -> String {
    let rules = match definition.rules.len() {
        0 => String::new(),
        1 => "1 rule comes first, for those it is about; ".to_owned(),
        many => format!("{many} rules come first, for those they are about; "),
    };
    let except = if definition.overrides.is_empty() {
        ""
    } else {
        "; units and tenants with an override get theirs"
    };
    format!("{rules}{}{except}", below_rules(definition))
}

/// How answers are found for those whom no rule is about.
pub(super) fn below_rules(definition: &Definition) -> String {
    let Some(rollout) = definition.rollout.as_ref() else {
        return "nothing stands above the default".to_owned();
    };
    let by = printable(rollout.by.as_deref().unwrap_or("unit"));
    let default = printable(&definition.default);
    match rollout.percentage {
        Some(share) if share.is_zero() || share.is_full() => format!("the rollout is at {share} %"),
        Some(share)
            if is_same(
                definition,
                definition.rollout_variant(),
                &definition.default,
            ) =>
        {
            format!("everybody gets {default}, inside the rollout of {share} % and outside")
        }
        Some(share) => format!(
            "{share} % by {by} get {}, the others {default}",
            printable(definition.rollout_variant())
        ),
        None if rollout.split.is_empty() => "nothing stands above the default".to_owned(),
        None => {
            let name = |variant: &str| answer(definition, variant);
            let parts = split::in_words(&rollout.split, rollout.bucketing, name);
            format!("everybody is divided by {by}: {parts}")
        }
    }
}

pub(super) fn in_rollout(definition: &Definition, bucket: Bucket) -> String {
    let at = place(bucket);
    match (definition.percentage(), &definition.rollout) {
        (Some(share), _) => {
            let side = if bucket.is_in(share) {
                "inside"
            } else {
                "outside"
            };
            format!("its bucket lies at {at} %, {side} the rollout of {share} %")
        }
        (None, Some(rollout)) => {
            let name = |variant: &str| answer(definition, variant);
            let parts = split::in_words(&rollout.split, rollout.bucketing, name);
            format!("its bucket lies at {at} % of: {parts}")
        }
        (None, None) => format!("its bucket lies at {at} %"),
    }
}

pub(super) fn in_split(definition: &Definition, rule: &Rule, bucket: Bucket) -> String {
    let parts = given(rule, |variant| answer(definition, variant));
    format!("its bucket lies at {} % of: {parts}", place(bucket))
}

fn place(bucket: Bucket) -> Percentage {
    Percentage::from_thousandths(bucket.thousandths()).unwrap_or_default()
}

pub(super) fn warnings(key: &FlagKey, definition: &Definition, now: Timestamp) -> Vec<String> {
    let rollout = definition.rollout.as_ref();
    let coarse = rollout
        .and_then(coarse)
        .filter(|_| definition.state == State::Enabled);
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
