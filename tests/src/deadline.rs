//! Waiting for events, with a deadline; and ending a process at a chosen moment.

use std::process::{Child, Output};
use std::thread;
use std::time::{Duration, Instant};

/// Generous, because it is only reached when something is broken.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until `event` happened; fails the test when it does not.
#[track_caller]
pub fn wait_until(what: &str, mut event: impl FnMut() -> bool) {
    let start = Instant::now();
    while !event() {
        assert!(
            start.elapsed() < DEADLINE,
            "waited {DEADLINE:?} in vain until {what}"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// Ends a process without warning after `delay` (`SIGKILL`), and returns what it had said.
/// It may have ended by itself before.
pub fn kill_after(mut child: Child, delay: Duration) -> Output {
    thread::sleep(delay);
    // Fails only when the process has ended by itself, which is fine.
    let _ = child.kill();
    child
        .wait_with_output()
        .expect("an ended process can be waited for")
}
