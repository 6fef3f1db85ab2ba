//! `cutover diff`.

use std::path::PathBuf;

use clap::Args;

use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Compare two documents.
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// The old document
    old: PathBuf,
    /// The new document
    new: PathBuf,
}

pub(crate) fn run(_: &Context, args: DiffArgs) -> Result<Exit, Failure> {
    let read = |path: &PathBuf| {
        std::fs::read(path)
            .map_err(|error| Failure::io(format_args!("read {}", path.display()), &error))
    };
    Ok(Exit::answer(read(&args.old)? == read(&args.new)?))
}
