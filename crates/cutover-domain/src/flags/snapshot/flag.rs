use std::collections::{BTreeMap, HashSet};

use super::division::{Division, Way};
use super::name_hash::ByName;
use super::{Slot, Snapshot};
use crate::Stage;
use crate::flags::condition::check::{Check, Subject, Symbols};
use crate::flags::{
    Bucket, Bucketing, Context, Definition, ErrorCode, FlagKey, FlagValue, Reason, Rule, State,
};

/// One flag, ready to be asked.
#[derive(Debug)]
pub(super) struct CompiledFlag {
    pub(super) shape: Shape,
    /// All flags that must be on, also those that the required ones require, so that a check never
    /// recurses: a diamond of requirements costs its number of flags, not of paths.
    requires: Box<[(FlagKey, Option<Slot>)]>,
    overrides: ByName<Box<str>, Answer>,
    pub(super) rules: Box<[CompiledRule]>,
    pub(super) rollout: Option<Division>,
    default: Answer,
    off: Answer,
    default_reason: Reason,
    pub(super) stage: Option<Stage>,
    pub(super) variants: Variants,
}

/// What of a flag has to be asked. The two common shapes are answered at once; the order of the
/// tiers is the same in all of them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Nothing about the context matters.
    Constant(Answer, Reason),
    /// The unit's `xxh3` bucket alone decides between two booleans.
    Percentage {
        seed: u64,
        thousandths: u32,
        inside: bool,
        outside: bool,
    },
    /// As `Constant`, but answered where all tiers are: in a stale snapshot.
    ConstantByTiers(Answer, Reason),
    /// All tiers.
    Tiers,
}

/// An index into the variants, with the truth of a boolean one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) variant: u32,
    pub(super) truth: Option<bool>,
}

/// The variants of a flag, in order of name.
#[derive(Debug)]
pub(super) struct Variants(Box<[(Box<str>, FlagValue)]>);

#[derive(Debug)]
pub(super) struct CompiledRule {
    pub(super) name: Option<Box<str>>,
    pub(super) check: Check,
    pub(super) served: Served,
}

/// What a rule that matches gives.
#[derive(Debug)]
pub(super) enum Served {
    One(Answer),
    Split(Box<Division>),
}

/// What a flag's tiers say.
pub(super) struct Outcome<'a> {
    pub(super) answer: Result<Answer, ErrorCode>,
    pub(super) reason: Reason,
    pub(super) bucket: Option<Bucket>,
    pub(super) tier: TierRef<'a>,
}

/// The tier that decided, or at which deciding failed.
#[derive(Clone, Copy)]
pub(super) enum TierRef<'a> {
    Killed,
    /// The flag that is off, and where it is.
    Requires(&'a FlagKey, Option<Slot>),
    Override(&'a str),
    Rule(usize),
    Rollout,
    Default,
}

impl CompiledFlag {
    /// `None` for a definition that validation refuses.
    pub(super) fn compile<'a>(
        key: &FlagKey,
        definition: &'a Definition,
        flags: &BTreeMap<FlagKey, Definition>,
        slots: &ByName<FlagKey, Slot>,
        symbols: &mut Symbols<'a>,
    ) -> Option<Self> {
        let variants = Variants::compile(definition);
        let default = variants.answer(&definition.default)?;
        let off = variants.answer(&definition.off)?;
        let overrides = definition
            .overrides
            .iter()
            .map(|(target, variant)| Some((target.as_str().into(), variants.answer(variant)?)))
            .collect::<Option<ByName<Box<str>, Answer>>>()?;
        // Collecting into an `Option` would not know the length.
        let mut rules = Vec::with_capacity(definition.rules.len());
        for rule in &definition.rules {
            rules.push(CompiledRule::compile(key, rule, &variants, symbols)?);
        }
        let rollout = match compile_rollout(key, definition, default, &variants, symbols) {
            Some(rollout) => Some(rollout?),
            None => None,
        };
        let requires = required(definition, flags, slots);
        let is_static = overrides.is_empty() && rules.is_empty() && rollout.is_none();
        let shape = if definition.state == State::Killed {
            Shape::Constant(off, Reason::Disabled)
        } else if !requires.is_empty() || !overrides.is_empty() || !rules.is_empty() {
            Shape::Tiers
        } else {
            match &rollout {
                None => Shape::Constant(default, Reason::Static),
                Some(rollout) => Shape::of(rollout),
            }
        };
        Some(Self {
            shape,
            requires,
            overrides,
            rules: rules.into(),
            rollout,
            default,
            off,
            default_reason: if is_static {
                Reason::Static
            } else {
                Reason::Default
            },
            stage: definition.stage,
            variants,
        })
    }

    /// Asks the tiers, top first.
    #[inline]
    pub(super) fn ask<'a>(&'a self, snapshot: &'a Snapshot, context: &Context<'a>) -> Outcome<'a> {
        if let Some((answer, reason)) = self.shape.constant() {
            return Outcome::constant(answer, reason);
        }
        for (key, slot) in &self.requires {
            let required = slot.and_then(|slot| snapshot.flag(slot));
            let on = required.is_some_and(|flag| {
                let answer = flag.own_tiers(context).answer;
                answer.is_ok_and(|answer| answer.truth == Some(true))
            });
            if !on {
                return Outcome {
                    tier: TierRef::Requires(key, *slot),
                    ..Outcome::constant(self.off, Reason::Disabled)
                };
            }
        }
        self.own_tiers(context)
    }

    /// The tiers below `requires`, and the kill above it.
    #[inline]
    pub(super) fn own_tiers<'a>(&'a self, context: &Context<'a>) -> Outcome<'a> {
        if let Some((answer, reason)) = self.shape.constant() {
            return Outcome::constant(answer, reason);
        }
        if !self.overrides.is_empty() {
            let named = [context.unit_id(), context.tenant_id()];
            for target in named.into_iter().flatten() {
                if let Some(answer) = self.overrides.get(target) {
                    return Outcome {
                        tier: TierRef::Override(target),
                        ..Outcome::constant(*answer, Reason::TargetingMatch)
                    };
                }
            }
        }
        let matching = self.rules.iter().position(|rule| rule.check.holds(context));
        if let Some(index) = matching {
            let (answer, bucket) = match &self.rules[index].served {
                Served::One(answer) => (Ok(*answer), None),
                Served::Split(division) => division.place(context),
            };
            return Outcome {
                answer,
                reason: Reason::TargetingMatch,
                bucket,
                tier: TierRef::Rule(index),
            };
        }
        let Some(rollout) = &self.rollout else {
            return Outcome::constant(self.default, self.default_reason);
        };
        let (answer, bucket) = rollout.place(context);
        Outcome {
            answer,
            reason: Reason::Split,
            bucket,
            tier: TierRef::Rollout,
        }
    }
}

