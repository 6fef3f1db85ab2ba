//! Which program runs when.

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use cutover_domain::Side;

use super::command::Program;
use super::execution::Execution;
use super::order::{Draw, Turn};
use super::outputs;
use super::rooms::Rooms;
use super::{Case, Plan, RunnerError, Stop};

/// Both programs, run once on one case.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    /// Its place in the plan, whatever the order of execution.
    pub(crate) number: u64,
    pub(crate) case: &'a Case,
    /// From 0.
    pub(crate) repeat: u32,
    /// Which one ran first.
    pub(crate) first: Side,
    pub(crate) old: Execution,
    pub(crate) new: Execution,
    /// Old again, for what differs by itself.
    pub(crate) again: Vec<Execution>,
}

/// A plan that can be run.
#[derive(Debug)]
pub(crate) struct Runner {
    plan: Plan,
    old: Program,
    new: Program,
    rooms: Rooms,
}

/// How much there is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// Pairs that are run and thrown away.
    pub(crate) warm_ups: u64,
    pub(crate) pairs: u64,
    /// How often old is run once more in each pair that counts.
    pub(crate) again: u32,
}

impl Load {
    /// How often a program is run to warm up.
    pub(crate) fn warm_up_executions(self) -> u64 {
        self.warm_ups.saturating_mul(2)
    }

    /// How often a program is run in all.
    pub(crate) fn executions(self) -> u64 {
        let pairs = self.pairs.saturating_mul(2 + u64::from(self.again));
        pairs.saturating_add(self.warm_up_executions())
    }
}

/// One thing to do.
#[derive(Clone, Copy)]
enum Task {
    /// Run the pair and throw it away.
    WarmUp(u64),
    Pair(u64),
}

/// How long a judge may go on once the run is stopped.
const GRACE: Duration = Duration::from_secs(1);
/// How often it is looked whether the run is stopped.
const GLANCE: Duration = Duration::from_millis(100);

/// Whether somebody is still at work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Nobody,
    Behind,
}

