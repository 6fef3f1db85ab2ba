mod edit;
mod error;

use std::collections::BTreeMap;

use jiff::Timestamp;

use self::edit::Edit;
pub use self::error::ChangeError;
use super::{
    Definition, FlagDocument, FlagKey, FlagValue, KeyChange, Rule, RuleRef, State, Weight,
};
use crate::Percentage;
use crate::spelling::closest;

/// One wish to change the flags. Several together make one revision.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Adds a flag.
    Create {
        /// Its name, not yet taken.
        key: FlagKey,
        /// What it is.
        definition: Box<Definition>,
    },
    /// Sets what everybody gets: replaces the default and removes a rollout. A value that no
    /// variant of a string, integer, number or JSON flag has becomes the variant `value`.
    Set {
        /// The flag.
        key: FlagKey,
        /// The new default.
        value: FlagValue,
    },
    /// Sets the share of units that get `variant`; leaves the default.
    Rollout {
        /// The flag.
        key: FlagKey,
        /// The share.
        percentage: Percentage,
        /// What is answered inside; what it was before, or `on`, when absent.
        variant: Option<String>,
    },
    /// Divides everybody over several variants, instead of a percentage; leaves the default.
    Split {
        /// The flag.
        key: FlagKey,
        /// The parts, at least one.
        weights: Vec<Weight>,
    },
    /// Fixes the answer for one unit or tenant, or removes the fixing.
    Override {
        /// The flag.
        key: FlagKey,
        /// The unit or tenant.
        target: String,
        /// The variant, or `None` to remove the override.
        variant: Option<String>,
    },
    /// Fixes the answer of several flags for one unit or tenant to what each answers when it is off.
    Rollback {
        /// The unit or tenant.
        target: String,
        /// The flags.
        keys: Vec<FlagKey>,
    },
    /// Adds a rule.
    PutRule {
        /// The flag.
        key: FlagKey,
        /// The number it gets, counted from 1; after all others when absent.
        at: Option<usize>,
        /// The rule.
        rule: Box<Rule>,
    },
    /// Takes a rule out.
    RemoveRule {
        /// The flag.
        key: FlagKey,
        /// The rule.
        rule: RuleRef,
    },
    /// Puts a rule before or behind others.
    MoveRule {
        /// The flag.
        key: FlagKey,
        /// The rule.
        rule: RuleRef,
        /// The number it gets, counted from 1.
        to: usize,
    },
    /// Puts another rule in the place of one.
    ReplaceRule {
        /// The flag.
        key: FlagKey,
        /// The rule.
        rule: RuleRef,
        /// What stands there afterwards.
        with: Box<Rule>,
    },
    /// Adds a variant, or gives one another value.
    PutVariant {
        /// The flag.
        key: FlagKey,
        /// The variant.
        name: String,
        /// Its value, of the flag's type.
        value: FlagValue,
    },
    /// Takes a variant out that nothing answers with.
    RemoveVariant {
        /// The flag.
        key: FlagKey,
        /// The variant.
        name: String,
    },
    /// Off for everybody. Refused at stage `complete`, where old is stale.
    Kill {
        /// The flag.
        key: FlagKey,
    },
    /// Off for everybody, even where old is stale.
    ForceKill {
        /// The flag.
        key: FlagKey,
    },
    /// Takes a kill back.
    Restore {
        /// The flag.
        key: FlagKey,
    },
    /// Removes a flag that no other flag requires. The history keeps it, and undo brings it back.
    Delete {
        /// The flag.
        key: FlagKey,
    },
    /// Makes one flag what it is told to be, or removes it: undo.
    Put {
        /// The flag.
        key: FlagKey,
        /// Its new definition, or `None` to remove it.
        definition: Option<Box<Definition>>,
    },
    /// Makes all flags what they are told to be.
    Replace {
        /// The new flags.
        flags: BTreeMap<FlagKey, Definition>,
    },
}

/// What a change makes of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The next revision.
    pub document: FlagDocument,
    /// The flags that were touched, before and after.
    pub changes: Vec<KeyChange>,
}

impl FlagDocument {
    /// The next revision of this document, with all `changes` made in order, or none of them.
    ///
    /// # Errors
    ///
    /// The first change that makes no sense, or every problem of the resulting document together.
    pub fn apply(&self, changes: &[Change], now: Timestamp) -> Result<Applied, ChangeError> {
        let mut flags = self.flags.clone();
        let mut touched = Vec::new();
        for change in changes {
            change.apply(&mut flags, &mut touched)?;
        }
        let document = Self {
            schema: self.schema,
            revision: self.revision.next(),
            updated_at: now,
            flags,
            unknown: self.unknown.clone(),
        };
        document.validate()?;
        touched.sort_unstable();
        touched.dedup();
        let changes = touched
            .into_iter()
            .map(|key| KeyChange {
                before: self.flags.get(&key).cloned(),
                after: document.flags.get(&key).cloned(),
                key,
            })
            .collect();
        Ok(Applied { document, changes })
    }

