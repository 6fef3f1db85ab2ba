//! `cutover completions SHELL`.
//!
//! ```
//! use clap_complete::Shell;
//! use cutover_cli::commands::completions::script;
//!
//! assert!(String::from_utf8_lossy(&script(Shell::Bash)).contains("cutover"));
//! ```

use std::io::{Write, stdout};

use clap::Args;
use clap_complete::Shell;

use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Print the completion script of a shell.
#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover completions bash > ~/.local/share/bash-completion/completions/cutover", ""),
    ("cutover completions zsh > ~/.zfunc/_cutover", ""),
    ("cutover completions fish > ~/.config/fish/completions/cutover.fish", ""),
]))]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// The script for a shell.
#[must_use]
pub fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::command(), "cutover", &mut script);
    script
}

pub(crate) fn run(_: &Context, args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut to = stdout().lock();
    to.write_all(&script(args.shell))?;
    to.flush()?;
    Ok(Exit::Done)
}
