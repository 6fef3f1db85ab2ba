//! Judging a pair of executions: how they ended, what they wrote and the files they left.

mod files;
mod reading;
mod side;
#[cfg(feature = "tables")]
mod table;
mod unread;
mod wanted;
mod whole;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use cutover_domain::comparison::noise::{NoiseSample, Sampling};
use cutover_domain::comparison::{
    Comparator, Comparison, ComparisonRecord, Difference, DifferenceKind, Judgement, RecordId,
    RecordLimits, RecordResult, Redaction, Rules, RunId, Severity, SideOutcome, SideRecord,
};
use cutover_domain::tree::Tree;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::quantity::show_size;
use crate::commands::hidden::Unmatched;
use crate::commands::rules::compare_in_time;
use crate::runner::{Ending, Execution, Limits, Pair, Stop};
use files::Patience;
use reading::{Known, Read};
use wanted::Pairing;
pub(super) use wanted::Wanted;
use whole::Place;

/// What judging needs to know.
pub(super) struct Judge {
    /// What standard output is read as.
    pub(super) stdout: Wanted,
    /// What standard error is read as, where it is compared.
    pub(super) stderr: Option<Wanted>,
    /// What the files of each output are read as.
    pub(super) files: Vec<Wanted>,
    /// The rules, to which an answer may add how its elements find each other.
    pub(super) rules: Rules,
    pub(super) comparator: Comparator,
    pub(super) kept: RecordLimits,
    pub(super) limits: Limits,
    /// Where everything that belongs to pairs that are not equal is kept.
    pub(super) keep: Option<PathBuf>,
    /// Up to how many bytes of each input are recorded; none where none are.
    pub(super) inputs: Option<u64>,
    /// The rules that were of no use so far.
    pub(super) unmatched: Unmatched,
    /// Breaks off what takes long.
    pub(super) stop: Stop,
}

/// Two executions, compared.
struct Found {
    comparison: Comparison,
    /// How standard output was read, in one word.
    read_as: &'static str,
    /// What is known about the files.
    files: Option<Value>,
    /// Parts that were to be documents and cannot be read as such.
    unread: Vec<Place>,
}

