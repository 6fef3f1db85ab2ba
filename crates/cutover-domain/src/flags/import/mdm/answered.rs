//! What the code behind the file answered, down to where it failed.

use serde_json::Value;

use super::{Entry, Mdm, Share};
use crate::flags::{Bucketing, FlagValue};

/// What the code behind the file answered to one unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// This.
    Value(FlagValue),
    /// Nothing: it ended in an exception.
    Failed,
}

impl Mdm {
    /// What the code behind the file answered for this flag (its key here) to `unit`; `None` when
    /// the file does not know it.
    ///
    /// For a switch that is `is_enabled_for_user`, for an A/B test whether the unit got the
    /// treatment, for anything else the value.
    #[must_use]
    pub fn answered(&self, key: &str, unit: &str) -> Option<Answered> {
        Some(match self.entries.get(key)? {
            Entry::Typed(value) => Answered::Value(value.clone()),
            Entry::Switch { value, .. } if truth(value) => Answered::Value(true.into()),
            Entry::Switch { share, .. } => match share {
                Some(share) if share.is_read => within(share, Bucketing::Md5Unsalted, "", unit),
                _ => Answered::Value(false.into()),
            },
            Entry::Test { name, share } => within(share, Bucketing::Md5, name, unit),
        })
    }
}

/// Whether the unit's bucket is below the percentage, as Python compares.
fn within(share: &Share, bucketing: Bucketing, salt: &str, unit: &str) -> Answered {
    let percentage = match &share.value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(true) => Some(1.0),
        Value::Bool(false) => Some(0.0),
        _ => None,
    };
    match percentage {
        Some(percentage) => {
            let bucket = bucketing.bucket(salt, unit).thousandths() / 1000;
            Answered::Value((f64::from(bucket) < percentage).into())
        }
        None => Answered::Failed,
    }
}

/// What Python takes for true.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_is_pythons() {
        for (text, expected) in [
            ("null", false),
            ("0", false),
            ("0.0", false),
            ("-1", true),
            ("\"\"", false),
            ("\"off\"", true),
            ("[]", false),
            ("[0]", true),
            ("{}", false),
            ("{\"a\":0}", true),
        ] {
            assert_eq!(
                truth(&serde_json::from_str(text).unwrap()),
                expected,
                "{text}"
            );
        }
    }
}
