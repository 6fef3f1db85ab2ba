//! Taking up a run that did not come to its end.

use std::collections::HashSet;

use cutover_domain::comparison::{ComparisonRecord, Run, RunKind, RunState, Tally};
use cutover_ports::comparison::{ComparisonStore, RecordQuery};
use serde_json::Value;

use crate::commands::compare::summary::performance;
use crate::commands::compare::{alive, find};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Output, printable};
use crate::runner::Plan;

/// Options that may be others the second time: they say nothing about what is compared with what.
const FREE: [&str; 3] = ["jobs", "record_inputs_bytes", performance::OPTION];

/// So many cases are named.
const NAMED: usize = 5;

/// The run that `reference` names, if it is one of commands and nobody is at it.
pub(in super::super) fn find_run(
    store: &dyn ComparisonStore,
    reference: &str,
) -> Result<Run, Failure> {
    // No would mean differences.
    let found = find::run(store, reference);
    let run = found.map_err(|failure| failure.instead_of_no(Exit::Usage))?;
    if run.kind != RunKind::Commands {
        return Err(Failure::usage(format_args!(
            "run {} is not one of commands, so it cannot be taken up again",
            run.id
        )));
    }
    if run.state == RunState::Running && alive::lives(&run) == Some(true) {
        let process = run.process.as_ref().map_or(0, |process| process.id);
        return Err(Failure::new(
            Exit::Conflict,
            format_args!("process {process} goes on with run {}", run.id),
        )
        .hint("let that one end; what it did is saved"));
    }
    Ok(run)
}

/// The seed a run was started with.
pub(super) fn seed(run: &Run) -> Option<u64> {
    run.options.get("seed").and_then(Value::as_u64)
}

/// Refuses to go on with what would not be the same run.
pub(super) fn check(earlier: &Run, now: &Run) -> Result<(), Failure> {
    let mut parts = Vec::new();
    let text = |value: &Value| match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) => format!("`{}`", printable(text)),
        other => printable(&other.to_string()),
    };
    let mut part = |name: &str, before: &Value, after: &Value| {
        if before != after {
            parts.push(match name {
                "old_program" | "new_program" => {
                    format!("the program of --{} has changed", &name[..3])
                }
                "corpus" => "there are other cases".to_owned(),
                "rules" => "the rules are others".to_owned(),
                _ => {
                    let name = name.replace('_', "-");
                    format!("{name} was {} and is {}", text(before), text(after))
                }
            });
        }
    };
    part(
        "--old",
        &earlier.old.description.clone().into(),
        &now.old.description.clone().into(),
    );
    part(
        "--new",
        &earlier.new.description.clone().into(),
        &now.new.description.clone().into(),
    );
    if let (Value::Object(before), Value::Object(after)) = (&earlier.options, &now.options) {
        let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for name in names {
            if !FREE.contains(&name.as_str()) {
                let of = |options: &serde_json::Map<String, Value>| {
                    options.get(name).cloned().unwrap_or_default()
                };
                part(name, &of(before), &of(after));
            }
        }
    }
    if parts.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format_args!(
        "run {} cannot be taken up again like this: {}",
        earlier.id,
        parts.join("; ")
    ))
    .hint("give the command it was started with, or start a new run without --resume"))
}

/// The header of a run that is taken up again, with what may be another this time.
pub(super) fn header(mut earlier: Run, now: &Run, done: &Done) -> Run {
    let before = std::mem::replace(&mut earlier.tally, done.tally.clone());
    // What a replay has left out has no records.
    earlier.tally.dropped = before.dropped;
    earlier.tally.sampled_out = before.sampled_out;
    for name in FREE {
        if let Some(value) = now.options.get(name) {
            earlier.options[name] = value.clone();
        }
    }
    earlier
}

/// What a run has done before.
pub(super) struct Done {
    /// The numbers of the pairs that have a record.
    pub(super) pairs: HashSet<u64>,
    pub(super) tally: Tally,
    /// Cases that have another input now than their records are of.
    changed: Vec<String>,
}

impl Done {
    pub(super) fn nothing() -> Self {
        Self {
            pairs: HashSet::new(),
            tally: Tally::default(),
            changed: Vec::new(),
        }
    }

    /// Reads the records of a run, and shows each to `visit`.
    pub(super) fn of(
        context: &Context,
        store: &dyn ComparisonStore,
        run: &Run,
        plan: &Plan,
        mut visit: impl FnMut(&ComparisonRecord) + Send,
    ) -> Result<Self, Failure> {
        let cases = &plan.corpus.cases;
        let digests: Vec<_> = cases.iter().map(|case| case.digest().ok()).collect();
        let mut done = Self::nothing();
        let query = RecordQuery::of_run(run.id.clone());
        find::visit(context, store, &query, &mut |record| {
            let Ok(number) = record.id.as_str().parse::<u64>() else {
                return;
            };
            done.pairs.insert(number);
            done.tally.count(record.result);
            let case = usize::try_from(number % cases.len() as u64).unwrap_or(0);
            if digests
                .get(case)
                .is_some_and(|now| *now != record.input_digest)
                && let Some(case) = cases.get(case)
                && !done.changed.contains(&case.name)
            {
                done.changed.push(case.name.clone());
            }
            visit(&record);
        })?;
        done.changed.sort();
        Ok(done)
    }

    pub(super) fn say(&self, to: &Output) {
        if self.changed.is_empty() {
            return;
        }
        let names = self.changed.iter().take(NAMED);
        let names: Vec<_> = names.map(|name| printable(name)).collect();
        let more = self.changed.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        to.warn(format_args!(
            "changed since they were run: {}{more}; the records stand for what was there then, so \
             start a new run to compare what is there now",
            names.join(", ")
        ));
    }
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::{Implementation, RunId};
    use serde_json::json;

    use super::*;

    fn run(new: &str, options: Value) -> Run {
        let time = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut run = Run::new(RunId::new("r-1").unwrap(), "r", RunKind::Commands, time);
        run.new = Implementation::new(new);
        run.options = options;
        run
    }

    #[test]
    fn only_what_does_not_matter_may_be_another() {
        let options = json!({"repeat": 3, "jobs": 1, "workdir": null, "corpus": "xxh3:1"});
        let earlier = run("new", options.clone());
        assert!(check(&earlier, &run("new", options.clone())).is_ok());
        let with = |name: &str, value: Value| {
            let mut options = options.clone();
            options[name] = value;
            check(&earlier, &run("new", options))
        };
        assert!(with("jobs", json!(4)).is_ok());
        for (name, value, said) in [
            ("repeat", json!(5), "repeat was 3 and is 5"),
            ("workdir", json!("x"), "workdir was not set and is `x`"),
            ("corpus", json!("xxh3:2"), "other cases"),
            ("added_later", json!(true), "added-later was not set"),
        ] {
            let error = with(name, value).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let error = check(&earlier, &run("other", options)).unwrap_err();
        assert!(
            error.to_string().contains("--new was `new` and is `other`"),
            "{error}"
        );
    }
}
