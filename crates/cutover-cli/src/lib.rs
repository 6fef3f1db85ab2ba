#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod confirm;
pub mod context;
pub mod exit;
mod interrupt;
pub mod output;
pub mod overlay;
pub mod place;
#[cfg(unix)]
mod runner;
pub mod suggest;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

pub use cli::{Cli, command};
pub use context::Context;
pub use exit::{Exit, Failure};

/// The whole program: reads the arguments, runs one command, answers an exit code.
///
/// A panic anywhere in it is reported in one short line and ends as [`Exit::Trouble`]: a script
/// never meets an exit code that is not in the table.
#[must_use]
pub fn main() -> ExitCode {
    #[cfg(unix)]
    if let Some(exit) = runner::measure::run_if_asked() {
        return exit;
    }
    #[cfg(unix)]
    interrupt::survive_limits_of_files();
    panic::set_hook(Box::new(exit::report_panic));
    contained(cli::run).into()
}

/// Runs it; a panic in it is trouble like any other.
fn contained(run: impl FnOnce() -> Exit) -> Exit {
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or(Exit::Trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_as_trouble() {
        assert_eq!(contained(|| Exit::No), Exit::No);
        assert_eq!(
            contained(|| panic!("a bug made for this test")),
            Exit::Trouble
        );
    }
}
