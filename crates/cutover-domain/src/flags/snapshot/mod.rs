mod division;
mod explain;
mod flag;
mod interner;
mod name_hash;

use self::flag::{Answer, CompiledFlag, Outcome, Shape};
pub use self::interner::{Interner, Slot};
use self::name_hash::ByName;
use super::condition::check::Symbols;
use super::{
    Bucketing, Context, Decision, ErrorCode, Evaluation, FlagDocument, FlagKey, Reason, Revision,
};

/// All flags of one revision, compiled: immutable, and answering without lock, allocation or
/// failure.
#[derive(Debug, Default)]
pub struct Snapshot {
    revision: Revision,
    is_stale: bool,
    flags: Box<[Option<CompiledFlag>]>,
    slots: ByName<FlagKey, Slot>,
}

impl Snapshot {
    /// Compiles a document. Linear in its size, and in the number of flags that `requires` reach.
    ///
    /// Flags that are invalid (which no store accepts) answer as if they were not there.
    pub fn compile(document: &FlagDocument, interner: &mut Interner) -> Self {
        let slots: ByName<_, _> = document
            .flags
            .keys()
            .map(|key| (key.clone(), interner.slot(key.as_str())))
            .collect();
        let mut flags: Vec<Option<CompiledFlag>> = Vec::new();
        flags.resize_with(interner.len(), || None);
        let mut symbols = Symbols::default();
        for (key, definition) in &document.flags {
            flags[slots[key].index()] =
                CompiledFlag::compile(key, definition, &document.flags, &slots, &mut symbols);
        }
        Self {
            revision: document.revision,
            is_stale: false,
            flags: flags.into(),
            slots,
        }
    }

    /// The same answers with the reason [`Reason::Stale`]; errors stay errors. Decisions of other
    /// snapshots pay nothing for that this can be.
    ///
    /// ```
    /// use cutover_domain::flags::{Context, FlagDocument, Interner, Preset, Reason, Snapshot};
    ///
    /// let mut document = FlagDocument::empty("2026-01-01T00:00:00Z".parse()?);
    /// document.flags = Preset::Mdm.flags();
    /// let mut interner = Interner::default();
    /// let stale = Snapshot::compile(&document, &mut interner).into_stale();
    /// let slot = interner.slot("auto_fallback");
    /// let decision = stale.decide(slot, &Context::anonymous(), false);
    /// assert_eq!((decision.on, decision.reason), (true, Reason::Stale));
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub fn into_stale(mut self) -> Self {
        self.is_stale = true;
        for flag in self.flags.iter_mut().flatten() {
            flag.shape = flag.shape.by_tiers();
        }
        self
    }

    /// The revision of the document it was compiled from.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The slot of a flag that is there.
    #[must_use]
    #[inline]
    pub fn slot(&self, key: &str) -> Option<Slot> {
        self.slots.get(key).copied()
    }

    /// The answer of a boolean flag. Infallible: where there is no answer, `default` comes back
    /// with the reason. Allocates nothing.
    #[must_use]
    #[inline(always)]
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
            Shape::Constant(..) | Shape::ConstantByTiers(..) | Shape::Tiers => self
                .decide_by_tiers(flag, context)
                .unwrap_or_else(|error| Decision::fallback(default, error, self.revision)),
        }
    }

    #[inline(never)]
    fn decide_by_tiers(
        &self,
        flag: &CompiledFlag,
        context: &Context<'_>,
    ) -> Result<Decision, ErrorCode> {
        let outcome = flag.ask(self, context);
        let on = outcome.answer?.truth.ok_or(ErrorCode::TypeMismatch)?;
        Ok(Decision {
            on,
            reason: self.reason(&outcome),
            error: None,
            stage: flag.stage,
            revision: self.revision,
            bucket: outcome.bucket,
        })
    }

    /// The answer of a flag of any type. Allocates nothing.
    ///
    /// # Errors
    ///
    /// There is no such flag, or its percentage or split needs a unit that the context does not
    /// name.
    pub fn evaluate(&self, slot: Slot, context: &Context<'_>) -> Result<Evaluation<'_>, ErrorCode> {
        let flag = self.flag(slot).ok_or(ErrorCode::FlagNotFound)?;
        let outcome = flag.ask(self, context);
        Ok(self.evaluation(flag, outcome.answer?, &outcome))
    }

    fn evaluation<'a>(
        &self,
        flag: &'a CompiledFlag,
        answer: Answer,
        outcome: &Outcome<'_>,
    ) -> Evaluation<'a> {
        let (variant, value) = flag.variants.get(answer);
        Evaluation {
            value,
            variant,
            reason: self.reason(outcome),
            revision: self.revision,
            bucket: outcome.bucket,
        }
    }

    fn reason(&self, outcome: &Outcome<'_>) -> Reason {
        if self.is_stale {
            Reason::Stale
        } else {
            outcome.reason
        }
    }

    #[inline]
    fn flag(&self, slot: Slot) -> Option<&CompiledFlag> {
        self.flags.get(slot.index()).and_then(Option::as_ref)
    }
}
