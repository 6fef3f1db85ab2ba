//! A test of one attribute, with what it says of an attribute that is absent.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::logic::{self, NEVER};
use super::operand::Attribute as Named;
use crate::flags::condition::check::{Check, Symbols};
use crate::flags::condition::number::Number;
use crate::flags::condition::version::Version;
use crate::flags::{Attribute, Bound, Condition, Context, Literal, Operator};

/// What is asked of an attribute that has no name yet.
#[derive(Clone, Debug)]
pub(super) struct Test {
    /// What it says where the attribute is there. False where it is absent.
    present: Condition,
    /// What flagd says where it is absent, and no default takes its place.
    absent: bool,
}

/// The attribute that a test is about before it has a name.
const IT: &str = "it";

/// How two numbers stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Order {
    /// The order that `<`, `<=`, `>` and `>=` ask for.
    pub(super) fn read(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    /// The same seen from the other side.
    pub(super) fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
        }
    }

    fn operator(self, bound: Bound) -> Operator {
        match self {
            Self::Less => Operator::LessThan(bound),
            Self::AtMost => Operator::AtMost(bound),
            Self::Greater => Operator::GreaterThan(bound),
            Self::AtLeast => Operator::AtLeast(bound),
        }
    }
}

impl Test {
    fn positive(operator: Operator) -> Self {
        Self {
            present: Condition::test(IT, operator),
            absent: false,
        }
    }

    /// It is this value; `null` is an attribute that is absent. `None` for lists and objects.
    pub(super) fn equals(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self {
                present: NEVER,
                absent: true,
            }),
            other => Some(Self::positive(Operator::Equals(literal(other)?))),
        }
    }

    /// It is one of these. `None` where one is a list or an object.
    pub(super) fn among(values: &[Value]) -> Option<Self> {
        let mut literals = Vec::new();
        let mut seen = HashSet::new();
        for value in values.iter().filter(|value| !value.is_null()) {
            let literal = literal(value)?;
            if seen.insert(identity(&literal)) {
                literals.push(literal);
            }
        }
        Some(Self {
            present: match literals.is_empty() {
                true => NEVER,
                false => Condition::test(IT, Operator::In(literals)),
            },
            absent: values.iter().any(Value::is_null),
        })
    }

    /// It stands in this order to a number, to which an absent attribute is 0. `None` where the
    /// value is no number.
    pub(super) fn order(order: Order, value: &Value) -> Option<Self> {
        let bound = match literal(value)? {
            Literal::Integer(number) => Bound::Integer(number),
            Literal::Number(number) => Bound::Number(number),
            Literal::Text(_) | Literal::Boolean(_) => return None,
        };
        let mut test = Self::positive(order.operator(bound));
        test.absent = test.holds(&Value::from(0));
        Some(test)
    }

    /// Both of these, about the same attribute.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            present: logic::all([self.present.clone(), other.present.clone()]),
            absent: self.absent && other.absent,
        }
    }

    pub(super) fn starts_with(text: &str) -> Self {
        Self::positive(Operator::StartsWith(text.to_owned()))
    }

    pub(super) fn ends_with(text: &str) -> Self {
        Self::positive(Operator::EndsWith(text.to_owned()))
    }

    /// It is text with this inside, or a list with this in it.
    pub(super) fn contains(text: &str) -> Self {
        Self::positive(Operator::Contains(text.to_owned()))
    }

    /// It is there, and something.
    pub(super) fn truthy() -> Self {
        let nothing = vec!["".into(), 0.into(), false.into()];
        Self {
            present: logic::all([
                Condition::test(IT, Operator::Exists(true)),
                logic::not(Condition::test(IT, Operator::In(nothing))),
            ]),
            absent: false,
        }
    }

    /// It is not there.
    pub(super) fn missing() -> Self {
        Self {
            present: NEVER,
            absent: true,
        }
    }

    /// It is a version that stands so to this one. `None` where that is no version, or the operator
    /// none that flagd knows.
    pub(super) fn version(operator: &str, text: &str) -> Option<Self> {
        let version = Whole::read(text)?;
        let bound = |text: &str| Bound::Version(text.to_owned());
        let test = |order: Order, text: &str| Condition::test(IT, order.operator(bound(text)));
        // Before the first pre-release there is nothing of the same number.
        let between = |first: String, end: Option<String>| {
            let end = end.map(|end| test(Order::Less, &format!("{end}-0")));
            let first = test(Order::AtLeast, &format!("{first}-0"));
            logic::all([first].into_iter().chain(end))
        };
        let Whole {
            major, minor, text, ..
        } = &version;
        let present = match operator {
            "=" => logic::all([test(Order::AtLeast, text), test(Order::AtMost, text)]),
            "!=" => logic::any([test(Order::Less, text), test(Order::Greater, text)]),
            "^" => between(
                format!("{major}.0.0"),
                major.checked_add(1).map(|next| format!("{next}.0.0")),
            ),
            "~" => between(
                format!("{major}.{minor}.0"),
                minor.checked_add(1).map(|next| format!("{major}.{next}.0")),
            ),
            symbol => test(Order::read(symbol)?, text),
        };
        Some(Self {
            present,
            absent: false,
        })
    }

    /// The same with the other side of the operator as what is asked about.
    pub(super) fn version_flipped(operator: &str, text: &str) -> Option<Self> {
        match operator {
            "<" => Self::version(">", text),
            "<=" => Self::version(">=", text),
            ">" => Self::version("<", text),
            ">=" => Self::version("<=", text),
            symmetrical => Self::version(symmetrical, text),
        }
    }

    /// The condition on an attribute with a name and perhaps a default.
    pub(super) fn of(&self, attribute: Named<'_>) -> Condition {
        let absent = match attribute.default {
            Some(default) => self.holds(default),
            None => self.absent,
        };
        let present = named(&self.present, attribute.name);
        if absent {
            let is_absent = Condition::test(attribute.name, Operator::Exists(false));
            logic::any([present, is_absent])
        } else {
            present
        }
    }

    /// Whether it holds for a value.
    pub(super) fn holds(&self, value: &Value) -> bool {
        let list: Vec<_>;
        let attribute = match value {
            Value::Null => return self.absent,
            Value::Array(items) => {
                list = items.iter().filter_map(scalar).collect();
                Some(Attribute::List(&list))
            }
            other => scalar(other),
        };
        let Some(attribute) = attribute else {
            return false;
        };
        let attributes = [(IT, attribute)];
        let context = Context::anonymous().with_attributes(&attributes);
        Check::compile(&self.present, &mut Symbols::default())
            .is_some_and(|check| check.holds(&context))
    }
}

