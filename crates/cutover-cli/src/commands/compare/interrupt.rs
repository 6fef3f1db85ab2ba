//! Ctrl-C: the first one stops the run in good order, the second one at once.

use crate::exit::{Exit, Failure};
use crate::runner::Stop;

/// Lets Ctrl-C (and SIGTERM, SIGHUP) stop the run. There can be only one such run in a process.
pub(super) fn stop_on_signals(stop: &Stop) -> Result<(), Failure> {
    let stop = stop.clone();
    ctrlc::set_handler(move || {
        if stop.is_asked() {
            // The programs that run now are ended with us: they live by our connection.
            std::process::exit(Exit::Interrupted.code().into());
        }
        stop.ask();
    })
    .map_err(|error| Failure::trouble(format_args!("cannot listen for Ctrl-C: {error}")))
}
