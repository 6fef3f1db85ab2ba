//! Ctrl-C: the first one stops the run in good order, the second one at once.

use std::sync::{Arc, OnceLock};

use crate::exit::{Exit, Failure};
use crate::interrupt::on_signals;
use crate::runner::Stop;

/// Lets Ctrl-C (and SIGTERM, SIGHUP) stop the run. There can be only one such run in a process.
/// What a run that was stopped so ends with is in the answer.
pub(super) fn stop_on_signals(stop: &Stop) -> Result<Arc<OnceLock<Exit>>, Failure> {
    let stop = stop.clone();
    let stopped = Arc::new(OnceLock::new());
    let first = Arc::clone(&stopped);
    on_signals(move |exit| {
        if first.set(exit).is_err() {
            // The programs that run now are ended with us: they live by our connection.
            std::process::exit(exit.code().into());
        }
        stop.ask();
    })?;
    Ok(stopped)
}