/// A version with all three numbers and without build metadata.
struct Whole {
    major: u64,
    minor: u64,
    text: String,
}

impl Whole {
    fn read(text: &str) -> Option<Self> {
        Version::parse(text)?;
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, format!("-{pre}")),
            None => (text, String::new()),
        };
        let mut numbers = numbers.split('.').map(str::parse::<u64>);
        let mut next = || numbers.next().unwrap_or(Ok(0)).ok();
        let (major, minor, patch) = (next()?, next()?, next()?);
        Some(Self {
            major,
            minor,
            text: format!("{major}.{minor}.{patch}{pre}"),
        })
    }
}

fn literal(value: &Value) -> Option<Literal> {
    Some(match value {
        Value::String(text) => Literal::Text(text.clone()),
        Value::Bool(value) => Literal::Boolean(*value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Literal::Integer(number),
            None => Literal::Number(number.as_f64()?),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    })
}

/// What makes two literals the same value: `1` is `1.0`, and `"1"` is something else.
fn identity(literal: &Literal) -> Value {
    match literal {
        Literal::Text(text) => text.as_str().into(),
        Literal::Boolean(value) => (*value).into(),
        Literal::Integer(number) => json!(Number::Integer(*number).identity()),
        Literal::Number(number) => json!(Number::Float(*number).identity()),
    }
}

fn scalar(value: &Value) -> Option<Attribute<'_>> {
    Some(match value {
        Value::String(text) => Attribute::Text(text),
        Value::Bool(value) => Attribute::Boolean(*value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Attribute::Integer(number),
            None => Attribute::Number(number.as_f64()?),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    })
}

/// The same condition about an attribute with a name.
fn named(condition: &Condition, name: &str) -> Condition {
    match condition {
        Condition::All(inner) => Condition::All(inner.iter().map(|it| named(it, name)).collect()),
        Condition::Any(inner) => Condition::Any(inner.iter().map(|it| named(it, name)).collect()),
        Condition::Not(inner) => Condition::Not(Box::new(named(inner, name))),
        Condition::Test { operator, .. } => Condition::test(name, operator.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(test: &Test, default: Option<&Value>) -> String {
        let attribute = Named { name: "x", default };
        test.of(attribute).to_string()
    }

    #[test]
    fn an_absent_attribute_answers_as_in_flagd() {
        let (free, nine) = (json!("free"), json!(9));
        let number = |order, value: Value| Test::order(order, &value).unwrap();
        for (test, default, expected) in [
            (Test::equals(&free).unwrap(), None, r#"x == "free""#),
            (
                Test::equals(&free).unwrap(),
                Some(&free),
                r#"x == "free" or x not exists"#,
            ),
            (Test::equals(&free).unwrap(), Some(&nine), r#"x == "free""#),
            (Test::equals(&Value::Null).unwrap(), None, "x not exists"),
            (Test::equals(&Value::Null).unwrap(), Some(&nine), "never"),
            (
                number(Order::Less, json!(18)),
                None,
                "x < 18 or x not exists",
            ),
            (
                number(Order::Less, json!(18)),
                Some(&nine),
                "x < 18 or x not exists",
            ),
            (number(Order::Greater, json!(18)), None, "x > 18"),
            (number(Order::AtMost, json!(-1)), None, "x <= -1"),
            (number(Order::Less, json!(5)), Some(&nine), "x < 5"),
            (
                Test::among(&[json!("a"), json!(1), json!("a"), json!(1.0), Value::Null]).unwrap(),
                None,
                r#"x in ["a", 1] or x not exists"#,
            ),
            (Test::among(&[]).unwrap(), None, "never"),
            (
                Test::starts_with("f"),
                Some(&free),
                r#"x starts_with "f" or x not exists"#,
            ),
            (
                Test::truthy(),
                None,
                r#"x exists and x not in ["", 0, false]"#,
            ),
            (Test::missing(), None, "x not exists"),
        ] {
            assert_eq!(of(&test, default), expected, "{test:?} {default:?}");
        }
        assert!(Test::equals(&json!([])).is_none());
        assert!(Test::among(&[json!(["a"])]).is_none());
        assert!(Test::order(Order::Less, &json!("18")).is_none());
    }

    #[test]
    fn versions_match_as_in_flagd() {
        for (operator, text, inside, outside) in [
            (
                "=",
                "v1",
                &["1.0.0", "1", "1.0.0+b"][..],
                &["1.0.1", "1.0.0-a", "x"][..],
            ),
            ("!=", "1.0.0", &["1.0.1", "0.9"], &["1.0.0", "v1", "x"]),
            ("<", "2.0.0", &["2.0.0-rc", "1.9"], &["2.0.0"]),
            (">=", "2.0.0-rc.1", &["2.0.0-rc.1", "2"], &["2.0.0-rc.0"]),
            (
                "^",
                "3.1.4",
                &["3.0.0", "3.9.9", "3.0.0-a", "3"],
                &["4.0.0-a", "2.9.9"],
            ),
            (
                "~",
                "3.1.4-x",
                &["3.1.0", "3.1.99", "3.1.0-a"],
                &["3.2.0-a", "3.0.9"],
            ),
        ] {
            let test = Test::version(operator, text).unwrap();
            for version in inside {
                assert!(test.holds(&json!(version)), "{version} {operator} {text}");
            }
            for version in outside {
                assert!(!test.holds(&json!(version)), "{version} {operator} {text}");
            }
            assert!(!test.holds(&Value::Null));
        }
        assert!(
            Test::version_flipped("<", "2.0.0")
                .unwrap()
                .holds(&json!("2.1.0"))
        );
        assert!(Test::version("===", "1.0.0").is_none());
        assert!(Test::version("=", "one").is_none());
        let last = Test::version("^", "18446744073709551615.0.0").unwrap();
        assert!(last.holds(&json!("18446744073709551615.1.0")));
    }
}
