//! `fractional`: who is divided, and into which parts.

use serde_json::Value;

use super::condition::{Place, Scope};
use super::operand::{Operand, operation};
use crate::flags::import::path;

/// A division as flagd writes it.
pub(super) struct Fraction {
    /// The attribute that is hashed; the targeting key when absent.
    pub(super) by: Option<String>,
    /// What is hashed beside it.
    pub(super) salt: Option<String>,
    /// Each variant once, in order; `None` is the default.
    pub(super) parts: Vec<(Option<String>, u32)>,
}

/// Who is hashed, and beside what.
#[derive(Default)]
struct Subject {
    by: Option<String>,
    salt: Option<String>,
}

impl Fraction {
    /// Reads the operation at `place`; `None`, and noted, where it is none that could be said here.
    pub(super) fn read<'a>(scope: &mut Scope<'a>, place: &Place<'a>) -> Option<Self> {
        let (name, arguments) = operation(place.value)?;
        let mut first = 0;
        let mut subject = Subject::default();
        if !matches!(arguments.items.first(), None | Some(Value::Array(_))) {
            subject = Subject::read(scope, &place.argument(name, arguments, 0))?;
            first = 1;
        }
        let mut parts = Vec::<(Option<String>, u32)>::new();
        for index in first..arguments.items.len() {
            let part = place.argument(name, arguments, index);
            let (variant, weight) = read_part(scope, &part)?;
            match parts.iter_mut().find(|(known, _)| *known == variant) {
                Some((_, known)) => *known = known.saturating_add(weight),
                None => parts.push((variant, weight)),
            }
        }
        if parts.iter().all(|(_, weight)| *weight == 0) {
            scope.lose(
                &place.path,
                "nobody gets anything of it; flagd answers with an error",
            );
            return None;
        }
        let Subject { by, salt } = subject;
        Some(Self { by, salt, parts })
    }

    /// The one part that everybody gets, if there is only one.
    pub(super) fn only(&self) -> Option<&Option<String>> {
        let mut some = self.parts.iter().filter(|(_, weight)| *weight > 0);
        match (some.next(), some.next()) {
            (Some((variant, _)), None) => Some(variant),
            _ => None,
        }
    }
}

impl Subject {
    fn read<'a>(scope: &mut Scope<'a>, place: &Place<'a>) -> Option<Self> {
        let place = scope.resolve(place.clone())?;
        let parts = match operation(place.value) {
            Some(("cat", arguments)) => (0..arguments.items.len())
                .map(|index| scope.operand(&place.argument("cat", arguments, index)))
                .collect::<Option<Vec<_>>>()?,
            _ => vec![scope.operand(&place)?],
        };
        let mut subject = Self::default();
        let mut attributes = 0;
        for part in parts {
            match part {
                Operand::Attribute(attribute) => {
                    attributes += 1;
                    subject.by =
                        (attribute.name != "targetingKey").then(|| attribute.name.to_owned());
                    if attribute.default.is_some() {
                        scope.lose(&place.path, "what is divided has no default here");
                    }
                }
                Operand::Value(value) => {
                    let text = match &*value {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    subject.salt.get_or_insert_default().push_str(&text);
                }
            }
        }
        // Salted by its own name is what every flag is.
        subject.salt.take_if(|salt| salt == scope.name);
        if attributes == 1 {
            return Some(subject);
        }
        scope.lose(&place.path, "units are divided by one attribute");
        None
    }
}

fn read_part<'a>(scope: &mut Scope<'a>, place: &Place<'a>) -> Option<(Option<String>, u32)> {
    let (variant, weight) = match place.value.as_array().map(Vec::as_slice) {
        Some([variant]) => (variant, 1),
        Some([variant, weight]) => {
            match weight.as_u64().and_then(|weight| weight.try_into().ok()) {
                Some(weight) => (variant, weight),
                None => {
                    let here = path::item(&place.path, 1);
                    scope.lose(&here, "a weight is a whole number, 0 or more");
                    return None;
                }
            }
        }
        _ => {
            scope.lose(&place.path, "a part is a variant and its weight");
            return None;
        }
    };
    match variant {
        Value::Null => Some((None, weight)),
        Value::String(name) => Some((Some(name.clone()), weight)),
        Value::Bool(value) => Some((Some(value.to_string()), weight)),
        _ => {
            let here = path::item(&place.path, 0);
            scope.lose(&here, "the parts of a split are variants by name");
            None
        }
    }
}
