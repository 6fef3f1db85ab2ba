use jiff::civil::Date;
use serde_json::Value;

use super::shape::Reader;
use crate::flags::validation::{FIELDS, Place, ROLLOUT_FIELDS, RULE_FIELDS, WEIGHT_FIELDS};
use crate::flags::{Bucketing, FlagKey, State, ValueType};
use crate::{Percentage, Stage};

impl Reader {
    pub(super) fn definition(&mut self, value: &Value, place: &Place<'_>) {
        let Some(members) = self.object(value, place) else {
            return;
        };
        self.optional::<Option<String>>(members, "description", place);
        self.optional::<Option<String>>(members, "owner", place);
        self.optional::<Option<Date>>(members, "expires", place);
        self.optional::<ValueType>(members, "type", place);
        self.optional::<State>(members, "state", place);
        self.optional::<Option<Stage>>(members, "stage", place);
        let variants = self.needed(members, "variants", place);
        self.required::<String>(members, "off", place);
        self.required::<String>(members, "default", place);
        if let Some(variants) = variants {
            self.object(variants, &place.field("variants"));
        }
        if let Some(requires) = members.get("requires") {
            self.each::<FlagKey>(requires, &place.field("requires"));
        }
        if let Some(overrides) = members.get("overrides") {
            self.overrides(overrides, &place.field("overrides"));
        }
        if let Some(rules) = members.get("rules") {
            let place = place.field("rules");
            for (index, rule) in self.array(rules, &place).iter().enumerate() {
                self.rule(rule, &place.index(index));
            }
        }
        if let Some(rollout) = members.get("rollout").filter(|value| !value.is_null()) {
            self.rollout(rollout, &place.field("rollout"));
        }
        self.slips(members, &FIELDS, place);
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
        self.slips(members, &ROLLOUT_FIELDS, place);
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
        self.slips(members, &RULE_FIELDS, place);
    }

    fn split(&mut self, value: &Value, place: &Place<'_>) {
        for (index, weight) in self.array(value, place).iter().enumerate() {
            let place = place.index(index);
            let Some(members) = self.object(weight, &place) else {
                continue;
            };
            self.required::<String>(members, "variant", &place);
            self.required::<u32>(members, "weight", &place);
            self.slips(members, &WEIGHT_FIELDS, &place);
        }
    }
}
