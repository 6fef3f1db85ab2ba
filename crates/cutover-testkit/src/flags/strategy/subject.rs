use cutover_domain::flags::{Attribute, Context};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::any_text;
use super::condition::{NAMES, any_value_text};

/// Who may ask: a context that owns what a [`Context`] borrows.
#[derive(Clone, Debug)]
pub struct Subject {
    unit: Option<String>,
    tenant: Option<String>,
    attributes: Vec<(String, Value)>,
}

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    List(Vec<Value>),
}

impl Subject {
    /// Asks something with the context of this subject.
    pub fn ask<R>(&self, ask: impl FnOnce(&Context<'_>) -> R) -> R {
        let values = self.attributes.iter().map(|(_, value)| value.elements());
        let elements: Vec<Vec<Attribute<'_>>> = values.collect();
        let attributes: Vec<_> = self
            .attributes
            .iter()
            .zip(&elements)
            .map(|((name, value), elements)| (name.as_str(), value.attribute(elements)))
            .collect();
        let mut context = match &self.unit {
            Some(unit) => Context::unit(unit),
            None => Context::anonymous(),
        };
        if let Some(tenant) = &self.tenant {
            context = context.with_tenant(tenant);
        }
        ask(&context.with_attributes(&attributes))
    }

    /// Whether an attribute has several values.
    #[must_use]
    pub fn has_lists(&self) -> bool {
        let mut values = self.attributes.iter();
        values.any(|(_, value)| matches!(value, Value::List(_)))
    }
}

impl Value {
    /// The elements of a list; a list among them is empty.
    fn elements(&self) -> Vec<Attribute<'_>> {
        match self {
            Self::List(values) => values.iter().map(|value| value.attribute(&[])).collect(),
            _ => Vec::new(),
        }
    }

    fn attribute<'a>(&'a self, elements: &'a [Attribute<'a>]) -> Attribute<'a> {
        match self {
            Self::Text(text) => Attribute::Text(text),
            Self::Integer(number) => Attribute::Integer(*number),
            Self::Number(number) => Attribute::Number(*number),
            Self::Boolean(value) => Attribute::Boolean(*value),
            Self::List(_) => Attribute::List(elements),
        }
    }
}

/// A subject with some of the attributes that [`any_condition`](super::any_condition) asks about,
/// of every type, also where a document would refuse the value: numbers that are none.
pub fn any_subject() -> impl Strategy<Value = Subject> {
    let name = prop_oneof![
        8 => prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
        1 => any_text(),
    ];
    (
        option::weighted(0.8, any_value_text()),
        option::of(any_value_text()),
        vec((name, any_value()), 0..6),
    )
        .prop_map(|(unit, tenant, attributes)| Subject {
            unit,
            tenant,
            attributes,
        })
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => any_value_text().prop_map(Value::Text),
        2 => prop_oneof![-2..3_i64, any::<i64>()].prop_map(Value::Integer),
        2 => prop_oneof![(-3..3_i8).prop_map(|halves| f64::from(halves) / 2.0), any::<f64>()]
            .prop_map(Value::Number),
        1 => any::<bool>().prop_map(Value::Boolean),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| vec(inner, 0..3).prop_map(Value::List))
}
