//! A flag as it is answered: its definition with its key, and what follows from it.

use std::io::{self, Write};

use cutover_domain::flags::{Definition, FlagKey, FlagValue};
use serde::Serialize;

use super::describe::{answer, answers, restored};
use super::masks::LaidOver;
use super::rule_words::{called, in_full};
use crate::output::{Page, printable};

/// The definition of a flag with its key and the value of its default.
#[derive(Serialize)]
pub(super) struct FlagView<'a> {
    pub(super) key: &'a FlagKey,
    /// What the default variant answers.
    pub(super) value: Option<&'a FlagValue>,
    #[serde(flatten)]
    pub(super) definition: &'a Definition,
    #[serde(flatten)]
    pub(super) laid_over: LaidOver<'a>,
}

impl<'a> FlagView<'a> {
    pub(super) fn new(key: &'a FlagKey, definition: &'a Definition) -> Self {
        Self {
            key,
            value: definition.variants.get(&definition.default),
            definition,
            laid_over: LaidOver::default(),
        }
    }

    /// The same with what variables do to the flag.
    pub(super) fn under(self, laid_over: LaidOver<'a>) -> Self {
        Self { laid_over, ..self }
    }

    /// One line per field that says something.
    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Definition {
            overrides,
            requires,
            rollout,
            ..
        } = self.definition;
        let mut field = |name: &str, value: &str| writeln!(page, "{name:<12} {value}");
        field("key", self.key.as_str())?;
        if let Some(description) = &self.definition.description {
            field("description", &printable(description))?;
        }
        field("type", self.definition.kind.name())?;
        field("answers", &answers(self.definition))?;
        if let Some(restored) = restored(self.definition) {
            field("restored", &restored)?;
        }
        if let Some(words) = self.laid_over.words() {
            field("variables", &printable(&words))?;
        }
        let variants: Vec<_> = self
            .definition
            .variants
            .iter()
            .map(|(name, value)| printable(&format!("{name} = {}", value.0)))
            .collect();
        field("variants", &variants.join(", "))?;
        if let Some(rollout) = rollout {
            let by = printable(rollout.by.as_deref().unwrap_or("unit"));
            let salt = printable(rollout.salt.as_deref().unwrap_or(self.key.as_str()));
            field(
                "bucketing",
                &format!("{} by {by}, salt {salt}", rollout.bucketing),
            )?;
        }
        for (index, rule) in self.definition.rules.iter().enumerate() {
            let words = in_full(rule, |variant| answer(self.definition, variant));
            field(&called(index, None), &words)?;
        }
        for (target, variant) in overrides {
            field("override", &printable(&format!("{target} gets {variant}")))?;
        }
        if !requires.is_empty() {
            let keys: Vec<_> = requires.iter().map(FlagKey::as_str).collect();
            field("requires", &keys.join(", "))?;
        }
        if let Some(stage) = self.definition.stage {
            field("stage", stage.name())?;
        }
        if let Some(owner) = &self.definition.owner {
            field("owner", &printable(owner))?;
        }
        if let Some(expires) = self.definition.expires {
            field("expires", &expires.to_string())?;
        }
        Ok(())
    }
}
