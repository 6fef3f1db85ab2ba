use std::fmt::{Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use cutover_domain::Side;
use cutover_domain::comparison::RecordedInput;
use cutover_domain::flags::Context;
use serde::Serialize;

use super::builder::{BuildError, Builder, Parts};
use super::call::{Call, Calls, Ended, Observed, Span, Stopwatch};
use super::judge::{Facts, Judged};
use super::overdue::Overdue;
use super::pool::Pool;
use super::recording::Inputs;
use super::{BackgroundStatus, Cutover};

/// A read with two blocking implementations. Cheap to clone; clones are one operation.
///
/// The caller gets the authoritative side's answer. Nothing that the candidate, the comparison, the
/// store or the recorder does can delay, fail or change it.
///
/// See [the module](super) for an example.
pub struct BlockingOperation<I, O, E> {
    inner: Arc<Inner<I, O, E>>,
}

/// An implementation: it borrows its input, so that the other side sees it unchanged.
pub type BlockingSide<I, O, E> = Arc<dyn Fn(&I) -> Result<O, E> + Send + Sync>;

struct Inner<I, O, E> {
    name: String,
    timeout: Duration,
    old: BlockingSide<I, O, E>,
    new: BlockingSide<I, O, E>,
    inputs: Option<Inputs<I>>,
    calls: Calls<E>,
    pool: Pool,
    /// What waits for old to answer again.
    overdue: Arc<Overdue>,
}

impl<I, O, E> BlockingOperation<I, O, E>
where
    I: Send + 'static,
    O: Clone + Serialize + Send + 'static,
    E: Debug + Display + 'static,
{
    /// Starts building the operation `name`.
    #[must_use]
    pub fn builder(name: &str) -> Builder<I, O, E, BlockingSide<I, O, E>> {
        Builder::named(name)
    }

    /// Runs the operation for one call. Allocates nothing of its own where no candidate is taken.
    ///
    /// # Errors
    ///
    /// The authoritative side's.
    ///
    /// # Panics
    ///
    /// When the authoritative side panics and the other one does not answer for it.
    pub fn run(&self, context: &Context<'_>, input: I) -> Result<O, E> {
        let inner = &self.inner;
        let call = inner.calls.begin(context);
        let side = call.plan.authoritative;
        let (ended, span) = inner.attempt(side, &input, call.timed);
        let may_fall_back = || inner.calls.may_fall_back(side, context);
        if inner.calls.falls_back(&ended, may_fall_back) {
            return self.fall_back(context, call, (&ended, span), input);
        }
        if let Some(side) = call.plan.candidate {
            self.enqueue(context, call, side, &ended, span, input);
        }
        answer(ended)
    }

    /// Waits until every candidate so far has ended, at most so long; says what is left.
    pub fn drain(&self, timeout: Duration) -> BackgroundStatus {
        let left = self.inner.pool.drain(timeout);
        pollster::block_on(self.inner.calls.judge.save_header());
        left
    }

    /// What the background is doing.
    #[must_use]
    pub fn background(&self) -> BackgroundStatus {
        self.inner.pool.status()
    }

    /// The operation's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Old answers for new, which ended like this.
    #[cold]
    fn fall_back(
        &self,
        context: &Context<'_>,
        call: Call,
        new: (&Ended<O, E>, Option<Span>),
        input: I,
    ) -> Result<O, E> {
        let (saved, span) = self.inner.attempt(Side::Old, &input, call.timed);
        if call.plan.candidate.is_some() {
            self.compare_fallback(context, call, (&saved, span), new, input);
        }
        answer(saved)
    }

    fn enqueue(
        &self,
        context: &Context<'_>,
        call: Call,
        side: Side,
        ended: &Ended<O, E>,
        span: Option<Span>,
        input: I,
    ) {
        let inner = &self.inner;
        if let Err(rejected) = inner.pool.room() {
            return inner
                .calls
                .count_rejected(rejected, inner.pool.status().stuck > 0);
        }
        let authoritative = ended.observe(span);
        let mut facts = inner
            .calls
            .judge
            .facts(context, call.stage, call.revision, side.other());
        let recorded = inner.records(context);
        let again = inner.calls.ask_again.takes(context);
        let operation = Arc::clone(inner);
        let job = move || {
            // Timed whatever the switch says: a candidate that is too slow has to be seen.
            let (ended, span) = operation.attempt(side, &input, true);
            let late = span.is_some_and(|span| span.wall() > operation.timeout);
            let ended = if late {
                Ended::TimedOut(operation.timeout)
            } else {
                ended
            };
            let candidate = ended.observe(span.filter(|_| call.timed));
            let (old, new) = match side {
                Side::Old => (candidate, authoritative),
                Side::New => (authoritative, candidate),
            };
            facts.input = operation.recorded(recorded, &input);
            operation.judge(facts, old, new, Some(&input).filter(|_| again));
        };
        if let Err(rejected) = inner.pool.submit(Box::new(job)) {
            inner
                .calls
                .count_rejected(rejected, inner.pool.status().stuck > 0);
        }
    }

    /// Old has answered for new already, so there is nothing left to run.
    fn compare_fallback(
        &self,
        context: &Context<'_>,
        call: Call,
        old: (&Ended<O, E>, Option<Span>),
        new: (&Ended<O, E>, Option<Span>),
        input: I,
    ) {
        let inner = &self.inner;
        if let Err(rejected) = inner.pool.room() {
            return inner
                .calls
                .count_rejected(rejected, inner.pool.status().stuck > 0);
        }
        let (old, new) = (old.0.observe(old.1), new.0.observe(new.1));
        let mut facts = inner
            .calls
            .judge
            .facts(context, call.stage, call.revision, Side::New);
        let recorded = inner.records(context);
        let operation = Arc::clone(inner);
        let job = move || {
            facts.input = operation.recorded(recorded, &input);
            operation.judge(facts, old, new, None);
        };
        if let Err(rejected) = inner.pool.submit(Box::new(job)) {
            inner.calls.count_rejected(rejected, false);
        }
    }
}

impl<I, O, E> Inner<I, O, E>
where
    I: Send + 'static,
    O: Clone + Serialize + Send + 'static,
    E: Debug + Display + 'static,
{
    /// Inlined, because the call itself would be a good part of what a call costs.
    #[inline(always)]
    fn attempt(&self, side: Side, input: &I, timed: bool) -> (Ended<O, E>, Option<Span>) {
        let implementation = match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        };
        let watch = Stopwatch::start(timed);
        // The input is only borrowed; what else a panicking implementation leaves half-done is
        // its own, as it would be without an operation around it.
        let ended = match catch_unwind(AssertUnwindSafe(|| implementation(input))) {
            Ok(result) => Ended::Returned(result),
            Err(panic) => Ended::Panicked(panic),
        };
        let span = watch.stop();
        self.calls.count(side, &ended, span);
        (ended, span)
    }

    /// Whether the input of this call is kept.
    fn records(&self, context: &Context<'_>) -> bool {
        self.inputs
            .as_ref()
            .is_some_and(|inputs| inputs.takes(context))
    }

    /// What is kept of an input, where it is wanted.
    fn recorded(&self, wanted: bool, input: &I) -> Option<RecordedInput> {
        let inputs = self.inputs.as_ref().filter(|_| wanted)?;
        Some(inputs.of(input))
    }

    /// Compares, and where there is an `input`, asks old again with it. An old that hangs this time
    /// does not take the record with it: it is kept without a second answer when the time is up.
    fn judge(
        self: &Arc<Self>,
        facts: Facts,
        old: Observed<O>,
        new: Observed<O>,
        input: Option<&I>,
    ) {
        let judge = &self.calls.judge;
        let judged = judge.judge(facts, old, new);
        let Some(input) = input.filter(|_| judged.can_ask_again()) else {
            return pollster::block_on(judge.store(judged));
        };
        let operation = Arc::downgrade(self);
        let ticket = self.overdue.leave(judged, self.timeout, move |judged| {
            // Whoever hangs holds the operation.
            if let Some(operation) = operation.upgrade() {
                operation.keep(judged, Ended::TimedOut(operation.timeout));
            }
        });
        let again = self.ask_again(input);
        if let Some(judged) = self.overdue.take_back(ticket) {
            self.keep(judged, again);
        }
    }

    /// Keeps a comparison, with what old answered when it was asked again.
    fn keep(&self, mut judged: Judged, again: Ended<O, E>) {
        let judge = &self.calls.judge;
        judge.judge_again(&mut judged, again.observe(None));
        pollster::block_on(judge.store(judged));
    }

    /// Old once more, for nobody: not counted as a call.
    fn ask_again(&self, input: &I) -> Ended<O, E> {
        let watch = Stopwatch::start(true);
        let ended = match catch_unwind(AssertUnwindSafe(|| (self.old)(input))) {
            Ok(result) => Ended::Returned(result),
            Err(panic) => Ended::Panicked(panic),
        };
        match watch.stop() {
            Some(span) if span.wall() > self.timeout => Ended::TimedOut(self.timeout),
            _ => ended,
        }
    }
}

