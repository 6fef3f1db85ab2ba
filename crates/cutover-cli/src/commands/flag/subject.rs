//! Who asks: the options that make the context of an evaluation.

use clap::Args;
use cutover_domain::flags::{Attribute, Bucketing, Context as Asked, Definition, FlagKey, Tier};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::exit::Failure;
use crate::suggest::command;

#[derive(Args, Clone, Debug)]
pub(super) struct SubjectArgs {
    /// The tenant it belongs to
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// An attribute of who asks; numbers, true, false and JSON lists are read as such; may be
    /// repeated
    #[arg(long = "attr", value_name = "NAME=VALUE")]
    attributes: Vec<String>,
}

impl SubjectArgs {
    /// The words that give these options again, for a suggested command.
    pub(super) fn words(&self) -> Vec<String> {
        let tenant = self
            .tenant
            .iter()
            .flat_map(|tenant| naming(Some("tenant"), tenant));
        let attributes = self.attributes.iter().flat_map(|text| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            naming(Some(name), value)
        });
        tenant.chain(attributes).collect()
    }
}

/// The words that name who asks, for a suggested command: as a unit, or by the attribute that a
/// flag is rolled out by.
pub(super) fn naming(by: Option<&str>, value: &str) -> Vec<String> {
    let (option, value) = match by {
        None => ("--unit", value.to_owned()),
        Some("tenant") => ("--tenant", value.to_owned()),
        Some(by) => ("--attr", format!("{by}={value}")),
    };
    // A value that looks like an option is none when it is joined to its name.
    if value.starts_with('-') {
        vec![format!("{option}={value}")]
    } else {
        vec![option.to_owned(), value]
    }
}

/// `naming` for whoever is rolled out, before it is known who that is.
pub(super) fn naming_anybody(by: Option<&str>) -> Vec<String> {
    let placeholder = match by {
        None => "UNIT",
        Some("tenant") => "TENANT",
        Some(_) => "VALUE",
    };
    naming(by, placeholder)
}

/// What the share of a flag is counted in; `None` for units.
pub(super) fn rolled_out_by(definition: &Definition) -> Option<&str> {
    definition.rollout.as_ref()?.by.as_deref()
}

/// What a tier counts its shares in; `None` for units.
pub(super) fn counted_by<'a>(definition: &'a Definition, tier: &Tier) -> Option<&'a str> {
    match tier {
        Tier::Rule { index, .. } => definition.rules.get(*index)?.by.as_deref(),
        _ => rolled_out_by(definition),
    }
}

/// The formula by which a tier assigns buckets.
pub(super) fn bucketing(definition: &Definition, tier: &Tier) -> Bucketing {
    let formula = match tier {
        Tier::Rule { index, .. } => definition.rules.get(*index).map(|rule| rule.bucketing),
        _ => definition.rollout.as_ref().map(|rollout| rollout.bucketing),
    };
    formula.unwrap_or_default()
}

/// `flag status KEY` with who asks.
pub(super) fn status_command(key: &FlagKey, who: &[String]) -> String {
    let mut words = vec!["flag", "status", key.as_str()];
    words.extend(who.iter().map(String::as_str));
    command(&words)
}

/// The context of an evaluation, with the texts that it borrows.
pub(super) struct Subject {
    tenant: Option<String>,
    attributes: Vec<(String, Owned)>,
}

enum Owned {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    List(Vec<Owned>),
}

impl Subject {
    pub(super) fn read(args: &SubjectArgs) -> Result<Self, Failure> {
        let mut subject = Self {
            tenant: args.tenant.clone(),
            attributes: Vec::new(),
        };
        for text in &args.attributes {
            let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty())
            else {
                return Err(Failure::usage(format_args!("`{text}` is no attribute"))
                    .hint("write --attr NAME=VALUE, for example --attr plan=pro"));
            };
            match name {
                "unit" | "targetingKey" => {
                    return Err(Failure::usage(
                        "the unit is no attribute; write --unit UNIT",
                    ));
                }
                "tenant" if subject.tenant.is_none() => subject.tenant = Some(value.to_owned()),
                _ if name == "tenant"
                    || subject.attributes.iter().any(|(known, _)| known == name) =>
                {
                    return Err(Failure::usage(format_args!(
                        "the attribute {name} is given twice"
                    )));
                }
                _ => {
                    let value = Owned::read(value).ok_or_else(|| {
                        let problem = format_args!(
                            "{name}: a list of anything but texts, numbers and truth values is \
                             never asked about"
                        );
                        Failure::usage(problem).hint(
                            "write [\"staff\", \"beta\"], for example; larger numbers as texts",
                        )
                    })?;
                    subject.attributes.push((name.to_owned(), value));
                }
            }
        }
        Ok(subject)
    }

    /// The lists among the attributes, in the form that these borrow.
    pub(super) fn lists(&self) -> Vec<Vec<Attribute<'_>>> {
        let lists = self.attributes.iter().filter_map(|(_, value)| match value {
            Owned::List(items) => Some(items.iter().map(Owned::borrowed).collect()),
            _ => None,
        });
        lists.collect()
    }

    /// Ready to ask; `lists` are those of this subject.
    pub(super) fn asking<'a>(&'a self, lists: &'a [Vec<Attribute<'a>>]) -> Asking<'a> {
        let mut lists = lists.iter();
        let mut borrowed = |value: &'a Owned| match value {
            Owned::List(_) => Attribute::List(lists.next().map(Vec::as_slice).unwrap_or_default()),
            scalar => scalar.borrowed(),
        };
        let attributes = self.attributes.iter();
        Asking {
            tenant: self.tenant.as_deref(),
            attributes: attributes
                .map(|(name, value)| (name.as_str(), borrowed(value)))
                .collect(),
        }
    }

    /// Whether nothing is known about who asks.
    pub(super) fn is_empty(&self) -> bool {
        self.tenant.is_none() && self.attributes.is_empty()
    }
}