impl Judge {
    /// A pair as it is saved; nothing when it was broken off.
    pub(super) fn record(
        &self,
        mut pair: Pair<'_>,
        run: RunId,
        name: Arc<str>,
        now: Timestamp,
    ) -> Option<ComparisonRecord> {
        let sides = [&pair.old, &pair.new].into_iter().chain(&pair.again);
        if sides.into_iter().any(|side| side.ending == Ending::Stopped) {
            return None;
        }
        let started = Instant::now();
        let verdict = self.compare(&pair.old, &pair.new);
        let took = started.elapsed();
        // The number keeps the order in which the pairs were planned.
        let id = RecordId::new(format!("{:08}", pair.number)).ok()?;
        let (mut old, mut new) = (self.side(&pair.old), self.side(&pair.new));
        let is_unread = (verdict.as_ref().ok()).is_some_and(|found| {
            let mut parts = found.unread.iter();
            parts.any(|part| matches!(part, Place::Alone | Place::Stdout))
        });
        if is_unread && self.redaction().has_paths() {
            (old.answer.excerpt, new.answer.excerpt) = (None, None);
        }
        let noise = (verdict.as_ref().ok()).and_then(|found| self.noise(&pair, &found.comparison));
        let failed = verdict.is_err() || noise.as_ref().is_some_and(|noise| noise.failed > 0);
        if failed && self.stop.is_asked() {
            // It may have been broken off.
            return None;
        }
        let (judgement, read_as, files) = match verdict {
            Ok(mut found) => {
                self.unmatched.see(found.comparison.unmatched.take());
                let judgement = Judgement::of(found.comparison, &self.kept);
                (judgement, found.read_as, found.files)
            }
            Err(why) => (Judgement::Failed(why), "none", None),
        };
        let mut record = ComparisonRecord::new(run, id, name, now, old, new, judgement);
        record.case = Some(pair.case.name.clone());
        record.input_digest = pair.case.digest().ok();
        let recorded = |limit| pair.case.recorded(self.redaction(), limit);
        record.input = self.inputs.map(recorded);
        record.noise = noise;
        let mut notes = vec![
            ("repeat", json!(pair.repeat)),
            ("first", json!(pair.first.name())),
            ("read_as", json!(read_as)),
            (
                "judging_ns",
                json!(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)),
            ),
        ];
        notes.extend(files.map(|files| ("files", files)));
        if record.result != RecordResult::Equal
            && let Some(folder) = &self.keep
        {
            let folder = folder.join(record.id.as_str());
            notes.push(match keep(&mut pair, &folder) {
                Ok(()) => ("kept", json!(folder.to_string_lossy())),
                Err(error) => ("kept_problem", json!(error.to_string())),
            });
        }
        let notes = notes
            .into_iter()
            .map(|(name, note)| (name.to_owned(), note));
        record.unknown.extend(notes);
        self.redaction().record(&mut record);
        Some(record)
    }

    /// Whether `$` is all that a program answers, and not its standard output alone.
    fn is_whole(&self) -> bool {
        !self.files.is_empty() || self.stderr.is_some()
    }

    fn redaction(&self) -> &Redaction {
        self.comparator.redaction()
    }

    fn side(&self, execution: &Execution) -> SideRecord {
        let mut side = side::recorded(execution, &self.limits);
        side.answer = side::answer(
            &execution.stdout,
            &self.stdout.read_as,
            self.redaction(),
            // The paths of the rules begin where the comparison does.
            self.is_whole().then_some("stdout"),
        );
        side
    }

    /// What old, run again, differs in from its own answer, beside what new differs in.
    fn noise(&self, pair: &Pair<'_>, new: &Comparison) -> Option<NoiseSample> {
        let mut sample = Sampling::beside(new);
        for again in &pair.again {
            match self.compare(&pair.old, again) {
                Ok(found) => sample.add(&found.comparison),
                Err(_) => sample.fail(),
            }
        }
        (!pair.again.is_empty()).then(|| sample.finish())
    }

    fn compare(&self, old: &Execution, new: &Execution) -> Result<Found, String> {
        for (name, execution) in [("old", old), ("new", new)] {
            if let Some(why) = side::trouble(&execution.ending) {
                return Err(format!("{name}: {why}"));
            }
        }
        let outcomes = [old, new].map(|side| side::outcome(&side.ending, &self.limits));
        // What a program wrote before it was ended is no answer.
        let answered = match [old, new].map(|side| side::is_cut_off(&side.ending)) {
            [true, true] => {
                return Err(side::neither_answered(
                    [&old.ending, &new.ending],
                    &self.limits,
                ));
            }
            both => both == [false, false],
        };
        let failed = outcomes.each_ref().map(|outcome| !outcome.is_ok());
        // Of two that do not both fail, what one wrote on its way to failing is no answer either.
        let alone = if answered && failed[0] != failed[1] {
            Some(self.compare_ends(&outcomes)?).filter(|found| !found.equal)
        } else {
            None
        };
        let found = match alone {
            Some(comparison) => Found {
                comparison,
                read_as: "none",
                files: None,
                unread: Vec::new(),
            },
            None => self.compare_answers(&outcomes, answered, old, new)?,
        };
        let mut comparison = found.comparison;
        if self.redaction().has_paths() {
            unread::hide(&mut comparison, &found.unread);
        }
        explain(&mut comparison, [(&outcomes[0], old), (&outcomes[1], new)]);
        // What was added here is redacted as the comparator does with what it finds.
        self.redaction().comparison(&mut comparison);
        Ok(Found {
            comparison,
            ..found
        })
    }

    /// Only how the two ended, by the rules.
    fn compare_ends(&self, outcomes: &[SideOutcome; 2]) -> Result<Comparison, String> {
        if !self.is_whole() {
            return Ok(compare_stdout(&self.comparator, outcomes, None));
        }
        let [old, new] = outcomes.each_ref().map(side::told);
        whole::compare(&self.comparator, [&old, &new], Vec::new())
    }

    /// What the two answered; how standard output was read, and what is known about the files.
    fn compare_answers(
        &self,
        outcomes: &[SideOutcome; 2],
        answered: bool,
        old: &Execution,
        new: &Execution,
    ) -> Result<Found, String> {
        let wanted = &self.stdout;
        let stdout = answered
            .then(|| {
                let read = reading::read_pair(&wanted.read_as, None, &old.stdout, &new.stdout);
                read.and_then(|read| read.paired(&wanted.pairing))
            })
            .transpose()?;
        let read_as = stdout.as_ref().map_or("none", |read| read.read_as);
        if !self.is_whole() {
            let known = stdout.as_ref().map(|read| (Place::Alone, &read.known));
            let comparator = self.comparator_for(known)?;
            let is_unread = stdout.as_ref().is_some_and(|read| read.unread);
            return Ok(Found {
                comparison: compare_stdout(&comparator, outcomes, stdout),
                read_as,
                files: None,
                unread: is_unread.then_some(Place::Alone).into_iter().collect(),
            });
        }
        let files = if answered {
            let patience = Patience::new(&self.stop, self.limits.timeout);
            files::read_files(&self.files, self.limits.output, patience, old, new)?
        } else {
            Vec::new()
        };
        let described = (answered && !self.files.is_empty())
            .then(|| files::described(self.redaction(), &files, old, new));
        let stderr = answered.then(|| self.read_messages(old, new)).transpose()?;
        let files = files.into_iter();
        let parts: Vec<(Place, Read)> = (stdout.into_iter().map(|read| (Place::Stdout, read)))
            .chain(stderr.flatten().map(|read| (Place::Stderr, read)))
            .chain(files.map(|(name, read)| (Place::File(name), read)))
            .collect();
        let known = parts
            .iter()
            .map(|(place, read)| (place.clone(), &read.known));
        let comparator = self.comparator_for(known)?;
        let [old_end, new_end] = outcomes.each_ref().map(side::told);
        let unread = parts.iter().filter(|(_, read)| read.unread);
        let unread = unread.map(|(place, _)| place.clone()).collect();
        let comparison = whole::compare(&comparator, [&old_end, &new_end], parts)?;
        Ok(Found {
            comparison,
            read_as,
            files: described,
            unread,
        })
    }

    /// What the two wrote to standard error, where that is compared.
    fn read_messages(&self, old: &Execution, new: &Execution) -> Result<Option<Read>, String> {
        let Some(wanted) = &self.stderr else {
            return Ok(None);
        };
        for (name, side) in [("old", old), ("new", new)] {
            if side.stderr_dropped > 0 {
                return Err(format!(
                    "{name}: it wrote more than {} to standard error, so that it cannot be compared; \
                     allow more with --max-output",
                    show_size(self.limits.messages as u64)
                ));
            }
        }
        let read = reading::read_pair(&wanted.read_as, None, &old.stderr, &new.stderr);
        let read = read.and_then(|read| read.paired(&wanted.pairing));
        read.map(Some)
            .map_err(|why| format!("standard error: {why}"))
    }

    /// The comparator for answers whose elements find each other like this.
    fn comparator_for<'a>(
        &self,
        places: impl IntoIterator<Item = (Place, &'a Vec<Known>)>,
    ) -> Result<Comparator, String> {
        let mut rules = None;
        for (place, known) in places {
            for known in known {
                let below = known.below.as_deref().map(whole::member);
                let path = place.path() + &below.unwrap_or_default();
                let so_far = rules.unwrap_or_else(|| self.rules.clone());
                rules = Some(match &known.by {
                    Pairing::ByRules => so_far,
                    Pairing::Bag => so_far.unordered(path),
                    Pairing::Key(key) if known.unless_said => so_far.default_key(path, key),
                    Pairing::Key(key) => so_far.key(path, key),
                });
            }
        }
        match rules {
            None => Ok(self.comparator.clone()),
            Some(rules) => rules.build().map_err(|error| error.to_string()),
        }
    }
}

