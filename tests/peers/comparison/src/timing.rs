//! Taking times on a machine that others use as well.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// The fastest of several runs, in milliseconds: what others do on the machine only ever adds.
pub(crate) fn fastest<T>(mut run: impl FnMut() -> T) -> f64 {
    const AT_LEAST: usize = 5;
    const AT_MOST: usize = 40;
    const ENOUGH: Duration = Duration::from_millis(1_500);
    let begin = Instant::now();
    let mut fastest = Duration::MAX;
    for round in 0..AT_MOST {
        if round >= AT_LEAST && begin.elapsed() > ENOUGH {
            break;
        }
        let start = Instant::now();
        let made = black_box(run());
        fastest = fastest.min(start.elapsed());
        drop(made);
    }
    fastest.as_secs_f64() * 1e3
}

/// `1.6 ms`, `298 ms`, `12.3 s`.
pub(crate) fn shown(milliseconds: f64) -> String {
    match milliseconds {
        ms if ms < 0.1 => format!("{:.1} µs", ms * 1e3),
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms if ms < 10_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1e3),
    }
}
