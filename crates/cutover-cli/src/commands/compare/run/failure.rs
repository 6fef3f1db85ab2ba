//! What the runner refuses, with what to do about it.

use std::io;
use std::path::Path;

use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::runner::RunnerError;
use crate::suggest::closest;

impl From<RunnerError> for Failure {
    fn from(error: RunnerError) -> Self {
        let failure = |exit| Self::new(exit, &error);
        match &error {
            RunnerError::Quoting { .. } => {
                failure(Exit::Usage).hint("close the quote, or escape it with a backslash")
            }
            RunnerError::NoProgram { .. }
            | RunnerError::CaseLine { .. }
            | RunnerError::CasePattern { .. }
            | RunnerError::Output { .. } => failure(Exit::Usage),
            RunnerError::CasesKind { .. } => failure(Exit::Usage)
                .hint("put the cases as files into a folder, or one a line into a .jsonl file"),
            RunnerError::NoSuchCase { pattern, names } => {
                let names = names.iter().map(String::as_str);
                let failure = failure(Exit::Usage);
                match closest(pattern, names) {
                    Some(near) => failure.hint(format_args!("did you mean `{}`?", printable(near))),
                    None => failure.hint("--dry-run shows their names"),
                }
            }
            RunnerError::Missing { .. } => {
                failure(Exit::Usage).hint("check its name and PATH; nothing was run")
            }
            RunnerError::NotExecutable { program, .. } if Path::new(program).is_dir() => {
                failure(Exit::Usage).hint("it is a folder; nothing was run")
            }
            RunnerError::NotExecutable { program, .. } => failure(Exit::Usage).hint(format_args!(
                "name its interpreter (sh {program}), or chmod +x it; nothing was run"
            )),
            RunnerError::NoCases { .. } => failure(Exit::Usage),
            RunnerError::Cases { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                failure(Exit::Usage)
            }
            RunnerError::Cases { .. } | RunnerError::Workdir { .. } | RunnerError::Work(_) => {
                failure(Exit::Trouble)
            }
        }
    }
}
