//! The signals that ask a process to end.

use std::ffi::c_int;
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::{Exit, Failure};

/// The signals, and what a process that they end ends with.
const ENDS: [(c_int, Exit); 3] = [
    (SIGHUP, Exit::HungUp),
    (SIGINT, Exit::Interrupted),
    (SIGTERM, Exit::Terminated),
];

/// A signal is told twice by whoever tells a process and its group (`timeout`, shells whose terminal
/// goes): within so long two are one.
const ONE: Duration = Duration::from_millis(500);

/// Calls `on` at every signal that asks to end, with what the process ends with. There can be only
/// one listener in a process.
///
/// What was ignored when the process began stays ignored: whoever started it by `nohup`, or in the
/// background of a script, wants it to go on.
pub(crate) fn on_signals(mut on: impl FnMut(Exit) + Send + 'static) -> Result<(), Failure> {
    let trouble = |error| {
        Failure::trouble(format_args!(
            "cannot listen for signals like Ctrl-C: {error}"
        ))
    };
    let ignored = ignored();
    let heard = ENDS.iter().map(|(signal, _)| *signal);
    let heard = heard.filter(|signal| !is_among(*signal, ignored));
    let mut signals = Signals::new(heard).map_err(trouble)?;
    let listen = move || {
        let mut last: Option<Instant> = None;
        for signal in &mut signals {
            let end = ENDS.iter().find(|(known, _)| *known == signal);
            if let Some((_, exit)) = end
                && last.is_none_or(|last| last.elapsed() > ONE)
            {
                on(*exit);
                last = Some(Instant::now());
            }
        }
    };
    thread::Builder::new()
        .name("cutover-signals".to_owned())
        .spawn(listen)
        .map_err(trouble)?;
    Ok(())
}

/// The signals that this process ignores, as far as the system says so in a file: a bit each.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_by(&status)
}

/// See proc_pid_status(5).
fn ignored_by(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

fn is_among(signal: c_int, mask: u64) -> bool {
    mask >> (signal - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_read_from_what_the_system_says() {
        let status = "Name:\tcutover\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\n";
        let heard = |status: &str| {
            let mask = ignored_by(status);
            ENDS.map(|(signal, _)| !is_among(signal, mask))
        };
        assert_eq!(heard(status), [false, true, true]);
        assert_eq!(heard("SigIgn:\t0000000000004002\n"), [true, false, false]);
        for nothing in ["", "SigIgn:", "SigIgn:\tx"] {
            assert_eq!(heard(nothing), [true; 3]);
        }
    }

    #[test]
    fn a_signal_ends_with_its_number_as_in_a_shell() {
        for (signal, exit) in ENDS {
            assert_eq!(c_int::from(exit.code()), 128 + signal);
        }
    }
}
