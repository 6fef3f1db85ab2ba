//! Redaction rules as they are written: in code, and as the `redact` list of a rules file.

use std::fmt;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::reach::PathRedaction;
use super::secret_texts::secret_texts;
use super::text::TextRedaction;
use super::{Compiled, RedactAction, Redaction};

/// The word of a rules file for [`RedactionRules::secrets`].
const SECRETS: &str = "secrets";

/// What must not be kept, collected rule by rule and checked together.
///
/// The stored shape is the `redact` list of a rules file: a path, the word `secrets`, or a table
/// with a path, a text pattern or that word, and what becomes of it.
///
/// ```
/// use cutover_domain::comparison::{RedactAction, RedactionRules};
///
/// let rules: RedactionRules = serde_json::from_str(r#"[
///     "secrets",
///     "$..iban",
///     {"path": "$.user.id", "action": "hash"},
///     {"text": "order-(\\d+)"}
/// ]"#)?;
/// assert_eq!(rules, RedactionRules::new()
///     .secrets()
///     .path("$..iban", RedactAction::Mask)
///     .path("$.user.id", RedactAction::Hash)
///     .text(r"order-(\d+)", RedactAction::Mask));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedactionRules {
    entries: Vec<Entry>,
    /// A secret, so it is in no rules file.
    #[serde(skip)]
    salt: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Entry {
    #[serde(flatten)]
    what: What,
    #[serde(skip_serializing_if = "is_mask")]
    action: RedactAction,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Path(String),
    Text(String),
    Names(String),
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn is_mask(action: &RedactAction) -> bool {
    *action == RedactAction::Mask
}

/// Everything that is wrong with redaction rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the redaction rules cannot be used: {}", .problems.join("; "))]
pub struct RedactionError {
    /// One text for each problem, naming the rule.
    pub problems: Vec<String>,
}

impl RedactionRules {
    /// No rules: everything may be kept.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Masks members whose name speaks of a secret (`password`, `token`, `secret`, `session`,
    /// `authorization`, `api_key`, …, in whatever case and with or without `_` and `-`), and texts
    /// that look like one (`Bearer …`, `password=…`, `ghp_…`, private keys, …): all are listed in
    /// `docs/recording.md`. Takes time proportional to the text.
    #[must_use]
    pub fn secrets(self) -> Self {
        self.entry(What::Names(SECRETS.to_owned()), RedactAction::Mask)
    }

    /// Redacts what stands at a path, JSONPath (RFC 9535) without filter expressions.
    #[must_use]
    pub fn path(self, path: impl Into<String>, action: RedactAction) -> Self {
        self.entry(What::Path(path.into()), action)
    }

    /// Redacts what a regular expression matches in any text; where it has groups, only those.
    /// Matching takes time proportional to the text, whatever the expression.
    #[must_use]
    pub fn text(self, pattern: impl Into<String>, action: RedactAction) -> Self {
        self.entry(What::Text(pattern.into()), action)
    }

    /// The salt of [`RedactAction::Hash`]: a secret that is the same wherever tokens are to be
    /// comparable. It is never written to a rules file.
    #[must_use]
    pub fn salt(mut self, salt: impl Into<String>) -> Self {
        self.salt = Some(salt.into());
        self
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// These rules and others; a salt of the others holds for all.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.entries.extend(others.entries);
        self.salt = others.salt.or(self.salt);
        self
    }

    fn entry(mut self, what: What, action: RedactAction) -> Self {
        self.entries.push(Entry { what, action });
        self
    }

    /// Checks the rules and makes them ready to use.
    ///
    /// # Errors
    ///
    /// [`RedactionError`] with every problem at once.
    pub fn build(&self) -> Result<Redaction, RedactionError> {
        let mut rules = Compiled::default();
        let mut problems = Vec::new();
        for Entry { what, action } in &self.entries {
            match what {
                What::Path(path) => match PathRedaction::new(path, *action) {
                    Ok(rule) => rules.paths.push(rule),
                    Err(error) => problems.push(format!("redact: {error}")),
                },
                What::Text(pattern) => match TextRedaction::pattern(pattern, *action) {
                    Ok(rule) => rules.texts.push(rule),
                    Err(error) => problems.push(format!("redact text `{pattern}`: {error}")),
                },
                What::Names(word) if word == SECRETS => {
                    rules.secret_names = rules.secret_names.max(Some(*action));
                    rules.texts.extend(secret_texts(*action));
                }
                What::Names(word) => problems.push(format!(
                    "redact: there is no set of names `{word}`; there is `{SECRETS}`"
                )),
            }
        }
        if rules.paths.len() > usize::from(u16::MAX) {
            problems.push("redact: there are more than 65,535 paths".to_owned());
        }
        let hashes = self
            .entries
            .iter()
            .any(|entry| entry.action == RedactAction::Hash);
        match &self.salt {
            Some(salt) if !salt.is_empty() => rules.salt.clone_from(salt),
            _ if hashes => problems.push(
                "redact: the action `hash` needs a salt, or every value could be found by trying; \
                 set one that is not in the rules"
                    .to_owned(),
            ),
            _ => {}
        }
        if !problems.is_empty() {
            return Err(RedactionError { problems });
        }
        Ok(Redaction(
            (!self.entries.is_empty()).then(|| Arc::new(rules)),
        ))
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, the word `secrets`, or a table with `path`, `text` or `names`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Entry, E> {
        let what = match text {
            path if path.starts_with('$') => What::Path(path.to_owned()),
            SECRETS => What::Names(SECRETS.to_owned()),
            other => {
                return Err(E::custom(format_args!(
                    "`{other}` is neither a path, which starts with `$`, nor the word `{SECRETS}`; \
                     a text pattern is written {{ text = '…' }}"
                )));
            }
        };
        let action = RedactAction::Mask;
        Ok(Entry { what, action })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            path: Option<String>,
            text: Option<String>,
            names: Option<String>,
            #[serde(default)]
            action: RedactAction,
        }
        let table = Table::deserialize(MapAccessDeserializer::new(map))?;
        let what = match (table.path, table.text, table.names) {
            (Some(path), None, None) => What::Path(path),
            (None, Some(pattern), None) => What::Text(pattern),
            (None, None, Some(word)) => What::Names(word),
            _ => {
                return Err(de::Error::custom(
                    "what to redact is one of `path`, `text` and `names`",
                ));
            }
        };
        let action = table.action;
        Ok(Entry { what, action })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_told_at_once() {
        let error = RedactionRules::new()
            .path("password", RedactAction::Mask)
            .text("(", RedactAction::Mask)
            .path("$.id", RedactAction::Hash)
            .build()
            .unwrap_err();
        assert_eq!(error.problems.len(), 3, "{error}");
        assert!(
            error.problems[0].contains("a path starts with `$`"),
            "{error}"
        );
        assert!(error.problems[1].contains("redact text `(`"), "{error}");
        assert!(error.problems[2].contains("needs a salt"), "{error}");
    }

    #[test]
    fn the_list_of_a_rules_file_is_read_back_as_it_was_written() {
        let rules = RedactionRules::new()
            .secrets()
            .path("$.a", RedactAction::Drop)
            .text("b+", RedactAction::Hash);
        let json = serde_json::to_string(&rules).unwrap();
        assert_eq!(
            json,
            r#"[{"names":"secrets"},{"path":"$.a","action":"drop"},{"text":"b+","action":"hash"}]"#
        );
        assert_eq!(
            serde_json::from_str::<RedactionRules>(&json).unwrap(),
            rules
        );
    }

    #[test]
    fn a_rule_that_is_none_says_what_is_wanted() {
        for (json, wanted) in [
            (r#"["password"]"#, "nor the word `secrets`"),
            (
                r#"[{"path":"$.a","text":"b"}]"#,
                "one of `path`, `text` and `names`",
            ),
            (
                r#"[{"action":"mask"}]"#,
                "one of `path`, `text` and `names`",
            ),
            (r#"[{"paht":"$.a"}]"#, "unknown field `paht`"),
            (
                r#"[{"path":"$.a","action":"hide"}]"#,
                "unknown variant `hide`",
            ),
            ("[3]", "a path, the word `secrets`"),
        ] {
            let error = serde_json::from_str::<RedactionRules>(json).unwrap_err();
            assert!(error.to_string().contains(wanted), "{json}: {error}");
        }
    }

    #[test]
    fn no_rules_make_a_redaction_of_nothing() {
        assert!(RedactionRules::new().build().unwrap().is_empty());
        assert!(Redaction::default().is_empty());
    }
}