/// Where standard output is the whole answer, `$` is it.
fn compare_stdout(
    comparator: &Comparator,
    outcomes: &[SideOutcome; 2],
    stdout: Option<Read>,
) -> Comparison {
    let mut comparison = match stdout {
        Some(Read {
            old: Some(old),
            new: Some(new),
            broken: false,
            columns,
            ..
        }) => {
            let mut comparison = compare_in_time(comparator, &old, &new);
            whole::add_columns(comparator, &mut comparison, &Place::Alone, &columns);
            comparison
        }
        None
        | Some(Read {
            old: None,
            new: None,
            ..
        }) => Comparison::same(),
        Some(Read {
            old, new, broken, ..
        }) => {
            let kind = match (broken, &old) {
                (true, _) => DifferenceKind::Type,
                (false, Some(_)) => DifferenceKind::Missing,
                (false, None) => DifferenceKind::Extra,
            };
            let mut comparison = Comparison::same();
            add(&mut comparison, kind, old, new);
            comparison
        }
    };
    let [old, new] = outcomes;
    if old.class() != new.class() {
        let [old, new] = [old, new].map(|outcome| Some(Tree::string(side::told(outcome))));
        add(&mut comparison, DifferenceKind::Outcome, old, new);
    }
    comparison
}

/// Says beside an end that differs why it came to that, as far as the program said.
fn explain(comparison: &mut Comparison, sides: [(&SideOutcome, &Execution); 2]) {
    let ends = |found: &&mut Difference| {
        found.kind == DifferenceKind::Outcome && (found.path == "$" || found.path == whole::EXIT)
    };
    let Some(difference) = comparison.differences.iter_mut().find(ends) else {
        return;
    };
    let [old, new] =
        sides.map(|(outcome, execution)| Tree::string(side::explained(outcome, execution)));
    (difference.old, difference.new) = (Some(old), Some(new));
}

