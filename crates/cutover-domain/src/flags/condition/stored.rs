use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Condition, Operator};

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::All(conditions) => map.serialize_entry("all", conditions)?,
            Self::Any(conditions) => map.serialize_entry("any", conditions)?,
            Self::Not(condition) => map.serialize_entry("not", condition)?,
            Self::Test {
                attribute,
                operator,
            } => {
                map.serialize_entry("attribute", attribute)?;
                let word = operator.word();
                match operator {
                    Operator::Equals(literal) => map.serialize_entry(word, literal)?,
                    Operator::In(literals) => map.serialize_entry(word, literals)?,
                    Operator::StartsWith(text)
                    | Operator::EndsWith(text)
                    | Operator::Contains(text) => map.serialize_entry(word, text)?,
                    Operator::Matches(pattern) => map.serialize_entry(word, pattern)?,
                    Operator::LessThan(bound)
                    | Operator::AtMost(bound)
                    | Operator::GreaterThan(bound)
                    | Operator::AtLeast(bound) => map.serialize_entry(word, bound)?,
                    Operator::Exists(there) => map.serialize_entry(word, there)?,
                }
            }
        }
        map.end()
    }
}

/// The fields of conditions.
pub(crate) const FIELDS: [&str; 15] = [
    "attribute",
    "all",
    "any",
    "not",
    "equals",
    "in",
    "starts_with",
    "ends_with",
    "contains",
    "matches",
    "less_than",
    "at_most",
    "greater_than",
    "at_least",
    "exists",
];

/// What a condition consists of, said in every refusal.
pub(crate) const SHAPE: &str = "a condition has `all`, `any` or `not`, or `attribute` with one of \
     equals, in, starts_with, ends_with, contains, matches, less_than, at_most, greater_than, \
     at_least and exists";

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ConditionVisitor)
    }
}

struct ConditionVisitor;

/// What was read of a condition so far: fields come in any order.
#[derive(Default)]
struct Parts {
    attribute: Option<String>,
    operator: Option<Operator>,
    composed: Option<Condition>,
}

impl<'de> Visitor<'de> for ConditionVisitor {
    type Value = Condition;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a condition")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Condition, A::Error> {
        let mut parts = Parts::default();
        while let Some(word) = map.next_key::<Word>()? {
            match word {
                Word::Attribute => parts.attribute(map.next_value()?)?,
                Word::All => parts.compose(Condition::All(map.next_value()?))?,
                Word::Any => parts.compose(Condition::Any(map.next_value()?))?,
                Word::Not => parts.compose(Condition::Not(map.next_value()?))?,
                Word::Equals => parts.ask(Operator::Equals(map.next_value()?))?,
                Word::In => parts.ask(Operator::In(map.next_value()?))?,
                Word::StartsWith => parts.ask(Operator::StartsWith(map.next_value()?))?,
                Word::EndsWith => parts.ask(Operator::EndsWith(map.next_value()?))?,
                Word::Contains => parts.ask(Operator::Contains(map.next_value()?))?,
                Word::Matches => parts.ask(Operator::Matches(map.next_value()?))?,
                Word::LessThan => parts.ask(Operator::LessThan(map.next_value()?))?,
                Word::AtMost => parts.ask(Operator::AtMost(map.next_value()?))?,
                Word::GreaterThan => parts.ask(Operator::GreaterThan(map.next_value()?))?,
                Word::AtLeast => parts.ask(Operator::AtLeast(map.next_value()?))?,
                Word::Exists => parts.ask(Operator::Exists(map.next_value()?))?,
                Word::Other(word) => {
                    map.next_value::<IgnoredAny>()?;
                    return Err(de::Error::custom(format_args!(
                        "a condition has no field `{word}`: {SHAPE}"
                    )));
                }
            }
        }
        match parts {
            Parts {
                attribute: None,
                operator: None,
                composed: Some(condition),
            } => Ok(condition),
            Parts {
                attribute: Some(attribute),
                operator: Some(operator),
                composed: None,
            } => Ok(Condition::Test {
                attribute,
                operator,
            }),
            _ => Err(de::Error::custom(SHAPE)),
        }
    }
}

impl Parts {
    fn attribute<E: de::Error>(&mut self, name: String) -> Result<(), E> {
        only(self.attribute.replace(name))
    }

    fn ask<E: de::Error>(&mut self, operator: Operator) -> Result<(), E> {
        only(self.operator.replace(operator))
    }

