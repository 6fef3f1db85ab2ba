//! Places where a process may die, for the tests that do the harm.
//!
//! Outside of tests this does nothing.

/// The points of a commit of flags, in their order.
#[cfg(all(test, feature = "flags"))]
pub(crate) const OF_A_COMMIT: [&str; 6] = [
    "begun",
    "document written",
    "record written",
    "keys written",
    "committed",
    "acknowledged",
];

/// The points of a compaction, in their order.
#[cfg(all(test, feature = "flags"))]
pub(crate) const OF_A_COMPACTION: [&str; 4] =
    ["base kept", "rows removed", "rows gone", "compacted"];

/// The points of appending records, in their order.
#[cfg(all(test, feature = "comparison"))]
pub(crate) const OF_AN_APPEND: [&str; 4] =
    ["appending", "records written", "run written", "appended"];

/// The points of removing old records, in their order.
#[cfg(all(test, feature = "comparison"))]
pub(crate) const OF_A_PRUNING: [&str; 4] = ["removing", "removed some", "removed all", "run gone"];

#[cfg(not(test))]
#[inline]
pub(crate) fn point(_name: &'static str) {}

/// Ends the process as a kill would, without any clean-up, where its environment asks for it.
#[cfg(test)]
pub(crate) fn point(name: &'static str) {
    if std::env::var_os(CRASH_AT).is_some_and(|wanted| wanted == name) {
        // No core is dumped, and nothing of this process runs any more.
        #[cfg(unix)]
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
}

/// Names the point at which a process is to die.
#[cfg(test)]
const CRASH_AT: &str = "CUTOVER_TEST_CRASH_AT";

/// Lets a process die at a point of its part.
#[cfg(test)]
pub(crate) fn die_at(point: &str, part: &mut std::process::Command) {
    let output = part.env(CRASH_AT, point).output().unwrap();
    assert!(!output.status.success(), "{point} was not passed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!said.contains("panicked"), "{point}: {said}");
}
