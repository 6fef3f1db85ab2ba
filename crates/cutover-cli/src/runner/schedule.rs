//! Which program runs when.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use cutover_domain::Side;
use tempfile::TempDir;

use super::cases::Input;
use super::execution::{Execution, Launch};
use super::{Case, CommandLine, Delivery, Plan, Stop};

/// Both programs, run once on one case.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    /// Its place in the plan.
    pub(crate) number: u64,
    pub(crate) case: &'a Case,
    /// From 0.
    pub(crate) repeat: u32,
    /// Which one ran first.
    pub(crate) first: Side,
    pub(crate) old: Execution,
    pub(crate) new: Execution,
}

/// A plan that can be run.
#[derive(Debug)]
pub(crate) struct Runner {
    plan: Plan,
    old: PathBuf,
    new: PathBuf,
    /// Where inputs that are no files of the user's become files.
    work: Option<TempDir>,
}

impl Runner {
    pub(super) fn new(plan: Plan, old: PathBuf, new: PathBuf, work: Option<TempDir>) -> Self {
        Self {
            plan,
            old,
            new,
            work,
        }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many pairs a whole run has.
    pub(crate) fn pairs(&self) -> u64 {
        self.plan.corpus.cases.len() as u64 * u64::from(self.plan.repeats.get())
    }

    /// Runs all pairs, or as many as there are before `stop`. `judge` is called where the pair was
    /// run, many at once; `sink` is called here with what it made of it, in the order in which
    /// pairs end. When `sink` fails the run is stopped and the error returned.
    pub(crate) fn run<T: Send, E>(
        &self,
        stop: &Stop,
        judge: impl Fn(Pair<'_>) -> T + Sync,
        mut sink: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let next = AtomicU64::new(0);
        let jobs = u64::from(self.plan.jobs.get()).min(self.pairs());
        let (judged, incoming) = sync_channel(usize::try_from(jobs).unwrap_or(1));
        thread::scope(|scope| {
            for _ in 0..jobs {
                let judged = judged.clone();
                let (next, judge) = (&next, &judge);
                scope.spawn(move || {
                    while !stop.is_asked() {
                        let Some(pair) = self.run_pair(next.fetch_add(1, Ordering::Relaxed), stop)
                        else {
                            return;
                        };
                        // Fails when the sink failed, and then nobody wants to know.
                        if judged.send(judge(pair)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(judged);
            let result = incoming.iter().try_for_each(&mut sink);
            // A worker that waits to hand over must not wait for ever.
            drop(incoming);
            if result.is_err() {
                stop.ask();
            }
            result
        })
    }

    /// Runs the pair of this number; `None` past the last one. Repeats of a case are far apart,
    /// so that what a machine does for a while does not meet all of them.
    fn run_pair(&self, number: u64, stop: &Stop) -> Option<Pair<'_>> {
        let cases = self.plan.corpus.cases.len() as u64;
        let repeat = u32::try_from(number / cases)
            .ok()
            .filter(|repeat| *repeat < self.plan.repeats.get())?;
        let case = self
            .plan
            .corpus
            .cases
            .get(usize::try_from(number % cases).ok()?)?;
        let first = if mix(self.plan.seed ^ mix(number)) & 1 == 0 {
            Side::Old
        } else {
            Side::New
        };
        let file = self
            .work
            .as_ref()
            .map(|work| work.path().join(number.to_string()));
        let run = |side| match self.launch(side, case, file.as_deref()) {
            Ok(launch) => Execution::run(launch, self.plan.limits, stop),
            Err(error) => Execution::failed(format!("cannot write the input of the case: {error}")),
        };
        let (old, new) = match first {
            Side::Old => {
                let old = run(Side::Old);
                (old, run(Side::New))
            }
            Side::New => {
                let new = run(Side::New);
                (run(Side::Old), new)
            }
        };
        // It is not there when no program needed it; the folder goes at the end in any case.
        let _ = file.map(fs::remove_file);
        Some(Pair {
            number,
            case,
            repeat,
            first,
            old,
            new,
        })
    }

    fn launch(&self, side: Side, case: &Case, file: Option<&Path>) -> io::Result<Launch> {
        let (command, program) = match side {
            Side::Old => (&self.plan.old, &self.old),
            Side::New => (&self.plan.new, &self.new),
        };
        let given = Given::to(command, self.plan.delivery);
        let write = |bytes: &[u8]| {
            let file = file.ok_or_else(|| io::Error::other("there is no folder for it"))?;
            fs::write(file, bytes)?;
            Ok::<_, io::Error>(file.to_owned())
        };
        let path = match &case.input {
            Input::File(path) => path.clone(),
            _ if !(given.stdin || given.placeholder) => PathBuf::new(),
            Input::Inline { bytes, .. } => write(bytes)?,
            Input::Nothing => write(b"")?,
        };
        let mut args = command.args(path.as_os_str());
        args.extend(case.args.iter().map(OsString::from));
        if given.argument {
            match &case.input {
                Input::File(path) => args.push(path.clone().into_os_string()),
                Input::Inline { argument, .. } => args.push(argument.into()),
                Input::Nothing => {}
            }
        }
        let env = self.plan.env.iter().chain(&case.env);
        Ok(Launch {
            program: program.clone().into_os_string(),
            name: OsStr::new(command.name()).to_owned(),
            args,
            env: env.map(|(key, value)| (key.into(), value.into())).collect(),
            stdin: given.stdin.then(|| path.into_os_string()),
        })
    }
}

/// The ways in which a case gets to one program.
struct Given {
    placeholder: bool,
    stdin: bool,
    argument: bool,
}

impl Given {
    fn to(command: &CommandLine, delivery: Delivery) -> Self {
        let placeholder = command.has_placeholder();
        Self {
            placeholder,
            stdin: match delivery {
                Delivery::Auto => !placeholder,
                Delivery::Stdin => true,
                Delivery::Argument => false,
            },
            argument: delivery == Delivery::Argument && !placeholder,
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input changes every
/// bit of the output with probability one half.
fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_within_pairs_is_drawn_fairly_and_repeatably() {
        for seed in [0, 1, 42, u64::MAX] {
            let draw = |number| mix(seed ^ mix(number)) & 1;
            let firsts: u64 = (0..10_000).map(draw).sum();
            // Five standard errors.
            assert!((4_750..=5_250).contains(&firsts), "seed {seed}: {firsts}");
            let changes = (1..10_000)
                .filter(|number| draw(*number) != draw(number - 1))
                .count();
            assert!((4_750..=5_250).contains(&changes), "seed {seed}: {changes}");
        }
    }

    #[test]
    fn a_case_gets_to_a_program_one_way_by_default() {
        let given = |text, delivery| {
            let given = Given::to(&CommandLine::parse("--old", text).unwrap(), delivery);
            (given.placeholder, given.stdin, given.argument)
        };
        assert_eq!(given("sort", Delivery::Auto), (false, true, false));
        assert_eq!(given("sort {}", Delivery::Auto), (true, false, false));
        assert_eq!(given("sort {}", Delivery::Stdin), (true, true, false));
        assert_eq!(given("sort", Delivery::Argument), (false, false, true));
        assert_eq!(given("sort {}", Delivery::Argument), (true, false, false));
    }
}
