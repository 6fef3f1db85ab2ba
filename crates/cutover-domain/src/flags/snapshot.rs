use std::collections::{BTreeMap, HashSet};
use std::io::Write;

use xxhash_rust::xxh3::xxh3_64;

use super::{
    Attribute, Bucket, Bucketing, Context, Decision, Definition, ErrorCode, Evaluation,
    Explanation, FlagDocument, FlagKey, FlagValue, Reason, Revision, State, Tier,
};
use crate::{Percentage, Stage};

/// The place of a flag in every snapshot of one [`Interner`]. It never changes, whatever happens to
/// the flag, so that a handle can be resolved once and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(u32);

impl Slot {
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Gives every key its slot. Append-only: a flag that is removed and comes back has its old slot.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    slots: hashbrown::HashMap<Box<str>, Slot>,
}

impl Interner {
    /// The slot of `key`, made when it is new.
    pub fn slot(&mut self, key: &str) -> Slot {
        if let Some(slot) = self.slots.get(key) {
            return *slot;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "four billion keys do not fit memory"
        )]
        let slot = Slot(self.slots.len() as u32);
        self.slots.insert(key.into(), slot);
        slot
    }
}

/// All flags of one revision, compiled: immutable, and answering without lock, allocation or
/// failure.
#[derive(Debug, Default)]
pub struct Snapshot {
    revision: Revision,
    flags: Box<[Option<CompiledFlag>]>,
    slots: hashbrown::HashMap<FlagKey, Slot>,
}

#[derive(Debug)]
struct CompiledFlag {
    shape: Shape,
    /// All flags that must be on, also those that the required ones require, so that a check never
    /// recurses: a diamond of requirements costs its number of flags, not of paths.
    requires: Box<[(FlagKey, Option<Slot>)]>,
    overrides: hashbrown::HashMap<Box<str>, Answer>,
    rollout: Option<CompiledRollout>,
    default: Answer,
    off: Answer,
    default_reason: Reason,
    stage: Option<Stage>,
    variants: Box<[(Box<str>, FlagValue)]>,
}

/// What of a flag has to be asked. The two common shapes are answered at once; the order of the
/// tiers is the same in all of them.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Nothing about the context matters.
    Constant(Answer, Reason),
    /// The unit's `xxh3` bucket alone decides between two booleans.
    Percentage {
        seed: u64,
        thousandths: u32,
        inside: bool,
        outside: bool,
    },
    /// All tiers.
    Tiers,
}

/// An index into the variants, with the truth of a boolean one.
#[derive(Clone, Copy, Debug)]
struct Answer {
    variant: u32,
    truth: Option<bool>,
}

#[derive(Debug)]
struct CompiledRollout {
    percentage: Percentage,
    inside: Answer,
    bucketing: Bucketing,
    by: Option<Box<str>>,
    salt: Box<str>,
    seed: u64,
}

/// What a flag's tiers say.
struct Outcome<'a> {
    answer: Answer,
    reason: Reason,
    bucket: Option<Bucket>,
    tier: TierRef<'a>,
}

