use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::flags::Problems;
use crate::flags::validation::{Fields, Place};

/// Collects what cannot be read.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Problems,
    /// Fields that are known ones but for a slip: said only beside other problems, because the
    /// validation of what can be read says them too.
    slips: Problems,
}

impl Reader {
    /// Takes over what another one found.
    pub(super) fn adopt(&mut self, other: Self) {
        if !other.problems.0.is_empty() {
            self.problems.0.extend(other.problems.0);
            self.problems.0.extend(other.slips.0);
        }
    }

    /// A value that is read as a whole.
    pub(super) fn read<T: DeserializeOwned>(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Option<T> {
        match T::deserialize(value) {
            Ok(read) => Some(read),
            Err(error) => {
                self.say(&error, place);
                None
            }
        }
    }

    pub(super) fn say(&mut self, error: &serde_json::Error, place: &Place<'_>) {
        self.problems.add(place, error.to_string());
    }

    pub(super) fn object<'a>(
        &mut self,
        value: &'a Value,
        place: &Place<'_>,
    ) -> Option<&'a Map<String, Value>> {
        if value.as_object().is_none() {
            let message = format!("expected an object instead of {}", kind(value));
            self.problems.add(place, message);
        }
        value.as_object()
    }

    pub(super) fn array<'a>(&mut self, value: &'a Value, place: &Place<'_>) -> &'a [Value] {
        match value {
            Value::Array(elements) => elements,
            other => {
                let message = format!("expected a list instead of {}", kind(other));
                self.problems.add(place, message);
                &[]
            }
        }
    }

    /// Each element of a list that is read as a whole.
    pub(super) fn each<T: DeserializeOwned>(&mut self, value: &Value, place: &Place<'_>) {
        for (index, element) in self.array(value, place).iter().enumerate() {
            self.read::<T>(element, &place.index(index));
        }
    }

    /// A field that may be left out. What may also be `null` is an `Option`.
    pub(super) fn optional<T: DeserializeOwned>(
        &mut self,
        members: &Map<String, Value>,
        name: &str,
        place: &Place<'_>,
    ) {
        if let Some(value) = members.get(name) {
            self.read::<T>(value, &place.field(name));
        }
    }

    pub(super) fn required<T: DeserializeOwned>(
        &mut self,
        members: &Map<String, Value>,
        name: &str,
        place: &Place<'_>,
    ) -> Option<T> {
        let value = self.needed(members, name, place)?;
        self.read(value, &place.field(name))
    }

    /// The value of a field that must be there.
    pub(super) fn needed<'a>(
        &mut self,
        members: &'a Map<String, Value>,
        name: &str,
        place: &Place<'_>,
    ) -> Option<&'a Value> {
        let value = members.get(name);
        if value.is_none() {
            let message = format!("the field `{name}` is missing");
            self.problems.add(place, message);
        }
        value
    }

    pub(super) fn slips(
        &mut self,
        members: &Map<String, Value>,
        fields: Fields,
        place: &Place<'_>,
    ) {
        fields.check(members.keys(), place, &mut self.slips);
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
