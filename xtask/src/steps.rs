//! Named steps with their time, and one summary at the end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What a step has to say: a short note for the summary, or why it failed.
pub(crate) type Outcome = Result<String, String>;

struct Done {
    name: String,
    rerun: String,
    outcome: Outcome,
    took: Duration,
}

/// The steps of one command. Steps go on after a failure, so that one run shows every problem.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Done>,
}

impl Steps {
    /// Runs one step; `rerun` is what a person types to run it again alone.
    /// Answers whether it succeeded, for steps that make no sense after a failure.
    pub(crate) fn run(&mut self, name: &str, rerun: &str, step: impl FnOnce() -> Outcome) -> bool {
        println!("\n── {name}");
        let start = Instant::now();
        let outcome = step();
        let took = start.elapsed();
        match &outcome {
            Ok(note) => println!("   ok    {:>7}  {note}", seconds(took)),
            Err(problem) => println!("   FAIL  {:>7}  {problem}", seconds(took)),
        }
        let succeeded = outcome.is_ok();
        self.done.push(Done {
            name: name.to_owned(),
            rerun: rerun.to_owned(),
            outcome,
            took,
        });
        succeeded
    }

    /// Takes over the steps of another command.
    pub(crate) fn append(&mut self, other: Self) {
        self.done.extend(other.done);
    }

    /// Whether every step so far succeeded.
    pub(crate) fn all_ok(&self) -> bool {
        self.done.iter().all(|step| step.outcome.is_ok())
    }

    /// Prints the summary; failure if any step failed.
    pub(crate) fn finish(self) -> ExitCode {
        let width = self
            .done
            .iter()
            .map(|step| step.name.chars().count())
            .max()
            .unwrap_or(0);
        let total: Duration = self.done.iter().map(|step| step.took).sum();
        if self.done.len() > 1 {
            println!("\n── summary");
            for Done {
                name,
                outcome,
                took,
                ..
            } in &self.done
            {
                let (word, note) = match outcome {
                    Ok(note) => ("ok  ", note.as_str()),
                    Err(problem) => ("FAIL", problem.lines().next().unwrap_or_default()),
                };
                println!("   {word}  {name:width$}  {:>7}  {note}", seconds(*took));
            }
            println!("         {:width$}  {:>7}", "in all", seconds(total));
        }
        let failed: Vec<&Done> = self
            .done
            .iter()
            .filter(|step| step.outcome.is_err())
            .collect();
        if failed.is_empty() {
            return ExitCode::SUCCESS;
        }
        println!("\nto run again what failed:");
        for step in failed {
            println!("   {}", step.rerun);
        }
        ExitCode::FAILURE
    }
}

fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds >= 100 {
        format!("{}:{:02} min", seconds / 60, seconds % 60)
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_command_but_not_the_steps_after_it() {
        let mut steps = Steps::default();
        assert!(!steps.run("a", "cargo a", || Err("no".to_owned())));
        assert!(steps.run("b", "cargo b", || Ok(String::new())));
        assert!(!steps.all_ok());
        assert_eq!(steps.done.len(), 2);
        assert_eq!(
            format!("{:?}", steps.finish()),
            format!("{:?}", ExitCode::FAILURE)
        );
    }

    #[test]
    fn long_times_are_shown_in_minutes() {
        assert_eq!(seconds(Duration::from_millis(1250)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2:05 min");
    }
}
