//! How recorded inputs get to the programs: as they did when they were recorded, unless it is said.

use std::path::Path;

use cutover_domain::comparison::Run;

use super::RunArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::runner::CommandLine;

/// Lets `args` give inputs as all of `runs` gave them, where `args` says nothing and that can be
/// told from their options. Paths of files are given by a `{}`, as they are files only then.
pub(super) fn take_over(
    context: &Context,
    args: &mut RunArgs,
    runs: &[Run],
) -> Result<(), Failure> {
    let said = args.stdin || args.arg;
    let ways: Vec<_> = runs.iter().map(way).collect();
    let Some((way, true)) = ways
        .first()
        .map(|first| (*first, !said && ways.iter().all(|way| way == first)))
    else {
        return Ok(());
    };
    match way {
        Way::Stdin => args.stdin = true,
        Way::Text => args.arg = true,
        Way::LastPath => {
            for (option, command) in [("--old", &mut args.old), ("--new", &mut args.new)] {
                if !CommandLine::parse(option, command)?.has_placeholder() {
                    command.push_str(" {}");
                }
            }
        }
        Way::ByCommand { placeholder } => {
            for (option, command) in [("--old", &args.old), ("--new", &args.new)] {
                if placeholder && !CommandLine::parse(option, command)?.has_placeholder() {
                    context.output.warn(format_args!(
                        "{option} has no `{{}}`, so that it gets on standard input what was recorded \
                         as a file: write `{{}}` where its path belongs"
                    ));
                }
            }
            return Ok(());
        }
    }
    context
        .output
        .note("inputs are given to the programs as they were when they were recorded");
    Ok(())
}

/// How a run gave its cases to programs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By a `{}` where a command has one, else on standard input.
    ByCommand { placeholder: bool },
    /// On standard input, beside a `{}`.
    Stdin,
    /// As the last argument: a text.
    Text,
    /// As the last argument: the path of a file.
    LastPath,
}

fn way(run: &Run) -> Way {
    let option = |name: &str| run.options.get(name).and_then(serde_json::Value::as_str);
    match option("delivery") {
        Some("stdin") => Way::Stdin,
        Some("argument") => {
            let cases = option("cases").map(Path::new);
            let extension = cases.and_then(Path::extension);
            let lines = extension.is_some_and(|found| found == "jsonl" || found == "ndjson");
            // A replay has no files of the user's.
            if lines || cases.is_none() {
                Way::Text
            } else {
                Way::LastPath
            }
        }
        _ => Way::ByCommand {
            placeholder: [&run.old, &run.new].into_iter().any(|command| {
                CommandLine::parse("--old", &command.description)
                    .is_ok_and(|command| command.has_placeholder())
            }),
        },
    }
}
