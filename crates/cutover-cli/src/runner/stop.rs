//! Stopping a run: the lifelines of the programs that run now.

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Why a program was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Cut {
    /// It was not: it ended by itself and only what it left behind was ended.
    AfterExit = 1,
    TimedOut = 2,
    TooMuchOutput = 3,
    Stopped = 4,
}

/// The connection a program lives by. The first one to cut it says why.
#[derive(Debug)]
pub(super) struct Lifeline {
    stream: UnixStream,
    cut: AtomicU8,
}

impl Lifeline {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            cut: AtomicU8::new(0),
        }
    }

    /// Ends the program and its group.
    pub(super) fn cut(&self, why: Cut) {
        let first = self
            .cut
            .compare_exchange(0, why as u8, Ordering::AcqRel, Ordering::Acquire);
        if first.is_ok() {
            // Fails when the measuring process is gone, and then there is nothing to end.
            let _ = self.stream.shutdown(Shutdown::Write);
        }
    }

    /// Why it was cut, if it was.
    pub(super) fn why(&self) -> Option<Cut> {
        [
            Cut::AfterExit,
            Cut::TimedOut,
            Cut::TooMuchOutput,
            Cut::Stopped,
        ]
        .into_iter()
        .find(|why| *why as u8 == self.cut.load(Ordering::Acquire))
    }
}

/// Asks a run to stop: no case is started any more and the running programs are ended.
/// Clones are the same switch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    asked: AtomicBool,
    running: Mutex<Vec<Weak<Lifeline>>>,
}

impl Stop {
    /// Stops the run. Harmless when called again.
    pub(crate) fn ask(&self) {
        self.0.asked.store(true, Ordering::SeqCst);
        for lifeline in self.running().iter().filter_map(Weak::upgrade) {
            lifeline.cut(Cut::Stopped);
        }
    }

    /// Whether a program has not come to its end.
    pub(super) fn waits_for_programs(&self) -> bool {
        self.running().iter().any(|known| known.strong_count() > 0)
    }

    /// Whether the run is to stop.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Ends this program too when the run is stopped, also when it has been already.
    pub(super) fn includes(&self, lifeline: &Arc<Lifeline>) {
        {
            let mut running = self.running();
            running.retain(|known| known.strong_count() > 0);
            running.push(Arc::downgrade(lifeline));
        }
        if self.is_asked() {
            lifeline.cut(Cut::Stopped);
        }
    }

    /// Nothing panics while it is locked.
    fn running(&self) -> MutexGuard<'_, Vec<Weak<Lifeline>>> {
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_lifeline_remembers_the_first_reason_only() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let lifeline = Lifeline::new(ours);
        assert_eq!(lifeline.why(), None);
        lifeline.cut(Cut::TimedOut);
        lifeline.cut(Cut::Stopped);
        assert_eq!(lifeline.why(), Some(Cut::TimedOut));
        assert_eq!(
            theirs.read(&mut [0]).unwrap(),
            0,
            "the other end reads the end"
        );
    }

    #[test]
    fn stopping_cuts_what_runs_and_what_is_started_afterwards() {
        let stop = Stop::default();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let running = Arc::new(Lifeline::new(ours));
        stop.includes(&running);
        assert_eq!(running.why(), None);
        stop.ask();
        assert_eq!(running.why(), Some(Cut::Stopped));

        let (ours, _theirs) = UnixStream::pair().unwrap();
        let late = Arc::new(Lifeline::new(ours));
        stop.includes(&late);
        assert_eq!(late.why(), Some(Cut::Stopped));
        assert!(stop.waits_for_programs());
        drop((running, late));
        assert!(!stop.waits_for_programs());
    }
}
