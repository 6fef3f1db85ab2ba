use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cutover_domain::comparison::noise::{NoiseLearner, Sampling};
use cutover_domain::comparison::{
    Comparator, ComparisonRecord, Implementation, Judgement, Outcome, RecordId, RecordLimits,
    RecordResult, RecordedInput, RecordedUnit, Run, RunId, RunKind, RunState, SideOutcome,
    SideRecord, Tally,
};
use cutover_domain::flags::{Context, Revision};
use cutover_domain::metrics::standard::DropReason;
use cutover_domain::tree::Tree;
use cutover_domain::{Side, Stage};
use cutover_ports::comparison::ComparisonStore;
use cutover_ports::metrics::Counter;
use cutover_ports::{Clock, PortError};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::call::{Answer, Observed, contain};
use super::cutover::Units;
use super::{Cutover, Keep};
use crate::metrics::OperationMetrics;
use crate::panics::panic_message;

/// How often the header of a run that goes on is written again.
const HEADER_INTERVAL: SignedDuration = SignedDuration::from_secs(5);

/// How long an operation that ends waits for its run's last header.
const LAST_WORD: Duration = Duration::from_secs(2);

/// Compares the answers of an operation, off the caller's path, and keeps what it finds.
pub(super) struct Judge {
    operation: Arc<str>,
    comparator: Comparator,
    kept: RecordLimits,
    keep: Keep,
    versions: [Implementation; 2],
    metrics: OperationMetrics,
    store: Option<Arc<dyn ComparisonStore>>,
    clock: Arc<dyn Clock>,
    units: Units,
    run: RunId,
    started: Timestamp,
    tally: Mutex<Tally>,
    /// What old differs in from itself, where it is asked again.
    noise: Option<Mutex<NoiseLearner>>,
    /// For the run; apart from the metric, which several operations of one name may share.
    sampled_out: Counter,
    /// When the run's header was last written.
    saved: Mutex<Option<Timestamp>>,
    store_failed: AtomicBool,
}

/// A comparison made, and what is left of it to compare old with itself.
pub(super) struct Judged {
    record: ComparisonRecord,
    /// What old answered, and what new differs in from it; absent where nothing can be held
    /// against it.
    old: Option<(Outcome, Sampling)>,
}

impl Judged {
    /// Whether asking old again can tell anything.
    pub(super) fn can_ask_again(&self) -> bool {
        self.old.is_some()
    }
}

/// What is known about a call when it is answered.
pub(super) struct Facts {
    time: Timestamp,
    unit: Option<String>,
    stage: Stage,
    revision: Revision,
    authoritative: Side,
    /// The input, where it is kept; written down later.
    pub(super) input: Option<RecordedInput>,
}

impl Judge {
    pub(super) fn new(
        operation: &str,
        (comparator, kept): (Comparator, RecordLimits),
        keep: Keep,
        versions: [Implementation; 2],
        metrics: &OperationMetrics,
        cutover: &Cutover,
    ) -> Self {
        let started = cutover.clock.now();
        Self {
            operation: operation.into(),
            comparator,
            kept,
            keep,
            versions,
            metrics: metrics.clone(),
            store: cutover.comparisons.clone(),
            clock: Arc::clone(&cutover.clock),
            units: cutover.units.clone(),
            run: RunId::time_ordered(started, random()),
            started,
            tally: Mutex::default(),
            noise: None,
            sampled_out: Counter::detached(),
            saved: Mutex::new(None),
            store_failed: AtomicBool::new(false),
        }
    }

    /// Learns what is noise, so that the run says how many of its comparisons differ by it alone.
    pub(super) fn learning(mut self) -> Self {
        self.noise = Some(Mutex::default());
        self
    }

    /// What is to be known about a call later.
    pub(super) fn facts(
        &self,
        context: &Context<'_>,
        stage: Stage,
        revision: Revision,
        authoritative: Side,
    ) -> Facts {
        Facts {
            time: self.clock.now(),
            unit: context.unit_id().map(str::to_owned),
            stage,
            revision,
            authoritative,
            input: None,
        }
    }

    /// Counts a call that the sample left out.
    #[inline]
    pub(super) fn sampled_out(&self) {
        self.sampled_out.increment(1);
        self.metrics.dropped(DropReason::SampledOut).increment(1);
    }

