//! `cutover compare run`.

mod failure;
mod measured;
mod observations;
mod options;
mod preview;
mod recording;
mod resume;

use std::path::PathBuf;
use std::sync::Arc;

use cutover_domain::Side;
use cutover_domain::comparison::noise::Sampling;
use cutover_domain::comparison::performance::Answer;
use cutover_domain::comparison::{
    Implementation, RecordLimits, RecordResult, Run, RunId, RunKind, RunState,
};
use serde_json::json;

use super::alive;
use super::interrupt::stop_on_signals;
use super::judge::{Judge, Wanted};
use super::progress::Progress;
use super::replay::ReplayOf;
use super::summary::performance;
use super::summary::{Summary, Summing};
use crate::commands::hidden::{Unmatched, warn_of_blindness, warn_of_unmatched};
use crate::commands::rules::build;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{counted, printable};
use crate::runner::{
    CommandLine, Corpus, Delivery, Environment, Limits, Output, Plan, Runner, RunnerError,
    Sequence, Stop, Workplace,
};
use crate::suggest::command;
use measured::Measured;
use observations::Observations;
use options::SurroundingsArgs;
pub(super) use options::{CASES_HELP, RunArgs};
use preview::Preview;
use recording::Recording;
use resume::Done;
pub(super) use resume::find_run;

pub(super) fn run(context: &Context, args: RunArgs) -> Result<Exit, Failure> {
    let Some(cases) = &args.cases else {
        return Err(Failure::usage("the cases are missing").hint("name them with --cases"));
    };
    let corpus = Corpus::read(cases)?;
    run_over(context, args, corpus, None)
}

/// Runs over cases that are read already; `source` says where they come from, and what there was
/// besides.
pub(super) fn run_over(
    context: &Context,
    args: RunArgs,
    corpus: Corpus,
    source: Option<ReplayOf>,
) -> Result<Exit, Failure> {
    let judge = args.judge()?;
    let store = context.comparison_store();
    let earlier = match &args.resume {
        Some(reference) => Some(find_run(&store, reference)?),
        None => None,
    };
    let runner = Arc::new(args.plan(corpus, earlier.as_ref())?.prepare()?);
    warn_beforehand(context, &runner);
    if args.dry_run {
        context.output.show(&Preview::of(&runner))?;
        return Ok(Exit::Done);
    }
    let mut header = args.header(context, &runner)?;
    if let Some(source) = source {
        source.stand_in(&mut header, runner.plan().repeats);
    }
    let mut observed = Observations::of(&runner.plan().outputs);
    let mut summing = Summing::for_limits(args.course.at_most.clone());
    let (header, done) = match earlier {
        None => (header, Done::nothing()),
        Some(run) => {
            resume::check(&run, &header)?;
            let done = Done::of(context, &store, &run, runner.plan(), |record| {
                observed.see(record);
                summing.add(record);
            })?;
            (resume::header(run, &header, &done), done)
        }
    };
    done.say(&context.output);
    let stop = Stop::default();
    let stopped = stop_on_signals(&stop)?;
    let name: Arc<str> = header.name.as_str().into();
    let id = header.id.clone();
    let judge = Arc::new(Judge {
        keep: judge.keep.map(|folder| folder.join(id.as_str())),
        stop: stop.clone(),
        ..judge
    });
    let measured = Measured::begin(context, &header);
    let mut recording = if args.resume.is_some() {
        Recording::resume(context, &store, header, summing)?
    } else {
        Recording::begin(context, &store, header, summing)?
    };
    let progress = Arc::new(Progress::new(runner.load(&done.pairs), context.output));
    let mut enough = false;
    let outcome: Result<(), Failure> = runner.run(
        &done.pairs,
        &stop,
        {
            let progress = Arc::clone(&progress);
            move |warm_up| progress.ran(warm_up)
        },
        {
            let (judge, context) = (Arc::clone(&judge), context.clone());
            move |pair| judge.record(pair, id.clone(), Arc::clone(&name), context.now())
        },
        |record| {
            let Some(record) = record else { return Ok(()) };
            progress.judged(record.result == RecordResult::Different);
            observed.see(&record);
            measured.see(&record);
            recording.add(&record)?;
            if let Some(most) = args.course.fail_fast
                && recording.different() >= u64::from(most.get())
            {
                enough = true;
                stop.ask();
            }
            Ok(())
        },
    );
    progress.finish();
    measured.end();
    // Every case may have been done when the signal came.
    let whole = recording.run.tally.made() == runner.plan().pairs();
    let state = if whole {
        RunState::Complete
    } else {
        RunState::Interrupted
    };
    let ended = recording.end(state, runner.plan().corpus.cases.len() as u64);
    // What went wrong first is what is said.
    outcome?;
    let summary = ended?;
    context.output.show(&summary)?;
    observed.say(&context.output);
    say_more(context, &summary, state, enough);
    warn_of_unmatched(context, &judge.unmatched.rules());
    Ok(match state {
        RunState::Interrupted | RunState::Running if !enough => {
            *stopped.get().unwrap_or(&Exit::Interrupted)
        }
        _ if summary.has_differences() => Exit::No,
        _ if summary.performance() == Some(Answer::Fail) => Exit::No,
        _ if !summary.is_whole() => Exit::Trouble,
        _ if summary.performance() == Some(Answer::Insufficient) => Exit::Insufficient,
        _ if summary.has_dropped() || observed.misses_output() => Exit::Insufficient,
        _ => Exit::Done,
    })
}