enum TierRef<'a> {
    Killed,
    Requires(&'a FlagKey),
    Override(&'a str),
    Rollout,
    Default,
}

impl Snapshot {
    /// Compiles a document. Linear in its size, and in the number of flags that `requires` reach.
    ///
    /// Flags that are invalid (which no store accepts) answer as if they were not there.
    pub fn compile(document: &FlagDocument, interner: &mut Interner) -> Self {
        let slots: hashbrown::HashMap<_, _> = document
            .flags
            .keys()
            .map(|key| (key.clone(), interner.slot(key.as_str())))
            .collect();
        let mut flags: Vec<Option<CompiledFlag>> = Vec::new();
        flags.resize_with(interner.slots.len(), || None);
        for (key, definition) in &document.flags {
            flags[slots[key].index()] =
                CompiledFlag::compile(key, definition, &document.flags, &slots);
        }
        Self {
            revision: document.revision,
            flags: flags.into(),
            slots,
        }
    }

    /// The revision of the document it was compiled from.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The slot of a flag that is there.
    #[must_use]
    pub fn slot(&self, key: &str) -> Option<Slot> {
        self.slots.get(key).copied()
    }

    /// The answer of a boolean flag. Infallible: where there is no answer, `default` comes back
    /// with the reason. Allocates nothing.
    #[must_use]
    #[inline]
    pub fn decide(&self, slot: Slot, context: &Context<'_>, default: bool) -> Decision {
        let Some(Some(flag)) = self.flags.get(slot.index()) else {
            return Decision::fallback(default, ErrorCode::FlagNotFound, self.revision);
        };
        let decided = |on, reason, bucket| Decision {
            on,
            reason,
            error: None,
            stage: flag.stage,
            revision: self.revision,
            bucket,
        };
        match flag.shape {
            Shape::Constant(
                Answer {
                    truth: Some(on), ..
                },
                reason,
            ) => decided(on, reason, None),
            Shape::Percentage {
                seed,
                thousandths,
                inside,
                outside,
            } => {
                let Some(unit) = context.unit_id() else {
                    return Decision::fallback(
                        default,
                        ErrorCode::TargetingKeyMissing,
                        self.revision,
                    );
                };
                let bucket = Bucketing::xxh3(seed, unit);
                let on = if bucket.thousandths() < thousandths {
                    inside
                } else {
                    outside
                };
                decided(on, Reason::Split, Some(bucket))
            }
            Shape::Constant(..) | Shape::Tiers => self
                .decide_by_tiers(flag, context)
                .unwrap_or_else(|error| Decision::fallback(default, error, self.revision)),
        }
    }

    fn decide_by_tiers(
        &self,
        flag: &CompiledFlag,
        context: &Context<'_>,
    ) -> Result<Decision, ErrorCode> {
        let Outcome {
            answer,
            reason,
            bucket,
            ..
        } = flag.ask(self, context)?;
        let on = answer.truth.ok_or(ErrorCode::TypeMismatch)?;
        let revision = self.revision;
        Ok(Decision {
            on,
            reason,
            error: None,
            stage: flag.stage,
            revision,
            bucket,
        })
    }

    /// The answer of a flag of any type. Allocates nothing.
    ///
    /// # Errors
    ///
    /// There is no such flag, or its percentage needs a unit that the context does not name.
    pub fn evaluate(&self, slot: Slot, context: &Context<'_>) -> Result<Evaluation<'_>, ErrorCode> {
        let flag = self
            .flags
            .get(slot.index())
            .and_then(Option::as_ref)
            .ok_or(ErrorCode::FlagNotFound)?;
        let outcome = flag.ask(self, context)?;
        Ok(self.evaluation(flag, &outcome))
    }

    /// The answer with how it came about. Allocates; for people.
    #[must_use]
    pub fn explain(&self, slot: Slot, context: &Context<'_>) -> Explanation<'_> {
        let Some(Some(flag)) = self.flags.get(slot.index()) else {
            return Explanation {
                answer: Err(ErrorCode::FlagNotFound),
                tier: Tier::Default,
                hash_input: None,
                unmatched: Vec::new(),
                required: None,
            };
        };
        let asked = flag.ask(self, context);
        let tier = match asked.as_ref().map(|outcome| &outcome.tier) {
            Ok(TierRef::Killed) => Tier::Killed,
            Ok(TierRef::Requires(key)) => Tier::Requires((*key).clone()),
            Ok(TierRef::Override(target)) => Tier::Override((*target).to_owned()),
            Ok(TierRef::Default) => Tier::Default,
            Ok(TierRef::Rollout) | Err(_) => Tier::Rollout,
        };
        let hash_input = flag
            .rollout
            .as_ref()
            .filter(|_| tier == Tier::Rollout)
            .and_then(|rollout| {
                rollout
                    .with_unit(context, |unit| {
                        rollout.bucketing.hash_input(&rollout.salt, unit)
                    })
                    .ok()
            });
        let answer = asked.map(|outcome| self.evaluation(flag, &outcome));
        Explanation {
            answer,
            tier,
            hash_input,
            unmatched: Vec::new(),
            required: None,
        }
    }

    fn evaluation<'a>(&self, flag: &'a CompiledFlag, outcome: &Outcome<'_>) -> Evaluation<'a> {
        let (variant, value) = &flag.variants[outcome.answer.variant as usize];
        Evaluation {
            value,
            variant,
            reason: outcome.reason,
            revision: self.revision,
            bucket: outcome.bucket,
        }
    }
}

impl CompiledFlag {
    fn compile(
        key: &FlagKey,
        definition: &Definition,
        flags: &BTreeMap<FlagKey, Definition>,
        slots: &hashbrown::HashMap<FlagKey, Slot>,
    ) -> Option<Self> {
        let variants: Box<[(Box<str>, FlagValue)]> = definition
            .variants
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.clone()))
            .collect();
        let answer = |name: &str| {
            let index = variants.iter().position(|(known, _)| **known == *name)?;
            let truth = variants[index].1.as_bool();
            Some(Answer {
                variant: u32::try_from(index).ok()?,
                truth,
            })
        };
        let default = answer(&definition.default)?;
        let off = answer(&definition.off)?;
        let overrides = definition
            .overrides
            .iter()
            .map(|(target, variant)| Some((target.as_str().into(), answer(variant)?)))
            .collect::<Option<hashbrown::HashMap<Box<str>, Answer>>>()?;
        let rollout = match &definition.rollout {
            Some(rollout) if rollout.percentage.is_some() => {
                let salt = rollout.salt.as_deref().unwrap_or(key.as_str());
                Some(CompiledRollout {
                    percentage: rollout.percentage.unwrap_or_default(),
                    inside: answer(definition.rollout_variant())?,
                    bucketing: rollout.bucketing,
                    by: rollout.by.as_deref().map(Into::into),
                    salt: salt.into(),
                    seed: xxh3_64(salt.as_bytes()),
                })
            }
            _ => None,
        };
        let requires = required(definition, flags, slots);
        let default_reason = if overrides.is_empty() && rollout.is_none() {
            Reason::Static
        } else {
            Reason::Default
        };
        let shape = if definition.state == State::Killed {
            Shape::Constant(off, Reason::Disabled)
        } else if !requires.is_empty() || !overrides.is_empty() {
            Shape::Tiers
        } else {
            match &rollout {
                None => Shape::Constant(default, Reason::Static),
                Some(rollout) => rollout.shape(default),
            }
        };
        Some(Self {
            shape,
            requires,
            overrides,
            rollout,
            default,
            off,
            default_reason,
            stage: definition.stage,
            variants,
        })
    }

    /// Asks the tiers, top first.
    #[inline]
    fn ask<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        context: &Context<'a>,
    ) -> Result<Outcome<'a>, ErrorCode> {
        if let Shape::Constant(answer, reason) = self.shape {
            let tier = match reason {
                Reason::Disabled => TierRef::Killed,
                Reason::Split => TierRef::Rollout,
                _ => TierRef::Default,
            };
            return Ok(Outcome {
                answer,
                reason,
                bucket: None,
                tier,
            });
        }
        for (key, slot) in &self.requires {
            let required = slot.and_then(|slot| snapshot.flags[slot.index()].as_ref());
            let on = required.is_some_and(|flag| {
                flag.own_tiers(context)
                    .is_ok_and(|outcome| outcome.answer.truth == Some(true))
            });
            if !on {
                return Ok(Outcome {
                    answer: self.off,
                    reason: Reason::Disabled,
                    bucket: None,
                    tier: TierRef::Requires(key),
                });
            }
        }
        self.own_tiers(context)
    }

    /// The tiers below `requires`, and the kill above it.
    #[inline]
    fn own_tiers<'a>(&'a self, context: &Context<'a>) -> Result<Outcome<'a>, ErrorCode> {
        if let Shape::Constant(answer, reason) = self.shape {
            return Ok(Outcome {
                answer,
                reason,
                bucket: None,
                tier: TierRef::Default,
            });
        }
        if !self.overrides.is_empty() {
            let named = [context.unit_id(), context.tenant_id()];
            for target in named.into_iter().flatten() {
                if let Some(answer) = self.overrides.get(target) {
                    return Ok(Outcome {
                        answer: *answer,
                        reason: Reason::TargetingMatch,
                        bucket: None,
                        tier: TierRef::Override(target),
                    });
                }
            }
        }
        let Some(rollout) = &self.rollout else {
            return Ok(Outcome {
                answer: self.default,
                reason: self.default_reason,
                bucket: None,
                tier: TierRef::Default,
            });
        };
        let (inside, bucket) = rollout.place(context)?;
        let answer = if inside { rollout.inside } else { self.default };
        Ok(Outcome {
            answer,
            reason: Reason::Split,
            bucket,
            tier: TierRef::Rollout,
        })
    }
}

