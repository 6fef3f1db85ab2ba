use std::collections::BTreeMap;

use jiff::Timestamp;

use super::spelling::closest;
use super::{
    Definition, FlagDocument, FlagKey, FlagValue, KeyChange, Problems, Rollout, State, ValueType,
};
use crate::{Percentage, Stage};

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
    /// Fixes the answer for one unit or tenant, or removes the fixing.
    Override {
        /// The flag.
        key: FlagKey,
        /// The unit or tenant.
        target: String,
        /// The variant, or `None` to remove the override.
        variant: Option<String>,
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
    /// Makes one flag what it is told to be, or removes it: undo and delete.
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

/// Why a change is refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The flag does not exist.
    #[error("there is no flag {key}{}", suggest(.suggestion.as_ref()))]
    UnknownFlag {
        /// The name asked for.
        key: FlagKey,
        /// A known name that is close to it.
        suggestion: Option<FlagKey>,
    },
    /// The flag exists already.
    #[error("the flag {0} exists already")]
    AlreadyExists(FlagKey),
    /// The value is not one that the flag can answer.
    #[error("{value} is not a value of {key}, a flag of type {kind} with the variants {variants}")]
    WrongValue {
        /// The flag.
        key: FlagKey,
        /// Its type.
        kind: ValueType,
        /// The value asked for.
        value: String,
        /// The variants it has.
        variants: String,
    },
    /// At stage `complete` old is stale, and switching back to it would serve stale answers.
    #[error(
        "{0} is at stage complete: old is stale, and a kill would bring it back. \
         Force it if stale answers are better than new's"
    )]
    OldIsStale(FlagKey),
    /// The document would be invalid.
    #[error("the change would make the flags invalid:\n{0}")]
    Invalid(#[from] Problems),
}

fn suggest(suggestion: Option<&FlagKey>) -> String {
    suggestion
        .map(|key| format!("; did you mean {key}?"))
        .unwrap_or_default()
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
        let key = match self {
            Self::Replace { flags: wanted } => {
                touched.extend(
                    KeyChange::between(flags, wanted)
                        .into_iter()
                        .map(|change| change.key),
                );
                wanted.clone_into(flags);
                return Ok(());
            }
            Self::Put { key, definition } => {
                match definition {
                    Some(definition) => {
                        flags.insert(key.clone(), (**definition).clone());
                    }
                    None if flags.remove(key).is_none() => return Err(unknown(flags, key)),
                    None => {}
                }
                key
            }
            Self::Create { key, .. } if flags.contains_key(key) => {
                return Err(ChangeError::AlreadyExists(key.clone()));
            }
            Self::Create { key, definition } => {
                flags.insert(key.clone(), (**definition).clone());
                key
            }
            Self::Set { key, .. }
            | Self::Rollout { key, .. }
            | Self::Override { key, .. }
            | Self::Kill { key }
            | Self::ForceKill { key }
            | Self::Restore { key } => {
                let Some(definition) = flags.get_mut(key) else {
                    return Err(unknown(flags, key));
                };
                self.change_definition(key, definition)?;
                key
            }
        };
        touched.push(key.clone());
        Ok(())
    }

    fn change_definition(
        &self,
        key: &FlagKey,
        definition: &mut Definition,
    ) -> Result<(), ChangeError> {
        match self {
            Self::Set { value, .. } => {
                definition.default = variant_for(key, definition, value)?;
                definition.rollout = definition.rollout.take().and_then(Rollout::dormant);
            }
            Self::Rollout {
                percentage,
                variant,
                ..
            } => {
                let rollout = definition.rollout.get_or_insert_default();
                rollout.percentage = Some(*percentage);
                if variant.is_some() {
                    rollout.variant.clone_from(variant);
                }
            }
            Self::Override {
                target,
                variant: Some(variant),
                ..
            } => {
                definition.overrides.insert(target.clone(), variant.clone());
            }
            Self::Override {
                target,
                variant: None,
                ..
            } => {
                definition.overrides.remove(target);
            }
            Self::Kill { .. } if definition.stage == Some(Stage::Complete) => {
                return Err(ChangeError::OldIsStale(key.clone()));
            }
            Self::Kill { .. } | Self::ForceKill { .. } => definition.state = State::Killed,
            Self::Restore { .. } => definition.state = State::Enabled,
            Self::Create { .. } | Self::Put { .. } | Self::Replace { .. } => {}
        }
        Ok(())
    }
}

