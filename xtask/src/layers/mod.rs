//! `cargo xtask layers`: the architecture, proven from `cargo metadata`.
//!
//! The tables are in [`arrows`]; licences and banned crates are read from `deny.toml`, so that
//! this check and `cargo deny` can never disagree.

mod arrows;
mod facade;
mod licence;
mod policy;

use crate::metadata::Metadata;
use crate::steps::{Outcome, Steps};

/// Runs the check as the only step.
pub(crate) fn run() -> Steps {
    let mut steps = Steps::default();
    steps.run("layers", "cargo xtask layers", check);
    steps
}

/// Every broken rule at once, or a line of figures.
pub(crate) fn check() -> Outcome {
    let metadata = Metadata::load()?;
    let policy = policy::Policy::load()?;
    let facade = facade::measure(&metadata)?;

    let mut broken = arrows::check(&metadata);
    broken.extend(policy.check(&metadata));
    broken.extend(facade.check());
    if broken.is_empty() {
        return Ok(format!(
            "{} crates of ours, {} of others; {facade}",
            metadata.members().count(),
            metadata.third_party().count(),
        ));
    }
    for problem in &broken {
        println!("   - {problem}");
    }
    Err(format!("{} broken rules", broken.len()))
}
