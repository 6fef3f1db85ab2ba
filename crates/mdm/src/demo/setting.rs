//! What the demonstration plays with: a home of cutover, the datasets, a catalog, two operations.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cutover::domain::comparison::{Implementation as Described, Rules};
use cutover::domain::flags::Preset;
use cutover::domain::metrics::standard::{CallOutcome, FallbackReason};
use cutover::metrics::OperationMetrics;
use cutover::prelude::*;
use jiff::Timestamp;

use super::DemoOptions;
use super::datasets::{self, Dataset};
use super::error::DemoError;
use crate::catalog::{Cancellation, Catalog, Registration};
use crate::error::DatasetError;
use crate::implementation::Implementation;
use crate::modern::{FaultSwitch, Release};
use crate::profile::Profile;
use crate::source::{DatasetName, ProfileRequest, RegisterRequest};

/// The flag that is raised and killed.
pub(super) const FLAG: &str = "use_new_registrar";
/// The operations.
pub(super) const PROFILE: &str = "dataset.profile";
const REGISTER: &str = "dataset.register";
const COMPARE: &str = "enable_comparison_tests";
/// A file that only the demonstration makes, so that it never clears a folder of somebody else.
const MARK: &str = ".mdm-demo";

pub(super) type ProfileOperation = BlockingOperation<ProfileRequest, Profile, DatasetError>;
pub(super) type RegisterOperation = BlockingWrite<Registering, Registration, DatasetError>;

/// A registration with the time at which it is asked for.
pub(super) struct Registering {
    request: RegisterRequest,
    now: Timestamp,
}

pub(super) struct Setting {
    pub(super) home: Home,
    pub(super) datasets: Vec<Dataset>,
    pub(super) catalog: PathBuf,
    pub(super) faults: FaultSwitch,
    cutover: Cutover,
}

impl Setting {
    /// Makes the folder anew.
    pub(super) fn prepare(options: &DemoOptions) -> Result<Self, DemoError> {
        clear(&options.home)?;
        let datasets = datasets::prepare(&options.data, &options.home.join("datasets"))?;
        let home = cutover::HomeOptions::new(&options.home)
            .instance("mdm-demo")
            .open()?;
        // The datasets are public, so their names may be written down.
        let cutover = home.cutover().clone().with_raw_units();
        let catalog = options.home.join("catalog.db");
        Ok(Self {
            home,
            datasets,
            catalog,
            faults: FaultSwitch::default(),
            cutover,
        })
    }

    /// The flags that the dataset manager has always had.
    pub(super) fn create_flags(&self) -> Result<u64, DemoError> {
        let create = Preset::Mdm
            .flags()
            .into_iter()
            .map(|(key, definition)| Change::Create {
                key,
                definition: Box::new(definition),
            });
        let request = Request::by("mdm demo").because("the flags of the dataset manager");
        self.apply(create.fold(request, Request::change))
    }

    /// Turns the comparison of answers on or off.
    pub(super) fn compare(&self, on: bool, because: &str) -> Result<u64, DemoError> {
        let set = Change::Set {
            key: key(COMPARE),
            value: on.into(),
        };
        self.apply(Request::by("mdm demo").because(because).change(set))
    }

    /// Gives modern to this share of the datasets.
    pub(super) fn roll_out(&self, percentage: Percentage, because: &str) -> Result<u64, DemoError> {
        let rollout = Change::Rollout {
            key: key(FLAG),
            percentage,
            variant: None,
        };
        self.apply(Request::by("mdm demo").because(because).change(rollout))
    }

    /// Carries a change out; it is in force here when this returns.
    pub(super) fn apply(&self, request: Request) -> Result<u64, DemoError> {
        let committed = pollster::block_on(self.home.flags().apply(&request))?;
        Ok(committed.document.revision.number())
    }