    /// Counts a call that was to be compared and is not.
    pub(super) fn dropped(&self, reason: DropReason) {
        self.metrics.dropped(reason).increment(1);
        lock(&self.tally).drop_one(reason.name());
    }

    /// Compares two answers, and counts what is found. Whatever goes wrong in here is a finding, too.
    pub(super) fn judge<O: Serialize>(
        &self,
        facts: Facts,
        old: Observed<O>,
        new: Observed<O>,
    ) -> Judged {
        let answered = !matches!(old.answer, Answer::Timeout(_));
        let sides = [
            side_record(&old, &self.versions[0]),
            side_record(&new, &self.versions[1]),
        ];
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let old = outcome(old.answer)?;
            let new = outcome(new.answer)?;
            let (begun, limit) = (Instant::now(), self.comparator.max_time());
            let late = || limit.is_some_and(|limit| begun.elapsed() > limit);
            let comparison = self.comparator.compare_outcomes_until(&old, &new, &late);
            Ok((comparison, old))
        }));
        let (judgement, old_outcome) = match judged {
            Ok(Ok((comparison, old))) => {
                let old = answered.then(|| (old, Sampling::beside(&comparison)));
                (Judgement::of(comparison, &self.kept), old)
            }
            Ok(Err(problem)) => (Judgement::Failed(problem), None),
            Err(panic) => {
                let why = format!("panic: {}", panic_message(&*panic));
                (Judgement::Failed(why), None)
            }
        };
        let [old, new] = sides;
        let id = RecordId::time_ordered(facts.time, random());
        let mut record = ComparisonRecord::new(
            self.run.clone(),
            id,
            Arc::clone(&self.operation),
            facts.time,
            old,
            new,
            judgement,
        );
        record.unit = facts.unit.map(|unit| match &self.units {
            Units::Pseudonyms { salt } => RecordedUnit::pseudonym(&unit, salt),
            Units::Raw => RecordedUnit::Raw(unit),
        });
        record.flag_revision = Some(facts.revision.number());
        record.stage = Some(facts.stage);
        record.authoritative = Some(facts.authoritative);
        record.input_digest = facts.input.as_ref().and_then(RecordedInput::digest);
        record.input = facts.input;
        self.comparator.redaction().record(&mut record);
        self.metrics.comparison().compared(&record);
        lock(&self.tally).count(record.result);
        Judged {
            record,
            old: old_outcome,
        }
    }

    /// Compares what old answered when it was asked again with what it answered first. A time-out
    /// says something about the moment, not about the answer, so it is no comparison.
    pub(super) fn judge_again<O: Serialize>(&self, judged: &mut Judged, again: Observed<O>) {
        let Some((first, mut noise)) = judged.old.take() else {
            return;
        };
        let compared = catch_unwind(AssertUnwindSafe(|| {
            if matches!(again.answer, Answer::Timeout(_)) {
                return None;
            }
            let again = outcome(again.answer).ok()?;
            Some(self.comparator.compare_outcomes(&first, &again))
        }));
        match compared {
            Ok(Some(comparison)) => noise.add(&comparison),
            Ok(None) | Err(_) => noise.fail(),
        }
        let noise = noise.finish();
        self.metrics.comparison().compared_with_itself(&noise);
        judged.record.noise = Some(noise);
        self.comparator.redaction().record(&mut judged.record);
    }

    /// Keeps a comparison where that is wanted.
    pub(super) async fn store(&self, Judged { record, .. }: Judged) {
        if let (Some(noise), Some(_)) = (&self.noise, &self.store) {
            lock(noise).record(&record);
        }
        let wanted = match self.keep {
            Keep::Everything => true,
            Keep::Differences => record.result != RecordResult::Equal || record.noise.is_some(),
        };
        let Some(store) = self.store.as_ref().filter(|_| wanted) else {
            return;
        };
        if self.header_is_due() {
            self.save_header().await;
        }
        if let Err(error) = kept(store.append(&[record])).await {
            self.dropped(DropReason::Store);
            // Once until it works again: a full disk must not fill the log as well.
            if !self.store_failed.swap(true, Ordering::Relaxed) {
                tracing::warn!(operation = &*self.operation, %error, "comparisons are not kept");
            }
        } else {
            self.store_failed.store(false, Ordering::Relaxed);
        }
    }

    /// Writes the run's header with the counts so far.
    pub(super) async fn save_header(&self) {
        if let Some(store) = &self.store {
            self.save(store, self.header(RunState::Running)).await;
        }
    }

    fn header(&self, state: RunState) -> Run {
        let mut run = Run::new(
            self.run.clone(),
            &*self.operation,
            RunKind::Operation,
            self.started,
        );
        run.end(state, self.clock.now());
        run.tally = lock(&self.tally).clone();
        run.tally.sampled_out = self.sampled_out.value();
        if let Some(noise) = &self.noise {
            // Off the lock: calls go on meanwhile.
            let learner = lock(noise).clone();
            run.tally.by_noise = learner.learned().equal.min(run.tally.different);
        }
        [run.old, run.new] = self.versions.clone();
        run
    }

    async fn save(&self, store: &Arc<dyn ComparisonStore>, run: Run) {
        let first = lock(&self.saved).replace(run.updated).is_none();
        let saved = if first {
            kept(store.create_run(&run)).await
        } else {
            kept(store.update_run(&run)).await
        };
        if let Err(error) = saved {
            // Without a header no record is taken, and that is reported; the next one tries again.
            tracing::debug!(operation = &*self.operation, %error, "the run's header is not kept");
            if first {
                *lock(&self.saved) = None;
            }
        }
    }

    fn header_is_due(&self) -> bool {
        let now = self.clock.now();
        lock(&self.saved).is_none_or(|saved| now.duration_since(saved) > HEADER_INTERVAL)
    }
}