/// What is most likely not meant, said before anything runs.
fn warn_beforehand(context: &Context, runner: &Runner) {
    let output = &context.output;
    let plan = runner.plan();
    for skipped in &plan.corpus.skipped {
        output.warn(format_args!(
            "passed over, as it is no file: {}",
            skipped.display()
        ));
    }
    if let [(line, member), others @ ..] = &plan.corpus.doubtful[..] {
        output.warn(format_args!(
            "line {line} of the cases{} is an input as a whole, as `{}` is none of name, args, stdin \
             and env",
            match others.len() {
                0 => String::new(),
                more => format!(", like {more} more,"),
            },
            printable(member)
        ));
    }
    for name in plan.environment.missing() {
        output.warn(format_args!("there is no variable {name} to pass on"));
    }
    for (side, path) in plan.words_left_behind(runner.original()) {
        output.warn(format_args!(
            "the programs run in a folder of their own, from which --{} does not find {}: write \
             its full path, or copy its folder with --workdir",
            side.name(),
            printable(&path.display().to_string())
        ));
    }
}

/// What the summary does not say by itself.
fn say_more(context: &Context, summary: &Summary, state: RunState, enough: bool) {
    let output = &context.output;
    let id = summary.id();
    if enough && state != RunState::Complete {
        output
            .warn("stopped at the first differences, as --fail-fast asks; what was done is saved");
    } else if state != RunState::Complete {
        output.warn(format_args!(
            "stopped before the end; what was done is saved, and the same command goes on with it by \
             --resume {id}"
        ));
    }
    if summary.errors() > 0 {
        output.warn(format_args!(
            "{} of {} could not be compared: nothing is known about {}",
            summary.errors(),
            counted(summary.cases(), "case"),
            if summary.errors() == 1 { "it" } else { "them" }
        ));
    }
    if summary.cut_short() > 0 {
        output.warn(format_args!(
            "{} that differ were not compared to their end: there may be more differences than are \
             counted",
            counted(summary.cut_short(), "pair")
        ));
    }
    if summary.noisy() > 0 {
        output.warn(format_args!(
            "{} of {} different only where old differs from itself: that counts as equal",
            summary.noisy(),
            counted(summary.cases(), "case")
        ));
    }
    warn_of_blindness(context, summary.hidden(), summary.has_differences());
    for rule in summary.blinding() {
        output.warn(super::rules::blinding(rule));
    }
    if summary.is_all_failures() {
        output.warn("both programs failed on every case: are the commands right?");
    }
    // A case that looks like an option would be taken for one.
    let case = summary
        .first_unequal()
        .filter(|case| !case.starts_with('-'));
    output.next(match case {
        Some(case) => command(&["compare", "show", id, case]),
        None if summary.has_suggestions() => command(&["compare", "rules", id]),
        None => super::report_command(id),
    });
}

impl RunArgs {
    fn judge(&self) -> Result<Judge, Failure> {
        let mut rules = self.rules.salted()?;
        if self.course.noise > 0 {
            // Noise is learned from all differences, however few of them are kept.
            let limit = rules.kept().max(Sampling::DIFFERENCES);
            rules = rules.limit(limit);
        }
        Ok(Judge {
            stdout: self.read_as.clone(),
            stderr: self.stderr.clone(),
            files: self
                .output
                .iter()
                .map(|(_, wanted)| wanted.clone())
                .collect(),
            comparator: build(&rules)?,
            rules,
            kept: RecordLimits {
                differences: self.rules.limit(),
                ..RecordLimits::default()
            },
            limits: self.limits(),
            keep: self.surroundings.keep.clone(),
            inputs: self.record_inputs.map(|bytes| bytes as u64),
            unmatched: Unmatched::default(),
            stop: Stop::default(),
        })
    }

