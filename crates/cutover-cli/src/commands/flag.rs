//! `cutover flag`.

use clap::Subcommand;

use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Look at flags and change them.
#[derive(Debug, Subcommand)]
pub enum FlagCommand {}

pub(crate) fn run(_: &Context, command: FlagCommand) -> Result<Exit, Failure> {
    match command {}
}
