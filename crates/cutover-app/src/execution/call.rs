use std::any::Any;
use std::fmt::{Debug, Display};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use cutover_domain::execution::{ReadPlan, Sample, effective_stage};
use cutover_domain::flags::{Context, Revision};
use cutover_domain::metrics::standard::{CallOutcome, DropReason, FallbackReason};
use cutover_domain::{Side, Stage};
use cutover_ports::metrics::Moment;

use super::Rejected;
use super::builder::Predicate;
use super::judge::Judge;
use super::noise::AskAgain;
use super::switch::{Decider, Resolved};
use crate::metrics::OperationMetrics;
use crate::panics::panic_message;

/// The part of an operation that does not depend on the shape of its implementations: what is
/// decided for a call, and what is counted about it.
pub(super) struct Calls<E> {
    pub(super) decide: Decider,
    pub(super) compare: Resolved,
    pub(super) fall_back: Resolved,
    pub(super) measure_time: Resolved,
    pub(super) sample: Sample,
    pub(super) ask_again: AskAgain,
    pub(super) worth_falling_back: Option<Predicate<E>>,
    /// Calls that name no unit, numbered for the sample.
    pub(super) anonymous: AtomicU64,
    pub(super) metrics: OperationMetrics,
    pub(super) judge: Arc<Judge>,
}

/// What is decided for one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) stage: Stage,
    pub(super) revision: Revision,
    pub(super) plan: ReadPlan,
    pub(super) timed: bool,
}

/// How one side ended: kept for the comparison, so owned.
#[derive(Clone, Debug)]
pub(super) enum Answer<O> {
    Value(O),
    Error { class: String, message: String },
    Panic(String),
    Timeout(Duration),
}

/// An answer and how long it took.
#[derive(Clone, Debug)]
pub(super) struct Observed<O> {
    pub(super) answer: Answer<O>,
    pub(super) wall: Option<Duration>,
}

/// How an implementation ended, before anything is made of it.
pub(super) enum Ended<O, E> {
    Returned(Result<O, E>),
    Panicked(Box<dyn Any + Send>),
    TimedOut(Duration),
}

impl<E: Debug + Display> Calls<E> {
    /// Decides who answers and who runs beside it.
    #[inline]
    pub(super) fn begin(&self, context: &Context<'_>) -> Call {
        let decision = self.decide.decide(context);
        let stage = effective_stage(&decision);
        let mut plan = ReadPlan::at(stage);
        if plan.candidate.is_some() && !self.takes_candidate(context) {
            plan.candidate = None;
        }
        let timed = self.measure_time.is_on(context);
        Call {
            stage,
            revision: decision.revision,
            plan,
            timed,
        }
    }

    #[inline]
    fn takes_candidate(&self, context: &Context<'_>) -> bool {
        if !self.compare.is_on(context) {
            return false;
        }
        let number = || self.anonymous.fetch_add(1, Ordering::Relaxed);
        let taken = self.sample.takes(context.unit_id(), number);
        if !taken {
            self.judge.sampled_out();
        }
        taken
    }

    /// Counts how a side ended.
    #[inline(always)]
    pub(super) fn count<O>(&self, side: Side, ended: &Ended<O, E>, span: Option<Span>) {
        let outcome = match ended {
            Ended::Returned(Ok(_)) => CallOutcome::Success,
            Ended::Returned(Err(_)) => CallOutcome::Error,
            Ended::Panicked(_) => CallOutcome::Panic,
            Ended::TimedOut(_) => CallOutcome::Timeout,
        };
        self.metrics.calls(side, outcome).increment(1);
        if let Some(Span { start, end }) = span {
            self.metrics.duration(side).observe_between(start, end);
        }
    }

    /// Whether old answers where `side` fails.
    pub(super) fn may_fall_back(&self, side: Side, context: &Context<'_>) -> bool {
        side == Side::New && self.fall_back.is_on(context)
    }

    /// Whether old should answer after this end, where it may. Counts it. Most calls do not fail,
    /// and of these it is not asked whether old may.
    #[inline]
    pub(super) fn falls_back<O>(&self, ended: &Ended<O, E>, may: impl FnOnce() -> bool) -> bool {
        !matches!(ended, Ended::Returned(Ok(_))) && may() && self.is_worth_falling_back(ended)
    }

    fn is_worth_falling_back<O>(&self, ended: &Ended<O, E>) -> bool {
        let reason = match ended {
            Ended::Returned(Ok(_)) => return false,
            Ended::Returned(Err(error)) => {
                if self
                    .worth_falling_back
                    .as_ref()
                    .is_some_and(|worth| !worth(error))
                {
                    return false;
                }
                FallbackReason::Error
            }
            Ended::Panicked(_) => FallbackReason::Panic,
            Ended::TimedOut(_) => FallbackReason::Timeout,
        };
        self.metrics.fallbacks(reason).increment(1);
        true
    }

    /// Counts a candidate that was not taken.
    pub(super) fn count_rejected(&self, rejected: Rejected, stuck: bool) {
        let reason = match rejected {
            Rejected::QueueFull if stuck => DropReason::Stuck,
            Rejected::QueueFull | Rejected::NoThread => DropReason::QueueFull,
            Rejected::Closed => DropReason::Shutdown,
        };
        self.judge.dropped(reason);
    }
}

impl<O: Clone, E: Debug + Display> Ended<O, E> {
    /// A copy for the comparison.
    pub(super) fn observe(&self, span: Option<Span>) -> Observed<O> {
        let answer = match self {
            Self::Returned(Ok(value)) => Answer::Value(value.clone()),
            Self::Returned(Err(error)) => Answer::Error {
                class: class_of(error),
                message: error.to_string(),
            },
            Self::Panicked(panic) => Answer::Panic(panic_message(&**panic)),
            Self::TimedOut(after) => Answer::Timeout(*after),
        };
        Observed {
            answer,
            wall: span.map(Span::wall),
        }
    }
}

/// The name that `Debug` begins with: the variant of an enum, the type of a struct.
fn class_of(error: &impl Debug) -> String {
    let debug = format!("{error:?}");
    let end = debug.find(|character: char| !character.is_alphanumeric() && character != '_');
    let name = &debug[..end.unwrap_or(debug.len())];
    if name.is_empty() {
        "Error".to_owned()
    } else {
        name.to_owned()
    }
}

/// Polls to the end, or to the first panic.
pub(super) async fn contain<T>(future: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // The future is not polled again after a panic, so what it left half-done is not seen.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// Times a call where it is wanted.
pub(super) struct Stopwatch(Option<Moment>);

/// From call to answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: Moment,
    end: Moment,
}

impl Span {
    pub(super) fn wall(self) -> Duration {
        self.end.since(self.start)
    }
}

impl Stopwatch {
    #[inline]
    pub(super) fn start(timed: bool) -> Self {
        Self(timed.then(Moment::now))
    }

    #[inline]
    pub(super) fn stop(self) -> Option<Span> {
        self.0.map(|start| Span {
            start,
            end: Moment::now(),
        })
    }
}
