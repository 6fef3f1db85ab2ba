//! LaunchDarkly's engine. It is given more than its SDK has: flags are borrowed from a map that
//! nobody else uses, where the SDK takes a lock and clones the flag; and nothing is recorded.

use std::collections::HashMap;
use std::sync::Arc;

use launchdarkly_server_sdk_evaluation::{
    AttributeValue, Context, ContextBuilder, Flag, FlagValue, Segment, Store, evaluate,
};
use serde_json::{Value as Json, json};

use crate::scenario::{Kind, Person, Rule, Scenario, Test, Value};
use crate::way::{Engine, Way};

/// The flags of a scenario, and the people as the engine's contexts.
pub struct LaunchDarkly<'a> {
    scenario: &'a Scenario,
    flags: Flags,
    contexts: Vec<Context>,
}

struct Flags(HashMap<String, Flag>);

/// Asked by the engine for required flags and for segments; no scenario has any.
impl Store for Flags {
    fn flag(&self, key: &str) -> Option<Flag> {
        self.0.get(key).cloned()
    }

    fn segment(&self, _: &str) -> Option<Segment> {
        None
    }
}

impl<'a> LaunchDarkly<'a> {
    /// Reads the flags.
    ///
    /// # Errors
    ///
    /// The engine does not take a flag or a context.
    pub fn new(scenario: &'a Scenario) -> Result<Self, String> {
        let read = |key: String, kind: &Kind| {
            serde_json::from_value(flag(&key, kind))
                .map(|flag| (key, flag))
                .map_err(|error| format!("{}: LaunchDarkly's flag: {error}", scenario.name))
        };
        let asked = scenario
            .keys
            .iter()
            .map(|key| read(key.clone(), &scenario.kind));
        let fillers = scenario.filler_keys().map(|key| read(key, &Kind::Killed));
        let contexts = scenario.people.iter().map(context);
        Ok(Self {
            scenario,
            flags: Flags(asked.chain(fillers).collect::<Result<_, _>>()?),
            contexts: contexts.collect::<Result<_, _>>()?,
        })
    }

    /// With the flag at hand, and by key.
    #[must_use]
    pub fn ways(&self) -> Vec<Way<'_>> {
        let at_hand: Arc<[&Flag]> = self
            .scenario
            .keys
            .iter()
            .map(|key| &self.flags.0[key])
            .collect();
        let stride = self.scenario.stride();
        let keys = &self.scenario.keys;
        let by_key = move |at: usize| self.flags.0.get(&keys[at * stride]);
        if self.scenario.context_made {
            let answer = |flag: &Flag, at: usize| {
                let context = context(&self.scenario.people[at]);
                context.is_ok_and(|context| self.is_yes(flag, &context))
            };
            return vec![
                Way::new(Engine::LaunchDarkly, "flag at hand", move || {
                    let at_hand = Arc::clone(&at_hand);
                    move |at| answer(at_hand[at * stride], at)
                }),
                Way::new(Engine::LaunchDarkly, "key", move || {
                    move |at| by_key(at).is_some_and(|flag| answer(flag, at))
                }),
            ];
        }
        vec![
            Way::new(Engine::LaunchDarkly, "flag at hand", move || {
                let at_hand = Arc::clone(&at_hand);
                move |at| self.is_yes(at_hand[at * stride], &self.contexts[at])
            }),
            Way::new(Engine::LaunchDarkly, "key", move || {
                move |at| by_key(at).is_some_and(|flag| self.is_yes(flag, &self.contexts[at]))
            }),
        ]
    }

    fn is_yes(&self, flag: &Flag, context: &Context) -> bool {
        match evaluate(&self.flags, flag, context, None).value {
            Some(FlagValue::Bool(on)) => *on,
            Some(FlagValue::Str(name)) => match &self.scenario.kind {
                Kind::Split(variants) => name == variants[1].0,
                _ => false,
            },
            _ => false,
        }
    }
}

fn context(person: &Person) -> Result<Context, String> {
    let mut builder = ContextBuilder::new(person.unit.as_str());
    for (name, value) in &person.attributes {
        let value = match value {
            Value::Text(text) => AttributeValue::String(text.clone()),
            Value::Integer(number) => AttributeValue::Number(*number as f64),
        };
        builder.set_value(name, value);
    }
    builder.build()
}

fn flag(key: &str, kind: &Kind) -> Json {
    let mut flag = json!({
        "key": key, "salt": key, "on": true, "targets": [], "rules": [], "prerequisites": [],
        "variations": [true, false], "offVariation": 1, "fallthrough": {"variation": 1},
    });
    match kind {
        Kind::Percentage(percentage) => flag["fallthrough"] = percentage_rollout(*percentage),
        Kind::Killed => {
            flag["fallthrough"] = percentage_rollout(25);
            flag["on"] = json!(false);
        }
        Kind::Named(units) => flag["targets"] = json!([{"variation": 0, "values": units}]),
        Kind::Rules(rules) => {
            let rules = rules.iter().enumerate().map(|(at, rule)| {
                json!({
                    "id": format!("rule-{at}"), "variation": 0, "trackEvents": false,
                    "clauses": [clause(rule)],
                })
            });
            flag["rules"] = rules.collect();
        }
        Kind::Split(variants) => {
            flag["variations"] = variants.iter().map(|(name, _)| json!(name)).collect();
            flag["fallthrough"] = rollout(variants.iter().map(|(_, weight)| *weight));
        }
    }
    flag
}

fn percentage_rollout(percentage: u32) -> Json {
    rollout([percentage, 100 - percentage].into_iter())
}

fn rollout(percentages: impl Iterator<Item = u32>) -> Json {
    let variations = percentages
        .enumerate()
        .map(|(at, percentage)| json!({"variation": at, "weight": percentage * 1000}));
    json!({"rollout": {"variations": variations.collect::<Vec<_>>()}})
}

fn clause(rule: &Rule) -> Json {
    let (op, values, negate) = match &rule.test {
        Test::In(list) => ("in", json!(list), false),
        Test::StartsWith(text) => ("startsWith", json!([text]), false),
        Test::EndsWith(text) => ("endsWith", json!([text]), false),
        Test::Contains(text) => ("contains", json!([text]), false),
        Test::AtLeast(bound) => ("greaterThanOrEqual", json!([bound]), false),
        Test::AtLeastVersion(bound) => ("semVerLessThan", json!([bound]), true),
    };
    json!({"attribute": rule.attribute, "op": op, "values": values, "negate": negate})
}
