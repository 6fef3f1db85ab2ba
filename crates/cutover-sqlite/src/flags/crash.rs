//! Places where a process may die, for the tests that do the harm.
//!
//! Outside of tests this does nothing.

/// Every point at which the harm tests strike, in the order of a first commit.
#[cfg(test)]
pub(super) const POINTS: [&str; 6] = [
    "begun",
    "document written",
    "record written",
    "keys written",
    "committed",
    "acknowledged",
];

#[cfg(not(test))]
#[inline]
pub(super) fn point(_name: &'static str) {}

/// Ends the process as a kill would, without any clean-up, where its environment asks for it.
#[cfg(test)]
pub(super) fn point(name: &'static str) {
    if std::env::var_os(CRASH_AT).is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}

#[cfg(test)]
pub(super) const CRASH_AT: &str = "CUTOVER_TEST_CRASH_AT";