/// Puts a difference of the whole answer first.
fn add(comparison: &mut Comparison, kind: DifferenceKind, old: Option<Tree>, new: Option<Tree>) {
    comparison.equal = false;
    comparison.counts.add(kind);
    comparison.by_severity.add(Severity::Error);
    let difference = Difference {
        path: "$".to_owned(),
        new_path: None,
        kind,
        old,
        new,
        times: None,
        severity: Severity::Error,
    };
    comparison.differences.insert(0, difference);
}

fn keep(pair: &mut Pair<'_>, folder: &std::path::Path) -> io::Result<()> {
    // What one that was broken off has left.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    pair.old.keep(&folder.join("old"))?;
    pair.new.keep(&folder.join("new"))
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::Rules;
    use std::time::Duration;

    use super::*;

    fn judge(rules: Rules) -> Judge {
        Judge {
            stdout: Wanted::auto(),
            stderr: None,
            files: Vec::new(),
            comparator: rules.clone().build().unwrap(),
            rules,
            kept: RecordLimits::default(),
            limits: Limits {
                timeout: Duration::from_secs(30),
                output: 1 << 20,
                messages: Limits::MESSAGES,
                messages_count: false,
            },
            keep: None,
            inputs: None,
            unmatched: Unmatched::default(),
            stop: Stop::default(),
        }
    }

    fn result(judge: &Judge, old: (Ending, &str), new: (Ending, &str)) -> RecordResult {
        let [old, new] = [old, new].map(|(ending, stdout)| Execution::for_test(ending, stdout));
        let found = judge.compare(&old, &new);
        let judgement = found.map(|found| Judgement::of(found.comparison, &judge.kept));
        judgement.map_or(RecordResult::Failed, |judgement| judgement.result())
    }

    #[test]
    fn ends_are_answers_and_what_was_not_run_is_none() {
        let exited = |code| Ending::Exited(code);
        for (old, new, expected) in [
            (exited(0), exited(0), RecordResult::Equal),
            (exited(3), exited(3), RecordResult::Equal),
            (exited(0), exited(3), RecordResult::Different),
            (exited(139), Ending::Signalled(11), RecordResult::Different),
            (
                Ending::Signalled(11),
                Ending::Signalled(11),
                RecordResult::Equal,
            ),
            (exited(0), Ending::TimedOut, RecordResult::Different),
            (exited(0), Ending::TooMuchOutput, RecordResult::Different),
            (Ending::TooMuchOutput, exited(0), RecordResult::Different),
            (Ending::LeftOpen, exited(0), RecordResult::Different),
            (Ending::LeftOpen, Ending::LeftOpen, RecordResult::Failed),
            (Ending::TimedOut, Ending::LeftOpen, RecordResult::Failed),
            (
                Ending::TimedOut,
                Ending::TooMuchOutput,
                RecordResult::Failed,
            ),
            (Ending::TimedOut, Ending::TimedOut, RecordResult::Failed),
            (
                Ending::TooMuchOutput,
                Ending::TooMuchOutput,
                RecordResult::Failed,
            ),
            (exited(0), Ending::Failed("no".into()), RecordResult::Failed),
        ] {
            let told = format!("{old:?} {new:?}");
            for files in [vec![], vec![Wanted::auto()]] {
                let judge = Judge {
                    files,
                    ..judge(Rules::new())
                };
                let found = result(&judge, (old.clone(), "x"), (new.clone(), "x"));
                assert_eq!(found, expected, "{told}");
            }
        }
    }

    #[test]
    fn an_answer_that_is_not_as_asked_differs_whatever_the_rules_look_at() {
        for rules in [
            Rules::new().only("$.id"),
            Rules::new().unordered_everywhere().relative(0.5),
            Rules::new().ignore("$.id"),
        ] {
            let judge = Judge {
                stdout: "json".parse().unwrap(),
                ..judge(rules)
            };
            for (old, new) in [
                ("{\"id\": 1}", "oops"),
                ("oops", "[1]"),
                ("\"oops\"", "oops"),
                ("", "1"),
            ] {
                let fine = || Ending::Exited(0);
                let found = result(&judge, (fine(), old), (fine(), new));
                assert_eq!(found, RecordResult::Different, "{old} {new}");
            }
        }
    }
}
