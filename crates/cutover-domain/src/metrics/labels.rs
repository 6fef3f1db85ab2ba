//! The labels that tell the series of one metric apart.
//!
//! ```
//! use cutover_domain::metrics::Labels;
//!
//! let labels = Labels::from_iter([("operation", "dataset.register"), ("implementation", "new")]);
//! assert_eq!(
//!     labels.series_name("calls_total"),
//!     r#"calls_total{implementation="new",operation="dataset.register"}"#,
//! );
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Label names and values, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// The labels of the series that takes what no longer fits under a cap.
    #[must_use]
    pub fn overflow() -> Self {
        Self::from_iter([("overflow", "true")])
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// These labels and one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The notation of Prometheus for one series: `name{label="value"}`, values escaped so that a
    /// hostile one stays one line and one value; the bare name without labels.
    #[must_use]
    pub fn series_name(&self, metric: &str) -> String {
        let mut text = metric.to_owned();
        for (index, (name, value)) in self.0.iter().enumerate() {
            text.push(if index == 0 { '{' } else { ',' });
            text.push_str(name);
            text.push_str("=\"");
            for character in value.chars() {
                match character {
                    '\\' => text.push_str("\\\\"),
                    '"' => text.push_str("\\\""),
                    '\n' => text.push_str("\\n"),
                    other => text.push(other),
                }
            }
            text.push('"');
        }
        if !self.0.is_empty() {
            text.push('}');
        }
        text
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(labels: I) -> Self {
        Self(
            labels
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_value_stays_one_quoted_value() {
        let labels = Labels::from_iter([("operation", "a\"} 1\nb\\")]);
        assert_eq!(labels.series_name("m"), r#"m{operation="a\"} 1\nb\\"}"#);
    }

    #[test]
    fn no_labels_is_the_bare_name() {
        assert_eq!(Labels::default().series_name("m"), "m");
    }
}