fn answer<O, E>(ended: Ended<O, E>) -> Result<O, E> {
    match ended {
        Ended::Returned(result) => result,
        Ended::Panicked(panic) => resume_unwind(panic),
        Ended::TimedOut(_) => unreachable!("a blocking side has no deadline"),
    }
}

impl<I, O, E> Builder<I, O, E, BlockingSide<I, O, E>>
where
    I: Send + 'static,
    O: Clone + Serialize + Send + 'static,
    E: Debug + Display + 'static,
{
    /// The implementation that is replaced. Where its error type is another one, map it: `?` does.
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

    /// Builds the operation.
    ///
    /// # Errors
    ///
    /// An implementation or the flag is missing, or the comparison rules are wrong.
    pub fn build(self, cutover: &Cutover) -> Result<BlockingOperation<I, O, E>, BuildError> {
        let Parts {
            name,
            candidate,
            old,
            new,
            inputs,
            calls,
            ..
        } = self.finish(cutover)?;
        let pool = Pool::new(&name, candidate);
        let timeout = candidate.timeout;
        Ok(BlockingOperation {
            inner: Arc::new(Inner {
                name,
                timeout,
                old,
                new,
                inputs,
                calls,
                pool,
                overdue: Arc::default(),
            }),
        })
    }
}

impl<I, O, E> Clone for BlockingOperation<I, O, E> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<I, O, E> Debug for BlockingOperation<I, O, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockingOperation")
            .field("name", &self.inner.name)
            .finish_non_exhaustive()
    }
}
