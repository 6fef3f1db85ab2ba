//! What a run shows besides its result: things that are most likely not meant.

use std::path::Path;

use cutover_domain::comparison::ComparisonRecord;
use serde_json::Value;

use crate::output::{Output, counted, printable};
use crate::runner;

/// What was seen in the records of a run.
pub(super) struct Observations<'a> {
    outputs: Vec<(&'a runner::Output, Seen)>,
    answered: bool,
    counters: Trouble,
    keeping: Trouble,
    kept: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Never,
    Once,
}

/// How often something went wrong, and how it did at first.
#[derive(Default)]
struct Trouble {
    count: u64,
    first: String,
}

impl Trouble {
    fn add(&mut self, problem: Option<&Value>) {
        if let Some(problem) = problem.and_then(Value::as_str) {
            self.count += 1;
            if self.first.is_empty() {
                printable(problem).clone_into(&mut self.first);
            }
        }
    }
}

impl<'a> Observations<'a> {
    pub(super) fn of(outputs: &'a [runner::Output]) -> Self {
        Self {
            outputs: outputs.iter().map(|output| (output, Seen::Never)).collect(),
            answered: false,
            counters: Trouble::default(),
            keeping: Trouble::default(),
            kept: None,
        }
    }

    pub(super) fn see(&mut self, record: &ComparisonRecord) {
        for side in [&record.old, &record.new] {
            self.counters.add(side.unknown.get("counters_problem"));
        }
        self.keeping.add(record.unknown.get("kept_problem"));
        if let Some(Value::String(folder)) = record.unknown.get("kept") {
            let folder = Path::new(folder).parent().unwrap_or(Path::new(folder));
            self.kept = Some(folder.display().to_string());
        }
        if let Some(Value::Object(files)) = record.unknown.get("files") {
            self.answered = true;
            for (output, seen) in &mut self.outputs {
                if *seen == Seen::Never && files.keys().any(|name| output.names(Path::new(name))) {
                    *seen = Seen::Once;
                }
            }
        }
    }

    pub(super) fn say(&self, to: &Output) {
        for (output, seen) in &self.outputs {
            if self.answered && *seen == Seen::Never {
                to.warn(format_args!(
                    "neither program wrote {} in any case: is that its name, in the folder they \
                     run in?",
                    printable(output.text())
                ));
            }
        }
        for (trouble, what) in [
            (&self.counters, "counters were not counted"),
            (&self.keeping, "folders could not be kept"),
        ] {
            if trouble.count > 0 {
                to.warn(format_args!(
                    "{what}, {}: {}",
                    counted(trouble.count, "time"),
                    trouble.first
                ));
            }
        }
        if let Some(folder) = &self.kept {
            to.note(format_args!("kept: {}", printable(folder)));
        }
    }
}
