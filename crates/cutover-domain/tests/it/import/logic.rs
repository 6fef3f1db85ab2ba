//! JSONLogic as flagd evaluates it, written from its documentation: the other side of the laws.

use serde_json::{Map, Value};

/// What an expression is worth for a context.
pub(super) fn evaluate(expression: &Value, context: &Map<String, Value>) -> Value {
    let Some((name, arguments)) = expression.as_object().and_then(|it| it.iter().next()) else {
        return expression.clone();
    };
    let arguments = match arguments {
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    };
    let at = |index: usize| evaluate(&arguments[index], context);
    match name.as_str() {
        "var" => match context.get(arguments[0].as_str().unwrap()) {
            Some(value) => value.clone(),
            None => arguments.get(1).cloned().unwrap_or_default(),
        },
        "if" => {
            let mut rest = &arguments[..];
            while let [condition, then, others @ ..] = rest {
                if truth(&evaluate(condition, context)) {
                    return evaluate(then, context);
                }
                rest = others;
            }
            rest.first().map_or(Value::Null, |it| evaluate(it, context))
        }
        "and" => arguments
            .iter()
            .all(|it| truth(&evaluate(it, context)))
            .into(),
        "or" => arguments
            .iter()
            .any(|it| truth(&evaluate(it, context)))
            .into(),
        "!" => (!truth(&at(0))).into(),
        "!!" => truth(&at(0)).into(),
        "==" | "===" => (at(0) == at(1)).into(),
        "!=" | "!==" => (at(0) != at(1)).into(),
        "<" | "<=" | ">" | ">=" => {
            let numbers: Vec<_> = (0..arguments.len())
                // Nothing is 0.
                .map(|index| at(index).as_f64().unwrap_or(0.0))
                .collect();
            let holds = |pair: &[f64]| match name.as_str() {
                "<" => pair[0] < pair[1],
                "<=" => pair[0] <= pair[1],
                ">" => pair[0] > pair[1],
                _ => pair[0] >= pair[1],
            };
            numbers.windows(2).all(holds).into()
        }
        "in" => match (at(0), at(1)) {
            (Value::String(part), Value::String(whole)) => whole.contains(&part).into(),
            (part, Value::Array(items)) => items.contains(&part).into(),
            _ => false.into(),
        },
        "starts_with" | "ends_with" => match (at(0), at(1)) {
            (Value::String(text), Value::String(end)) if name == "starts_with" => {
                text.starts_with(&end).into()
            }
            (Value::String(text), Value::String(end)) => text.ends_with(&end).into(),
            _ => false.into(),
        },
        "missing" => {
            let absent = |name: &&Value| !context.contains_key(name.as_str().unwrap());
            arguments.iter().filter(absent).cloned().collect()
        }
        "sem_ver" => match (at(0), at(2)) {
            (Value::String(one), Value::String(other)) => {
                sem_ver(&one, at(1).as_str().unwrap(), &other).into()
            }
            _ => false.into(),
        },
        other => panic!("{other} is not generated"),
    }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(_) => true,
    }
}

/// Versions of up to three small numbers and at most one pre-release word.
fn sem_ver(one: &str, operator: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    match operator {
        "=" => one == other,
        "!=" => one != other,
        "<" => one < other,
        "<=" => one <= other,
        ">" => one > other,
        ">=" => one >= other,
        "^" => one.0[0] == other.0[0],
        "~" => one.0[..2] == other.0[..2],
        _ => panic!("{operator} is not generated"),
    }
}

/// The numbers, whether it is a release, and the pre-release: in the order that counts.
fn parts(text: &str) -> ([u64; 3], bool, String) {
    let text = text.trim_start_matches('v');
    let (numbers, pre) = text.split_once('-').unwrap_or((text, ""));
    let mut whole = [0; 3];
    for (place, number) in whole.iter_mut().zip(numbers.split('.')) {
        *place = number.parse().unwrap();
    }
    (whole, pre.is_empty(), pre.to_owned())
}
