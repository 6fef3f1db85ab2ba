//! Ours.

use cutover_app::flags::{Flag, Live};
use cutover_domain::flags::{Attribute, Context, FlagDocument};
use serde_json::{Value as Json, json};

use crate::scenario::{Kind, Rule, Scenario, Test, Value};
use crate::way::{Engine, Way};

/// The flags of a scenario, live, and the people as our contexts borrow them.
pub struct Cutover<'a> {
    scenario: &'a Scenario,
    live: Live,
    handles: Vec<Flag>,
    attributes: Vec<Vec<(&'a str, Attribute<'a>)>>,
}

impl<'a> Cutover<'a> {
    /// Compiles the flags.
    ///
    /// # Errors
    ///
    /// The scenario is no valid document of ours.
    pub fn new(scenario: &'a Scenario) -> Result<Self, String> {
        let mut flags: serde_json::Map<String, Json> = scenario
            .keys
            .iter()
            .map(|key| (key.clone(), definition(&scenario.kind)))
            .collect();
        flags.extend(scenario.filler_keys().map(|key| (key, boolean())));
        let document: FlagDocument = serde_json::from_value(json!({
            "schema": 1, "revision": 1, "updated_at": "2026-01-01T00:00:00Z", "flags": flags,
        }))
        .map_err(|error| format!("{}: our document: {error}", scenario.name))?;
        let live = Live::with_defaults(&document);
        let handles = scenario.keys.iter().map(|key| live.flag(key)).collect();
        let attributes = scenario.people.iter().map(|person| {
            let borrowed = person.attributes.iter().map(|(name, value)| {
                let value = match value {
                    Value::Text(text) => Attribute::Text(text),
                    Value::Integer(number) => Attribute::Integer(*number),
                };
                (*name, value)
            });
            borrowed.collect()
        });
        Ok(Self {
            scenario,
            live,
            handles,
            attributes: attributes.collect(),
        })
    }

    fn context(&self, at: usize) -> Context<'_> {
        Context::unit(&self.scenario.people[at].unit).with_attributes(&self.attributes[at])
    }

    /// By reader, handle and key; a flag that is not boolean by key alone.
    #[must_use]
    pub fn ways(&self) -> Vec<Way<'_>> {
        let stride = self.scenario.stride();
        if let Kind::Split(variants) = &self.scenario.kind {
            let (wanted, _) = variants[1];
            return vec![Way::new(Engine::Cutover, "key", move || {
                move |at| {
                    let key = &self.scenario.keys[at * stride];
                    self.live.with_evaluation(key, &self.context(at), |answer| {
                        answer.is_ok_and(|found| found.variant == wanted)
                    })
                }
            })];
        }
        vec![
            Way::new(Engine::Cutover, "reader", move || {
                let mut reader = self.live.reader();
                move |at| {
                    let flag = &self.handles[at * stride];
                    reader.decide(flag, &self.context(at)).on
                }
            }),
            Way::new(Engine::Cutover, "handle", move || {
                move |at| self.handles[at * stride].decide(&self.context(at)).on
            }),
            Way::new(Engine::Cutover, "key", move || {
                move |at| {
                    let key = &self.scenario.keys[at * stride];
                    self.live.decide(key, &self.context(at), false).on
                }
            }),
        ]
    }
}

fn boolean() -> Json {
    json!({
        "type": "boolean", "variants": {"on": true, "off": false}, "state": "enabled",
        "off": "off", "default": "off",
    })
}

fn definition(kind: &Kind) -> Json {
    let mut flag = boolean();
    match kind {
        Kind::Percentage(percentage) => flag["rollout"] = json!({"percentage": percentage}),
        Kind::Killed => {
            flag["rollout"] = json!({"percentage": 25});
            flag["state"] = json!("killed");
        }
        Kind::Named(units) => {
            let overrides = units.iter().map(|unit| (unit.clone(), json!("on")));
            flag["overrides"] = Json::Object(overrides.collect());
        }
        Kind::Rules(rules) => {
            let rules = rules
                .iter()
                .map(|rule| json!({"when": condition(rule), "variant": "on"}));
            flag["rules"] = rules.collect();
        }
        Kind::Split(variants) => {
            let (first, _) = variants[0];
            let values = variants
                .iter()
                .map(|(name, _)| ((*name).to_owned(), json!(name)));
            flag["type"] = json!("string");
            flag["variants"] = Json::Object(values.collect());
            flag["off"] = json!(first);
            flag["default"] = json!(first);
            let split = variants
                .iter()
                .map(|(name, weight)| json!({"variant": name, "weight": weight}));
            flag["rollout"] = json!({"split": split.collect::<Vec<_>>()});
        }
    }
    flag
}

fn condition(rule: &Rule) -> Json {
    let attribute = rule.attribute;
    match &rule.test {
        Test::In(list) => match list.as_slice() {
            [only] => json!({"attribute": attribute, "equals": only}),
            several => json!({"attribute": attribute, "in": several}),
        },
        Test::StartsWith(text) => json!({"attribute": attribute, "starts_with": text}),
        Test::EndsWith(text) => json!({"attribute": attribute, "ends_with": text}),
        Test::Contains(text) => json!({"attribute": attribute, "contains": text}),
        Test::AtLeast(bound) => json!({"attribute": attribute, "at_least": bound}),
        Test::AtLeastVersion(bound) => json!({"attribute": attribute, "at_least": bound}),
    }
}
