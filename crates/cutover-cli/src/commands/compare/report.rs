//! `cutover compare report`.

use clap::Args;

use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Write a report of a run, or of an operation in production.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// The run: its id, the beginning of it, or `latest`
    id: String,
}

pub(super) fn run(_: &Context, _: &ReportArgs) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