/// What is known about who asks, whoever the unit is.
pub(super) struct Asking<'a> {
    pub(super) tenant: Option<&'a str>,
    pub(super) attributes: Vec<(&'a str, Attribute<'a>)>,
}

impl Asking<'_> {
    /// The context for a unit.
    pub(super) fn by<'b>(&'b self, unit: Option<&'b str>) -> Asked<'b> {
        let asked = unit
            .map_or(Asked::anonymous(), Asked::unit)
            .with_attributes(&self.attributes);
        match self.tenant {
            Some(tenant) => asked.with_tenant(tenant),
            None => asked,
        }
    }
}

impl Owned {
    /// What a text says; `None` for a list of something else than texts, numbers and truth values.
    fn read(text: &str) -> Option<Self> {
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) else {
            return Some(Self::scalar(text).unwrap_or_else(|| Self::Text(text.to_owned())));
        };
        let items = items.into_iter().map(|item| Self::scalar(item.get()));
        items.collect::<Option<_>>().map(Self::List)
    }

    /// What the text of a JSON scalar says.
    fn scalar(text: &str) -> Option<Self> {
        match serde_json::from_str(text).ok()? {
            Value::Bool(value) => Some(Self::Boolean(value)),
            Value::String(quoted) => Some(Self::Text(quoted)),
            Value::Number(number) => Some(match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Self::Integer(integer),
                // An id of more than 64 bits is text: as a number it would lose digits.
                (None, Some(value)) if text.contains(['.', 'e', 'E']) => Self::Number(value),
                _ => Self::Text(text.to_owned()),
            }),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The form that a context borrows. A list is borrowed from elsewhere.
    fn borrowed(&self) -> Attribute<'_> {
        match self {
            Self::Text(text) => Attribute::Text(text),
            Self::Integer(number) => Attribute::Integer(*number),
            Self::Number(number) => Attribute::Number(*number),
            Self::Boolean(value) => Attribute::Boolean(*value),
            Self::List(_) => Attribute::List(&[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &[&str]) -> Result<Subject, Failure> {
        let attributes = attributes.iter().map(|text| (*text).to_owned()).collect();
        Subject::read(&SubjectArgs {
            tenant: None,
            attributes,
        })
    }

    #[test]
    fn attributes_have_the_type_that_they_look_like() {
        for (text, expected) in [
            ("x=pro", Attribute::Text("pro")),
            ("x=7", Attribute::Integer(7)),
            ("x=07", Attribute::Text("07")),
            ("x=7.5", Attribute::Number(7.5)),
            ("x=true", Attribute::Boolean(true)),
            ("x=\"7\"", Attribute::Text("7")),
            (
                "x=99999999999999999999",
                Attribute::Text("99999999999999999999"),
            ),
            ("x=a=b", Attribute::Text("a=b")),
            ("x=", Attribute::Text("")),
        ] {
            let subject = read(&[text]).unwrap();
            assert_eq!(subject.asking(&[]).attributes, [("x", expected)], "{text}");
        }
    }

    #[test]
    fn a_list_has_the_types_of_its_elements() {
        let subject = read(&[
            "a=[\"x\", 7]",
            "plain=[",
            "b=[true, 1.5, 99999999999999999999]",
            "c=[]",
        ]);
        let subject = subject.unwrap();
        let lists = subject.lists();
        let (a, b) = (
            [Attribute::Text("x"), Attribute::Integer(7)],
            [
                Attribute::Boolean(true),
                Attribute::Number(1.5),
                Attribute::Text("99999999999999999999"),
            ],
        );
        assert_eq!(
            subject.asking(&lists).attributes,
            [
                ("a", Attribute::List(&a)),
                ("plain", Attribute::Text("[")),
                ("b", Attribute::List(&b)),
                ("c", Attribute::List(&[])),
            ]
        );
    }

    #[test]
    fn the_tenant_may_be_written_as_an_attribute() {
        let subject = read(&["tenant=acme"]).unwrap();
        assert_eq!(subject.asking(&[]).by(None).tenant_id(), Some("acme"));
    }

    #[test]
    fn what_is_no_attribute_is_refused() {
        for attributes in [
            &["x"] as &[&str],
            &["=x"],
            &["unit=u"],
            &["x=1", "x=2"],
            &["tenant=a", "tenant=b"],
            &["x=[[1]]"],
            &["x=[null]"],
        ] {
            assert!(read(attributes).is_err(), "{attributes:?}");
        }
    }
}
