//! Everything that a program started, also what left its process group.
//!
//! On Linux the measuring process adopts what its program leaves behind, so that a daemon or a
//! `setsid` ends with the execution too. Elsewhere only the process group does.

use rustix::process::Pid;

/// From now on, orphans among the descendants of this process become its children.
pub(super) fn adopt() {
    #[cfg(target_os = "linux")]
    // Where the kernel refuses, the process group is what is ended.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Ends all that is left, and waits for it. How many there were that lived outside of the group of
/// `program`, which has been ended before.
#[cfg(target_os = "linux")]
pub(super) fn end_all(program: Pid) -> u32 {
    use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process, waitid};

    let mut escaped = 0;
    loop {
        let children = children();
        for child in &children {
            escaped += u32::from(child.lives && child.group != program.as_raw_pid());
            // Fails when it has ended by itself.
            let _ = kill_process(child.pid, Signal::KILL);
        }
        let mut options = WaitIdOptions::EXITED;
        if children.is_empty() {
            // None that is known: one that is not known must not be waited for.
            options |= WaitIdOptions::NOHANG;
        }
        match waitid(WaitId::All, options) {
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) | Err(_) => return escaped,
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn end_all(_program: Pid) -> u32 {
    0
}

#[cfg(target_os = "linux")]
struct ChildProcess {
    pid: Pid,
    group: i32,
    lives: bool,
}

/// The children of this process, own and adopted, by what the kernel tells of every process.
#[cfg(target_os = "linux")]
fn children() -> Vec<ChildProcess> {
    let parent = rustix::process::getpid().as_raw_pid();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let Ok(stat) = std::fs::read(entry.path().join("stat")) else {
            continue;
        };
        // The name stands in parentheses and may hold anything; what follows are numbers.
        let Some(end) = stat.iter().rposition(|byte| *byte == b')') else {
            continue;
        };
        let rest = String::from_utf8_lossy(&stat[end + 1..]).into_owned();
        let mut fields = rest.split_ascii_whitespace();
        let (state, of, group) = (fields.next(), fields.next(), fields.next());
        let number = |field: Option<&str>| field.and_then(|field| field.parse::<i32>().ok());
        if number(of) == Some(parent)
            && let Some(pid) = Pid::from_raw(pid)
        {
            found.push(ChildProcess {
                pid,
                group: number(group).unwrap_or_default(),
                lives: !matches!(state, Some("Z" | "X")),
            });
        }
    }
    found
}