impl Drop for Judge {
    /// Says that the run is complete. A store that does not answer is waited for no longer than
    /// [`LAST_WORD`]: it must not keep an application from ending.
    fn drop(&mut self) {
        let Some(store) = self.store.take().filter(|_| lock(&self.saved).is_some()) else {
            return;
        };
        let run = self.header(RunState::Complete);
        let (done, waiting) = std::sync::mpsc::channel();
        let writer = std::thread::Builder::new().name("cutover-last-word".to_owned());
        let writing = writer.spawn(move || {
            // What cannot be written stays as it was: running, last heard of then.
            let _ = pollster::block_on(kept(store.update_run(&run)));
            let _ = done.send(());
        });
        if writing.is_ok() {
            let _ = waiting.recv_timeout(LAST_WORD);
        }
    }
}

/// What became of something handed to the store; a panic of the store is its failure.
async fn kept(saving: impl Future<Output = Result<(), PortError>>) -> Result<(), String> {
    match contain(saving).await {
        Ok(saved) => saved.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("the store panicked: {}", panic_message(&*panic))),
    }
}

/// Nothing panics under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that tell ids of one instant apart. Where the operating system has none to give, those of
/// the standard library's hash maps do: an id is no secret.
fn random() -> [u8; 10] {
    let mut bytes = [0; 10];
    if getrandom::fill(&mut bytes).is_err() {
        for chunk in bytes.chunks_mut(8) {
            let hash = RandomState::new().hash_one(0).to_ne_bytes();
            chunk.copy_from_slice(&hash[..chunk.len()]);
        }
    }
    bytes
}

fn side_record<O>(observed: &Observed<O>, implementation: &Implementation) -> SideRecord {
    let mut record = SideRecord::new(match &observed.answer {
        Answer::Value(_) => SideOutcome::Ok,
        Answer::Error { class, message } => SideOutcome::Error {
            class: class.clone(),
            message: message.clone(),
        },
        Answer::Panic(message) => SideOutcome::Panic {
            message: message.clone(),
        },
        Answer::Timeout(after) => SideOutcome::Timeout {
            after: Some(*after),
        },
    });
    record.measurements.wall = observed.wall;
    record.version.clone_from(&implementation.version);
    record
}

/// The answer as the comparator takes it: an error is an answer, too.
fn outcome<O: Serialize>(answer: Answer<O>) -> Result<Outcome, String> {
    Ok(match answer {
        Answer::Value(value) => Outcome::Ok(
            Tree::from_serialize(&value)
                .map_err(|error| format!("the answer cannot be serialised: {error}"))?,
        ),
        Answer::Error { class, message } => Outcome::Error { class, message },
        Answer::Panic(message) => Outcome::Error {
            class: "panic".to_owned(),
            message,
        },
        Answer::Timeout(_) => Outcome::Error {
            class: "timeout".to_owned(),
            message: "no answer in time".to_owned(),
        },
    })
}
