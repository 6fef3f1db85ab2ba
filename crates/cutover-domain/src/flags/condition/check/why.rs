use super::Check;
use crate::flags::{Condition, Context, FailedTest};

impl Check {
    /// The tests that keep it from holding: of an `all` the first, of an `any` each. Of a
    /// condition that holds there are none. Allocates; for people.
    pub(crate) fn failures(&self, context: &Context<'_>) -> Vec<FailedTest> {
        let mut found = Vec::new();
        if !self.holds(context) {
            self.blame(context, true, &mut found);
        }
        found
    }

    /// Why it is not as `wanted`, which it is known not to be.
    fn blame(&self, context: &Context<'_>, wanted: bool, found: &mut Vec<FailedTest>) {
        match self {
            Self::Not(inner) => inner.blame(context, !wanted, found),
            // One part is enough to make these what they are.
            Self::All(inner) if wanted => {
                if let Some(culprit) = inner.iter().find(|check| !check.holds(context)) {
                    culprit.blame(context, wanted, found);
                }
            }
            Self::Any(inner) if !wanted => {
                if let Some(culprit) = inner.iter().find(|check| check.holds(context)) {
                    culprit.blame(context, wanted, found);
                }
            }
            // To these each part contributes.
            Self::All(inner) | Self::Any(inner) => {
                for check in inner {
                    check.blame(context, wanted, found);
                }
            }
            Self::Test(subject, ask) => {
                let test = Condition::test(subject.name(), ask.operator());
                let test = if wanted {
                    test
                } else {
                    Condition::Not(Box::new(test))
                };
                found.push(FailedTest {
                    wanted: test.to_string(),
                    attribute: subject.name().to_owned(),
                    found: subject.find(context).map(|value| value.to_string()),
                });
            }
        }
    }
}
