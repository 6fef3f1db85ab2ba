//! `cutover metrics`.

use clap::Subcommand;

use crate::context::Context;
use crate::exit::{Exit, Failure};

/// See what running processes measure.
#[derive(Debug, Subcommand)]
pub enum MetricsCommand {}

pub(crate) fn run(_: &Context, command: MetricsCommand) -> Result<Exit, Failure> {
    match command {}
}
