//! The built `cutover`, run as a user or a script runs it, each test in a home of its own.
// `cfg(test)` tells clippy that helpers, too, are tests, and may panic.

#[cfg(test)]
mod apply;
#[cfg(test)]
mod ask;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod compare_bounds;
#[cfg(test)]
#[cfg(unix)]
mod compare_course;
#[cfg(test)]
#[cfg(unix)]
mod compare_ends;
#[cfg(test)]
#[cfg(unix)]
mod compare_evidence;
#[cfg(test)]
#[cfg(unix)]
mod compare_files;
#[cfg(test)]
mod compare_keep;
#[cfg(test)]
#[cfg(unix)]
mod compare_noise;
#[cfg(test)]
#[cfg(unix)]
mod compare_replay;
#[cfg(test)]
#[cfg(unix)]
mod compare_report;
#[cfg(test)]
#[cfg(unix)]
mod compare_resume;
#[cfg(test)]
#[cfg(unix)]
mod compare_rules;
#[cfg(test)]
#[cfg(unix)]
mod compare_run;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod doctor;
#[cfg(test)]
#[cfg(unix)]
mod edit;
#[cfg(test)]
mod eval;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod export;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod global;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod import;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod overlay;
#[cfg(test)]
mod rollback;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod stale;
#[cfg(test)]
mod stores;
#[cfg(test)]
mod suggestions;
#[cfg(test)]
mod switch;
#[cfg(test)]
mod together;
#[cfg(test)]
mod undo;
#[cfg(test)]
mod unreadable;
#[cfg(test)]
#[cfg(unix)]
mod watch;
#[cfg(test)]
#[cfg(unix)]
mod workbench;