    /// `earlier` is the run that is taken up again.
    fn plan(&self, mut corpus: Corpus, earlier: Option<&Run>) -> Result<Plan, Failure> {
        let course = &self.course;
        corpus.pick(&self.case)?;
        let outputs: Result<Vec<_>, RunnerError> = self
            .output
            .iter()
            .map(|(text, _)| Output::parse(text))
            .collect();
        Ok(Plan {
            old: CommandLine::parse("--old", &self.old)?,
            new: CommandLine::parse("--new", &self.new)?,
            corpus,
            delivery: match (self.stdin, self.arg) {
                (true, _) => Delivery::Stdin,
                (false, true) => Delivery::Argument,
                (false, false) => Delivery::Auto,
            },
            environment: self.surroundings.environment(),
            workplace: self.workplace(),
            outputs: outputs?,
            keep: self.surroundings.keep.clone(),
            warm_ups: course.warm_up,
            repeats: course.repeat,
            again: course.noise,
            jobs: course.jobs,
            sequence: if course.in_order {
                Sequence::AsGiven
            } else {
                Sequence::Drawn
            },
            // JSON readers elsewhere keep 53 bits of a number.
            seed: match course.seed.or_else(|| earlier.and_then(resume::seed)) {
                Some(seed) => seed,
                None => u64::from_be_bytes(random()?) >> 11,
            },
            limits: self.limits(),
        })
    }

    fn limits(&self) -> Limits {
        let output = self.course.max_output;
        Limits {
            timeout: self.course.timeout,
            output,
            messages: match self.stderr {
                Some(_) => output,
                None => Limits::MESSAGES,
            },
            messages_count: self.stderr.is_some(),
        }
    }

    fn workplace(&self) -> Workplace {
        match &self.surroundings.workdir {
            Some(folder) => Workplace::CopyOf(folder.clone()),
            None if self.output.is_empty() => Workplace::Here,
            None => Workplace::Empty,
        }
    }

    fn header(&self, context: &Context, runner: &Runner) -> Result<Run, Failure> {
        let now = context.now();
        let plan = runner.plan();
        let name = self.name.clone().unwrap_or_else(|| plan.new.program_name());
        let mut run = Run::new(
            RunId::time_ordered(now, random()?),
            name,
            RunKind::Commands,
            now,
        );
        run.old = Implementation::new(plan.old.text());
        run.new = Implementation::new(plan.new.text());
        run.expected_cases = Some(plan.pairs());
        run.process = alive::this_process();
        run.options = self.options(plan)?;
        for (name, side) in [("old_program", Side::Old), ("new_program", Side::New)] {
            let doing = || format!("read the program of --{}", side.name());
            let identity = runner.identity(side);
            run.options[name] = identity
                .map_err(|error| Failure::io(doing(), &error))?
                .into();
        }
        Ok(run)
    }

    /// The options as they are stored, and compared when the run is taken up again.
    fn options(&self, plan: &Plan) -> Result<serde_json::Value, Failure> {
        let outputs = plan.outputs.iter().zip(&self.output);
        let outputs = outputs
            .map(|(output, (_, wanted))| json!({ "file": output.text(), "as": wanted.text() }));
        let limits = self.course.at_most.iter().map(ToString::to_string);
        let surroundings = &self.surroundings;
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        Ok(json!({
            "cases": self.cases.as_ref().map(path),
            "corpus": plan.corpus.identity(),
            "case": self.case,
            "as": self.read_as.text(),
            "stderr": self.stderr.as_ref().map(Wanted::text),
            "outputs": outputs.collect::<Vec<_>>(),
            "delivery": plan.delivery.name(),
            "repeat": plan.repeats,
            "warm_up": plan.warm_ups,
            "noise": plan.again,
            performance::OPTION: limits.collect::<Vec<_>>(),
            "jobs": plan.jobs,
            "in_order": plan.sequence == Sequence::AsGiven,
            "seed": plan.seed,
            "timeout_ms": u64::try_from(self.course.timeout.as_millis()).unwrap_or(u64::MAX),
            "max_output_bytes": self.course.max_output,
            "workdir": surroundings.workdir.as_ref().map(path),
            "record_inputs_bytes": self.record_inputs,
            "clean_env": surroundings.clean_env,
            "pass_env": surroundings.pass_env,
            // Values may be secrets.
            "env": surroundings.env.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "rules": self.rules.rules()?,
        }))
    }
}

impl SurroundingsArgs {
    fn environment(&self) -> Environment {
        Environment {
            clean: self.clean_env,
            pass: self.pass_env.clone(),
            set: self.env.clone(),
        }
    }
}

/// Random bytes for ids and seeds.
fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::io("get a random number", &error.into()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_are_not_the_same_twice() {
        let bytes = || random::<10>().unwrap();
        assert_ne!(bytes(), bytes());
    }
}
