//! How far a run is, on a terminal, when it takes longer than a second.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{Output, Verbosity};
use crate::runner::Load;

/// Work that takes no longer than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that appears only when it is wanted. It is as long as there are executions, so that a pair
/// with noise repeats weighs what it takes.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    load: Load,
    warmed_up: AtomicU64,
    pairs: AtomicU64,
    different: AtomicU64,
    wanted: AtomicBool,
}

impl Progress {
    pub(super) fn new(load: Load, output: Output) -> Self {
        let bar =
            ProgressBar::with_draw_target(Some(load.executions()), ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("{elapsed_precise} {wide_bar} {msg}, {eta_precise} to go")
        {
            bar.set_style(style);
        }
        let wanted = stderr().is_terminal() && output.verbosity() > Verbosity::Quiet;
        let progress = Self {
            bar,
            started: Instant::now(),
            load,
            warmed_up: AtomicU64::new(0),
            pairs: AtomicU64::new(0),
            different: AtomicU64::new(0),
            wanted: AtomicBool::new(wanted),
        };
        progress.bar.set_message(progress.told());
        progress
    }

    /// A program has run.
    pub(super) fn ran(&self, warm_up: bool) {
        self.warmed_up.fetch_add(warm_up.into(), Ordering::Relaxed);
        self.bar.inc(1);
        if warm_up {
            self.bar.set_message(self.told());
        }
        if self.started.elapsed() >= PATIENCE && self.wanted.swap(false, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// One more pair is judged.
    pub(super) fn judged(&self, different: bool) {
        self.pairs.fetch_add(1, Ordering::Relaxed);
        self.different
            .fetch_add(different.into(), Ordering::Relaxed);
        self.bar.set_message(self.told());
    }

    fn told(&self) -> String {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (pairs, warmed_up) = (of(&self.pairs), of(&self.warmed_up));
        if pairs == 0 && warmed_up < self.load.warm_up_executions() {
            let all = self.load.warm_up_executions();
            return format!("warm-up {warmed_up}/{all}");
        }
        let different = of(&self.different);
        format!("{pairs}/{} pairs, {different} different", self.load.pairs)
    }

    /// Takes the bar away: what follows is the answer.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;

    #[test]
    fn warm_ups_and_repeats_of_old_are_counted_and_pairs_are_told() {
        let load = Load {
            warm_ups: 2,
            pairs: 3,
            again: 1,
        };
        let progress = Progress::new(load, Output::new(Format::Json, Verbosity::Quiet));
        let bar = progress.bar.clone();
        let mut told = vec![bar.message()];
        for _ in 0..4 {
            progress.ran(true);
        }
        told.push(bar.message());
        for pair in 0..3 {
            for _ in 0..3 {
                progress.ran(false);
            }
            progress.judged(pair == 1);
        }
        told.push(bar.message());
        assert_eq!(
            told,
            [
                "warm-up 0/4",
                "0/3 pairs, 0 different",
                "3/3 pairs, 1 different"
            ]
        );
        assert_eq!((bar.position(), bar.length()), (13, Some(13)));
        progress.finish();
    }
}
