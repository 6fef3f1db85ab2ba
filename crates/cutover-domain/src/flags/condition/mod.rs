pub(crate) mod check;
mod expression;
pub(crate) mod fingerprint;
pub(crate) mod limits;
pub(crate) mod number;
mod operator;
mod pattern;
pub(crate) mod sense;
pub(crate) mod stored;
pub(crate) mod version;

pub use expression::InvalidCondition;
pub use operator::{Bound, Literal, Operator};
pub use pattern::Pattern;

/// Whom a rule is about: tests over the attributes of a context, put together.
///
/// Stored as `{"attribute": "plan", "in": ["pro", "team"]}`, `{"all": […]}`, `{"any": […]}` and
/// `{"not": …}`. People write and read it as an expression, which reads back as it was printed:
///
/// ```
/// use cutover_domain::flags::{Condition, Operator};
///
/// let condition: Condition = r#"plan == "pro" and not beta exists"#.parse()?;
/// let built = Condition::All(vec![
///     Condition::test("plan", Operator::Equals("pro".into())),
///     Condition::Not(Box::new(Condition::test("beta", Operator::Exists(true)))),
/// ]);
/// assert_eq!(condition, built);
/// assert_eq!(
///     serde_json::to_string(&condition)?,
///     r#"{"all":[{"attribute":"plan","equals":"pro"},{"not":{"attribute":"beta","exists":true}}]}"#
/// );
/// assert_eq!(built.to_string(), r#"plan == "pro" and not beta exists"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// | operators of expressions | |
/// |---|---|
/// | `==` `!=` | text in double quotes as in JSON, a number, `true`, `false` |
/// | `<` `<=` `>` `>=` | a number; a version, bare when it has three numbers, else in quotes |
/// | `in` `not in` | `["pro", "team"]` |
/// | `starts_with` `ends_with` `contains` `matches` | text |
/// | `exists` `not exists` | |
/// | `not` `and` `or` `( )` | `not` binds most, `or` least |
/// | `always` `never` | an `all` and an `any` of nothing |
///
/// An attribute with another name than letters, digits, `_`, `.` and `-`, or with the name of an
/// operator, stands in backticks.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Every one holds. Of none it is always true.
    All(Vec<Condition>),
    /// At least one holds. Of none it is never true.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// One attribute passes one test.
    Test {
        /// The attribute's name. `unit` (also `targetingKey`) and `tenant` are those of the context.
        attribute: String,
        /// What is asked of it.
        operator: Operator,
    },
}

impl Condition {
    /// A test of one attribute.
    pub fn test(attribute: impl Into<String>, operator: Operator) -> Self {
        Self::Test {
            attribute: attribute.into(),
            operator,
        }
    }
}
