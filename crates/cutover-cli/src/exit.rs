//! The exit codes, and the failures that map to them, in one place.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | yes, or done |
//! | 1 | the answer is no: differences, an unknown flag, a failed check |
//! | 2 | wrong usage |
//! | 3 | trouble: I/O, an unreachable store, corrupt input, a bug |
//! | 4 | not enough evidence to answer |
//! | 5 | it took too long |
//! | 6 | a confirmation is needed |
//! | 7 | conflict: somebody changed it first |
//! | 129, 130, 143 | stopped by a signal: SIGHUP, Ctrl-C (SIGINT), SIGTERM |
//!
//! ```
//! use cutover_cli::{Exit, Failure};
//! use cutover_ports::{PortError, PortErrorKind};
//!
//! let conflict = PortErrorKind::Conflict { expected: 3, actual: 4 };
//! let failure = Failure::from(PortError::new(conflict, "save flags"));
//! assert_eq!(failure.exit(), Exit::Conflict);
//! assert_eq!(Exit::Conflict.code(), 7);
//! ```

use std::fmt;
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use cutover_ports::{PortError, PortErrorKind};

use crate::suggest::{carrying, command};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Yes, or done.
    Done = 0,
    /// The answer is no.
    No = 1,
    /// Wrong usage.
    Usage = 2,
    /// Input/output, a store that is not there, corrupt input, a bug.
    Trouble = 3,
    /// Not enough evidence to answer.
    Insufficient = 4,
    /// It took too long.
    Timeout = 5,
    /// A confirmation is needed, or was refused.
    Unconfirmed = 6,
    /// Somebody changed it first.
    Conflict = 7,
    /// Stopped by SIGHUP. What signals end with is 128 and the number of the signal, as in a shell.
    HungUp = 129,
    /// Stopped by Ctrl-C (SIGINT).
    Interrupted = 130,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The number a shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// [`Exit::Done`] for yes, [`Exit::No`] for no.
    #[must_use]
    pub const fn answer(yes: bool) -> Self {
        if yes { Self::Done } else { Self::No }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not do what was asked: what happened, to what, and what to do next.
#[derive(Clone, Debug)]
pub struct Failure {
    exit: Exit,
    message: Option<String>,
    hints: Vec<String>,
}

impl Failure {
    /// A failure that ends with `exit` and says `message`.
    #[must_use]
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self {
            exit,
            message: Some(message.to_string()),
            hints: Vec::new(),
        }
    }

    /// The answer is no, with an explanation.
    #[must_use]
    pub fn no(message: impl fmt::Display) -> Self {
        Self::new(Exit::No, message)
    }

    /// Wrong usage.
    #[must_use]
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Trouble.
    #[must_use]
    pub fn trouble(message: impl fmt::Display) -> Self {
        Self::new(Exit::Trouble, message)
    }

    /// Trouble of the operating system: `doing` is an infinitive ("read units.txt").
    #[must_use]
    pub fn io(doing: impl fmt::Display, error: &io::Error) -> Self {
        Self::trouble(format_args!("cannot {doing}: {error}"))
    }

    /// What to do next; shown on a line of its own.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// The same failure, after something that was done all the same: whoever reads it must know
    /// both. A failure that says nothing goes on saying nothing.
    #[must_use]
    pub fn after(mut self, done: impl fmt::Display) -> Self {
        self.message = self.message.map(|message| format!("{done}, but {message}"));
        self
    }

    /// The same failure where no is an answer to something else: whoever asks whether two sides are
    /// equal is not told no because what was to be compared is not there.
    #[must_use]
    pub(crate) fn instead_of_no(mut self, exit: Exit) -> Self {
        if self.exit == Exit::No {
            self.exit = exit;
        }
        self
    }

    /// How the command ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Tells the user, on standard error. Whoever reads standard output gets only data.
    pub fn report(&self) {
        if self.message.is_some() {
            let mut stderr = anstream::stderr().lock();
            // With standard error closed there is nobody left to tell.
            let _ = stderr.write_all(self.styled().as_bytes());
        }
    }

    fn styled(&self) -> String {
        use crate::output::printable_lines;
        use crate::output::style::{BAD, BOLD};
        let mut text = String::new();
        if let Some(message) = &self.message {
            let message = printable_lines(message);
            text.push_str(&format!("{BAD}error:{BAD:#} {message}\n"));
        }
        for hint in &self.hints {
            let hint = printable_lines(hint);
            text.push_str(&format!("  {BOLD}hint:{BOLD:#} {hint}\n"));
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.message
                .as_deref()
                .unwrap_or("the reader of the output went away"),
        )?;
        for hint in &self.hints {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        let exit = match error.kind() {
            PortErrorKind::Conflict { .. } => Exit::Conflict,
            PortErrorKind::Timeout => Exit::Timeout,
            PortErrorKind::InvalidInput | PortErrorKind::Unsupported => Exit::Usage,
            _ => Exit::Trouble,
        };
        let failure = Self::new(exit, carrying(&error.to_string()));
        match error.kind() {
            PortErrorKind::Conflict { .. } => failure.hint(format_args!(
                "look at `{}`, then try again",
                command(&["flag", "history"])
            )),
            PortErrorKind::OutcomeUnknown => {
                failure.hint("the change may have been made: look before you repeat it")
            }
            _ => failure,
        }
    }
}

/// Writing the answer failed. A reader that went away (`cutover … | head`) is no trouble: the
/// command ends quietly.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self {
                exit: Exit::Done,
                message: None,
                hints: Vec::new(),
            };
        }
        Self::io("write the answer", &error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() {
            return io::Error::from(error).into();
        }
        Self::trouble(format_args!("cannot write the answer as JSON: {error}"))
    }
}