impl CompiledRollout {
    /// The shape of a flag that has nothing but this rollout.
    fn shape(&self, default: Answer) -> Shape {
        if self.percentage.is_zero() {
            return Shape::Constant(default, Reason::Split);
        }
        if self.percentage.is_full() {
            return Shape::Constant(self.inside, Reason::Split);
        }
        match (self.bucketing, &self.by, self.inside.truth, default.truth) {
            (Bucketing::Xxh3, None, Some(inside), Some(outside)) => Shape::Percentage {
                seed: self.seed,
                thousandths: self.percentage.thousandths(),
                inside,
                outside,
            },
            _ => Shape::Tiers,
        }
    }

    /// Whether the context is inside, and its bucket. 0 % and 100 % need no unit.
    #[inline]
    fn place(&self, context: &Context<'_>) -> Result<(bool, Option<Bucket>), ErrorCode> {
        if self.percentage.is_zero() || self.percentage.is_full() {
            return Ok((self.percentage.is_full(), None));
        }
        let bucket = self.with_unit(context, |unit| {
            self.bucketing.bucket_seeded(self.seed, &self.salt, unit)
        })?;
        Ok((bucket.is_in(self.percentage), Some(bucket)))
    }

    /// Hands over the text that is bucketed. Whole numbers are bucketed as their decimal text.
    #[inline]
    fn with_unit<R>(
        &self,
        context: &Context<'_>,
        use_unit: impl FnOnce(&str) -> R,
    ) -> Result<R, ErrorCode> {
        let Some(by) = &self.by else {
            return context
                .unit_id()
                .map(use_unit)
                .ok_or(ErrorCode::TargetingKeyMissing);
        };
        match context.attribute(by) {
            Some(Attribute::Text(text)) => Ok(use_unit(text)),
            Some(Attribute::Integer(number)) => {
                let mut text = [0; 20];
                let mut rest = &mut text[..];
                let written = write!(rest, "{number}").map(|()| 20 - rest.len());
                let digits = written
                    .ok()
                    .and_then(|length| str::from_utf8(&text[..length]).ok());
                digits.map(use_unit).ok_or(ErrorCode::InvalidContext)
            }
            Some(_) => Err(ErrorCode::InvalidContext),
            None => Err(ErrorCode::TargetingKeyMissing),
        }
    }
}

/// Every flag that must be on for `definition`, directly or through others, each once.
fn required(
    definition: &Definition,
    flags: &BTreeMap<FlagKey, Definition>,
    slots: &hashbrown::HashMap<FlagKey, Slot>,
) -> Box<[(FlagKey, Option<Slot>)]> {
    let mut found: Vec<(FlagKey, Option<Slot>)> = Vec::new();
    let mut seen: HashSet<&FlagKey> = HashSet::new();
    let mut open: Vec<&FlagKey> = definition.requires.iter().rev().collect();
    while let Some(key) = open.pop() {
        if seen.insert(key) {
            found.push((key.clone(), slots.get(key).copied()));
            if let Some(definition) = flags.get(key) {
                open.extend(definition.requires.iter().rev());
            }
        }
    }
    found.into()
}
