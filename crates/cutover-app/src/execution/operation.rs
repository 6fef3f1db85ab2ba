use std::fmt::{Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cutover_domain::Side;
use cutover_domain::flags::Context;
use serde::Serialize;
use tokio::runtime::Handle;

use super::builder::{BuildError, Builder, Parts};
use super::call::{Call, Calls, Ended, Observed, Span, Stopwatch, contain};
use super::judge::Facts;
use super::lane::Lane;
use super::{BackgroundStatus, Cutover};

/// A read with two asynchronous implementations. Cheap to clone; clones are one operation.
///
/// The caller gets the authoritative side's answer. Nothing that the candidate, the comparison, the
/// store or the recorder does can delay, fail or change it: candidates run on a thread with a
/// runtime of their own.
///
/// ```
/// use std::sync::Arc;
/// use cutover_app::execution::{Cutover, Operation};
/// use cutover_app::flags::Live;
/// use cutover_domain::flags::Context;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let double = Operation::<u32, u32, std::io::Error>::builder("double")
///     .old(|n: Arc<u32>| async move { Ok(*n + *n) })
///     .new(|n: Arc<u32>| async move { Ok(*n * 2) })
///     .flag("use_new_double")
///     .build(&Cutover::new(Live::new()))?;
/// assert_eq!(double.run(&Context::unit("iris"), 21).await?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Operation<I, O, E> {
    inner: Arc<Inner<I, O, E>>,
}

/// An implementation: the input is shared, so that no side can change it under the other.
pub type AsyncSide<I, O, E> = Arc<dyn Fn(Arc<I>) -> Answering<O, E> + Send + Sync>;

type Answering<O, E> = Pin<Box<dyn Future<Output = Result<O, E>> + Send>>;

struct Inner<I, O, E> {
    name: String,
    timeout: Duration,
    deadline: Option<Duration>,
    old: AsyncSide<I, O, E>,
    new: AsyncSide<I, O, E>,
    calls: Calls<E>,
    lane: Lane,
}

impl<I, O, E> Operation<I, O, E>
where
    I: Send + Sync + 'static,
    O: Clone + Serialize + Send + 'static,
    E: Debug + Display + Send + 'static,
{
    /// Starts building the operation `name`.
    #[must_use]
    pub fn builder(name: &str) -> Builder<I, O, E, AsyncSide<I, O, E>> {
        Builder::named(name)
    }

    /// Runs the operation for one call. Where no candidate is taken it allocates the shared input
    /// and the future of the authoritative side.
    ///
    /// A call that is dropped half-way has no candidate.
    ///
    /// # Errors
    ///
    /// The authoritative side's.
    ///
    /// # Panics
    ///
    /// When the authoritative side panics and the other one does not answer for it; with a
    /// deadline, also outside a tokio runtime.
    pub async fn run(&self, context: &Context<'_>, input: impl Into<Arc<I>>) -> Result<O, E> {
        let inner = &self.inner;
        let input = input.into();
        let call = inner.calls.begin(context);
        let side = call.plan.authoritative;
        // Without a fallback there is nothing to answer with at a deadline.
        let may_fall_back = || inner.calls.may_fall_back(side, context);
        let deadline = inner.deadline.filter(|_| may_fall_back());
        let (ended, span) = inner
            .attempt(side, Arc::clone(&input), deadline, call.timed)
            .await;
        let may_fall_back = || deadline.is_some() || may_fall_back();
        if inner.calls.falls_back(&ended, may_fall_back) {
            let (saved, saved_span) = inner.attempt(Side::Old, input, None, call.timed).await;
            if call.plan.candidate.is_some() {
                let (old, new) = (saved.observe(saved_span), ended.observe(span));
                self.compare_fallback(context, call, old, new);
            }
            return answer(saved);
        }
        if let Some(side) = call.plan.candidate {
            self.enqueue(context, call, side, &ended, span, input);
        }
        answer(ended)
    }

    /// Waits until every candidate so far has ended, at most so long; says what is left.
    pub async fn drain(&self, timeout: Duration) -> BackgroundStatus {
        let left = self.inner.lane.drain(timeout).await;
        self.inner.calls.judge.save_header().await;
        left
    }

    /// What the background is doing.
    #[must_use]
    pub fn background(&self) -> BackgroundStatus {
        self.inner.lane.status()
    }

    /// The operation's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    fn enqueue(
        &self,
        context: &Context<'_>,
        call: Call,
        side: Side,
        ended: &Ended<O, E>,
        span: Option<Span>,
        input: Arc<I>,
    ) {
        let inner = &self.inner;
        if let Err(rejected) = inner.lane.room() {
            return inner
                .calls
                .count_rejected(rejected, inner.lane.status().stuck > 0);
        }
        let authoritative = ended.observe(span);
        let facts = inner
            .calls
            .judge
            .facts(context, call.stage, call.revision, side.other());
        let again = inner.calls.ask_again.takes(context);
        let operation = Arc::clone(inner);
        let job = async move {
            let again = again.then(|| Arc::clone(&input));
            let timeout = Some(operation.timeout);
            let (ended, span) = operation.attempt(side, input, timeout, call.timed).await;
            let candidate = ended.observe(span);
            let (old, new) = match side {
                Side::Old => (candidate, authoritative),
                Side::New => (authoritative, candidate),
            };
            operation.judge(facts, old, new, again).await;
        };
        if let Err(rejected) = inner.lane.submit(job) {
            inner
                .calls
                .count_rejected(rejected, inner.lane.status().stuck > 0);
        }
    }

    /// Old has answered for new already, so there is nothing left to run.
    fn compare_fallback(
        &self,
        context: &Context<'_>,
        call: Call,
        old: Observed<O>,
        new: Observed<O>,
    ) {
        let inner = &self.inner;
        let facts = inner
            .calls
            .judge
            .facts(context, call.stage, call.revision, Side::New);
        let operation = Arc::clone(inner);
        let job = async move { operation.judge(facts, old, new, None).await };
        if let Err(rejected) = inner.lane.submit(job) {
            inner
                .calls
                .count_rejected(rejected, inner.lane.status().stuck > 0);
        }
    }
}