/// One line about a bug, instead of a backtrace.
pub(crate) fn report_panic(panic: &PanicHookInfo<'_>) {
    // Damage of a table that the library cannot digest; it becomes an error of its own.
    #[cfg(feature = "tables")]
    if cutover_table::is_decoding() {
        return;
    }
    let what = panic
        .payload_as_str()
        .unwrap_or("a panic without a message");
    let place = panic
        .location()
        .map(|place| format!(" ({}:{})", place.file(), place.line()));
    let failure = Failure::trouble(format_args!(
        "cutover has a bug: {what}{}",
        place.unwrap_or_default()
    ));
    failure
        .hint("please report this line together with the command you ran")
        .report();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_port_trouble_has_its_exit_code() {
        for (kind, exit) in [
            (
                PortErrorKind::Conflict {
                    expected: 1,
                    actual: 2,
                },
                Exit::Conflict,
            ),
            (PortErrorKind::Corrupt, Exit::Trouble),
            (PortErrorKind::InvalidInput, Exit::Usage),
            (PortErrorKind::PermissionDenied, Exit::Trouble),
            (PortErrorKind::ReadOnly, Exit::Trouble),
            (PortErrorKind::Full, Exit::Trouble),
            (PortErrorKind::Timeout, Exit::Timeout),
            (PortErrorKind::OutcomeUnknown, Exit::Trouble),
            (PortErrorKind::Unsupported, Exit::Usage),
            (PortErrorKind::Unavailable, Exit::Trouble),
        ] {
            assert_eq!(
                Failure::from(PortError::new(kind, "load flags")).exit(),
                exit,
                "{kind:?}"
            );
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_trouble() {
        let gone = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((gone.exit(), gone.styled().as_str()), (Exit::Done, ""));
        let full = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(full.exit(), Exit::Trouble);
        assert!(full.styled().contains("cannot write the answer"));
    }

    #[test]
    fn no_text_steers_the_terminal() {
        let failure = Failure::no("a\u{1b}[2Jb\nc\r").hint("d\u{7}");
        let plain = anstream::adapter::strip_str(&failure.styled()).to_string();
        assert_eq!(plain, "error: a\\u{1b}[2Jb\nc\\r\n  hint: d\\u{7}\n");
    }
}