    fn compose<E: de::Error>(&mut self, condition: Condition) -> Result<(), E> {
        only(self.composed.replace(condition))
    }
}

fn only<T, E: de::Error>(earlier: Option<T>) -> Result<(), E> {
    match earlier {
        Some(_) => Err(E::custom(format_args!(
            "a condition asks one thing, this one asks two: {SHAPE}"
        ))),
        None => Ok(()),
    }
}

/// A field of a condition. Read without copying the ten thousand same words of a document.
enum Word {
    Attribute,
    All,
    Any,
    Not,
    Equals,
    In,
    StartsWith,
    EndsWith,
    Contains,
    Matches,
    LessThan,
    AtMost,
    GreaterThan,
    AtLeast,
    Exists,
    Other(String),
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordVisitor;

        impl Visitor<'_> for WordVisitor {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field of a condition")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Word, E> {
                Ok(match word {
                    "attribute" => Word::Attribute,
                    "all" => Word::All,
                    "any" => Word::Any,
                    "not" => Word::Not,
                    "equals" => Word::Equals,
                    "in" => Word::In,
                    "starts_with" => Word::StartsWith,
                    "ends_with" => Word::EndsWith,
                    "contains" => Word::Contains,
                    "matches" => Word::Matches,
                    "less_than" => Word::LessThan,
                    "at_most" => Word::AtMost,
                    "greater_than" => Word::GreaterThan,
                    "at_least" => Word::AtLeast,
                    "exists" => Word::Exists,
                    other => Word::Other(other.to_owned()),
                })
            }
        }

        deserializer.deserialize_identifier(WordVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bound, Literal, Pattern};
    use super::*;

    fn read(text: &str) -> Result<Condition, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_operator_is_stored_by_its_word() {
        let text = |text: &str| text.to_owned();
        let operators = [
            (Operator::Equals(Literal::Integer(7)), r#""equals":7"#),
            (Operator::Equals(Literal::Number(7.5)), r#""equals":7.5"#),
            (Operator::Equals(Literal::Boolean(true)), r#""equals":true"#),
            (Operator::In(vec!["a".into(), 1.into()]), r#""in":["a",1]"#),
            (Operator::StartsWith(text("a")), r#""starts_with":"a""#),
            (Operator::EndsWith(text("a")), r#""ends_with":"a""#),
            (Operator::Contains(text("a")), r#""contains":"a""#),
            (Operator::Matches(Pattern::new("^a")), r#""matches":"^a""#),
            (Operator::LessThan(Bound::Integer(3)), r#""less_than":3"#),
            (Operator::AtMost(Bound::Number(0.5)), r#""at_most":0.5"#),
            (
                Operator::GreaterThan(Bound::Integer(-1)),
                r#""greater_than":-1"#,
            ),
            (
                Operator::AtLeast(Bound::Version(text("1.4.0"))),
                r#""at_least":"1.4.0""#,
            ),
            (Operator::Exists(false), r#""exists":false"#),
        ];
        for (operator, stored) in operators {
            let condition = Condition::test("x", operator);
            let stored = format!(r#"{{"attribute":"x",{stored}}}"#);
            assert_eq!(serde_json::to_string(&condition).unwrap(), stored);
            assert_eq!(read(&stored).unwrap(), condition);
            let value: serde_json::Value = serde_json::from_str(&stored).unwrap();
            assert_eq!(
                serde_json::from_value::<Condition>(value).unwrap(),
                condition
            );
        }
    }

    #[test]
    fn fields_come_in_any_order() {
        let condition = Condition::test("x", Operator::Exists(true));
        assert_eq!(
            read(r#"{"exists":true,"attribute":"x"}"#).unwrap(),
            condition
        );
    }

    #[test]
    fn what_is_no_condition_is_refused_with_what_would_be() {
        for text in [
            "{}",
            r#"{"attribute":"x"}"#,
            r#"{"equals":1}"#,
            r#"{"attribute":"x","equals":1,"in":[]}"#,
            r#"{"attribute":"x","equals":1,"equals":1}"#,
            r#"{"all":[],"any":[]}"#,
            r#"{"all":[],"attribute":"x","equals":1}"#,
            r#"{"attribute":"x","equal":1}"#,
        ] {
            let refusal = read(text).unwrap_err();
            assert!(refusal.contains("a condition"), "{text}: {refusal}");
        }
        for text in [
            "7",
            r#"{"attribute":"x","equals":null}"#,
            r#"{"attribute":"x","at_least":true}"#,
            r#"{"attribute":"x","exists":1}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
