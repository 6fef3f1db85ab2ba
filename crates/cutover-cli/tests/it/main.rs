//! The built `cutover`, as a user runs it.

#[cfg(unix)]
mod compare_run;
mod diff;
