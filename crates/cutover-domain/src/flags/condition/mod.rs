mod operator;
mod stored;

pub use operator::{Bound, Literal, Operator, Pattern};

/// Whom a rule is about: tests over the attributes of a context, put together.
///
/// Stored as `{"attribute": "plan", "in": ["pro", "team"]}`, `{"all": […]}`, `{"any": […]}` and
/// `{"not": …}`.
///
/// ```
/// use cutover_domain::flags::{Condition, Operator};
///
/// let stored = r#"{"all":[{"attribute":"plan","equals":"pro"},{"not":{"attribute":"beta","exists":true}}]}"#;
/// let condition: Condition = serde_json::from_str(stored)?;
/// let built = Condition::All(vec![
///     Condition::test("plan", Operator::Equals("pro".into())),
///     Condition::Not(Box::new(Condition::test("beta", Operator::Exists(true)))),
/// ]);
/// assert_eq!(condition, built);
/// assert_eq!(serde_json::to_string(&built)?, stored);
/// # Ok::<(), serde_json::Error>(())
/// ```
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