    /// The read: legacy and modern behind one call.
    pub(super) fn profile_operation(
        &self,
        release: Release,
        rules: Rules,
    ) -> Result<ProfileOperation, DemoError> {
        let faults = self.faults.clone();
        let number = if release == Release::First { "1" } else { "2" };
        let operation = BlockingOperation::builder(PROFILE)
            .old(|request: &ProfileRequest| Implementation::Legacy.profile(request))
            .new(move |request: &ProfileRequest| {
                faults.check(request)?;
                Implementation::Modern(release).profile(request)
            })
            .described(
                Described::new("the legacy profiler"),
                Described {
                    version: Some(number.to_owned()),
                    ..Described::new("the modern profiler")
                },
            )
            .flag(FLAG)
            .compare_when(Switch::flag(COMPARE))
            // A dataset that is refused is refused by both: that is an answer, not a failure.
            .fall_back_on(|error: &DatasetError| !error.is_about_the_dataset())
            .candidate(Candidate::background().concurrency(1).queue(1_024))
            .compare(rules)
            .build(&self.cutover)?;
        Ok(operation)
    }

    /// The write: exactly one of the two writes.
    pub(super) fn register_operation(&self) -> Result<RegisterOperation, DemoError> {
        let catalog = Arc::new(Mutex::new(Catalog::open(&self.catalog)?));
        let by = |implementation: Implementation| {
            let catalog = Arc::clone(&catalog);
            move |input: &Registering| {
                // A panic inside rolls its transaction back, so the connection is as good as new.
                let mut catalog = catalog.lock().unwrap_or_else(PoisonError::into_inner);
                let never = Cancellation::default();
                implementation.register(&mut catalog, &input.request, input.now, &never)
            }
        };
        let operation = BlockingWrite::builder(REGISTER)
            .old(by(Implementation::Legacy))
            .new(by(Implementation::Modern(Release::default())))
            .flag(FLAG)
            .build(&self.cutover)?;
        Ok(operation)
    }

    /// Profiles every dataset once and waits for the comparisons.
    pub(super) fn profile_all(&self, operation: &ProfileOperation) -> Round {
        let calls = Calls::of(self, PROFILE);
        let started = Instant::now();
        let mut round = Round::begin();
        for dataset in &self.datasets {
            let context = Context::unit(dataset.name.as_str());
            round.count(
                operation
                    .run(&context, ProfileRequest::new(&dataset.file))
                    .err(),
            );
        }
        round.elapsed = started.elapsed();
        round.left_behind = {
            let left = operation.drain(Duration::from_secs(60));
            left.queued + left.running
        };
        round.calls = calls.since();
        round
    }

    /// Registers every dataset once, under its name and a suffix.
    pub(super) fn register_all(
        &self,
        operation: &RegisterOperation,
        suffix: &str,
    ) -> Result<Round, DemoError> {
        let calls = Calls::of(self, REGISTER);
        let started = Instant::now();
        let mut round = Round::begin();
        for dataset in &self.datasets {
            let name: DatasetName = format!("{}.{suffix}", dataset.name).parse()?;
            let request = RegisterRequest {
                name,
                file: dataset.file.clone(),
            };
            let input = Registering {
                request,
                now: now(),
            };
            // The dataset decides, not the name of this copy of it.
            round.count(
                operation
                    .run(&Context::unit(dataset.name.as_str()), &input)
                    .err(),
            );
        }
        round.elapsed = started.elapsed();
        round.calls = calls.since();
        Ok(round)
    }

    /// The datasets that modern is in charge of just now.
    pub(super) fn in_modern(&self) -> BTreeSet<DatasetName> {
        let flag = self.home.live().flag(FLAG);
        let names = self.datasets.iter().map(|dataset| &dataset.name);
        names
            .filter(|name| flag.is_on(&Context::unit(name.as_str())))
            .cloned()
            .collect()
    }
}

