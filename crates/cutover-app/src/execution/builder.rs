use std::marker::PhantomData;
use std::sync::Arc;

use cutover_domain::Percentage;
use cutover_domain::comparison::noise::Sampling;
use cutover_domain::comparison::{Implementation, RecordLimits, Rules, RulesError};
use cutover_domain::execution::Sample;
use cutover_ports::flags::Decide;
use serde::Serialize;

use super::call::Calls;
use super::judge::Judge;
use super::noise::AskAgain;
use super::recording::{Inputs, Recording, Write, write_down};
use super::switch::Decider;
use super::{Candidate, Cutover, Switch};
use crate::metrics::OperationMetrics;

/// Puts an operation together.
///
/// `Side` is the shape of an implementation; it is chosen by
/// [`BlockingOperation::builder`](super::BlockingOperation::builder) or
/// `Operation::builder`.
pub struct Builder<I, O, E, Side> {
    pub(super) old: Option<Side>,
    pub(super) new: Option<Side>,
    pub(super) settings: Settings,
    pub(super) worth_falling_back: Option<Predicate<E>>,
    recording: Option<(Recording, Write<I>)>,
    answers: PhantomData<fn(I) -> O>,
}

pub(super) type Predicate<E> = Arc<dyn Fn(&E) -> bool + Send + Sync>;

pub(super) struct Settings {
    pub(super) name: String,
    pub(super) candidate: Candidate,
    #[cfg(feature = "tokio")]
    pub(super) deadline: Option<std::time::Duration>,
    flag: Option<FlagSource>,
    rules: Rules,
    share: Percentage,
    noise: Percentage,
    keep: Keep,
    versions: [Implementation; 2],
    compare: Switch,
    fall_back: Switch,
    measure_time: Switch,
    noise_when: Switch,
}

enum FlagSource {
    Key(String),
    Decide(Arc<dyn Decide>),
}

/// Which comparisons are kept in the store. All of them are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// All: reports can say how much was compared and how long it took.
    #[default]
    Everything,
    /// Only those that are not equal.
    Differences,
}

/// Why an operation cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An implementation is missing.
    #[error("operation {operation}: the {side} implementation is missing; call `.{side}(…)`")]
    NoImplementation {
        /// The operation.
        operation: String,
        /// Which.
        side: cutover_domain::Side,
    },
    /// Nothing decides between old and new.
    #[error(
        "operation {0}: nothing decides between old and new; call `.flag(…)` or `.decide_by(…)`"
    )]
    NoFlag(String),
    /// The comparison rules are wrong.
    #[error("operation {operation}: {source}")]
    Rules {
        /// The operation.
        operation: String,
        /// Everything that is wrong with them.
        source: RulesError,
    },
    /// The operating system has no thread to give.
    #[error("operation {operation}: cannot start the thread that runs candidates: {source}")]
    NoThread {
        /// The operation.
        operation: String,
        /// Why.
        source: std::io::Error,
    },
}

impl<I, O, E, Side> Builder<I, O, E, Side> {
    pub(super) fn named(name: &str) -> Self {
        Self {
            old: None,
            new: None,
            settings: Settings {
                name: name.to_owned(),
                candidate: Candidate::background(),
                #[cfg(feature = "tokio")]
                deadline: None,
                flag: None,
                rules: Rules::new(),
                share: Percentage::FULL,
                noise: Percentage::ZERO,
                keep: Keep::Everything,
                versions: ["old", "new"].map(Implementation::new),
                compare: Switch::ON,
                fall_back: Switch::flag("auto_fallback").otherwise_on(),
                measure_time: Switch::ON,
                noise_when: Switch::ON,
            },
            worth_falling_back: None,
            recording: None,
            answers: PhantomData,
        }
    }

    /// The boolean flag that decides. A flag with a stage runs the operation at that stage; one
    /// without runs it live where it is on and in the shadow where it is off. A killed flag keeps
    /// new from running at all. While the flag is not there, it counts as off.
    #[must_use]
    pub fn flag(mut self, key: impl Into<String>) -> Self {
        self.settings.flag = Some(FlagSource::Key(key.into()));
        self
    }

    /// Who decides instead of a flag: a closure, or another flag system.
    #[must_use]
    pub fn decide_by(mut self, decide: impl Decide + 'static) -> Self {
        self.settings.flag = Some(FlagSource::Decide(Arc::new(decide)));
        self
    }

    /// What counts as a difference; any difference by default.
    #[must_use]
    pub fn compare(mut self, rules: Rules) -> Self {
        self.settings.rules = rules;
        self
    }

    /// How candidates run.
    #[must_use]
    pub fn candidate(mut self, candidate: Candidate) -> Self {
        self.settings.candidate = candidate;
        self
    }

    /// The share of calls that get a candidate, the same units every time; all by default.
    #[must_use]
    pub fn sample(mut self, share: Percentage) -> Self {
        self.settings.share = share;
        self
    }

    /// For this share of the compared calls old is asked once more, with the same input and in the
    /// background as candidates are; none by default. What it differs in from its own first answer
    /// is [noise](cutover_domain::comparison::noise), and reports take it out.
    ///
    /// Old has to bear these calls; they are not counted as calls, and only reads are repeated.
    /// Their records are kept whatever [`keep`](Self::keep) says, since noise is learned from what
    /// is quiet as well.
    #[must_use]
    pub fn noise(mut self, share: Percentage) -> Self {
        self.settings.noise = share;
        self
    }

