//! What a run shows besides its result: things that are most likely not meant.

use std::path::Path;

use cutover_domain::comparison::{ComparisonRecord, RecordedInput};
use serde_json::Value;

use crate::output::{Output, counted, printable};
use crate::runner;

/// What was seen in the records of a run.
pub(super) struct Observations<'a> {
    outputs: Vec<(&'a runner::Output, Seen)>,
    answered: bool,
    counters: Trouble,
    keeping: Trouble,
    too_large: Trouble,
    not_written: Trouble,
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
            self.count(problem);
        }
    }

    fn count(&mut self, problem: &str) {
        self.count += 1;
        if self.first.is_empty() {
            printable(problem).clone_into(&mut self.first);
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
            too_large: Trouble::default(),
            not_written: Trouble::default(),
            kept: None,
        }
    }

    pub(super) fn see(&mut self, record: &ComparisonRecord) {
        for side in [&record.old, &record.new] {
            self.counters.add(side.unknown.get("counters_problem"));
        }
        match &record.input {
            Some(RecordedInput::TooLarge { .. }) => self.too_large.count(record.label()),
            Some(RecordedInput::Failed(why)) => {
                self.not_written
                    .count(&format!("{}: {why}", record.label()));
            }
            Some(RecordedInput::Kept { .. }) | None => {}
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

    /// Whether a file was to be compared that neither program wrote in any case: then nothing is
    /// known about it, and most likely its name is not right.
    pub(super) fn misses_output(&self) -> bool {
        self.answered && self.outputs.iter().any(|(_, seen)| *seen == Seen::Never)
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
        let not_kept = [
            (&self.too_large, "larger than --record-inputs allows"),
            (&self.not_written, "not to be written down"),
        ];
        let not_kept = not_kept
            .into_iter()
            .filter(|(trouble, _)| trouble.count > 0);
        let reasons = not_kept.map(|(trouble, why)| {
            format!("{} {why} (the first: {})", trouble.count, trouble.first)
        });
        let reasons: Vec<_> = reasons.collect();
        if !reasons.is_empty() {
            to.warn(format_args!(
                "inputs were not kept, so that no replay can have them: {}",
                reasons.join("; ")
            ));
        }
        if let Some(folder) = &self.kept {
            to.note(format_args!("kept: {}", printable(folder)));
        }
    }
}
