//! Ending a wait in good order: at Ctrl-C, or when nobody reads the output any more.

#[cfg(unix)]
mod signals;

#[cfg(not(unix))]
mod signals {
    use crate::exit::{Exit, Failure};

    /// Calls `on` at every Ctrl-C. There can be only one listener in a process.
    pub(crate) fn on_signals(mut on: impl FnMut(Exit) + Send + 'static) -> Result<(), Failure> {
        ctrlc::set_handler(move || on(Exit::Interrupted))
            .map_err(|error| Failure::trouble(format_args!("cannot listen for Ctrl-C: {error}")))
    }
}

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::exit::{Exit, Failure};
pub(crate) use signals::on_signals;

/// Lets a write past the limit on the size of files (`ulimit -f`) fail as on a full disk, instead of
/// ending the process.
#[cfg(unix)]
pub(crate) fn survive_limits_of_files() {
    // Nobody looks at the flag: what matters is that the signal is not left to its default. Where it
    // is, the process ends, and what it wrote is as after a kill.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Why a wait ends before what is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Ctrl-C, SIGTERM or SIGHUP; what it ends with.
    BySignal(Exit),
    /// The reader of standard output went away.
    Unread,
}

/// Tells a waiting command to end. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<Mutex<Asked>>);

#[derive(Debug, Default)]
struct Asked {
    ended: Option<Ended>,
    waker: Option<Waker>,
}

impl Interrupt {
    /// Listens for signals, and for the end of whoever reads standard output. There can be only
    /// one listener in a process. A second Ctrl-C ends the process at once.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let interrupt = Self::default();
        let on_signal = interrupt.clone();
        on_signals(move |exit| {
            if !on_signal.ask(Ended::BySignal(exit)) {
                std::process::exit(exit.code().into());
            }
        })?;
        #[cfg(unix)]
        interrupt.listen_to_the_reader();
        Ok(interrupt)
    }

    /// The next of what a future gives, or why there is no more waiting for it.
    pub(crate) async fn or<T>(
        &self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Result<T, Ended> {
        poll_fn(|context| {
            if let Some(ended) = self.asked_or_wake(context.waker()) {
                return Poll::Ready(Err(ended));
            }
            poll(context).map(Ok)
        })
        .await
    }

    /// Asks to end; false when that was asked before.
    fn ask(&self, ended: Ended) -> bool {
        let mut asked = self.lock();
        let first = asked.ended.is_none();
        asked.ended.get_or_insert(ended);
        let waker = asked.waker.take();
        drop(asked);
        if let Some(waker) = waker {
            waker.wake();
        }
        first
    }

    fn asked_or_wake(&self, waker: &Waker) -> Option<Ended> {
        let mut asked = self.lock();
        if asked.ended.is_none() {
            asked.waker = Some(waker.clone());
        }
        asked.ended
    }

    /// Nothing panics while it is locked.
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pipe says that its reader is gone without being written to. Where there is no thread to
    /// ask it, the next line finds out.
    #[cfg(unix)]
    fn listen_to_the_reader(&self) {
        let unread = self.clone();
        let _ = std::thread::Builder::new()
            .name("cutover-reader".to_owned())
            .spawn(move || {
                if wait_until_unread() {
                    unread.ask(Ended::Unread);
                }
            });
    }
}

/// Waits, for ever if need be, until nobody reads standard output; false when that cannot be known.
#[cfg(unix)]
fn wait_until_unread() -> bool {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;
    let stdout = std::io::stdout();
    loop {
        // Nothing is asked for but what is always told: errors and the end.
        let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut asked, None) {
            Err(Errno::INTR) | Ok(0) => {}
            Ok(_) => return !asked[0].revents().contains(PollFlags::NVAL),
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_first_is_why_it_ends() {
        let interrupt = Interrupt::default();
        let other = interrupt.clone();
        let thread = std::thread::spawn(move || {
            assert!(other.ask(Ended::Unread));
            assert!(!other.ask(Ended::BySignal(Exit::Interrupted)));
        });
        let ended = pollster::block_on(interrupt.or(|_| Poll::<()>::Pending));
        thread.join().unwrap();
        assert_eq!(ended, Err(Ended::Unread));
    }

    #[test]
    fn what_is_waited_for_comes_through() {
        let answer = pollster::block_on(Interrupt::default().or(|_| Poll::Ready(7)));
        assert_eq!(answer, Ok(7));
    }
}