/// What came of asking for every dataset once.
pub(super) struct Round {
    pub(super) started: Timestamp,
    /// Calls that were answered.
    pub(super) answered: u64,
    /// Datasets that are no datasets, and were refused: the right answer.
    pub(super) refused: Vec<DatasetError>,
    /// Callers that got an error that was not theirs.
    pub(super) failed: u64,
    pub(super) elapsed: Duration,
    /// Candidates that did not end in time.
    pub(super) left_behind: usize,
    pub(super) calls: Counted,
}

impl Round {
    fn begin() -> Self {
        Self {
            started: now(),
            answered: 0,
            refused: Vec::new(),
            failed: 0,
            elapsed: Duration::ZERO,
            left_behind: 0,
            calls: Counted::default(),
        }
    }

    fn count(&mut self, error: Option<DatasetError>) {
        match error {
            None => self.answered += 1,
            Some(error) if error.is_about_the_dataset() => self.refused.push(error),
            Some(_) => self.failed += 1,
        }
    }
}

/// Counts of the recorder between two moments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub(super) old: u64,
    pub(super) new: u64,
    pub(super) new_errors: u64,
    pub(super) new_panics: u64,
    pub(super) fallbacks_after_error: u64,
    pub(super) fallbacks_after_panic: u64,
}

impl Counted {
    pub(super) fn fallbacks(&self) -> u64 {
        self.fallbacks_after_error + self.fallbacks_after_panic
    }
}

/// The counters of one operation, as the metrics of the process have them.
struct Calls {
    metrics: OperationMetrics,
    before: Counted,
}

impl Calls {
    fn of(setting: &Setting, operation: &str) -> Self {
        let metrics = OperationMetrics::register(setting.home.sink(), operation);
        let before = read(&metrics);
        Self { metrics, before }
    }

    fn since(&self) -> Counted {
        let (now, before) = (read(&self.metrics), self.before);
        Counted {
            old: now.old - before.old,
            new: now.new - before.new,
            new_errors: now.new_errors - before.new_errors,
            new_panics: now.new_panics - before.new_panics,
            fallbacks_after_error: now.fallbacks_after_error - before.fallbacks_after_error,
            fallbacks_after_panic: now.fallbacks_after_panic - before.fallbacks_after_panic,
        }
    }
}

fn read(metrics: &OperationMetrics) -> Counted {
    let all = |side| {
        CallOutcome::ALL
            .iter()
            .map(|outcome| metrics.calls(side, *outcome).value())
            .sum()
    };
    Counted {
        old: all(Side::Old),
        new: all(Side::New),
        new_errors: metrics.calls(Side::New, CallOutcome::Error).value(),
        new_panics: metrics.calls(Side::New, CallOutcome::Panic).value(),
        fallbacks_after_error: metrics.fallbacks(FallbackReason::Error).value(),
        fallbacks_after_panic: metrics.fallbacks(FallbackReason::Panic).value(),
    }
}

/// A key that is written in this file, and therefore is one.
#[expect(
    clippy::expect_used,
    reason = "the keys are constants of this file, and a test uses them"
)]
fn key(text: &str) -> FlagKey {
    text.parse().expect("a flag key")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the composition root is where time comes in"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// Empties the folder of an earlier demonstration; refuses any other that is not empty.
fn clear(home: &Path) -> Result<(), DemoError> {
    let cannot = |what: &str| DemoError::io(format!("cannot {what} {}", home.display()));
    let taken = home.exists() && fs::read_dir(home).map_err(cannot("read"))?.next().is_some();
    if taken {
        if !home.join(MARK).exists() {
            return Err(DemoError::NotOurs(home.to_owned()));
        }
        fs::remove_dir_all(home).map_err(cannot("empty"))?;
    }
    fs::create_dir_all(home).map_err(cannot("make"))?;
    fs::write(home.join(MARK), "made by `mdm demo`; it may be deleted\n")
        .map_err(cannot("write to"))
}
