//! What stands beside an operator: an attribute, or a value.

use std::borrow::Cow;

use serde_json::Value;

/// One side of an operation.
pub(super) enum Operand<'a> {
    Attribute(Attribute<'a>),
    Value(Cow<'a, Value>),
}

/// An attribute, with what it is where it is absent.
#[derive(Clone, Copy)]
pub(super) struct Attribute<'a> {
    pub(super) name: &'a str,
    pub(super) default: Option<&'a Value>,
}

/// An operation: its name, and what it is applied to. One argument may stand without a list.
pub(super) fn operation(value: &Value) -> Option<(&str, Arguments<'_>)> {
    let members = value.as_object()?;
    let (name, arguments) = members.iter().next().filter(|_| members.len() == 1)?;
    let arguments = match arguments {
        Value::Array(items) => Arguments {
            items,
            listed: true,
        },
        other => Arguments {
            items: std::slice::from_ref(other),
            listed: false,
        },
    };
    Some((name, arguments))
}

/// The arguments of an operation.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a> {
    pub(super) items: &'a [Value],
    /// Whether they stand in a list, for their paths.
    pub(super) listed: bool,
}

/// The attribute that `{"var": …}` asks for.
pub(super) fn variable<'a>(arguments: Arguments<'a>) -> Option<Attribute<'a>> {
    let (name, default) = match arguments.items {
        [name] => (name, None),
        [name, default] => (name, Some(default)),
        _ => return None,
    };
    let name = name.as_str().filter(|name| !name.is_empty())?;
    Some(Attribute {
        name,
        default: default.filter(|default| !default.is_null()),
    })
}

/// Whether a value counts as true where a condition is asked for.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(_) => true,
    }
}
