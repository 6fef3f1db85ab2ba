//! Running `cargo` and other programs from the workspace root.

use std::env;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// The workspace root: the parent of this crate.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Whether this runs in CI, where nothing may be left out.
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| value == "true" || value == "1")
}

/// The cargo that runs us, in the workspace root.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root()).args(arguments);
    if in_ci() {
        // Incremental compilation only costs time and disk where nothing is compiled twice.
        command.env("CARGO_INCREMENTAL", "0");
    }
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command
}

/// What a person would type.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy();
    let words = command.get_args().map(|word| {
        let word = word.to_string_lossy();
        if word.is_empty() || word.contains(' ') {
            format!("'{word}'")
        } else {
            word.into_owned()
        }
    });
    std::iter::once(program.into_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a command, its output going straight through.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    println!("   $ {}", shown(command));
    let status = command
        .status()
        .map_err(|error| format!("`{}` cannot be started: {error}", shown(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` failed ({status})", shown(command)))
    }
}

/// Runs a command and returns its standard output; its standard error goes through.
pub(crate) fn read(command: &mut Command) -> Result<String, String> {
    let output = command
        .env("CARGO_TERM_COLOR", "never")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{}` cannot be started: {error}", shown(command)))?;
    if !output.status.success() {
        return Err(format!("`{}` failed ({})", shown(command), output.status));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| format!("`{}` printed something that is not UTF-8", shown(command)))
}

/// Runs a command, shows its output as it comes, and returns the lines that `keep` wants,
/// without their colours.
pub(crate) fn run_and_keep(
    command: &mut Command,
    keep: fn(&str) -> bool,
) -> (Result<(), String>, Vec<String>) {
    println!("   $ {}", shown(command));
    let started = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            return (
                Err(format!("`{}` cannot be started: {error}", shown(command))),
                Vec::new(),
            );
        }
    };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reader = thread::spawn(move || {
        stderr.map_or_else(Vec::new, |pipe| {
            echo(pipe, keep, |line| eprintln!("{line}"))
        })
    });
    let mut kept = stdout.map_or_else(Vec::new, |pipe| echo(pipe, keep, |line| println!("{line}")));
    kept.extend(reader.join().unwrap_or_default());
    let result = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` failed ({status})", shown(command))),
        Err(error) => Err(format!("`{}` was lost: {error}", shown(command))),
    };
    (result, kept)
}

fn echo(pipe: impl std::io::Read, keep: fn(&str) -> bool, show: fn(&str)) -> Vec<String> {
    let mut kept = Vec::new();
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        show(&line);
        let plain = without_colours(&line);
        if keep(&plain) {
            kept.push(plain.trim().to_owned());
        }
    }
    kept
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or("", |end| &after[end + 1..]);
    }
    plain.push_str(rest);
    plain
}

/// Whether a program can be found on the `PATH`.
pub(crate) fn is_installed(program: &str) -> bool {
    let Some(path) = env::var_os("PATH") else {
        return false;
    };
    let name: PathBuf = format!("{program}{}", env::consts::EXE_SUFFIX).into();
    env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out_of_kept_lines() {
        assert_eq!(
            without_colours("\u{1b}[32;1m Summary\u{1b}[0m [ 1s]"),
            " Summary [ 1s]"
        );
        assert_eq!(without_colours("plain"), "plain");
    }

    #[test]
    fn a_failing_command_says_which_it_was() {
        let error = run(&mut cargo(["no-such-subcommand", "two words"])).unwrap_err();
        assert!(error.contains("no-such-subcommand 'two words'"), "{error}");
    }

    #[test]
    fn output_is_kept_line_by_line() {
        let (result, kept) =
            run_and_keep(&mut cargo(["--version"]), |line| line.starts_with("cargo "));
        assert_eq!(result, Ok(()));
        assert_eq!(kept.len(), 1);
    }
}
