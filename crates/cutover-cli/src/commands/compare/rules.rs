//! `cutover compare rules`.

use std::io::{self, Write};

use clap::Args;
use cutover_domain::comparison::Rules;
use cutover_domain::comparison::noise::{NoiseLearner, Suggestion};
use serde::Serialize;

use super::find;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report};

/// Print the rules that would take away what old differs in from itself.
#[derive(Args, Debug)]
pub struct RulesArgs {
    /// The run: its id, the beginning of it, or `latest`
    id: String,
}

/// Rules for a person to accept.
#[derive(Serialize)]
struct Suggested {
    /// How often old was compared with itself.
    self_pairs: u64,
    suggestions: Vec<Suggestion>,
    rules: Rules,
    #[serde(skip)]
    file: Option<String>,
}

impl Report for Suggested {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        match &self.file {
            Some(file) => page.write_all(file.as_bytes()),
            None => writeln!(
                page,
                "# In {} comparisons old did not differ from itself: no rule is needed.",
                self.self_pairs
            ),
        }
    }
}

pub(crate) fn run(context: &Context, args: &RulesArgs) -> Result<Exit, Failure> {
    let store = find::store(context);
    let run = find::run(&store, &args.id)?;
    let mut learner = NoiseLearner::new();
    find::visit(context, &store, &run, &mut |record| learner.record(&record))?;
    let noise = learner.learned();
    if noise.is_empty() {
        return Err(Failure::no(format_args!(
            "in run {} old was not run beside itself, so nothing is known about noise",
            run.id
        ))
        .hint("run it with --noise 2"));
    }
    context.output.show(&Suggested {
        self_pairs: noise.self_pairs,
        rules: noise.rules(),
        file: noise.rules_file(),
        suggestions: noise.suggestions,
    })?;
    Ok(Exit::Done)
}
