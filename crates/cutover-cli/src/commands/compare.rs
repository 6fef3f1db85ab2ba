//! `cutover compare`.

use clap::Subcommand;

use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Compare two implementations over a corpus of cases.
#[derive(Debug, Subcommand)]
pub enum CompareCommand {}

pub(crate) fn run(_: &Context, command: CompareCommand) -> Result<Exit, Failure> {
    match command {}
}