/// Gives to `sink` what comes in, up to its first error, which stops the run.
fn collect<T, E>(
    incoming: &Receiver<T>,
    stop: &Stop,
    mut sink: impl FnMut(T) -> Result<(), E>,
) -> (Result<(), E>, Left) {
    let mut result = Ok(());
    let mut until = None;
    let left = loop {
        match incoming.recv_timeout(GLANCE) {
            // A worker that waits to hand over must not wait for ever.
            Ok(_) if result.is_err() => {}
            Ok(judged) => {
                result = sink(judged);
                if result.is_err() {
                    stop.ask();
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break Left::Nobody,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if stop.is_asked() {
            // The end of programs has a limit of its own.
            let until = *until.get_or_insert_with(|| Instant::now() + GRACE);
            if Instant::now() >= until && !stop.waits_for_programs() {
                break Left::Behind;
            }
        }
    };
    (result, left)
}

/// What workers share.
struct Work<R, J> {
    runner: Arc<Runner>,
    tasks: Vec<Task>,
    /// The first task that nobody has taken.
    next: AtomicU64,
    stop: Stop,
    ran: R,
    judge: J,
}

impl<R: Fn(bool), J> Work<R, J> {
    /// Takes task after task, and hands over what was judged.
    fn until_done<T>(&self, judged: &SyncSender<T>)
    where
        J: Fn(Pair<'_>) -> T,
    {
        while !self.stop.is_asked() {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let task = usize::try_from(place).ok();
            let Some(task) = task.and_then(|place| self.tasks.get(place)) else {
                return;
            };
            let pair = self.runner.run_pair(*task, place, &self.stop, &self.ran);
            let Some(pair) = pair else {
                return;
            };
            // Fails when nobody waits any more.
            if matches!(task, Task::Pair(_)) && judged.send((self.judge)(pair)).is_err() {
                return;
            }
        }
    }
}

impl Runner {
    pub(super) fn new(plan: Plan, old: Program, new: Program, rooms: Rooms) -> Self {
        Self {
            plan,
            old,
            new,
            rooms,
        }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What is left to run but for the pairs of `done`.
    pub(crate) fn load(&self, done: &HashSet<u64>) -> Load {
        let tasks = self.tasks(done);
        let is_pair = |task: &&Task| matches!(task, Task::Pair(_));
        let pairs = tasks.iter().filter(is_pair).count();
        Load {
            warm_ups: (tasks.len() - pairs) as u64,
            pairs: pairs as u64,
            again: self.plan.again,
        }
    }

    /// Runs all pairs but those of `done`, or as many as there are before `stop`. `ran` is told of
    /// every execution, and whether it was to warm up; `judge` is called where the pair was run,
    /// many at once; `sink` is called here with what it made of it, in the order in which pairs end.
    /// When `sink` fails the run is stopped and the error returned.
    ///
    /// Once it is stopped, programs are ended, and judges have a second to hand over what they have.
    /// One that takes longer is left behind: it goes on until the process ends, and nobody waits for
    /// it.
    pub(crate) fn run<T: Send + 'static, E>(
        self: &Arc<Self>,
        done: &HashSet<u64>,
        stop: &Stop,
        ran: impl Fn(bool) + Send + Sync + 'static,
        judge: impl Fn(Pair<'_>) -> T + Send + Sync + 'static,
        sink: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let tasks = self.tasks(done);
        let jobs = u64::from(self.plan.jobs.get()).min(tasks.len() as u64);
        let work = Arc::new(Work {
            runner: Arc::clone(self),
            tasks,
            next: AtomicU64::new(0),
            stop: stop.clone(),
            ran,
            judge,
        });
        let (judged, incoming) = sync_channel(usize::try_from(jobs).unwrap_or(1));
        let workers = (0..jobs).map(|_| {
            let (work, judged) = (Arc::clone(&work), judged.clone());
            thread::spawn(move || work.until_done(&judged))
        });
        let workers: Vec<_> = workers.collect();
        drop(judged);
        let (result, left) = collect(&incoming, stop, sink);
        for worker in workers {
            if (left == Left::Nobody || worker.is_finished())
                && let Err(panic) = worker.join()
            {
                resume_unwind(panic);
            }
        }
        if left == Left::Behind {
            // They hold the rooms, and will not come to give them back.
            self.rooms.remove();
        }
        result
    }

    /// Everything there is to do, in its order. Repeats of a case are a round apart, so that what a
    /// machine does for a while does not meet all of them.
    fn tasks(&self, done: &HashSet<u64>) -> Vec<Task> {
        let cases = self.plan.corpus.cases.len() as u64;
        let draw = Draw::new(self.plan.seed);
        let round = |first: u64| match self.plan.sequence {
            Sequence::Drawn => draw.round(first, cases),
            Sequence::AsGiven => (first..first + cases).collect(),
        };
        let pairs: Vec<u64> = (0..u64::from(self.plan.repeats.get()))
            .flat_map(|repeat| round(repeat * cases))
            .filter(|pair| !done.contains(pair))
            .collect();
        let open: HashSet<u64> = pairs.iter().map(|pair| pair % cases.max(1)).collect();
        let warm_ups = (0..self.plan.warm_ups).flat_map(|_| round(0));
        warm_ups
            .filter(|case| open.contains(case))
            .map(Task::WarmUp)
            .chain(pairs.iter().map(|pair| Task::Pair(*pair)))
            .collect()
    }

    /// Runs a pair; `None` past the last one. `place` names its rooms.
    fn run_pair(
        &self,
        task: Task,
        place: u64,
        stop: &Stop,
        ran: &impl Fn(bool),
    ) -> Option<Pair<'_>> {
        let (number, again, warm_up) = match task {
            // What is thrown away tells nothing about noise.
            Task::WarmUp(number) => (number, 0, true),
            Task::Pair(number) => (number, self.plan.again, false),
        };
        let cases = self.plan.corpus.cases.len() as u64;
        let repeat = u32::try_from(number / cases).ok()?;
        let case = usize::try_from(number % cases).ok()?;
        let case = self.plan.corpus.cases.get(case)?;
        let turns = Draw::new(self.plan.seed).sides(number, again);
        let first = turns.iter().find_map(|turn| match turn {
            Turn::Side(side) => Some(*side),
            Turn::OldAgain(_) => None,
        })?;
        let (mut old, mut new, mut again) = (None, None, Vec::new());
        for turn in turns {
            match turn {
                Turn::Side(Side::Old) => {
                    old = Some(self.execute(Side::Old, case, place, "old", stop));
                }
                Turn::Side(Side::New) => {
                    new = Some(self.execute(Side::New, case, place, "new", stop));
                }
                Turn::OldAgain(index) => {
                    let name = format!("old-again-{index}");
                    again.push(self.execute(Side::Old, case, place, &name, stop));
                }
            }
            ran(warm_up);
        }
        Some(Pair {
            number,
            case,
            repeat,
            first,
            old: old?,
            new: new?,
            again,
        })
    }

    fn execute(&self, side: Side, case: &Case, place: u64, name: &str, stop: &Stop) -> Execution {
        if stop.is_asked() {
            return Execution::stopped();
        }
        let mut room = match self.rooms.room(place, stop) {
            Ok(room) => room,
            Err(_) if stop.is_asked() => return Execution::stopped(),
            Err(why) => return Execution::failed(why),
        };
        let launch = self
            .plan
            .launch(side, self.program(side), case, self.original(), &room);
        let mut execution = match launch {
            Ok(launch) => Execution::run(launch, self.plan.limits, stop),
            Err(error) => Execution::failed(format!("cannot write the input of the case: {error}")),
        };
        execution.counters.add_file(&room.counters());
        room.put_aside(name);
        if let Some(work) = room.work() {
            // A program whose last bytes found no place answers something else than it would.
            execution.files = if room.disk_is_full() {
                Err("the disk that its folder is on is full; name another one with TMPDIR".into())
            } else {
                outputs::find(&self.plan.outputs, work)
            };
        }
        execution.room = Some(room);
        execution
    }

    pub(super) fn program(&self, side: Side) -> &Program {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }

    /// The folder that is copied for every execution, by its real path.
    pub(crate) fn original(&self) -> Option<&Path> {
        self.rooms.original()
    }
}

/// In which order the pairs of a round come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// Drawn by the seed.
    Drawn,
    /// As the cases stand.
    AsGiven,
}

impl Plan {
    /// How many pairs a whole run has.
    pub(crate) fn pairs(&self) -> u64 {
        self.corpus.cases.len() as u64 * u64::from(self.repeats.get())
    }

    /// Makes rooms and looks both programs up.
    pub(crate) fn prepare(self) -> Result<Runner, RunnerError> {
        let search = self.environment.search_path();
        let parent = match &self.keep {
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(RunnerError::Work)?;
                folder.clone()
            }
            None => std::env::temp_dir(),
        };
        let old = self
            .old
            .locate("--old", search.as_deref(), &self.workplace)?;
        let new = self
            .new
            .locate("--new", search.as_deref(), &self.workplace)?;
        let rooms = Rooms::open(&parent, self.workplace.clone())?;
        Ok(Runner::new(self, old, new, rooms))
    }
}
