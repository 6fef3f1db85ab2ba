//! The tiers of a flag, top first, each with what it said.

use cutover_domain::flags::{Definition, Explanation, FailedTest, FlagKey, State, Tier, Unmatched};
use serde::Serialize;

use super::Asker;
use crate::commands::flag::describe::answer;
use crate::commands::flag::reasons::{below_rules, in_rollout, in_split};
use crate::commands::flag::rule_words::{called, in_full};
use crate::output::printable;

/// What each tier said.
#[derive(Serialize)]
pub(super) struct Tiers<'a> {
    killed: bool,
    requires: Vec<Required<'a>>,
    /// The unit or tenant that is overridden.
    override_for: Option<String>,
    rules: Vec<Asked>,
    /// How the rollout or the default answered, in words; null when neither was asked.
    rollout: Option<String>,
    #[serde(skip)]
    words: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Required<'a> {
    key: &'a FlagKey,
    on: bool,
}

/// A rule, and whether it matched.
#[derive(Serialize)]
struct Asked {
    /// Its place, counted from 1.
    number: usize,
    name: Option<String>,
    condition: String,
    outcome: Outcome,
    /// The tests that kept it from matching.
    because: Vec<FailedTest>,
}

#[derive(Clone, Copy, Serialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Matched,
    Unmatched,
    NotAsked,
}

/// The name of a tier.
pub(super) fn name(tier: &Tier) -> &'static str {
    match tier {
        Tier::Killed => "killed",
        Tier::Requires(_) => "requires",
        Tier::Override(_) => "override",
        Tier::Rule { .. } => "rule",
        Tier::Rollout => "rollout",
        Tier::Default => "default",
    }
}

/// How far down the tiers the question came.
fn depth(tier: &Tier) -> usize {
    match tier {
        Tier::Killed => 0,
        Tier::Requires(_) => 1,
        Tier::Override(_) => 2,
        Tier::Rule { .. } => 3,
        Tier::Rollout | Tier::Default => 4,
    }
}

const NOT_ASKED: &str = "not asked";

pub(super) fn tiers<'a>(
    asker: &Asker<'a>,
    definition: &'a Definition,
    explanation: &Explanation<'a>,
) -> Tiers<'a> {
    let tier = &explanation.tier;
    let depth = depth(tier);
    let requires: Vec<_> = definition
        .requires
        .iter()
        .map(|key| Required {
            key,
            on: asker.is_on(key),
        })
        .collect();
    let rules = rules(definition, explanation);
    let rollout = (depth > 3).then(|| rollout(definition, explanation));
    let mut words = Vec::new();
    let mut say = |name: &str, text: String| words.push((name.to_owned(), text));
    let killed = definition.state == State::Killed;
    say(
        "killed",
        if killed {
            format!("yes: everybody gets {}", printable(&definition.off))
        } else {
            "no".to_owned()
        },
    );
    say(
        "requires",
        match (tier, depth) {
            (_, 0) => NOT_ASKED.to_owned(),
            (Tier::Requires(off), _) => format!("{off}, which is off"),
            _ if requires.is_empty() => "nothing".to_owned(),
            _ => {
                let keys: Vec<_> = requires
                    .iter()
                    .map(|required| required.key.as_str())
                    .collect();
                format!("{}: on", keys.join(", "))
            }
        },
    );
    let override_for = match tier {
        Tier::Override(target) => Some(target.clone()),
        _ => None,
    };
    say(
        "override",
        match &override_for {
            Some(target) => format!(
                "{} gets {}",
                printable(target),
                overridden(definition, target)
            ),
            None if depth < 2 => NOT_ASKED.to_owned(),
            None if definition.overrides.is_empty() => "none".to_owned(),
            None => "none for who asks".to_owned(),
        },
    );
    for (index, (rule, asked)) in definition.rules.iter().zip(&rules).enumerate() {
        let words = in_full(rule, |variant| answer(definition, variant));
        say(&called(index, None), words);
        say("", asked.words(definition, explanation));
    }
    match &rollout {
        Some(text) => say(name(tier), text.clone()),
        None => say("rollout", NOT_ASKED.to_owned()),
    }
    Tiers {
        killed,
        requires,
        override_for,
        rules,
        rollout,
        words,
    }
}

fn overridden(definition: &Definition, target: &str) -> String {
    let variant = definition.overrides.get(target);
    variant.map_or_else(
        || "nothing".to_owned(),
        |variant| answer(definition, variant),
    )
}

fn rules(definition: &Definition, explanation: &Explanation<'_>) -> Vec<Asked> {
    let matched = match explanation.tier {
        Tier::Rule { index, .. } => Some(index),
        _ => None,
    };
    let asked = definition.rules.iter().enumerate().map(|(index, rule)| {
        let failed: Option<&Unmatched> = explanation
            .unmatched
            .iter()
            .find(|rule| rule.index == index);
        let outcome = match failed {
            _ if matched == Some(index) => Outcome::Matched,
            Some(_) => Outcome::Unmatched,
            None => Outcome::NotAsked,
        };
        Asked {
            number: index + 1,
            name: rule.name.clone(),
            condition: rule.when.to_string(),
            outcome,
            because: failed.map(|rule| rule.because.clone()).unwrap_or_default(),
        }
    });
    asked.collect()
}

fn rollout(definition: &Definition, explanation: &Explanation<'_>) -> String {
    let bucket = explanation.answer.ok().and_then(|answer| answer.bucket);
    match (&explanation.tier, bucket) {
        (Tier::Rollout, Some(bucket)) => in_rollout(definition, bucket),
        _ => below_rules(definition),
    }
}

impl Asked {
    fn words(&self, definition: &Definition, explanation: &Explanation<'_>) -> String {
        match self.outcome {
            Outcome::NotAsked => NOT_ASKED.to_owned(),
            Outcome::Unmatched => {
                let tests: Vec<_> = self.because.iter().map(ToString::to_string).collect();
                printable(&format!("does not match: {}", tests.join("; ")))
            }
            Outcome::Matched => {
                let rule = definition.rules.get(self.number - 1);
                let bucket = explanation.answer.ok().and_then(|answer| answer.bucket);
                match (rule.zip(bucket), explanation.answer) {
                    (Some((rule, bucket)), _) => {
                        format!("matches; {}", in_split(definition, rule, bucket))
                    }
                    (None, Ok(_)) => "matches".to_owned(),
                    (None, Err(error)) => format!("matches, but cannot divide: {error}"),
                }
            }
        }
    }
}

impl Tiers<'_> {
    /// A line for each, for eyes.
    pub(super) fn lines(&self) -> &[(String, String)] {
        &self.words
    }
}