/// The variant that answers `value`: one of that name, one of that value, or, where values are
/// open, the variant `value`, which is made or replaced.
fn variant_for(
    key: &FlagKey,
    definition: &mut Definition,
    value: &FlagValue,
) -> Result<String, ChangeError> {
    if let Some(known) = definition.variant_for(value) {
        return Ok(known.to_owned());
    }
    if let Some(name) = value.0.as_str()
        && definition.variants.contains_key(name)
    {
        return Ok(name.to_owned());
    }
    if definition.kind == ValueType::Boolean || !value.is(definition.kind) {
        return Err(ChangeError::WrongValue {
            key: key.clone(),
            kind: definition.kind,
            value: value.to_string(),
            variants: definition
                .variants
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
        });
    }
    let name = definition.open_variant();
    definition.variants.insert(name.clone(), value.clone());
    Ok(name)
}

impl Definition {
    /// The name under which a value without a variant is kept: `value`, or, where something else
    /// answers with that one, `value-2` and so on.
    fn open_variant(&self) -> String {
        let answers_elsewhere = |name: &String| {
            self.off == *name
                || self.overrides.values().any(|variant| variant == name)
                || (self.percentage().is_some() && self.rollout_variant() == name)
        };
        std::iter::once("value".to_owned())
            .chain((2_u64..).map(|number| format!("value-{number}")))
            .find(|name| !answers_elsewhere(name))
            .unwrap_or_default()
    }
}