    /// Whether old is asked once more for that share; on by default.
    #[must_use]
    pub fn noise_when(mut self, switch: Switch) -> Self {
        self.settings.noise_when = switch;
        self
    }

    /// Which comparisons are kept.
    #[must_use]
    pub fn keep(mut self, keep: Keep) -> Self {
        self.settings.keep = keep;
        self
    }

    /// What the two implementations are called in reports, with their versions.
    #[must_use]
    pub fn described(mut self, old: Implementation, new: Implementation) -> Self {
        self.settings.versions = [old, new];
        self
    }

    /// Whether candidates run and are compared; on by default.
    #[must_use]
    pub fn compare_when(mut self, switch: Switch) -> Self {
        self.settings.compare = switch;
        self
    }

    /// Whether old answers when new fails; by default as the flag `auto_fallback` says, and on
    /// where there is no such flag.
    #[must_use]
    pub fn fall_back_when(mut self, switch: Switch) -> Self {
        self.settings.fall_back = switch;
        self
    }

    /// Whether calls are timed; on by default.
    #[must_use]
    pub fn measure_time_when(mut self, switch: Switch) -> Self {
        self.settings.measure_time = switch;
        self
    }

    /// Which errors of new make old answer; all by default. Some errors are the right answer: a
    /// data set that is not there is not there in old either.
    #[must_use]
    pub fn fall_back_on(mut self, worth: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        self.worth_falling_back = Some(Arc::new(worth));
        self
    }

    /// Keeps the inputs of compared calls in their records, so that they can be run again
    /// ([`replay`](crate::comparison::replay())); none by default. See [`Recording`].
    #[must_use]
    pub fn record(mut self, recording: Recording) -> Self
    where
        I: Serialize + 'static,
    {
        self.recording = Some((recording, Arc::new(write_down::<I>)));
        self
    }

    /// Takes the parts that every shape of operation needs.
    pub(super) fn finish(self, cutover: &Cutover) -> Result<Parts<I, E, Side>, BuildError> {
        let Settings { name, .. } = &self.settings;
        let missing = |side| BuildError::NoImplementation {
            operation: name.clone(),
            side,
        };
        let old = self.old.ok_or_else(|| missing(cutover_domain::Side::Old))?;
        let new = self.new.ok_or_else(|| missing(cutover_domain::Side::New))?;
        let settings = self.settings;
        let decide = match settings.flag {
            Some(FlagSource::Key(key)) => Decider::Flag(cutover.live.flag(&key)),
            Some(FlagSource::Decide(decide)) => Decider::Other(decide),
            None => return Err(BuildError::NoFlag(settings.name)),
        };
        let mut rules = settings.rules;
        if let Some((recording, _)) = &self.recording {
            rules = rules.redact(recording.redact.clone());
        }
        let mut kept = RecordLimits::default();
        if !settings.noise.is_zero() {
            // Noise is learned from all differences, however few of them are kept.
            kept.differences = kept.differences.min(rules.kept());
            let limit = rules.kept().max(Sampling::DIFFERENCES);
            rules = rules.limit(limit);
        }
        let comparator = rules.build().map_err(|source| BuildError::Rules {
            operation: settings.name.clone(),
            source,
        })?;
        let inputs = self.recording.map(|(recording, write)| Inputs {
            when: recording.when.resolve(&cutover.live),
            write,
            redaction: comparator.redaction().clone(),
            max_bytes: recording.max_bytes,
        });
        let metrics = OperationMetrics::register(&*cutover.metrics, &settings.name);
        let judge = Judge::new(
            &settings.name,
            (comparator, kept),
            settings.keep,
            settings.versions,
            &metrics,
            cutover,
        );
        let judge = match settings.noise.is_zero() {
            true => judge,
            false => judge.learning(),
        };
        let calls = Calls {
            decide,
            compare: settings.compare.resolve(&cutover.live),
            fall_back: settings.fall_back.resolve(&cutover.live),
            measure_time: settings.measure_time.resolve(&cutover.live),
            sample: Sample::new(&settings.name, settings.share),
            ask_again: AskAgain::new(
                &settings.name,
                settings.noise,
                settings.noise_when.resolve(&cutover.live),
            ),
            worth_falling_back: self.worth_falling_back,
            anonymous: Default::default(),
            metrics,
            judge: Arc::new(judge),
        };
        Ok(Parts {
            name: settings.name,
            candidate: settings.candidate,
            #[cfg(feature = "tokio")]
            deadline: settings.deadline,
            old,
            new,
            inputs,
            calls,
        })
    }
}

pub(super) struct Parts<I, E, Side> {
    pub(super) name: String,
    pub(super) candidate: Candidate,
    #[cfg(feature = "tokio")]
    pub(super) deadline: Option<std::time::Duration>,
    pub(super) old: Side,
    pub(super) new: Side,
    pub(super) inputs: Option<Inputs<I>>,
    pub(super) calls: Calls<E>,
}

impl<I, O, E, Side> std::fmt::Debug for Builder<I, O, E, Side> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.settings.name)
            .finish_non_exhaustive()
    }
}
