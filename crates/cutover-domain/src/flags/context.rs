use std::fmt;

use super::text::same;

/// Who is asking: the unit that is bucketed, its tenant, and attributes. Borrowed, so that asking
/// allocates nothing.
///
/// ```
/// use cutover_domain::flags::{Attribute, Context};
///
/// let context = Context::unit("dataset-7")
///     .with_tenant("acme")
///     .with_attributes(&[("plan", Attribute::Text("pro"))]);
/// assert_eq!(context.attribute("tenant"), Some(Attribute::Text("acme")));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Context<'a> {
    unit: Option<&'a str>,
    tenant: Option<&'a str>,
    attributes: &'a [(&'a str, Attribute<'a>)],
}

/// The value of one attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// Several values: groups, roles. A list in a list satisfies no test.
    List(&'a [Attribute<'a>]),
}

/// As JSON, so that texts and numbers can be told apart.
impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => serde_json::Value::from(*text).fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) if number.is_finite() => serde_json::Value::from(*number).fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(value) => value.fmt(f),
            Self::List(elements) => {
                f.write_str("[")?;
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    element.fmt(f)?;
                }
                f.write_str("]")
            }
        }
    }
}

/// A name, if it is one.
#[inline]
const fn unless_empty(name: &str) -> Option<&str> {
    if name.is_empty() { None } else { Some(name) }
}

impl<'a> Context<'a> {
    /// A context that names nobody: enough for flags that do not depend on who asks.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self {
            unit: None,
            tenant: None,
            attributes: &[],
        }
    }

    /// A context for one unit (OpenFeature: the targeting key). An empty text names none: all who
    /// have no id would be one unit.
    #[must_use]
    pub const fn unit(unit: &'a str) -> Self {
        Self {
            unit: unless_empty(unit),
            ..Self::anonymous()
        }
    }

    /// The same for a tenant. An empty text names none.
    #[must_use]
    pub const fn with_tenant(self, tenant: &'a str) -> Self {
        Self {
            tenant: unless_empty(tenant),
            ..self
        }
    }

    /// The same with attributes. The names `unit`, `targetingKey` and `tenant` are taken.
    #[must_use]
    pub const fn with_attributes(self, attributes: &'a [(&'a str, Attribute<'a>)]) -> Self {
        Self { attributes, ..self }
    }

    /// The unit, if one is named.
    #[must_use]
    pub const fn unit_id(&self) -> Option<&'a str> {
        self.unit
    }

    /// The tenant, if one is named.
    #[must_use]
    pub const fn tenant_id(&self) -> Option<&'a str> {
        self.tenant
    }

    /// An attribute by name, the unit and the tenant among them.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Attribute<'a>> {
        match name {
            "unit" | "targetingKey" => self.unit.map(Attribute::Text),
            "tenant" => self.tenant.map(Attribute::Text),
            _ => self.named(name),
        }
    }

    /// An attribute that is neither the unit nor the tenant.
    #[inline]
    pub(super) fn named(&self, name: &str) -> Option<Attribute<'a>> {
        self.attributes
            .iter()
            .find(|(key, _)| same(key, name))
            .map(|(_, value)| *value)
    }
}
