//! What every change has in common: a dry run, a confirmation, an actor, a reason, and the
//! revision it is based on.
//!
//! ```
//! use clap::Parser;
//! use cutover_cli::confirm::ChangeArgs;
//!
//! #[derive(Parser)]
//! struct Kill {
//!     #[command(flatten)]
//!     change: ChangeArgs,
//! }
//!
//! let kill = Kill::parse_from(["kill", "--yes", "--actor", "ada", "--expect", "7"]);
//! assert_eq!(kill.change.actor(), "ada");
//! assert_eq!(kill.change.expect, Some(7));
//! ```

use std::io::{BufRead, Write, stdin};

use clap::Args;

use crate::context::{Context, variable};
use crate::exit::{Exit, Failure};

/// The options of every change.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Change options")]
pub struct ChangeArgs {
    /// Show what would change, before → after, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do it without asking; needed where nobody can be asked
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Who; kept in the history [default: the user and the host] [env: CUTOVER_ACTOR]
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Change it only if this is still the revision, else exit 7
    #[arg(long, value_name = "REVISION")]
    pub expect: Option<u64>,
}

/// What to do with a change that was previewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Make it.
    Change,
    /// Only show it.
    Show,
}

impl ChangeArgs {
    /// Who makes the change: what was given, else what the environment says, else the user at
    /// this host.
    #[must_use]
    pub fn actor(&self) -> String {
        [self.actor.clone(), variable("CUTOVER_ACTOR")]
            .into_iter()
            .flatten()
            .map(|actor| actor.trim().to_owned())
            .find(|actor| !actor.is_empty())
            .unwrap_or_else(default_actor)
    }

    /// Whether to make a change. `preview` (lines of before → after) and `question` are shown
    /// when somebody can be asked.
    ///
    /// # Errors
    ///
    /// [`Exit::Unconfirmed`] when the answer is no, or when nobody can be asked and `--yes` is
    /// missing.
    pub fn decide(
        &self,
        context: &Context,
        preview: &str,
        question: &str,
    ) -> Result<Decision, Failure> {
        if self.dry_run {
            return Ok(Decision::Show);
        }
        if self.yes {
            return Ok(Decision::Change);
        }
        context.must_ask()?;
        if ask(preview, question)? {
            Ok(Decision::Change)
        } else {
            Err(Failure::new(Exit::Unconfirmed, "nothing was changed"))
        }
    }
}

/// Asks whoever sits at the terminal; anything but a clear yes is a no.
pub(crate) fn question(question: &str) -> Result<bool, Failure> {
    ask("", question)
}

fn ask(preview: &str, question: &str) -> Result<bool, Failure> {
    let trouble = |error: std::io::Error| Failure::io("ask on the terminal", &error);
    {
        let mut terminal = anstream::stderr().lock();
        terminal.write_all(preview.as_bytes()).map_err(trouble)?;
        write!(terminal, "{question} [y/N] ").map_err(trouble)?;
        terminal.flush().map_err(trouble)?;
    }
    let mut answer = String::new();
    if stdin().lock().read_line(&mut answer).map_err(trouble)? == 0 {
        // The end of input leaves the terminal behind the question.
        writeln!(anstream::stderr()).map_err(trouble)?;
    }
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn default_actor() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(variable);
    let user = user.unwrap_or_else(nameless);
    match host() {
        Some(host) => format!("{user}@{host}"),
        None => user,
    }
}

/// What a service without a user in its environment is called.
fn nameless() -> String {
    #[cfg(unix)]
    {
        format!("uid{}", rustix::process::getuid().as_raw())
    }
    #[cfg(not(unix))]
    {
        "unknown".to_owned()
    }
}

fn host() -> Option<String> {
    #[cfg(unix)]
    {
        let name = rustix::system::uname();
        let name = name.nodename().to_str().ok()?;
        (!name.is_empty()).then(|| name.to_owned())
    }
    #[cfg(not(unix))]
    {
        variable("COMPUTERNAME")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        for answer in ["y\n", "Y", "yes\r\n", " Yes "] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "yess", "ok", "0"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }

    #[test]
    fn an_empty_actor_is_replaced_by_the_user() {
        let args = ChangeArgs {
            actor: Some("  ".into()),
            ..ChangeArgs::default()
        };
        assert!(!args.actor().trim().is_empty());
    }
}
