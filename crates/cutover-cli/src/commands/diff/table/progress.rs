//! How far a comparison of tables is, on a terminal, when it takes longer than a second.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cutover_table::{Phase, Progress};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{Output, Verbosity};

/// Work that takes no longer than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A line that appears only when it is wanted.
pub(super) struct Bar {
    bar: ProgressBar,
    started: Instant,
    waiting: AtomicBool,
}

impl Bar {
    pub(super) fn new(output: Output) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {msg}") {
            bar.set_style(style);
        }
        let wanted = stderr().is_terminal() && output.verbosity() > Verbosity::Quiet;
        Self {
            bar,
            started: Instant::now(),
            waiting: AtomicBool::new(wanted),
        }
    }

    /// So far it is.
    pub(super) fn step(&self, progress: Progress) {
        if self.started.elapsed() >= PATIENCE && self.waiting.swap(false, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        let rows = HumanCount(progress.rows);
        let doing = word(progress.phase);
        self.bar.set_message(match progress.of {
            Some(of) => format!("{doing}: {rows} of {} rows", HumanCount(of)),
            None => format!("{doing}: {rows} rows"),
        });
        self.bar.tick();
    }

    /// Takes the line away: what follows is the answer.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::LookAtOld => "looking at the types of old",
        Phase::LookAtNew => "looking at the types of new",
        Phase::ReadOld => "reading old",
        Phase::ReadKeys => "reading the keys of new",
        Phase::ReadNew => "reading new",
        Phase::Compare => "looking at rows that differ",
    }
}