impl Outcome<'_> {
    /// Of a tier that its reason tells.
    #[inline]
    fn constant(answer: Answer, reason: Reason) -> Self {
        let tier = match reason {
            Reason::Disabled => TierRef::Killed,
            Reason::Split => TierRef::Rollout,
            _ => TierRef::Default,
        };
        Self {
            answer: Ok(answer),
            reason,
            bucket: None,
            tier,
        }
    }
}

impl Shape {
    /// The same answers, none of them at once.
    pub(super) fn by_tiers(self) -> Self {
        match self.constant() {
            Some((answer, reason)) => Self::ConstantByTiers(answer, reason),
            None => Self::Tiers,
        }
    }

    /// The answer that does not depend on the context, if it does not.
    #[inline]
    fn constant(self) -> Option<(Answer, Reason)> {
        match self {
            Self::Constant(answer, reason) | Self::ConstantByTiers(answer, reason) => {
                Some((answer, reason))
            }
            Self::Percentage { .. } | Self::Tiers => None,
        }
    }

    /// The shape of a flag that has nothing but this rollout.
    fn of(rollout: &Division) -> Self {
        if let Some(sole) = rollout.sole {
            return Self::Constant(sole, Reason::Split);
        }
        let way = &rollout.way;
        match (way.bucketing, &way.by, rollout.two_booleans()) {
            (Bucketing::Xxh3, Subject::Unit, Some((thousandths, inside, outside))) => {
                Self::Percentage {
                    seed: way.seed,
                    thousandths,
                    inside,
                    outside,
                }
            }
            _ => Self::Tiers,
        }
    }
}

impl CompiledRule {
    fn compile<'a>(
        key: &FlagKey,
        rule: &'a Rule,
        variants: &Variants,
        symbols: &mut Symbols<'a>,
    ) -> Option<Self> {
        let served = match (&rule.variant, &rule.split[..]) {
            (Some(variant), []) => Served::One(variants.answer(variant)?),
            (None, weights) => {
                let (by, salt) = (rule.by.as_deref(), rule.salt.as_deref());
                let way = Way::new(key, by, rule.bucketing, salt, symbols);
                Served::Split(Box::new(Division::split(weights, variants, way)?))
            }
            (Some(_), [_, ..]) => return None,
        };
        Some(Self {
            name: rule.name.as_deref().map(Into::into),
            check: Check::compile(&rule.when, symbols)?,
            served,
        })
    }
}

/// `None` without a rollout in force, `Some(None)` for one that validation refuses.
fn compile_rollout(
    key: &FlagKey,
    definition: &Definition,
    default: Answer,
    variants: &Variants,
    symbols: &mut Symbols<'_>,
) -> Option<Option<Division>> {
    let rollout = definition.rollout.as_ref()?;
    let (by, salt) = (rollout.by.as_deref(), rollout.salt.as_deref());
    let way = |symbols| Way::new(key, by, rollout.bucketing, salt, symbols);
    match (rollout.percentage, &rollout.split[..]) {
        (None, []) => None,
        (Some(percentage), []) => Some(
            variants
                .answer(definition.rollout_variant())
                .map(|inside| Division::percentage(percentage, inside, default, way(symbols))),
        ),
        (None, weights) => Some(Division::split(weights, variants, way(symbols))),
        (Some(_), [_, ..]) => Some(None),
    }
}

impl Variants {
    fn compile(definition: &Definition) -> Self {
        let variants = definition.variants.iter();
        Self(
            variants
                .map(|(name, value)| (name.as_str().into(), value.clone()))
                .collect(),
        )
    }

    pub(super) fn answer(&self, name: &str) -> Option<Answer> {
        let index = self.0.binary_search_by(|(known, _)| (**known).cmp(name));
        let index = index.ok()?;
        Some(Answer {
            variant: u32::try_from(index).ok()?,
            truth: self.0[index].1.as_bool(),
        })
    }

    pub(super) fn get(&self, answer: Answer) -> &(Box<str>, FlagValue) {
        &self.0[answer.variant as usize]
    }
}

/// Every flag that must be on for `definition`, directly or through others, each once.
fn required(
    definition: &Definition,
    flags: &BTreeMap<FlagKey, Definition>,
    slots: &ByName<FlagKey, Slot>,
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