fn unknown(flags: &BTreeMap<FlagKey, Definition>, key: &FlagKey) -> ChangeError {
    let suggestion = closest(flags.keys(), key.as_str()).cloned();
    ChangeError::UnknownFlag {
        key: key.clone(),
        suggestion,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> FlagKey {
        text.parse().unwrap()
    }

    fn document() -> FlagDocument {
        let now = Timestamp::UNIX_EPOCH;
        let create = Change::Create {
            key: key("use_new_backend"),
            definition: Box::new(Definition::boolean()),
        };
        FlagDocument::empty(now)
            .apply(&[create], now)
            .unwrap()
            .document
    }

    fn change(document: &FlagDocument, change: Change) -> Result<Definition, ChangeError> {
        let applied = document.apply(&[change], Timestamp::UNIX_EPOCH)?;
        assert_eq!(applied.document.revision, document.revision.next());
        assert_eq!(applied.changes.len(), 1);
        Ok(applied.document.flags[&key("use_new_backend")].clone())
    }

    fn rollout(percentage: &str) -> Change {
        Change::Rollout {
            key: key("use_new_backend"),
            percentage: percentage.parse().unwrap(),
            variant: None,
        }
    }

    #[test]
    fn set_replaces_the_default_and_removes_the_rollout() {
        let mut document = document();
        document = document
            .apply(&[rollout("25")], Timestamp::UNIX_EPOCH)
            .unwrap()
            .document;
        let set = Change::Set {
            key: key("use_new_backend"),
            value: true.into(),
        };
        let definition = change(&document, set).unwrap();
        assert_eq!(
            (definition.default.as_str(), definition.rollout),
            ("on", None)
        );
    }

    #[test]
    fn set_keeps_how_units_are_bucketed() {
        let mut document = document();
        let definition = document.flags.get_mut("use_new_backend").unwrap();
        definition.rollout = Some(Rollout {
            bucketing: super::super::Bucketing::Md5,
            percentage: Percentage::from_percent(5),
            ..Rollout::default()
        });
        let set = Change::Set {
            key: key("use_new_backend"),
            value: false.into(),
        };
        let dormant = change(&document, set).unwrap().rollout.unwrap();
        assert_eq!(dormant.percentage, None);
        assert_eq!(dormant.bucketing, super::super::Bucketing::Md5);
    }

    #[test]
    fn rollout_leaves_the_default() {
        let definition = change(&document(), rollout("12.5")).unwrap();
        assert_eq!(definition.default, "off");
        assert_eq!(definition.percentage().unwrap().thousandths(), 12_500);
    }

    #[test]
    fn a_change_to_the_same_value_is_still_a_change() {
        let set = Change::Set {
            key: key("use_new_backend"),
            value: false.into(),
        };
        change(&document(), set).unwrap();
    }

    #[test]
    fn an_unknown_flag_is_never_made_and_gets_a_suggestion() {
        let set = Change::Set {
            key: key("use_new_bakend"),
            value: true.into(),
        };
        let error = document().apply(&[set], Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no flag use_new_bakend; did you mean use_new_backend?"
        );
    }

    #[test]
    fn a_boolean_flag_takes_no_other_value() {
        let set = Change::Set {
            key: key("use_new_backend"),
            value: FlagValue(7.into()),
        };
        assert!(matches!(
            change(&document(), set),
            Err(ChangeError::WrongValue { .. })
        ));
    }

    #[test]
    fn an_open_value_becomes_a_variant_and_off_stays() {
        let mut document = document();
        let definition = Definition::with_variants(
            ValueType::Integer,
            [("off".to_owned(), ValueType::Integer.zero())].into(),
            "off",
        );
        document.flags.insert(key("use_new_backend"), definition);
        let set = Change::Set {
            key: key("use_new_backend"),
            value: FlagValue(10.into()),
        };
        let definition = change(&document, set).unwrap();
        assert_eq!(
            definition.variants[&definition.default],
            FlagValue(10.into())
        );
        assert_eq!(
            definition.variants[&definition.off],
            ValueType::Integer.zero()
        );
    }

    #[test]
    fn a_new_value_leaves_what_overrides_answer_alone() {
        let mut document = document();
        let mut definition = Definition::with_variants(
            ValueType::Integer,
            [("off".to_owned(), ValueType::Integer.zero())].into(),
            "off",
        );
        definition
            .overrides
            .insert("acme".to_owned(), "value".to_owned());
        definition
            .variants
            .insert("value".to_owned(), FlagValue(51.into()));
        document.flags.insert(key("use_new_backend"), definition);
        let set = Change::Set {
            key: key("use_new_backend"),
            value: FlagValue(60.into()),
        };
        let definition = change(&document, set).unwrap();
        assert_eq!(
            definition.variants[&definition.default],
            FlagValue(60.into())
        );
        assert_eq!(
            definition.variants[&definition.overrides["acme"]],
            FlagValue(51.into())
        );
    }

    #[test]
    fn a_value_too_deep_to_be_read_back_is_refused() {
        let nested = |depth: usize| {
            let text = "[".repeat(depth) + &"]".repeat(depth);
            let definition = Definition::with_variants(
                ValueType::Json,
                [(
                    "off".to_owned(),
                    FlagValue(serde_json::from_str(&text).unwrap()),
                )]
                .into(),
                "off",
            );
            let create = Change::Create {
                key: key("deep"),
                definition: Box::new(definition),
            };
            document().apply(&[create], Timestamp::UNIX_EPOCH)
        };
        assert!(nested(64).is_ok());
        assert!(matches!(nested(65), Err(ChangeError::Invalid(_))));
    }

    #[test]
    fn a_slip_of_the_hand_in_a_field_is_refused_and_a_newer_field_is_kept() {
        let mut document = document();
        let unknown = |name: &str| [(name.to_owned(), serde_json::json!("killed"))].into();
        let definition = document.flags.get_mut("use_new_backend").unwrap();
        definition.unknown = unknown("stat");
        let problems = document.validate().unwrap_err().to_string();
        assert!(problems.contains("did you mean `state`?"), "{problems}");
        let definition = document.flags.get_mut("use_new_backend").unwrap();
        definition.unknown = unknown("approved_by");
        document.validate().unwrap();
    }

    #[test]
    fn kill_is_refused_where_old_is_stale_unless_forced() {
        let mut document = document();
        document.flags.get_mut("use_new_backend").unwrap().stage = Some(Stage::Complete);
        let kill = Change::Kill {
            key: key("use_new_backend"),
        };
        assert!(matches!(
            change(&document, kill),
            Err(ChangeError::OldIsStale(_))
        ));
        let force = Change::ForceKill {
            key: key("use_new_backend"),
        };
        assert_eq!(change(&document, force).unwrap().state, State::Killed);
    }

    #[test]
    fn all_problems_come_together() {
        let mut definition = Definition::boolean();
        definition.default = "maybe".to_owned();
        definition.requires = vec![key("nowhere")];
        definition
            .overrides
            .insert("acme".to_owned(), "perhaps".to_owned());
        let create = Change::Create {
            key: key("x"),
            definition: Box::new(definition),
        };
        let Err(ChangeError::Invalid(problems)) =
            document().apply(&[create], Timestamp::UNIX_EPOCH)
        else {
            panic!("the document is invalid");
        };
        assert_eq!(problems.0.len(), 3, "{problems}");
    }

    #[test]
    fn a_circle_of_requirements_is_refused() {
        let requiring = |name: &str| {
            let mut definition = Definition::boolean();
            definition.requires = vec![key(name)];
            Box::new(definition)
        };
        let changes = [
            Change::Create {
                key: key("a"),
                definition: requiring("b"),
            },
            Change::Create {
                key: key("b"),
                definition: requiring("a"),
            },
        ];
        let error = document()
            .apply(&changes, Timestamp::UNIX_EPOCH)
            .unwrap_err();
        assert!(error.to_string().contains("a → b → a"), "{error}");
    }
}
