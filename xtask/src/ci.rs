//! `cargo xtask ci`: what has to be green before anything is merged.

use crate::check;
use crate::demo;
use crate::steps::Steps;
use crate::test::{self, Extent};

/// Check, test, then the main job itself, end to end.
pub(crate) fn run() -> Steps {
    let mut steps = check::run();
    steps.append(test::run(Extent::Everything));
    // The demo proves nothing on crates whose tests fail, and takes its time.
    if steps.all_ok() {
        steps.append(demo::run_as_tested());
    }
    steps
}