impl<I, O, E> Inner<I, O, E>
where
    O: Clone + Serialize,
    E: Debug + Display,
{
    async fn attempt(
        &self,
        side: Side,
        input: Arc<I>,
        limit: Option<Duration>,
        timed: bool,
    ) -> (Ended<O, E>, Option<Span>) {
        let implementation = match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        };
        let watch = Stopwatch::start(timed);
        // An implementation may panic before its future is there.
        let ended = match catch_unwind(AssertUnwindSafe(|| implementation(input))) {
            Err(panic) => Ended::Panicked(panic),
            Ok(answering) => match limit {
                None => end(answering).await,
                Some(limit) => tokio::time::timeout(limit, end(answering))
                    .await
                    .unwrap_or(Ended::TimedOut(limit)),
            },
        };
        let span = watch.stop();
        self.calls.count(side, &ended, span);
        (ended, span)
    }

    /// Compares, and where there is an input, asks old again with it: after the comparison is
    /// counted, because an old that hangs this time takes the record with it.
    async fn judge(&self, facts: Facts, old: Observed<O>, new: Observed<O>, input: Option<Arc<I>>) {
        let judge = &self.calls.judge;
        let mut judged = judge.judge(facts, old, new);
        if let Some(input) = input.filter(|_| judged.can_ask_again()) {
            let again = self.ask_again(input).await.observe(None);
            judge.judge_again(&mut judged, again);
        }
        judge.store(judged).await;
    }

    /// Old once more, for nobody: not counted as a call.
    async fn ask_again(&self, input: Arc<I>) -> Ended<O, E> {
        match catch_unwind(AssertUnwindSafe(|| (self.old)(input))) {
            Err(panic) => Ended::Panicked(panic),
            Ok(answering) => tokio::time::timeout(self.timeout, end(answering))
                .await
                .unwrap_or(Ended::TimedOut(self.timeout)),
        }
    }
}

async fn end<O, E>(answering: Answering<O, E>) -> Ended<O, E> {
    match contain(answering).await {
        Ok(result) => Ended::Returned(result),
        Err(panic) => Ended::Panicked(panic),
    }
}

fn answer<O, E>(ended: Ended<O, E>) -> Result<O, E> {
    match ended {
        Ended::Returned(result) => result,
        Ended::Panicked(panic) => resume_unwind(panic),
        Ended::TimedOut(_) => unreachable!("a deadline is only set where old can answer"),
    }
}

impl<I, O, E> Builder<I, O, E, AsyncSide<I, O, E>>
where
    I: Send + Sync + 'static,
    O: Clone + Serialize + Send + 'static,
    E: Debug + Display + Send + 'static,
{
    /// The implementation that is replaced. Where its error type is another one, map it: `?` does.
    #[must_use]
    pub fn old<R>(mut self, implementation: impl Fn(Arc<I>) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = Result<O, E>> + Send + 'static,
    {
        self.old = Some(boxed(implementation));
        self
    }

    /// Its replacement.
    #[must_use]
    pub fn new<R>(mut self, implementation: impl Fn(Arc<I>) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = Result<O, E>> + Send + 'static,
    {
        self.new = Some(boxed(implementation));
        self
    }

    /// After this long old answers in place of new, where falling back is on. Needs a tokio
    /// runtime around the call.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = Some(deadline);
        self
    }

    /// Builds the operation. Candidates run on the thread of `cutover`.
    ///
    /// # Errors
    ///
    /// An implementation or the flag is missing, the comparison rules are wrong, or there is no
    /// thread to be had.
    pub fn build(self, cutover: &Cutover) -> Result<Operation<I, O, E>, BuildError> {
        let handle = cutover
            .candidate_handle()
            .map_err(|source| BuildError::NoThread {
                operation: self.settings.name.clone(),
                source,
            })?;
        self.build_on(cutover, handle)
    }

    /// Builds the operation with candidates on a runtime of your own: for implementations that are
    /// bound to it. One that blocks its thread then blocks yours.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    pub fn build_on(
        self,
        cutover: &Cutover,
        runtime: Handle,
    ) -> Result<Operation<I, O, E>, BuildError> {
        let Parts {
            name,
            candidate,
            deadline,
            old,
            new,
            calls,
        } = self.finish(cutover)?;
        let lane = Lane::new(runtime, candidate);
        let timeout = candidate.timeout;
        let inner = Inner {
            name,
            timeout,
            deadline,
            old,
            new,
            calls,
            lane,
        };
        Ok(Operation {
            inner: Arc::new(inner),
        })
    }
}

fn boxed<I, O, E, R>(
    implementation: impl Fn(Arc<I>) -> R + Send + Sync + 'static,
) -> AsyncSide<I, O, E>
where
    R: Future<Output = Result<O, E>> + Send + 'static,
{
    Arc::new(move |input| Box::pin(implementation(input)))
}

impl<I, O, E> Clone for Operation<I, O, E> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<I, O, E> Debug for Operation<I, O, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation")
            .field("name", &self.inner.name)
            .finish_non_exhaustive()
    }
}
