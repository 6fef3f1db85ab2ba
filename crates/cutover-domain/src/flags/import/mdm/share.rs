//! A percentage as the file has it, with everything that Python takes for a number.

use serde_json::Value;

use super::Nested;
use crate::Percentage;
use crate::flags::FlagKey;
use crate::flags::import::{Level, Notes};

/// A percentage of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Share {
    /// Where it stands.
    pub(super) path: String,
    /// What stands there.
    pub(super) value: Value,
    /// Whether the code behind the file read it.
    pub(super) is_read: bool,
    /// What it is worth; absent when it is no number at all.
    pub(super) percentage: Option<Percentage>,
}

impl Share {
    pub(super) fn read(value: &Value, path: String, is_read: bool, notes: &mut Notes) -> Self {
        let (percentage, remark) = match value {
            Value::Number(number) => of_number(number),
            // In Python a truth value is a number.
            Value::Bool(true) => (
                Percentage::from_percent(1),
                Some((
                    Level::Warning,
                    "true counted as the number 1, so it is 1 %".to_owned(),
                )),
            ),
            Value::Bool(false) => (
                Some(Percentage::ZERO),
                Some((Level::Info, "false counted as the number 0".to_owned())),
            ),
            Value::String(text) => match text.parse::<Percentage>() {
                Ok(share) => {
                    let message = format!(
                        "it is a text, which its code could not compare with a number; it becomes \
                         {share} %"
                    );
                    (Some(share), Some((Level::Warning, message)))
                }
                Err(error) => (None, Some((Level::Lost, error.to_string()))),
            },
            _ => {
                let message = format!("{} is no percentage", kind(value));
                (None, Some((Level::Lost, message)))
            }
        };
        if let Some((level, message)) = remark {
            // What nobody read is no loss.
            let level = if is_read {
                level
            } else {
                level.min(Level::Warning)
            };
            notes.add(level, &path, message);
        }
        Self {
            path,
            value: value.clone(),
            is_read,
            percentage,
        }
    }

    /// The percentage that a switch gets which is `on` for everybody, or not.
    pub(super) fn of_switch(
        &self,
        key: &FlagKey,
        on: bool,
        nested: Nested,
        notes: &mut Notes,
    ) -> Option<Percentage> {
        let share = self.percentage?;
        if share.is_zero() {
            return (!on).then_some(share);
        }
        let (kept, level, message) = match (on, self.is_read, nested) {
            (true, _, _) => (
                None,
                Level::Info,
                format!("{key} is on for everybody; the {share} % decided nothing"),
            ),
            (false, true, _) => (
                Some(share),
                Level::Info,
                format!("{share} % of the units get {key}, the same ones as before"),
            ),
            (false, false, Nested::Live) => (
                Some(share),
                Level::Warning,
                format!(
                    "its code never read percentages that stand here, so nobody had {key}; \
                     importing makes the {share} % live"
                ),
            ),
            (false, false, Nested::AsAnswered) => (
                Some(Percentage::ZERO),
                Level::Warning,
                format!(
                    "its code never read percentages that stand here, so nobody had {key}; the \
                     {share} % become 0 %, as it answered"
                ),
            ),
        };
        notes.add(level, &self.path, message);
        kept
    }
}

/// A number as a percentage. Buckets are whole percents, so a fourth decimal is rounded up to the
/// third without moving anybody.
fn of_number(number: &serde_json::Number) -> (Option<Percentage>, Option<(Level, String)>) {
    if let Ok(share) = number.to_string().parse() {
        return (Some(share), None);
    }
    let value = number.as_f64().unwrap_or(0.0);
    if value <= 0.0 {
        let message = format!("{number} counted as nobody, so it is 0 %");
        return (Some(Percentage::ZERO), Some((Level::Warning, message)));
    }
    if value >= 100.0 {
        let message = format!("{number} counted as everybody, so it is 100 %");
        return (Some(Percentage::FULL), Some((Level::Warning, message)));
    }
    let share = rounded_up(value);
    let message = format!(
        "{number} has more than three decimals and becomes {share} %, which \
                           reaches the same units"
    );
    (Some(share), Some((Level::Info, message)))
}

/// The percentage with three decimals that lets in the same whole-percent buckets as `value`,
/// which is above 0 and below 100.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is above 0 and at most 100,000"
)]
fn rounded_up(value: f64) -> Percentage {
    let last_bucket = (value.ceil() - 1.0) as u32;
    let thousandths = (value * 1000.0).ceil() as u32;
    let thousandths = thousandths.clamp(last_bucket * 1000 + 1, (last_bucket + 1) * 1000);
    Percentage::from_thousandths(thousandths).unwrap_or(Percentage::FULL)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        _ => "it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_python_compares_with_a_number_reaches_the_same_buckets() {
        for (text, expected) in [
            ("0", Some("0")),
            ("25", Some("25")),
            ("12.5", Some("12.5")),
            ("12.345", Some("12.345")),
            ("12.3456", Some("12.346")),
            ("7.0000000000000009", Some("7.001")),
            ("0.00000001", Some("0.001")),
            ("99.9999", Some("100")),
            ("1e1", Some("10")),
            ("-3", Some("0")),
            ("100.5", Some("100")),
            ("1e300", Some("100")),
            ("true", Some("1")),
            ("false", Some("0")),
            ("\"12.5\"", Some("12.5")),
            ("\"half\"", None),
            ("null", None),
            ("[]", None),
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let mut notes = Notes::default();
            let share = Share::read(&value, "$".to_owned(), true, &mut notes);
            let shown = share.percentage.map(|share| share.to_string());
            assert_eq!(shown.as_deref(), expected, "{text}");
            let lost = notes.0.iter().any(|note| note.level == Level::Lost);
            assert_eq!(lost, expected.is_none(), "{text}");
        }
    }
}
