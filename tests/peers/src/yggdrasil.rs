//! Unleash's engine, asked as its SDKs ask it: by the flag's name. Counting the answers, which they
//! do as well, is left out.

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use unleash_yggdrasil::{ClientFeatures, Context, EngineState};

use crate::scenario::{Kind, Person, Rule, Scenario, Test, Value};
use crate::way::{Engine, Way};

/// The engine with the flags of a scenario, and the people as its contexts.
pub struct Yggdrasil<'a> {
    scenario: &'a Scenario,
    engine: EngineState,
    contexts: Vec<Context>,
}

impl<'a> Yggdrasil<'a> {
    /// Compiles the flags.
    ///
    /// # Errors
    ///
    /// The engine does not take the flags, or warns about one.
    pub fn new(scenario: &'a Scenario) -> Result<Self, String> {
        let features: Vec<Json> = scenario
            .keys
            .iter()
            .map(|key| feature(key, &scenario.kind))
            .chain(
                scenario
                    .filler_keys()
                    .map(|key| json!({"name": key, "enabled": false, "strategies": []})),
            )
            .collect();
        let features: ClientFeatures =
            serde_json::from_value(json!({"version": 2, "features": features}))
                .map_err(|error| format!("{}: yggdrasil's flags: {error}", scenario.name))?;
        let engine = EngineState::default();
        if let Some(warnings) = engine.apply_client_features(features) {
            return Err(format!("{}: yggdrasil warns: {warnings:?}", scenario.name));
        }
        Ok(Self {
            scenario,
            engine,
            contexts: scenario.people.iter().map(context).collect(),
        })
    }

    /// By key, the one way there is.
    #[must_use]
    pub fn ways(&self) -> Vec<Way<'_>> {
        let stride = self.scenario.stride();
        let keys = &self.scenario.keys;
        let way = if let Kind::Split(variants) = &self.scenario.kind {
            let (wanted, _) = variants[1];
            Way::new(Engine::Yggdrasil, "key", move || {
                move |at| {
                    let context = &self.contexts[at];
                    self.engine
                        .get_variant(&keys[at * stride], context, &None)
                        .name
                        == wanted
                }
            })
        } else if self.scenario.context_made {
            Way::new(Engine::Yggdrasil, "key", move || {
                move |at| {
                    let context = context(&self.scenario.people[at]);
                    self.engine.is_enabled(&keys[at * stride], &context, &None)
                }
            })
        } else {
            Way::new(Engine::Yggdrasil, "key", move || {
                move |at| {
                    let context = &self.contexts[at];
                    self.engine.is_enabled(&keys[at * stride], context, &None)
                }
            })
        };
        vec![way]
    }
}

fn context(person: &Person) -> Context {
    let properties: HashMap<String, String> = person
        .attributes
        .iter()
        .map(|(name, value)| {
            let text = match value {
                Value::Text(text) => text.clone(),
                Value::Integer(number) => number.to_string(),
            };
            ((*name).to_owned(), text)
        })
        .collect();
    Context {
        user_id: Some(person.unit.clone()),
        session_id: None,
        environment: None,
        app_name: None,
        current_time: None,
        remote_address: None,
        properties: (!properties.is_empty()).then_some(properties),
    }
}

fn feature(key: &str, kind: &Kind) -> Json {
    let rollout = |percentage: u32| {
        let parameters = json!({
            "rollout": percentage.to_string(), "stickiness": "userId", "groupId": key,
        });
        json!({"name": "flexibleRollout", "parameters": parameters})
    };
    let strategies = match kind {
        Kind::Percentage(percentage) => json!([rollout(*percentage)]),
        Kind::Killed => json!([rollout(25)]),
        Kind::Named(units) => {
            json!([{"name": "userWithId", "parameters": {"userIds": units.join(",")}}])
        }
        Kind::Rules(rules) => rules
            .iter()
            .map(|rule| json!({"name": "default", "constraints": [constraint(rule)]}))
            .collect(),
        Kind::Split(variants) => {
            let mut strategy = rollout(100);
            let variants = variants
                .iter()
                .map(|(name, weight)| json!({"name": name, "weight": weight * 10}));
            strategy["variants"] = variants.collect();
            json!([strategy])
        }
    };
    json!({"name": key, "enabled": !matches!(kind, Kind::Killed), "strategies": strategies})
}

fn constraint(rule: &Rule) -> Json {
    let (operator, value, values) = match &rule.test {
        Test::In(list) => ("IN", Json::Null, json!(list)),
        Test::StartsWith(text) => ("STR_STARTS_WITH", Json::Null, json!([text])),
        Test::EndsWith(text) => ("STR_ENDS_WITH", Json::Null, json!([text])),
        Test::Contains(text) => ("STR_CONTAINS", Json::Null, json!([text])),
        Test::AtLeast(bound) => ("NUM_GTE", json!(bound.to_string()), Json::Null),
        Test::AtLeastVersion(bound) => ("SEMVER_GTE", json!(bound), Json::Null),
    };
    json!({
        "contextName": rule.attribute, "operator": operator, "value": value, "values": values,
    })
}