    /// The known flag whose name is closest to `key`, if any is close.
    #[must_use]
    pub fn closest(&self, key: &str) -> Option<&FlagKey> {
        closest(self.flags.keys(), key)
    }
}

impl Change {
    fn apply(
        &self,
        flags: &mut BTreeMap<FlagKey, Definition>,
        touched: &mut Vec<FlagKey>,
    ) -> Result<(), ChangeError> {
        match self {
            Self::Replace { flags: wanted } => {
                let changes = KeyChange::between(flags, wanted);
                touched.extend(changes.into_iter().map(|change| change.key));
                wanted.clone_into(flags);
            }
            Self::Rollback { target, keys } => {
                for key in keys {
                    edit(flags, key, |mut flag| flag.roll_back(target))?;
                    touched.push(key.clone());
                }
            }
            Self::Create { key, .. } if flags.contains_key(key) => {
                return Err(ChangeError::AlreadyExists(key.clone()));
            }
            Self::Create { key, definition }
            | Self::Put {
                key,
                definition: Some(definition),
            } => {
                flags.insert(key.clone(), (**definition).clone());
                touched.push(key.clone());
            }
            Self::Put {
                key,
                definition: None,
            } => {
                remove(flags, key)?;
                touched.push(key.clone());
            }
            Self::Delete { key } => {
                delete(flags, key)?;
                touched.push(key.clone());
            }
            Self::Set { key, .. }
            | Self::Rollout { key, .. }
            | Self::Split { key, .. }
            | Self::Override { key, .. }
            | Self::PutRule { key, .. }
            | Self::RemoveRule { key, .. }
            | Self::MoveRule { key, .. }
            | Self::ReplaceRule { key, .. }
            | Self::PutVariant { key, .. }
            | Self::RemoveVariant { key, .. }
            | Self::Kill { key }
            | Self::ForceKill { key }
            | Self::Restore { key } => {
                edit(flags, key, |flag| self.edit(flag))?;
                touched.push(key.clone());
            }
        }
        Ok(())
    }

    /// What a change of one flag that is there does to it.
    fn edit(&self, mut flag: Edit<'_>) -> Result<(), ChangeError> {
        match self {
            Self::Set { value, .. } => flag.set(value)?,
            Self::Rollout {
                percentage,
                variant,
                ..
            } => flag.roll_out(*percentage, variant.as_ref()),
            Self::Split { weights, .. } => flag.split(weights)?,
            Self::Override {
                target, variant, ..
            } => flag.fix(target, variant.as_ref())?,
            Self::PutRule { at, rule, .. } => flag.put_rule(*at, rule)?,
            Self::RemoveRule { rule, .. } => flag.remove_rule(rule)?,
            Self::MoveRule { rule, to, .. } => flag.move_rule(rule, *to)?,
            Self::ReplaceRule { rule, with, .. } => flag.replace_rule(rule, with)?,
            Self::PutVariant { name, value, .. } => flag.put_variant(name, value),
            Self::RemoveVariant { name, .. } => flag.remove_variant(name)?,
            Self::Kill { .. } => flag.kill()?,
            Self::ForceKill { .. } => flag.definition.state = State::Killed,
            Self::Restore { .. } => flag.definition.state = State::Enabled,
            Self::Rollback { .. }
            | Self::Create { .. }
            | Self::Put { .. }
            | Self::Delete { .. }
            | Self::Replace { .. } => {}
        }
        Ok(())
    }
}

fn edit(
    flags: &mut BTreeMap<FlagKey, Definition>,
    key: &FlagKey,
    change: impl FnOnce(Edit<'_>) -> Result<(), ChangeError>,
) -> Result<(), ChangeError> {
    match flags.get_mut(key) {
        Some(definition) => change(Edit { key, definition }),
        None => Err(unknown(flags, key)),
    }
}

fn remove(flags: &mut BTreeMap<FlagKey, Definition>, key: &FlagKey) -> Result<(), ChangeError> {
    match flags.remove(key) {
        Some(_) => Ok(()),
        None => Err(unknown(flags, key)),
    }
}

fn delete(flags: &mut BTreeMap<FlagKey, Definition>, key: &FlagKey) -> Result<(), ChangeError> {
    let by: Vec<_> = flags
        .iter()
        .filter(|(other, definition)| *other != key && definition.requires.contains(key))
        .map(|(other, _)| other.clone())
        .collect();
    if flags.contains_key(key) && !by.is_empty() {
        let key = key.clone();
        return Err(ChangeError::Required { key, by });
    }
    remove(flags, key)
}

fn unknown(flags: &BTreeMap<FlagKey, Definition>, key: &FlagKey) -> ChangeError {
    let suggestion = closest(flags.keys(), key.as_str()).cloned();
    ChangeError::UnknownFlag {
        key: key.clone(),
        suggestion,
    }
}

#[cfg(test)]
mod tests;
