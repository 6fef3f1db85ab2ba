//! How far a run is, on a terminal, when it takes longer than a second.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{Output, Verbosity};

/// Work that takes no longer than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that appears only when it is wanted.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    different: u64,
    wanted: bool,
}

impl Progress {
    pub(super) fn new(pairs: u64, output: Output) -> Self {
        let bar = ProgressBar::with_draw_target(Some(pairs), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(
            "{elapsed_precise} {wide_bar} {pos}/{len} {msg} {eta_precise} to go",
        ) {
            bar.set_style(style);
        }
        let wanted = stderr().is_terminal() && output.verbosity() > Verbosity::Quiet;
        Self {
            bar,
            started: Instant::now(),
            different: 0,
            wanted,
        }
    }

    /// One more pair is done.
    pub(super) fn step(&mut self, different: bool) {
        if self.wanted && self.started.elapsed() >= PATIENCE {
            self.wanted = false;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.different += u64::from(different);
        self.bar
            .set_message(format!("{} different,", self.different));
        self.bar.inc(1);
    }

    /// Takes the bar away: what follows is the answer.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
