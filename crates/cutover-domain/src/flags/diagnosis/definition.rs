use jiff::civil::Date;
use serde_json::{Map, Value};

use super::shape::Reader;
use crate::flags::validation::{FIELDS, Fields, Place};
use crate::flags::{Bucketing, FlagKey, State, ValueType};
use crate::{Percentage, Stage};

impl Reader {
    /// The fields that can be read, where these say enough of the flag to judge them.
    pub(super) fn definition(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Option<Map<String, Value>> {
        let members = self.object(value, place)?;
        let mut readable = members.clone();
        for field in FIELDS {
            let before = self.problems.0.len();
            self.field(field, members, place);
            if self.problems.0.len() > before {
                readable.remove(field);
            }
        }
        self.slips(members, Fields::FLAG, place);
        let is_readable = |field: &str| readable.contains_key(field);
        // What kind of value it answers is boolean where nothing is said, not where it is misspelt.
        let knows_kind = is_readable("type") == members.contains_key("type");
        let needed = ["variants", "off", "default"];
        (knows_kind && needed.into_iter().all(is_readable)).then_some(readable)
    }

    fn field(&mut self, field: &str, members: &Map<String, Value>, place: &Place<'_>) {
        let inside = place.field(field);
        match (field, members.get(field)) {
            ("description" | "owner", _) => {
                self.optional::<Option<String>>(members, field, place);
            }
            ("expires", _) => self.optional::<Option<Date>>(members, field, place),
            ("type", _) => self.optional::<ValueType>(members, field, place),
            ("state", _) => self.optional::<State>(members, field, place),
            ("stage", _) => self.optional::<Option<Stage>>(members, field, place),
            ("off" | "default", _) => {
                self.required::<String>(members, field, place);
            }
            ("variants", _) => {
                if let Some(variants) = self.needed(members, field, place) {
                    self.object(variants, &inside);
                }
            }
            ("requires", Some(requires)) => self.each::<FlagKey>(requires, &inside),
            ("overrides", Some(overrides)) => self.overrides(overrides, &inside),
            ("rules", Some(rules)) => {
                for (index, rule) in self.array(rules, &inside).iter().enumerate() {
                    self.rule(rule, &inside.index(index));
                }
            }
            ("rollout", Some(rollout)) if !rollout.is_null() => self.rollout(rollout, &inside),
            _ => {}
        }
    }

    fn overrides(&mut self, value: &Value, place: &Place<'_>) {
        for (target, variant) in self.object(value, place).into_iter().flatten() {
            self.read::<String>(variant, &place.key(target));
        }
    }

    fn rollout(&mut self, value: &Value, place: &Place<'_>) {
        let Some(members) = self.object(value, place) else {
            return;
        };
        self.optional::<Option<Percentage>>(members, "percentage", place);
        self.optional::<Option<String>>(members, "variant", place);
        self.optional::<Option<String>>(members, "by", place);
        self.optional::<Bucketing>(members, "bucketing", place);
        self.optional::<Option<String>>(members, "salt", place);
        if let Some(split) = members.get("split") {
            self.split(split, &place.field("split"));
        }
        self.slips(members, Fields::ROLLOUT, place);
    }

    fn rule(&mut self, value: &Value, place: &Place<'_>) {
        let Some(members) = self.object(value, place) else {
            return;
        };
        self.optional::<Option<String>>(members, "name", place);
        self.optional::<Option<String>>(members, "variant", place);
        self.optional::<Option<String>>(members, "by", place);
        self.optional::<Bucketing>(members, "bucketing", place);
        self.optional::<Option<String>>(members, "salt", place);
        if let Some(when) = self.needed(members, "when", place) {
            self.condition(when, &place.field("when"));
        }
        if let Some(split) = members.get("split") {
            self.split(split, &place.field("split"));
        }
        self.slips(members, Fields::RULE, place);
    }

    fn split(&mut self, value: &Value, place: &Place<'_>) {
        for (index, weight) in self.array(value, place).iter().enumerate() {
            let place = place.index(index);
            let Some(members) = self.object(weight, &place) else {
                continue;
            };
            self.required::<String>(members, "variant", &place);
            self.required::<u32>(members, "weight", &place);
            self.slips(members, Fields::WEIGHT, &place);
        }
    }
}
