use std::fmt::{Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use cutover_domain::Side;
use cutover_domain::execution::{WriteOrder, effective_stage};
use cutover_domain::flags::Context;
use cutover_domain::metrics::standard::{CallOutcome, FallbackReason};
use cutover_ports::flags::Decide;
use cutover_ports::metrics::Moment;

use super::blocking::BlockingSide;
use super::builder::{BuildError, Predicate};
use super::switch::Resolved;
use super::{Cutover, Switch};
use crate::metrics::OperationMetrics;

/// A write with two blocking implementations, of which exactly one writes. Cheap to clone.
///
/// It is another type than a read, so that a write is never run twice by accident. A flag's stage
/// says which side is authoritative; no second side writes.
///
/// ```
/// use cutover_app::execution::{BlockingWrite, Cutover};
/// use cutover_app::flags::Live;
/// use cutover_domain::flags::Context;
///
/// let register = BlockingWrite::<String, usize, std::io::Error>::builder("register")
///     .old(|name| Ok(name.len()))
///     .new(|name| Ok(name.chars().count()))
///     .flag("use_new_registrar")
///     .build(&Cutover::new(Live::new()))?;
/// assert_eq!(register.run(&Context::unit("iris"), &"ü".to_owned())?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BlockingWrite<I, O, E> {
    inner: Arc<Inner<I, O, E>>,
}

struct Inner<I, O, E> {
    name: String,
    old: BlockingSide<I, O, E>,
    new: BlockingSide<I, O, E>,
    decide: Arc<dyn Decide>,
    fall_back: Resolved,
    not_applied: Option<Predicate<E>>,
    metrics: OperationMetrics,
}

/// Puts a write together; see [`BlockingWrite::builder`].
pub struct WriteBuilder<I, O, E> {
    name: String,
    old: Option<BlockingSide<I, O, E>>,
    new: Option<BlockingSide<I, O, E>>,
    flag: Option<String>,
    fall_back: Switch,
    not_applied: Option<Predicate<E>>,
}

impl<I, O, E: Debug + Display> BlockingWrite<I, O, E> {
    /// Starts building the operation `name`.
    #[must_use]
    pub fn builder(name: &str) -> WriteBuilder<I, O, E> {
        WriteBuilder {
            name: name.to_owned(),
            old: None,
            new: None,
            flag: None,
            fall_back: Switch::flag("auto_fallback").otherwise_on(),
            not_applied: None,
        }
    }

    /// Writes once, through the authoritative side. Old writes in place of new only after an error
    /// that new declares as not applied.
    ///
    /// # Errors
    ///
    /// The writing side's.
    ///
    /// # Panics
    ///
    /// When the writing side panics: what it did by then is unknown, so nobody tries again.
    pub fn run(&self, context: &Context<'_>, input: &I) -> Result<O, E> {
        let inner = &self.inner;
        let stage = effective_stage(&inner.decide.decide(context));
        let side = WriteOrder::at(stage).first;
        let result = inner.write(side, input);
        match (side, &result) {
            (Side::New, Err(error))
                if inner
                    .not_applied
                    .as_ref()
                    .is_some_and(|not_applied| not_applied(error))
                    && inner.fall_back.is_on(context) =>
            {
                inner.metrics.fallbacks(FallbackReason::Error).increment(1);
                inner.write(Side::Old, input)
            }
            _ => result,
        }
    }

    /// The operation's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }
}

impl<I, O, E> Inner<I, O, E> {
    fn write(&self, side: Side, input: &I) -> Result<O, E> {
        let implementation = match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        };
        let started = Moment::now();
        let ended = catch_unwind(AssertUnwindSafe(|| implementation(input)));
        self.metrics
            .duration(side)
            .observe_between(started, Moment::now());
        let outcome = match &ended {
            Ok(Ok(_)) => CallOutcome::Success,
            Ok(Err(_)) => CallOutcome::Error,
            Err(_) => CallOutcome::Panic,
        };
        self.metrics.calls(side, outcome).increment(1);
        ended.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl<I, O, E: 'static> WriteBuilder<I, O, E> {
    /// The implementation that is replaced.
    #[must_use]
    pub fn old(
        mut self,
        implementation: impl Fn(&I) -> Result<O, E> + Send + Sync + 'static,
    ) -> Self {
        self.old = Some(Arc::new(implementation));
        self
    }

    /// Its replacement.
    #[must_use]
    pub fn new(
        mut self,
        implementation: impl Fn(&I) -> Result<O, E> + Send + Sync + 'static,
    ) -> Self {
        self.new = Some(Arc::new(implementation));
        self
    }

    /// The boolean flag that decides; see [`Builder::flag`](super::Builder::flag).
    #[must_use]
    pub fn flag(self, key: impl Into<String>) -> Self {
        Self {
            flag: Some(key.into()),
            ..self
        }
    }

    /// Whether old writes after an error that new declares as not applied.
    #[must_use]
    pub fn fall_back_when(self, switch: Switch) -> Self {
        Self {
            fall_back: switch,
            ..self
        }
    }

    /// Which errors of new promise that nothing was written. None by default.
    #[must_use]
    pub fn not_applied_on(self, not_applied: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        Self {
            not_applied: Some(Arc::new(not_applied)),
            ..self
        }
    }

    /// Builds the operation.
    ///
    /// # Errors
    ///
    /// An implementation or the flag is missing.
    pub fn build(self, cutover: &Cutover) -> Result<BlockingWrite<I, O, E>, BuildError> {
        let missing = |side| BuildError::NoImplementation {
            operation: self.name.clone(),
            side,
        };
        let old = self.old.ok_or_else(|| missing(Side::Old))?;
        let new = self.new.ok_or_else(|| missing(Side::New))?;
        let flag = self
            .flag
            .ok_or_else(|| BuildError::NoFlag(self.name.clone()))?;
        let inner = Inner {
            old,
            new,
            decide: Arc::new(cutover.live.flag(&flag)),
            fall_back: self.fall_back.resolve(&cutover.live),
            not_applied: self.not_applied,
            metrics: OperationMetrics::register(&*cutover.metrics, &self.name),
            name: self.name,
        };
        Ok(BlockingWrite {
            inner: Arc::new(inner),
        })
    }
}

impl<I, O, E> Clone for BlockingWrite<I, O, E> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<I, O, E> Debug for BlockingWrite<I, O, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockingWrite")
            .field("name", &self.inner.name)
            .finish_non_exhaustive()
    }
}

impl<I, O, E> Debug for WriteBuilder<I, O, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteBuilder")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
